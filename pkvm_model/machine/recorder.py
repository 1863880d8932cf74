"""Records scenarios on a machine, as rows in the format of the recordings that come with the course."""
from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ..model.revisions import errno
from ..schema import JSON
from .observe import find_mode
from .parameters import PARAMETERS
from .failure import Gone
from .life import LifeMachine
from .listener import RUN, EndlessRun, Heard, MachineEnded
from .scripts import LIVES, SAME_BOOT, write_script

WITHOUT_ANSWER = ("__pkvm_unreserve_vm", "__pkvm_vcpu_load", "__pkvm_vcpu_put", "__pkvm_vcpu_sync_state",
                  "__pkvm_tlb_flush_vmid", "__kvm_timer_", "__vgic_v3_")
"""How the names of calls begin that have no answer."""
CALLS = {"start": "__pkvm_start_teardown_vm", "finalise": "__pkvm_finalize_teardown_vm",
         "teardown": "__pkvm_teardown_vm", "reclaim": "__pkvm_reclaim_dying_guest_page",
         "unshare": "__pkvm_host_unshare_guest", "load": "__pkvm_vcpu_load", "put": "__pkvm_vcpu_put",
         "flush": "__pkvm_tlb_flush_vmid", "reserve": "__pkvm_reserve_vm", "unreserve": "__pkvm_unreserve_vm",
         "run": "__kvm_vcpu_run"}
"""The calls that are injected, by the words of the scripts; `number` comes before the number or name of any other."""
HIDDEN = ("__kvm_timer_", "__vgic_v3_")
"""How the names of calls begin that a recording of natural lives leaves out."""
PANIC = re.compile(r"Kernel panic - [^\n]*")
MMIO = 6
"""Why a vCPU leaves when it stores where no memory is."""
WORD_PAGES = (0, 0x10)
"""The pages of the guest that the host reads: the program's and the first with data."""
SHOWN_REFUSALS = 3


class Recorder:
    """Records scenarios one after the other; each begins in a machine that has just booted, until one `is_over`."""

    def __init__(self, machine: LifeMachine) -> None:
        self.machine, self.mode = machine, find_mode(machine.log)
        self.last, self.rows, self.name, self.hcr = "", list[JSON](), "", 0
        self.is_over = False

    def record(self, name: str) -> list[JSON]:
        """Return the rows of a scenario."""
        steps = write_script(name, split=self.machine.is_split)
        if SAME_BOOT.get(name, "") != self.last or not self.last:
            self.machine.reset()
        self.rows, self.name, self.last, self.hcr = [], name, name, 0
        try:
            for step in steps:
                self.play(step)
        except MachineEnded as end:
            self.note_end(str(end))
        except EndlessRun:
            self.note_endless()
        except Gone:
            self.note_host_panic()
        return self.rows

    def play(self, step: str) -> None:
        """Make one step of a scenario."""
        word, _, rest = step.partition(" ")
        match word:
            case "mark":
                self.add("user", "mark", [int(rest)])
            case "say":
                self.add("user", rest)
            case "done":
                self.add("user", f"DONE {self.name} rc=0")
            case "inject":
                self.inject(rest)
            case "read":
                self.read(rest)
            case "hush":
                self.obey(rest)
            case _:
                self.add("user", *filter(None, [describe(step, self.obey(step))]))

    def obey(self, order: str) -> list[int]:
        """Let the program obey an order; add a row for each call that is heard meanwhile."""
        try:
            return self.machine.obey(order)
        finally:
            self.add_heard(self.machine.listener.take())

    def add_heard(self, every: Sequence[Heard]) -> None:
        """Add a row for each call that was heard."""
        for each in every:
            name = self.name_call(each)
            if name == "__pkvm_vcpu_load":
                self.hcr = each.arguments[2]
            if not (self.is_natural and (each.inside or name.startswith(HIDDEN))):
                self.add("hyp", name, show_arguments(name, each.arguments), answer_of(name, each), cpu=each.cpu,
                         **({"internal": True} if each.inside else {}))

    @property
    def is_natural(self) -> bool:
        """True if nothing is injected in the scenario."""
        return self.name[1:] in LIVES

    def name_call(self, heard: Heard) -> str:
        """Return the name of a call, '?' if the kernel's table has none."""
        names = {number: name for name, number in self.machine.listener.numbers.items()}
        return "pkvm_load_hyp_vcpu" if heard.inside else names.get(heard.number, "?")

    def inject(self, text: str) -> None:
        """Make a call and add its row."""
        name, number, arguments = name_injected(text.split(), self.machine.listener.numbers)
        arguments += [self.hcr] if name == "__pkvm_vcpu_load" else []
        shown = [f"{value:#x}" for value in arguments]
        try:
            heard = self.machine.inject(number, arguments)
        except MachineEnded:
            self.machine.listener.take()
            self.add("inject", name, shown, note="did not return: hyp panic", derived=True)
            raise
        self.add_heard(self.machine.listener.take())
        self.add("inject", name, shown, answer_of(name, heard), **({} if heard.known else {"smccc": -1}))

    def read(self, when: str) -> None:
        """Let the host read two pages of the guest; add a row for each, or one for the signal."""
        for page in WORD_PAGES:
            signal, value = self.obey(f"read 0 {page:x}")
            if signal:
                self.add("user", f"host_read {when} signal={signal}")
                return
            self.add("user", f"host_read {when} page{page:x}={value:08x}")

    def add(self, side: str, call: str = "", args: Sequence[object] = (), ret: int | str | None = None, **more: object
            ) -> None:
        """Add a row; one without a call is none."""
        if call:
            error = {"err": errno(ret).removeprefix("-")} if isinstance(ret, int) and ret < 0 else {}
            self.rows.append({"kernel": self.machine.release, "mode": self.mode, "scenario": self.name,
                              "seq": len(self.rows) + 1, "side": side, "call": call, "args": list(args), "ret": ret,
                              **more, **error})

    def note_end(self, function: str) -> None:
        """Add the rows about a panic at EL2."""
        self.add("hyp", "hyp_panic", note=f"in {function}")
        self.add("meta", "end")
        self.last = ""

    def note_host_panic(self) -> None:
        """Add the last words of a host that has ended the machine; raise Gone again if it has said none."""
        words = PANIC.findall(self.machine.emulator.console.text)
        if not words:
            raise  # noqa: PLE0704  # the error that is being handled
        self.add_heard(self.machine.listener.take())
        self.add("dmesg", words[0])
        self.add("meta", "end")
        self.is_over = True

    def note_endless(self) -> None:
        """Leave out all but the first refusals of a run that the host tries for ever."""
        refused = [row for row in self.rows if row["call"] == RUN and (row["ret"] or 0) < 0]
        for row in refused[SHOWN_REFUSALS:]:
            self.rows.remove(row)
        self.rows = [row | {"seq": seq} for seq, row in enumerate(self.rows, 1)]
        self.add("meta", f"{RUN} repeated", note=f"returned EINVAL {len(refused)} times before the recording ended; "
                                                 "repeats left out")
        self.last = ""


def name_injected(words: Sequence[str], numbers: Mapping[str, int]) -> tuple[str, int, list[int]]:
    """Return name, number and arguments of a call in a script."""
    word, *rest = words
    name = CALLS.get(word) or (rest[0] if rest[0] in numbers else f"unknown_id_{rest[0]}")
    number = numbers[name] if name in numbers else int(rest[0]) if word == "number" else 0
    return name, number, [int(each, 16) for each in rest[word == "number":]]


def describe(step: str, answer: Sequence[int]) -> str:
    """Return what the test program says of a step; '' if it says nothing."""
    word, *words = step.split()
    ret, error = (-1, -answer[0]) if answer[0] < 0 else (answer[0], 0)
    match word:
        case "create":
            return f"create_vm type={words[1]} ok" if ret >= 0 else f"create_vm type={words[1]} errno={error}"
        case "vcpu":
            return f"vcpu_init {words[1]} ret={ret} errno={error}"
        case "raw":
            return f"create_vcpu {words[1]} uninit fd={ret}"
        case "run":
            return f"run vcpu={words[1]} {describe_run(ret, error, answer)}"
        case "drop":
            return f"close_vcpu {words[1]}"
    plain = {"slot": f"memslot ret={ret} errno={error}", "delete": f"memslot_delete ret={ret} errno={error}",
             "shut": "close_vm", "unmap": "munmap_guest_memory"}
    return plain.get(word, "")


def describe_run(ret: int, error: int, answer: Sequence[int]) -> str:
    """Return how a run of a vCPU ended."""
    if ret < 0:
        return f"ret=-1 errno={error} exit={answer[1]}"
    if answer[1] != MMIO:
        return f"ret={ret} exit={answer[1]}"
    return f"ret={ret} exit=MMIO addr={answer[2]:x} w={answer[3]} data={answer[4]:x}"


def show_arguments(name: str, arguments: Sequence[int]) -> list[str]:
    """Return as many arguments of a call as it has, as texts."""
    amount = len(PARAMETERS[name].split()) if name in PARAMETERS else 2 if name == "pkvm_load_hyp_vcpu" else 1
    return [f"{value:#x}" for value in arguments[:amount]]


def answer_of(name: str, heard: Heard) -> int | str | None:
    """Return what a row says of a call's answer."""
    if heard.inside:
        return "vcpu" if heard.answer else "NULL"
    return None if name.startswith(WITHOUT_ANSWER) or not heard.known else heard.answer
