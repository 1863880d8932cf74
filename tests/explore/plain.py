"""The outcomes of a race, found by a search without any memory."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from benchmarks.plain import walk_levels
from pkvm_model.explore.machines import Scripts
from pkvm_model.explore.outcomes import BUG, OK, SEVERITY, list_properties
from pkvm_model.explore.scenario import Scenario
from pkvm_model.model.revisions import Revision


class Seen(NamedTuple):
    """The result of a search: states as sets of records, transitions, and the length of each outcome's shortest run."""

    states: set[frozenset[Any]]
    transitions: int
    outcomes: dict[str, int]

    @property
    def worst(self) -> str:
        """The worst outcome."""
        return max(self.outcomes, key=SEVERITY.index)


def search(race: Scenario, revision: Revision) -> Seen:
    """Search all orders of a race, breadth first."""
    machine = Scripts(race.scene(revision))
    result = Seen({frozenset(machine.initial().items())}, 0, {OK: 0})
    for depth, (steps, reached) in enumerate(walk_levels(machine), 1):
        for outcome in (*broken_by(race, steps), *broken_in(race, machine, reached)):
            result.outcomes.setdefault(outcome, depth)
        changes = sum(after != before for before, (after, _) in steps)
        result = result._replace(transitions=result.transitions + changes)
        result.states.update(reached)
    return result


def broken_in(race: Scenario, machine: Scripts, level: dict[Any, dict[Any, Any]]) -> Iterator[str]:
    """Yield the outcomes that states show."""
    return (BUG for table in level.values() for prop in race.always if prop.broken and prop.broken(machine.view(table)))


def broken_by(race: Scenario, transitions: list[Any]) -> Iterator[str]:
    """Yield the outcomes that steps show."""
    properties: Any = [prop for prop in list_properties(race) if prop.name in SEVERITY]
    return (prop.name for _, (_, step) in transitions for prop in properties if prop.broken_by(None, step))
