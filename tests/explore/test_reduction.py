"""A reduced search gives every verdict of the whole one, and the runs that are handed out are as short."""
from __future__ import annotations

from typing import Any

import pytest

from pkvm_model.explore.check import Answer, Limits, Property, Report, Stuck, explore, finish
from pkvm_model.explore.engine.independence import Prospect, ReducedSearch
from pkvm_model.explore.homecoming import HOME
from pkvm_model.explore.machines import Scripts
from pkvm_model.explore.mutants import MUTANTS, mutate
from pkvm_model.explore.outcomes import list_properties
from pkvm_model.explore.properties import INVARIANTS
from pkvm_model.explore.races import RACES
from pkvm_model.explore.reduction import ReducedExploration, explore_reduced, shorten
from pkvm_model.explore.scenario import Scenario
from pkvm_model.model.revisions import REVISIONS, UPSTREAM, V1
from pkvm_model.model.state import Config
from tests.explore.programs import Programs

CELLS = [(race, revision) for race in RACES for revision in REVISIONS
         if RACES[race].scripts and RACES[race].runs_on(REVISIONS[revision])]
FAULTS = [("M3", "v1"), ("M6", "upstream"), ("M7", "merged"), ("M18", "v1")]
PROGRAMS = [Programs(seed, cpus) for seed in range(20) for cpus in (2, 3)]
ONE_OF_EACH = """
0 kvm_create_vm(kvm{0})
0 kvm_first_run(kvm{0}, hv{0}.0)
0 kvm_vcpu_run(kvm{0}, hv{0}.0, g{0}, 0)
"""


def list_verdicts(report: Report) -> list[Any]:
    """Return the verdicts of a report, with premises and with the length of the runs."""
    return [(answer.prop.name, answer.verdict, answer.premise, answer.run and len(answer.run))
            for answer in report.answers]


def find_difference(machine: Any, properties: tuple[Property, ...]) -> list[tuple[Answer, Answer]]:
    """Return the answers in which a reduced search and the whole one differ, apart from runs."""
    whole, reduced = explore(machine, properties), finish(ReducedExploration(machine, properties), Limits())
    return [(answer, other) for answer, other in zip(whole.answers, reduced.answers, strict=True)
            if answer.verdict != other.verdict]


def has_difference(machine: Programs) -> bool:
    """Return True if a verdict on a program differs, asked alone or with the others."""
    asked = [machine.properties, *((prop,) for prop in machine.properties)]
    return any(find_difference(machine, properties) for properties in asked)


def make_lives(script: str, vms: int = 3) -> Scripts:
    """Return a machine on which each CPU does the same with a VM of its own."""
    return Scripts(Scenario("lives", "Lives", "VMs", "".join(ONE_OF_EACH.format(vm) for vm in range(vms)),
                            tuple(script.format(vm) for vm in range(vms)),
                            config=Config(cpus=vms, slots=vms)).scene(UPSTREAM))


@pytest.mark.parametrize(("race", "revision"), CELLS)
def test_the_verdicts_on_a_race_are_those_of_the_whole_search(race: str, revision: str) -> None:
    machine = Scripts(RACES[race].scene(REVISIONS[revision]))
    assert not find_difference(machine, list_properties(RACES[race]))


@pytest.mark.parametrize(("mutant", "revision"), FAULTS)
def test_the_verdicts_on_a_mutant_are_those_of_the_whole_search(mutant: str, revision: str) -> None:
    race = RACES[MUTANTS[mutant].race]
    machine = Scripts(race.scene(mutate(REVISIONS[revision], mutant)))
    assert not find_difference(machine, (*list_properties(race), *INVARIANTS[:-1]))


@pytest.mark.parametrize("machine", PROGRAMS, ids=str)
def test_the_verdicts_on_a_program_are_those_of_the_whole_search(machine: Programs) -> None:
    assert not has_difference(machine)


@pytest.mark.parametrize("machine", PROGRAMS[::4], ids=str)
def test_runs_are_as_short_as_those_of_the_whole_search(machine: Programs) -> None:
    for prop in machine.properties:
        assert list_verdicts(explore_reduced(machine, (prop,))) == list_verdicts(explore(machine, (prop,)))


@pytest.mark.parametrize("machine", PROGRAMS[:8], ids=str)
def test_a_run_of_the_reduced_search_itself_can_be_taken(machine: Programs) -> None:
    stuck = finish(ReducedExploration(machine, (Stuck(),)), Limits()).answers[0]
    records: Any = machine.initial()
    for action in stuck.run or ():
        made = machine.step(action, records)
        assert made
        records = made[0]
    assert not stuck.run or not any(machine.step(action, records) for action in machine.actions)


@pytest.mark.parametrize(("script", "vms", "whole", "reduced"), [
    ("kvm_vcpu_run(kvm{0}, hv{0}.0, g{0}, 0)", 3, 512, 22), ("kvm_destroy_vm(kvm{0}, 1)", 2, 625, 49)])
def test_what_cpus_do_with_a_vm_of_their_own_is_tried_in_one_order(script: str, vms: int, whole: int,
                                                                   reduced: int) -> None:
    machine = make_lives(script, vms)
    reports = explore(machine, (Stuck(),)), explore_reduced(machine, (Stuck(),))
    assert [(report.states, report.answers) for report in reports] == [
        (whole, reports[0].answers), (reduced, reports[0].answers)]
    assert 0 == reports[0].reduced < reports[1].reduced


def is_wrong(machine: Programs) -> bool:
    """Return True if a verdict on a program differs, or is shown by a state to which no run leads."""
    try:
        return has_difference(machine)
    except RuntimeError:
        return True


@pytest.mark.parametrize(("owner", "method", "wrong"), [
    (Prospect, "agrees", lambda self, here, after: True),
    (Prospect, "stays", lambda self, node, path: True),
    (ReducedExploration, "list_visible", lambda self: set()),
    (ReducedExploration, "is_harmless", lambda self, edge: True),
    (ReducedSearch, "reopen", lambda self: None)], ids=["writes", "reads", "visible", "harmless", "once"])
def test_a_wrong_independence_changes_a_verdict(monkeypatch: pytest.MonkeyPatch, owner: Any, method: str,
                                                wrong: Any) -> None:
    monkeypatch.setattr(owner, method, wrong)
    assert any(map(is_wrong, PROGRAMS))


def test_what_is_always_possible_is_asked_of_every_state() -> None:
    machine = Scripts(RACES["R15"].scene(V1))
    report, whole = explore_reduced(machine, (HOME,)), explore(machine, (HOME,))
    assert (report._replace(seconds=0), report.reduced) == (whole._replace(seconds=0), 0)


def test_a_run_that_no_second_search_could_shorten_is_said_to_be_long() -> None:
    machine = next(machine for machine in PROGRAMS if explore(machine, (Stuck(),)).answers[0].run)
    whole = finish(ReducedExploration(machine, (Stuck(),)), Limits())
    cut = shorten(whole, explore(machine, (Stuck(),), Limits(states=2)))
    assert cut.stopped == "the limit of 2 states"
    assert cut.answers[0].run == whole.answers[0].run
    assert cut.answers[0].reason == ("this run may not be a shortest one, since the search for that stopped: "
                                     "the limit of 2 states")
