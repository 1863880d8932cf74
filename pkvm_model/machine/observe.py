"""Observes interleavings on a real kernel: plays each on a machine and keeps what the machine answered."""
from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

from ..model.revisions import Revision
from ..model.state import State
from ..model.steps import Step
from ..model.trace import TraceLine, record, run_line
from ..model.view import ModelError
from ..text import count
from .answer import DIFFERS, NOT_TRIED, RealAnswer, Row
from .emulator import PROCESSOR
from .failure import Gone, MachineError, Silence
from .interleavings import Interleaving
from .image import load_image
from .observations import AGREES, OUTCOME, Observation, Origin
from .play import Ground, play
from .regions import list_rules
from .session import RealMachine

BANNER = re.compile(rb"Linux version (\S+) [^\n]*?#[^\n]*?(?:Debian (\S+)|\n)")
"""How a kernel's image says its release, and a Debian kernel the version of its package."""
NUMBER = re.compile(r"\d+(?:\.\d+)+")
DATA = Path(__file__).with_name("data")
"""Where the observations that come with the course are."""
TRIES = 2
"""How often an interleaving is tried when the machine fails under it; each try has a machine of its own."""


class Closable(Ground, Protocol):
    """A ground that can be given up."""

    def close(self) -> None:
        """End it."""


class Observer:
    """Plays interleavings on a machine, which is brought back to its beginning before each.

    A machine that fails (it does not answer, or has ended) is given up, and another one started. With `places` there is
    a note of each place at which a call stopped.
    """

    def __init__(self, machine: Closable, start: Callable[[], Closable], *, places: bool = False) -> None:
        self.machine, self.start, self.places = machine, start, places

    def close(self) -> None:
        """End the machine."""
        self.machine.close()

    def observe(self, each: Interleaving) -> Observation:
        """Return what the machine answers to an interleaving. Raise MachineError if no machine can be started."""
        why = ""
        for _ in range(TRIES):
            try:
                return make_observation(each, play(self.machine, each.trace), places=self.places)
            except (Silence, Gone) as error:
                why = str(error)
                self.restart()
            except MachineError as error:
                return give_up(each, str(error))
        return give_up(each, f"in {TRIES} tries, each on a new machine: {why}")

    def restart(self) -> None:
        """Give the machine up and start another one."""
        self.machine.close()
        self.machine = self.start()


def give_up(each: Interleaving, why: str) -> Observation:
    """Return an observation of nothing."""
    return Observation(each.name, each.race, each.trace.revision, each.trace.config, (), NOT_TRIED, {0: why})


def make_interleaving(each: Observation) -> Interleaving:
    """Return the run of an observation, as the model makes it now. Raise MachineError if it cannot make it."""
    state, pairs = State(each.config), list[tuple[Step, bool]]()
    for line in each.lines:
        try:
            step = run_line(state, each.revision, line)
        except ModelError as error:
            raise MachineError(f"{each.name}: the model cannot make this run again: {error}") from None
        pairs.append((step, line.call is not None))
        state = step.state
    return Interleaving(each.name, each.race, "", "", record(each.revision, each.config, pairs), ())


def make_observation(each: Interleaving, answer: RealAnswer, *, places: bool = False) -> Observation:
    """Return an answer of a machine as an observation; it ends before the first step without an outcome."""
    lines, notes, verdict = list[TraceLine](), dict[int, str](), AGREES
    for line, row in zip(each.trace.lines, answer.rows, strict=False):
        has_outcome = OUTCOME.fullmatch(row.machine) is not None
        if row.verdict != AGREES or not has_outcome:
            verdict = DIFFERS if row.verdict == DIFFERS else NOT_TRIED
            notes[len(lines) + 1 if has_outcome else 0] = describe(row)
        elif places and row.machine == "...":
            notes[len(lines) + 1] = row.note
        if has_outcome:
            lines.append(line._replace(outcome=row.machine))
        if verdict != AGREES:
            break
    pages = {page.page: page.machine for page in answer.territory}
    is_of_end = verdict == AGREES or (verdict == DIFFERS and answer.stray is not None)
    return Observation(each.name, each.race, each.trace.revision, each.trace.config, tuple(lines), verdict, notes,
                       pages if is_of_end else {})


def describe(row: Row) -> str:
    """Return in words what became of a step that did not agree."""
    is_other = row.verdict == DIFFERS and (row.machine != row.model or not row.note)
    sides = f"the machine {row.machine!r}, the model {row.model!r}" if is_other else ""
    return f"CPU {row.cpu} {row.call}: {'; '.join(filter(None, (sides, row.note)))}"


class Facts(NamedTuple):
    """What an origin says of a kernel and of the machine it ran on."""

    release: str
    package: str
    version: str
    emulator: str
    machine: str
    mode: str


def read_facts(machine: RealMachine) -> Facts:
    """Return what is known of a machine's kernel, from its image, its log and the emulator."""
    emulator = NUMBER.findall(machine.debugger.monitor("info version"))
    return Facts(machine.release, *find_package(load_image(machine.kernel)), " ".join(["QEMU", *emulator[:1]]),
                 f"virt, {PROCESSOR}, {count(machine.cpus, 'CPU')}", find_mode(machine.log))


def find_mode(log: Iterable[str]) -> str:
    """Return whether EL2 runs as nVHE or hVHE, from what the kernel says while it boots."""
    return "hVHE" if any("hVHE" in line for line in log) else "nVHE"


def find_package(image: bytes) -> tuple[str, str]:
    """Return the package and its version that a kernel's image is of; what is not of Debian has its release only."""
    release, version = (text.decode(errors="replace") for text in (BANNER.findall(image) or [(b"unknown", b"")])[0])
    return (f"Debian's kernel {release}", version) if version else ("not a package of Debian", release)


def make_origin(facts: Facts, revision: Revision, every: Iterable[Observation]) -> Origin:
    """Return where observations come from, with the places at which their calls may have stopped."""
    calls = sorted({call for each in every for call in list_stopped(each)})
    stops = {call: places for call in calls if (places := name_places(call, revision))}
    return Origin(*facts, datetime.datetime.now(datetime.UTC).date().isoformat(), stops)


def name_places(call: str, revision: Revision) -> tuple[str, ...]:
    """Return the functions of EL2 at which a call may stop; "behind" one is where it has returned."""
    return tuple(dict.fromkeys(str(rule.place).removeprefix("before ") for rule in list_rules(call, revision.guards)))


def list_stopped(each: Observation) -> Iterator[str]:
    """Yield the calls of an observation that stopped between two regions."""
    for line in each.lines:
        if line.call and line.outcome.startswith("..."):
            yield line.call.name


def list_outcomes(every: Iterable[Observation], verdict: str) -> list[Observation]:
    """Return the observations with a verdict."""
    return [each for each in every if each.verdict == verdict]
