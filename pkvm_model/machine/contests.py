"""Duels fought on the model: every stop and every order of calls, each as a run."""
from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, groupby
from typing import NamedTuple

from ..explore.scenario import adapt
from ..model.revisions import Revision
from ..model.state import Config, State
from ..model.steps import Call
from ..model.trace import parse_call, show_value
from .duels import ALWAYS, BOTH, CALLS, DUELS, ONCE, PAIRED, SETUPS, Duel
from .trail import Trail, find_purpose, list_places, list_stops, wind_up

CONFIG = Config(slots=2)
"""Two slots, so that no call fails because the VM table is full: a real table has 255."""
PREFIXES = ("__pkvm_host_", "__pkvm_", "__kvm_")
Setups = dict[str, "Stage"]


class Stage(NamedTuple):
    """A setup on a kernel: its name, a sentence about it, and the run."""

    name: str
    says: str
    trail: Trail

    def has(self, call: Call) -> bool:
        """Return True if the kernel has a call."""
        return call.name in self.trail.revision.calls

    def parse(self, text: str) -> tuple[Call, ...]:
        """Return the calls of some lines as this kernel makes them."""
        return tuple(map(parse_call, adapt(text, self.trail.revision).splitlines()))


class Contest(NamedTuple):
    """A duel as it was fought: name, race, calls and what was tried in words, and the run."""

    name: str
    race: str
    calls: str
    says: str
    trail: Trail


class Fight(NamedTuple):
    """A duel in the words of a kernel."""

    race: str
    stage: Stage
    first: tuple[Call, ...]
    second: tuple[Call, ...]
    third: tuple[Call, ...] = ()
    after: tuple[Call, ...] = ()

    @property
    def is_possible(self) -> bool:
        """True if the kernel has all the calls."""
        return bool(self.first) and all(map(self.stage.has, self.calls))

    @property
    def calls(self) -> tuple[Call, ...]:
        """All the calls."""
        return self.first + self.second + self.third + self.after

    def end(self, trail: Trail, tag: str, says: str) -> Contest:
        """Return the contest that a run is, after the last calls and the host's winding up."""
        calls = (*self.first, *self.second, *self.third)
        words = " with ".join(dict.fromkeys(map(show_short, calls)))
        trail = wind_up(trail.make(0, *self.after))
        return Contest(f"{self.stage.name}-{tag}", self.race, words, f"{self.stage.says} {says}", trail)


def make_setups(revision: Revision) -> Setups:
    """Return the setups that a kernel has; two that are the same to it, as it has no start, share the earlier one."""
    stages: Setups = {}
    texts: dict[str, str] = {}
    for name, setup in SETUPS.items():
        text = adapt(setup.lines, revision)
        calls = [(int(line.partition(" ")[0]), parse_call(line.partition(" ")[2])) for line in text.splitlines()]
        if all(call.name in revision.calls for _, call in calls):
            first = texts.setdefault(text, name)
            stages[name] = stages.get(first) or Stage(name, setup.says, make_calls(Trail(revision, CONFIG), calls))
    return stages


def make_calls(trail: Trail, calls: list[tuple[int, Call]]) -> Trail:
    """Make whole calls, each on its CPU."""
    for cpu, call in calls:
        trail = trail.make(cpu, call)
    return trail


def fight(duel: Duel, setups: Setups) -> Iterator[Contest]:
    """Yield the contests of a duel, none if the kernel lacks a call of it."""
    stage = setups.get(duel.setup)
    if not stage:
        return
    bout = Fight(duel.race, stage, *map(stage.parse, duel[3:]))
    if bout.is_possible and [bool(calls) for calls in bout[2:]] == [bool(text) for text in duel[3:]]:
        ways = {ONCE: stop_once, ALWAYS: stop_always, BOTH: stop_both}
        yield from ways.get(duel.form, order_whole_calls)(bout)


def stop_once(bout: Fight) -> Iterator[Contest]:
    """Yield a contest for each place at which CPU 0 can stop while CPU 1 makes its calls."""
    for number, stop in enumerate(list_places(bout.stage.trail, 0, bout.first[0]), 1):
        yield stop_at(bout, stop, number)


def stop_at(bout: Fight, stop: Trail, number: int) -> Contest:
    """Return the contest in which CPU 0 stops at one place."""
    call, rest = show_short(bout.first[0]), list_short(bout.second)
    says = f"CPU 0 stops in {call} before it would {describe_stop(stop)}; CPU 1 makes {rest} meanwhile."
    tag = f"{name_calls(bout.first)}@{number}-{name_calls(bout.second)}"
    return bout.end(stop.make(1, *bout.second).leave(0), tag, says)


def stop_always(bout: Fight) -> Iterator[Contest]:
    """Yield the contest in which CPU 0 stops everywhere and CPU 1 makes its calls each time."""
    trail = bout.stage.trail.enter(0, bout.first[0])
    while trail.is_busy(0):
        trail = trail.make(1, *bout.second)
        trail = trail.advance(0) if trail.is_busy(0) else trail
    call, rest = show_short(bout.first[0]), list_short(bout.second)
    says = f"CPU 0 stops at each boundary of {call}; CPU 1 makes {rest} each time."
    yield bout.end(trail, f"{name_calls(bout.first)}@all-{name_calls(bout.second)}", says)


def order_whole_calls(bout: Fight) -> Iterator[Contest]:
    """Yield a contest for each order of whole calls; orders that come out the same are tried once."""
    total, known = len(bout.first) + len(bout.second), set()
    for places in combinations(range(total), len(bout.first)):
        order = [0 if place in places else 1 for place in range(total)]
        calls = (iter(bout.first), iter(bout.second))
        trail = make_calls(bout.stage.trail, [(cpu, next(calls[cpu])) for cpu in order])
        result = find_result(trail, bout.stage.trail)
        if result not in known:
            known.add(result)
            yield bout.end(trail, name_order(bout, order), describe_order(bout, order))


def name_order(bout: Fight, order: list[int]) -> str:
    """Return the name of an order of calls: the calls, and the CPUs in their order."""
    return "-".join(filter(None, (name_calls(bout.first), name_calls(bout.second), "".join(map(str, order)))))


def describe_order(bout: Fight, order: list[int]) -> str:
    """Return a sentence about an order of calls."""
    if not bout.second:
        return f"CPU 0 makes {list_short(bout.first)}."
    turns = ", ".join(map(str, order))
    return (f"CPU 0 makes {list_short(bout.first)}, CPU 1 makes {list_short(bout.second)}, "
            f"a whole call at a time, in the order {turns}.")


def stop_both(bout: Fight) -> Iterator[Contest]:
    """Yield the contests in which both CPUs stop and one of them makes a third call; equal outcomes are tried once."""
    known = set()
    for here, stop in enumerate(list_places(bout.stage.trail, 0, bout.first[0]), 1):
        for there, both in enumerate(list_places(stop.make(1, *bout.second[:-1]), 1, bout.second[-1]), 1):
            for cpu in (0, 1):
                trail = both.leave(cpu).make(cpu, *bout.third).leave(1 - cpu)
                result = find_result(trail, bout.stage.trail)
                if result not in known:
                    known.add(result)
                    yield end_both(bout, trail, (here, there, cpu), describe_both(bout, stop, both, cpu))


def end_both(bout: Fight, trail: Trail, place: tuple[int, int, int], says: str) -> Contest:
    """Return the contest of two CPUs that stopped at these places, of which one made the third call."""
    here, there, cpu = place
    tag = f"{name_calls(bout.first)}@{here}-{name_calls(bout.second)}@{there}-{name_calls(bout.third)}@cpu{cpu}"
    return bout.end(trail, tag, says)


def describe_both(bout: Fight, stop: Trail, both: Trail, cpu: int) -> str:
    """Return a sentence about two CPUs that stopped, of which one ends its call and makes a third one."""
    return (f"CPU 0 stops in {show_short(bout.first[0])} before it would {describe_stop(stop)}, "
            f"CPU 1 in {show_short(bout.second[-1])} before it would {describe_stop(both)}; "
            f"CPU {cpu} ends its call and makes {list_short(bout.third)}.")


def try_pairs(setups: Setups) -> Iterator[Contest]:
    """Yield the contests of two calls for which it matters who is first, with stops next to a change.

    A pair that came out the same in an earlier setup is left out, as is one that is a duel already.
    """
    known = {(duel.setup, duel.first, duel.second) for duel in DUELS if duel.form == ONCE}
    tried = set()
    for stage in dict.fromkeys(setups[name] for name in PAIRED if name in setups):
        calls = {text: call for text in CALLS.splitlines() for call in stage.parse(text) if stage.has(call)}
        for first, call in calls.items():
            stops = list_stops(stage.trail, 0, call)
            for second, other in calls.items():
                if stops and (stage.name, first, second) not in known:
                    changes, answers = find_changes(Fight("", stage, (call,), (other,)), stops)
                    if changes and (first, second, answers) not in tried:
                        tried.add((first, second, answers))
                        yield from changes


def find_changes(bout: Fight, stops: list[Trail]) -> tuple[list[Contest], tuple[object, ...]]:
    """Return the contests of a pair next to a change of the outcome, and how the answers change from first to last."""
    setup, first, second = bout.stage.trail, bout.first[0], bout.second[0]
    trails = [setup.make(1, second).make(0, first), *(stop.make(1, second).leave(0) for stop in stops),
              stops[-1].leave(0).make(1, second)]
    results = [find_result(trail, setup) for trail in trails]
    changes = [stop_at(bout, stop, number) for number, stop in enumerate(stops, 1)
               if results[number] != results[number - 1] or results[number] != results[number + 1]]
    return changes, tuple(answers for answers, _ in groupby(answers for answers, _ in results))


def find_result(trail: Trail, setup: Trail) -> tuple[object, State]:
    """Return what came out after a setup: the answers on each CPU, in their order, and the state."""
    outcomes = trail.outcomes[len(setup.outcomes):]
    return tuple(tuple(says for cpu, says in outcomes if cpu == number) for number in (0, 1)), trail.state


def describe_stop(trail: Trail) -> str:
    """Return what the call that stopped last would do next."""
    return find_purpose(trail.steps[-1][0])


def show_short(call: Call) -> str:
    """Return the name of a call without the prefix that all hypercalls have."""
    prefix = next((prefix for prefix in PREFIXES if call.name.startswith(prefix)), "")
    return call.name.removeprefix(prefix)


def list_short(calls: tuple[Call, ...]) -> str:
    """Return calls in words, in their order."""
    names = [f"{show_short(call)}{f' of {call.args[0]}' if is_named(call) else ''}" for call in calls]
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def is_named(call: Call) -> bool:
    """Return True if a call's first argument names memory."""
    return bool(call.args) and isinstance(call.args[0], str)


def name_calls(calls: tuple[Call, ...]) -> str:
    """Return a name for calls: the last of them, and how many came before it."""
    return f"{f'{len(calls) - 1}+' if len(calls) > 1 else ''}{name_call(calls[-1])}" if calls else ""


def name_call(call: Call) -> str:
    """Return a name for a call: its own, the memory that it names first, and what is not usual for it."""
    usual = [parse_call(text).args for text in CALLS.splitlines() if text.startswith(f"{call.name}(")]
    odd = [show_value(arg) for number, arg in enumerate(call.args) if not is_named(call) or number
           if usual and arg not in {args[number] for args in usual}]
    return ".".join([show_short(call), *([str(call.args[0])] if is_named(call) else []), *odd])
