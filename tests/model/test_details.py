"""The details that make the model true, each as a short run."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pkvm_model.model.revisions import UPSTREAM, Revision
from pkvm_model.model.state import FREE, NOPAGE, OWNED, SHARED_OWNED, Cpu, Kvm, Page, Slot, State, Vcpu, Vm
from pkvm_model.model.view import NULL, Ended
from tests.model.machine import HANDLE, PRE, V1, Machine, dying, dying_with_pages, idle, initialised, live, loaded

both = pytest.mark.parametrize("revision", [PRE, V1], ids=["pre", "v1"])


@both
def test_load_has_no_answer_whether_or_not_it_loads(revision: Revision) -> None:
    machine = live(revision)
    assert machine.call(0, "load", HANDLE, 0) is None
    assert machine.call(1, "load", HANDLE, 0) is None
    assert (machine.loaded(0), machine.loaded(1)) == ("vc0.0", None)


@both
def test_the_reference_count_starts_at_zero_and_counts_loaded_vcpus(revision: Revision) -> None:
    machine = live(revision)
    counts = [machine.count]
    for cpu in (0, 1):
        machine.call(cpu, "load", HANDLE, cpu)
        counts.append(machine.count)
    machine.call(0, "put")
    assert [*counts, machine.count] == [0, 1, 2, 1]


@both
def test_a_call_by_handle_holds_a_reference_only_while_it_lasts(revision: Revision) -> None:
    machine = idle(revision)
    counts = [machine.count]
    machine.begin(0, "unshare", HANDLE, 0)
    counts.append(machine.count)
    machine.finish(0)
    assert [*counts, machine.count] == [0, 1, 0]


@both
def test_a_refused_call_on_a_protected_vm_holds_a_reference_for_a_moment(revision: Revision) -> None:
    machine = Machine(revision)
    machine.call(0, "reserve")
    machine.call(0, "init_vm", "kvm0", HANDLE, 1, "vm0", "pgd0", True)
    machine.begin(0, "unshare", HANDLE, 0)
    assert machine.count == 1
    assert (machine.finish(0).ret, machine.count) == (-22, 0)


BEYOND = 1 << 28
"""The first gfn that is beyond a guest's address space of 2**40 bytes."""


@pytest.mark.parametrize("gfn", [BEYOND - 1, BEYOND])
@pytest.mark.parametrize("revision", [PRE, UPSTREAM], ids=["pre", "upstream"])
def test_a_gfn_beyond_the_guests_address_space_is_answered_as_by_real_kernels(revision: Revision, gfn: int) -> None:
    machine, codes = loaded(revision), list[int | None]()
    for call in ("wrprotect", "unshare"):
        codes.append(machine.call(1, call, HANDLE, gfn))
    codes.append(machine.call(0, "relax_perms", gfn))
    # Answers of 6.19.14 and 7.3.4 in an emulated machine.
    assert codes == ([-34, -34, -34] if gfn == BEYOND else [0, -2, -11])
    machine.call(1, "test_clear_young", HANDLE, gfn)
    assert bool(machine.state.end) == (gfn == BEYOND)


def test_reclaim_refuses_a_gfn_beyond_the_guests_address_space() -> None:
    machine = Machine(UPSTREAM)
    machine.call(0, "reserve")
    machine.call(0, "init_vm", "kvm0", HANDLE, 1, "vm0", "pgd0", True)
    machine.call(0, "start", HANDLE)
    codes = [machine.call(0, "reclaim", HANDLE, gfn) for gfn in (BEYOND - 1, BEYOND)]
    assert codes == [-2, -34]


def test_a_warning_at_el2_ends_the_machine() -> None:
    machine = loaded(V1)
    machine.call(1, "start", HANDLE)
    assert machine.state.end
    assert machine.state.end.fatal
    assert (machine.ended, machine.state.end.where) == ("EL2_PANIC", "start_unreferenced")


def test_a_warning_of_the_host_does_not_end_the_machine() -> None:
    machine = host_vm(V1)
    machine.call(0, "start", HANDLE)
    machine.call(0, "destroy", "kvm0")
    assert [(event.kind, event.fatal) for event in machine.steps[-1][0].events] == [("HOST_WARN", False)]
    assert machine.ended == ""


def host_vm(revision: Revision) -> Machine:
    """Build a VM that the honest host has made on an empty machine."""
    machine = Machine(revision, State())
    machine.call(0, "create", "kvm0")
    machine.call(0, "first run", "kvm0", "hv0.0")
    return machine


def test_the_hosts_memo_is_set_even_when_start_failed() -> None:
    machine = host_vm(V1)
    machine.call(1, "start", HANDLE)
    machine.begin(0, "destroy", "kvm0")
    while not machine.state.get(Kvm, "kvm0").is_dying:
        step = machine.resume(0)
    answers = [answer for step, _ in machine.steps for answer in step.answers]
    assert ("__pkvm_start_teardown_vm", (HANDLE,), -22) in answers
    assert step.pending


def test_the_host_never_starts_twice_once_its_memo_is_set() -> None:
    machine = host_vm(V1)
    records = dict(machine.state.table)
    records[Kvm, "kvm0"] = machine.state.get(Kvm, "kvm0")._replace(is_dying=True)
    machine.state = State.of(machine.state.config, records)
    machine.call(0, "destroy", "kvm0")
    answers = [(name, ret) for name, _, ret in machine.steps[-1][0].answers]
    assert answers == [("__pkvm_finalize_teardown_vm", -16), *[("__pkvm_host_unshare_hyp", -16)] * 2]
    assert machine.vm.handle == HANDLE


def test_is_dying_is_two_flags_that_nobody_keeps_equal() -> None:
    machine = host_vm(V1)
    machine.call(0, "start", HANDLE)
    assert (machine.vm.is_dying, machine.state.get(Kvm, "kvm0").is_dying) == (True, False)


@both
def test_the_honest_host_leaves_nothing_behind(revision: Revision) -> None:
    machine = host_vm(revision)
    machine.call(0, "load", HANDLE, 0)
    machine.call(0, "fault", "kvm0", "g0", 5)
    machine.call(0, "put")
    machine.call(0, "destroy", "kvm0")
    assert all(not step.events for step, _ in machine.steps)
    assert machine.page("g0").host == machine.page("kvm0").host == machine.page("vm0").host == OWNED
    assert machine.state.vm_in(0) is None


@pytest.mark.parametrize(("revision", "destroy"), [(PRE, "teardown"), (V1, "finalise")], ids=["pre", "v1"])
def test_handle_and_slot_are_free_before_the_rest_of_the_teardown_has_run(revision: Revision, destroy: str) -> None:
    machine = live(revision) if revision is PRE else dying(revision)
    assert machine.begin(0, destroy, HANDLE).flushed == (1,)
    assert machine.state.get(Slot, 0).entry == FREE
    assert machine.call(1, "reserve") == HANDLE
    assert machine.call(1, "init_vm", "kvm1", HANDLE, 1, "vm1", "pgd1") == 0
    assert machine.finish(0).ret == 0
    assert (machine.state.vm_in(0), machine.ended) == ("vm1", "")


def test_a_put_on_a_struct_that_was_given_back_is_detected() -> None:
    machine = dying_with_pages(V1)
    machine.begin(0, "unshare", HANDLE, 0)
    machine.resume(0)
    assert machine.call(1, "finalise", HANDLE) == 0
    assert (machine.page("vm0").owner, machine.count) == ("HOST", 1)
    step = machine.finish(0)
    assert ([event.kind for event in step.events], machine.ended, machine.count) == (["EL2_STALE_PUT"], "", 0)


def test_an_unshare_that_a_finalise_overtakes_uses_memory_that_was_given_back() -> None:
    machine = dying_with_pages(V1)
    machine.begin(0, "unshare", HANDLE, 0)
    assert machine.call(1, "finalise", HANDLE) == 0
    machine.finish(0)
    assert machine.ended == "EL2_USE_AFTER_DONATION"


def test_the_one_shot_panics_where_the_split_would_use_freed_memory() -> None:
    machine = idle(PRE)
    machine.begin(0, "unshare", HANDLE, 0)
    machine.call(1, "teardown", HANDLE)
    assert machine.ended == "EL2_PANIC"


def test_start_panics_while_a_reference_is_held_for_one_call() -> None:
    machine = dying_with_pages(V1)
    machine.begin(0, "unshare", HANDLE, 0)
    machine.call(1, "start", HANDLE)
    assert machine.ended == "EL2_PANIC"


@both
def test_a_refused_init_leaves_a_count_that_kills_the_next_one(revision: Revision) -> None:
    machine = Machine(revision)
    assert machine.call(0, "init_vm", "kvm0", HANDLE, 1, "vm0", "pgd0") == -22
    assert (machine.page("pgd0").host, machine.page("pgd0").refcount) == (OWNED, 1)
    machine.call(0, "init_vm", "kvm0", HANDLE, 1, "vm0", "pgd0")
    assert (machine.ended, machine.state.end and machine.state.end.where) == ("EL2_PANIC", "hyp_set_page_refcounted")


@both
def test_a_refused_init_vcpu_leaves_the_hosts_vcpu_pinned(revision: Revision) -> None:
    machine = live(revision)
    assert machine.call(0, "init_vcpu", HANDLE, "hv0.0", "vc9") == -22
    assert (machine.page("hv0.0").refcount, machine.page("vc9").host) == (2, OWNED)


@both
def test_memory_is_asked_for_before_the_slot(revision: Revision) -> None:
    machine = initialised(revision)
    assert machine.call(0, "init_vm", "kvm0", 0x1005, 1, "vm0", "pgd9") == -12
    assert machine.call(0, "init_vm", "kvm0", 0x1005, 1, "vm9", "pgd9") == -22


def test_pages_come_home_from_a_dying_vm() -> None:
    machine = dying_with_pages(V1)
    assert machine.call(0, "unshare", HANDLE, 0) == 0
    assert (machine.page("g0").host, machine.vm.maps) == (OWNED, ())


def test_finalise_does_not_look_for_guest_pages_left_behind() -> None:
    machine = dying_with_pages(V1)
    assert machine.call(0, "finalise", HANDLE) == 0
    assert (machine.page("g0").host, machine.page("g0").host_share_guest_count) == (SHARED_OWNED, 1)
    assert machine.call(0, "share_hyp", "g0") == -1


@both
def test_a_refused_share_has_moved_the_memcache_pages_all_the_same(revision: Revision) -> None:
    machine = loaded(revision)
    before = machine.state.get(Vcpu, "vc0.0").memcache
    assert machine.call(0, "share", "g1", 0, 1, "RWX", 4) == -1
    assert (before, machine.state.get(Vcpu, "vc0.0").memcache) == (0, 4)


@both
def test_a_memcache_without_pages_is_a_fatal_warning_at_the_map(revision: Revision) -> None:
    machine = live(revision)
    machine.call(0, "load", HANDLE, 0)
    machine.call(0, "share", "g0", 0, 1, "RWX", 1)
    assert (machine.ended, machine.state.end and machine.state.end.where) == ("EL2_PANIC", "__pkvm_host_share_guest")


def test_a_vcpu_made_in_a_dying_vm_can_never_be_loaded_and_comes_back() -> None:
    machine = dying(V1)
    assert machine.call(0, "init_vcpu", HANDLE, "hv0.2", "vc9") == 0
    machine.call(0, "load", HANDLE, 2)
    assert machine.loaded(0) is None
    assert machine.call(0, "finalise", HANDLE) == 0
    assert machine.page("vc9").host == OWNED


def test_a_guest_that_runs_protects_its_vm_by_the_reference_of_its_load() -> None:
    machine = loaded(V1)
    machine.begin(0, "run", "hv0.0")
    machine.call(1, "start", HANDLE)
    assert machine.ended == "EL2_PANIC"


@both
def test_two_inits_of_one_handle_at_once_make_one_vm(revision: Revision) -> None:
    machine = Machine(revision)
    machine.call(0, "reserve")
    machine.begin(0, "init_vm", "kvm0", HANDLE, 1, "vm0", "pgd0")
    assert machine.call(1, "init_vm", "kvm1", HANDLE, 1, "vm1", "pgd1") == 0
    assert machine.finish(0).ret == -22
    assert (machine.state.vm_in(0), machine.page("vm0").host, machine.page("kvm0").refcount) == ("vm1", OWNED, 0)


@both
def test_destroyed_structs_are_zero_and_the_hosts(revision: Revision) -> None:
    machine = live(revision)
    if revision is V1:
        machine.call(0, "start", HANDLE)
    machine.call(0, "teardown" if revision is PRE else "finalise", HANDLE)
    assert [*machine.state.all(Vm), *machine.state.all(Vcpu), *machine.state.all(Cpu)] == []
    assert {machine.page(name).owner for name in ("vm0", "vc0.0", "vc0.1", "pgd0")} == {"HOST"}
    assert machine.page("kvm0").refcount == machine.page("hv0.0").refcount == 0


@pytest.mark.parametrize("use", [lambda null: null.is_dying, lambda null: setattr(null, "is_dying", True)])
def test_following_a_null_pointer_ends_the_machine_and_leaves_no_trace_in_it(use: Callable[[Any], object]) -> None:
    with pytest.raises(Ended) as ended:
        use(NULL)
    assert (ended.value.event.kind, vars(NULL)) == ("EL2_FAULT", {})


def test_a_handle_of_more_bits_is_kept_as_el2_keeps_it() -> None:
    machine = Machine(UPSTREAM)
    machine.call(0, "reserve")
    assert machine.call(0, "init_vm", "kvm0", 0x1_1000, 1, "vm0", "pgd0") == 0
    assert machine.state.get(Vm, "vm0").handle == HANDLE
    machine.call(0, "start", HANDLE)
    step = machine.begin(0, "finalise", HANDLE)
    assert step.flushed == (1,)


def test_a_page_that_still_counts_stays_el2s_where_a_warning_is_not_fatal() -> None:
    machine = Machine(UPSTREAM.without("init_vm_undoes_stage2")._replace(warn_is_fatal=False))
    assert machine.call(0, "init_vm", "kvm0", HANDLE, 1, "vm0", "pgd0") == -22
    assert machine.state.get(Page, "pgd0").hyp == OWNED
    assert machine.state.get(Page, "vm0").hyp == NOPAGE
