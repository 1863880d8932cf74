"""A recording as scenarios: the rows of each run of the test program, and the structs in it, located and named."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from ...model.revisions import REVISIONS, Revision
from .kernels import KERNELS, RECORDINGS, release_of
from .rows import RecordedRow, RecordingError, read_rows
from .structs import Struct, find_linear_map, find_structs, locate_structs, name_structs


@dataclass(frozen=True)
class RecordedScenario:
    """One recorded run of the test program, and what the addresses in it are.

    `linear_map` is the distance from page addresses to page numbers; `longest` the length in bytes of the longest
    struct of each kernel and kind in the recording.
    """

    file: str
    kernel: str
    name: str
    rows: tuple[RecordedRow, ...]
    structs: tuple[Struct, ...]
    linear_map: int
    longest: Mapping[tuple[str, str], int] = field(default_factory=dict)

    @property
    def revision(self) -> Revision:
        """The revision that this kernel is an example of; RecordingError if the model does not have it."""
        name = KERNELS[release_of(self.kernel)]
        if name not in REVISIONS:
            raise RecordingError(f"kernel {self.kernel} is an example of {name}; the model has {', '.join(REVISIONS)}")
        return REVISIONS[name]

    @property
    def hypercalls(self) -> tuple[RecordedRow, ...]:
        """The calls to EL2."""
        return tuple(row for row in self.rows if row.is_hypercall)


@dataclass(frozen=True)
class Recording:
    """A file of scenarios."""

    name: str
    scenarios: tuple[RecordedScenario, ...]

    def scenario(self, name: str) -> RecordedScenario:
        """Return the scenario of this name. Raise RecordingError unless exactly one has it."""
        matches = [scenario for scenario in self.scenarios if scenario.name == name]
        if len(matches) != 1:
            names = ", ".join(scenario.name for scenario in self.scenarios)
            raise RecordingError(f"{self.name}: {len(matches) or 'no'} scenarios are called {name!r}; "
                                 f"the scenarios are {names}")
        return matches[0]

    def __repr__(self) -> str:
        return f"<Recording {self.name}: {', '.join(scenario.name for scenario in self.scenarios)}>"


def load(source: str | Path) -> Recording:
    """Read a recording: the path of a file, or the name of a recording that comes with the course.

    Raise RecordingError for a file that cannot be read, and at the first line that is not a row of a recording.
    """
    shipped = RECORDINGS / f"{source}.jsonl"
    path = shipped if shipped.is_file() else Path(source)
    drafts = [make_scenario(path.name, kernel, name, rows) for (kernel, name), rows in read_rows(path).items()]
    if not drafts:
        raise RecordingError(f"{path.name}: this file has no rows")
    longest: dict[tuple[str, str], int] = {}
    for draft in drafts:
        for struct in draft.structs:
            key = draft.kernel, struct.kind
            longest[key] = max(struct.reach, longest.get(key, 0))
    return Recording(path.stem, tuple(replace(draft, longest=longest) for draft in drafts))


def make_scenario(file: str, kernel: str, name: str, rows: list[RecordedRow]) -> RecordedScenario:
    """Return one scenario, with the structs in it located and named."""
    structs = list(find_structs(rows))
    distance = find_linear_map(file, rows, structs)
    locate_structs(file, rows, structs, distance)
    name_structs(structs)
    return RecordedScenario(file, kernel, name, tuple(rows), tuple(structs), distance)
