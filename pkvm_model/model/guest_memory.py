"""A guest's memory: lending host pages to it, its stage-2 tables, and the pages the tables are made of.

Table pages have no names: a VM's `pool` counts the pages in its page pool, a vCPU's `memcache` those ready for the next
map. Which tables a VM uses follows from what it maps. Source: hyp/nvhe/mem_protect.c,
hyp/nvhe/hyp-main.c, hyp/pgtable.c (pre, v1).
"""
from __future__ import annotations

from collections.abc import Generator
from typing import Any

from .memory import hyp_donate_host
from .revisions import E2BIG, EAGAIN, EINVAL, ENOENT, ENOMEM, EPERM, ERANGE
from .state import OWNED, SHARED_BORROWED, SHARED_OWNED, HostVcpu, Kvm, Mapped
from .view import Hypercall, Pointer, Ref, Refused, Region, View
from .vm_table import get_np_pkvm_hyp_vm, put_pkvm_hyp_vm

# The model's guests have 2**40 bytes of address space; a last-level table maps 2**9 pages, the one above it 2**18.
# The host's own walk over that space may go further: 2**48 bytes where it was counted.
IPA_BITS, PAGE_SHIFT, TABLE_SHIFT, BLOCK_SHIFT = 40, 12, 9, 18

# More pages than any map needs; a host that wants to fill its memcache beyond this runs out of memory.
MEMCACHE_LIMIT = 64


def list_tables(maps: tuple[Mapped, ...]) -> set[tuple[str, int]]:
    """Return the stage-2 tables below the root that these leaves need."""
    gfns = [gfn for gfn, *_ in maps]
    return {("level 2", gfn >> BLOCK_SHIFT) for gfn in gfns} | {("level 3", gfn >> TABLE_SHIFT) for gfn in gfns}


def prepare_stage2(view: View, vm: Ref) -> None:
    """Make the PGD area the VM's page pool and take the root table from it: its page now counts 1."""
    pgd = view.page(vm.pgd)
    view.bug_on(pgd.refcount != 0, "hyp_set_page_refcounted", f"page {vm.pgd} counts {pgd.refcount}, not 0")
    pgd.refcount = 1


def destroy_stage2(view: View, vm: Ref) -> None:
    """Take the tables apart. Nobody looks at the pages they mapped: a host that forgot them has lost them."""
    view.page(vm.pgd).refcount = 0
    vm.pool += view.config.pgd_pages + len(list_tables(vm.maps))
    vm.maps = ()


def reclaim_pgtable_page(view: View, vm: Ref, host_kvm: str) -> None:
    """Push one page of the pool on the host's stage2_teardown_mc; the root area goes home with its last page.

    If two calls take the same VM apart, the pool may be empty by now: a page is not given back twice.
    """
    view.ref(Kvm, host_kvm).stage2_teardown_mc += 1
    vm.pool -= 1
    if vm.pool <= 0:
        hyp_donate_host(view, vm.pgd)


def reclaim_memcache_page(view: View, vcpu: str, host_kvm: str) -> None:
    """Push one unused page of a vCPU's memcache on the host's stage2_teardown_mc."""
    view.ref(Kvm, host_kvm).stage2_teardown_mc += 1
    view.vcpu(vcpu).memcache -= 1


def refill_memcache(view: View, vcpu: Ref) -> Generator[Region, None, None]:
    """Take pages one by one until the vCPU has as many as the host has ready.

    EL2 works on its own copy of the host's count and writes it back at the end (`refill_memcache`).
    """
    wanted = left = view.ref(HostVcpu, vcpu.host_vcpu).memcache
    while vcpu.memcache < wanted:
        yield "H+Y", "take a page for tables from the host"
        vcpu.memcache += 1
        left -= 1
    view.ref(HostVcpu, vcpu.host_vcpu).memcache = left


def __pkvm_host_share_guest(view: View, page: str, gfn: int, nr: int = 1, prot: str = "RWX",
                            topup: int = 2) -> Hypercall:
    """Lend a host page to the guest whose vCPU is loaded on this CPU.

    `topup` describes the host: how many pages it has ready for tables when it calls. Checks: a vCPU of an ordinary VM
    is loaded, prot, size (-EINVAL), gfn in range (-ERANGE), gfn not mapped, page the host's or already lent to guests
    (-EPERM), in upstream also memcache (-ENOMEM). Changes: refill, page SHARED_OWNED, its share count + 1, mapping; a
    memcache too small for the tables is an EL2 warning. Source: hyp/nvhe/hyp-main.c, hyp/nvhe/mem_protect.c (pre, v1).
    """
    yield "", "ask which vCPU is loaded here"
    vcpu = get_loaded_vcpu(view, protected=False, topup=topup)
    yield from refill_memcache(view, vcpu)
    yield "H+G", f"lend page {page} as gfn {gfn:#x}"
    view.check(set(prot) <= set("RWX"), -EINVAL, f"{prot} is not a set of R, W and X")
    view.check(nr == 1, -EINVAL, f"{nr} pages are neither one page nor one aligned block")
    share_page(view, vcpu, page, gfn)
    return 0


def get_loaded_vcpu(view: View, *, protected: bool, topup: int = 0) -> Pointer:
    """Return the vCPU loaded on this CPU, if its VM is of this kind; the reference to the VM is the load's.

    `topup` describes the host: before it calls, it fills its own memcache up to this many pages.
    """
    vcpu = view.vcpu(view.cpu.loaded)
    view.check(vcpu, -EINVAL, f"nothing is loaded on CPU {view.number}")
    view.check(topup <= MEMCACHE_LIMIT, -ENOMEM, f"the host has no {topup} pages to spare")
    host, vm = view.ref(HostVcpu, vcpu.host_vcpu), view.vm(vcpu.vm)
    host.memcache = max(host.memcache, topup)
    view.check(vm.is_protected == protected, -EINVAL, f"VM {vm.handle:#x} is {'not ' if protected else ''}protected")
    return vcpu


def share_page(view: View, vcpu: Ref, name: str, gfn: int) -> None:
    """Check both sides, then map."""
    vm, page = view.vm(vcpu.vm), view.page(name)
    check_nothing_at(view, vm, gfn)
    lent = page.host == SHARED_OWNED and page.host_share_guest_count > 0
    view.check(page.host == OWNED or lent, -EPERM, f"page {name} is not the host’s to lend")
    check_memcache(view, vcpu)
    page.host = SHARED_OWNED
    page.host_share_guest_count += 1
    put_leaf(view, vm, vcpu, Mapped(gfn, name, SHARED_BORROWED))


def check_nothing_at(view: View, vm: Ref, gfn: int) -> None:
    """Refuse unless the guest has nothing at this gfn; a poisoned leaf is something."""
    check_gfn(view, gfn)
    view.check(not find_leaf(vm, gfn), -EPERM, f"VM {vm.handle:#x} has something at gfn {gfn:#x}")


def check_gfn(view: View, gfn: int) -> None:
    """Refuse unless the guest's address space reaches that far."""
    view.check(not is_beyond(gfn), -ERANGE, f"gfn {gfn:#x} is beyond the guest's address space")


def is_beyond(gfn: int) -> bool:
    """Return True if the guest's address space does not reach that far."""
    return gfn >> (IPA_BITS - PAGE_SHIFT) != 0


def check_memcache(view: View, vcpu: Ref) -> None:
    """Refuse in upstream unless there is a page for each table that a map might need, even if the table exists."""
    enough = vcpu.memcache >= view.config.table_pages_min
    view.guard("map_memcache", enough, f"the memcache has {vcpu.memcache} pages for tables")


def find_leaf(vm: Ref, gfn: int) -> Mapped | None:
    """Return what a guest has at a gfn, or None."""
    return next((mapped for mapped in get_leaves(vm) if mapped.gfn == gfn), None)


def require_leaf(vm: Ref, gfn: int, code: int = -ENOENT) -> Mapped:
    """Return what a guest has at a gfn; refuse with this code if it has nothing there."""
    found = find_leaf(vm, gfn)
    if not found:
        raise Refused(code, f"VM {vm.handle:#x} has nothing at gfn {gfn:#x}")
    return found


def get_leaves(vm: Ref) -> tuple[Mapped, ...]:
    """Return all leaves of a guest. A restored call reads plain tuples, so they are made leaves again here."""
    return tuple(Mapped(*mapped) for mapped in vm.maps)


def put_leaf(view: View, vm: Ref, vcpu: Ref, new: Mapped) -> None:
    """Map. New tables come from the VM's pool, then from the vCPU's memcache; too few pages are an EL2 warning."""
    maps = tuple(sorted((*get_leaves(vm), new)))
    needed = len(list_tables(maps)) - len(list_tables(vm.maps))
    from_pool = min(vm.pool, needed)
    vm.pool -= from_pool
    lacking = needed - from_pool - vcpu.memcache
    why = f"the memcache has no page left for a table of VM {vm.handle:#x}"
    view.warn_on(lacking > 0, "__pkvm_host_share_guest", why)
    vcpu.memcache = max(0, -lacking)
    if lacking <= 0:
        vm.maps = maps


def change_leaf(vm: Ref, gfn: int, **changes: Any) -> None:
    """Change the attributes of a leaf; nothing happens if nothing is mapped."""
    vm.maps = tuple(old._replace(**changes) if old.gfn == gfn else old for old in get_leaves(vm))


def remove_leaf(vm: Ref, gfn: int) -> None:
    """Unmap; tables that become empty return to the VM's pool."""
    left = tuple(mapped for mapped in get_leaves(vm) if mapped.gfn != gfn)
    vm.pool += len(list_tables(vm.maps)) - len(list_tables(left))
    vm.maps = left


def __pkvm_host_unshare_guest(view: View, handle: int, gfn: int, nr: int = 1) -> Hypercall:
    """End the loan of a page to a guest. Look the VM up by handle and hold a reference for this one call.

    Checks: an ordinary VM (-EINVAL), size (-EINVAL), gfn in range (-ERANGE), mapped (-ENOENT), of that
    size (-E2BIG), page on loan (-EPERM). Changes: count + 1 and later - 1, mapping gone, share count - 1, page OWNED
    again when that is 0. Source: hyp/nvhe/hyp-main.c, hyp/nvhe/mem_protect.c (pre to upstream).
    """
    vm = yield from get_np_pkvm_hyp_vm(view, handle)
    yield "H+G", f"unmap gfn {gfn:#x}"
    ret = view.attempt(unshare_page, vm, gfn, nr)
    return (yield from put_pkvm_hyp_vm(view, vm, ret))


def unshare_page(view: View, vm: Ref, gfn: int, nr: int) -> None:
    """Check, unmap, count down; when nobody else borrows the page, it is the host's alone again."""
    check_size(view, gfn, nr)
    check_gfn(view, gfn)
    found = require_leaf(vm, gfn)
    view.check(nr == 1, -E2BIG, f"gfn {gfn:#x} is mapped as one page, not as a block")
    page = view.page(str(found.page))
    view.check(page.host == SHARED_OWNED, -EPERM, f"page {page} is not on loan from the host")
    remove_leaf(vm, gfn)
    page.host_share_guest_count -= 1
    if page.host_share_guest_count == 0:
        page.host = OWNED


def check_size(view: View, gfn: int, nr: int) -> None:
    """Refuse unless this is one page or one aligned block."""
    fits = nr == 1 or (nr == 1 << TABLE_SHIFT and gfn % nr == 0)
    view.check(fits, -EINVAL, f"{nr} pages are neither one page nor one aligned block")


def __pkvm_host_wrprotect_guest(view: View, handle: int, gfn: int, nr: int = 1) -> Hypercall:
    """Take write access to a page from a guest. Look the VM up by handle and hold it for this one call.

    Checks: an ordinary VM, size (-EINVAL), gfn in range (-ERANGE). Changes: count + 1 and later - 1; the model keeps no
    access rights. Source: hyp/nvhe/hyp-main.c, hyp/nvhe/mem_protect.c (pre to upstream).
    """
    vm = yield from get_np_pkvm_hyp_vm(view, handle)
    yield "G", f"write-protect gfn {gfn:#x}"
    view.touch(vm)
    ret = view.attempt(check_size, gfn, nr) or view.attempt(check_gfn, gfn)
    return (yield from put_pkvm_hyp_vm(view, vm, ret))


def __pkvm_host_test_clear_young_guest(view: View, handle: int, gfn: int, nr: int = 1,
                                       mkold: bool = False) -> Hypercall:
    """Test whether a guest used a page lately, and clear that on request. Hold the VM for this one call.

    Answer 1 or 0. Checks: an ordinary VM, size (-EINVAL); a gfn out of range is an EL2 warning. Changes: count + 1 and
    later - 1, the page's age. Source: hyp/nvhe/hyp-main.c, hyp/nvhe/mem_protect.c, hyp/pgtable.c (pre to upstream).
    """
    vm = yield from get_np_pkvm_hyp_vm(view, handle)
    yield "G", f"ask for the age of gfn {gfn:#x}"
    ret = view.attempt(check_size, gfn, nr) or test_clear_young(view, vm, gfn, mkold)
    return (yield from put_pkvm_hyp_vm(view, vm, ret))


def test_clear_young(view: View, vm: Ref, gfn: int, mkold: bool) -> int:
    """Return 1 if the page was used since the last call with `mkold`, else 0."""
    why = f"gfn {gfn:#x} is beyond the guest's address space"
    view.warn_on(is_beyond(gfn), "kvm_pgtable_stage2_test_clear_young", why)
    found = find_leaf(vm, gfn)
    if mkold:
        change_leaf(vm, gfn, young=False)
    return 1 if found and found.young else 0


def __pkvm_host_relax_perms_guest(view: View, gfn: int, prot: str = "RWX") -> Hypercall:
    """Give the guest loaded here more access to a page.

    Checks: a vCPU of an ordinary VM is loaded, prot (-EINVAL), gfn in range (-ERANGE), mapped (-EAGAIN). Changes:
    nothing that the model keeps. Source: hyp/nvhe/hyp-main.c, hyp/nvhe/mem_protect.c (pre to upstream).
    """
    yield "G", f"give more access to gfn {gfn:#x}"
    vm = view.vm(get_loaded_vcpu(view, protected=False).vm)
    view.check(set(prot) <= set("RWX"), -EINVAL, f"{prot} is not a set of R, W and X")
    check_gfn(view, gfn)
    require_leaf(vm, gfn, -EAGAIN)
    return 0


def __pkvm_host_mkyoung_guest(view: View, gfn: int) -> Hypercall:
    """Record that the guest loaded here used a page.

    Checks: a vCPU of an ordinary VM is loaded (-EINVAL). Changes: the page's age.
    Source: hyp/nvhe/hyp-main.c, hyp/nvhe/mem_protect.c (pre to upstream).
    """
    yield "G", f"mark gfn {gfn:#x} as used"
    vm = view.vm(get_loaded_vcpu(view, protected=False).vm)
    change_leaf(vm, gfn, young=True)
    return 0
