"""Whether everything can still come home, compared with the plainest possible search."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

from pkvm_model.explore.catalogue import find_scenario, list_explorable
from pkvm_model.explore.check import HOLDS, INCOMPLETE, VIOLATED, Always, AlwaysPossible, Exploration, Limits, explore
from pkvm_model.explore.engine.machine import BEGUN, Machine, Records
from pkvm_model.explore.homecoming import HOME, HOME_BUT_FOR_LEFT, can_always_reach
from pkvm_model.explore.invariants import ANY, ANY_PROTECTED, HOSTS
from pkvm_model.explore.machines import AnyHost, Scripts, every_call
from pkvm_model.explore.races import RACES
from pkvm_model.model.revisions import MERGED, PRE, REVISIONS, UPSTREAM, V1, Revision
from pkvm_model.model.state import Cpu, State
from pkvm_model.scenes import LENT_PAGE, SCENES, scene

SMALL = [(name, revision) for name, race in RACES.items() if race.scripts
         for revision in REVISIONS.values() if race.runs_on(revision)]
BOTH = (HOME, HOME_BUT_FOR_LEFT)


Frozen = frozenset[Any]
"""Records as a value that can be a member of a set."""


class PlainMachine:
    """A machine on plain records: the model is run for every action, once in each state."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.results: dict[Frozen, list[Frozen]] = {}

    def follow(self, state: Frozen) -> list[Frozen]:
        """Return the result of every action from here."""
        if state not in self.results:
            steps = [self.machine.step(action, dict(state)) for action in self.machine.actions]
            self.results[state] = [freeze(step[0]) for step in steps if step]
        return self.results[state]

    def reach(self, start: Frozen) -> list[Frozen]:
        """Return every state that can be reached, the nearest first."""
        found, queue = {start}, [start]
        for state in queue:
            fresh = [after for after in dict.fromkeys(self.follow(state)) if after not in found]
            found.update(fresh)
            queue += fresh
        return queue

    def view(self, state: Frozen) -> State:
        """Return the state as a property sees it."""
        return self.machine.view(dict(state))


def freeze(records: Records) -> Frozen:
    """Return records as a value, without those that are gone."""
    return frozenset((key, record) for key, record in records.items() if record is not None)


def follow(machine: Machine, records: Records) -> Iterator[Records]:
    """Yield the result of every action of a machine from here."""
    return (dict(after) for after in PlainMachine(machine).follow(freeze(records)))


def has_way(prop: AlwaysPossible, machine: Machine, records: Records) -> bool:
    """Return True if the good end is reached in a forward search of this state's own, or if the state is exempt."""
    host = PlainMachine(prop.take_over(machine))
    return reaches_end(prop, host, freeze(records), lambda end: prop.missing(host.view(end)).keys())


def reaches_end(prop: AlwaysPossible, host: PlainMachine, state: Frozen, missing: Callable[[Frozen], Any]) -> bool:
    """Return the same for the machine that takes over, and for what is missing in its states."""
    start = frozenset(part for part in state if part[0][0] != BEGUN)
    excused = prop.excused(host.view(start))
    return excused is None or any(missing(end) <= excused for end in host.reach(start))


def brute_force(machine: Machine) -> tuple[list[str], int]:
    """Return the verdict on both properties and the number of states, from a forward search for each state."""
    assert (HOME.take_over, HOME.missing) == (HOME_BUT_FOR_LEFT.take_over, HOME_BUT_FOR_LEFT.missing)
    plain, host = PlainMachine(machine), PlainMachine(HOME.take_over(machine))
    missing = cache(lambda end: HOME.missing(host.view(end)).keys())
    states = plain.reach(freeze(machine.initial()))
    ways = [all(reaches_end(prop, host, state, missing) for state in states) for prop in BOTH]
    return [HOLDS if is_always_possible else VIOLATED for is_always_possible in ways], len(states)


def explore_both(machine: Machine) -> tuple[list[str], int]:
    """Return the same from the explorer, whose search goes on to its end."""
    report = explore(machine, (*BOTH, NOTHING))
    return [answer.verdict for answer in report.answers[:2]], report.states


@pytest.mark.parametrize(("name", "revision"), SMALL, ids=[f"{name}-{revision.name}" for name, revision in SMALL])
def test_every_race_gets_the_verdict_of_a_search_from_each_state(name: str, revision: Revision) -> None:
    machine = RACES[name].machine(revision)
    assert explore_both(machine) == brute_force(machine)


NOTHING = Always("nothing", "Never decided, so that the search goes on to its end.", lambda _: "")


@pytest.mark.parametrize(("revision", "protected"), [(PRE, False), (V1, False), (MERGED, False), (UPSTREAM, False),
                                                     (UPSTREAM, True)])
def test_a_host_of_whole_calls_gets_the_verdict_of_a_search_from_each_state(revision: Revision,
                                                                            protected: bool) -> None:
    machine = AnyHost(revision, every_call(revision, protected=(protected,)), whole=True, most=1)
    assert explore_both(machine) == brute_force(machine)


LIFE = {"reserve_vm", "unreserve_vm", "init_vm", "init_vcpu", "vcpu_load", "vcpu_put", "host_share_guest",
        "host_unshare_guest", "start_teardown_vm", "finalize_teardown_vm"}
ON_BOTH_CPUS = {"host_unshare_guest", "init_vcpu", "finalize_teardown_vm"}


@pytest.mark.parametrize(("revision", "states"), [(V1, 4798), (MERGED, 2682), (UPSTREAM, 2613)])
def test_a_host_of_lock_regions_gets_the_verdict_of_a_search_from_each_state(revision: Revision, states: int) -> None:
    calls = tuple((cpu, call) for cpu, call in every_call(revision) if call.name.removeprefix("__pkvm_") in LIFE
                  and call.args[:1] != (0x1001,) and (cpu == 0 or call.name.removeprefix("__pkvm_") in ON_BOTH_CPUS))
    machine = AnyHost(revision, calls, most=1)
    found = explore_both(machine)
    assert found == brute_force(machine)
    assert found[1] == states


@pytest.mark.parametrize(("host", "revision", "strict", "but_for_left"), [
    (ANY, PRE, VIOLATED, HOLDS), (ANY, V1, VIOLATED, HOLDS), (ANY, MERGED, VIOLATED, VIOLATED),
    (ANY, UPSTREAM, VIOLATED, HOLDS), (ANY_PROTECTED, UPSTREAM, VIOLATED, HOLDS)])
def test_only_merged_loses_what_the_host_did_not_leave_behind(host: str, revision: Revision, strict: str,
                                                   but_for_left: str) -> None:
    report = explore(HOSTS[host].machine(revision), BOTH)
    assert [answer.verdict for answer in report.answers] == [strict, but_for_left]


@pytest.mark.parametrize("revision", [V1, MERGED, UPSTREAM])
def test_a_start_takes_the_way_home_from_a_page_in_merged_alone(revision: Revision) -> None:
    answer = explore(RACES["R15"].machine(revision), (HOME,)).answers[0]
    if revision is MERGED:
        assert (answer.verdict, answer.run) == (VIOLATED, (0,))
        assert answer.reason == "whatever an honest host does now, page g0 still counts as lent to a guest"
    else:
        assert (answer.verdict, answer.run, answer.reason) == (HOLDS, None, "")


def test_the_answer_is_the_same_with_numpy_and_without() -> None:
    machine = HOSTS[ANY].machine(UPSTREAM)
    plain, levels = (explore(machine, (*BOTH, NOTHING), many=many) for many in (float("inf"), 500))
    assert [answer.verdict for answer in plain.answers] == [answer.verdict for answer in levels.answers]
    assert [len(answer.run or ()) for answer in plain.answers] == [len(answer.run or ()) for answer in levels.answers]
    assert plain.states == levels.states


def test_a_search_that_stops_early_is_incomplete() -> None:
    report = explore(HOSTS[ANY].machine(UPSTREAM), (HOME_BUT_FOR_LEFT,), Limits(states=300))
    assert report.answers[0].verdict == INCOMPLETE


def test_the_run_of_a_violation_leads_to_the_first_state_without_a_way_home() -> None:
    machine = Scripts(scene("left", "Left", UPSTREAM, LENT_PAGE, ("__pkvm_start_teardown_vm(0x1000)\n"
                                                                  "__pkvm_finalize_teardown_vm(0x1000)", ""), "A VM."))
    run = explore(machine, (HOME,)).answers[0].run
    assert run == (0, 0)
    records = machine.initial()
    for cpu in run:
        assert has_way(HOME, machine, records)
        records = next(after for at, after in enumerate(follow(machine, records)) if at == cpu)
    assert not has_way(HOME, machine, records)


@pytest.mark.parametrize("name", ["looks-pinned", "same-page", "lent-to-guest", "refused-root"])
def test_an_honest_host_takes_back_whatever_page_it_lent_to_el2(name: str) -> None:
    scenario = find_scenario(name)
    assert explore(scenario.machine(UPSTREAM), (HOME_BUT_FOR_LEFT,)).answers[0].verdict == HOLDS


def test_in_scenes_and_races_merged_alone_loses_what_nobody_left_behind() -> None:
    lost, scripted = set(), [name for name, bench in SCENES.items() if not bench.free]
    for scenario in map(find_scenario, [*list_explorable(), *scripted]):
        for revision in filter(scenario.runs_on, REVISIONS.values()):
            answer = explore(scenario.machine(revision), (HOME_BUT_FOR_LEFT,)).answers[0]
            lost |= {(revision.name, answer.reason)} if answer.verdict != HOLDS else set()
    assert {name for name, _ in lost} == {"merged"}
    assert all("still counts as lent to a guest" in reason for _, reason in lost)


def is_nothing_loaded(state: State) -> bool:
    """Return True if no CPU has a vCPU loaded."""
    return not any(cpu.loaded for _, cpu in state.all(Cpu))


def test_a_learner_can_ask_for_a_good_end_of_their_own() -> None:
    machine = RACES["R20"].machine(V1)
    empty = can_always_reach("empty", "Every CPU can be emptied.", is_nothing_loaded)
    never = can_always_reach("never", "A CPU can have ten vCPUs.", lambda state: False)
    answers = Exploration(machine, (empty, never))
    while answers.advance():
        pass
    assert [answer.verdict for answer in answers.answers] == [HOLDS, VIOLATED]
    assert answers.answers[1].reason == "whatever an honest host does now, never is out of reach"
