"""Calls made alone: a repair does what the kernel does, as long as nobody comes in between.

A call may refuse more than before while another call is under way, or if it succeeds once an honest host has put its
vCPUs and taken the guests' pages home; whatever it refuses leaves nothing behind. If it succeeds where the kernel
refuses, the kernel without one of its guards would have done the same: what a missing guard costs is what the races are
for. Its regions take the locks under which the kernel changes the same fields.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, NamedTuple

from ..model.revisions import REVISIONS, Revision, errno
from ..model.run import run
from ..model.state import (HOST, NOPAGE, OWNED, SECRET, SHARED_BORROWED, Config, Cpu, Kvm, Page, Slot, State, Vcpu, Vm,
                           zeroed)
from ..model.steps import Call, Step
from .homecoming import PUT, TAKE, HonestHost
from .properties import count_borrowers
from .situations import CONFIG, Situation, Steps, list_situations, list_trials, run_regions

LOCKS = {"L": "vm_table_lock", "H": "the host's stage-2 lock", "Y": "EL2's page-table lock", "G": "the VM's lock",
         "P": "the pool's lock", "M": "mmu_lock", "C": "config_lock", "": "no lock"}
NOUNS = {Page: "page", Slot: "slot", Vm: "VM", Vcpu: "vCPU", Cpu: "CPU", Kvm: "the host's"}
FEW = 8
"""How many vCPUs and pages an honest host takes back before it gives up; no situation has more."""
NEEDLESS = "__pkvm_init_vcpu"
"""The call that a dying VM can do without: nobody could load what it makes."""


class TriedCall(NamedTuple):
    """A rewritten call that was made alone: where, on which CPU, and its steps, region by region."""

    situation: Situation
    cpu: int
    call: Call
    steps: list[Step]


class Deviation(NamedTuple):
    """What a repaired call does otherwise when it is made alone: a sentence, the steps to it, how many are setup."""

    says: str
    steps: Steps
    setup: int
    config: Config


def make_trials(fixed: Revision) -> Iterator[TriedCall]:
    """Make every rewritten call in every situation."""
    for situation, cpu, call in list_trials(fixed):
        yield TriedCall(situation, cpu, call, run_regions(situation.state, fixed, cpu, call))


def find_endless(trials: Iterable[TriedCall]) -> Iterator[Deviation]:
    """Yield the rewritten calls that do not end, though nobody else does anything."""
    for situation, _, call, steps in trials:
        if steps[-1].pending and not (situation.is_busy and has_repeated(steps)):
            wait = ("while another call is in progress it never ends, and it stores more in each round"
                    if situation.is_busy else "it never ends, even if no other call is in progress")
            yield make_deviation(situation, call, wait, steps[:12])


def has_repeated(steps: list[Step]) -> bool:
    """Return True if a call came back to a state in which it was: it waits, and keeps nothing."""
    return len({step.state for step in steps}) < len(steps)


def find_deviations(fixed: Revision, trials: Iterable[TriedCall]) -> Iterator[Deviation]:
    """Yield what the rewritten calls do otherwise than the kernel when nobody comes in between."""
    locksets = collect_locksets(fixed.name)
    for situation, cpu, call, steps in trials:
        says = compare(fixed, situation, cpu, call, steps) or judge_regions(situation.state, steps, locksets)
        if says:
            yield make_deviation(situation, call, says, steps)


def make_deviation(situation: Situation, call: Call, says: str, steps: list[Step]) -> Deviation:
    """Return a difference with the steps that show it."""
    run = tuple((step, number == 0) for number, step in enumerate(steps))
    return Deviation(f"{call.name}: {says}.", (*situation.steps, *run), len(situation.steps), CONFIG)


def compare(fixed: Revision, situation: Situation, cpu: int, call: Call, steps: list[Step]) -> str:
    """Return what a repaired call does otherwise than the kernel's, '' if nothing that matters."""
    kernel, before, last = REVISIONS[fixed.name], situation.state, steps[-1]
    own = run(before, kernel, cpu, call)
    if last.pending or last.state.end:
        return "" if last.pending or own.state.end else f"the machine ends: {last.state.end and last.state.end.says}"
    flushed = [vmid for step in steps for vmid in step.flushed]
    if last.ret is not None and last.ret < 0:
        return compare_refusal(fixed, situation, cpu, call, own, last)
    if own.state.end or last.ret != own.ret:
        allowed = any(is_same(run(before, kernel.without(guard), cpu, call), last) for guard in kernel.guards)
        code = errno(own.ret) if own.ret is not None else "nothing"
        answer = f"returns {code}" if not own.state.end else "ends the machine"
        return "" if allowed else f"yours returns {last.ret} where the kernel's own version {answer}"
    if set(own.flushed) - set(flushed):
        return f"yours does not flush VMID {own.flushed[0]}; the kernel's own version does"
    return describe_states(own.state, last.state)


def compare_refusal(fixed: Revision, situation: Situation, cpu: int, call: Call, own: Step, last: Step) -> str:
    """Return what is wrong with a refusal: the kernel's call succeeds, or the refused call leaves something behind."""
    before = situation.state
    why = f"yours returns {errno(last.ret or 0)}{f' ({last.refused[1]})' if last.refused else ''}"
    if last.state.table not in (before.table, own.state.table):
        return f"{why} but leaves something behind: {describe_states(before, last.state)}"
    needless = call.name == NEEDLESS and any(vm.is_dying for _, vm in before.all(Vm))
    if situation.is_busy or needless or own.state.end or has_failed(own):
        return ""
    return "" if succeeds_later(fixed, before, cpu, call) else f"{why} where the kernel's own version returns {own.ret}"


def succeeds_later(fixed: Revision, state: State, cpu: int, call: Call) -> bool:
    """Return True if a refused call succeeds once an honest host has put its vCPUs and taken the guests' pages home."""
    host = HonestHost(fixed, CONFIG, (), ())
    for _ in range(FEW):
        tries = [(thing if verb == PUT else 0, step) for verb in (PUT, TAKE) for thing in range(CONFIG.slots)
                 if (step := host.choose(state, verb, thing))]
        steps = [run(state, fixed, *attempt) for attempt in tries]
        state = next((step.state for step in steps if step.state != state and not step.state.end), state)
        last = run(state, fixed, cpu, call)
        if not last.state.end and not has_failed(last):
            return True
    return False


def has_failed(step: Step) -> bool:
    """Return True if a call was refused with a code."""
    return step.ret is not None and step.ret < 0


def is_same(own: Step, last: Step) -> bool:
    """Return True if two calls have the same answer and lead to the same state."""
    return not own.state.end and own.ret == last.ret and not describe_states(own.state, last.state)


def describe_states(own: State, other: State) -> str:
    """Return the first thing that differs in two states, '' if nothing: a page nearer home is no difference."""
    for key in sorted({*own.table, *other.table}, key=str):
        kind, name = key
        mine, new = own.table.get(key) or zeroed(kind), other.table.get(key) or zeroed(kind)
        if mine != new and not (kind is Page and is_nearer_home(other, str(name), mine)):
            if kind in (Vm, Vcpu) and key not in own.table:
                return f"afterwards {name} is not zeroed"
            field = next(field for field in mine._fields if getattr(mine, field) != getattr(new, field))
            if field == "maps":
                return f"afterwards the guest of {name} has other pages, or other rights to them"
            return (f"afterwards {field} of {NOUNS.get(kind, kind.__name__)} {name} is {show(getattr(new, field))}, "
                    f"not {show(getattr(mine, field))}")
    return ""


def show(value: Any) -> str:
    """Return a field's value in a sentence."""
    return "nothing" if value in ("", None, ()) else str(value)


def is_nearer_home(state: State, name: str, own: Page) -> bool:
    """Return True if a page is the host's alone without a guest's secret, or counts only who still borrows it."""
    page = state.get(Page, name)
    if page._replace(content="") == Page(OWNED, NOPAGE, 0, 0, HOST, "") and page.content != SECRET:
        return True
    borrowers = count_borrowers(state, name)
    return page.host_share_guest_count == borrowers and page == own._replace(host_share_guest_count=borrowers)


def judge_regions(before: State, steps: list[Step], locksets: dict[Any, frozenset[str]]) -> str:
    """Return what a region does wrong, '' if none does: its lock, its flush, a guest's page, or an unpinned struct."""
    flushed: list[int] = []
    for step in steps:
        held = frozenset(step.regions[0].split("+"))
        flushed += step.flushed
        if held - LOCKS.keys():
            return f"there is no lock {min(held - LOCKS.keys())}"
        for place in list_writes(before, step.state):
            wants = locksets.get(place, frozenset())
            if wants and not wants & held:
                where = f"{NOUNS[place[0]]} {place[1]}".strip()
                return (f"it changes {place[2]} of {where} without {LOCKS[min(wants)]}; the kernel always holds "
                        "that lock to do so")
        emptied = [idx for idx, slot in before.all(Slot) if before.vm_in(idx) and step.state.get(Slot, idx) != slot]
        if any(idx + 1 not in flushed for idx in emptied):
            return f"it empties slot {emptied[0]} before it flushes VMID {emptied[0] + 1}: a new VM may have that VMID"
        if robbed := find_robbed(before, step.state):
            return f"it takes page {robbed} from a guest that is alive"
        for name, kvm in before.all(Kvm):
            after = step.state.get(Kvm, name)
            pushed = (kvm.teardown_mc, kvm.stage2_teardown_mc) != (after.teardown_mc, after.stage2_teardown_mc)
            if pushed and not before.get(Page, name).refcount:
                return f"it writes to the host's {name} after it has unpinned it"
        before = step.state
    return ""


def find_robbed(before: State, after: State) -> str:
    """Return which page of its own a living guest has lost without a poisoned leaf, '' if none."""
    for address in (vm for idx, _ in after.all(Slot) if (vm := after.vm_in(idx))):
        left = {leaf.gfn for leaf in after.get(Vm, address).maps}
        old = before.get(Vm, address)
        lost = [str(leaf.page) for leaf in old.maps if leaf.right != SHARED_BORROWED and leaf.gfn not in left]
        if lost and not old.is_dying:
            return lost[0]
    return ""


def list_writes(before: State, after: State) -> Iterator[tuple[Any, str, str]]:
    """Yield the fields of EL2's records that a step has written: kind, name without numbers, field."""
    for key in {*before.table, *after.table}:
        kind, name = key
        old, new = before.table.get(key), after.table.get(key)
        if old == new or kind not in (Page, Slot, Vm, Vcpu, Cpu) or (kind in (Vm, Vcpu) and not (old and new)):
            continue
        old, new = old or zeroed(kind), new or zeroed(kind)
        yield from ((kind, str(name).rstrip("0123456789."), field) for field in old._fields
                    if field != "flight" and getattr(old, field) != getattr(new, field))


@cache
def collect_locksets(name: str) -> dict[Any, frozenset[str]]:
    """Return, for each field that a kernel's calls write in the lives, the locks that they always hold meanwhile."""
    locksets: dict[Any, frozenset[str]] = {}
    longest = [steps for _, steps, busy in list_situations(name) if not busy]
    seen: set[int] = set()
    for steps in longest:
        before = State(CONFIG)
        for step, _ in steps:
            if id(step) not in seen and step.regions:
                seen.add(id(step))
                for place in list_writes(before, step.state):
                    held = frozenset(step.regions[0].split("+"))
                    locksets[place] = locksets.get(place, held) & held
            before = step.state
    return locksets
