"""The interleavings with which the model asks a real machine: who stops where, and what happens meanwhile.

Every boundary between two lock regions is one of the model's own yields, so where calls stop is enumerated, not chosen:
in the duels of `duels`, and after them in all pairs of calls for which it matters who is first. In a pair, a call stops
next to a change only: where the outcome is another one than at the boundary before or after it. Nothing is random.

In the end the host takes everything apart (`trail.wind_up`), so that what was left behind shows.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..explore.races import RACES
from ..explore.scenario import START
from ..model.revisions import Revision
from ..model.trace import Trace
from .contests import Contest, fight, make_setups, try_pairs
from .duels import DUELS

NO_INTERLEAVING = {
    "R26": "The machine is gone, and nothing is left to ask.",
    "R27": "How long EL2 works cannot be seen in an emulator, and less under a debugger."}
"""The races that no interleaving stands for, and why."""

NEED_START = ("R28",)
"""The races without scripts of their own that a kernel without start cannot have."""


@dataclass(frozen=True)
class Interleaving:
    """A run for a real machine: its name, what it stands for, what it tries, and the model's trace.

    `race` is the race that it stands for, '' if it is only two calls that depend on each other. `boundaries` are those
    at which a call stops, in their order. The trace begins at the empty machine.
    """

    name: str
    race: str
    about: str
    says: str
    trace: Trace
    boundaries: tuple[str, ...]


def interleavings(revision: Revision) -> tuple[Interleaving, ...]:
    """Return the interleavings for a kernel; the first ones cover all its races and all boundaries of its calls."""
    setups, races = make_setups(revision), list_races(revision)
    contests = [contest for duel in DUELS for contest in fight(duel, setups)] + list(try_pairs(setups))
    unique: dict[str, Interleaving] = {}
    for contest in contests:
        each = make_interleaving(contest, races)
        unique.setdefault("\n".join(map(str, each.trace.lines)), each)
    return tuple(order_by_coverage(unique.values()))


def list_races(revision: Revision) -> list[str]:
    """Return the races that a kernel has or closes, those whose calls it has, without NO_INTERLEAVING."""
    lacking = {*NO_INTERLEAVING, *([] if START in revision.calls else NEED_START)}
    return [race.name for race in RACES.values() if race.name not in lacking and race.runs_on(revision)]


def make_interleaving(contest: Contest, races: list[str]) -> Interleaving:
    """Return a contest as an interleaving; a race that the kernel cannot have is not named."""
    race = contest.race if contest.race in races else ""
    about = f"{race}: {RACES[race].title}" if race else contest.calls
    return Interleaving(f"{race or 'pair'}-{contest.name}", race, about, contest.says, contest.trail.trace,
                        contest.trail.boundaries)


def order_by_coverage(unordered: Iterable[Interleaving]) -> Iterator[Interleaving]:
    """Yield each interleaving once, always one that adds most races and boundaries to those before it.

    When nothing is left to add, everything counts as new again, so that the beginning of the rest varies, too.
    """
    left, new = list(unordered), set[str]()
    while left:
        new = new or {each for one in left for each in list_subjects(one)}
        best = max(left, key=lambda one: len(new & list_subjects(one)))
        left.remove(best)
        new = new - list_subjects(best) if new & list_subjects(best) else set()
        yield best


def list_subjects(each: Interleaving) -> set[str]:
    """Return what an interleaving is about: its race, and the boundaries at which calls stop."""
    return {each.race or "pair", *each.boundaries}
