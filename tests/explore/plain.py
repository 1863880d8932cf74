"""The same search without any memory: every step is run in every state, on plain tables."""
from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any, NamedTuple

from pkvm_model.explore.machines import Scripts
from pkvm_model.explore.outcomes import BUG, OK, SEVERITY, list_properties
from pkvm_model.explore.scenario import Scenario
from pkvm_model.model.revisions import Revision


class Seen(NamedTuple):
    """What a search found: states as sets of records, transitions, and each outcome with its shortest run's length."""

    states: set[frozenset[Any]]
    transitions: int
    outcomes: dict[str, int]

    @property
    def worst(self) -> str:
        """The worst outcome."""
        return max(self.outcomes, key=SEVERITY.index)


def search(race: Scenario, revision: Revision) -> Seen:
    """Look at all orders of a race, breadth first."""
    machine = Scripts(race.scene(revision))
    found, level = Seen({frozenset(machine.initial().items())}, 0, {OK: 0}), [machine.initial()]
    for depth in count(1):
        if not level:
            return found
        taken = [(before, done) for before in level for cpu in machine.actions
                 if (done := machine.step(cpu, dict(before)))]
        new = {frozenset(after.items()): after for _, (after, _) in taken}
        for outcome in (*broken_by(race, taken), *broken_in(race, machine, new)):
            found.outcomes.setdefault(outcome, depth)
        found = found._replace(transitions=found.transitions + sum(after != before for before, (after, _) in taken))
        level = [table for key, table in new.items() if key not in found.states]
        found.states.update(new)
    raise AssertionError


def broken_in(race: Scenario, machine: Scripts, level: dict[Any, dict[Any, Any]]) -> Iterator[str]:
    """The outcomes that states show."""
    return (BUG for table in level.values() for one in race.always if one.broken and one.broken(machine.view(table)))


def broken_by(race: Scenario, taken: list[Any]) -> Iterator[str]:
    """The outcomes that steps show."""
    asked: Any = [one for one in list_properties(race) if one.name in SEVERITY]
    return (one.name for _, (_, step) in taken for one in asked if one.broken_by(None, step))
