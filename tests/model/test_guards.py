"""What breaks when a named guard is taken away: one concrete run for each guard of each revision."""
from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import islice
from typing import Any

import pytest

from pkvm_model.conform.compare_vectors import VectorPlayer
from pkvm_model.conform.tally import Tally
from pkvm_model.conform.vectors import Vector
from pkvm_model.model.revisions import REVISIONS, Revision
from pkvm_model.model.view import View
from tests.conform.files import recorded
from tests.model.machine import (
    HANDLE,
    MERGED,
    PRE,
    UPSTREAM,
    V1,
    Machine,
    dying,
    dying_with_pages,
    idle,
    initialised,
    live,
    loaded,
    protected,
)

WATCHED: set[tuple[str, str]] = set()
"""Revision and guard of every test in this file."""


def without(guard: str, *revisions: Revision) -> Callable[[Any], Any]:
    """Run a test on these revisions without the guard, and note that the guard has its test."""
    WATCHED.update((revision.name, guard) for revision in revisions)
    return pytest.mark.parametrize("revision", [revision.without(guard) for revision in revisions],
                                   ids=[revision.name for revision in revisions])


def run_after_free(machine: Machine) -> str:
    """Enter the guest on CPU 0, whose VM has been destroyed by CPU 1."""
    assert machine.ended == ""
    machine.call(0, "run", "hv0.0")
    return machine.ended


def destroy(revision: Revision) -> str:
    """Return the call that destroys a VM."""
    return "teardown" if revision.name == "pre" else "finalise"


@without("unreserve_reserved", PRE, V1, MERGED, UPSTREAM)
def test_unreserve_orphans_a_live_vm_when_it_clears_any_slot(revision: Revision) -> None:
    machine = live(revision)
    machine.call(1, "unreserve", HANDLE)
    assert machine.state.vm_in(0) is None
    assert machine.page("vm0").owner == "HYP"
    assert machine.call(1, destroy(revision), HANDLE) in (-2, -22)


@without("insert_reserved", PRE, V1, MERGED, UPSTREAM)
def test_the_second_init_replaces_the_first_vm_when_the_slot_need_not_be_reserved(revision: Revision) -> None:
    machine = initialised(revision)
    assert machine.call(1, "init_vm", "kvm1", HANDLE, 1, "vm1", "pgd1") == 0
    assert machine.state.vm_in(0) == "vm1"
    assert (machine.page("vm0").owner, machine.page("kvm0").refcount) == ("HYP", 1)
    assert machine.call(1, "unshare_hyp", "kvm0") == -16


@without("load_cpu_free", PRE, V1, MERGED, UPSTREAM)
def test_a_second_load_on_a_cpu_loses_the_first_reference_for_good(revision: Revision) -> None:
    machine = loaded(revision)
    machine.call(0, "load", HANDLE, 1)
    machine.call(0, "put")
    assert (machine.loaded(0), machine.count) == (None, 1)
    assert machine.call(0, "teardown" if revision.name == "pre" else "start", HANDLE) != 0


@without("load_vcpu_free", PRE, V1, MERGED, UPSTREAM)
def test_one_vcpu_runs_on_two_cpus_when_load_does_not_ask_where_it_is(revision: Revision) -> None:
    machine = loaded(revision)
    machine.call(1, "load", HANDLE, 0)
    assert machine.loaded(0) == machine.loaded(1) == "vc0.0"
    assert [machine.call(cpu, "run", "hv0.0") for cpu in (0, 1)] == [0, 0]


@without("teardown_vm_exists", PRE)
def test_teardown_of_no_vm_follows_a_null_pointer(revision: Revision) -> None:
    machine = Machine(revision)
    machine.call(0, "teardown", HANDLE)
    assert machine.ended == "EL2_FAULT"


@without("teardown_unreferenced", PRE)
def test_teardown_frees_a_vm_whose_vcpu_is_loaded(revision: Revision) -> None:
    machine = loaded(revision)
    assert machine.call(1, "teardown", HANDLE) == 0
    assert run_after_free(machine) == "EL2_USE_AFTER_DONATION"


@without("load_not_dying", V1, MERGED)
def test_a_vcpu_loaded_after_start_runs_on_freed_memory(revision: Revision) -> None:
    machine = dying(revision)
    machine.call(0, "load", HANDLE, 0)
    assert machine.call(1, "finalise", HANDLE) == 0
    assert run_after_free(machine) == "EL2_USE_AFTER_DONATION"


@without("start_vm_exists", V1, MERGED, UPSTREAM)
def test_start_of_no_vm_follows_a_null_pointer(revision: Revision) -> None:
    machine = Machine(revision)
    machine.call(0, "start", HANDLE)
    assert machine.ended == "EL2_FAULT"


@without("start_unreferenced", V1, MERGED)
def test_start_and_finalise_free_a_vm_whose_vcpu_is_loaded(revision: Revision) -> None:
    machine = loaded(revision)
    assert [machine.call(1, "start", HANDLE), machine.call(1, "finalise", HANDLE)] == [0, 0]
    assert run_after_free(machine) == "EL2_USE_AFTER_DONATION"


@without("start_not_dying", V1, MERGED, UPSTREAM)
def test_a_second_start_is_harmless_without_its_guard(revision: Revision) -> None:
    machine = dying(revision)
    before = machine.state
    assert machine.call(1, "start", HANDLE) == 0
    assert machine.state == before


@without("finalize_vm_exists", V1, MERGED, UPSTREAM)
def test_finalise_of_no_vm_follows_a_null_pointer(revision: Revision) -> None:
    machine = Machine(revision)
    machine.call(0, "finalise", HANDLE)
    assert machine.ended == "EL2_FAULT"


@without("finalize_dying", V1, MERGED)
def test_finalise_without_start_is_the_one_shot_without_its_count_check(revision: Revision) -> None:
    machine = loaded(revision)
    assert machine.call(1, "finalise", HANDLE) == 0
    assert run_after_free(machine) == "EL2_USE_AFTER_DONATION"


@without("load_not_dying", UPSTREAM)
def test_a_vcpu_loaded_after_start_keeps_a_dying_vm_from_being_destroyed(revision: Revision) -> None:
    machine = dying(revision)
    machine.call(0, "load", HANDLE, 0)
    assert machine.call(0, "run", "hv0.0") == 0
    assert machine.call(1, "finalise", HANDLE) == -22


@without("start_unreferenced", UPSTREAM)
def test_start_marks_a_vm_as_dying_while_its_guest_runs(revision: Revision) -> None:
    machine = loaded(revision)
    assert machine.call(1, "start", HANDLE) == 0
    assert (machine.vm.is_dying, machine.call(0, "run", "hv0.0")) == (True, 0)


@without("finalize_dying", UPSTREAM)
def test_finalise_destroys_a_vm_that_was_never_started_to_be(revision: Revision) -> None:
    machine = protected(revision)
    machine.call(0, "put")
    assert machine.call(1, "finalise", HANDLE) == 0
    assert (machine.page("g0").host, machine.call(1, "reclaim", HANDLE, 0)) == ("NOPAGE", -22)


@without("get_not_dying", MERGED)
def test_an_unshare_of_a_dying_vm_uses_freed_memory_again(revision: Revision) -> None:
    assert overtaken(revision) == "EL2_USE_AFTER_DONATION"


@without("finalize_unreferenced", UPSTREAM)
def test_finalise_that_ignores_the_count_warns_only_when_it_gives_the_struct_back(revision: Revision) -> None:
    assert overtaken(revision) == "EL2_PANIC"
    assert overtaken(revision.without("give_back_unreferenced")) == "EL2_USE_AFTER_DONATION"


def overtaken(revision: Revision) -> str:
    """Return how the machine ends when a finalise overtakes an unshare."""
    machine = dying_with_pages(revision)
    machine.begin(0, "unshare", HANDLE, 0)
    machine.call(1, "finalise", HANDLE)
    if not machine.ended:
        machine.finish(0)
    return machine.ended


@without("give_back_unreferenced", UPSTREAM)
def test_giving_back_need_not_ask_for_the_count_where_finalise_did(revision: Revision) -> None:
    assert overtaken(revision) == overtaken(UPSTREAM) == ""


@without("reclaim_dying", UPSTREAM)
def test_the_host_takes_pages_from_a_guest_that_lives(revision: Revision) -> None:
    machine = protected(revision)
    assert machine.call(1, "reclaim", HANDLE, 0) == 0
    assert (machine.page("g0").host, machine.page("g0").content, machine.vm.is_dying) == ("OWNED", "zero", False)


@without("run_host_vcpu", UPSTREAM)
def test_run_enters_another_vcpu_than_the_host_named(revision: Revision) -> None:
    assert loaded(UPSTREAM).call(0, "run", "hv0.1") == -22
    assert loaded(revision).call(0, "run", "hv0.1") == 0


@without("map_memcache", UPSTREAM)
def test_a_share_without_pages_for_tables_ends_the_machine(revision: Revision) -> None:
    machine = live(revision)
    machine.call(0, "load", HANDLE, 0)
    machine.call(0, "share", "g0", 0, 1, "RWX", 1)
    assert machine.ended == "EL2_PANIC"


@without("init_vm_undoes_stage2", UPSTREAM)
def test_a_refused_init_cannot_give_its_root_back(revision: Revision) -> None:
    machine = Machine(revision)
    machine.call(0, "init_vm", "kvm0", HANDLE, 1, "vm0", "pgd0")
    assert machine.ended == "EL2_PANIC"


@without("init_vcpu_unpins", UPSTREAM)
def test_a_refused_init_vcpu_pins_the_hosts_page_for_good(revision: Revision) -> None:
    machine = initialised(revision)
    assert machine.call(0, "init_vcpu", HANDLE, "hv0.3", "vc9") == -22
    assert machine.call(0, "unshare_hyp", "hv0.3") == -16


def test_every_named_guard_has_a_test_here() -> None:
    assert {(revision.name, guard) for revision in REVISIONS.values() for guard in revision.guards} == WATCHED


def test_a_guard_that_a_kernel_lacks_cannot_be_removed() -> None:
    with pytest.raises(KeyError, match="revision v1 has no guard 'teardown_unreferenced'"):
        V1.without("teardown_unreferenced")


def test_taking_guards_away_leaves_the_revision_itself_alone() -> None:
    bare = V1.without("finalize_dying").without("load_not_dying")
    assert bare.removed == ("finalize_dying", "load_not_dying")
    assert idle(V1).call(0, "finalise", HANDLE) == -16
    assert bare != V1


UNSEEN = {("upstream", "give_back_unreferenced")}
"""Guards that make no difference while the others stand."""


@cache
def find_telling_vectors(revision: str) -> list[Vector]:
    """Return the vectors that distinguish a model without a guard from the recorded functions."""
    return [*recorded(f"scenarios-{revision}"), *islice(recorded(f"bfs-{revision}"), 0, None, 10)]


@pytest.mark.parametrize(("revision", "guard"), sorted(WATCHED - UNSEEN))
def test_the_recorded_functions_disagree_with_a_model_that_lacks_a_guard(revision: str, guard: str) -> None:
    lacking, player, tally = REVISIONS[revision].without(guard), VectorPlayer(), Tally()
    for vector in find_telling_vectors(revision):
        player.compare(vector, lacking, tally)
        if tally.disagreements:
            return
    pytest.fail("the model without it does what the recorded functions did")


def test_a_function_can_stand_in_for_a_guard() -> None:
    asked = []

    def stricter(view: View, holds: object) -> bool:
        asked.append(holds)
        return bool(holds) and view.page("pgd0").refcount == 0

    machine = live(V1)
    machine.revision = V1._replace(functions={"start_not_dying": stricter})
    assert machine.call(0, "start", HANDLE) == -22
    assert asked == [True]
