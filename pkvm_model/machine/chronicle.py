"""Records scenarios one after the other, on a new machine when one fails; and what the recordings show."""
from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from ..conform.compare import conform
from ..conform.recordings import load
from ..conform.recordings.kernels import KERNELS, release_of
from ..conform.tally import Tally
from ..schema import JSON
from .failure import Gone, Silence
from .life import LifeMachine
from .likeness import Comparison, compare_with_shipped
from .recorder import Recorder
from .scripts import list_injections, list_lives

TRIES = 3
"""How often a scenario is tried when the machine fails under it; each try has a machine of its own."""


class RecordedLife(NamedTuple):
    """A scenario as it was recorded: its rows, or why there are none."""

    name: str
    rows: tuple[JSON, ...]
    failure: str = ""


class Findings(NamedTuple):
    """What recordings show: beside the model, and beside those that come with the course."""

    tally: Tally
    comparisons: tuple[Comparison, ...]

    @property
    def differs(self) -> bool:
        """True if the model or an older recording shows something else."""
        return bool(self.tally.disagreements) or any(each.lines for each in self.comparisons)


class Chronicler:
    """Records scenarios on a machine. One that does not answer, or has ended, is given up, and another one started."""

    def __init__(self, machine: LifeMachine, start: Callable[[], LifeMachine]) -> None:
        self.recorder, self.start = Recorder(machine), start

    def close(self) -> None:
        """End the machine."""
        self.recorder.machine.close()

    def record(self, name: str) -> RecordedLife:
        """Record a scenario. Raise MachineError if no machine can be started."""
        why = ""
        for _ in range(TRIES):
            try:
                if self.recorder.is_over:
                    self.restart()
                return RecordedLife(name, tuple(self.recorder.record(name)))
            except (Silence, Gone) as error:
                why = str(error)
                self.restart()
        return RecordedLife(name, (), f"in {TRIES} tries, each on a new machine: {why}")

    def restart(self) -> None:
        """Give the machine up and start another one."""
        self.close()
        self.recorder = Recorder(self.start())


def choose_names(asked: Iterable[str], *, injected: bool, split: bool) -> list[str]:
    """Return the scenarios to record: those that are asked for, or all of a kind."""
    return list(asked) or (list_injections if injected else list_lives)(split=split)


def list_unknown(names: Iterable[str], *, split: bool) -> list[str]:
    """Return the names that no scenario of a kernel has."""
    known = {*list_lives(split=split), *list_injections(split=split)}
    return [name for name in names if name not in known]


def to_text(every: Iterable[RecordedLife]) -> str:
    """Return recorded scenarios as the text of a file."""
    return "".join(json.dumps(row) + "\n" for row in list_rows(every))


def list_rows(every: Iterable[RecordedLife]) -> Iterator[JSON]:
    """Yield the rows of all scenarios."""
    for each in every:
        yield from each.rows


def examine(every: Iterable[RecordedLife], release: str) -> Findings:
    """Compare recorded scenarios with the model as it plays a release, and with the recordings of the course."""
    played = [each._replace(rows=tuple(row | {"kernel": release} for row in each.rows)) for each in every]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "recorded.jsonl"
        path.write_text(to_text(played), encoding="utf-8")
        return examine_file(path)


def choose_release(release: str, *, split: bool) -> str:
    """Return the release as which the model plays a kernel: its own if that is known, else the newest that is alike."""
    alike = [known for known, revision in KERNELS.items() if revision == ("upstream" if split else "pre")]
    return release if release_of(release) in KERNELS else alike[-1]


def examine_file(path: Path) -> Findings:
    """Compare a file of recorded scenarios with the model, and with the recordings that come with the course."""
    return Findings(conform(path), tuple(compare_with_shipped(load(path).scenarios)))
