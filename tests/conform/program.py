"""The test program of the recordings: its scripts, and the honest host running them on the model."""
from __future__ import annotations

from collections.abc import Iterator

from pkvm_model.conform.recordings import RecordedScenario, start, translate_calls
from pkvm_model.model.run import begin, complete, finish
from pkvm_model.model.state import Span, State, Value
from pkvm_model.model.steps import Call

Made = tuple[str, tuple[Value, ...], int | None]
"""A hypercall with its arguments and its answer."""

SCRIPTS = {
    "1": "create 0, close kvm0",
    "2": "create 0, vcpu 0.0, close hv0.0, close kvm0",
    "3": "create 0, vcpu 0.0, run 0.0, run 0.0, run 0.0, close hv0.0, close kvm0",
    "4": "create 0, vcpu 0.0, run 0.0, run 0.0, run 0.0, close kvm0, close hv0.0",
    "5": "create 0, vcpu 0.0, vcpu 0.1, run 0.0, run 0.1, run 0.0, run 0.1, close hv0.0, close hv0.1, close kvm0",
    "6": "create 0, vcpu 0.0, vcpu 0.1, run 0.0, run 0.0, close hv0.0, close hv0.1, close kvm0",
    "7": "create 0, vcpu 0.0, run 0.0, run 0.0, vcpu 0.1, run 0.1, close hv0.0, close hv0.1, close kvm0",
    "8": "create 0, vcpu 0.0, run 0.0, run 0.0, run 0.0, exit, close kvm0, close hv0.0",
    "9": "create 0, vcpu 0.0, run 0.0, run 0.0, run 0.0, delete, close hv0.0, close kvm0",
    "10": "create 0, create 1, vcpu 0.0, vcpu 1.0, run 0.0, run 1.0, run 0.0, close hv0.0, close kvm0, run 1.0, "
          "close hv1.0, close kvm1",
    "11": "create 0, vcpu 0.0, run 0.0, run 0.0, read, run 0.0, close hv0.0, close kvm0, read",
    "12": "create 0, vcpu 0.0, run 0.0, run 0.0, munmap, close hv0.0, close kvm0",
    "13": "create 0, vcpu 0.0, vcpu 0.1, run 0.0, close hv0.0, close hv0.1, close kvm0",
    "14": "create 0, vcpu 0.0, run 0.0, run 0.0, fork, exit, run 0.0 by 1, create 1 by 1, close kvm1, close hv0.0, "
          "close kvm0",
}
"""The program's actions, by the number of the scenario; in 14, process 1 inherits the open files."""

OTHERS = {"exit": "exit_mmap", "munmap": "kvm_unmap", "delete": "kvm_delete_memslot", "fork": "fork_owner"}
CODE, DATA, DATA_OF_A_VCPU = 0x80000, 0x80010, 0x40
"""The gfns of the guest's code, of its first data page, and the distance between the data of two vCPUs."""

SHARED_END = {("6.19.14", "n13"): ("hv0.1", ("hv0.1", "hv0.1.p1", "hv0.0"))}
"""A struct that ends on the page on which another begins.

EL2 never learns the address of a vCPU that did not run; the order in which the loans of its pages end reveals it.
"""
QUIET = {"__pkvm_vcpu_load", "__pkvm_vcpu_put", "__kvm_vcpu_run", "__pkvm_vcpu_sync_state"}
"""Calls whose number in a recording means nothing."""


def recorded(scenario: RecordedScenario) -> list[Made]:
    """Return the hypercalls of a recording in the model's terms, without the quiet ones."""
    return [(call.name, complete(call).args, row.ret) for row, call in translate_calls(scenario, scenario.revision)
            if call and call.name not in QUIET]


def beginning(scenario: RecordedScenario) -> State:
    """Return the machine before the first row, with the host's structs at their recorded places."""
    state = start(scenario)
    if (scenario.kernel, scenario.name) not in SHARED_END:
        return state
    name, pages = SHARED_END[scenario.kernel, scenario.name]
    return State.of(state.config, {**state.table, (Span, name): Span(pages)})


class Program:
    """The test program, its VMs protected or not; `answers` are the results of the host's functions."""

    def __init__(self, scenario: RecordedScenario) -> None:
        self.state, self.revision = beginning(scenario), scenario.revision
        self.protected = scenario.name.startswith("p")
        self.runs: dict[str, int] = {}
        self.lent: list[str] = []
        self.made: list[Made] = []
        self.answers: list[tuple[str, int | None]] = []
        self.warnings: list[str] = []
        for line in SCRIPTS[scenario.name[1:]].split(", "):
            for call in self.calls(*line.split()):
                self.make(line, call)

    def make(self, line: str, call: Call) -> None:
        """Make a call of the host's and record the hypercalls that it led to."""
        step = finish(begin(self.state, self.revision, 0, call), self.revision)
        self.state = step.state
        self.made += [(name, complete(Call(name, args)).args, ret) for name, args, ret in step.answers
                      if name not in QUIET]
        self.warnings += [event.where for event in step.events]
        self.answers.append((line, step.ret))

    def calls(self, what: str, which: str = "", _by: str = "", process: str = "0") -> Iterator[Call]:
        """Yield the host's functions behind a line of a script."""
        if what == "create":
            yield Call("kvm_create_vm", (f"kvm{which}", self.protected, int(process)))
        elif what == "vcpu":
            yield Call("kvm_create_vcpu", (f"kvm{which[0]}", f"hv{which}"))
        elif what == "run":
            yield Call("kvm_vcpu_run", (f"kvm{which[0]}", f"hv{which}", *self.fault(which), int(process)))
        elif what == "close":
            yield Call("kvm_close", (f"kvm{which[2:][0] if which[0] == 'h' else which[3:]}", which))
        elif what == "read":
            yield from (Call("host_access", (page,)) for page in self.lent[:2])
        else:
            yield Call(OTHERS[what], ("kvm0",))

    def fault(self, vcpu: str) -> tuple[str, int, str]:
        """Return the page that the guest touches for the first time: first its code, then each vCPU's data."""
        vm, idx = vcpu.split(".")
        nth = self.runs[vcpu] = self.runs.get(vcpu, -1) + 1
        code_is_there = self.runs.get(vm) is not None
        self.runs[vm] = 0
        if not nth and code_is_there:
            return "", 0, "RWX"
        self.lent.append(f"g{len(self.lent)}")
        data = DATA + DATA_OF_A_VCPU * int(idx) + nth - 1
        return (self.lent[-1], data, "RW") if nth else (self.lent[-1], CODE, "RWX")
