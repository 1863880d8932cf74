"""Every repair is judged as its first principles say; a wrong one is refused with a sentence and a run."""
from __future__ import annotations

import pytest

from pkvm_model.explore.fixes import GOOD, judge_fix
from pkvm_model.explore.learner_calls import LearnerError
from tests.explore.repairs import REPAIRS, Repair

SENTENCES = {
    "asks_only_for_loaded_vcpus": "The hole is open: the struct is given back while a call still holds the VM.",
    "takes_its_own_reference_for_granted": (
        "The hole is open: the struct is given back while a call still holds the VM."),
    "answers_zero_when_busy": (
        "__pkvm_finalize_teardown_vm: yours does not flush VMID 1; the kernel's own version does."),
    "answers_a_positive_code": (
        "__pkvm_finalize_teardown_vm: yours returns 16 where the kernel's own version returns 0."),
    "answers_an_error_when_done": (
        "A VM that lived on Linux 7.3.4 no longer lives to its end (recording n5): "
        "__pkvm_finalize_teardown_vm returned 0 and now returns -EAGAIN."),
    "works_only_on_the_first_cpu": (
        "A VM that lived on Linux 7.3.4 no longer lives to its end (recording i3): "
        "__pkvm_finalize_teardown_vm returned 0 and now returns -EBUSY."),
    "counts_only_on_the_second_cpu": "The hole is open: the struct is given back while a call still holds the VM.",
    "works_only_for_the_first_handle": "The hole is open: the struct is given back while a call still holds the VM.",
    "refuses_two_vcpus": (
        "The hole is closed, but there is no longer a run in which the honest host destroys a VM whose pages "
        "lie far apart and has everything back: __pkvm_finalize_teardown_vm returns -EBUSY: too many vCPUs."),
    "wakes_the_dying_when_busy": (
        "__pkvm_finalize_teardown_vm: yours returns -EBUSY but leaves something behind: afterwards is_dying of "
        "VM vm0 is False, not True."),
    "works_once": (
        "CPU 0: what __pkvm_finalize_teardown_vm has read does not lead to where it is; keep nothing "
        "outside the machine, and use no random numbers"),
    "looks_into_other_cpus": (
        "view.state shows what other CPUs are doing, which EL2 cannot see; read view.vm(), view.page() or "
        "view.slot() instead"),
    "counts_once_and_spins": "A lock region never ends: its loop reads nothing that could change.",
    "clears_the_count": "The hole is open: the struct is given back while a call still holds the VM.",
    "drops_the_reference_of_others": "Any host can now panic EL2 at will.",
    "works_once_for_a_handle": (
        "The next VM in the same slot. From then on the VM can never be destroyed: "
        "__pkvm_finalize_teardown_vm returns -EBUSY: done already."),
    "flushes_too_late": (
        "__pkvm_finalize_teardown_vm: it empties slot 0 before it flushes VMID 1: a new VM may have that "
        "VMID."),
    "flushes_nothing": "__pkvm_finalize_teardown_vm: yours does not flush VMID 1; the kernel's own version does.",
    "flushes_the_neighbour": "__pkvm_finalize_teardown_vm: yours does not flush VMID 1; the kernel's own version does.",
    "takes_no_lock": (
        "__pkvm_finalize_teardown_vm: it changes entry of slot without vm_table_lock; the kernel always "
        "holds that lock to do so."),
    "takes_the_guests_lock": (
        "__pkvm_finalize_teardown_vm: it changes entry of slot without vm_table_lock; the kernel always "
        "holds that lock to do so."),
    "parks_the_slot": (
        "A VM is made in a slot that is not free yet. EL2 has page pgd1, which belongs to no VM in the "
        "table"),
    "empties_the_slot_again": (
        "The next VM in the same slot. EL2 keeps the VM's memory for good, and no handle names the VM any "
        "more: whatever an honest host does now, page pgd1 is lost, page vm1 is lost and 1 more page "
        "is lost."),
    "empties_the_slot_last": "The reference was taken between your test and your free.",
    "keeps_the_reservation": (
        "The hole is closed, but there is no longer a run in which the honest host destroys a VM and has "
        "everything back."),
    "does_not_zero_the_struct": "__pkvm_finalize_teardown_vm: afterwards vm0 is not zeroed.",
    "forgets_the_memcache": "__pkvm_finalize_teardown_vm: afterwards teardown_mc of the host's kvm0 is 2, not 3.",
    "pushes_a_page_twice": "__pkvm_finalize_teardown_vm: afterwards teardown_mc of the host's kvm0 is 4, not 3.",
    "forgets_the_second_vcpu": (
        "A CPU loads twice. EL2 keeps the VM's memory for good, and no handle names the VM any more: "
        "whatever an honest host does now, page vc0.1 is lost and page hv0.1 keeps a count of 1."),
    "keeps_the_vcpus_memcache": (
        "__pkvm_finalize_teardown_vm: afterwards stage2_teardown_mc of the host's kvm0 is 5, not 6."),
    "unpins_too_early": "__pkvm_finalize_teardown_vm: it writes to the host's kvm0 after it has unpinned it.",
    "counts_its_attempts": (
        "__pkvm_finalize_teardown_vm: while another call is in progress it never ends, and it stores "
        "more in each round."),
    "waits_for_the_pages": "__pkvm_finalize_teardown_vm: it never ends, even if no other call is in progress.",
    "marks_and_refuses": (
        "__pkvm_start_teardown_vm: yours returns -EBUSY (the VM is in use) but leaves something behind: "
        "afterwards is_dying of VM vm0 is True, not False."),
    "answers_zero_and_does_not_mark": (
        "__pkvm_start_teardown_vm: yours returns 0 where the kernel's own version ends the machine."),
    "marks_only_vms_with_a_second_vcpu": (
        "A CPU loads twice. From then on the VM can never be destroyed: __pkvm_finalize_teardown_vm returns "
        "-EBUSY: VM 0x1000 is not dying yet."),
    "starts_without_a_lock": (
        "__pkvm_start_teardown_vm: it changes is_dying of VM vm without vm_table_lock; the kernel "
        "always holds that lock to do so."),
    "marks_in_a_region_of_its_own": (
        "A vCPU is loaded while the VM dies. VM 0x1000 is dying and vc0.0 is loaded on CPU 0"),
    "loads_the_second_vcpu_of_the_dying": "__pkvm_vcpu_load: afterwards loaded of CPU 0 is vc0.1, not nothing.",
    "loads_before_it_asks": (
        "One vCPU on two CPUs. From then on the VM can never be destroyed: __pkvm_finalize_teardown_vm "
        "returns -EBUSY: VM 0x1000 is still in use."),
    "drops_first_and_puts_later": (
        "Start while the guest runs. EL2_USE_AFTER_DONATION: CPU 1 touches page vc0.0, which EL2 no longer "
        "maps"),
    "keeps_the_second_vcpu_loaded": (
        "A VM that lived on Linux 7.3.4 no longer lives to its end (recording n5): __kvm_vcpu_run returned "
        "ran and now returns -EINVAL."),
    "leaks_a_reference_when_refused": (
        "__pkvm_host_unshare_guest: yours returns -ENOENT (VM 0x1000 has nothing at gfn 0x0) but leaves "
        "something behind: afterwards refcount of page vm0 is 1, not 0."),
    "takes_a_page_from_other_borrowers": (
        "__pkvm_host_unshare_guest: afterwards host of page g0 is OWNED, not SHARED_OWNED."),
    "unshares_only_the_first_pages": (
        "The hole is closed, but there is no longer a run in which the honest host destroys a VM whose pages "
        "lie far apart and has everything back."),
    "unshares_the_dying_and_leaves_the_hole": (
        "The hole is open: the struct is given back while a call still holds the VM."),
    "says_that_nothing_came_home": (
        "__pkvm_host_unshare_guest: yours returns 0 where the kernel's own version returns -ENOENT."),
    "mends_two_of_four": "The hole is open: the struct is given back while a call still holds the VM.",
    "flush_does_nothing": "__pkvm_tlb_flush_vmid: yours does not flush VMID 1; the kernel's own version does.",
    "shares_and_does_not_count": "__pkvm_host_share_guest: afterwards host_share_guest_count of page g0 is 1, not 2.",
    "publishes_too_early": "Finalise a VM that is being made. EL2_FAULT: CPU 1 follows a null pointer to write entry",
    "keeps_the_memory_of_a_refused_vcpu": (
        "The host changes its struct while EL2 reads it. EL2 keeps the VM's memory for good, and no handle "
        "names the VM any more: whatever an honest host does now, page vc0.1 is lost and page hv0.1 "
        "keeps a count of 1."),
    "unreserves_the_dying": "__pkvm_unreserve_vm: afterwards entry of slot 0 is free, not vm0.",
    "reclaims_without_zeroing": "__pkvm_reclaim_dying_guest_page: afterwards content of page g0 is secret, not zero.",
    "reclaims_from_the_idle": "__pkvm_reclaim_dying_guest_page: it takes page g0 from a guest that is alive.",
    "reclaims_nothing_shared": (
        "__pkvm_reclaim_dying_guest_page: yours returns -EPERM (the guest shares this page) where the "
        "kernel's own version returns 0."),
    "reclaims_and_keeps_the_leaf": (
        "__pkvm_reclaim_dying_guest_page: afterwards the guest of vm0 has other pages, or other rights to "
        "them."),
    "refuses_the_poisoned": (
        "A VM that lived on Linux 7.3.4 no longer lives to its end (recording p14): "
        "__pkvm_reclaim_dying_guest_page returned 0 and now returns -ENOENT."),
    "takes_by_force_without_poison": (
        "A VM that lived on Linux 7.3.4 no longer lives to its end (recording p14): "
        "__pkvm_reclaim_dying_guest_page returned 0 and now returns -ENOENT."),
    "notes_the_wrong_gfn": (
        "A VM that lived on Linux 7.3.4 no longer lives to its end (recording p14): "
        "__pkvm_force_reclaim_guest_page returned 0 and now returns -ENOENT."),
    "unshares_and_leaves_it_to_the_host": (
        "guest_mem_unshare: afterwards host of page g1 is SHARED_BORROWED, not NOPAGE."),
    "hands_the_secrets_over": "__pkvm_finalize_teardown_vm: afterwards host of page g0 is OWNED, not NOPAGE.",
    "lets_the_second_attempt_pass": (
        "Finalise twice while a call holds the VM. EL2_USE_AFTER_DONATION: CPU 0 touches page vm0, which "
        "EL2 no longer maps"),
    "asks_and_changes": (
        "__pkvm_finalize_teardown_vm: yours returns -EBUSY (VM 0x1000 is still in use) but leaves "
        "something behind: afterwards is_dying of VM vm0 is False, not True."),
}
"""What is said of each wrong repair."""
ERRORS = {"works_once", "looks_into_other_cpus"}
"""Functions that no kernel could have; they are reported as the learner's errors."""
WITHOUT_RUN = {"counts_once_and_spins"}
"""A region that never ends has no run."""


@pytest.mark.parametrize("repair", [repair for repair in REPAIRS if repair.is_right], ids=lambda repair: repair.name)
def test_a_right_repair_is_accepted_however_unusual_it_is(repair: Repair) -> None:
    judgement = judge_fix(repair.kernel)
    assert (judgement.accepted, judgement.sentence) == (True, GOOD), repair.says


@pytest.mark.parametrize("repair", [repair for repair in REPAIRS if not repair.is_right],
                         ids=lambda repair: repair.name)
def test_a_wrong_repair_is_refused_with_its_sentence_and_a_run(repair: Repair) -> None:
    if repair.name in ERRORS:
        with pytest.raises(LearnerError) as caught:
            judge_fix(repair.kernel)
        assert caught.value.message == SENTENCES[repair.name], repair.says
        return
    judgement = judge_fix(repair.kernel)
    assert (judgement.accepted, judgement.sentence) == (False, SENTENCES[repair.name]), repair.says
    objection = judgement.objections[0]
    assert repair.name in WITHOUT_RUN or objection.rows or (objection.outcome and objection.outcome.trace)


def test_every_repair_has_a_name_of_its_own_and_says_why() -> None:
    assert len({repair.name for repair in REPAIRS}) == len(REPAIRS)
    assert all(("Right: " if repair.is_right else "Wrong: ") in repair.says for repair in REPAIRS)
