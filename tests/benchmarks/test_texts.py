"""The peers' models match the Python modules of hypercalls, as far as that can be checked without running them."""
from __future__ import annotations

import re

import pytest

from benchmarks import atomic_host, murphi, programs, promela, script, tla

BRACKETS = {"(": ")", "{": "}", "[": "]"}
TEXTS = {
    "Promela H": promela.atomic_host(2, 2, 2), "TLA+ H": tla.atomic_host(2, 2, 2)[0],
    "Promela B": promela.script(1, 1, 1, 2), "TLA+ B": tla.script(1, 1, 1, 2)[0],
    "Murphi H": murphi.atomic_host(2, 2, 2), "Murphi B": murphi.script(1, 1, 1, 2)}


@pytest.mark.parametrize("name", TEXTS)
def test_every_bracket_is_closed_and_every_placeholder_is_filled_in(name: str) -> None:
    awaited = []
    for character in TEXTS[name]:
        if character in BRACKETS:
            awaited.append(BRACKETS[character])
        elif character in BRACKETS.values():
            assert awaited.pop() == character
    assert not awaited
    assert "$" not in TEXTS[name]


def test_promela_has_a_choice_for_every_call_of_the_host() -> None:
    choices = re.findall(r"^  :: (\w+\(.*\))$", TEXTS["Promela H"], re.M)
    reserving_each_slot_instead_of_the_lowest = 2 - 1
    assert len(set(choices)) == len(choices)
    assert len(choices) == len(list(atomic_host.calls(2, 2, 2))) + reserving_each_slot_instead_of_the_lowest


def test_every_macro_of_a_choice_is_defined() -> None:
    used = set(re.findall(r"^  :: (\w+)\(", TEXTS["Promela H"], re.M))
    assert len(used) == len(atomic_host.HYPERCALLS)
    assert used <= set(re.findall(r"^#define (\w+)", TEXTS["Promela H"], re.M))


def test_promela_has_a_process_for_every_script() -> None:
    names = re.findall(r"^active proctype (\w+)", promela.script(2, 1, 1, 2), re.M)
    assert names == ["runner0", "runner1", "destroyer0", "rival"]
    assert len(names) == len(list(script.scripts(2, 1, 1, 2)))


def test_a_program_has_the_numbered_steps_of_its_calls() -> None:
    runner, destroyer, rival = programs.list_programs(1, 1, 3, 2)
    load, run, put, start, reclaim, finalize = 4, 1, 3, 4, 7, 5
    assert [len(runner), len(destroyer), len(rival)] == [
        3 * (load + run + put), start + 2 * reclaim + finalize, start + finalize]


def test_giving_up_leads_to_the_next_call_or_to_the_end() -> None:
    for program in programs.list_programs(1, 1, 2, 2):
        for position, step in enumerate(program):
            if step.what in murphi.IF_OK:
                assert [*(other.what for other in program), "lock"][position + step.to_end] == "lock"


def test_every_step_of_a_program_is_known_in_tla_and_in_murphi() -> None:
    used = {step.what for program in programs.list_programs(1, 1, 1, 1) for step in program}
    assert used == {*murphi.EFFECTS, *murphi.IF_OK}
    assert used == set(re.findall(r'what = "([a-z ]+)" ->', tla.SCRIPT))


def test_murphi_has_a_rule_for_every_call_and_for_every_step() -> None:
    rules = re.findall(r'^ *rule "(\w+)"', TEXTS["Murphi H"], re.M)
    assert len(rules) == len(set(rules)) == len(atomic_host.HYPERCALLS)
    steps = re.findall(r"^rule pc\[(\d+)\] = (\d+)", TEXTS["Murphi B"], re.M)
    assert steps == [(str(thread), str(at)) for thread, program in enumerate(programs.list_programs(1, 1, 1, 2))
                     for at in range(len(program))]


@pytest.mark.parametrize(("family", "mutant"), [("atomic_host", "M1"), ("script", "M1"), ("script", "M3")])
def test_a_mutant_changes_one_line(family: str, mutant: str) -> None:
    sizes = (2, 2, 2) if family == "atomic_host" else (1, 1, 1, 2)
    for write in (getattr(promela, family), lambda *given: "".join(getattr(tla, family)(*given))):
        right, broken = write(*sizes).splitlines(), write(*sizes, mutant).splitlines()
        assert sum(one != other for one, other in zip(right, broken, strict=True)) == 1


@pytest.mark.parametrize(("family", "mutant", "step"), [
    ("atomic_host", "M1", 'rule "load"'), ("script", "M1", "ok[0] := "), ("script", "M3", "vm = DYING & ")])
def test_a_mutant_in_murphi_changes_only_the_step_that_lacks_a_guard(family: str, mutant: str, step: str) -> None:
    write, sizes = getattr(murphi, family), (2, 2, 2) if family == "atomic_host" else (1, 1, 1, 2)
    pairs = zip(write(*sizes).splitlines(), write(*sizes, mutant).splitlines(), strict=True)
    changed = [one for one, other in pairs if one != other]
    assert changed
    assert all(step in one for one in changed)


@pytest.mark.parametrize("family", ["atomic_host", "script"])
def test_the_configuration_defines_every_constant(family: str) -> None:
    module, configuration = getattr(tla, family)(*(2, 2, 2, 2)[:3 if family == "atomic_host" else 4])
    declared = re.findall(r"^CONSTANTS (.*)$", module, re.M)[0].split(", ")
    assert re.findall(r"^  (\w+) = ", configuration, re.M) == declared


@pytest.mark.parametrize("module", [atomic_host, script])
def test_a_mutant_of_a_family_lacks_one_of_its_guards(module: object) -> None:
    for guard in module.MUTANTS.values():  # type: ignore[attr-defined]  # both modules have it
        assert guard in module.REVISION.guards  # type: ignore[attr-defined]
