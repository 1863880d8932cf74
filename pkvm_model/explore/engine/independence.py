"""Explore fewer states: take a step alone where nothing that others can do conflicts with it.

Two steps that touch nothing in common lead to the same state in either order. So in a state in which nothing that the
other actions can do conflicts with the next step of one action, this step goes first, and the other orders are not
tried. `Prospect` decides whether that is so: starting from the values of the state, it follows all other actions
through their trees, as far as they get without that step. None of them may write what the step writes; the step must
make the same changes, whatever they did before it; and they must do the same after it as before it. A part that a step
reads, but that makes no difference to it, does no harm. Nobody has to declare anything.

The trees learn during the search, so at first a step may be taken alone wrongly. When nothing is left to explore, each
state in which that was done is judged again by what is known then, and explored again if the judgement has changed. In
the end all judgements stand. Then every step that anybody can make in the machine has been recorded, and no property
reads more than it has read: if a run led from an explored state to a step or a reading that is not known, a run that is
no longer would lead there from the state after the step that was taken alone. So the verdicts are those of the whole
search. But a run may be longer than a shortest one, and each state costs far more. So this pays where CPUs have long
scripts that seldom conflict.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from .machine import Machine
from .packing import Packing
from .search import Search
from .tables import RecordedEdge, Tree

MOST, RUN = 10_000, 100
"""How many values at forks are followed before a step counts as in conflict, and how many a run counts for."""
UNKNOWN = object()
"""Stands in a tree where nothing was recorded yet."""
PathRead = Any
"""What was read on the way to a place in a tree: a part, its bits, and the path before; () at the root."""
UNREAD: tuple[int | None, dict[int, Any]] = None, {}
"""A fork at which no part is read."""
NOTHING: dict[int, int] = {}
"""What a step that cannot be made changes."""


class Fork(NamedTuple):
    """A place in an action's tree: what is read there, where its values lead, and where they lead after the step."""

    tree: Tree
    part: int
    ways: dict[int, Any]
    ways_after: dict[int, Any]
    path: PathRead


class Prospect:
    """Whether, in one state, nothing that the other actions can do conflicts with the next step of one action.

    The others are followed through their trees: `values` has the values that each part can take on the way, and every
    fork where a part is read is visited once for each of them. `looked` are the bits of the state on which the answer
    depends.
    """

    def __init__(self, own: Tree, code: int, imagine: Callable[[Tree, int], object]) -> None:
        self.own, self.code, self.imagine = own, code, imagine
        self.masks = own.packing.masks
        self.looked: dict[int, int] = {}
        self.values: dict[int, list[int]] = {}
        self.forks: dict[int, list[Fork]] = {}
        self.new: list[tuple[int, int]] = []
        self.visits = 0
        node = own.root
        while type(node) is tuple:
            node = node[1][self.look(node[0])]
        self.written: tuple[int, ...] = node.parts
        self.changes: dict[int, int] = node.changes

    def look(self, part: int) -> int:
        """Return the bits of a part in this state."""
        bits = self.looked[part] = self.code & self.masks[part]
        return bits

    def is_clear(self, others: Iterable[Tree]) -> bool:
        """Return True if nothing that the others can do conflicts with the step."""
        clear = all(self.passes(tree, tree.root, tree.root, ()) for tree in others)
        while clear and self.new:
            part, bits = self.new.pop()
            clear = all(self.follows(fork, bits) for fork in tuple(self.forks.get(part, ())))
        return clear and self.stays(self.own.root, ())

    def passes(self, tree: Tree, here: Any, after: Any, path: PathRead) -> bool:
        """Return True if nothing that follows `here` conflicts, and the same follows `after`, after the step."""
        if type(here) is not tuple:
            return self.agrees(here, after)
        part, ways = here
        ways_after: dict[int, Any] = {}
        if after is not UNKNOWN:
            if type(after) is not tuple or after[0] != part:
                return False
            ways_after = after[1]
        fork = Fork(tree, part, ways, ways_after, path)
        self.forks.setdefault(part, []).append(fork)
        return all(self.follows(fork, bits) for bits in tuple(self.list_values(part)))

    def follows(self, fork: Fork, bits: int) -> bool:
        """Return True if nothing that follows a fork with these bits conflicts."""
        tree, part, ways, ways_after, path = fork
        path = part, bits, path
        after = ways_after.get(self.changes.get(part, bits), UNKNOWN)
        if bits not in ways and after is not UNKNOWN:
            self.guess(tree, path)
        self.visits += 1
        return self.visits < MOST and self.passes(tree, ways.get(bits, UNKNOWN), after, path)

    def agrees(self, here: Any, after: Any) -> bool:
        """Return True if a step (None for none) is the same after the action's, as far as known, without a conflict."""
        if here is UNKNOWN:
            return after is UNKNOWN
        changes = here.changes if here else NOTHING
        if after is not UNKNOWN and (type(after) is tuple or changes != (after.changes if after else NOTHING)):
            return False
        for part, bits in changes.items():
            if part in self.written:
                return False
            if bits not in self.list_values(part):
                self.values[part].append(bits)
                self.new.append((part, bits))
        return True

    def stays(self, node: Any, path: PathRead) -> bool:
        """Return True if the step makes the same changes, whatever the others have done before it."""
        if type(node) is not tuple:
            return type(node) is RecordedEdge and node.changes == self.changes
        part, ways = node
        for bits in self.list_values(part):
            if bits not in ways:
                self.guess(self.own, (part, bits, path))
            if self.visits > MOST or not self.stays(ways.get(bits, UNKNOWN), (part, bits, path)):
                return False
        return True

    def list_values(self, part: int) -> list[int]:
        """Return the values that a part can take before the step, as far as they are known."""
        if part not in self.values:
            self.values[part] = [self.look(part)]
        return self.values[part]

    def guess(self, tree: Tree, path: PathRead) -> None:
        """Find out what an action does after it has read what this path says, though no search has been there yet."""
        code = self.code
        self.visits += RUN
        while path:
            part, bits, path = path
            code += bits - (self.code & self.masks[part])
        self.imagine(tree, code)


class ReducedSearch(Search):
    """A search that takes one step alone where that is enough. `alone` has the states in which it did so, by action.

    `list_visible` returns the parts that open questions have read: a step that changes one of them is never taken
    alone. `is_harmless` says whether a step breaks no property, so that it may be recorded even if nobody can take it.
    """

    def __init__(self, machine: Machine, packing: Packing | None, list_visible: Callable[[], set[int]],
                 is_harmless: Callable[[RecordedEdge], bool]) -> None:
        super().__init__(machine, packing)
        self.list_visible, self.is_harmless = list_visible, is_harmless
        self.visible = set[int]()
        self.alone: dict[Any, list[int]] = {action: [] for action in self.trees}
        self.judged: dict[Any, dict[int | None, Any]] = {action: {} for action in self.trees}
        self.reopened = set[int]()

    @property
    def reduced(self) -> int:
        """The number of states in which one step was taken alone."""
        return sum(map(len, self.alone.values()))

    def expand(self, codes: Iterable[int]) -> list[int]:
        """Return the states that follow these: all of them, or one where a step can be taken alone."""
        after, rest = list[int](), list[int]()
        for code in codes:
            alone = self.go_alone(code)
            if alone is None:
                rest.append(code)
            else:
                after.append(alone)
        return after + super().expand(rest)

    def go_alone(self, code: int) -> int | None:
        """Return the state after a step that can be taken alone and leads to a new state; None if there is none.

        Because that state is new, no step waits for ever while others go round in a circle.
        """
        for action, tree in self.trees.items():
            delta = tree(code)
            if delta and code + delta not in self.seen and self.is_clear(action, code):
                self.alone[action].append(code)
                return code + delta
        return None

    def is_clear(self, action: Any, code: int) -> bool:
        """Return True if an action's next step can be taken alone, as far as is known."""
        masks, node = self.packing.masks, self.judged[action].get(None)
        while type(node) is tuple:
            node = node[1].get(code & masks[node[0]])
        return self.judge(action, code) if node is None else bool(node)

    def judge(self, action: Any, code: int) -> bool:
        """Find out whether a step can be taken alone, and store the answer by what it depends on."""
        own = self.trees[action]
        prospect = Prospect(own, code, self.imagine)
        clear = self.visible.isdisjoint(prospect.changes) and prospect.is_clear(
            tree for tree in self.trees.values() if tree is not own)
        ways, bits = self.judged[action], None
        for part, next_bits in prospect.looked.items():
            if ways.get(bits, UNREAD)[0] != part:  # nothing, or another part was looked at when less was known
                ways[bits] = part, {}
            ways, bits = ways[bits][1], next_bits
        ways[bits] = clear
        return clear

    def imagine(self, tree: Tree, code: int) -> None:
        """Record what an action does in a state that may never be reached, if that is harmless."""
        table = self.packing.open(code)
        try:
            result = tree.step(table)
            edge = RecordedEdge(result[0].changes(), table.bits_read, result[1], code) if result else None
            if edge is None or self.is_harmless(edge):
                tree.runs += 1
                tree.edges += [edge] if edge else []
                tree.enter(table, edge)
        except Exception:  # in an impossible state, a step may fail in any way
            return

    def open_level(self) -> None:
        """Go one step further; if nothing is left, judge again the steps that were taken alone."""
        super().open_level()
        self.visible, known = self.list_visible(), -1
        while not self.levels[-1] and known != (known := self.count_runs()):
            self.reopen()

    def count_runs(self) -> int:
        """Return how many steps were recorded: only another one adds to what is known."""
        return sum(tree.runs for tree in self.trees.values())

    def reopen(self) -> None:
        """Judge by what is known now, and reopen the states in which a step should not have been taken alone."""
        self.visible, self.judged = self.list_visible(), {action: {} for action in self.trees}
        again = list[int]()
        for action, codes in self.alone.items():
            clear = {code for code in reversed(codes) if self.is_clear(action, code)}
            again += [code for code in codes if code not in clear]
            self.alone[action] = [code for code in codes if code in clear]
        if again:
            self.reopened.add(len(self.levels) - 1)
            self.levels[-1] = again

    def find_path(self, code: int) -> list[Any]:
        """Return the actions of a run to a state that was found, not always a shortest one."""
        at, actions = self.find_level(code), list[Any]()
        while at:
            action, code = self.step_back(self.levels[at - 1], code)
            at = self.find_level(code) if at - 1 in self.reopened else at - 1
            actions.append(action)
        return actions[::-1]
