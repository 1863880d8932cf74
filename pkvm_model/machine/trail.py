"""A run that grows call by call and region by region, kept so that it can become a trace."""
from __future__ import annotations

from typing import NamedTuple

from ..model.revisions import Revision
from ..model.run import begin, finish, resume
from ..model.state import SHARED_BORROWED, Config, Cpu, Page, State, Vm
from ..model.steps import Call, Step
from ..model.trace import Trace, record, show_outcome

GUEST_PAGES = ("g0", "g1", "g2")


class Trail(NamedTuple):
    """The steps made so far, each with True if a call began with it. Once the machine has ended, no more are made."""

    revision: Revision
    config: Config
    steps: tuple[tuple[Step, bool], ...] = ()

    @property
    def state(self) -> State:
        """The state after the last step."""
        return self.steps[-1][0].state if self.steps else State(self.config)

    @property
    def trace(self) -> Trace:
        """The steps as a trace."""
        return record(self.revision, self.config, self.steps)

    @property
    def outcomes(self) -> tuple[tuple[int, str], ...]:
        """The CPU and the outcome of each step, without where calls stopped."""
        return tuple((step.cpu, show_outcome(step)) for step, _ in self.steps if not step.pending)

    @property
    def boundaries(self) -> tuple[str, ...]:
        """The boundaries at which a CPU stood while another one went on, in their order, each once."""
        pairs = zip(self.steps, self.steps[1:], strict=False)
        stops = (name_boundary(step) for (step, _), (after, _) in pairs if step.pending and after.cpu != step.cpu)
        return tuple(dict.fromkeys(stops))

    def is_busy(self, cpu: int) -> bool:
        """Return True while a CPU stands inside a call of a machine that goes on."""
        return not self.state.end and self.state.get(Cpu, cpu).flight is not None

    def make(self, cpu: int, *calls: Call) -> Trail:
        """Make whole calls on an idle CPU."""
        trail = self
        for call in calls:
            if not trail.state.end:
                trail = trail.add(finish(begin(trail.state, self.revision, cpu, call), self.revision), True)
        return trail

    def enter(self, cpu: int, call: Call) -> Trail:
        """Begin a call and stop behind its first lock region."""
        return self if self.state.end else self.add(begin(self.state, self.revision, cpu, call), True)

    def advance(self, cpu: int) -> Trail:
        """Go one lock region further in the call under way on a CPU."""
        return self.add(resume(self.state, self.revision, cpu), False)

    def leave(self, cpu: int) -> Trail:
        """Make the rest of the call under way on a CPU, if there is one."""
        return self.add(resume(self.state, self.revision, cpu, to_end=True), False) if self.is_busy(cpu) else self

    def add(self, step: Step, begun: bool) -> Trail:
        """Return the trail with one more step."""
        return self._replace(steps=(*self.steps, (step, begun)))


def name_boundary(step: Step) -> str:
    """Return where a step left its call: the functions it is in, each with the number of the yield it stands at."""
    return " ".join(find_place(step)[:-1])


def find_purpose(step: Step) -> str:
    """Return what a call that was left will do next, in a few words."""
    return find_place(step)[-1].split(";")[0].split(":")[0]


def find_place(step: Step) -> tuple[str, ...]:
    """Return where a step left its call, and last what comes next there."""
    flight = step.state.get(Cpu, step.cpu).flight
    assert flight, "a call that is pending is under way"
    return flight.at


def list_stops(trail: Trail, cpu: int, call: Call) -> list[Trail]:
    """Return the trail with a call left at each of its boundaries, in their order."""
    stops, trail = [], trail.enter(cpu, call)
    while trail.is_busy(cpu):
        stops.append(trail)
        trail = trail.advance(cpu)
    return stops


def list_places(trail: Trail, cpu: int, call: Call) -> list[Trail]:
    """Return the trail with a call left at each of its boundaries; one that comes again in a loop is tried once."""
    places: dict[str, Trail] = {}
    for stop in list_stops(trail, cpu, call):
        places.setdefault(name_boundary(stop.steps[-1][0]), stop)
    return list(places.values())


def wind_up(trail: Trail) -> Trail:
    """Let the host take everything apart, so that a count, a pin or a page that was left behind shows.

    It puts what is loaded, starts each VM, takes its pages home and finalises it; then it ends the loans of structs,
    and lends EL2 the pages that calls have named for guests, which fails if they are not the host's alone.
    """
    used = {arg for step, _ in trail.steps for arg in step.call.args if arg in GUEST_PAGES}
    for cpu in range(trail.config.cpus):
        if not trail.state.end and trail.state.get(Cpu, cpu).loaded:
            trail = trail.make(cpu, Call("__pkvm_vcpu_put"))
    for address in filter(None, map(trail.state.vm_in, range(trail.config.slots))):
        trail = trail.make(0, *list_last_calls(trail, trail.state.get(Vm, address)))
    pages = trail.state.all(Page)
    structs = [name for name, page in pages if page.hyp == SHARED_BORROWED and name.startswith(("kvm", "hv"))]
    trail = trail.make(0, *(Call("__pkvm_host_unshare_hyp", (name,)) for name in structs))
    return trail.make(0, *(Call("__pkvm_host_share_hyp", (name,)) for name in sorted(used)))


def list_last_calls(trail: Trail, vm: Vm) -> list[Call]:
    """Return the calls with which the host takes one VM apart."""
    split = "__pkvm_start_teardown_vm" in trail.revision.calls
    home = "__pkvm_reclaim_dying_guest_page" if vm.is_protected else "__pkvm_host_unshare_guest"
    start = [Call("__pkvm_start_teardown_vm", (vm.handle,))] if split and not vm.is_dying else []
    destroy = Call("__pkvm_finalize_teardown_vm" if split else "__pkvm_teardown_vm", (vm.handle,))
    return [*start, *(Call(home, (vm.handle, mapped.gfn)) for mapped in vm.maps), destroy]
