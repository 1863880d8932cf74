"""The honest host by itself: open files, processes, its two locks, and the pages it no longer has."""
from __future__ import annotations

import pytest

from pkvm_model.model.revisions import MERGED, PRE, UPSTREAM, V1, Revision
from pkvm_model.model.state import Config, Cpu, Kvm, Loan, State
from pkvm_model.model.state_json import from_json, to_json
from pkvm_model.model.view import ModelError
from tests.model.machine import HANDLE, Machine
from tests.model.test_predictions import START, UNSHARE

SPLIT = pytest.mark.parametrize("revision", [V1, UPSTREAM], ids=["v1", "upstream"])


def vm(revision: Revision, protected: bool = False, pages: int = 1, vcpus: int = 1) -> Machine:
    """Build a VM on a machine with two slots; vCPU 0 has run and its guest has touched some pages."""
    machine = Machine(revision, State(Config(slots=2)))
    machine.call(0, "create", "kvm0", protected)
    for idx in range(vcpus):
        machine.call(0, "kvm_create_vcpu", "kvm0", f"hv0.{idx}")
    for gfn in range(pages):
        machine.call(0, "kvm_vcpu_run", "kvm0", "hv0.0", f"g{gfn}", gfn)
    return machine


def made(machine: Machine, calls: int = 1) -> list[str]:
    """Return the hypercalls behind the last calls of the host."""
    return [name for step, _ in machine.steps[-calls:] for name, _, _ in step.answers]


def kvm(machine: Machine) -> Kvm:
    """Return the host's record of its first VM."""
    return machine.state.get(Kvm, "kvm0")


def warnings(machine: Machine) -> list[str]:
    """Return the host's log."""
    return [event.where for step, _ in machine.steps for event in step.events]


def test_run_of_another_process_is_refused_before_a_hypercall_is_made() -> None:
    machine = vm(V1)
    assert machine.call(1, "kvm_vcpu_run", "kvm0", "hv0.0", "g1", 1, "RWX", 1) == -5
    assert made(machine) == []


@SPLIT
def test_a_vm_stays_dying_as_long_as_another_process_keeps_its_files(revision: Revision) -> None:
    machine = vm(revision)
    machine.call(0, "exit_mmap", "kvm0")
    assert (machine.vm.is_dying, machine.page("g0").host, kvm(machine).fds) == (True, "OWNED", ("kvm0", "hv0.0"))
    machine.call(1, "create", "kvm1", False, 1)
    assert machine.state.get(Kvm, "kvm1").handle == HANDLE + 1


def test_closing_the_last_file_finalises_what_the_exit_has_started() -> None:
    machine = vm(V1)
    machine.call(0, "exit_mmap", "kvm0")
    assert made(machine) == [START, UNSHARE]
    machine.call(0, "kvm_close", "kvm0", "kvm0")
    assert made(machine) == []
    machine.call(0, "kvm_close", "kvm0", "hv0.0")
    assert made(machine)[0] == "__pkvm_finalize_teardown_vm"


def test_a_file_is_closed_once() -> None:
    machine = vm(V1)
    machine.call(0, "kvm_close", "kvm0", "hv0.0")
    assert machine.call(0, "kvm_close", "kvm0", "hv0.0") == -9
    assert machine.call(0, "kvm_vcpu_run", "kvm0", "hv0.0") == -9


def test_a_struct_in_use_is_not_allocated_again() -> None:
    machine = vm(V1)
    assert machine.call(0, "create", "kvm0") == -16
    assert machine.call(0, "kvm_create_vcpu", "kvm0", "hv0.0") == -17


def test_a_vm_without_a_handle_is_not_made_and_its_loan_ends() -> None:
    machine = Machine(V1, State(Config(slots=1)))
    machine.call(0, "create", "kvm0")
    assert machine.call(0, "create", "kvm1") == -12
    assert (machine.state.get(Kvm, "kvm1"), machine.page("kvm1").host) == (Kvm(), "OWNED")
    assert machine.state.get(Loan, "kvm1").structs == 0


def test_a_destroyed_vm_leaves_nothing_but_the_memo() -> None:
    machine = vm(V1)
    machine.call(0, "destroy", "kvm0")
    assert kvm(machine) == Kvm(is_dying=True)
    assert machine.call(0, "create", "kvm0") == 0
    assert not kvm(machine).is_dying


def test_el2_makes_a_vm_once_and_each_vcpu_at_its_first_run() -> None:
    machine = vm(V1, vcpus=2)
    machine.call(0, "kvm_vcpu_run", "kvm0", "hv0.1")
    machine.call(0, "kvm_vcpu_run", "kvm0", "hv0.1")
    names = made(machine, len(machine.steps))
    assert (names.count("__pkvm_init_vm"), names.count("__pkvm_init_vcpu")) == (1, 2)


def test_the_second_first_run_waits_for_the_first_to_drop_config_lock() -> None:
    machine = vm(V1, pages=0, vcpus=2)
    machine.begin(0, "kvm_vcpu_run", "kvm0", "hv0.0")
    machine.resume(0)
    assert kvm(machine).config_lock == 0
    with pytest.raises(ModelError, match="CPU 1 waits for config_lock of kvm0; let CPU 0, which holds it, go on"):
        machine.call(1, "kvm_vcpu_run", "kvm0", "hv0.1")
    machine.finish(0)
    assert machine.call(1, "kvm_vcpu_run", "kvm0", "hv0.1") == 0


def test_destroy_waits_for_config_lock() -> None:
    machine = vm(V1, pages=0)
    machine.begin(0, "kvm_vcpu_run", "kvm0", "hv0.0")
    machine.resume(0)
    machine.call(1, "exit_mmap", "kvm0")
    with pytest.raises(ModelError, match="CPU 1 waits for config_lock of kvm0"):
        machine.call(1, "destroy", "kvm0")


def test_a_vcpu_that_el2_refuses_is_not_loaded() -> None:
    machine = vm(V1)
    machine.call(0, "kvm_create_vcpu", "kvm0", "hv0.1")
    assert machine.call(0, "kvm_vcpu_run", "kvm0", "hv0.1") == -22
    assert made(machine) == ["__pkvm_init_vcpu"]


@SPLIT
def test_the_walk_waits_until_a_notifier_has_dropped_mmu_lock(revision: Revision) -> None:
    machine = vm(revision)
    machine.begin(0, "kvm_unmap", "kvm0")
    machine.resume(0)
    with pytest.raises(ModelError, match="CPU 1 waits for mmu_lock of kvm0"):
        machine.begin(1, "destroy", "kvm0")
    machine.finish(0)
    machine.call(1, "destroy", "kvm0")
    assert (warnings(machine), machine.ended) == ([], "")


def test_a_waiting_cpu_changes_nothing() -> None:
    machine = vm(V1)
    machine.begin(0, "fault", "kvm0", "g1", 1)
    before = machine.state
    with pytest.raises(ModelError):
        machine.begin(1, "kvm_unmap", "kvm0")
    assert (machine.state, machine.state.get(Cpu, 1).flight) == (before, None)


def test_a_start_meets_a_reference_when_nobody_detaches_the_table_first() -> None:
    ended = []
    for revision in (V1, UPSTREAM):
        machine = vm(revision.without("host_detaches"))
        machine.begin(0, "kvm_unmap", "kvm0")
        machine.resume(0)
        machine.call(1, "destroy", "kvm0")
        ended.append((machine.ended, machine.state.vm_in(0), kvm(machine).is_dying))
    assert ended == [("EL2_PANIC", "vm0", False), ("", "vm0", True)]


def test_two_walks_at_once_start_twice_when_nobody_detaches_the_table_first() -> None:
    machine = vm(V1.without("host_detaches"))
    for cpu in (0, 1):
        machine.begin(cpu, "exit_mmap", "kvm0")
    machine.finish(0)
    machine.finish(1)
    assert warnings(machine)[0] == START


def test_of_two_walks_at_once_the_second_finds_no_table() -> None:
    machine = vm(V1)
    for cpu in (0, 1):
        machine.begin(cpu, "exit_mmap", "kvm0")
    machine.finish(0)
    assert (kvm(machine).mappings, warnings(machine)) == ((), [])
    assert machine.state.get(Cpu, 1).flight is None


def test_a_notifier_finds_no_table_after_the_exit() -> None:
    machine = vm(MERGED)
    machine.call(0, "exit_mmap", "kvm0")
    machine.call(1, "kvm_unmap", "kvm0")
    assert made(machine) == []


def test_a_host_that_never_starts_cannot_destroy() -> None:
    machine = vm(V1.without("host_starts"))
    machine.call(0, "destroy", "kvm0")
    assert made(machine)[:2] == [UNSHARE, "__pkvm_teardown_vm"]
    assert (machine.state.vm_in(0), warnings(machine)[:2]) == ("vm0", ["__pkvm_teardown_vm"] * 2)


def test_a_range_is_unmapped_and_the_rest_stays() -> None:
    machine = vm(V1, pages=3)
    machine.call(1, "kvm_unmap", "kvm0", 1, 1)
    assert kvm(machine).mappings == ((0, "g0"), (2, "g2"))


def test_a_second_fault_on_one_gfn_asks_to_try_again() -> None:
    machine = vm(V1)
    assert machine.call(0, "fault", "kvm0", "g1", 0) == -11
    assert made(machine) == []


def test_a_refused_reclaim_does_not_end_the_range() -> None:
    machine = vm(UPSTREAM.without("start_not_dying"), protected=True, pages=2)
    machine.call(1, "reclaim", HANDLE, 0)
    machine.call(1, "start", HANDLE)
    machine.call(1, "reclaim", HANDLE, 0)
    machine.call(0, "destroy", "kvm0")
    assert machine.page("g1").host == "OWNED"
    assert warnings(machine) == ["__pkvm_reclaim_dying_guest_page", "pkvm_pgtable_stage2_destroy_pgd"]


@pytest.mark.parametrize("revision", [PRE, V1, MERGED], ids=["pre", "v1", "merged"])
def test_only_upstream_has_protected_vms(revision: Revision) -> None:
    assert Machine(revision, State()).call(0, "create", "kvm0", True) == -22


def test_a_forked_protected_vm_loses_its_pages_and_their_secrets() -> None:
    machine = vm(UPSTREAM, protected=True, pages=2)
    machine.call(0, "fork_owner", "kvm0")
    assert [(machine.page(name).host, machine.page(name).content) for name in ("g0", "g1")] == [("OWNED", "zero")] * 2
    assert [leaf.right for leaf in machine.vm.maps] == ["POISON"] * 2


def test_a_process_that_reads_a_living_guests_secret_gets_a_signal() -> None:
    machine = vm(UPSTREAM, protected=True)
    assert machine.call(1, "access", "g0") == -14
    assert (made(machine), machine.page("g0").host) == ([], "NOPAGE")


def test_ordinary_guest_memory_stays_readable() -> None:
    machine = vm(UPSTREAM)
    assert machine.call(1, "access", "g0") == 0
    assert machine.page("g0").content == "data"


def test_the_kernel_is_refused_a_page_of_el2s_own() -> None:
    assert vm(UPSTREAM).call(1, "access", "vm0", True) == -1


@pytest.mark.parametrize("revision", [PRE, V1, MERGED], ids=["pre", "v1", "merged"])
def test_an_old_kernel_does_not_survive_touching_what_it_gave_away(revision: Revision) -> None:
    machine = vm(revision)
    machine.call(1, "access", "vm0", True)
    assert machine.ended == "EL2_PANIC"


def test_walks_of_impossible_length_are_refused() -> None:
    assert vm(V1).call(0, "destroy", "kvm0", 2**18 + 1) == -22


def test_a_host_in_the_middle_of_its_work_is_read_back_from_json() -> None:
    machine = vm(V1)
    machine.call(0, "load", HANDLE, 0)
    machine.begin(0, "fault", "kvm0", "g1", 1)
    assert kvm(machine).mmu_lock == 0
    before, machine.state = machine.state, from_json(to_json(machine.state))
    assert (machine.state, machine.finish(0).ret) == (before, 0)
    assert kvm(machine).mmu_lock is None
