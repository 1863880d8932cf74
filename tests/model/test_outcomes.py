"""What each call answers in each state of a VM, written as the tables that one reads.

S0 no VM, S1 reserved, S2 no vCPU yet, S3 live (a guest page lent), S4 vCPU 0 loaded on CPU 0, S5 dying, S6 dying with a
guest page outstanding, S7 destroyed; the VM is an ordinary one unless the column says so. `none`: with a gfn at which
the guest has nothing. `noop`: no answer and nothing changes. `flush`: no answer, but the VMID is flushed. `->`: the
state the VM is in then; without an arrow it stays where it is. PANIC/-EBUSY: EL2 warns, which ends the machine; the
code stands behind the warning.
"""
from __future__ import annotations

import pytest

from pkvm_model.model.revisions import REVISIONS, errno
from pkvm_model.model.run import begin, finish, run
from pkvm_model.model.steps import Call
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
wrprotect            | -EINVAL      | -EINVAL    | 0          | 0          | 0
wrprotect, none      | -EINVAL      | -EINVAL    | 0          | 0          | 0
wrprotect, 2 pages   | -EINVAL      | -EINVAL    | -EINVAL    | -EINVAL    | -EINVAL
clear_young          | -EINVAL      | -EINVAL    | 0          | 1          | 1
clear_young, 2 pages | -EINVAL      | -EINVAL    | -EINVAL    | -EINVAL    | -EINVAL
relax_perms          | -EINVAL      | -EINVAL    | -EINVAL    | -EINVAL    | 0
relax, none          | -EINVAL      | -EINVAL    | -EINVAL    | -EINVAL    | -EAGAIN
relax, bad prot      | -EINVAL      | -EINVAL    | -EINVAL    | -EINVAL    | -EINVAL
mkyoung              | -EINVAL      | -EINVAL    | -EINVAL    | -EINVAL    | 0
mkyoung, CPU 1       | -EINVAL      | -EINVAL    | -EINVAL    | -EINVAL    | -EINVAL
flush                | noop         | noop       | flush      | flush      | flush
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
wrprotect            | -EINVAL      | -EINVAL    | 0          | 0          | 0            | 0       | 0
wrprotect, none      | -EINVAL      | -EINVAL    | 0          | 0          | 0            | 0       | 0
wrprotect, 2 pages   | -EINVAL      | -EINVAL    | -EINVAL    | -EINVAL    | -EINVAL      | -EINVAL | -EINVAL
clear_young          | -EINVAL      | -EINVAL    | 0          | 1          | 1            | 0       | 1
clear_young, 2 pages | -EINVAL      | -EINVAL    | -EINVAL    | -EINVAL    | -EINVAL      | -EINVAL | -EINVAL
relax_perms          | -EINVAL      | -EINVAL    | -EINVAL    | -EINVAL    | 0            | -EINVAL | -EINVAL
relax, none          | -EINVAL      | -EINVAL    | -EINVAL    | -EINVAL    | -EAGAIN      | -EINVAL | -EINVAL
relax, bad prot      | -EINVAL      | -EINVAL    | -EINVAL    | -EINVAL    | -EINVAL      | -EINVAL | -EINVAL
mkyoung              | -EINVAL      | -EINVAL    | -EINVAL    | -EINVAL    | 0            | -EINVAL | -EINVAL
mkyoung, CPU 1       | -EINVAL      | -EINVAL    | -EINVAL    | -EINVAL    | -EINVAL      | -EINVAL | -EINVAL
flush                | noop         | noop       | flush      | flush      | flush        | flush   | flush
start                | -ENOENT      | -ENOENT    | 0 -> S5    | 0 -> S6    | PANIC/-EBUSY | -EINVAL | -EINVAL
finalise             | -ENOENT      | -ENOENT    | -EBUSY     | -EBUSY     | -EBUSY       | 0 -> S0 | 0 -> S0
"""

MERGED_DIFFERS = """
unshare              | -EINVAL      | -EINVAL    | -ENOENT    | 0          | 0            | -EINVAL | -EINVAL
unshare, not mapped  | -EINVAL      | -EINVAL    | -ENOENT    | -ENOENT    | -ENOENT      | -EINVAL | -EINVAL
wrprotect            | -EINVAL      | -EINVAL    | 0          | 0          | 0            | -EINVAL | -EINVAL
wrprotect, none      | -EINVAL      | -EINVAL    | 0          | 0          | 0            | -EINVAL | -EINVAL
clear_young          | -EINVAL      | -EINVAL    | 0          | 1          | 1            | -EINVAL | -EINVAL
flush                | noop         | noop       | flush      | flush      | flush        | noop    | noop
"""

UPSTREAM_TABLE = """
call                 | S0,S7        | S1         | S2         | S3         | S4           | S5      | S6
reserve              | 0x1000 -> S1 | 0x1001     | 0x1001     | 0x1001     | 0x1001       | 0x1001  | 0x1001
unreserve            | noop         | void -> S0 | noop       | noop       | noop         | noop    | noop
init                 | -EINVAL      | 0 -> S2    | -EINVAL    | -EINVAL    | -EINVAL      | -EINVAL | -EINVAL
init_vcpu            | -ENOENT      | -ENOENT    | 0 -> S3    | 0          | 0            | 0       | 0
load 0, CPU 1        | noop         | noop       | noop       | void -> S4 | noop         | noop    | noop
load 1, CPU 1        | noop         | noop       | noop       | void -> S4 | void         | noop    | noop
put                  | noop         | noop       | noop       | noop       | void -> S3   | noop    | noop
run                  | -EINVAL      | -EINVAL    | -EINVAL    | -EINVAL    | 0            | -EINVAL | -EINVAL
share                | -EINVAL      | -EINVAL    | -EINVAL    | -EINVAL    | 0            | -EINVAL | -EINVAL
donate               | -EINVAL      | -EINVAL    | -EINVAL    | -EINVAL    | -EINVAL      | -EINVAL | -EINVAL
unshare              | -EINVAL      | -EINVAL    | -ENOENT    | 0          | 0            | -ENOENT | 0 -> S5
unshare, not mapped  | -EINVAL      | -EINVAL    | -ENOENT    | -ENOENT    | -ENOENT      | -ENOENT | -ENOENT
reclaim              | -EINVAL      | -EINVAL    | -EINVAL    | -EINVAL    | -EINVAL      | -ENOENT | -EPERM
force_reclaim        | -EAGAIN      | -EAGAIN    | -EAGAIN    | -EAGAIN    | -EAGAIN      | -EAGAIN | -EAGAIN
wrprotect            | -EINVAL      | -EINVAL    | 0          | 0          | 0            | 0       | 0
wrprotect, none      | -EINVAL      | -EINVAL    | 0          | 0          | 0            | 0       | 0
wrprotect, 2 pages   | -EINVAL      | -EINVAL    | -EINVAL    | -EINVAL    | -EINVAL      | -EINVAL | -EINVAL
clear_young          | -EINVAL      | -EINVAL    | 0          | 1          | 1            | 0       | 1
clear_young, 2 pages | -EINVAL      | -EINVAL    | -EINVAL    | -EINVAL    | -EINVAL      | -EINVAL | -EINVAL
relax_perms          | -EINVAL      | -EINVAL    | -EINVAL    | -EINVAL    | 0            | -EINVAL | -EINVAL
relax, none          | -EINVAL      | -EINVAL    | -EINVAL    | -EINVAL    | -EAGAIN      | -EINVAL | -EINVAL
relax, bad prot      | -EINVAL      | -EINVAL    | -EINVAL    | -EINVAL    | -EINVAL      | -EINVAL | -EINVAL
mkyoung              | -EINVAL      | -EINVAL    | -EINVAL    | -EINVAL    | 0            | -EINVAL | -EINVAL
mkyoung, CPU 1       | -EINVAL      | -EINVAL    | -EINVAL    | -EINVAL    | -EINVAL      | -EINVAL | -EINVAL
sync_state           | noop         | noop       | noop       | noop       | noop         | noop    | noop
mem_share            | -EINVAL      | -EINVAL    | -EINVAL    | -EINVAL    | -EINVAL      | -EINVAL | -EINVAL
mem_unshare          | -EINVAL      | -EINVAL    | -EINVAL    | -EINVAL    | -EINVAL      | -EINVAL | -EINVAL
flush                | noop         | noop       | flush      | flush      | flush        | flush   | flush
start                | -EINVAL      | -EINVAL    | 0 -> S5    | 0 -> S6    | -EINVAL      | -EINVAL | -EINVAL
finalise             | -EINVAL      | -EINVAL    | -EINVAL    | -EINVAL    | -EINVAL      | 0 -> S0 | 0 -> S0
"""

PROTECTED_TABLE = """
call                 | S3 protected | S4 protected | S6 protected
share                | -EINVAL      | -EINVAL      | -EINVAL
donate               | -EINVAL      | 0            | -EINVAL
unshare              | -EINVAL      | -EINVAL      | -EINVAL
reclaim              | -EINVAL      | -EINVAL      | 0 -> S5
force_reclaim        | 0            | 0            | 0
flush                | noop         | noop         | noop
start                | 0 -> S6      | -EINVAL      | -EINVAL
finalise             | -EINVAL      | -EINVAL      | 0 -> S0
wrprotect            | -EINVAL      | -EINVAL      | -EINVAL
clear_young          | -EINVAL      | -EINVAL      | -EINVAL
relax_perms          | -EINVAL      | -EINVAL      | -EINVAL
mkyoung              | -EINVAL      | -EINVAL      | -EINVAL
sync_state           | noop         | noop         | noop
"""

GUEST_TABLE = """
call                 | S3 protected | S4 protected | S4 lent back | S4 poisoned
mem_share            | -EINVAL      | 0            | -EPERM       | -EHWPOISON
mem_share, none      | -EINVAL      | -ENOENT      | -ENOENT      | -ENOENT
mem_unshare          | -EINVAL      | -EPERM       | 0            | -EHWPOISON
mem_unshare, none    | -EINVAL      | -ENOENT      | -ENOENT      | -ENOENT
force_reclaim        | 0            | 0            | -EAGAIN      | -EAGAIN
"""

def with_rows(table: str, rows: str) -> str:
    """Return a table with some of its rows replaced by others of the same name."""
    replaced = {row.split("|")[0]: row for row in rows.strip().splitlines()}
    return "\n".join(replaced.get(row.split("|")[0], row) for row in table.strip().splitlines())


TABLES = {"pre": PRE_TABLE, "v1": V1_TABLE, "merged": with_rows(V1_TABLE, MERGED_DIFFERS),
          "upstream": UPSTREAM_TABLE}
NO_ROW = {"__pkvm_host_share_hyp", "__pkvm_host_unshare_hyp"}
"""Calls that have nothing to do with the life of a VM."""

ROWS = {
    "reserve": (0, "reserve"), "unreserve": (1, "unreserve", HANDLE),
    "init": (1, "init_vm", "kvm0", HANDLE, 1, "vm9", "pgd9"),
    "init, no vCPU": (1, "init_vm", "kvm0", HANDLE, 0, "vm9", "pgd9"),
    "init, memory in use": (1, "init_vm", "kvm0", HANDLE, 1, "kvm1", "pgd9"),
    "init_vcpu": (1, "init_vcpu", HANDLE, "hv0.2", "vc9"),
    "init_vcpu, bad index": (1, "init_vcpu", HANDLE, "hv0.3", "vc9"),
    "init_vcpu, taken": (1, "init_vcpu", HANDLE, "hv0.0", "vc9"),
    "load 0, CPU 1": (1, "load", HANDLE, 0), "load 1, CPU 1": (1, "load", HANDLE, 1),
    "load 1, CPU 0": (0, "load", HANDLE, 1), "load, bad index": (1, "load", HANDLE, 3),
    "put": (0, "put"), "put, CPU 1": (1, "put"), "run": (0, "run", "hv0.0"), "run, CPU 1": (1, "run", "hv0.0"),
    "share": (0, "share", "g1", 1), "share, gfn in use": (0, "share", "g1", 0),
    "unshare": (1, "unshare", HANDLE, 0), "unshare, not mapped": (1, "unshare", HANDLE, 9),
    "donate": (0, "donate", "g1", 1), "reclaim": (1, "reclaim", HANDLE, 0), "force_reclaim": (1, "force_reclaim", "g0"),
    "wrprotect": (1, "wrprotect", HANDLE, 0), "wrprotect, none": (1, "wrprotect", HANDLE, 9),
    "wrprotect, 2 pages": (1, "wrprotect", HANDLE, 0, 2),
    "clear_young": (1, "test_clear_young", HANDLE, 0), "clear_young, 2 pages": (1, "test_clear_young", HANDLE, 0, 2),
    "relax_perms": (0, "relax_perms", 0), "relax, none": (0, "relax_perms", 9),
    "relax, bad prot": (0, "relax_perms", 0, "Z"),
    "mkyoung": (0, "mkyoung", 0), "mkyoung, CPU 1": (1, "mkyoung", 0), "sync_state": (0, "sync_state"),
    "mem_share": (0, "guest_mem_share", 0), "mem_share, none": (0, "guest_mem_share", 9),
    "mem_unshare": (0, "guest_mem_unshare", 0), "mem_unshare, none": (0, "guest_mem_unshare", 9),
    "flush": (1, "flush", HANDLE),
    "teardown": (1, "teardown", HANDLE), "start": (1, "start", HANDLE), "finalise": (1, "finalise", HANDLE),
}


def cells(revision: str, table: str) -> list[tuple[str, str, str, str]]:
    """Yield every cell of a table: revision, call, state, expected outcome."""
    head, *rows = [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]
    return [(revision, row[0], state, cell)
            for row in rows for states, cell in zip(head[1:], row[1:], strict=True) for state in states.split(",")]


def outcome(machine: Machine, call: str) -> str:
    """Return the outcome of a call in a machine, in the words of the tables."""
    cpu, name, *args = ROWS[call]
    before, request = machine.state, Call(NAMES[str(name)], tuple(args))
    step = finish(begin(before, machine.revision, int(cpu), request), machine.revision)
    if step.state.end:
        lenient = run(before, machine.revision._replace(warn_is_fatal=False), int(cpu), request)
        return f"{step.state.end.kind.removeprefix('EL2_')}/{errno(lenient.ret or 0)}"
    if step.ret is None and step.state == before:
        return "flush" if step.flushed else "noop"
    answer = "void" if step.ret is None else hex(step.ret) if step.ret >= HANDLE else errno(step.ret)
    was, becomes = state_class(before), state_class(step.state)
    return answer if was == becomes else f"{answer} -> {becomes}"


@pytest.mark.parametrize(("revision", "call", "state", "expected"), [
    *(cell for revision, table in TABLES.items() for cell in cells(revision, table)),
    *cells("upstream", PROTECTED_TABLE), *cells("upstream", GUEST_TABLE)])
def test_a_call_answers_as_the_outcome_table_says(revision: str, call: str, state: str, expected: str) -> None:
    machine = STATES[state](REVISIONS[revision])
    assert state_class(machine.state) == ("S0" if state == "S7" else state[:2])
    assert outcome(machine, call) == expected


@pytest.mark.parametrize("revision", REVISIONS)
def test_every_call_on_a_vm_has_a_row(revision: str) -> None:
    called = {NAMES[str(ROWS[call][1])] for _, call, _, _ in cells(revision, TABLES[revision])}
    assert REVISIONS[revision].calls - called <= NO_ROW


def test_the_merged_patch_differs_from_v1_only_in_calls_that_take_a_reference() -> None:
    first, merged = V1_TABLE.strip().splitlines(), TABLES["merged"].splitlines()
    differing = [row.split("|")[0].strip() for row, other in zip(first, merged, strict=True) if row != other]
    assert differing == ["unshare", "unshare, not mapped", "wrprotect", "wrprotect, none", "clear_young", "flush"]
