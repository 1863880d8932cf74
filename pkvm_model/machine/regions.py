"""Where in a kernel the model's lock regions begin: one table.

A call of the model yields before each region. The first region begins with the call itself. Each rule below says where
EL2 of a real kernel stands when the model stands at another yield: at the entry of a function, or right behind one that
has returned. All rules of a call are watched at once, so a kernel whose order differs is found out.
"""
from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

GIVES_BACK, TAKES = "__pkvm_hyp_donate_host", "__pkvm_host_donate_hyp"
UNPINS, DROPS = "hyp_unpin_shared_mem", "put_pkvm_hyp_vm"
UNMAPS = "unmap_donated_memory"
NESTED = ("teardown_donated_memory", UNMAPS, "__unmap_donated_memory")
"""Functions in which no region begins but with their own entry, although they call others of the table."""
IDLE_WITHOUT = (UNMAPS,)
"""Functions that do nothing when their first argument is null, so that no region begins there."""


class Boundary(NamedTuple):
    """A place at EL2 where a region begins: at a function's entry, or right behind the function.

    `unless` names the value with which none begins: the function's first argument at its entry, what it returns behind
    it. It is "" (always one begins), "null", or "code" for an error code.
    """

    function: str
    is_behind: bool = False
    unless: str = ""

    def __str__(self) -> str:
        return f"{'behind' if self.is_behind else 'before'} {self.function}"

    def begins(self, value: int) -> bool:
        """Return True if a region begins here with this value."""
        return not ((self.unless == "null" and not value) or (self.unless == "code" and value % (1 << 32)))


class Rule(NamedTuple):
    """One yield of the model: the function that yields, how its purpose begins, and the place in the kernel."""

    generator: str
    purpose: str
    place: Boundary


RULES = (
    Rule("map_donated_memory", "take page ", Boundary("map_donated_memory_noclear")),
    Rule("unmap_donated_memory", "zero page ", Boundary(UNMAPS, unless="null")),
    Rule("init_pkvm_hyp_vm", "fill the VM struct and its stage 2", Boundary("kvm_guest_prepare_stage2")),
    Rule("init_pkvm_hyp_vm", "publish the VM in its slot", Boundary("kvm_guest_prepare_stage2", True, "code")),
    Rule("init_pkvm_hyp_vm", "take stage 2 apart again", Boundary("kvm_guest_destroy_stage2")),
    Rule("__pkvm_init_vm", "unpin ", Boundary(UNPINS)),
    Rule("__pkvm_init_vcpu", "find the VM and register the vCPU", Boundary("map_donated_memory", True, "null")),
    Rule("__kvm_vcpu_run", "leave the guest when it exits", Boundary("__guest_enter")),
    Rule("__pkvm_tlb_flush_vmid", "flush the VMID", Boundary("__kvm_tlb_flush_vmid")),
    Rule("put_pkvm_hyp_vm", "drop the reference", Boundary(DROPS)),
    Rule("get_np_pkvm_hyp_vm", "drop the reference: the VM is protected", Boundary(DROPS)),
    Rule("refill_memcache", "take a page for tables from the host", Boundary(TAKES)),
    Rule("__pkvm_host_share_guest", "lend page ", Boundary("__pkvm_host_share_guest")),
    Rule("__pkvm_host_donate_guest", "give page ", Boundary("__pkvm_host_donate_guest")),
    Rule("__pkvm_host_unshare_guest", "unmap gfn ", Boundary("__pkvm_host_unshare_guest")),
    Rule("__pkvm_host_wrprotect_guest", "write-protect gfn ", Boundary("__pkvm_host_wrprotect_guest")),
    Rule("__pkvm_host_test_clear_young_guest", "ask for the age of gfn ",
        Boundary("__pkvm_host_test_clear_young_guest")),
    Rule("__pkvm_reclaim_dying_guest_page", "give gfn ", Boundary("__pkvm_host_reclaim_page_guest")),
    Rule("destroy_hyp_vm", "take stage 2 apart; its tables fall back into the pool", Boundary("reclaim_pgtable_pages")),
    Rule("destroy_hyp_vm", "look for a page in the pool", Boundary("hyp_alloc_pages")),
    Rule("destroy_hyp_vm", "give the table page back", Boundary(GIVES_BACK)),
    Rule("destroy_hyp_vm", "unpin the host's vCPU ", Boundary(UNPINS)),
    Rule("teardown_hyp_vcpu", "give an unused table page back", Boundary("__unmap_donated_memory")),
    Rule("teardown_hyp_vcpu", "zero the vCPU struct ", Boundary("teardown_donated_memory")),
    Rule("destroy_hyp_vm", "zero the VM struct ", Boundary("teardown_donated_memory")),
    Rule("destroy_hyp_vm", "unpin the host's ", Boundary(UNPINS)),
)

BY_HANDLE = ("get_np_pkvm_hyp_vm", "put_pkvm_hyp_vm")
DESTROYS = ("destroy_hyp_vm", "teardown_hyp_vcpu")
HELPERS: Mapping[str, tuple[str, ...]] = {
    "__pkvm_init_vm": ("init_pkvm_hyp_vm", "map_donated_memory", "unmap_donated_memory"),
    "__pkvm_init_vcpu": ("map_donated_memory", "unmap_donated_memory"),
    "__pkvm_tlb_flush_vmid": BY_HANDLE,
    "__pkvm_host_unshare_guest": BY_HANDLE,
    "__pkvm_host_wrprotect_guest": BY_HANDLE,
    "__pkvm_host_test_clear_young_guest": BY_HANDLE,
    "__pkvm_reclaim_dying_guest_page": ("put_pkvm_hyp_vm",),
    "__pkvm_host_share_guest": ("refill_memcache",),
    "__pkvm_host_donate_guest": ("refill_memcache",),
    "__pkvm_teardown_vm": DESTROYS,
    "__pkvm_finalize_teardown_vm": DESTROYS,
}
"""The functions of the model in which a call yields, beside its own."""
FIRST = {"__pkvm_init_vcpu": ("map_donated_memory",)}
"""The helpers whose yields are only a call's first, at which the kernel has not begun."""
GUARDED = {("init_pkvm_hyp_vm", "take stage 2 apart again"): "init_vm_undoes_stage2"}
"""The yields that only kernels with a certain guard have."""


def list_rules(call: str, guards: Collection[str]) -> list[Rule]:
    """Return the rules of a call in a kernel with these guards; none for a call of one region."""
    parts = {call, *HELPERS.get(call, ())} - {*FIRST.get(call, ())}
    return [row for row in RULES if row.generator in parts
            and GUARDED.get((row.generator, row.purpose), "") in {"", *guards}]


def list_boundaries(call: str, guards: Collection[str]) -> set[Boundary]:
    """Return the places at which a call may stop."""
    return {row.place for row in list_rules(call, guards)}


def find_boundary(generator: str, purpose: str) -> Boundary | None:
    """Return the place in the kernel that a yield of the model stands for."""
    fitting = [row for row in RULES if row.generator == generator and purpose.startswith(row.purpose)]
    return max(fitting, key=lambda row: len(row.purpose)).place if fitting else None


def find_missing(call: str, guards: Collection[str], functions: Collection[str]) -> list[str]:
    """Return the functions of the table that a kernel does not have, so that the call cannot stop in it.

    A function behind a guard may be missing: the kernel does not have the guard, and that shows where it matters.
    """
    needed = {rule.place.function for rule in list_rules(call, guards) if (rule.generator, rule.purpose) not in GUARDED}
    return sorted(needed - {*functions})
