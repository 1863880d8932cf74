"""The races R1 to R29: what several CPUs do at once, written down, and what comes of it in each kernel, found.

A race is a setup and a script per CPU. `cell` looks at every order in which the lock regions of the scripts can follow
each other; what it gives is the worst that comes of any of them, with a shortest run to it. The numbers are those of
the course's table of facts.

Kernels with one call for the whole teardown have no start: a line with {start} is left out there, and {finalise}
stands for that one call. A race that hinges on the two being apart names them, so those kernels lack it.
"""
from __future__ import annotations

import time
from typing import NamedTuple

from ..model.host import HOST_CALLS
from ..model.revisions import REVISIONS, Revision, errno
from ..model.state import HOST, HYP, KINDS, NOPAGE, OWNED, Config, Cpu, Page, State, Vcpu, Vm
from ..model.steps import Step
from ..model.trace import Trace, record
from ..scenes import LENT_PAGE, Scene, scene
from .check import VIOLATED, Always, Answer, Exploration, Limits, Property, Report, Sometimes, Stuck, reached, report
from .machines import Scripts
from .properties import dying_and_loaded, host_is_through, not_home, published, told
from .traces import script_steps

OK, ERR, HOST_WARN, EL2_PANIC, BUG = "OK", "ERR", "HOST_WARN", "EL2_PANIC", "BUG"
SEVERITY = (OK, ERR, HOST_WARN, EL2_PANIC, BUG)
"""What can come of a race, the worst last: nothing, an error, a line in the host's log, EL2's own end, a defect."""
NOT_THERE, NOT_EXPLORED = "n/a", "not explored"

START, FINALISE, ONE_SHOT = "__pkvm_start_teardown_vm", "__pkvm_finalize_teardown_vm", "__pkvm_teardown_vm"
DESTROY = (FINALISE, ONE_SHOT)
ENOUGH = Limits(states=50_000)
"""No race of the course comes near; a function that a learner wrote could go on for ever."""


class Race(NamedTuple):
    """A race: `title` names it, `says` tells what happens; without scripts it is told only.

    An error or a host's warning counts where it comes from a call that the race is `about`. `always` is what the race
    must not break, `shows` a state worth knowing of that is no defect. `needs` are calls that the honest host makes.
    """

    id: str
    title: str
    says: str
    setup: str = ""
    scripts: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    always: tuple[Always, ...] = ()
    shows: tuple[Sometimes, ...] = ()
    needs: tuple[str, ...] = ()


class Cell(NamedTuple):
    """What comes of a race in a kernel: the outcome, why, and a shortest run to it.

    The first `setup` lines of the trace are the race's setup. `shown` are the names of the states worth knowing of that
    can be reached, `stuck` says how a script can come to wait for ever. `stopped` says why the search was not complete.
    """

    race: str
    revision: str
    outcome: str
    reason: str = ""
    trace: Trace | None = None
    setup: int = 0
    shown: tuple[str, ...] = ()
    stuck: str = ""
    states: int = 0
    transitions: int = 0
    depth: int = 0
    stopped: str = ""

    @property
    def complete(self) -> bool:
        """True if every order was looked at."""
        return not self.stopped


def is_idle(state: State) -> bool:
    """True when no CPU is in the middle of a call."""
    return not any(cpu.flight for _, cpu in state.all(Cpu))


def orphaned(state: State) -> str:
    """Between calls: which page is EL2's and belongs to no VM in the table."""
    vms = [(address, state.get(Vm, address)) for address in published(state)]
    known = {name for address, vm in vms for name in (address, vm.pgd, *vm.vcpus)}
    kept = [name for name, page in state.all(Page) if page.hyp == OWNED and name not in known]
    return f"EL2 has page {kept[0]}, which belongs to no VM in the table" if kept and is_idle(state) else ""


def held_by_nobody(state: State) -> str:
    """Between calls: which VM counts more than the CPUs that have one of its vCPUs loaded."""
    for address in published(state) if is_idle(state) else ():
        vm, count = state.get(Vm, address), state.get(Page, address).refcount
        cpus = sum(cpu.loaded in vm.vcpus for _, cpu in state.all(Cpu) if cpu.loaded)
        if count > cpus:
            return f"VM {vm.handle:#x} counts {count}; CPUs that have a vCPU of it loaded: {cpus}"
    return ""


def on_two_cpus(state: State) -> str:
    """Which vCPU two CPUs have loaded."""
    loaded = [cpu.loaded for _, cpu in state.all(Cpu) if cpu.loaded]
    return next((f"vCPU {vcpu} is loaded on two CPUs" for vcpu in loaded if loaded.count(vcpu) > 1), "")


def dying_has_page(state: State) -> str:
    """Which dying VM has a page; for races that begin with a dying VM without pages."""
    return next((f"VM {vm.handle:#x} is dying and got page {vm.maps[0].page}"
                 for _, vm in state.all(Vm) if vm.is_dying and vm.maps), "")


def too_many_vcpus(state: State) -> str:
    """Which VM counts more vCPUs than the one for which EL2 took memory."""
    return next((f"VM {vm.handle:#x} counts {len(vm.vcpus)} vCPUs, and its memory has room for 1"
                 for _, vm in state.all(Vm) if len(vm.vcpus) > 1), "")


def is_gone(state: State) -> bool:
    """The VM is not in the table; for races that begin with one that nobody has started to tear down."""
    return state.vm_in(0) is None


def is_lost(state: State) -> bool:
    """A page is on loan to a guest, or a guest's alone, and there is no VM any more that could give it back."""
    away = any(page.host_share_guest_count or page.owner not in (HOST, HYP) for _, page in state.all(Page))
    return away and not any(True for _ in state.all(Vm))


def counts_at_home(state: State) -> bool:
    """A page is the host's alone, and EL2 still counts something there."""
    return any(page.host == OWNED and page.hyp == NOPAGE and page.refcount for _, page in state.all(Page))


def two_at_once(state: State) -> bool:
    """A VM runs in a slot while EL2 still takes the slot's last VM apart."""
    return state.vm_in(0) == "vm1" and state.get(Vcpu, "vc1.0").loaded_on is not None and bool(state.get(Vm, "vm0").pgd)


def dying_gets_vcpu(state: State) -> bool:
    """A dying VM has a vCPU; for races that begin with a VM without one."""
    return any(vm.is_dying and any(vm.vcpus) for _, vm in state.all(Vm))


def dying_unowned(state: State) -> bool:
    """EL2 has a dying VM, between two calls of whoever is to finish it."""
    return is_idle(state) and any(vm.is_dying for _, vm in state.all(Vm))


ALL_HOME = Always("home", "What the host destroyed is its own again.", not_home, premise=host_is_through)
NO_ORPHAN = Always("orphan", "Between calls, what EL2 has belongs to a VM in the table.", orphaned)
HELD = Always("held", "Between calls, only CPUs with a vCPU loaded hold a VM.", held_by_nobody)
ONE_CPU = Always("one-cpu", "A vCPU is loaded on one CPU at most.", on_two_cpus)
NO_NEW_PAGE = Always("no-new-page", "A dying VM gets no page.", dying_has_page)
ROOM = Always("room", "A VM has as many vCPUs as EL2 took memory for.", too_many_vcpus)
LOADED = Sometimes("loaded", "A dying VM has a vCPU loaded.", dying_and_loaded)
GONE = Sometimes("gone", "The VM is gone, and nobody has started its teardown.", is_gone)
LOST = Sometimes("lost", "A page is lost: the VM that had it is gone, and nobody can take it home.", is_lost)
COUNTS = Sometimes("counts", "A page comes home with a count, and ends the machine when a VM is made of it.",
                   counts_at_home)
NEIGHBOURS = Sometimes("neighbours", "The next VM has its vCPU loaded while EL2 takes the last one apart.", two_at_once)
LATE_VCPU = Sometimes("late-vcpu", "A dying VM gets a vCPU, which can never be loaded.", dying_gets_vcpu)
UNFINISHED = Sometimes("unfinished", "The VM is dying and waits for its last file to be closed.", dying_unowned)

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
SECRET_PAGE = """
0 kvm_create_vm(kvm0, 1)
0 kvm_first_run(kvm0, hv0.0)
0 __pkvm_vcpu_load(0x1000, 0)
0 __pkvm_host_donate_guest(g0, 0)
0 __pkvm_vcpu_put()
0 __pkvm_start_teardown_vm(0x1000)
"""
NEXT_TENANT = SECRET_PAGE + """
0 __pkvm_finalize_teardown_vm(0x1000)
0 kvm_create_vm(kvm1, 1)
0 kvm_first_run(kvm1, hv1.0)
0 __pkvm_vcpu_load(0x1000, 0)
"""
SECOND_VM = "0 __pkvm_host_share_hyp(kvm1)\n"
DYING = "0 {start}\n"
NAMED_START = "__pkvm_start_teardown_vm(0x1000)"
NAMED_FINALISE = "__pkvm_finalize_teardown_vm(0x1000)"
UNSHARE, FLUSH = "__pkvm_host_unshare_guest(0x1000, 0)", "__pkvm_tlb_flush_vmid(0x1000)"
RUN = "__pkvm_vcpu_load(0x1000, 0)\n__kvm_vcpu_run(hv0.0)\n__pkvm_vcpu_put()"
SHARE = "__pkvm_vcpu_load(0x1000, 0)\n__pkvm_host_share_guest(g1, 1)\n__pkvm_vcpu_put()"
NEW_VM = "kvm_create_vm(kvm1)\nkvm_create_vcpu(kvm1, hv1.0)\nkvm_vcpu_run(kvm1, hv1.0)"

ALL_RACES = (
    Race("R1", "Start, then a load on another CPU.",
         "The VM is dying. One CPU finalises it, another one tries to load and run its vCPU.",
         LENT_PAGE + f"0 {NAMED_START}", (NAMED_FINALISE, RUN), (START, FINALISE), shows=(LOADED,)),
    Race("R2", "A load, then start.",
         "A vCPU is loaded on one CPU, which runs it; another CPU takes the VM apart.",
         LENT_PAGE + "1 __pkvm_vcpu_load(0x1000, 0)", ("{start}\n{finalise}", "__kvm_vcpu_run(hv0.0)"),
         (START, *DESTROY)),
    Race("R3", "Start while the guest runs.",
         "One CPU loads a vCPU, runs it and puts it, another one takes the VM apart at the same time.",
         LENT_PAGE, ("{start}\n{finalise}", RUN), (START, *DESTROY)),
    Race("R4", "Finalise before start.",
         "Nobody has started the teardown. One CPU finalises, another one runs the guest.",
         LENT_PAGE, (NAMED_FINALISE, RUN), (FINALISE,), shows=(GONE,)),
    Race("R5", "Start twice.",
         "Two CPUs start the teardown of one VM.",
         LENT_PAGE, (NAMED_START, NAMED_START), (START,)),
    Race("R6", "Finalise twice.",
         "Two CPUs finalise one dying VM.",
         LENT_PAGE + DYING, ("{finalise}", "{finalise}"), DESTROY, (NO_ORPHAN,)),
    Race("R7", "Finalise while a call holds the VM.",
         "The VM is dying. One CPU is in the middle of a call that has looked the VM up by its handle; another one "
         "finalises.", LENT_PAGE + DYING, (UNSHARE, "{finalise}"), DESTROY),
    Race("R8", "The next VM in the same slot.",
         "One CPU finalises. As soon as the slot is free the honest host makes its next VM there on another CPU, with "
         "the same handle and VMID, and runs it.",
         LENT_PAGE + "\n".join(f"0 {line}" for line in RUN.splitlines()) + "\n" + DYING, ("{finalise}", NEW_VM),
         DESTROY, shows=(NEIGHBOURS,)),
    Race("R9", "A lost page, and the next VM with its handle.",
         "A protected VM was finalised with a page left. The next VM has its handle; it gets a page under the same "
         "gfn, while the host touches the lost one.",
         NEXT_TENANT, ("__pkvm_host_donate_guest(g1, 0)", "__pkvm_force_reclaim_guest_page(g0)"),
         ("__pkvm_force_reclaim_guest_page",)),
    Race("R10", "A vCPU is made while the VM is taken apart.",
         "One CPU takes the VM apart, another one gives it its vCPU.",
         MADE, ("{start}\n{finalise}", "__pkvm_init_vcpu(0x1000, hv0.0, vc0.0)"), (START, *DESTROY), (NO_ORPHAN,),
         (LATE_VCPU,)),
    Race("R11", "A page for a dying VM.",
         "The VM is dying, and its pages are home. One CPU finalises, another one tries to lend it a page.",
         EMPTY_VM + f"0 {NAMED_START}", (NAMED_FINALISE, SHARE), (FINALISE,), (NO_NEW_PAGE,)),
    Race("R12", "The owner unmaps memory during teardown.",
         "The honest host destroys a VM; on another CPU the owner of the memory unmaps a page of it.",
         LENT_PAGE, ("kvm_destroy_vm(kvm0, 1)", "kvm_unmap(kvm0)"), (START, *DESTROY, "kvm_unmap")),
    Race("R13", "A walk of many steps.",
         "The honest host destroys a VM; its walk over the guest's memory has three steps.",
         EMPTY_VM, ("kvm_destroy_vm(kvm0, 3)", ""), (START, FINALISE), (ALL_HOME,), needs=(START,)),
    Race("R14", "Two walks at once.",
         "Two CPUs of the honest host want to take the same guest's memory apart.",
         EMPTY_VM, ("exit_mmap(kvm0, 1)", "exit_mmap(kvm0, 1)"), (START,), needs=(START,)),
    Race("R15", "Start, then the pages go home.",
         "The honest host destroys a VM that has a page on loan, and nobody else does anything.",
         LENT_PAGE, ("kvm_destroy_vm(kvm0, 1)", ""), ("kvm_destroy_vm", START, FINALISE), (ALL_HOME,), needs=(START,)),
    Race("R16", "Reclaim and finalise at once.",
         "A protected VM is dying. One CPU reclaims its page, another one finalises.",
         SECRET_PAGE, ("__pkvm_reclaim_dying_guest_page(0x1000, 0)", NAMED_FINALISE),
         ("__pkvm_reclaim_dying_guest_page", FINALISE)),
    Race("R17", "Finalise with a page left.",
         "The VM is dying and has a page on loan, which nobody takes home before it is finalised.",
         LENT_PAGE + DYING, ("{finalise}", ""), DESTROY, shows=(LOST,)),
    Race("R18", "Unreserve while the VM is made.",
         "One CPU makes a VM in its reserved slot, another one takes the reservation back.",
         CREATED, ("__pkvm_init_vm(kvm0, 0x1000, 1, vm0, pgd0)", "__pkvm_unreserve_vm(0x1000)"),
         ("__pkvm_unreserve_vm",), (NO_ORPHAN,), (COUNTS,)),
    Race("R19", "Two VMs with one handle.",
         "Two CPUs each make a VM in the same reserved slot.",
         CREATED + SECOND_VM, ("__pkvm_init_vm(kvm0, 0x1000, 1, vm0, pgd0)",
                               "__pkvm_init_vm(kvm1, 0x1000, 1, vm1, pgd1)"),
         ("__pkvm_init_vm",), (NO_ORPHAN,), (COUNTS,)),
    Race("R20", "One vCPU on two CPUs.",
         "Two CPUs load the same vCPU and run it.",
         LENT_PAGE, (RUN, RUN), ("__pkvm_vcpu_load",), (ONE_CPU,)),
    Race("R21", "A CPU loads twice.",
         "A CPU loads one vCPU, then another one, and puts once.",
         TWO_VCPUS, ("__pkvm_vcpu_load(0x1000, 0)\n__pkvm_vcpu_load(0x1000, 1)\n__pkvm_vcpu_put()", ""),
         ("__pkvm_vcpu_load",), (HELD,)),
    Race("R22", "Finalise while a flush is under way.",
         "The VM is dying. One CPU flushes its translations, another one finalises.",
         LENT_PAGE + DYING, (FLUSH, "{finalise}"), DESTROY),
    Race("R23", "The host changes its struct while EL2 reads it.",
         "One CPU makes a VM with room for one vCPU; meanwhile another CPU makes the host's struct kvm count two.",
         CREATED, ("__pkvm_init_vm(kvm0, 0x1000, 1, vm0, pgd0)",
                   "kvm_create_vcpu(kvm0, hv0.1)\n__pkvm_init_vcpu(0x1000, hv0.1, vc0.1)"),
         ("__pkvm_init_vm",), (ROOM,)),
    Race("R24", "The host takes pages from a memcache that EL2 still fills.",
         "The pages are handed over when finalise returns. A host that touches them earlier touches EL2's memory: pre "
         "and v1 end the machine, merged and upstream let the access fail."),
    Race("R25", "The process dies between the phases.",
         "The owner's memory goes first, which starts the teardown; its files are closed later, which finalises. "
         "Another process, which was given a file, tries to run the guest.",
         EMPTY_VM, ("exit_mmap(kvm0, 1)\nkvm_close(kvm0, hv0.0)\nkvm_close(kvm0, kvm0)",
                    "kvm_vcpu_run(kvm0, hv0.0, g0, 0, RWX, 1)"),
         ("exit_mmap", "kvm_close"), (ALL_HOME,), (UNFINISHED,)),
    Race("R26", "The host's kernel crashes between the phases.",
         "The machine is gone, and EL2's state with it: under this hypervisor no other kernel is started in place."),
    Race("R27", "EL2 works for long.",
         "Destroying takes a time that grows with a VM's tables and vCPUs, on one CPU with its interrupts off. The "
         "split takes the guest's pages out of that time, not the rest."),
    Race("R28", "Put after start.",
         "It cannot be: start wants a count of 0, so no vCPU is loaded that somebody could put."),
    Race("R29", "Start while a call holds the VM.",
         "One CPU is in the middle of a call that has looked the VM up by its handle; another one starts the teardown. "
         "An honest host does not do it: see R12.",
         LENT_PAGE, (UNSHARE, NAMED_START), (START,)))

RACES = {race.id: race for race in ALL_RACES}

DIFFERS = {
    ("R9", "merged"): "The table of facts speaks of the branch some commits later; 6c58f914 cannot donate pages yet.",
    ("R16", "merged"): "The table of facts speaks of the branch some commits later; 6c58f914 cannot reclaim yet."}
"""Where what was found is not what the course's table of facts says, and why."""


def written(text: str, revision: Revision) -> str:
    """A race's text for this kernel, in which the teardown has one call or two."""
    split = ONE_SHOT not in revision.calls
    lines = [line for line in text.splitlines() if line.strip() and (split or "{start}" not in line)]
    return "\n".join(lines).format(start=NAMED_START, finalise=NAMED_FINALISE if split else f"{ONE_SHOT}(0x1000)")


def scene_of(race: Race, revision: Revision) -> Scene:
    """The race as a scene of this kernel."""
    scripts = tuple(written(script, revision) for script in race.scripts)
    return scene(race.id, race.title, revision, written(race.setup, revision), scripts, race.says,
                 Config(cpus=len(scripts)))


def is_there(race: Race, revision: Revision) -> bool:
    """True if this kernel has the calls that the race is made of."""
    made = scene_of(race, revision)
    names = {call.name for _, call in made.setup} | {move.call.name for script in made.scripts for move in script}
    return names | {*race.needs} <= revision.calls | HOST_CALLS.keys()


def answers(step: Step, about: tuple[str, ...]) -> str:
    """Which call that a race is about is refused in this step, in words; '' if none is."""
    made = [*step.answers, *([] if step.pending else [(*step.call, step.ret)])]
    refused = [(name, ret) for name, _, ret in made if name in about and ret is not None and ret < 0]
    why = f": {step.refused[1]}" if step.refused else ""
    return next((f"{name} on CPU {step.cpu} answers {errno(ret)}{why}" for name, ret in refused), "")


def warns(step: Step, about: tuple[str, ...]) -> str:
    """Which warning the host logs about such a call, in words; '' if none."""
    return next((told(event) for event in step.events
                 if event.kind == HOST_WARN and (event.where in about or step.call.name in about)), "")


def panics(step: Step) -> str:
    """How EL2 ends itself in this step, in words; '' if it does not."""
    return next((told(event) for event in step.events if event.kind == EL2_PANIC), "")


def breaks(step: Step) -> str:
    """What EL2 does in this step that it must never do, in words; '' if nothing."""
    return next((told(event) for event in step.events if event.kind not in (HOST_WARN, EL2_PANIC)), "")


def questions(race: Race) -> tuple[Property, ...]:
    """What is asked about all orders of a race."""
    return (Always(BUG, "EL2 uses only memory that is its own.", broken_by=lambda _, step: breaks(step)),
            Always(EL2_PANIC, "EL2 does not end itself.", broken_by=lambda _, step: panics(step)),
            Always(HOST_WARN, "The host logs no warning.", broken_by=lambda _, step: warns(step, race.about)),
            Always(ERR, "No call is refused.", broken_by=lambda _, step: answers(step, race.about)),
            *race.always, *race.shows, Stuck())


def search(race: Race, made: Scene, limits: Limits) -> Report:
    """Look at all orders, or until a defect is found: what a machine does after that means nothing."""
    begun, exploration = time.monotonic(), Exploration(Scripts(made), questions(race))
    defects, stopped = {BUG, *(one.name for one in race.always)}, ""
    while not stopped and exploration.advance():
        stopped = reached(limits, exploration.search, time.monotonic() - begun)
        if defects & exploration.finds.keys():
            stopped = "a defect is found"
    return report(exploration, time.monotonic() - begun, stopped)


def worst(race: Race, found_by: Report) -> tuple[str, Answer | None]:
    """The outcome of a race, and the answer with the shortest run that shows it."""
    found = {answer.asked.name: answer for answer in found_by.answers if answer.run is not None}
    defects = [found[name] for name in (BUG, *(one.name for one in race.always)) if name in found]
    if defects:
        return BUG, defects[0]
    return next(((name, found[name]) for name in SEVERITY[:0:-1] if name in found), (OK, None))


def cell(race: Race, revision: Revision, limits: Limits = ENOUGH) -> Cell:
    """What comes of a race in a kernel."""
    if not race.scripts:
        return Cell(race.id, revision.name, NOT_EXPLORED, race.says)
    if not is_there(race, revision):
        return Cell(race.id, revision.name, NOT_THERE, f"{revision.name} lacks the calls")
    made = scene_of(race, revision)
    result = search(race, made, limits)
    outcome, answer = worst(race, result)
    named = {answer.asked.name: answer for answer in result.answers}
    return Cell(race.id, revision.name, outcome, answer.reason if answer else "",
                run_of(made, answer.run) if answer and answer.run is not None else None, len(made.setup),
                tuple(one.name for one in race.shows if named[one.name].run is not None),
                Stuck().says if named[Stuck().name].verdict == VIOLATED else "",
                result.states, result.transitions, result.depth, result.stopped)


def run_of(made: Scene, actions: tuple[int, ...]) -> Trace:
    """The trace of a scene's setup and of these CPUs' steps after it."""
    steps = [*((step, True) for step in made.setup_steps()), *script_steps(Scripts(made), actions)]
    return record(made.revision, made.config, [(shown(step), begun) for step, begun in steps])


def shown(step: Step) -> Step:
    """The step without records of a kind that the model does not have; a mutant may keep some of its own."""
    known = {key: kept for key, kept in step.state.table.items() if key[0] in KINDS}
    return step._replace(state=step.state._replace(table=known))


def table() -> dict[tuple[str, str], Cell]:
    """Every race in every kernel."""
    return {(race.id, revision.name): cell(race, revision) for race in ALL_RACES for revision in REVISIONS.values()}
