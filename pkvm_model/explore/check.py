"""Questions about all states of a machine, and their answers.

An invariant *always* holds, or a shortest run breaks it; it comes with its premise, for what holds on nothing is empty.
A goal is *sometimes* reached, or never. A script is *stuck* where it is not at its end and no CPU can go on.
"""
from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from ..model.state import State, sort_key
from ..model.steps import Step
from .engine.machine import Machine
from .engine.packing import Noted, Packing
from .engine.search import Search
from .engine.tables import Edge, Table

MANY = 4_000
"""From so many states on, whole levels at a time are worth the time that it takes to import numpy."""
HOLDS, EMPTY, VIOLATED = "holds", "empty", "violated"
EXAMPLE, NEVER, INCOMPLETE = "example", "never", "incomplete"


class Always(NamedTuple):
    """A property of every state, or of every step: `broken` says what is wrong with one, in words, or ''.

    `broken_by` is asked about a step and the state before it, and only once for all states that look the same to the
    step: it must not look at what the step did not.
    `premise` is true of the states that the property speaks of; None if that is all of them.
    """

    name: str
    says: str
    broken: Callable[[State], str] | None = None
    broken_by: Callable[[State, Step], str] | None = None
    premise: Callable[[State], object] | None = None


class Sometimes(NamedTuple):
    """A state that is to be reached."""

    name: str
    says: str
    reached: Callable[[State], object]


class Stuck(NamedTuple):
    """A script that can no longer finish, whichever CPU goes next."""

    name: str = "stuck"
    says: str = "A script waits for ever."


Property = Always | Sometimes | Stuck


class Find(NamedTuple):
    """The first state that answers a question, or the first step (an action in that state), and what it shows."""

    code: int
    reason: str = ""
    action: Any = None


class Answer(NamedTuple):
    """What came out: the verdict, why, and the actions of the shortest run that shows it."""

    asked: Property
    verdict: str
    reason: str = ""
    run: tuple[Any, ...] | None = None
    premise: bool | None = None


class Limits(NamedTuple):
    """How far a search may go: states, seconds, and MiB that the states it has found may take; None is no limit."""

    states: int | None = None
    seconds: float | None = None
    mebibytes: float | None = None


class Report(NamedTuple):
    """What a search found and what it looked at.

    `waiting` are states that were found and not looked at; `stopped` says why, and is '' if the search is complete or
    was asked nothing more.
    """

    answers: tuple[Answer, ...]
    states: int
    transitions: int
    depth: int
    seconds: float
    waiting: int = 0
    stopped: str = ""

    @property
    def complete(self) -> bool:
        """True if there is no state that it did not look at."""
        return not self.waiting


class AskedState(State):
    """A state that notes which records a property looks at, also when it asks for all of a kind."""

    def all(self, kind: type[Any]) -> Iterator[tuple[Any, Any]]:
        """Name and record of everything of this kind, as `State.all`."""
        table: Any = self.table
        table.kinds.add(kind)
        names = sorted({key[:2] for key in table.packing.parts if key[0] is kind}, key=sort_key)
        return ((key[1], table[key]) for key in names if key in table)


class Judge:
    """A predicate over states that is asked about numbers, and knows which parts it has looked at."""

    def __init__(self, machine: Machine, packing: Packing, predicate: Callable[[State], object]) -> None:
        self.machine, self.packing, self.predicate = machine, packing, predicate
        self.asked: set[int] = set()
        self.kinds: set[Any] = set()

    def __call__(self, code: int) -> object:
        """What the predicate says of this state."""
        table = Noted(self.packing, code)
        answer = self.predicate(AskedState(*self.machine.state(table)))
        self.packing.add(self.asked, table.asked)
        self.kinds |= table.kinds
        return answer

    @property
    def parts(self) -> set[int]:
        """The parts that the predicate has looked at."""
        return self.asked | {part for key, part in self.packing.parts.items() if key[0] in self.kinds}


class Exploration:
    """A search that is asked something. `advance` goes on a little; `answers` says what is known by then."""

    def __init__(self, machine: Machine, asked: tuple[Property, ...], many: float = MANY) -> None:
        self.search, self.asked, self.many = Search(machine), asked, many
        self.finds: dict[str, Find] = {}
        self.open: dict[str, Table] = {}
        for one in asked:
            for name, predicate in predicates(one, self.search):
                self.open[name] = Table(self.search.packing, [Judge(machine, self.search.packing, predicate)])
        self.judged = 0
        self.judge_states()

    @property
    def more(self) -> bool:
        """True while there are states to look at and a question that they could answer, or none was asked."""
        settled = [one.name in self.finds for one in self.asked]
        return self.search.more and not (settled and all(settled))

    def advance(self, count: int = 20000) -> bool:
        """Look at the next states; true while it makes sense to go on."""
        if self.more:
            self.search = whole_levels(self.search, self.many)
            self.search.advance(count)
            self.judge_steps()
            self.judge_states()
        return self.more

    def judge_steps(self) -> None:
        """Ask about the steps that were seen for the first time."""
        asked = [one for one in self.asked if isinstance(one, Always) and one.broken_by]
        for action, edge in self.search.new_edges() if asked else ():
            before = self.before(edge)
            for one in asked:
                reason = one.name not in self.finds and one.broken_by and one.broken_by(before, edge.label)
                if reason:
                    self.finds[one.name] = Find(edge.origin, reason, action)

    def before(self, edge: Edge) -> State:
        """The state in which an edge was found."""
        return self.search.machine.state(self.search.packing.unpack(edge.origin))

    def judge_states(self) -> None:
        """Ask about the states of each level that nobody was asked about."""
        while self.judged < len(self.search.levels):
            for name, table in list(self.open.items()):
                code = self.search.first(table, self.judged)
                if code is not None and name not in self.finds:
                    reason = table(code)[0]
                    self.finds[name] = Find(code, reason if isinstance(reason, str) else "")
                    del self.open[name]
            self.judged += 1

    def answers(self) -> tuple[Answer, ...]:
        """What is known, question by question."""
        return tuple(self.answer(one) for one in self.asked)

    def answer(self, one: Property) -> Answer:
        """What is known about one question."""
        find, complete = self.finds.get(one.name), not self.search.more
        premise = premise_name(one) in self.finds if isinstance(one, Always) and one.premise else None
        if isinstance(one, Sometimes):
            verdict = EXAMPLE if find else NEVER
        else:
            verdict = VIOLATED if find else EMPTY if premise is False else HOLDS
        if not find and not complete:
            return Answer(one, INCOMPLETE, premise=premise)
        return Answer(one, verdict, find.reason if find else "", self.run(find) if find else None, premise)

    def run(self, find: Find) -> tuple[Any, ...]:
        """The actions of a shortest run to what was found."""
        actions = self.search.path(find.code)
        return (*actions, find.action) if find.action is not None else tuple(actions)


def explore(machine: Machine, asked: tuple[Property, ...], limits: Limits = Limits(),  # noqa: B008  # frozen
            many: float = MANY) -> Report:
    """Search until every question is answered, all is seen, a limit is reached, or somebody presses Ctrl-C.

    From `many` states on it goes on with numpy, if that is installed.
    """
    begun, exploration, stopped = time.monotonic(), Exploration(machine, asked, many), ""
    try:
        while not stopped and exploration.advance():
            stopped = reached(limits, exploration.search, time.monotonic() - begun)
    except KeyboardInterrupt:
        stopped = "interrupted"
    return report(exploration, time.monotonic() - begun, stopped)


def reached(limits: Limits, search: Search, seconds: float) -> str:
    """Which limit a search has reached, in words; '' if none."""
    if limits.states is not None and search.states >= limits.states:
        return f"the limit of {limits.states:,} states"
    if limits.seconds is not None and seconds >= limits.seconds:
        return f"the limit of {limits.seconds:g} s"
    if limits.mebibytes is not None and search.size >= limits.mebibytes * (1 << 20):
        return f"the limit of {limits.mebibytes:g} MiB"
    return ""


def report(exploration: Exploration, seconds: float, stopped: str = "") -> Report:
    """What is known by now."""
    search = exploration.search
    depth = len(search.levels) - 1 - (not search.more)
    return Report(exploration.answers(), search.states, search.transitions, depth, seconds, search.waiting, stopped)


def whole_levels(search: Search, many: float) -> Search:
    """The search, or one that goes on with whole levels where there are many states and numpy is installed."""
    if search.states < many or type(search) is not Search:
        return search
    try:
        from .engine.levels import LevelSearch, fits  # noqa: PLC0415  # most searches are over before numpy is imported
    except ImportError:
        return search
    return LevelSearch(search) if fits(search) else search


def predicates(one: Property, search: Search) -> Iterator[tuple[str, Callable[[State], object]]]:
    """What has to be asked about each state to answer a question."""
    if isinstance(one, Stuck):
        yield one.name, lambda state: is_stuck(search, state)
    elif isinstance(one, Sometimes):
        yield one.name, one.reached
    else:
        if one.broken:
            yield one.name, one.broken
        if one.premise:
            yield premise_name(one), one.premise


def premise_name(one: Property) -> str:
    """The name under which a premise is looked for."""
    return f"premise of {one.name}"


def is_stuck(search: Search, state: State) -> bool:
    """True if a script is not at its end and no CPU has a step that changes anything."""
    table: Any = state.table
    return search.machine.unfinished(table) and not any(changes(search, action, table) for action in search.trees)


def changes(search: Search, action: Any, table: Noted) -> bool:
    """True if an action is possible here and changes something."""
    done, masks = search.machine.act(action, table.copy()), search.packing.masks
    after: Any = done and done[0]
    return bool(done) and any(bits != table.code & masks[part] for part, bits in after.changes().items())
