"""The model answers the calls that a real kernel answered: row by row, and scenario by scenario."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...model.revisions import Revision, errno
from ...model.run import run
from ...model.state import Config, Key, Page, Record, Slot, State, Value, Vm
from ...model.trace import show_value
from .arguments import Names, translate_calls
from .rows import RecordedRow
from .scenarios import RecordedScenario, Recording


@dataclass(frozen=True)
class ReplayedRow:
    """One hypercall of the recording: what the kernel answered, and what the model answers.

    `args` and `agree` are None for a call that the model does not have; `event` says how the model's machine ended.
    """

    recorded: RecordedRow
    args: tuple[Value, ...] | None = None
    model: int | None = None
    event: str = ""

    @property
    def kernel(self) -> str:
        """The kernel's answer in words."""
        return "EL2_PANIC" if self.recorded.panics else self.describe_ret(self.recorded.ret)

    @property
    def modelled(self) -> str:
        """The model's answer in words."""
        return "-" if self.args is None else self.event or self.describe_ret(self.model)

    @property
    def agree(self) -> bool | None:
        """True if both answer the same, None if the model has no answer."""
        return None if self.args is None else self.kernel == self.modelled

    def describe_ret(self, ret: int | None) -> str:
        """Return an answer in words. A run that entered the guest ends for many reasons, which count as the same."""
        if ret is None:
            return "void"
        if self.recorded.call == "__kvm_vcpu_run" and ret >= 0:
            return "ran"
        return errno(ret) if ret < 0 else show_value(ret)

    @property
    def cells(self) -> tuple[str, str, str, str]:
        """Call, the kernel's answer, the model's answer, and whether they agree."""
        same = {True: "yes", False: "NO", None: "not modelled"}[self.agree]
        return self.recorded.call, self.kernel, self.modelled, same


@dataclass(frozen=True)
class ReplayedScenario:
    """A scenario and the model side by side; `end` is the state of the model after it."""

    scenario: RecordedScenario
    revision: Revision
    rows: tuple[ReplayedRow, ...]
    end: State

    def __iter__(self) -> Iterator[ReplayedRow]:
        return iter(self.rows)

    @property
    def disagreements(self) -> tuple[ReplayedRow, ...]:
        """The modelled calls that the model answers differently from the kernel."""
        return tuple(row for row in self.rows if row.agree is False)

    @property
    def title(self) -> str:
        """Which kernel is compared with which revision."""
        return f"Scenario {self.scenario.name}: kernel {self.scenario.kernel} and the model as {self.revision.name}"

    @property
    def summary(self) -> str:
        """How many answers are the same."""
        modelled = [row for row in self.rows if row.agree is not None]
        same = len(modelled) - len(self.disagreements)
        others = len(self.rows) - len(modelled)
        rest = "1 row of another call" if others == 1 else f"{others} rows of other calls"
        return f"{same} of {len(modelled)} modelled calls returned what the kernel returned; {rest}."


def start(scenario: RecordedScenario, boot: State | None = None) -> State:
    """Return the machine before the first row: all memory is the host's, and its structs lie where they were recorded.

    A real EL2 has 255 slots; a scenario uses at most as many as it reserves, the lowest first. `boot` is the state
    after the run before it in the same boot, if there was one: its VM table carries over.
    """
    cpus = max([Config().cpus, *(row.cpu + 1 for row in scenario.rows)])
    slots = sum(row.call == "__pkvm_reserve_vm" for row in scenario.hypercalls)
    carried = carry_table_over(boot) if boot else {}
    return State.of(Config(cpus=cpus, slots=max(1, slots + len(carried))), Names(scenario).make_spans() | carried)


def carry_table_over(state: State) -> dict[Key, Record]:
    """Return what a run has left in the VM table; its VMs get other names, since each run names its own memory."""
    records: dict[Key, Record] = {}
    for idx, slot in state.all(Slot):
        address = state.vm_in(idx)
        records[Slot, idx] = slot if address is None else Slot(f"left.{idx}.{address}")
        if address is not None:
            records |= carry_vm_over(state, address, f"left.{idx}.")
    return records


def carry_vm_over(state: State, address: str, prefix: str) -> dict[Key, Record]:
    """Return a VM and all pages that it names, each under a name with this prefix; its vCPUs stay behind."""
    vm = state.get(Vm, address)
    maps = tuple(leaf._replace(page=leaf.page and prefix + leaf.page) for leaf in vm.maps)
    names = {address, vm.host_kvm, vm.pgd, *(leaf.page for leaf in vm.maps if leaf.page)}
    pages: dict[Key, Record] = {(Page, prefix + name): state.get(Page, name) for name in names}
    copy = vm._replace(vcpus=(), maps=maps, host_kvm=prefix + vm.host_kvm, pgd=prefix + vm.pgd)
    return pages | {(Vm, prefix + address): copy}


def replay(scenario: RecordedScenario, revision: Revision | None = None, boot: State | None = None) -> ReplayedScenario:
    """Let the model, by default as the kernel's revision, answer the recorded calls in their order."""
    revision = revision or scenario.revision
    state, rows = start(scenario, boot), []
    for recorded, call in translate_calls(scenario, revision):
        if call is None:
            rows.append(ReplayedRow(recorded))
        elif state.end:
            rows.append(ReplayedRow(recorded, call.args, event="the machine has ended"))
        else:
            step = run(state, revision, recorded.cpu, call)
            state = step.state
            rows.append(ReplayedRow(recorded, call.args, step.ret, state.end.kind if state.end else ""))
    return ReplayedScenario(scenario, revision, tuple(rows), state)


def replay_all(recording: Recording, revision: Revision | None = None) -> Iterator[ReplayedScenario]:
    """Yield the replays of all scenarios in their order.

    The VM table carries over to the next scenario of the same kernel if a handle proves that both ran in one boot: the
    kernel gave a handle that an empty table would not have given, but the table left by the last run would.
    """
    ends: dict[str, State] = {}
    for scenario in recording.scenarios:
        result = replay(scenario, revision)
        before = ends.get(scenario.kernel)
        if before and not before.end and has_odd_handles(result):
            second = replay(scenario, revision, before)
            result = result if has_odd_handles(second) else second
        ends[scenario.kernel] = result.end
        yield result


def has_odd_handles(result: ReplayedScenario) -> bool:
    """Return True if the model reserved other handles than the kernel."""
    return any(row.recorded.call == "__pkvm_reserve_vm" for row in result.disagreements)
