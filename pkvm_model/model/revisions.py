"""The guards of each kernel: a revision is a set of named guards and the code that each answers with."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

EPERM, ENOENT, EIO, E2BIG, EBADF, EAGAIN, ENOMEM, EFAULT, EBUSY = 1, 2, 5, 7, 9, 11, 12, 14, 16
EEXIST, EINVAL, ERANGE, EHWPOISON = 17, 22, 34, 133
ERRNO = {code: name for name, code in list(globals().items()) if name.startswith("E") and isinstance(code, int)}
"""The names of the codes above, which are those of Linux on arm64 on any machine."""


class Warn(NamedTuple):
    """A guard that warns at EL2 before it answers; nobody lives to see the code, since the warning is fatal."""

    code: int


GuardAnswer: TypeAlias = int | Warn | None
"""What a guard does when it refuses: answer with a code, with nothing in a call without an answer, or warn first."""


class Revision(NamedTuple):
    """A kernel as far as teardown is concerned: its guards, the calls EL2 knows, and the habits of its host.

    EL2 uses the low `handle_bits` of a handle. `removed` names the guards, calls and habits taken away from it.
    `functions` are calls and guards that replace the model's own. `warn_is_fatal` is false for a kernel built without
    CONFIG_BUG, and for a program that runs the kernel's functions elsewhere.
    """

    name: str
    guards: Mapping[str, GuardAnswer]
    calls: frozenset[str]
    host: frozenset[str]
    handle_bits: int = 32
    warn_is_fatal: bool = True
    removed: tuple[str, ...] = ()
    functions: Mapping[str, Callable[..., Any]] = MappingProxyType({})

    def without(self, *names: str) -> Revision:
        """Return the same kernel without these guards, entries of EL2's table of calls, or habits of the host.

        Raise KeyError if this kernel does not have one of them.
        """
        for name in names:
            if name not in {*self.guards, *self.calls, *self.host}:
                known = ", ".join(sorted({*self.guards, *self.host, *self.calls}))
                raise KeyError(f"revision {self.name} has no guard {name!r}; it has {known}")
        guards = {name: answer for name, answer in self.guards.items() if name not in names}
        return self._replace(guards=guards, calls=self.calls - {*names}, host=self.host - {*names},
                             removed=tuple(sorted({*self.removed, *names})))

    def __hash__(self) -> int:
        return hash((self.name, self.removed, self.warn_is_fatal))


COMMON_CALLS = frozenset({
    "__pkvm_host_share_hyp", "__pkvm_host_unshare_hyp", "__pkvm_reserve_vm", "__pkvm_unreserve_vm", "__pkvm_init_vm",
    "__pkvm_init_vcpu", "__pkvm_vcpu_load", "__pkvm_vcpu_put", "__kvm_vcpu_run", "__pkvm_tlb_flush_vmid",
    "__pkvm_host_share_guest", "__pkvm_host_unshare_guest", "__pkvm_host_wrprotect_guest",
    "__pkvm_host_test_clear_young_guest", "__pkvm_host_relax_perms_guest", "__pkvm_host_mkyoung_guest"})
SPLIT_CALLS = COMMON_CALLS | {"__pkvm_start_teardown_vm", "__pkvm_finalize_teardown_vm"}
UPSTREAM_CALLS = SPLIT_CALLS | {
    "__pkvm_vcpu_sync_state", "__pkvm_host_donate_guest", "__pkvm_reclaim_dying_guest_page",
    "__pkvm_force_reclaim_guest_page", "guest_mem_share", "guest_mem_unshare"}

ONE_SHOT_HOST = frozenset({
    "host_detaches",         # the page table is taken from everybody else, under mmu_lock, before it is taken apart
})
SPLIT_HOST = ONE_SHOT_HOST | {
    "host_starts",           # start before the pages go home, finalise after them
    "host_asks_created",     # a VM that EL2 never made is not started
    "host_remembers_start",  # the memo: start is made once, however many steps the walk has
}

COMMON_GUARDS: dict[str, GuardAnswer] = {
    "unreserve_reserved": None,  # unreserve clears a slot that is reserved, never one with a VM in it
    "insert_reserved": -EINVAL,  # init_vm publishes only into a slot that is reserved
    "load_cpu_free": None,       # a CPU has at most one vCPU loaded
    "load_vcpu_free": None,      # a vCPU is loaded on at most one CPU
}

PRE = Revision("pre", COMMON_GUARDS | {
    "teardown_vm_exists": -ENOENT,
    "teardown_unreferenced": Warn(-EBUSY),
}, COMMON_CALLS | {"__pkvm_teardown_vm"}, ONE_SHOT_HOST)

V1 = Revision("v1", COMMON_GUARDS | {
    "load_not_dying": None,
    "start_vm_exists": -ENOENT,
    "start_unreferenced": Warn(-EBUSY),
    "start_not_dying": -EINVAL,
    "finalize_vm_exists": -ENOENT,
    "finalize_dying": -EBUSY,
}, SPLIT_CALLS, SPLIT_HOST)

MERGED = Revision("merged", {**V1.guards, "get_not_dying": -EINVAL}, SPLIT_CALLS, SPLIT_HOST)

UPSTREAM = Revision("upstream", COMMON_GUARDS | {
    "load_not_dying": None,
    "start_vm_exists": -EINVAL,
    "start_unreferenced": -EINVAL,
    "start_not_dying": -EINVAL,
    "finalize_vm_exists": -EINVAL,
    "finalize_unreferenced": -EINVAL,   # the check of the count that v1 and merged lack
    "finalize_dying": -EINVAL,
    "reclaim_dying": -EINVAL,           # pages are reclaimed only from a VM that is dying
    "run_host_vcpu": -EINVAL,           # run only the vCPU that is loaded
    "map_memcache": -ENOMEM,            # before a map, the memcache has pages for every table it might need
    "give_back_unreferenced": -EBUSY,   # EL2 gives back no page that still has a count
    "init_vm_undoes_stage2": None,      # a refused init_vm takes the stage 2 apart again
    "init_vcpu_unpins": None,           # a refused init_vcpu lets go of the host's vCPU
}, UPSTREAM_CALLS, SPLIT_HOST, handle_bits=16)

DESTROYING_CALLS = ("__pkvm_finalize_teardown_vm", "__pkvm_teardown_vm")
"""The calls that give a VM's memory back to the host: the second half of the split, and the one shot."""
REVISIONS = {revision.name: revision for revision in (PRE, V1, MERGED, UPSTREAM)}


def errno(code: int) -> str:
    """Return an error code in words: "-EBUSY" for -16."""
    return f"-{ERRNO[-code]}" if -code in ERRNO else str(code)
