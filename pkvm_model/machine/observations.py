"""Interleavings that were observed on a kernel: read and written as text, and compared with the model.

A file is one kernel on one machine. It has one JSON object per line: first the origin, then what was observed.

    {"format": 1, "kernel": "7.3.4", "package": "linux-binary", "version": "7.3.4-1", "emulator": "QEMU 7.2",
     "machine": "virt, cortex-a72, 2 CPUs", "mode": "nVHE", "date": "2026-11-30",
     "stops": {"__pkvm_host_unshare_guest": ["__pkvm_host_unshare_guest", "put_pkvm_hyp_vm"]}}
    {"name": "...", "race": "R7", "trace": ["pkvm-trace 1 upstream slots=2", "0 __pkvm_reserve_vm() = 0x1000"],
     "verdict": "agrees", "notes": {"1": "..."}}

`stops` says where each call may have stopped: the EL2 functions at whose entry, or behind which, a region begins.
`trace` is a trace with the machine's outcomes instead of the model's, without its last line, as nobody reads a whole
state out of a machine; it ends with the last step that was made. A function of the model's honest host stands for the
calls that it makes. `verdict` is what came of it when it was observed.
`notes` has a text for some steps, by number from 1 on, and for the observation as a whole under 0.

The recording wins: where the model answers something else, the model is wrong, or a note says why not.
"""
from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ..conform.lines import BadFile, parse, read_lines
from ..conform.recordings.kernels import KERNELS, release_of
from ..model.host import HOST_CALLS
from ..model.revisions import REVISIONS, Revision
from ..model.state import Config, State
from ..model.steps import Call
from ..model.trace import TraceError, TraceLine, parse_header, parse_line, run_line, show_header, show_outcome
from ..model.view import ModelError
from ..schema import JSON, Schema, SchemaError, list_of, map_of, one_of, record, text

FORMAT, LINE_LIMIT = 1, 100_000
AGREES, DIFFERS, NOT_TRIED = "agrees", "differs", "not tried"
RUN, RAN = "__kvm_vcpu_run", re.compile(r"= \d+")
OUTCOME = re.compile(r"\.\.\.|= (void|\d+|0x[0-9a-f]+|-E[A-Z0-9]+|-\d+)( ! [A-Z0-9_]+ \S+)*|! [A-Z0-9_]+ \S+")
WORDS = text(200, least=1)
DATE = Schema("a date such as 2026-11-30", lambda value: isinstance(value, str)
              and re.fullmatch(r"\d{4}-\d\d-\d\d", value) is not None)
STEP_NUMBER = Schema("a number in decimal digits", lambda name: re.fullmatch(r"0|[1-9]\d{0,3}", name) is not None)
ORIGIN = record({"format": one_of(FORMAT), "kernel": WORDS, "package": WORDS, "version": WORDS, "emulator": WORDS,
                 "machine": WORDS, "mode": one_of("nVHE", "hVHE"), "date": DATE,
                 "stops": map_of(list_of(WORDS, most=50), names=WORDS)})
OBSERVED = record({"name": WORDS, "race": text(9), "trace": list_of(text(2000, least=1), most=1000, least=1),
                   "verdict": one_of(AGREES, DIFFERS, NOT_TRIED)},
                  optional={"notes": map_of(text(2000, least=1), names=STEP_NUMBER)})


class ObservationError(ValueError):
    """A file does not hold observations; the message names file and line."""


@dataclass(frozen=True)
class Origin:
    """Where observations come from: the kernel's release and package, the machine, the date, and who stops where."""

    kernel: str
    package: str
    version: str
    emulator: str
    machine: str
    mode: str
    date: str
    stops: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def revision(self) -> Revision:
        """The revision that this kernel is an example of."""
        return REVISIONS[KERNELS[release_of(self.kernel)]]


@dataclass(frozen=True)
class Observation:
    """An interleaving as a machine made it: its steps with the machine's outcomes, what came of it, and notes.

    `notes` are texts by the number of the step that they are about, from 1 on; 0 is the whole.
    """

    name: str
    race: str
    revision: Revision
    config: Config
    lines: tuple[TraceLine, ...]
    verdict: str
    notes: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Observations:
    """All that was observed on one kernel."""

    origin: Origin
    every: tuple[Observation, ...]

    def __iter__(self) -> Iterator[Observation]:
        return iter(self.every)


@dataclass(frozen=True)
class Mismatch:
    """The first step of an observation that the model answers differently: its number, and both outcomes."""

    observation: Observation
    number: int
    line: TraceLine
    model: str

    def __str__(self) -> str:
        return f"{self.observation.name}, step {self.number}: {self.line}; the model says {self.model}"


def read(path: Path) -> Observations:
    """Return the observations in a file. Raise ObservationError at the first line that is wrong."""
    origin, every = None, dict[str, Observation]()
    for number, line in list_lines(path):
        try:
            if origin is None:
                origin = make_origin(parse(line))
                continue
            new = make_observation(parse(line), origin.revision)
            if new.name in every:
                raise ObservationError(f"there is a {new.name!r} already; give each observation its own name")
            every[new.name] = new
        except (BadFile, SchemaError, ObservationError) as error:
            raise ObservationError(f"{path.name}, line {number}: {error}") from None
    if origin is None:
        raise ObservationError(f"{path.name}: this file has no lines; the first one is the origin")
    return Observations(origin, tuple(every.values()))


def list_lines(path: Path) -> list[tuple[int, bytes]]:
    """Return the lines of a file with their numbers. Raise ObservationError for a file that cannot be read."""
    try:
        return list(read_lines(path, LINE_LIMIT))
    except BadFile as error:
        raise ObservationError(f"{path.name}: {error}") from None


def make_origin(value: JSON) -> Origin:
    """Return the origin that an object describes. Raise SchemaError or ObservationError for anything else."""
    ORIGIN.check(value, "origin")
    if release_of(value["kernel"]) not in KERNELS:
        raise ObservationError(f"kernel {value['kernel']!r} is not known here; known are {', '.join(KERNELS)}")
    stops = {call: tuple(functions) for call, functions in value["stops"].items()}
    words = {name: word for name, word in value.items() if name not in ("format", "stops")}
    return Origin(**words, stops=stops)


def make_observation(value: JSON, revision: Revision) -> Observation:
    """Return the observation that an object describes. Raise SchemaError or ObservationError for anything else."""
    OBSERVED.check(value, "observation")
    header, *rows = value["trace"]
    try:
        found, config = parse_header(header)
    except TraceError as error:
        raise ObservationError(f"trace: {drop_place(error)}") from None
    if found != revision:
        raise ObservationError(f"trace: this kernel is played as {revision.name}, not as {header[:40]!r}")
    lines = tuple(make_line(row, number, revision, config) for number, row in enumerate(rows, 1))
    notes = {int(number): says for number, says in value.get("notes", {}).items()}
    if any(number > len(lines) for number in notes):
        raise ObservationError(f"notes: there is no step {max(notes)}")
    return Observation(value["name"], value["race"], revision, config, lines, value["verdict"], notes)


def make_line(row: str, number: int, revision: Revision, config: Config) -> TraceLine:
    """Return a step. Raise ObservationError unless the kernel has the call and the machine the CPU."""
    try:
        line = parse_line(row, number)
    except TraceError as error:
        raise ObservationError(f"step {number}: {drop_place(error)}") from None
    if line.call and line.call.name not in revision.calls and line.call.name not in HOST_CALLS:
        raise ObservationError(f"step {number}: {revision.name} has no {line.call.name}")
    if line.cpu >= config.cpus:
        raise ObservationError(f"step {number}: there is no CPU {line.cpu}; this machine has {config.cpus}")
    if not OUTCOME.fullmatch(line.outcome):
        raise ObservationError(f"step {number}: {line.outcome[:40]!r} is not an outcome")
    return line


def drop_place(error: TraceError) -> str:
    """Return what an error about a trace says, without the number of the line."""
    return re.sub(r"^line \d+: ", "", str(error))


def write(path: Path, observations: Observations) -> None:
    """Write observations to a file, one JSON object per line."""
    path.write_text(to_text(observations), encoding="utf-8")


def to_text(observations: Observations) -> str:
    """Return observations as the text of a file."""
    origin = {"format": FORMAT, **asdict(observations.origin)}
    rows = [origin, *map(to_json, observations)]
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def to_json(each: Observation) -> JSON:
    """Return one observation as an object."""
    trace = [show_header(each.revision, each.config), *map(str, each.lines)]
    notes = {"notes": {str(number): each.notes[number] for number in sorted(each.notes)}} if each.notes else {}
    return {"name": each.name, "race": each.race, "trace": trace, "verdict": each.verdict, **notes}


def compare(observations: Iterable[Observation]) -> tuple[Mismatch, ...]:
    """Let the model make the steps of each observation; return where its outcome is first another one."""
    return tuple(filter(None, map(find_mismatch, observations)))


def find_mismatch(each: Observation) -> Mismatch | None:
    """Return the first step of an observation that the model answers differently, or None."""
    state = State(each.config)
    for number, line in enumerate(each.lines, 1):
        try:
            step = run_line(state, each.revision, line)
        except ModelError as error:
            return Mismatch(each, number, line, str(error))
        model = show_outcome(step)
        if not is_same(step.call, line.outcome, model):
            return Mismatch(each, number, line, model)
        state = step.state
    return None


def is_same(call: Call, machine: str, model: str) -> bool:
    """Return True if two outcomes mean the same.

    A machine shows that EL2 ended, seldom why. A run that entered the guest ends for many reasons, which count as one.
    """
    if machine.startswith("! EL2_") and model.startswith("! EL2_"):
        return True
    if call.name == RUN and RAN.fullmatch(machine) and RAN.fullmatch(model):
        return True
    return machine == model
