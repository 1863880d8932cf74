"""Questions about all states of a machine, and their answers.

An invariant *always* holds, or a shortest run breaks it; it comes with its premise, since what holds in no state says
nothing. A goal is *sometimes* reached, or never. A good end is *always possible* if a machine that takes over can reach
it from every state (in temporal logic, AG EF). A script is *stuck* if it has not finished and no CPU can go on.
"""
from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

from ..model.state import State
from ..model.steps import Step
from .engine.cases import PredicateTables
from .engine.choose import choose_search
from .engine.machine import Machine
from .engine.packing import Packing
from .engine.predicates import StuckPredicate, TracedPredicate
from .engine.search import Search, TooWide
from .engine.tables import RecordedEdge
from .engine.ways import Continuation, share_steps
from .phrases import describe_loss

MANY = 4_000
"""The number of states from which searching whole levels is worth the time that importing numpy takes."""
HOLDS, EMPTY, VIOLATED = "holds", "empty", "violated"
EXAMPLE, NEVER, INCOMPLETE = "example", "never", "incomplete"


class Always(NamedTuple):
    """A property of every state, or of every step: `broken` returns in words what is wrong with a state, or ''.

    `broken_by` is called with a step and the state before it, once for all states that look the same to the step: it
    must not read what the step did not read. `premise` is true of the states that the property is about; None means
    all states.
    """

    name: str
    says: str
    broken: Callable[[State], str] | None = None
    broken_by: Callable[[State, Step], str] | None = None
    premise: Callable[[State], object] | None = None


class Sometimes(NamedTuple):
    """A state that some run should reach."""

    name: str
    says: str
    reached: Callable[[State], object]


class AlwaysPossible(NamedTuple):
    """A good end that can be reached from every state: by default from every state in which the machine goes on.

    `take_over` returns the machine of those who go on from there; the scripts of the search play no part any more.
    `missing` returns what a state lacks of the good end, by name, each with a phrase that says why; nothing missing is
    the good end. `excused` returns the names of what may be missing because a state has lost it by design, or None
    for a state that the property is not about.
    """

    name: str
    says: str
    take_over: Callable[[Machine], Machine]
    missing: Callable[[State], dict[str, str]]
    excused: Callable[[State], frozenset[str] | None] = lambda state: None if state.end else frozenset()


class Stuck(NamedTuple):
    """A script that can no longer finish, whichever CPU goes next."""

    name: str = "stuck"
    says: str = "A script waits for ever."


Property = Always | Sometimes | AlwaysPossible | Stuck


class Witness(NamedTuple):
    """The first state that answers a question, or the first step (an action in that state), and the reason."""

    code: int
    reason: str = ""
    action: Any = None


class Answer(NamedTuple):
    """The answer about a property: the verdict, the reason, and the actions of the shortest run that shows it."""

    prop: Property
    verdict: str
    reason: str = ""
    run: tuple[Any, ...] | None = None
    premise: bool | None = None


class Limits(NamedTuple):
    """How far a search may go: states, seconds, and MiB of memory for its states; None means no limit."""

    states: int | None = None
    seconds: float | None = None
    mebibytes: float | None = None


class Report(NamedTuple):
    """The answers of a search, and how much it explored.

    `orbits` counts the states that stand for all `states`: fewer only if the search was symmetric. `reduced` counts
    those in which one step stood for all. `waiting` counts states that were found but not explored; `stopped` says why,
    and is '' if the search is complete or every property is decided.
    """

    answers: tuple[Answer, ...]
    states: int
    transitions: int
    depth: int
    seconds: float
    waiting: int = 0
    stopped: str = ""
    orbits: int = 0
    reduced: int = 0

    @property
    def complete(self) -> bool:
        """True if every state was explored."""
        return not self.waiting


class Exploration:
    """A search that checks properties. `advance` explores the next states; `answers` has what is known by then."""

    def __init__(self, machine: Machine, properties: tuple[Property, ...], many: float = MANY,
                 packing: Packing | None = None, symmetric: bool = False) -> None:
        self.search, self.properties = self.begin(machine, packing), properties
        self.many, self.symmetric = many, symmetric
        self.witnesses: dict[str, Witness] = {}
        self.open: dict[str, PredicateTables] = {}
        self.continuations = continue_search(self.search, properties)
        for prop in properties:
            for name, predicate in list_predicates(prop, self.search):
                self.open[name] = PredicateTables(self.search, predicate)
        self.levels_checked = 0
        self.check_states()

    def begin(self, machine: Machine, packing: Packing | None) -> Search:
        """Return the search, before its first step."""
        return Search(machine, packing)

    @property
    def has_more(self) -> bool:
        """True while there are states to explore and a property that they could decide, or no property at all."""
        decided = [prop.name in self.witnesses for prop in self.properties]
        return self.search.has_more and not (decided and all(decided))

    def advance(self, count: int = 20000) -> bool:
        """Explore the next states; return True while it makes sense to go on."""
        if self.has_more:
            self.search = choose_search(self.search, self.many, self.symmetric)
            try:
                self.search.advance(count)
            except TooWide as too_wide:
                self.search = too_wide.plain
                self.search.advance(count)
            self.check_steps()
            self.check_states()
        return self.has_more

    def check_steps(self) -> None:
        """Check the steps that were seen for the first time."""
        for action, edge in self.search.take_new_edges():
            for name, reason in self.find_broken(edge):
                self.witnesses[name] = Witness(edge.origin, reason, action)

    def find_broken(self, edge: RecordedEdge) -> Iterator[tuple[str, str]]:
        """Yield the properties that a step breaks and that were not broken before, each with the reason."""
        asked = [(prop.name, prop.broken_by) for prop in self.properties
                 if isinstance(prop, Always) and prop.broken_by and prop.name not in self.witnesses]
        if asked:
            before = self.restore_origin(edge)
            yield from ((name, reason) for name, broken_by in asked if (reason := broken_by(before, edge.label)))

    def restore_origin(self, edge: RecordedEdge) -> State:
        """Return the state in which an edge was recorded."""
        return self.search.machine.view(self.search.packing.unpack(edge.origin))

    def check_states(self) -> None:
        """Check the states of each level that was not checked before."""
        while self.levels_checked < len(self.search.levels):
            for name, tables in list(self.open.items()):
                found = tables.find_first(self.search, self.levels_checked)
                if found and name not in self.witnesses:
                    code, reason = found
                    self.witnesses[name] = Witness(code, reason if isinstance(reason, str) else "")
                    del self.open[name]
            for name, continuation in self.continuations.items():
                if name not in self.witnesses:
                    self.find_dead_end(name, continuation)
            self.levels_checked += 1

    def find_dead_end(self, name: str, continuation: Continuation) -> None:
        """Look in the level to be checked for the first state from which a good end can no longer be reached."""
        level = self.search.levels[self.levels_checked]
        code = next((code for code in self.search.list_codes(level) if continuation.is_dead_end(code)), None)
        if code is not None:
            self.witnesses[name] = Witness(code, describe_loss(continuation.find_best_end(code)[1]))

    @property
    def answers(self) -> tuple[Answer, ...]:
        """What is known, property by property."""
        return tuple(self.answer(prop) for prop in self.properties)

    def answer(self, prop: Property) -> Answer:
        """Return what is known about one property."""
        witness, complete = self.witnesses.get(prop.name), not self.search.has_more
        premise = name_premise(prop) in self.witnesses if isinstance(prop, Always) and prop.premise else None
        if isinstance(prop, Sometimes):
            verdict = EXAMPLE if witness else NEVER
        else:
            verdict = VIOLATED if witness else EMPTY if premise is False else HOLDS
        if not witness and not complete:
            return Answer(prop, INCOMPLETE, premise=premise)
        return Answer(prop, verdict, witness.reason if witness else "", self.find_run(witness), premise)

    def find_run(self, witness: Witness | None) -> tuple[Any, ...] | None:
        """Return the actions of a shortest run to a witness, None if there is no witness."""
        if not witness:
            return None
        actions = self.search.find_path(witness.code)
        return (*actions, witness.action) if witness.action is not None else tuple(actions)

    def report(self, seconds: float, stopped: str = "") -> Report:
        """Return what is known by now."""
        search = self.search
        depth = len(search.levels) - 1 - (not search.has_more)
        return Report(self.answers, search.states, search.transitions, depth, seconds, search.waiting, stopped,
                      search.kept)


def explore(machine: Machine, properties: tuple[Property, ...], limits: Limits = Limits(),  # noqa: B008  # frozen
            many: float = MANY, symmetric: bool = False) -> Report:
    """Search until every property is decided, every state is explored, a limit is reached, or Ctrl-C is pressed.

    From `many` states on it uses numpy, if that is installed and a state fits into its numbers. Then a `symmetric`
    search explores only one of all states that the machine's renamings turn into each other; properties must not
    depend on what is renamed.
    """
    return finish(Exploration(machine, properties, many, symmetric=symmetric), limits)


def finish(exploration: Exploration, limits: Limits) -> Report:
    """Search on until the answers are known, a limit is reached, or Ctrl-C is pressed."""
    start, stopped = time.monotonic(), ""
    try:
        while not stopped and exploration.advance():
            stopped = check_limits(limits, exploration.search, time.monotonic() - start)
    except KeyboardInterrupt:
        stopped = "interrupted"
    return exploration.report(time.monotonic() - start, stopped)


def check_limits(limits: Limits, search: Search, seconds: float) -> str:
    """Return in words which limit a search has reached, '' if none."""
    if limits.states is not None and search.states >= limits.states:
        return f"the limit of {limits.states:,} states"
    if limits.seconds is not None and seconds >= limits.seconds:
        return f"the limit of {limits.seconds:g} s"
    if limits.mebibytes is not None and search.size >= limits.mebibytes * (1 << 20):
        return f"the limit of {limits.mebibytes:g} MiB"
    return ""


def list_predicates(prop: Property, search: Search) -> Iterator[tuple[str, TracedPredicate | StuckPredicate]]:
    """Yield what has to be evaluated in each state to decide a property, by name."""
    trace = partial(TracedPredicate, search.machine, search.packing)
    if isinstance(prop, Stuck):
        yield prop.name, StuckPredicate(search)
    elif isinstance(prop, Sometimes):
        yield prop.name, trace(prop.reached)
    elif isinstance(prop, Always):
        if prop.broken:
            yield prop.name, trace(prop.broken)
        if prop.premise:
            yield name_premise(prop), trace(prop.premise)


def continue_search(search: Search, properties: tuple[Property, ...]) -> dict[str, Continuation]:
    """Return what decides from which states of a search good ends can be reached, by name."""
    possible = [prop for prop in properties if isinstance(prop, AlwaysPossible)]
    successors = share_steps([prop.take_over(search.machine) for prop in possible], search.packing)
    return {prop.name: Continuation(steps, search.packing, prop.missing, prop.excused)
            for prop, steps in zip(possible, successors, strict=True)}


def name_premise(prop: Property) -> str:
    """Return the name of a property's premise among the predicates."""
    return f"premise of {prop.name}"
