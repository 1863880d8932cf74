"""What learners are asked to predict of the honest host comes out as the answers say."""
from __future__ import annotations

from pkvm_model.model.revisions import MERGED, V1, Revision
from pkvm_model.model.state import Kvm, State
from pkvm_model.model.steps import Step
from tests.model.machine import HANDLE, Machine

START, FINALISE = "__pkvm_start_teardown_vm", "__pkvm_finalize_teardown_vm"
UNSHARE, UNSHARE_HYP = "__pkvm_host_unshare_guest", "__pkvm_host_unshare_hyp"


def with_pages(revision: Revision, pages: int = 1) -> Machine:
    """Build a VM that has run, with some pages on loan to its guest."""
    machine = never_ran(revision)
    for gfn in range(pages):
        machine.call(0, "kvm_vcpu_run", "kvm0", "hv0.0", f"g{gfn}", gfn)
    return machine


def never_ran(revision: Revision) -> Machine:
    """Build a VM that EL2 has not made."""
    machine = Machine(revision, State())
    machine.call(0, "create", "kvm0")
    machine.call(0, "kvm_create_vcpu", "kvm0", "hv0.0")
    return machine


def destroy(machine: Machine, *steps: int) -> tuple[Step, list[str], list[tuple[str, int | None]]]:
    """Have the host destroy the VM: the step, the host's warnings, and the hypercalls with their answers."""
    machine.call(0, "destroy", "kvm0", *steps)
    step = machine.steps[-1][0]
    return step, [event.where for event in step.events], [(name, ret) for name, _, ret in step.answers]


def test_missing_line_the_forgotten_entry_causes_two_warnings() -> None:
    step, warnings, made = destroy(with_pages(V1.without(START)))
    assert made[0] == (START, HANDLE)
    assert [event.says for event in step.events[:2]] == [
        f"EL2 does not understand {START}: x0 is -1, x1 is as it was", f"{START} returns 4096"]
    assert warnings[2:] == [FINALISE, UNSHARE_HYP, UNSHARE_HYP]


def test_missing_line_the_memo_is_set_and_the_vm_never_dies() -> None:
    machine = with_pages(V1.without(START))
    _, _, made = destroy(machine)
    assert (machine.state.get(Kvm, "kvm0").is_dying, machine.vm.is_dying) == (True, False)
    assert made[1:3] == [(UNSHARE, 0), (FINALISE, -16)]


def test_missing_line_pages_go_home_and_the_vm_leaks() -> None:
    machine = with_pages(V1.without(START))
    _, _, made = destroy(machine)
    assert machine.page("g0").host == "OWNED"
    assert made[3:] == [(UNSHARE_HYP, -16), (UNSHARE_HYP, -16)]
    assert (machine.state.vm_in(0), machine.page("kvm0").refcount) == ("vm0", 1)


def test_forgotten_memo_every_step_starts_and_one_start_succeeds() -> None:
    _, warnings, made = destroy(with_pages(V1.without("host_remembers_start")), 64)
    assert [ret for name, ret in made if name == START] == [0, *[-22] * 63]
    assert warnings == [START] * 63


def test_forgotten_memo_the_teardown_itself_is_fine() -> None:
    machine = with_pages(V1.without("host_remembers_start"))
    _, _, made = destroy(machine, 64)
    assert [(name, ret) for name, ret in made if name != START] == [
        (UNSHARE, 0), (FINALISE, 0), (UNSHARE_HYP, 0), (UNSHARE_HYP, 0)]
    assert machine.page("vm0").owner == "HOST"


def test_a_host_with_its_memo_walks_all_steps_and_starts_once() -> None:
    _, warnings, made = destroy(with_pages(V1))
    assert ([name for name, _ in made].count(START), warnings) == (1, [])


def test_not_created_a_reserved_slot_is_not_a_vm() -> None:
    step, _, made = destroy(never_ran(V1.without("host_asks_created")))
    assert [event.says for event in step.events] == [f"{START} returns -ENOENT"]
    assert made[:2] == [(START, -2), ("__pkvm_unreserve_vm", None)]
    assert not step.state.end


def test_count_the_warnings_the_first_refusal_ends_the_step() -> None:
    step, warnings, made = destroy(with_pages(MERGED, 300))
    assert warnings == [UNSHARE, "pkvm_pgtable_stage2_destroy_pgd"]
    assert step.events[1].says == "300 mappings are left"
    assert made[:3] == [(START, 0), (UNSHARE, -22), (FINALISE, 0)]
