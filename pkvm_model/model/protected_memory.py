"""A protected guest's memory: pages the host gives away, and the three ways they come back. Upstream only.

A page that the host donated is the guest's alone: the host's stage 2 records the owner. It comes home by reclaim (once
the VM is dying), by force (the host touched it; the guest's leaf is poisoned), or for a while if the guest lends it.
"""
from __future__ import annotations

from . import guest_memory as guest
from .revisions import EAGAIN, EHWPOISON, EINVAL, EPERM
from .state import GUEST, HOST, NOPAGE, OWNED, POISON, SECRET, SHARED_BORROWED, SHARED_OWNED, ZERO, Mapped
from .view import Hypercall, Ref, View
from .vm_table import get_pkvm_hyp_vm, get_vm_by_handle, put_pkvm_hyp_vm


def __pkvm_host_donate_guest(view: View, page: str, gfn: int, topup: int = 2) -> Hypercall:
    """Give a host page to the protected guest whose vCPU is loaded on this CPU; the guest writes a secret to it.

    Checks: a vCPU of a protected VM is loaded (-EINVAL), host OWNED, nothing at gfn (-EPERM), memcache (-ENOMEM).
    Changes: refill, page NOPAGE with the guest as owner, leaf OWNED. Source: hyp/nvhe/mem_protect.c (upstream).
    """
    yield "", "ask which vCPU is loaded here"
    vcpu = guest.get_loaded_vcpu(view, protected=True, topup=topup)
    yield from guest.refill_memcache(view, vcpu)
    yield "H+G", f"give page {page} to the guest as gfn {gfn:#x}"
    donate_page(view, vcpu, page, gfn)
    return 0


def donate_page(view: View, vcpu: Ref, name: str, gfn: int) -> None:
    """Check both sides, then move the page."""
    vm, page = view.vm(vcpu.vm), view.page(name)
    view.check(page.host == OWNED, -EPERM, f"page {name} is not the host’s alone")
    guest.check_nothing_at(view, vm, gfn)
    guest.check_memcache(view, vcpu)
    page.host, page.owner, page.content = NOPAGE, (GUEST, vm.handle, gfn), SECRET
    guest.put_leaf(view, vm, vcpu, Mapped(gfn, name, OWNED))


def __pkvm_reclaim_dying_guest_page(view: View, handle: int, gfn: int) -> Hypercall:
    """Give a page of a dying guest back to the host, zeroed unless the guest had shared it. Hold the VM meanwhile.

    Checks: VM, dying (-EINVAL), gfn in range (-ERANGE), mapped (-ENOENT), the guest's page (-EPERM). Changes: count + 1
    and later - 1, leaf, page. Source: hyp/nvhe/pkvm.c, hyp/nvhe/mem_protect.c (upstream).
    """
    vm = yield from get_pkvm_hyp_vm(view, handle)
    ret = view.attempt(check_dying, vm)
    if not ret:
        yield "H+G", f"give gfn {gfn:#x} back to the host"
        ret = view.attempt(reclaim_page, vm, gfn)
    return (yield from put_pkvm_hyp_vm(view, vm, ret))


def check_dying(view: View, vm: Ref) -> None:
    """Refuse, if the kernel has this guard, as long as somebody could still run in the guest."""
    view.guard("reclaim_dying", vm.is_dying, f"VM {vm.handle:#x} is not dying yet")


def reclaim_page(view: View, vm: Ref, gfn: int) -> None:
    """Take one page from a guest; zero it first if only the guest knew its content."""
    guest.check_gfn(view, gfn)
    found = guest.require_leaf(vm, gfn)
    if found.right == POISON:
        return
    view.check(found.right in (OWNED, SHARED_OWNED), -EPERM, f"gfn {gfn:#x} is not a page of the guest's own")
    page = view.page(str(found.page))
    if found.right == OWNED:
        page.content = ZERO
    guest.remove_leaf(vm, gfn)
    page.host, page.owner = OWNED, HOST


def __pkvm_force_reclaim_guest_page(view: View, page: str) -> Hypercall:
    """Take a page from a living guest because the host touched it; the guest's leaf is poisoned for ever.

    Checks: host NOPAGE (-EAGAIN), owned by a guest (-EPERM), that VM is there (-EAGAIN), its leaf not poisoned
    (-EHWPOISON), mapped (-ENOENT), the same page (EL2 warning), OWNED (-EPERM). Changes: leaf, page zeroed and the
    host's. Source: hyp/nvhe/mem_protect.c (upstream).
    """
    yield "L+H+G", f"zero page {page}, give it to the host, poison the guest's leaf"
    record = view.page(page)
    owner = record.owner
    view.check(record.host == NOPAGE, -EAGAIN, f"the host can use page {page} already")
    view.check(isinstance(owner, tuple), -EPERM, f"page {page} is EL2's, not a guest's")
    vm = get_vm_by_handle(view, owner[1])
    view.check(vm, -EAGAIN, f"the VM {owner[1]:#x} that page {page} was given to is gone")
    poison_leaf(view, vm, owner[2], page)
    record.host, record.owner, record.content = OWNED, HOST, ZERO
    return 0


def poison_leaf(view: View, vm: Ref, gfn: int, name: str) -> None:
    """Check that the guest alone has this page at this gfn, and poison the leaf."""
    found = guest.require_leaf(vm, gfn)
    view.check(found.right != POISON, -EHWPOISON, f"gfn {gfn:#x} is poisoned already")
    other = f"VM {vm.handle:#x} has page {found.page} at gfn {gfn:#x}, not {name}"
    view.warn_on(found.page != name, "__pkvm_host_force_reclaim_page_guest", other)
    view.check(found.page == name, -EINVAL, other)
    view.check(found.right == OWNED, -EPERM, f"the guest lends page {name}")
    guest.change_leaf(vm, gfn, page=None, right=POISON)


def guest_mem_share(view: View, gfn: int) -> Hypercall:
    """Let the protected guest that runs here lend one of its pages to the host.

    Checks: leaf not poisoned (-EHWPOISON), mapped (-ENOENT), OWNED, host NOPAGE (-EPERM). Changes: leaf SHARED_OWNED,
    page SHARED_BORROWED. Source: hyp/nvhe/mem_protect.c:__pkvm_guest_share_host (upstream).
    """
    yield "H+G", f"lend gfn {gfn:#x} to the host"
    vm, page = get_own_page(view, gfn, OWNED)
    view.check(page.host == NOPAGE, -EPERM, f"the host can use page {page} already")
    page.host, page.owner = SHARED_BORROWED, HOST
    guest.change_leaf(vm, gfn, right=SHARED_OWNED)
    return 0


def guest_mem_unshare(view: View, gfn: int) -> Hypercall:
    """Let the protected guest that runs here end the loan of a page to the host.

    Checks: leaf not poisoned (-EHWPOISON), mapped (-ENOENT), SHARED_OWNED, host SHARED_BORROWED (-EPERM). Changes: leaf
    OWNED, page NOPAGE. Source: hyp/nvhe/mem_protect.c:__pkvm_guest_unshare_host (upstream).
    """
    yield "H+G", f"end the loan of gfn {gfn:#x} to the host"
    vm, page = get_own_page(view, gfn, SHARED_OWNED)
    view.check(page.host == SHARED_BORROWED, -EPERM, f"page {page} is not on loan to the host")
    page.host, page.owner = NOPAGE, (GUEST, vm.handle, gfn)
    guest.change_leaf(vm, gfn, right=OWNED)
    return 0


def get_own_page(view: View, gfn: int, right: str) -> tuple[Ref, Ref]:
    """Return the protected VM loaded here and its page at this gfn; refuse unless it has this right to the page."""
    vm = view.vm(guest.get_loaded_vcpu(view, protected=True).vm)
    found = guest.require_leaf(vm, gfn)
    view.check(found.right != POISON, -EHWPOISON, f"gfn {gfn:#x} is poisoned")
    view.check(found.right == right, -EPERM, f"the guest's right to gfn {gfn:#x} is {found.right}")
    return vm, view.page(str(found.page))
