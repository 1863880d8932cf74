"""A small graph made by hand: race R7 on v1, with one edge of every kind.

CPU 0 unshares a page in three lock regions, then loads a vCPU; CPU 1 tries to finalise too early, starts, and
finalises in three regions. A state is how far each CPU has come. One edge is left for Python to work out.
"""

import hashlib
from typing import Any

from pkvm_model.graphs.contract import AnyGraph

Graph = AnyGraph
Ids = dict[tuple[int, int], int]
UNSHARE = [("L", "find VM 0x1000, take a reference"), ("HG", "unmap gfn 0, end the loan"), ("L", "drop the reference")]
FINALISE = [("L", "dying? yes. Empty slot 0"), ("G", "destroy stage 2"), ("HY", "zero vm0, give it back")]
EARLY, START, EMPTIED, DESTROYED, GIVEN_BACK = 1, 2, 3, 4, 5
PANIC = "The machine ends: CPU 0’s unshare touches page vm0, which EL2 no longer maps."

PROPERTIES = [
    ["I0b", "EL2 never touches memory that it has given back."],
    ["I3", "A dying VM has no vCPU loaded."],
    ["I6", "A page that is the host’s alone is clean."],
]


def graph() -> Graph:
    """The whole graph, new at each call."""
    ids = {place: number for number, place in enumerate(places())}
    return {
        "name": "r7",
        "title": "Race R7",
        "revision": {"id": "v1", "letter": "v", "late": False},
        "header": "pkvm-trace 1 v1 cpus=2 slots=2",
        "foretell": True,
        "setup": ["0 __pkvm_reserve_vm() = 0x1000", "0 __pkvm_init_vm(0x1000, kvm0, vm0, pgd0) = 0"],
        "says": "VM 0x1000 is alive; the host lends it page g0.",
        "cpus": ["CPU 0", "CPU 1"],
        "pages": [["vm0", "EL2’s VM struct"], ["kvm0", "host’s struct kvm"], ["g0", "guest page, gfn 0"]],
        "start": 0,
        "properties": PROPERTIES,
        "states": [state(*place) for place in ids],
        "edges": [[edge for edge in (edge_0(ids, *place), edge_1(ids, *place)) if edge] for place in ids],
    }


def places() -> list[tuple[int, int]]:
    """Every pair of progress that can be reached; 9 for CPU 0 is the panic."""
    calm = [(a, b) for a in range(4) for b in range(6)]
    return [*calm, (9, GIVEN_BACK)]


def state(a: int, b: int) -> dict[str, Any]:
    """The state in which CPU 0 has made `a` steps and CPU 1 `b`."""
    return {
        "digest": hashlib.sha256(f"{a} {b}".encode()).hexdigest()[:8],
        "lanes": [lane_0(a, b), lane_1(b)],
        "slots": [slot("0x1000", 1, slot_word(b)), slot("0x1001", 2, "free")],
        "vms": [] if b == GIVEN_BACK and a in (0, 3) else [card(a, b)],
        "pages": [page_vm0(a, b), row("SB-", "HOST", "pinned 1", "Shared with EL2 and pinned."), page_g0(a)],
        "holds": [True, True if b >= START else None, "page vm0 still counts" if still_counts(a, b) else True],
        "end": {"kind": "panic", "title": "EL2 fault: the machine ends", "says": PANIC} if a == 9 else None,
    }


def still_counts(a: int, b: int) -> bool:
    """Whether the page of the VM struct went home with a count."""
    return a in (1, 2, 9) and b == GIVEN_BACK


def slot(handle: str, vmid: int, word: str) -> dict[str, Any]:
    """One slot of the VM table."""
    return {"handle": handle, "vmid": vmid, "word": word}


def slot_word(b: int) -> str:
    """What slot 0 holds."""
    return "live" if b < START else "dying" if b < EMPTIED else "free"


def regions(texts: list[tuple[str, str]], done: int) -> list[dict[str, Any]]:
    """The regions of a call of which `done` are over."""
    when = ["done"] * done + ["next"] + ["later"] * len(texts)
    return [{"locks": locks, "says": says, "when": when[at]} for at, (locks, says) in enumerate(texts)]


def lane(short: str, where: str, call: str, steps: list[dict[str, Any]], keeps: list[str],
         stale: bool = False) -> dict[str, Any]:
    """One lane in the form of the contract."""
    return {"short": short, "where": where, "call": call, "keeps": keeps, "stale": stale, "regions": steps}


def lane_0(a: int, b: int) -> dict[str, Any]:
    """CPU 0 unshares, then loads a vCPU."""
    if a == 3:
        steps = regions([("L", "dying? Then do nothing")], 0)
        return lane("load", "not started", "__pkvm_vcpu_load(0x1000, 0, 0)", steps, [])
    done = min(a, 1) if a == 9 else a
    where = "ends here" if a == 9 else "waits in a gap" if a else "not started"
    stale = b == GIVEN_BACK and a in (1, 2, 9)
    keeps = ["vm = vm0, now the host’s" if stale else "vm = vm0"] if a else []
    return lane("unshare", where, "__pkvm_host_unshare_guest(0x1000, 0)", regions(UNSHARE, done), keeps, stale)


def lane_1(b: int) -> dict[str, Any]:
    """CPU 1 finalises too early, starts, finalises, and is done."""
    if b == GIVEN_BACK:
        return lane("", "nothing left to do", "", [], [])
    if b == EARLY:
        steps = regions([("L", "mark VM 0x1000 dying")], 0)
        return lane("start", "not started", "__pkvm_start_teardown_vm(0x1000)", steps, [])
    where = "waits in a gap" if b > START else "not started"
    return lane("finalise", where, "__pkvm_finalize_teardown_vm(0x1000)", regions(FINALISE, max(0, b - START)), [])


def card(a: int, b: int) -> dict[str, Any]:
    """The card of VM 0x1000."""
    holds, gone = a in (1, 2, 9), b == GIVEN_BACK
    holder = {"kind": "call", "says": "CPU 0 · unshare" + (" · VM is gone" if gone else ""), "stale": gone}
    return {
        "handle": "0x1000",
        "vm": "vm0",
        "word": "live" if b < START else "freed" if gone else "dying",
        "where": "slot 0" if b < EMPTIED else "out of the table",
        "count": int(holds),
        "holders": [holder] if holds else [],
        "memo": "yes" if b >= START else "no",
        "dying": "no" if b < START else "struct gone" if gone else "yes",
        "vcpus": [{"idx": 0, "word": "absent" if gone else "idle"}],
        "caches": "vCPU 0 2 pages", "back": "stage 2 4 pages" if b >= DESTROYED else "",
    }


def row(letters: str, owner: str, count: str, says: str) -> dict[str, Any]:
    """One row of the ownership table from the three letters."""
    return {"host": letters[0], "hyp": letters[1], "guest": letters[2], "owner": owner, "count": count, "says": says}


def page_vm0(a: int, b: int) -> dict[str, Any]:
    """The page of EL2's VM struct."""
    count = f"count {int(a in (1, 2, 9))}"
    if b < GIVEN_BACK:
        return row("-O-", "HYP", count, "EL2 owns it.")
    says = "The host owns it, and CPU 0 still uses it." if a in (1, 2, 9) else "The host owns it."
    return row("O--", "HOST", count, says)


def page_g0(a: int) -> dict[str, Any]:
    """The guest's page."""
    if a in (2, 3):
        return row("O--", "HOST", "", "The host owns it.")
    return row("S-B", "HOST", "shared 1", "The host owns it and lends it to VM 0x1000.")


def edge(ids: Ids, cpu: int, to: tuple[int, int] | None, line: str, says: str, kind: str = "step",
         ret: str = "") -> dict[str, Any]:
    """One edge; the line gets the CPU in front."""
    target = None if to is None else ids[to]
    label = ("load" if "load" in line else "unshare") if cpu == 0 else ("start" if "start" in line else "finalise")
    return {"cpu": cpu, "label": label, "line": f"{cpu} {line}", "to": target, "says": says, "kind": kind, "ret": ret}


def edge_0(ids: Ids, a: int, b: int) -> dict[str, Any] | None:
    """What CPU 0 does next."""
    if a == 9:
        return None
    if a == 0 and b >= EMPTIED:
        return edge_unshare_too_late(ids, b)
    if a in (1, 2) and b == GIVEN_BACK:
        return edge(ids, 0, (9, b), "resume = panic", PANIC, "panic") | {"breaks": {"I0b": "CPU 0 touches page vm0"}}
    if a == 3:
        return edge_load(ids, b)
    says = [
        "CPU 0’s unshare takes a reference to VM 0x1000, which now counts 1.",
        "CPU 0’s unshare ends the loan of page g0; the host is its only owner again.",
        "CPU 0’s unshare drops its reference; VM 0x1000 now counts 0.",
    ][a]
    line = "resume" + (" = 0" if a == 2 else " ...") if a else "__pkvm_host_unshare_guest(0x1000, 0) ..."
    return edge(ids, 0, (a + 1, b), line, says, ret="0" if a == 2 else "")


def edge_unshare_too_late(ids: Ids, b: int) -> dict[str, Any]:
    """The host unshares although the handle names no VM any more: its own warning."""
    says = "The host logs a warning: unshare of gfn 0 returns -ENOENT. The machine goes on."
    return edge(ids, 0, (3, b), "__pkvm_host_unshare_guest(0x1000, 0) = -ENOENT", says, "warn", "-ENOENT")


def edge_load(ids: Ids, b: int) -> dict[str, Any]:
    """A load of a dying VM does nothing; of a live one Python has to be asked."""
    line = "__pkvm_vcpu_load(0x1000, 0, 0) = nothing"
    if b < START:
        return edge(ids, 0, None, line.replace("nothing", "?"), "")
    return edge(ids, 0, (3, b), line, "EL2 ignores CPU 0’s load and answers nothing: VM 0x1000 is dying.", "nothing")


def edge_1(ids: Ids, a: int, b: int) -> dict[str, Any] | None:
    """What CPU 1 does next."""
    if a == 9 or b == GIVEN_BACK:
        return None
    call = "__pkvm_start_teardown_vm(0x1000) = 0" if b == EARLY else "__pkvm_finalize_teardown_vm(0x1000)"
    if b == 0:
        says = "EL2 refuses CPU 1’s finalise with -EBUSY: VM 0x1000 is not dying yet."
        return edge(ids, 1, (a, 1), call + " = -EBUSY", says, "refused", "-EBUSY")
    says = {
        EARLY: "CPU 1’s start marks VM 0x1000 dying; from now on no vCPU can be loaded.",
        START: "CPU 1’s finalise empties slot 0; a new VM may get handle 0x1000.",
        EMPTIED: "CPU 1’s finalise destroys the stage 2 of VM 0x1000.",
        DESTROYED: "CPU 1’s finalise gives page vm0 back to the host"
        + (" while CPU 0’s unshare still holds a reference." if a in (1, 2) else "; the VM is gone."),
    }[b]
    line = call if b == EARLY else call + " ..." if b == START else "resume ..." if b < DESTROYED else "resume = 0"
    return edge(ids, 1, (a, b + 1), line, says, ret="0" if b in (EARLY, DESTROYED) else "")
