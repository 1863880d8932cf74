"""What each call answers in each state of a VM, written as the tables that one reads.

S0 no VM, S1 reserved, S2 no vCPU yet, S3 live (a guest page lent), S4 vCPU 0 loaded on CPU 0, S5 dying, S6 dying with a
guest page outstanding, S7 destroyed. `noop`: no answer and nothing changes. `->`: the state the VM is in then; without
an arrow it stays where it is. PANIC/-EBUSY: EL2 warns, which ends the machine; the code stands behind the warning.
"""
from __future__ import annotations

import pytest

from pkvm_model.revisions import REVISIONS, errno
from pkvm_model.run import Call, begin, finish
from tests.model.machine import HANDLE, NAMES, STATES, Machine, state_class

PRE_TABLE = """
call                 | S0,S7        | S1         | S2         | S3         | S4
reserve              | 0x1000 -> S1 | 0x1001     | 0x1001     | 0x1001     | 0x1001
unreserve            | noop         | void -> S0 | noop       | noop       | noop
init                 | -EINVAL      | 0 -> S2    | -EINVAL    | -EINVAL    | -EINVAL
init, no vCPU        | -EINVAL      | -EINVAL    | -EINVAL    | -EINVAL    | -EINVAL
init, memory in use  | -ENOMEM      | -ENOMEM    | -ENOMEM    | -ENOMEM    | -ENOMEM
init_vcpu            | -ENOENT      | -ENOENT    | 0 -> S3    | 0          | 0
init_vcpu, bad index | -ENOENT      | -ENOENT    | -EINVAL    | -EINVAL    | -EINVAL
init_vcpu, taken     | -ENOENT      | -ENOENT    | 0 -> S3    | -EINVAL    | -EINVAL
load 0, CPU 1        | noop         | noop       | noop       | void -> S4 | noop
load 1, CPU 1        | noop         | noop       | noop       | void -> S4 | void
load 1, CPU 0        | noop         | noop       | noop       | void -> S4 | noop
load, bad index      | noop         | noop       | noop       | noop       | noop
put                  | noop         | noop       | noop       | noop       | void -> S3
put, CPU 1           | noop         | noop       | noop       | noop       | noop
run                  | -EINVAL      | -EINVAL    | -EINVAL    | -EINVAL    | 0
run, CPU 1           | -EINVAL      | -EINVAL    | -EINVAL    | -EINVAL    | -EINVAL
share                | -EINVAL      | -EINVAL    | -EINVAL    | -EINVAL    | 0
share, gfn in use    | -EINVAL      | -EINVAL    | -EINVAL    | -EINVAL    | -EPERM
unshare              | -EINVAL      | -EINVAL    | -ENOENT    | 0          | 0
unshare, not mapped  | -EINVAL      | -EINVAL    | -ENOENT    | -ENOENT    | -ENOENT
teardown             | -ENOENT      | -ENOENT    | 0 -> S0    | 0 -> S0    | PANIC/-EBUSY
"""

V1_TABLE = """
call                 | S0,S7        | S1         | S2         | S3         | S4           | S5      | S6
reserve              | 0x1000 -> S1 | 0x1001     | 0x1001     | 0x1001     | 0x1001       | 0x1001  | 0x1001
unreserve            | noop         | void -> S0 | noop       | noop       | noop         | noop    | noop
init                 | -EINVAL      | 0 -> S2    | -EINVAL    | -EINVAL    | -EINVAL      | -EINVAL | -EINVAL
init_vcpu            | -ENOENT      | -ENOENT    | 0 -> S3    | 0          | 0            | 0       | 0
init_vcpu, bad index | -ENOENT      | -ENOENT    | -EINVAL    | -EINVAL    | -EINVAL      | -EINVAL | -EINVAL
load 0, CPU 1        | noop         | noop       | noop       | void -> S4 | noop         | noop    | noop
load 1, CPU 1        | noop         | noop       | noop       | void -> S4 | void         | noop    | noop
put                  | noop         | noop       | noop       | noop       | void -> S3   | noop    | noop
run                  | -EINVAL      | -EINVAL    | -EINVAL    | -EINVAL    | 0            | -EINVAL | -EINVAL
share                | -EINVAL      | -EINVAL    | -EINVAL    | -EINVAL    | 0            | -EINVAL | -EINVAL
unshare              | -EINVAL      | -EINVAL    | -ENOENT    | 0          | 0            | -ENOENT | 0 -> S5
unshare, not mapped  | -EINVAL      | -EINVAL    | -ENOENT    | -ENOENT    | -ENOENT      | -ENOENT | -ENOENT
start                | -ENOENT      | -ENOENT    | 0 -> S5    | 0 -> S6    | PANIC/-EBUSY | -EINVAL | -EINVAL
finalise             | -ENOENT      | -ENOENT    | -EBUSY     | -EBUSY     | -EBUSY       | 0 -> S0 | 0 -> S0
"""

ROWS = {
    "reserve": (0, "reserve"), "unreserve": (1, "unreserve", HANDLE),
    "init": (1, "init", "kvm0", HANDLE, 1, "vm9", "pgd9"),
    "init, no vCPU": (1, "init", "kvm0", HANDLE, 0, "vm9", "pgd9"),
    "init, memory in use": (1, "init", "kvm0", HANDLE, 1, "kvm1", "pgd9"),
    "init_vcpu": (1, "init_vcpu", HANDLE, "hv0.2", "vc9"),
    "init_vcpu, bad index": (1, "init_vcpu", HANDLE, "hv0.3", "vc9"),
    "init_vcpu, taken": (1, "init_vcpu", HANDLE, "hv0.0", "vc9"),
    "load 0, CPU 1": (1, "load", HANDLE, 0), "load 1, CPU 1": (1, "load", HANDLE, 1),
    "load 1, CPU 0": (0, "load", HANDLE, 1), "load, bad index": (1, "load", HANDLE, 3),
    "put": (0, "put"), "put, CPU 1": (1, "put"), "run": (0, "run", "hv0.0"), "run, CPU 1": (1, "run", "hv0.0"),
    "share": (0, "share", "g1", 1), "share, gfn in use": (0, "share", "g1", 0),
    "unshare": (1, "unshare", HANDLE, 0), "unshare, not mapped": (1, "unshare", HANDLE, 9),
    "teardown": (1, "teardown", HANDLE), "start": (1, "start", HANDLE), "finalise": (1, "finalise", HANDLE),
}


def cells(revision: str, table: str) -> list[tuple[str, str, str, str]]:
    """Every cell of a table: revision, call, state, what is expected."""
    head, *rows = [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]
    return [(revision, row[0], state, cell)
            for row in rows for states, cell in zip(head[1:], row[1:], strict=True) for state in states.split(",")]


def outcome(machine: Machine, call: str) -> str:
    """What a call does in a machine, in the words of the tables."""
    cpu, name, *args = ROWS[call]
    before, request = machine.state, Call(NAMES[str(name)], tuple(args))
    step = finish(begin(before, machine.revision, int(cpu), request), machine.revision)
    if step.state.end:
        lenient = finish(begin(before, machine.revision, int(cpu), request, False), machine.revision, False)
        return f"{step.state.end.kind.removeprefix('EL2_')}/{errno(lenient.ret or 0)}"
    if step.ret is None and step.state == before:
        return "noop"
    answer = "void" if step.ret is None else hex(step.ret) if step.ret >= HANDLE else errno(step.ret)
    was, becomes = state_class(before), state_class(step.state)
    return answer if was == becomes else f"{answer} -> {becomes}"


@pytest.mark.parametrize(("revision", "call", "state", "expected"), cells("pre", PRE_TABLE) + cells("v1", V1_TABLE))
def test_a_call_answers_as_the_outcome_table_says(revision: str, call: str, state: str, expected: str) -> None:
    machine = STATES[state](REVISIONS[revision])
    assert state_class(machine.state) == ("S0" if state == "S7" else state)
    assert outcome(machine, call) == expected


@pytest.mark.parametrize(("revision", "table"), [("pre", PRE_TABLE), ("v1", V1_TABLE)])
def test_every_call_that_names_a_vm_has_a_row(revision: str, table: str) -> None:
    called = {NAMES[str(ROWS[call][1])] for _, call, _, _ in cells(revision, table)}
    assert REVISIONS[revision].calls - called == {"__pkvm_host_share_hyp", "__pkvm_host_unshare_hyp"}
