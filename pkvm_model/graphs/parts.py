"""The parts of a state as a bench shows them: slots, cards of VMs, rows of pages."""
from __future__ import annotations

from collections.abc import Iterable

from ..model.state import (FREE, GUEST, HANDLE_OFFSET, HYP, NOPAGE, OWNED, RESERVED, SHARED_BORROWED, SHARED_OWNED, Cpu,
                           Flight, Kvm, Page, Slot, State, Vcpu, Vm, sort_key)
from ..show.words import ShownHolder, find_holders
from ..text import count
from .contract import CardValue, HolderValue, RowValue, SlotValue

LETTER = {OWNED: "O", SHARED_OWNED: "S", SHARED_BORROWED: "B", NOPAGE: "-"}
GUEST_SAYS = {OWNED: "Only {} can use it, as {}.", SHARED_OWNED: "{} owns it as {} and lends it to the host.",
              SHARED_BORROWED: "Lent to {} as {}."}
KINDS = {"kvm": "host’s struct kvm", "hv": "host’s struct kvm_vcpu", "vm": "EL2’s VM struct", "pgd": "stage-2 root",
         "vc": "EL2’s vCPU struct", "g": "guest page"}
Guests = dict[str | None, list[tuple[int, int, str]]]
"""By the name of a page: handle, gfn and right of each guest that has it."""


def is_in_guest(flight: Flight | None) -> bool:
    """Return True while a vCPU runs."""
    return flight is not None and flight.call == "__kvm_vcpu_run"


def describe_use(name: str) -> str:
    """Return what a page is for, from its name."""
    return KINDS[find_kind(name)]


def find_kind(name: str) -> str:
    """Return the letters that a page's name begins with."""
    return name.rstrip("0123456789.+")


def sort_pages(names: Iterable[str]) -> list[str]:
    """Return the names of pages in the order of a bench: by kind, then by number."""
    ranks = {kind: rank for rank, kind in enumerate(KINDS)}
    return sorted(names, key=lambda name: (ranks.get(find_kind(name), len(ranks)), sort_key((Page, name))))


def encode_slot(state: State, idx: int) -> SlotValue:
    """Return a slot of the VM table."""
    entry = state.get(Slot, idx).entry
    word = entry if entry in (FREE, RESERVED) else choose_vm_word(state, entry)
    return {"handle": f"{HANDLE_OFFSET + idx:#x}", "vmid": idx + 1, "word": word}


def choose_vm_word(state: State, vm: str) -> str:
    """Return where a VM is in its life."""
    struct = state.get(Vm, vm)
    if struct == Vm():
        return "freed"
    return "dying" if struct.is_dying else "live" if any(struct.vcpus) else "initialised"


def list_vms(state: State) -> list[str]:
    """Return the VMs worth a card: those EL2 has, and those given back whose pages the host still counts."""
    there = {vm for vm, _ in state.all(Vm)}
    left = {f"vm{name.removeprefix('kvm')}" for name, kvm in state.all(Kvm) if kvm.teardown_mc or kvm.is_dying}
    return sorted(there | left, key=lambda name: sort_key((Vm, name)))


def encode_card(state: State, vm: str, handle: int) -> CardValue:
    """Return a VM's card."""
    owner = f"kvm{vm.removeprefix('vm')}"
    struct, kvm, word = state.get(Vm, vm), state.get(Kvm, owner), choose_vm_word(state, vm)
    published = [idx for idx in range(state.config.slots) if state.get(Slot, idx).entry == vm]
    where = f"slot {published[0]}" if published else "out of the table"
    return {
        "handle": f"{handle:#x}" if handle else f"of {owner}", "vm": vm, "word": word, "where": where,
        "count": state.get(Page, vm).refcount, "holders": [encode_holder(holder) for holder in find_holders(state, vm)],
        "memo": "yes" if kvm.is_dying else "no",
        "dying": "struct is gone" if word == "freed" else "yes" if struct.is_dying else "no",
        "vcpus": [{"idx": idx, "word": choose_vcpu_word(state, vcpu)} for idx, vcpu in enumerate(struct.vcpus)],
        "caches": describe_memcaches(state, struct), "back": describe_given_back(kvm),
    }


def encode_holder(holder: ShownHolder) -> HolderValue:
    """Return a holder of a reference."""
    return {"kind": holder.kind, "says": holder.says, "stale": holder.stale}


def choose_vcpu_word(state: State, address: str | None) -> str:
    """Return what a vCPU is doing."""
    vcpu = state.get(Vcpu, address or "")
    if vcpu == Vcpu():
        return "absent"
    if vcpu.loaded_on is None:
        return "idle"
    running = is_in_guest(state.get(Cpu, vcpu.loaded_on).flight)
    return f"{'running' if running else 'loaded'} on CPU {vcpu.loaded_on}"


def describe_memcaches(state: State, vm: Vm) -> str:
    """Return EL2's stock of pages for the VM's next stage-2 tables: with each vCPU, and in the VM's pool."""
    vcpus = [(f"vCPU {idx}", state.get(Vcpu, address or "").memcache) for idx, address in enumerate(vm.vcpus)]
    return list_stocks([*vcpus, ("pool", vm.pool)]) or "empty"


def describe_given_back(kvm: Kvm) -> str:
    """Return what EL2 has pushed on the host's two memcaches."""
    return list_stocks([("teardown", kvm.teardown_mc), ("stage 2", kvm.stage2_teardown_mc)]) or "nothing yet"


def list_stocks(stocks: list[tuple[str, int]]) -> str:
    """Return the stocks that are not empty, each with its number of pages."""
    return " · ".join(f"{name} {count(pages, 'page')}" for name, pages in stocks if pages)


def find_guests(state: State) -> Guests:
    """Return the guests that have a page, by the page's name."""
    guests: Guests = {}
    for _, vm in state.all(Vm):
        for gfn, mapped, right, _ in vm.maps:
            guests.setdefault(mapped, []).append((vm.handle, gfn, right))
    return guests


def encode_row(state: State, name: str, lent: Guests | None = None) -> RowValue:
    """Return a row of the ownership table; `lent` are the guests of every page, if the caller knows them already."""
    page = state.get(Page, name)
    guests = (find_guests(state) if lent is None else lent).get(name, [])
    return {"host": LETTER[page.host], "hyp": LETTER[page.hyp], "guest": LETTER[guests[0][2]] if guests else "-",
            "owner": name_owner(page, guests),
            "count": describe_counts(name, page), "says": describe_page_state(state, name, page, guests)}


def name_owner(page: Page, guests: list[tuple[int, int, str]]) -> str:
    """Return whose page it is: what the host's table notes, but a guest that lends a page to the host still owns it."""
    if any(right == SHARED_OWNED for _, _, right in guests):
        return GUEST
    return page.owner if isinstance(page.owner, str) else page.owner[0]


def describe_counts(name: str, page: Page) -> str:
    """Return the counts that belong to a page, with what they count."""
    if page.host_share_guest_count:
        return f"shared {page.host_share_guest_count}"
    if not page.refcount or (name.startswith("pgd") and page.owner == HYP):
        return ""
    return f"{'count' if name.startswith(('vm', 'pgd')) else 'pinned'} {page.refcount}"


def describe_page_state(state: State, name: str, page: Page, guests: list[tuple[int, int, str]]) -> str:
    """Return a page's situation in one sentence."""
    if guests:
        handle, gfn, right = guests[0]
        return GUEST_SAYS[right].format(f"VM {handle:#x}", f"gfn {gfn:#x}")
    if (page.host, page.hyp) == (NOPAGE, NOPAGE):
        return "Nobody can use it."
    if page.host_share_guest_count:
        return "Counts as lent, but no guest maps it."
    if page.hyp == SHARED_BORROWED:
        return "Lent to EL2, which has it pinned." if page.refcount else "Lent to EL2."
    if page.hyp == OWNED:
        return "Only EL2 can use it."
    using = [holder.says.split(" · ")[0] for holder in find_holders(state, name)]
    return f"The host owns it, and {using[0]} still uses it." if using else "Only the host can use it."
