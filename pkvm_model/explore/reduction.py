"""Explore fewer states with the same verdicts: do not try all orders of steps that touch nothing in common."""
from __future__ import annotations

from .check import AlwaysPossible, Answer, Exploration, Limits, Property, Report, Stuck, explore, finish
from .engine.independence import ReducedSearch
from .engine.machine import Machine
from .engine.packing import Packing
from .engine.search import Search
from .engine.tables import RecordedEdge

NO_LIMITS = Limits()


class ReducedExploration(Exploration):
    """An exploration by a reduced search. It cannot answer what is always possible."""

    def begin(self, machine: Machine, packing: Packing | None) -> Search:
        """Return the search, before its first step."""
        return ReducedSearch(machine, packing, self.list_visible, self.is_harmless)

    def list_visible(self) -> set[int]:
        """Return the parts that questions about states have read, while these questions are open.

        A script that is stuck stays stuck in any order of the steps before, so for that question no part counts.
        """
        stuck = {prop.name for prop in self.properties if isinstance(prop, Stuck)}
        return {part for name, asked in self.open.items() if name not in stuck
                for table in asked.tables.values() for part in table.parts}

    def is_harmless(self, edge: RecordedEdge) -> bool:
        """Return True if a step breaks no property that is still open."""
        return not any(self.find_broken(edge))

    def report(self, seconds: float, stopped: str = "") -> Report:
        """Return what is known by now, and how much was reduced."""
        reduced = self.search.reduced if isinstance(self.search, ReducedSearch) else 0
        return super().report(seconds, stopped)._replace(reduced=reduced)


def explore_reduced(machine: Machine, properties: tuple[Property, ...], limits: Limits = NO_LIMITS) -> Report:
    """Search like `explore`, but with fewer states; a second search finds the shortest runs that show the answers.

    If one of the properties asks what is always possible, make the whole search instead. A run may be longer than a
    shortest one only if its reason says so: then a limit has ended the second search.
    """
    if any(isinstance(prop, AlwaysPossible) for prop in properties):
        return explore(machine, properties, limits)
    report = finish(ReducedExploration(machine, properties), limits)
    shown = tuple(answer.prop for answer in report.answers if answer.run is not None)
    return shorten(report, explore(machine, shown, limits)) if shown else report


def shorten(report: Report, whole: Report) -> Report:
    """Return a report with the runs of the whole search, which are shortest ones."""
    found = {answer.prop.name: answer for answer in whole.answers if answer.run is not None}
    answers = tuple(take_run(answer, found.get(answer.prop.name), whole.stopped) for answer in report.answers)
    return report._replace(answers=answers, seconds=report.seconds + whole.seconds,
                           stopped=report.stopped or whole.stopped)


def take_run(answer: Answer, shortest: Answer | None, stopped: str) -> Answer:
    """Return an answer with the run of a shortest one; without one, say that its own run may not be a shortest one."""
    if shortest or answer.run is None:
        return answer._replace(reason=shortest.reason, run=shortest.run) if shortest else answer
    says = f"this run may not be a shortest one, since the search for that stopped: {stopped}"
    return answer._replace(reason="; ".join(filter(None, (answer.reason, says))))
