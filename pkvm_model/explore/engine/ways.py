"""Find the states from which a goal can still be reached, backwards from the goal.

A `Continuation` is another machine that takes over from a search, with a good end: it says of each state whether the
end can still be reached. `Way` explores forwards only as far as one question needs, and passes the answer backwards
along the edges that it has seen. So each state is expanded once, and the first run that reaches the goal answers for
most states. Only if a state has no way to the goal must everything that can be reached from it be explored.
"""
from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from itertools import islice

from ...model.state import State
from .machine import BEGUN, Machine
from .packing import Packing
from .predicates import TracedPredicate
from .tables import LookupTable, Tree

Code = int
"""A state as the search's packing writes it."""
MOST = 600
"""How many states a single answer may take; in the kernels of the course and their mutants it takes at most 126.

Where every refused call leaves something behind, the states that can be reached have no end.
"""


class Way:
    """Whether a goal can be reached from a state; `known` has the answers so far."""

    def __init__(self, successors: Callable[[Code], Iterable[Code]], is_goal: Callable[[Code], object]) -> None:
        self.successors, self.is_goal = successors, is_goal
        self.known: dict[Code, bool] = {}

    def __call__(self, code: Code) -> bool:
        """Return True if the goal can be reached from this state."""
        if code not in self.known:
            self.explore(code)
        return self.known[code]

    def explore(self, start: Code) -> None:
        """Answer for one state: depth first, or breadth first if that goes too far. If both do, the goal is lost."""
        if not self.follow(start, deque[Code].pop) and not self.follow(start, deque[Code].popleft):
            self.known.setdefault(start, False)

    def follow(self, start: Code, take: Callable[[deque[Code]], Code]) -> bool:
        """Explore from a state, and return True if that answers it.

        If the state has no way to the goal, no state that was explored from it has one.
        """
        before: dict[Code, list[Code]] = {start: []}
        waiting = deque([start])
        while waiting and len(before) < MOST and not self.known.get(start):
            code = take(waiting)
            if code not in self.known and self.is_goal(code):
                self.mark(code, before)
            elif code not in self.known:
                waiting += self.expand(code, before)
        if not waiting and not self.known.get(start):
            for code in before:
                self.known.setdefault(code, False)
        return start in self.known

    def expand(self, code: Code, before: dict[Code, list[Code]]) -> list[Code]:
        """Follow all edges from a state; return the states seen for the first time, the most promising one last."""
        fresh: list[Code] = []
        for after in self.successors(code):
            if after not in before:
                before[after] = []
                fresh.append(after)
            before[after].append(code)
            if self.known.get(after):
                self.mark(code, before)
        return fresh[::-1]

    def mark(self, code: Code, before: dict[Code, list[Code]]) -> None:
        """Pass backwards that the goal can be reached."""
        stack = [code]
        while stack:
            code = stack.pop()
            if not self.known.get(code):
                self.known[code] = True
                stack += before.get(code, [])


class Successors:
    """The states that follow a state by one action of a machine, worked out once for each state."""

    def __init__(self, machine: Machine, packing: Packing) -> None:
        self.machine = machine
        self.trees = [Tree(packing, partial(machine.step, action)) for action in machine.actions]
        self.after: dict[Code, tuple[Code, ...]] = {}

    def __call__(self, code: Code) -> tuple[Code, ...]:
        """Return the states that follow by one action, in the order of the actions."""
        if code not in self.after:
            self.after[code] = tuple([code + delta for tree in self.trees if (delta := tree(code))])
        return self.after[code]


def share_steps(machines: Iterable[Machine], packing: Packing) -> list[Successors]:
    """Return the successors for each machine; equal machines share them."""
    shared: list[Successors] = []
    for machine in machines:
        shared.append(next((known for known in shared if known.machine == machine), Successors(machine, packing)))
    return shared


class Continuation:
    """A machine that takes over from a search in any state, and tries to reach a good end.

    `missing` returns what a state lacks of the good end, by name. `excused` returns the names of what may be missing at
    the end because it was lost before the machine took over, or None if it does not take over in this state. How far
    the scripts have come is forgotten.
    """

    def __init__(self, successors: Successors, packing: Packing, missing: Callable[[State], dict[str, str]],
                 excused: Callable[[State], frozenset[str] | None]) -> None:
        self.list_successors, self.packing, self.machine = successors, packing, successors.machine
        self.missing = LookupTable(packing, [TracedPredicate(self.machine, packing, missing)])
        self.excused = LookupTable(packing, [TracedPredicate(self.machine, packing, lambda state: [excused(state)])])
        self.ways: dict[frozenset[str], Way] = {}

    def is_dead_end(self, code: Code) -> bool:
        """Return True if the machine takes over in this state and can no longer reach the good end."""
        code = self.forget_scripts(code)
        excused = self.list_excused(code)
        return excused is not None and not self.find_way(excused)(code)

    def forget_scripts(self, code: Code) -> Code:
        """Return the state without the record of how far the search's scripts have come."""
        return code & ~self.packing.mask(part for key, part in self.packing.parts.items() if key[0] == BEGUN)

    def find_way(self, excused: frozenset[str]) -> Way:
        """Return the way to an end at which nothing but this may be missing."""
        if excused not in self.ways:
            self.ways[excused] = Way(self.list_successors, lambda code: self.list_missing(code).keys() <= excused)
        return self.ways[excused]

    def list_excused(self, code: Code) -> frozenset[str] | None:
        """Return what may be missing at the end if the machine takes over in this state; None if it does not."""
        names: frozenset[str] | None = self.excused(code)[0][0]
        return names

    def list_missing(self, code: Code) -> dict[str, str]:
        """Return what a state lacks of the good end, by name."""
        return next(iter(self.missing(code)), {})

    def find_best_end(self, code: Code) -> tuple[Code, dict[str, str]]:
        """Return the best end that can be reached and what is missing there: the last of those that lack the fewest."""
        start = self.forget_scripts(code)
        excused, ends = self.list_excused(start) or frozenset(), list[tuple[Code, dict[str, str]]]()
        seen, queue = {start}, [start]
        for state in islice(queue, MOST):
            missing = {name: why for name, why in self.list_missing(state).items() if name not in excused}
            ends.append((state, missing))
            fresh = [after for after in self.list_successors(state) if after not in seen]
            seen.update(fresh)
            queue += fresh
        return min(ends[::-1], key=lambda end: len(end[1]))
