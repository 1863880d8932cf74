"""The races R1 to R29: what several CPUs do at once, each as a scenario."""
from __future__ import annotations

from ..model.revisions import REVISIONS
from ..model.state import HOST, HYP, NOPAGE, OWNED, Cpu, Page, State, Vcpu, Vm
from ..scenes import LENT_PAGE
from .check import Always, Sometimes
from .outcomes import Outcome, find_outcome
from .properties import LOADED_WHILE_DYING, is_host_done, find_leftover, list_published
from .scenario import FINALISE, NAMED_FINALISE, NAMED_START, ONE_SHOT, START, Scenario

DESTROY = (FINALISE, ONE_SHOT)


def is_idle(state: State) -> bool:
    """Return True if no CPU is in the middle of a call."""
    return not any(cpu.flight for _, cpu in state.all(Cpu))


def find_orphan(state: State) -> str:
    """Return which page, between calls, is EL2's and belongs to no VM in the table; '' if none."""
    vms = [(address, state.get(Vm, address)) for address in list_published(state)]
    known = {name for address, vm in vms for name in (address, vm.pgd, *vm.vcpus)}
    kept = [name for name, page in state.all(Page) if page.hyp == OWNED and name not in known]
    return f"EL2 has page {kept[0]}, which belongs to no VM in the table" if kept and is_idle(state) else ""


def find_unheld_count(state: State) -> str:
    """Return which VM, between calls, counts more than the CPUs that have a vCPU of it loaded; '' if none."""
    for address in list_published(state) if is_idle(state) else ():
        vm, count = state.get(Vm, address), state.get(Page, address).refcount
        cpus = sum(cpu.loaded in vm.vcpus for _, cpu in state.all(Cpu) if cpu.loaded)
        if count > cpus:
            return f"VM {vm.handle:#x} counts {count}; CPUs that have a vCPU of it loaded: {cpus}"
    return ""


def find_double_load(state: State) -> str:
    """Return which vCPU two CPUs have loaded, '' if none."""
    loaded = [cpu.loaded for _, cpu in state.all(Cpu) if cpu.loaded]
    return next((f"vCPU {vcpu} is loaded on two CPUs" for vcpu in loaded if loaded.count(vcpu) > 1), "")


def find_page_of_dying(state: State) -> str:
    """Return which dying VM has a page, '' if none; for races that begin with a dying VM without pages."""
    return next((f"VM {vm.handle:#x} is dying and got page {vm.maps[0].page}"
                 for _, vm in state.all(Vm) if vm.is_dying and vm.maps), "")


def find_excess_vcpus(state: State) -> str:
    """Return which VM counts more vCPUs than the one for which EL2 took memory, '' if none."""
    return next((f"VM {vm.handle:#x} counts {len(vm.vcpus)} vCPUs, and its memory has room for 1"
                 for _, vm in state.all(Vm) if len(vm.vcpus) > 1), "")


def is_gone(state: State) -> bool:
    """Return True if the VM is not in the table; for races that begin with a VM whose teardown has not started."""
    return state.vm_in(0) is None


def is_lost(state: State) -> bool:
    """Return True if a page is lent to a guest or owned by one, and there is no VM left to give it back."""
    away = any(page.host_share_guest_count or page.owner not in (HOST, HYP) for _, page in state.all(Page))
    return away and not any(True for _ in state.all(Vm))


def has_count_at_home(state: State) -> bool:
    """Return True if a page is the host's alone, and EL2 still counts something there."""
    return any(page.host == OWNED and page.hyp == NOPAGE and page.refcount for _, page in state.all(Page))


def has_two_tenants(state: State) -> bool:
    """Return True if a VM runs in a slot while EL2 still takes the slot's last VM apart."""
    return state.vm_in(0) == "vm1" and state.get(Vcpu, "vc1.0").loaded_on is not None and bool(state.get(Vm, "vm0").pgd)


def has_dying_vcpu(state: State) -> bool:
    """Return True if a dying VM has a vCPU; for races that begin with a VM without vCPUs."""
    return any(vm.is_dying and any(vm.vcpus) for _, vm in state.all(Vm))


def has_unfinished_teardown(state: State) -> bool:
    """Return True if there is a dying VM between two calls of the host that must finish it."""
    return is_idle(state) and any(vm.is_dying for _, vm in state.all(Vm))


ALL_HOME = Always("home", "What the host destroyed is its own again.", find_leftover, premise=is_host_done)
NO_ORPHAN = Always("orphan", "Between calls, what EL2 has belongs to a VM in the table.", find_orphan)
HELD = Always("held", "Between calls, only CPUs with a vCPU loaded hold a VM.", find_unheld_count)
ONE_CPU = Always("one-cpu", "A vCPU is loaded on at most one CPU.", find_double_load)
NO_NEW_PAGE = Always("no-new-page", "A dying VM gets no page.", find_page_of_dying)
ROOM = Always("room", "A VM has as many vCPUs as EL2 took memory for.", find_excess_vcpus)
LOADED = Sometimes("loaded", "A dying VM has a vCPU loaded.", LOADED_WHILE_DYING)
GONE = Sometimes("gone", "The VM is gone, and nobody has started its teardown.", is_gone)
LOST = Sometimes("lost", "A page is lost: the VM that had it is gone, and nobody can get it back.", is_lost)
COUNTS = Sometimes("counts", "The host gets a page back with a count, and the machine ends when a VM is made of it.",
                   has_count_at_home)
NEIGHBOURS = Sometimes("neighbours", "The next VM has its vCPU loaded while EL2 takes the last one apart.",
                       has_two_tenants)
LATE_VCPU = Sometimes("late-vcpu", "A dying VM gets a vCPU, which can never be loaded.", has_dying_vcpu)
UNFINISHED = Sometimes("unfinished", "The VM is dying and waits for its last file to be closed.",
                       has_unfinished_teardown)

CREATED = """
0 kvm_create_vm(kvm0)
0 kvm_create_vcpu(kvm0, hv0.0)
"""
MADE = CREATED + "0 __pkvm_init_vm(kvm0, 0x1000, 1, vm0, pgd0)\n"
EMPTY_VM = """
0 kvm_create_vm(kvm0)
0 kvm_first_run(kvm0, hv0.0)
"""
TWO_VCPUS = CREATED + """
0 kvm_first_run(kvm0, hv0.1)
0 __pkvm_init_vcpu(0x1000, hv0.0, vc0.0)
"""
SECRET_LIFE = """
0 kvm_create_vm(kvm0, 1)
0 kvm_first_run(kvm0, hv0.0)
0 __pkvm_vcpu_load(0x1000, 0)
0 __pkvm_host_donate_guest(g0, 0)
0 __pkvm_vcpu_put()
"""
SECRET_PAGE = SECRET_LIFE + "0 __pkvm_start_teardown_vm(0x1000)\n"
NEXT_TENANT = SECRET_PAGE + """
0 __pkvm_finalize_teardown_vm(0x1000)
0 kvm_create_vm(kvm1, 1)
0 kvm_first_run(kvm1, hv1.0)
0 __pkvm_vcpu_load(0x1000, 0)
"""
SECOND_VM = "0 __pkvm_host_share_hyp(kvm1)\n"
DYING = "0 {start}\n"
UNSHARE, FLUSH = "__pkvm_host_unshare_guest(0x1000, 0)", "__pkvm_tlb_flush_vmid(0x1000)"
RUN = "__pkvm_vcpu_load(0x1000, 0)\n__kvm_vcpu_run(hv0.0)\n__pkvm_vcpu_put()"
SHARE = "__pkvm_vcpu_load(0x1000, 0)\n__pkvm_host_share_guest(g1, 1)\n__pkvm_vcpu_put()"
NEW_VM = "kvm_create_vm(kvm1)\nkvm_create_vcpu(kvm1, hv1.0)\nkvm_vcpu_run(kvm1, hv1.0)"

ALL_RACES = (
    Scenario("R1", "Start, then a load on another CPU.",
             "The VM is dying. One CPU finalises it, another one tries to load and run its vCPU.",
             LENT_PAGE + f"0 {NAMED_START}", (NAMED_FINALISE, RUN), (START, FINALISE), goals=(LOADED,)),
    Scenario("R2", "A load, then start.",
             "A vCPU is loaded on one CPU, which runs it; another CPU takes the VM apart.",
             LENT_PAGE + "1 __pkvm_vcpu_load(0x1000, 0)", ("{start}\n{finalise}", "__kvm_vcpu_run(hv0.0)"),
             (START, *DESTROY)),
    Scenario("R3", "Start while the guest runs.",
             "One CPU loads a vCPU, runs it and puts it, another one takes the VM apart at the same time.",
             LENT_PAGE, ("{start}\n{finalise}", RUN), (START, *DESTROY)),
    Scenario("R4", "Finalise before start.",
             "Nobody has started the teardown. One CPU finalises, another one runs the guest.",
             LENT_PAGE, (NAMED_FINALISE, RUN), (FINALISE,), goals=(GONE,)),
    Scenario("R5", "Start twice.",
             "Two CPUs start the teardown of one VM.",
             LENT_PAGE, (NAMED_START, NAMED_START), (START,)),
    Scenario("R6", "Finalise twice.",
             "Two CPUs finalise one dying VM.",
             LENT_PAGE + DYING, ("{finalise}", "{finalise}"), DESTROY, (NO_ORPHAN,)),
    Scenario("R7", "Finalise while a call holds the VM.",
             "The VM is dying. One CPU is in the middle of a call that has looked the VM up by its handle; another one "
             "finalises.", LENT_PAGE + DYING, (UNSHARE, "{finalise}"), DESTROY),
    Scenario("R8", "The next VM in the same slot.",
             "One CPU finalises. As soon as the slot is free the honest host makes its next VM there on another CPU, "
             "with the same handle and VMID, and runs it.",
             LENT_PAGE + "\n".join(f"0 {line}" for line in RUN.splitlines()) + "\n" + DYING, ("{finalise}", NEW_VM),
             DESTROY, goals=(NEIGHBOURS,)),
    Scenario("R9", "A lost page, and the next VM with its handle.",
             "A protected VM was finalised with a page left. The next VM has its handle; it gets a page under the same "
             "gfn, while the host touches the lost one.",
             NEXT_TENANT, ("__pkvm_host_donate_guest(g1, 0)", "__pkvm_force_reclaim_guest_page(g0)"),
             ("__pkvm_force_reclaim_guest_page",)),
    Scenario("R10", "A vCPU is made while the VM is taken apart.",
             "One CPU takes the VM apart, another one gives it its vCPU.",
             MADE, ("{start}\n{finalise}", "__pkvm_init_vcpu(0x1000, hv0.0, vc0.0)"), (START, *DESTROY), (NO_ORPHAN,),
             (LATE_VCPU,)),
    Scenario("R11", "A page for a dying VM.",
             "The VM is dying, and its pages are home. One CPU finalises, another one tries to lend it a page.",
             EMPTY_VM + f"0 {NAMED_START}", (NAMED_FINALISE, SHARE), (FINALISE,), (NO_NEW_PAGE,)),
    Scenario("R12", "The owner unmaps memory during teardown.",
             "The honest host destroys a VM; on another CPU the owner of the memory unmaps a page of it.",
             LENT_PAGE, ("kvm_destroy_vm(kvm0, 1)", "kvm_unmap(kvm0)"), (START, *DESTROY, "kvm_unmap")),
    Scenario("R13", "A walk of many steps.",
             "The honest host destroys a VM; its walk over the guest's memory has three steps.",
             EMPTY_VM, ("kvm_destroy_vm(kvm0, 3)", ""), (START, FINALISE), (ALL_HOME,), needs=(START,)),
    Scenario("R14", "Two walks at once.",
             "Two CPUs of the honest host want to take the same guest's memory apart.",
             EMPTY_VM, ("exit_mmap(kvm0, 1)", "exit_mmap(kvm0, 1)"), (START,), needs=(START,)),
    Scenario("R15", "Start, then the host gets its pages back.",
             "The honest host destroys a VM that has a page on loan, and nobody else does anything.",
             LENT_PAGE, ("kvm_destroy_vm(kvm0, 1)", ""), ("kvm_destroy_vm", START, FINALISE), (ALL_HOME,),
             needs=(START,)),
    Scenario("R16", "Reclaim and finalise at once.",
             "A protected VM is dying. One CPU reclaims its page, another one finalises.",
             SECRET_PAGE, ("__pkvm_reclaim_dying_guest_page(0x1000, 0)", NAMED_FINALISE),
             ("__pkvm_reclaim_dying_guest_page", FINALISE)),
    Scenario("R17", "Finalise with a page left.",
             "The VM is dying and has a page on loan, which nobody takes home before it is finalised.",
             LENT_PAGE + DYING, ("{finalise}", ""), DESTROY, goals=(LOST,)),
    Scenario("R18", "Unreserve while the VM is made.",
             "One CPU makes a VM in its reserved slot, another one takes the reservation back.",
             CREATED, ("__pkvm_init_vm(kvm0, 0x1000, 1, vm0, pgd0)", "__pkvm_unreserve_vm(0x1000)"),
             ("__pkvm_unreserve_vm",), (NO_ORPHAN,), (COUNTS,)),
    Scenario("R19", "Two VMs with one handle.",
             "Two CPUs each make a VM in the same reserved slot.",
             CREATED + SECOND_VM, ("__pkvm_init_vm(kvm0, 0x1000, 1, vm0, pgd0)",
                                   "__pkvm_init_vm(kvm1, 0x1000, 1, vm1, pgd1)"),
             ("__pkvm_init_vm",), (NO_ORPHAN,), (COUNTS,)),
    Scenario("R20", "One vCPU on two CPUs.",
             "Two CPUs load the same vCPU and run it.",
             LENT_PAGE, (RUN, RUN), ("__pkvm_vcpu_load",), (ONE_CPU,)),
    Scenario("R21", "A CPU loads twice.",
             "A CPU loads one vCPU, then another one, and puts once.",
             TWO_VCPUS, ("__pkvm_vcpu_load(0x1000, 0)\n__pkvm_vcpu_load(0x1000, 1)\n__pkvm_vcpu_put()", ""),
             ("__pkvm_vcpu_load",), (HELD,)),
    Scenario("R22", "Finalise while a flush is under way.",
             "The VM is dying. One CPU flushes its translations, another one finalises.",
             LENT_PAGE + DYING, (FLUSH, "{finalise}"), DESTROY),
    Scenario("R23", "The host changes its struct while EL2 reads it.",
             "One CPU makes a VM with room for one vCPU; meanwhile another CPU makes the host's struct kvm count two.",
             CREATED, ("__pkvm_init_vm(kvm0, 0x1000, 1, vm0, pgd0)",
                       "kvm_create_vcpu(kvm0, hv0.1)\n__pkvm_init_vcpu(0x1000, hv0.1, vc0.1)"),
             ("__pkvm_init_vm",), (ROOM,)),
    Scenario("R24", "The host takes pages from a memcache that EL2 still fills.",
             "The pages are handed over when finalise returns. A host that touches them earlier touches EL2's memory: "
             "pre and v1 end the machine, merged and upstream let the access fail."),
    Scenario("R25", "The process dies between the phases.",
             "The owner's memory goes first, which starts the teardown; its files are closed later, which finalises. "
             "Another process, which was given a file, tries to run the guest.",
             EMPTY_VM, ("exit_mmap(kvm0, 1)\nkvm_close(kvm0, hv0.0)\nkvm_close(kvm0, kvm0)",
                        "kvm_vcpu_run(kvm0, hv0.0, g0, 0, RWX, 1)"),
             ("exit_mmap", "kvm_close"), (ALL_HOME,), (UNFINISHED,)),
    Scenario("R26", "The host's kernel crashes between the phases.",
             "The machine is gone, and EL2's state with it: under this hypervisor no other kernel is started in "
             "place."),
    Scenario("R27", "EL2 works for a long time.",
             "Destroying takes a time that grows with a VM's tables and vCPUs, on one CPU with its interrupts off. The "
             "split takes the guest's pages out of that time, not the rest."),
    Scenario("R28", "Put after start.",
             "This cannot happen: start requires a count of 0, so no vCPU is loaded that a CPU could put."),
    Scenario("R29", "Start while a call holds the VM.",
             "One CPU is in the middle of a call that has looked the VM up by its handle; another one starts the "
             "teardown. An honest host does not do it: see R12.",
             LENT_PAGE, (UNSHARE, NAMED_START), (START,)))

RACES = {race.name: race for race in ALL_RACES}

NOT_YET = {("R9", "merged"): "6c58f914 cannot donate pages yet; later commits of the branch can.",
           ("R16", "merged"): "6c58f914 cannot reclaim pages yet; later commits of the branch can."}
"""Races that the merged kernel lacks, though the branch it is part of gets them a few commits later."""


def find_all_outcomes() -> dict[tuple[str, str], Outcome]:
    """Return the outcome of every race in every kernel."""
    return {(race.name, revision.name): find_outcome(race, revision)
            for race in ALL_RACES for revision in REVISIONS.values()}
