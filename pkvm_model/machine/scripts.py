"""What the test program of a recording does, step by step: the lives of VMs, and the calls that are injected.

`mark N` and `say TEXT` are steps that are rows only; `inject CALL` is a call that the debugger makes; `read WHEN` reads
two pages of the guest's memory; the other steps are orders to the program (lives.c). `/` stands between steps.
"""
from __future__ import annotations

from typing import NamedTuple

END = "mark 2/done/exit/mark 3"
BEGIN = "mark 1/create 0/slot 0/vcpu 0 0"
RUN, RUN_TWICE = "run 0 0", "run 0 0/run 0 0"
RUN_THRICE = f"{BEGIN}/mark 5/{RUN_TWICE}/{RUN}"
CLOSE = "mark 10/drop 0 0/mark 11/shut 0"
READ = "mark 12/read after_close"
TWO, CLOSE_TWO = f"{BEGIN}/vcpu 0 1/mark 5", "mark 10/drop 0 0/drop 0 1/mark 11/shut 0"
LIVES = {
    "1": f"mark 1/create 0/mark 10/shut 0/{END}",
    "2": f"{BEGIN}/{CLOSE}/{END}",
    "3": f"{RUN_THRICE}/{CLOSE}/{READ}/{END}",
    "4": f"{RUN_THRICE}/mark 10/shut 0/mark 11/drop 0 0/{END}",
    "5": f"{TWO}/{RUN}/run 0 1/{RUN}/run 0 1/{CLOSE_TWO}/{END}",
    "6": f"{TWO}/{RUN_TWICE}/{CLOSE_TWO}/{END}",
    "7": f"{BEGIN}/mark 5/{RUN_TWICE}/vcpu 0 1/mark 6/run 0 1/{CLOSE_TWO}/{END}",
    "8": f"{RUN_THRICE}/say exit_without_close/mark 10/exit/mark 3",
    "9": f"{RUN_THRICE}/mark 9/delete 0/{CLOSE}/{END}",
    "10": f"mark 1/create 0/create 1/slot 0/slot 1/vcpu 0 0/vcpu 1 0/mark 5/{RUN}/run 1 0/{RUN}/mark 10/drop 0 0/"
          f"shut 0/mark 11/run 1 0/drop 1 0/mark 12/shut 1/{END}",
    "11": f"{BEGIN}/mark 5/{RUN_TWICE}/read while_alive/{RUN}/mark 10/drop 0 0/shut 0/{READ}/{END}",
    "12": f"{BEGIN}/mark 5/{RUN_TWICE}/mark 9/unmap 0/{CLOSE}/{END}",
    "13": f"{BEGIN}/raw 0 1/mark 5/{RUN}/mark 10/drop 0 0/hush drop 0 1/shut 0/{END}",
    "14": f"{BEGIN}/mark 5/{RUN_TWICE}/mark 9/fork/say owner_exits/exit/mark 10/say inheriting_process_tries_run/{RUN}/"
          f"say second_vm_in_dying_window/create 1/shut 1/mark 11/drop 0 0/shut 0/mark 12/{END}"}
"""The lives by their numbers; a letter before the number says which VMs they have."""
KINDS = {"n": 0, "p": 1 << 31, "i": 0x20}
"""The types of VMs by the letter: ordinary, protected, ordinary with 32 bits of address."""


class Injection(NamedTuple):
    """A scenario with injected calls: the steps before, the calls, the steps after.

    The calls are `split` in a kernel that takes a VM apart in two calls, `whole` in one that does it in one.
    """

    before: str
    split: str
    whole: str
    after: str


READY = f"{BEGIN}/{RUN_TWICE}/mark 20"
CLOSE_AFTER = f"drop 0 0/mark 21/shut 0/mark 22/read after_close/{END}"
CLOSE_SOON = f"drop 0 0/shut 0/mark 29/{END}"
TRY = "load 1000 0/put"
DEAD = f"start 1000/{TRY}"
HANDLES = ("0", "fff", "1000", "1001", "10fe", "10ff", "2000", "ffffffff")
SPLIT_ALL = "/".join(f"start {handle}/finalise {handle}" for handle in HANDLES) + "/reclaim 1000 80000"
WHOLE_ALL = "/".join(f"teardown {handle}" for handle in HANDLES)
ALONE = f"unshare 1000 80000 1/{TRY}/flush 1000/number 200 1 2 3/number __pkvm_init 0 0 0/reserve/reserve"
RETURNED = ("unreserve 1000/unreserve 1000/reserve/unreserve 1001/unreserve 1000/unreserve 0/unreserve 1000/"
            "unreserve 2000")
SPLIT_RESERVED = "/".join(f"start {handle}/finalise {handle}/reclaim {handle} 80000/load {handle} 0"
                          for handle in ("1000", "1001"))
WHOLE_RESERVED = "/".join(f"teardown {handle}/load {handle} 0" for handle in ("1000", "1001"))
WRONG = "run 0/load 1000 5/load 1000 ffff/load 1001 0/put/load 1000 0/load 1000 0/put/put"
PAGES = "unshare 1000 80000 1/unshare 1000 80000 1/unshare 1000 80010 1"
PROTECTED_PAGES = "reclaim 1000 80000/reclaim 1000 80000/reclaim 1000 80010/reclaim 1000 80099"
OUT_OF_ORDER = f"unreserve 1000/{TRY}/finalise 1000/reclaim 1000 80000/start 1000/{DEAD}/unreserve 1000/reserve"
INJECTIONS = {
    "20": Injection("mark 1/mark 20", f"{SPLIT_ALL}/{ALONE}/{SPLIT_RESERVED}/{RETURNED}",
                    f"{WHOLE_ALL}/{ALONE}/{WHOLE_RESERVED}/{RETURNED}", END),
    "21": Injection(f"{BEGIN}/mark 20", "finalise 1000/start 1000/finalise 1000/reclaim 1000 80000/load 1000 0",
                    "teardown 1000/load 1000 0", CLOSE_SOON),
    "22": Injection(READY, f"unreserve 1000/finalise 1000/reclaim 1000 80000/{TRY}/start 1000/{DEAD}",
                    f"unreserve 1000/{TRY}/unshare 1000 80000 1/unshare 1000 80010 1/teardown 1000/teardown 1000/{TRY}",
                    f"say now KVM_RUN/{RUN}"),
    "23": Injection(READY, "load 1000 0/start 1000/finalise 1000/put/start 1000", "load 1000 0/teardown 1000", RUN),
    "24": Injection(READY, f"{WRONG}/finalise 1000", WRONG, f"{RUN}/{CLOSE_SOON}"),
    "25": Injection(READY, f"{OUT_OF_ORDER}/reclaim 1000 80000/{PAGES}/finalise 1000/finalise 1000/{DEAD}",
                    f"unreserve 1000/{TRY}/{PAGES}/teardown 1000/teardown 1000/{TRY}", CLOSE_AFTER),
    "26": Injection(READY, "start 1000", "teardown 1000", CLOSE_AFTER),
    "27": Injection(READY, "start 1000/finalise 1000", "teardown 1000", f"read after_inject/{END}"),
    "28": Injection(READY, "start 11000/start 1000", "teardown 11000/teardown 1000", CLOSE_AFTER)}
"""The scenarios with injected calls, by their numbers."""
PROTECTED = {"25": f"{OUT_OF_ORDER}/{PROTECTED_PAGES}/finalise 1000/finalise 1000/{DEAD}"}
"""The calls that are others if the VM is protected."""
SAME_BOOT = {"p25": "n25", "p28": "n28"}
"""The scenarios that go on in the machine of another one, if that was the one before."""
WHOLE_INJECTIONS = "n20 n21 n25 n28 n22 n23 n24 n26 n27"
SPLIT_INJECTIONS = "n20 n21 n25 p25 n22 n23 n24 n26 n27 n28 p28 p22 p23 p24 p26 p27"
NATURAL_NUMBERS = (*map(str, range(1, 7)), *map(str, range(8, 15)), "7")


def list_lives(*, split: bool) -> list[str]:
    """Return the names of the natural lives of a kernel; only one with a split teardown has protected VMs."""
    protected = [f"p{number}" for number in NATURAL_NUMBERS if number != "10"] if split else []
    return ["i3", *(f"n{number}" for number in NATURAL_NUMBERS), *protected]


def list_injections(*, split: bool) -> list[str]:
    """Return the names of a kernel's scenarios with injected calls."""
    return (SPLIT_INJECTIONS if split else WHOLE_INJECTIONS).split()


def write_script(name: str, *, split: bool) -> list[str]:
    """Return the steps of a scenario."""
    number, kind = name[1:], KINDS[name[0]]
    steps = (LIVES[number] if number in LIVES else inject(name, split=split)).split("/")
    return [f"{step} {kind:x}" if step.startswith("create") else step for step in steps]


def inject(name: str, *, split: bool) -> str:
    """Return the steps of a scenario with injected calls."""
    each = INJECTIONS[name[1:]]
    calls = each.split if split else each.whole
    if name[0] == "p":
        calls = PROTECTED.get(name[1:], calls)
    return "/".join([each.before, *(f"inject {call}" for call in calls.split("/")), each.after])
