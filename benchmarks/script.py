"""Family B(runners, destroyers, rounds, pages): fixed scripts on one VM, every step of a call on its own.

One VM is live, its vCPUs are initialised, its pages are the guest's. Each script is begun once, on a CPU of its own.
What stands between two `yield`s is one step; where a real CPU would spin on the lock, the step cannot be taken. What
a call has found out is kept in `ok` until the step that acts on it.
"""
from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import Any, NamedTuple

from pkvm_model.model.revisions import EBUSY, Revision
from pkvm_model.model.state import Config
from pkvm_model.model.view import Ref, Region, View, Waits

LIVE, DYING, REMOVED, FREED = "live", "dying", "removed", "freed"


class Vm(NamedTuple):
    """The VM: `lock` is vm_table_lock, `ref` its reference count; removed from the table, then freed."""

    lock: bool = False
    state: str = LIVE
    ref: int = 0


class Vcpu(NamedTuple):
    """A vCPU: loaded on some CPU or not."""

    loaded: bool = False


class Page(NamedTuple):
    """A page: the guest's until it is reclaimed."""

    reclaimed: bool = False


def runner(view: View, idx: int, rounds: int) -> Generator[Region, None, None]:
    """Run a vCPU's thread: load, run, put, `rounds` times."""
    for _ in range(rounds):
        if (yield from vcpu_load(view, idx)):
            yield from vcpu_run()
            yield from vcpu_put(view, idx)


def destroyer(view: View, pages: int) -> Generator[Region, None, None]:
    """Destroy the VM; a host without pages is the rival, who goes straight from start to finalise."""
    yield from start_teardown(view)
    for page in range(pages):
        yield from reclaim_page(view, page)
    yield from finalize_teardown(view)


def vcpu_load(view: View, idx: int) -> Generator[Region, None, bool]:
    """Load a vCPU if the VM is live and the vCPU not loaded; return True if that worked."""
    vm, vcpu = view.ref(Vm, 0), view.ref(Vcpu, idx)
    yield from lock(vm)
    yield "L", "look whether the vCPU can be loaded"
    ok = vm.state in ((LIVE,) if view.stands("load_not_dying") else (LIVE, DYING)) and not vcpu.loaded
    yield "L", "load it and take a reference" if ok else "unlock and give up"
    if not ok:
        vm.lock = False
        return False
    vcpu.loaded = True
    vm.ref += 1
    yield "L", "unlock"
    vm.lock = False
    return True


def vcpu_run() -> Generator[Region, None, None]:
    """Run the guest, which changes nothing here."""
    yield "", "run the guest"


def vcpu_put(view: View, idx: int) -> Generator[Region, None, None]:
    """Take a vCPU off its CPU and drop its reference."""
    vm = view.ref(Vm, 0)
    yield from lock(vm)
    yield "L", "take the vCPU off its CPU and drop its reference"
    view.ref(Vcpu, idx).loaded = False
    vm.ref -= 1
    yield "L", "unlock"
    vm.lock = False


def start_teardown(view: View) -> Generator[Region, None, None]:
    """Mark the VM as dying, unless it is referenced or not live."""
    vm = view.ref(Vm, 0)
    yield from lock(vm)
    yield "L", "look whether the VM is live and idle"
    ok = vm.state == LIVE and vm.ref == 0
    yield "L", "mark the VM dying" if ok else "unlock and give up"
    if not ok:
        vm.lock = False
        return
    vm.state = DYING
    yield "L", "unlock"
    vm.lock = False


def reclaim_page(view: View, page: int) -> Generator[Region, None, None]:
    """Take a page back from a dying VM, outside the lock but with a reference held."""
    vm = view.ref(Vm, 0)
    yield from lock(vm)
    yield "L", "find the VM and take a reference"
    ok = vm.state in (LIVE, DYING)
    if ok:
        vm.ref += 1
    yield "L", "unlock"
    vm.lock = False
    if not ok:
        return
    yield "", f"reclaim page {page} if the VM is dying"
    if vm.state == DYING:
        view.ref(Page, page).reclaimed = True
    yield from lock(vm)
    yield "L", "drop the reference"
    vm.ref -= 1
    yield "L", "unlock for good"
    vm.lock = False


def finalize_teardown(view: View) -> Generator[Region, None, None]:
    """Take a dying VM out of the table, then free it outside the lock."""
    vm = view.ref(Vm, 0)
    yield from lock(vm)
    yield "L", "look whether the VM is dying and idle"
    ok = vm.state == DYING and (vm.ref == 0 or not view.stands("finalize_unreferenced"))
    yield "L", "remove the VM from the table" if ok else "unlock and give up"
    if not ok:
        vm.lock = False
        return
    vm.state = REMOVED
    yield "L", "unlock"
    vm.lock = False
    yield "", "free the VM"
    vm.state = FREED


def lock(vm: Ref) -> Generator[Region, None, None]:
    """Take the lock. Raise Waits while another CPU holds it."""
    yield "L", "lock"
    if vm.lock:
        raise Waits("the lock is taken; let the CPU that holds it go on")
    vm.lock = True


def safe(view: View) -> bool:
    """Return True if the invariants hold: a loaded vCPU's VM is live; a referenced VM is in the table."""
    vm = view.ref(Vm, 0)
    vcpus = (view.ref(Vcpu, idx) for idx in range(view.config.cpus))
    return (vm.state == LIVE or not any(vcpu.loaded for vcpu in vcpus)) and (vm.ref == 0 or vm.state in (LIVE, DYING))


def config(runners: int, destroyers: int, rounds: int, pages: int) -> Config:
    """Return a machine with a CPU for each of these scripts."""
    return Config(cpus=runners + destroyers + 1)


def scripts(runners: int, destroyers: int, rounds: int, pages: int) -> Iterator[
        tuple[int, Callable[..., Generator[Region, None, None]], tuple[int, ...]]]:
    """Yield what each CPU runs: CPU, script, arguments. The last is the rival."""
    yield from ((cpu, runner, (cpu, rounds)) for cpu in range(runners))
    yield from ((runners + number, destroyer, (pages,)) for number in range(destroyers))
    yield runners + destroyers, destroyer, (0,)


GUARDS = {"load_not_dying": None, "finalize_unreferenced": -EBUSY}
SCRIPTS: dict[str, Callable[..., Any]] = {"runner": runner, "destroyer": destroyer}
REVISION = Revision("script", GUARDS, frozenset(SCRIPTS), frozenset(), functions=SCRIPTS)
MUTANTS = {"M1": "load_not_dying", "M3": "finalize_unreferenced"}
"""The guard that each mutant lacks."""
