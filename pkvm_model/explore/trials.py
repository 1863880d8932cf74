"""What a fix is tried on beside the races: runs that must stay possible, ends of lives, and more orders at the hole."""
from __future__ import annotations

from collections.abc import Callable

from ..model.state import OWNED, Config, Page, State, Vm
from ..scenes import LENT_PAGE, TWO_LENT
from .check import Sometimes
from .properties import INVARIANTS, find_leftover, is_host_done
from .races import (ALL_RACES, CREATED, DESTROY, DYING, MADE, NO_ORPHAN, SECOND_VM, SECRET_LIFE, SECRET_PAGE, UNSHARE)
from .scenario import FINALISE, NAMED_START, START, Scenario


def is_home_again(state: State) -> bool:
    """Return True if page g0 is the host's own again while the VM that had it still exists."""
    return state.get(Page, "g0").host == OWNED and any(True for _ in state.all(Vm))


def is_mapped(state: State) -> bool:
    """Return True if a guest has a page."""
    return any(vm.maps for _, vm in state.all(Vm))


def is_all_home(state: State) -> bool:
    """Return True if the host has finished with its VM, and everything is as it was."""
    return is_host_done(state) and not find_leftover(state)


def good_run(name: str, says: str, reached: Callable[[State], object], setup: str, script: str) -> Scenario:
    """Return a scenario whose goal must stay possible: `says` ends the sentence that reports its loss."""
    return Scenario(name, says, says, setup, (script, ""), goals=(Sometimes(name, says, reached),))


FAR_APART = """
0 kvm_create_vm(kvm0)
0 kvm_create_vcpu(kvm0, hv0.1)
0 kvm_first_run(kvm0, hv0.0)
0 __pkvm_vcpu_load(0x1000, 0)
0 kvm_guest_fault(kvm0, g0, 2)
0 kvm_guest_fault(kvm0, g1, 600)
0 __pkvm_vcpu_put()
"""
"""A VM whose two pages lie far apart, and one of whose two vCPUs EL2 does not know."""
GOOD_RUNS = (
    good_run("life", "a guest runs and gets a page", is_mapped,
             "0 kvm_create_vm(kvm0)\n0 kvm_create_vcpu(kvm0, hv0.0)", "kvm_vcpu_run(kvm0, hv0.0, g0, 0)"),
    good_run("unmap", "the host gets a shared page of a living VM back", is_home_again, LENT_PAGE, UNSHARE),
    good_run("home", "the host gets a shared page of a dying VM back", is_home_again, LENT_PAGE,
             f"{NAMED_START}\n{UNSHARE}"),
    good_run("reclaim", "the host gets a page of a dying protected VM back", is_home_again, SECRET_PAGE,
             "__pkvm_reclaim_dying_guest_page(0x1000, 0)"),
    good_run("end", "the honest host destroys a VM and has everything back", is_all_home, LENT_PAGE,
             "kvm_destroy_vm(kvm0, 1)"),
    good_run("far", "the honest host destroys a VM whose pages lie far apart and has everything back", is_all_home,
             FAR_APART, "kvm_destroy_vm(kvm0, 1)"))
FORCED = Scenario(
    "forced", "A page is taken by force.", "The host touches a page that a protected guest has to itself.",
    SECRET_LIFE, ("__pkvm_force_reclaim_guest_page(g0)", ""))
POOL = Scenario(
    "pool", "A VM has pages for tables left.", "The honest host destroys a VM that has unused pages for tables.",
    TWO_LENT, ("kvm_destroy_vm(kvm0, 1)", ""))
NEVER_RAN = Scenario(
    "never-ran", "A VM never ran.", "A VM is torn down that never had a vCPU.", MADE, ("{start}\n{finalise}", ""))
REFUSED_START = Scenario(
    "refused-start", "A start that is refused.", "A vCPU is loaded when the VM is to die, and is put later.",
    LENT_PAGE + "1 __pkvm_vcpu_load(0x1000, 0)", (f"{NAMED_START}\n{NAMED_START}", "__pkvm_vcpu_put()"))
ENDINGS = (FORCED, POOL, NEVER_RAN, REFUSED_START)
"""Ways to the end of a VM's life that no race of the course takes."""
KEPT = ("R10", "R12", "R13", "R14", "R15", "R18", "R19", "R23", "R25")
"""The races in which nobody leaves a guest's page behind: an honest host destroys, or calls are refused."""
ALIVE = ("R2", "R20", "R21", "R29")
"""The races in which calls are refused while the VM is alive, so that they must succeed later."""
CROWD = Scenario(
    "R6+R7", "Finalise twice while a call holds the VM.",
    "The VM is dying. One CPU is in the middle of a call that has looked it up, two others finalise.",
    LENT_PAGE + DYING, (UNSHARE, "{finalise}", "{finalise}"), DESTROY)
"""With three CPUs: a finalise that waits its turn must look the VM up again."""
LOADED = Scenario(
    "R1+I3", "A vCPU is loaded while the VM dies.",
    "One CPU loads the VM's vCPU and puts it, the other one starts the teardown and finalises it.",
    LENT_PAGE, ("__pkvm_vcpu_load(0x1000, 0)\n__pkvm_vcpu_put()", f"{NAMED_START}\n{{finalise}}"), DESTROY,
    always=tuple(prop for prop in INVARIANTS if prop.name == "I3"))
"""Past the point of no return nobody runs: that is what the questions of start are for."""
OTHER_CPU = Scenario(
    "R7+cpu", "Finalise on the first CPU while a call holds the VM.",
    "The VM is dying. CPU 1 is in the middle of a call that has looked it up; CPU 0 finalises.",
    LENT_PAGE + DYING, ("{finalise}", UNSHARE), DESTROY)
OTHER_CALL = Scenario(
    "R7+age", "Finalise while a call asks for a page's age.",
    "The VM is dying. One CPU asks whether the guest has used a page, another one finalises.",
    LENT_PAGE + DYING, ("__pkvm_host_test_clear_young_guest(0x1000, 0)", "{finalise}"), DESTROY)
OTHER_SLOT = Scenario(
    "R7+slot", "Finalise a VM in the second slot while a call holds it.",
    "The VM in slot 1 is dying. One CPU takes write access from it, another one finalises.",
    LENT_PAGE.replace("0x1000", "0x1001").replace("0 kvm", "0 __pkvm_reserve_vm()\n0 kvm", 1)
    + f"0 {START}(0x1001)", ("__pkvm_host_wrprotect_guest(0x1001, 0)", f"{FINALISE}(0x1001)"), DESTROY,
    config=Config(slots=2))
SQUATTER = Scenario(
    "R8+init", "A VM is made in a slot that is not free yet.",
    "One CPU finalises, another one makes a VM with the same handle, which it has not reserved.",
    LENT_PAGE + DYING + SECOND_VM, ("{finalise}", "__pkvm_init_vm(kvm1, 0x1000, 1, vm1, pgd1)"), DESTROY, (NO_ORPHAN,))
UNBORN = Scenario(
    "R10+init", "Finalise a VM that is being made.",
    "One CPU makes a VM; another one starts its teardown and finalises it as soon as it can be found.",
    CREATED, ("__pkvm_init_vm(kvm0, 0x1000, 1, vm0, pgd0)", "{start}\n{finalise}"), (START, *DESTROY), (NO_ORPHAN,))
HOLES = ("R7", "R22", "R7+cpu", "R7+age", "R7+slot")
"""The races that a fix of v1 should close; their objections come first."""

ORDER = sorted((*ALL_RACES, CROWD, LOADED, OTHER_CPU, OTHER_CALL, OTHER_SLOT, SQUATTER, UNBORN),
               key=lambda race: race.name not in HOLES)
