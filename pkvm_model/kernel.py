"""The kernels and the machine by name: what an answer, a property or a hypercall of your own is written with.

The model's rooms may move; these names stay. `pkvm_model.lesson` has what a notebook shows.
"""
from __future__ import annotations

from .model.guest_memory import (__pkvm_host_mkyoung_guest, __pkvm_host_relax_perms_guest, __pkvm_host_share_guest,
                                 __pkvm_host_test_clear_young_guest, __pkvm_host_unshare_guest,
                                 __pkvm_host_wrprotect_guest, destroy_stage2, prepare_stage2, reclaim_memcache_page,
                                 reclaim_pgtable_page, refill_memcache, remove_leaf, require_leaf, share_page,
                                 unshare_page)
from .model.hypercalls import (__kvm_vcpu_run, __pkvm_finalize_teardown_vm, __pkvm_host_share_hyp,
                               __pkvm_host_unshare_hyp, __pkvm_init_vcpu, __pkvm_init_vm, __pkvm_reserve_vm,
                               __pkvm_start_teardown_vm, __pkvm_teardown_vm, __pkvm_tlb_flush_vmid, __pkvm_unreserve_vm,
                               __pkvm_vcpu_load, __pkvm_vcpu_put, __pkvm_vcpu_sync_state, destroy_hyp_vm,
                               enter_hyp_vcpu, init_pkvm_hyp_vm, map_donated_memory, register_hyp_vcpu,
                               teardown_donated_memory, teardown_hyp_vcpu, unmap_donated_memory)
from .model.memory import (host_donate_hyp, host_share_hyp, host_unshare_hyp, hyp_donate_host, hyp_pin_shared_mem,
                           hyp_unpin_shared_mem)
from .model.protected_memory import (__pkvm_force_reclaim_guest_page, __pkvm_host_donate_guest,
                                     __pkvm_reclaim_dying_guest_page, donate_page, guest_mem_share, guest_mem_unshare,
                                     poison_leaf, reclaim_page)
from .model.revisions import (E2BIG, EAGAIN, EBADF, EBUSY, EEXIST, EFAULT, EHWPOISON, EINVAL, EIO, ENOENT, ENOMEM,
                              EPERM, ERANGE, MERGED, PRE, REVISIONS, UPSTREAM, V1, Revision, Warn)
from .model.state import (DATA, FREE, GUEST, HANDLE_OFFSET, HOST, HYP, NOPAGE, OWNED, POISON, RESERVED, SECRET,
                          SHARED_BORROWED, SHARED_OWNED, ZERO, Config, Cpu, Event, Flight, HostVcpu, Kvm, Loan, Mapped,
                          Page, Slot, Span, State, Vcpu, Vm)
from .model.view import NULL, Ended, ModelError, Pointer, Ref, Refused, View, Waits
from .model.vm_table import (get_np_pkvm_hyp_vm, get_pkvm_hyp_vm, get_vm_by_handle, hyp_page_count, hyp_page_ref_dec,
                             hyp_page_ref_inc, insert_vm_table_entry, put_pkvm_hyp_vm, remove_vm_table_entry, vm_slot)

__all__ = [
    "DATA", "E2BIG", "EAGAIN", "EBADF", "EBUSY", "EEXIST", "EFAULT", "EHWPOISON", "EINVAL", "EIO", "ENOENT", "ENOMEM",
    "EPERM", "ERANGE", "FREE", "GUEST", "HANDLE_OFFSET", "HOST", "HYP", "MERGED", "NOPAGE", "NULL", "OWNED", "POISON",
    "PRE", "RESERVED", "REVISIONS", "SECRET", "SHARED_BORROWED", "SHARED_OWNED", "UPSTREAM", "V1", "ZERO", "Config",
    "Cpu", "Ended", "Event", "Flight", "HostVcpu", "Kvm", "Loan", "Mapped", "ModelError", "Page", "Pointer", "Ref",
    "Refused", "Revision", "Slot", "Span", "State", "Vcpu", "View", "Vm", "Waits", "Warn", "__kvm_vcpu_run",
    "__pkvm_finalize_teardown_vm", "__pkvm_force_reclaim_guest_page", "__pkvm_host_donate_guest",
    "__pkvm_host_mkyoung_guest", "__pkvm_host_relax_perms_guest", "__pkvm_host_share_guest", "__pkvm_host_share_hyp",
    "__pkvm_host_test_clear_young_guest", "__pkvm_host_unshare_guest", "__pkvm_host_unshare_hyp",
    "__pkvm_host_wrprotect_guest", "__pkvm_init_vcpu", "__pkvm_init_vm", "__pkvm_reclaim_dying_guest_page",
    "__pkvm_reserve_vm", "__pkvm_start_teardown_vm", "__pkvm_teardown_vm", "__pkvm_tlb_flush_vmid",
    "__pkvm_unreserve_vm", "__pkvm_vcpu_load", "__pkvm_vcpu_put", "__pkvm_vcpu_sync_state", "destroy_hyp_vm",
    "destroy_stage2", "donate_page", "enter_hyp_vcpu", "get_np_pkvm_hyp_vm", "get_pkvm_hyp_vm", "get_vm_by_handle",
    "guest_mem_share", "guest_mem_unshare", "host_donate_hyp", "host_share_hyp", "host_unshare_hyp", "hyp_donate_host",
    "hyp_page_count", "hyp_page_ref_dec", "hyp_page_ref_inc", "hyp_pin_shared_mem", "hyp_unpin_shared_mem",
    "init_pkvm_hyp_vm", "insert_vm_table_entry", "map_donated_memory", "poison_leaf", "prepare_stage2",
    "put_pkvm_hyp_vm", "reclaim_memcache_page", "reclaim_page", "reclaim_pgtable_page", "refill_memcache",
    "register_hyp_vcpu", "remove_leaf", "remove_vm_table_entry", "require_leaf", "share_page",
    "teardown_donated_memory", "teardown_hyp_vcpu", "unmap_donated_memory", "unshare_page", "vm_slot"]
