"""The interleavings for real machines: which races and boundaries they cover, and that they are what they say."""
from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from pkvm_model.explore.races import RACES
from pkvm_model.machine.duels import SETUPS
from pkvm_model.machine.interleavings import NO_INTERLEAVING, Interleaving, interleavings, list_races
from pkvm_model.model import guest_memory, hypercalls, protected_memory, vm_table
from pkvm_model.model.dispatch import HYPERCALLS
from pkvm_model.model.revisions import REVISIONS, Revision
from pkvm_model.model.trace import parse, replay

ROOT = Path(__file__).parents[2]
ON_MACHINES = ("upstream", "pre")
MODULES = (hypercalls, guest_memory, protected_memory, vm_table)
UNREACHED = {
    "pre": {"get_np_pkvm_hyp_vm#2": "pre has no protected VMs, which alone are refused there",
            "init_pkvm_hyp_vm#5": "pre does not take stage 2 apart again; that is a guard of upstream"},
    "upstream": {}}
"""The boundaries at which no call of a kernel can stop, and why."""
Function = ast.FunctionDef


@cache
def made(revision: str) -> tuple[Interleaving, ...]:
    """Return the interleavings for a kernel."""
    return interleavings(REVISIONS[revision])


def functions(module: ModuleType) -> Iterator[tuple[str, Function]]:
    """Yield the functions of a module by name."""
    body = ast.parse(inspect.getsource(module)).body
    yield from ((node.name, node) for node in body if isinstance(node, Function))


SOURCE = {name: node for module in MODULES for name, node in functions(module)}


def chains(name: str) -> Iterator[str]:
    """Yield each place at which a call may stand, in the order of its source, as its text reads."""
    waits = [node for node in ast.walk(SOURCE[name]) if isinstance(node, ast.Yield | ast.YieldFrom)]
    for number, node in enumerate(sorted(waits, key=lambda node: (node.lineno, node.col_offset)), 1):
        if isinstance(node, ast.Yield):
            yield f"{name}#{number}"
        else:
            assert isinstance(node.value, ast.Call)
            inner = ast.unparse(node.value.func).removeprefix("guest.")
            yield from (f"{name}#{number} {rest}" for rest in chains(inner))


def boundaries(revision: str) -> set[str]:
    """Return every boundary of every call that a kernel has: each place but that of its first region."""
    places = {name: list(chains(name)) for name in REVISIONS[revision].calls}
    return {place for each in places.values() for place in each[1:]}


@pytest.mark.parametrize("revision", ON_MACHINES)
def test_there_are_at_least_sixty_with_unique_names_and_traces(revision: str) -> None:
    every = made(revision)
    assert len(every) >= 60
    assert len({each.name for each in every}) == len({str(each.trace) for each in every}) == len(every)


@pytest.mark.parametrize("revision", ON_MACHINES)
def test_the_first_sixty_stand_for_every_race(revision: str) -> None:
    assert {each.race for each in made(revision)[:60] if each.race} == set(list_races(REVISIONS[revision]))


@pytest.mark.parametrize("revision", ON_MACHINES)
def test_the_first_sixty_stop_at_every_boundary_of_every_call(revision: str) -> None:
    every, exceptions = boundaries(revision), UNREACHED[revision]
    left = every - {place for each in made(revision)[:60] for place in each.boundaries}
    assert left == {place for place in every if exceptions.keys() & place.split()}


def test_every_race_of_upstream_is_there_but_for_those_with_a_reason() -> None:
    assert {*list_races(REVISIONS["upstream"]), *NO_INTERLEAVING} == set(RACES)


def test_pre_has_no_race_of_the_split_or_of_protected_vms() -> None:
    missing = RACES.keys() - {*list_races(REVISIONS["pre"]), *NO_INTERLEAVING}
    assert missing == {"R1", "R4", "R5", "R9", "R11", "R13", "R14", "R15", "R16", "R28", "R29"}


@pytest.mark.parametrize("revision", [*REVISIONS.values(), REVISIONS["upstream"].without("finalize_unreferenced")],
                         ids=["pre", "v1", "merged", "upstream", "mutant"])
def test_each_trace_replays_from_its_text(revision: Revision) -> None:
    for each in interleavings(revision):
        assert parse(str(each.trace)) == each.trace
        assert replay(each.trace).differs == "", each.name


@pytest.mark.parametrize("revision", ON_MACHINES)
def test_only_hypercalls_of_the_host_occur_and_the_first_one_lends_a_struct(revision: str) -> None:
    for each in made(revision):
        calls = [line.call.name for line in each.trace.lines if line.call]
        assert calls[0] == "__pkvm_host_share_hyp"
        assert {*calls} <= HYPERCALLS.keys() - {"guest_mem_share", "guest_mem_unshare"}


@pytest.mark.parametrize("revision", ON_MACHINES)
def test_no_outcome_depends_on_how_many_slots_a_machine_has(revision: str) -> None:
    lines = [line for each in made(revision) for line in each.trace.lines]
    assert not [line for line in lines if line.call and line.call.name == "__pkvm_reserve_vm" and "-" in line.outcome]


@pytest.mark.parametrize("revision", ON_MACHINES)
def test_each_interleaving_says_in_which_setup_it_begins_and_what_it_is_about(revision: str) -> None:
    for each in made(revision):
        assert each.says.startswith(tuple(setup.says for setup in SETUPS.values()))
        assert each.says.endswith(".")
        assert "  " not in each.says
        assert each.about == (f"{each.race}: {RACES[each.race].title}" if each.race else each.about)
        assert each.about


def test_a_kernel_without_start_has_no_dying_vms() -> None:
    assert not [each.name for each in made("pre") if "dying" in each.says or "start" in each.name]


def test_finalise_is_refused_as_long_as_unshare_holds_the_vm() -> None:
    each = next(each for each in made("upstream") if each.name == "R7-dying-unshare_guest@all-finalize_teardown_vm")
    assert [str(line) for line in each.trace.lines[8:]] == [
        "0 __pkvm_start_teardown_vm(0x1000) = 0",
        "0 __pkvm_host_unshare_guest(0x1000, 0) ...",
        "1 __pkvm_finalize_teardown_vm(0x1000) = -EINVAL",
        "0 resume ...",
        "1 __pkvm_finalize_teardown_vm(0x1000) = -EINVAL",
        "0 resume = 0",
        "0 __pkvm_finalize_teardown_vm(0x1000) = 0",
        "0 __pkvm_host_unshare_hyp(hv0.0) = 0",
        "0 __pkvm_host_unshare_hyp(kvm0) = 0",
        "0 __pkvm_host_share_hyp(g0) = 0"]


def test_two_runs_make_the_same_bytes() -> None:
    script = ("from pkvm_model.machine.interleavings import interleavings; from pkvm_model.model.revisions import *\n"
              "for each in interleavings(PRE): print(each.name, each.about, each.says, each.trace, each.boundaries)")
    texts = [subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, cwd=ROOT,
                            env={"PYTHONHASHSEED": seed}).stdout for seed in ("1", "2")]
    assert texts[0] == texts[1] != b""
