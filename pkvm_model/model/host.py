"""The honest host at EL1: which hypercalls Linux makes in a VM's life, and what it records in its struct kvm.

Host functions are generators like the hypercalls; they call EL2 with `yield from hypercall(...)`. EL2's answer decides
what the host records, but never stops it: an unexpected answer is a host warning, a line in the log after which the
machine goes on. Two locks of the host are outside all of EL2's: M mmu_lock and C config_lock, both per VM. They are
held across hypercalls, until the host function drops them.

Memory is named after the structs: kvm0 provides vm0 and pgd0, hv0.1 provides vc0.1.
Source: arch/arm64/kvm/pkvm.c, mmu.c, arm.c, virt/kvm/kvm_main.c (pre, v1, upstream).
"""
from __future__ import annotations

from collections.abc import Callable, Generator, Iterable

from .dispatch import SUCCESS, handle_host_hcall
from .hypercalls import vcpu_idx
from .memory import list_pages
from .revisions import EAGAIN, EBADF, EBUSY, EEXIST, EFAULT, EINVAL, EIO, EPERM, errno
from .state import NOPAGE, Event, Kvm, Loan, Value
from .view import Hypercall, Ref, Region, View, Waits

STEP_SHIFT = 18  # the walk over a guest's memory goes in steps of 2**18 pages, which is 1 GiB
START, FORCE_RECLAIM = "__pkvm_start_teardown_vm", "__pkvm_force_reclaim_guest_page"


def hypercall(view: View, name: str, *args: Value) -> Generator[Region, None, int | None]:
    """Make a hypercall and return x1; a call that EL2 does not understand is a host warning."""
    x0, x1 = yield from handle_host_hcall(view, name, *args)
    if x0 != SUCCESS:
        view.events.append(Event("HOST_WARN", name, f"EL2 does not understand {name}: x0 is {x0}, x1 is as it was"))
    view.answers.append((name, args, x1))
    return x1


def warn_on(view: View, ret: int | None, name: str) -> None:
    """Warn at the host if a call fails: a line in the log, unlike WARN_ON at EL2."""
    if ret:
        view.events.append(Event("HOST_WARN", name, f"{name} returns {errno(ret)}"))


def lock(view: View, kvm: Ref, name: str) -> None:
    """Take one of a VM's locks. Raise Waits while another CPU holds it."""
    holder = getattr(kvm, name)
    if holder is not None:
        raise Waits(f"CPU {view.number} waits for {name} of {kvm}; let CPU {holder}, which holds it, go on")
    setattr(kvm, name, view.number)


def kvm_create_vm(view: View, kvm: str, protected: bool = False, process: int = 0) -> Hypercall:
    """Create a VM for a process: lend struct kvm to EL2 and reserve a handle. EL2 has no VM yet.

    Source: arm.c:kvm_arch_init_vm, pkvm.c:pkvm_init_host_vm (pre, v1).
    """
    yield "", f"allocate {kvm} and an empty page table"
    view.check(not view.ref(Kvm, kvm).fds, -EBUSY, f"{kvm} is another VM's")
    view.check(not protected or FORCE_RECLAIM in view.revision.calls, -EINVAL, "this kernel has no protected VMs")
    view.store((Kvm, kvm), Kvm(is_protected=protected, has_pgt=True, fds=(kvm,), mm=process))
    ret = yield from kvm_share_hyp(view, kvm)
    if not ret:
        ret = (yield from hypercall(view, "__pkvm_reserve_vm")) or 0
        if ret >= 0:
            view.ref(Kvm, kvm).handle = ret
            return 0
        yield from kvm_unshare_hyp(view, kvm)
    view.store((Kvm, kvm), Kvm())
    return ret


def kvm_share_hyp(view: View, struct: str) -> Generator[Region, None, int | None]:
    """Lend EL2 the pages of a struct; a page that is on loan already is only counted."""
    for page in list_pages(view, struct):
        view.ref(Loan, page).structs += 1
        if view.ref(Loan, page).structs == 1:
            ret = yield from hypercall(view, "__pkvm_host_share_hyp", page)
            if ret:
                return ret
    return 0


def kvm_unshare_hyp(view: View, struct: str) -> Generator[Region, None, None]:
    """End the loan of each page of a struct, unless another struct on loan lies on it too."""
    for page in list_pages(view, struct):
        view.ref(Loan, page).structs = max(0, view.ref(Loan, page).structs - 1)
        if not view.ref(Loan, page).structs:
            ret = yield from hypercall(view, "__pkvm_host_unshare_hyp", page)
            warn_on(view, ret, "__pkvm_host_unshare_hyp")


def kvm_create_vcpu(view: View, kvm: str, host_vcpu: str, process: int = 0) -> Hypercall:
    """Create a vCPU: lend its struct to EL2, which has no vCPU yet. Source: arm.c:kvm_arch_vcpu_create (pre, v1)."""
    yield "", f"allocate {host_vcpu}"
    check_ioctl(view, kvm, kvm, process)
    view.check(host_vcpu not in view.ref(Kvm, kvm).vcpus, -EEXIST, f"{kvm} has {host_vcpu} already")
    ret = yield from kvm_share_hyp(view, host_vcpu)
    if not ret:
        view.ref(Kvm, kvm).vcpus = (*view.ref(Kvm, kvm).vcpus, host_vcpu)
        view.ref(Kvm, kvm).fds = (*view.ref(Kvm, kvm).fds, host_vcpu)
    return ret


def check_ioctl(view: View, kvm: str, fd: str, process: int) -> None:
    """Refuse an ioctl on a file that is not open, or from a process that did not create the VM."""
    view.check(fd in view.ref(Kvm, kvm).fds, -EBADF, f"{fd} is not open")
    view.check(process == view.ref(Kvm, kvm).mm, -EIO, f"{kvm} is not of process {process}")


def kvm_first_run(view: View, kvm: str, host_vcpu: str) -> Hypercall:
    """Create a vCPU and prepare its first run, but do not run it."""
    return (yield from kvm_create_vcpu(view, kvm, host_vcpu)) or (yield from prepare_run(view, kvm, host_vcpu))


def prepare_run(view: View, kvm: str, host_vcpu: str) -> Generator[Region, None, int | None]:
    """Have EL2 make the VM, unless it has it already, then the vCPU.

    Source: pkvm.c:pkvm_create_hyp_vm, pkvm_create_hyp_vcpu (pre, v1).
    """
    yield "C", f"ask whether EL2 has {kvm} and {host_vcpu}"
    host, number, ret = view.ref(Kvm, kvm), kvm.removeprefix("kvm"), None
    lock(view, host, "config_lock")
    if not host.is_created:
        args = (kvm, host.handle, len(host.vcpus), f"vm{number}", f"pgd{number}", host.is_protected)
        ret = yield from hypercall(view, "__pkvm_init_vm", *args)
        host.is_created = not ret
    if not ret and host_vcpu not in host.finalized:
        ret = yield from hypercall(view, "__pkvm_init_vcpu", host.handle, host_vcpu, f"vc{host_vcpu[2:]}")
        host.finalized = host.finalized if ret else (*host.finalized, host_vcpu)
    host.config_lock = None
    return ret or 0


def kvm_vcpu_run(view: View, kvm: str, host_vcpu: str, page: str = "", gfn: int = 0, prot: str = "RWX",
                 process: int = 0) -> Hypercall:
    """Run a vCPU until its guest exits to the host; on the way the guest may fault on one page.

    A process that did not create the VM is refused (-EIO) before EL2 hears of it.
    Source: arm.c:kvm_arch_vcpu_ioctl_run (pre, v1).
    """
    yield "", f"ask whose VM {kvm} is"
    check_ioctl(view, kvm, host_vcpu, process)
    if ret := (yield from prepare_run(view, kvm, host_vcpu)):
        return ret
    yield from hypercall(view, "__pkvm_vcpu_load", view.ref(Kvm, kvm).handle, vcpu_idx(host_vcpu))
    ret = yield from hypercall(view, "__kvm_vcpu_run", host_vcpu)
    if page and not ret:
        ret = yield from kvm_guest_fault(view, kvm, page, gfn, prot)
        ret = ret or (yield from hypercall(view, "__kvm_vcpu_run", host_vcpu))
    yield from hypercall(view, "__pkvm_vcpu_put")
    return ret


def kvm_guest_fault(view: View, kvm: str, page: str, gfn: int, prot: str = "RWX") -> Hypercall:
    """Lend a page to the guest that faulted on this CPU, or give it to a protected one, and record the mapping.

    Source: mmu.c:user_mem_abort, pkvm.c:pkvm_pgtable_stage2_map (pre, v1, upstream).
    """
    yield "M", f"take mmu_lock and ask for gfn {gfn:#x}"
    host = view.ref(Kvm, kvm)
    ret: int | None = -EAGAIN
    lock(view, host, "mmu_lock")
    if gfn not in dict(host.mappings):
        name = "__pkvm_host_donate_guest" if host.is_protected else "__pkvm_host_share_guest"
        ret = yield from hypercall(view, name, page, gfn, *(() if host.is_protected else (1, prot)))
        host.mappings = host.mappings if ret else tuple(sorted((*host.mappings, (gfn, page))))
    host.mmu_lock = None
    return ret


def kvm_unmap(view: View, kvm: str, gfn: int = 0, nr: int = 1 << 28) -> Hypercall:
    """Take pages home because their owner unmaps the memory; a protected guest keeps its pages.

    The notifier holds mmu_lock throughout, so it never meets a teardown.
    Source: mmu.c:kvm_unmap_gfn_range (pre, upstream).
    """
    yield "M", "take mmu_lock and ask whether there is a page table"
    host = view.ref(Kvm, kvm)
    lock(view, host, "mmu_lock")
    if host.has_pgt and not host.is_protected:
        yield from take_pages_home(view, host, gfn, nr)
    host.mmu_lock = None
    return 0


def kvm_delete_memslot(view: View, kvm: str) -> Hypercall:
    """Take the memory slot away from a guest; refuse (-EPERM) if the guest is protected and has run."""
    yield "", f"ask what kind of VM {kvm} is"
    host = view.ref(Kvm, kvm)
    view.check(not (host.is_protected and host.is_created), -EPERM, f"{kvm} is protected and has run")
    return (yield from kvm_unmap(view, kvm))


def take_pages_home(view: View, kvm: Ref, first: int, nr: int) -> Generator[Region, None, None]:
    """Take the pages in a range home: unshare them or, of a protected guest, reclaim them.

    An unshare that fails ends the range; a reclaim that fails does not.
    Source: pkvm.c:__pkvm_pgtable_stage2_unshare, __pkvm_pgtable_stage2_reclaim (v1, upstream).
    """
    name = "__pkvm_reclaim_dying_guest_page" if kvm.is_protected else "__pkvm_host_unshare_guest"
    for gfn, _ in kvm.mappings:
        if first <= gfn < first + nr:
            ret = yield from hypercall(view, name, kvm.handle, gfn)
            warn_on(view, ret, name)
            if not ret:
                kvm.mappings = tuple(mapped for mapped in kvm.mappings if mapped[0] != gfn)
            elif not kvm.is_protected:
                return


def exit_mmap(view: View, kvm: str, steps: int = 1 << STEP_SHIFT) -> Hypercall:
    """Free the address space of a VM's owner, which takes the guest's memory apart; the files may stay open.

    `steps` is the length of the walk: 2**18 for 48 bits of address space. If the page table were not detached under
    mmu_lock, two CPUs could walk at once, or one could walk while a notifier unmaps.
    Source: mmu.c:kvm_arch_flush_shadow_all, kvm_free_stage2_pgd, stage2_destroy_range (pre, v1).
    """
    yield "M", "take the page table away from everybody else"
    view.check(0 <= steps <= 1 << STEP_SHIFT, -EINVAL, f"a walk has no {steps} steps")
    host = view.ref(Kvm, kvm)
    if "host_detaches" in view.revision.host:
        lock(view, host, "mmu_lock")
        had_pgt, host.has_pgt, host.mmu_lock = host.has_pgt, False, None
        if not had_pgt:
            return 0
    for step in list_walk_steps(view, host, steps):
        yield from pkvm_pgtable_stage2_destroy_range(view, host, step << STEP_SHIFT)
    if host.mappings:
        left = f"{len(host.mappings)} mappings are left"
        view.events.append(Event("HOST_WARN", "pkvm_pgtable_stage2_destroy_pgd", left))
    return 0


def list_walk_steps(view: View, kvm: Ref, steps: int) -> Iterable[int]:
    """Return the steps of the walk in which something happens: the first, which makes the start, and those with pages.

    A host that forgets the start makes it again in each step.
    """
    if "host_starts" in view.revision.host and "host_remembers_start" not in view.revision.host:
        return range(steps)
    return sorted({0, *(gfn >> STEP_SHIFT for gfn, _ in kvm.mappings)})


def pkvm_pgtable_stage2_destroy_range(view: View, kvm: Ref, first: int) -> Generator[Region, None, None]:
    """Start the teardown, unless the memo says that it was started, and take the pages of this step home.

    The memo is written without a lock, whatever EL2 answered. Source: pkvm.c (v1).
    """
    if not kvm.handle:
        return
    if start_is_due(view, kvm):
        ret = yield from hypercall(view, START, kvm.handle)
        yield "", "note that the start was made"
        warn_on(view, ret, START)
        kvm.is_dying = True
    yield from take_pages_home(view, kvm, first, 1 << STEP_SHIFT)


def start_is_due(view: View, kvm: Ref) -> bool:
    """Return True if this host starts teardowns, EL2 has made the VM, and the memo does not say that it was started."""
    habits = view.revision.host
    made = kvm.is_created or "host_asks_created" not in habits
    done = kvm.is_dying and "host_remembers_start" in habits
    return bool("host_starts" in habits and made and not done)


def kvm_close(view: View, kvm: str, fd: str) -> Hypercall:
    """Close the file of a VM (kvm0) or of one of its vCPUs (hv0.0); closing the last file destroys the VM."""
    yield "", f"close {fd}"
    view.check(fd in view.ref(Kvm, kvm).fds, -EBADF, f"{fd} is not open")
    view.ref(Kvm, kvm).fds = tuple(other for other in view.ref(Kvm, kvm).fds if other != fd)
    return 0 if view.ref(Kvm, kvm).fds else (yield from kvm_destroy_vm(view, kvm))


def kvm_destroy_vm(view: View, kvm: str, steps: int = 1 << STEP_SHIFT) -> Hypercall:
    """Destroy a VM: take its pages home if they are not, destroy the VM itself, end the loans of its structs.

    Source: kvm_main.c:kvm_destroy_vm, arm.c:kvm_arch_destroy_vm (pre, v1).
    """
    host = view.ref(Kvm, kvm)
    yield from exit_mmap(view, kvm, steps)
    yield from pkvm_destroy_hyp_vm(view, host)
    for struct in (*host.vcpus, kvm):
        yield from kvm_unshare_hyp(view, struct)
    host.vcpus, host.finalized, host.fds = (), (), ()
    return 0


def pkvm_destroy_hyp_vm(view: View, kvm: Ref) -> Generator[Region, None, None]:
    """Have EL2 destroy the VM, or unreserve the handle if it made none; free what came back; forget the handle.

    Source: pkvm.c:__pkvm_destroy_hyp_vm (pre, v1).
    """
    yield "C", "ask whether EL2 has the VM"
    lock(view, kvm, "config_lock")
    destroy = "__pkvm_finalize_teardown_vm" if "host_starts" in view.revision.host else "__pkvm_teardown_vm"
    if kvm.is_created:
        warn_on(view, (yield from hypercall(view, destroy, kvm.handle)), destroy)
    elif kvm.handle:
        yield from hypercall(view, "__pkvm_unreserve_vm", kvm.handle)
    kvm.handle, kvm.is_created, kvm.teardown_mc, kvm.stage2_teardown_mc, kvm.config_lock = 0, False, 0, 0, None


def host_access(view: View, page: str, by_kernel: bool = False) -> Hypercall:
    """Read a page at EL1 or, for a process, at EL0. Without support for protected guests a page given away is fatal.

    A process that reads a living guest's secret gets SIGSEGV (-EFAULT); the kernel takes the page by force.
    Source: mm/fault.c, hyp/nvhe/mem_protect.c:handle_host_mem_abort (pre, upstream).
    """
    yield "H", f"look page {page} up in the host's stage 2"
    if view.page(page).host != NOPAGE:
        return 0
    view.bug_on(FORCE_RECLAIM not in view.revision.calls, "handle_host_mem_abort", f"the host gave page {page} away")
    view.check(by_kernel, -EFAULT, f"page {page} is not the host's: SIGSEGV")
    return (yield from hypercall(view, FORCE_RECLAIM, page))


def fork_owner(view: View, kvm: str) -> Hypercall:
    """Fork the owner of a VM: this write-protects its memory for copying, so an ordinary guest's pages come home.

    The pages of a protected guest are pinned and copied at once: the kernel reads them, which takes them by force.
    Source: mm/memory.c:copy_page_range (pre, upstream).
    """
    yield "", f"ask which pages of {kvm} are pinned"
    host = view.ref(Kvm, kvm)
    if not host.is_protected:
        return (yield from kvm_unmap(view, kvm))
    for _, page in host.mappings:
        yield from host_access(view, page, by_kernel=True)
    return 0


HOST_CALLS: dict[str, Callable[..., Hypercall]] = {function.__name__: function for function in (
    kvm_create_vm, kvm_create_vcpu, kvm_first_run, kvm_vcpu_run, kvm_guest_fault, kvm_unmap, kvm_delete_memslot,
    exit_mmap, kvm_close, kvm_destroy_vm, host_access, fork_owner)}
