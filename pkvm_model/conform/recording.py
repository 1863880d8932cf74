"""Recordings of real kernels: read one, put it into the model's words, let the model answer the same calls.

    recording = load("6.19.14-natural")
    replay(recording.scenario("n3"))

A recording is text, one JSON object per line, and it is only ever parsed. The real kernel names memory by address, the
model by what it is for; what an address is for follows from the recording, in three steps. The host lends EL2 the
pages of a struct one by one and the test program then says what it has made, so each group of loans is one struct.
`init_vm` and `init_vcpu` name structs by address; the one distance between addresses and page numbers that puts all of
them on lent pages is the kernel's linear map. A struct is as long as the longest of its kind that the recording shows.

What a recording does not hold: how many table pages the host had ready (the model takes it that they were enough), and
`created_vcpus` (it is the number of vCPUs that the program had made when the host called `init_vm`).
"""
from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from gzip import BadGzipFile
from pathlib import Path
from typing import Any

from ..model.guest_memory import PAGE_SHIFT
from ..model.revisions import REVISIONS, Revision, errno
from ..model.run import run as run_call
from ..model.state import Config, Key, Page, Record, Slot, Span, State, Value, Vm
from ..model.steps import Call
from ..model.trace import show_value
from .lines import Duplicate, open_file, unique

RECORDINGS = Path(__file__).parent / "data" / "recordings"
KERNELS = {"6.19": "pre", "7.0": "pre", "7.1": "upstream", "7.2": "upstream", "7.3": "upstream"}
"""The revision that a kernel release is an example of, for the releases that this version of the course replays."""
LINE_LIMIT = 10_000
SIDES = ("hyp", "inject", "host", "user", "dmesg", "meta")
MADE = re.compile(r"(?P<vm>create_vm) type=(?P<type>[0-9a-f]{1,16}) ok|vcpu_init (?P<done>\d{1,3}) ret=0\b.*"
                  r"|create_vcpu (?P<raw>\d{1,3}) uninit.*")
"""What the test program says when it has made a VM or a vCPU."""
PROTECTED = 1 << 31
"""The bit of a VM's type that asks for a protected one."""
TRIED = re.compile(r"(create_vm|create_vcpu|vcpu_init)\b.*")
"""The same, or that it could not."""


class RecordingError(ValueError):
    """What is wrong with a recording that cannot be replayed; the message names file and line."""


@dataclass(frozen=True)
class Recorded:
    """One row of a recording: a call with its real arguments and answer, or what the test program did."""

    line: int
    seq: int
    side: str
    call: str
    args: tuple[str, ...]
    ret: int | None
    cpu: int
    internal: bool = False
    panics: bool = False
    understood: bool = True

    @property
    def is_hypercall(self) -> bool:
        """True for calls to EL2, made by the host itself or put in by the recorder; EL2's own functions are not."""
        return self.side in ("hyp", "inject") and not self.internal


@dataclass
class Struct:
    """A struct of the host on loan to EL2: `pages` are those lent for it, `address` where it begins, once known."""

    seq: int
    index: int | None
    pages: list[int]
    handle: int = 0
    protected: bool = False
    address: int | None = None
    vm: Struct | None = None
    name: str = ""

    @property
    def kind(self) -> str:
        """`kvm` or `vcpu`: a struct kvm has no index."""
        return "kvm" if self.index is None else "vcpu"

    @property
    def reach(self) -> int:
        """How long it is at least: it begins at its address and touches its last page."""
        return 0 if self.address is None else (self.pages[-1] << PAGE_SHIFT) - self.address + 1

    def lies_on(self, length: int) -> list[int]:
        """All its pages, those included that were on loan for a neighbour already."""
        if self.address is None:
            return self.pages
        last = max(self.pages[-1], (self.address + length - 1) >> PAGE_SHIFT)
        return list(range(self.address >> PAGE_SHIFT, last + 1))


@dataclass(frozen=True)
class Scenario:
    """What was recorded of one run of the test program, and what the addresses in it are."""

    file: str
    kernel: str
    name: str
    rows: tuple[Recorded, ...]
    structs: tuple[Struct, ...]
    linear_map: int
    longest: Mapping[tuple[str, str], int] = field(default_factory=dict)

    @property
    def revision(self) -> Revision:
        """The revision that this kernel is an example of. Raises RecordingError where the model does not have it."""
        name = KERNELS[release(self.kernel)]
        if name not in REVISIONS:
            raise RecordingError(f"kernel {self.kernel} is a case of {name}; the model has {', '.join(REVISIONS)}")
        return REVISIONS[name]

    @property
    def hypercalls(self) -> tuple[Recorded, ...]:
        """The calls to EL2."""
        return tuple(row for row in self.rows if row.is_hypercall)


@dataclass(frozen=True)
class Recording:
    """A file of scenarios."""

    name: str
    scenarios: tuple[Scenario, ...]

    def scenario(self, name: str) -> Scenario:
        """The scenario of this name. Raises RecordingError when there is none or more than one."""
        found = [scenario for scenario in self.scenarios if scenario.name == name]
        if len(found) != 1:
            names = ", ".join(scenario.name for scenario in self.scenarios)
            raise RecordingError(f"{self.name}: {len(found) or 'no'} scenarios are called {name!r}; there are {names}")
        return found[0]

    def __repr__(self) -> str:
        return f"<Recording {self.name}: {', '.join(scenario.name for scenario in self.scenarios)}>"


def load(source: str | Path) -> Recording:
    """Read a recording: the path of a file, or the name of one that comes with the course.

    Raises RecordingError for a file that cannot be read, and at the first line that is not a row of a recording.
    """
    shipped = RECORDINGS / f"{source}.jsonl"
    path = shipped if shipped.is_file() else Path(source)
    drafts = [scenario(path.name, kernel, name, rows) for (kernel, name), rows in read_rows(path).items()]
    if not drafts:
        raise RecordingError(f"{path.name}: there is no row in this file")
    longest: dict[tuple[str, str], int] = {}
    for draft in drafts:
        for struct in draft.structs:
            key = draft.kernel, struct.kind
            longest[key] = max(struct.reach, longest.get(key, 0))
    return Recording(path.stem, tuple(replace(draft, longest=longest) for draft in drafts))


def read_rows(path: Path) -> dict[tuple[str, str], list[Recorded]]:
    """The rows of a file by kernel and scenario."""
    rows: dict[tuple[str, str], list[Recorded]] = {}
    for number, text in enumerate(read_lines(path), 1):
        try:
            given = parse(text)
            seen = rows.setdefault((known(given["kernel"]), given["scenario"]), [])
            seen.append(recorded(given, number, seen))
        except RecordingError as error:
            raise RecordingError(f"{path.name}, line {number}: {error}") from None
    return rows


def read_lines(path: Path) -> Iterator[str]:
    """The lines of a file; one that is too long comes cut, which makes it no row."""
    try:
        with open_file(path) as file:
            while line := file.readline(LINE_LIMIT):
                yield line.decode(errors="replace")
    except (EOFError, zlib.error, BadGzipFile):
        raise RecordingError(f"{path.name}: the packed file is damaged or cut short; fetch it again") from None
    except OSError as error:
        shipped = ", ".join(sorted(file.stem for file in RECORDINGS.glob("*.jsonl")))
        raise RecordingError(f"{path}: {error.strerror}; the recordings that come with the course: {shipped}") from None


def parse(text: str) -> dict[str, Any]:
    """One line as an object with the fields of a row, each of its type."""
    try:
        given = json.loads(text, object_pairs_hook=unique)
    except Duplicate as error:
        raise RecordingError(str(error)) from None
    except (ValueError, RecursionError):
        raise RecordingError("this is not a whole row: a row is one JSON object on a line of its own") from None
    if not isinstance(given, dict):
        raise RecordingError("a row is a JSON object")
    for name, (fits, what) in FIELDS.items():
        if name not in given and name not in OPTIONAL:
            raise RecordingError(f"the field {name!r} is missing")
        if name in given and not fits(given[name]):
            raise RecordingError(f"the field {name!r} is {what}, not {json.dumps(given[name])[:40]}")
    return given


def is_number(value: Any, low: int, high: int) -> bool:
    """True for a whole number in this range; a truth value is none."""
    return type(value) is int and low <= value <= high


def is_text(value: Any) -> bool:
    """True for a short text."""
    return isinstance(value, str) and 0 < len(value) <= 1000


FIELDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "kernel": (is_text, "a release such as 6.19.14"),
    "scenario": (is_text, "a name"),
    "seq": (lambda value: is_number(value, 1, 10**9), "a number from 1 on"),
    "side": (lambda value: value in SIDES, f"one of {', '.join(SIDES)}"),
    "call": (is_text, "a name"),
    "args": (lambda value: isinstance(value, list) and len(value) <= 20, "a list of at most 20 arguments"),
    "ret": (lambda value: value is None or is_text(value) or is_number(value, -2**63, 2**64), "a number, text or null"),
    "cpu": (lambda value: is_number(value, 0, 99), "a number from 0 to 99"),
    "internal": (lambda value: isinstance(value, bool), "true or false"),
    "note": (is_text, "a text"),
}
OPTIONAL = ("cpu", "internal", "note")


def known(kernel: str) -> str:
    """The kernel, if it is one that can be replayed."""
    if release(kernel) not in KERNELS:
        raise RecordingError(f"kernel {kernel[:20]!r} is not known here; known are {', '.join(KERNELS)}")
    return kernel


def release(kernel: str) -> str:
    """The release without its last number: 6.19.14 is a 6.19."""
    return ".".join(kernel.split(".")[:2])


def recorded(given: Mapping[str, Any], line: int, before: list[Recorded]) -> Recorded:
    """One row, which must be the next one of its scenario; it runs where the last one ran if it does not say where."""
    if given["seq"] != len(before) + 1:
        raise RecordingError(f"row {given['seq']} of scenario {given['scenario']} follows on row {len(before)}")
    cpu, internal = given.get("cpu", before[-1].cpu if before else 0), given.get("internal", False)
    ret = None if isinstance(given["ret"], str) else given["ret"]
    args = tuple(map(str, given["args"]))
    panics = given.get("note", "").startswith("did not return")
    row = Recorded(line, given["seq"], given["side"], given["call"], args, ret, cpu, internal, panics,
                   given.get("smccc", 0) == 0)
    if row.is_hypercall and isinstance(given["ret"], str):
        raise RecordingError("a hypercall returns a number or null")
    if row.is_hypercall and not all(re.fullmatch(r"0x[0-9a-f]{1,16}", arg) for arg in row.args):
        raise RecordingError("the arguments of a hypercall are texts such as \"0x1000\"")
    if row.is_hypercall and row.call in TRANSLATE and len(row.args) < TRANSLATE[row.call].arguments:
        raise RecordingError(f"{row.call} has {TRANSLATE[row.call].arguments} arguments, not {len(row.args)}")
    return row


def scenario(file: str, kernel: str, name: str, rows: list[Recorded]) -> Scenario:
    """One scenario, with the structs in it found and named."""
    structs = list(find_structs(rows))
    distance = linear_map(file, rows, structs)
    locate(file, rows, structs, distance)
    settle_owners(structs)
    return Scenario(file, kernel, name, tuple(rows), tuple(structs), distance)


def find_structs(rows: Iterable[Recorded]) -> Iterator[Struct]:
    """The structs the host lent: the pages on loan since the last one, and what the program says it has made."""
    lent: list[int] = []
    handle = 0
    for row in rows:
        made = MADE.fullmatch(row.call) if row.side == "user" else None
        if row.is_hypercall and row.call == "__pkvm_host_share_hyp":
            lent.append(int(row.args[0], 16))
        elif row.is_hypercall and row.call == "__pkvm_reserve_vm":
            handle = row.ret or 0
        elif made and lent:
            index = None if made["vm"] else int(made["done"] or made["raw"])
            protected = bool(int(made["type"] or "0", 16) & PROTECTED)
            yield Struct(row.seq, index, lent, 0 if index is not None else handle, protected)
        if row.side == "user" and TRIED.fullmatch(row.call):
            lent = []


def named_structs(rows: Iterable[Recorded]) -> Iterator[tuple[Recorded, str, int]]:
    """The rows that name a struct by its address for the first time: the row, what kind, the address."""
    for row in rows:
        if row.side == "hyp" and row.call == "__pkvm_init_vm":
            yield row, "kvm", int(row.args[0], 16)
        elif row.is_hypercall and row.call == "__pkvm_init_vcpu":
            yield row, "vcpu", int(row.args[1], 16)


def linear_map(file: str, rows: list[Recorded], structs: list[Struct]) -> int:
    """The distance from page addresses to page numbers that puts every struct that is named on lent pages."""
    named = [(kind, address >> PAGE_SHIFT) for _, kind, address in named_structs(rows)]
    lent = {page for struct in structs for page in struct.pages}
    first = next((address for kind, address in named if kind == "kvm"), None)
    if first is None:
        return 0
    for struct in structs:
        distance = first - struct.pages[0]
        if struct.kind == "kvm" and all(address - distance in lent for _, address in named):
            return distance
    raise RecordingError(f"{file}: the structs that init_vm and init_vcpu name lie on pages that the host never lent")


def locate(file: str, rows: list[Recorded], structs: list[Struct], distance: int) -> None:
    """Note in each struct its address, and for a vCPU the handle of its VM.

    A struct may begin on a page that was on loan before it, so it is the nearest one of those lent from its page on.
    The first `init_vcpu` after an `init_vm` says which handle the host has noted in its struct kvm.
    """
    new: Struct | None = None
    for row, kind, address in named_structs(rows):
        physical = address - (distance << PAGE_SHIFT)
        fits = [struct for struct in structs if struct.kind == kind and struct.seq < row.seq
                and struct.address in (None, physical) and struct.pages[0] >= physical >> PAGE_SHIFT]
        if not fits:
            raise RecordingError(f"{file}, line {row.line}: {address:#x} is no struct that the host has lent")
        struct = min(fits, key=lambda struct: (struct.pages[0], -struct.seq))
        struct.address = physical
        if kind == "kvm":
            new = struct
        else:
            struct.handle = int(row.args[0], 16)
            if new:
                new.handle, new = struct.handle, None


def settle_owners(structs: list[Struct]) -> None:
    """Name VMs and vCPUs, kvm0 and hv0.1; a vCPU that never ran belongs to the newest VM that lacks its number."""
    vms: list[Struct] = []
    taken: set[str] = set()
    for struct in structs:
        if struct.index is None:
            struct.name = f"kvm{len(vms)}"
            vms.append(struct)
            continue
        for vm in reversed(vms):
            name = f"hv{vm.name.removeprefix('kvm')}.{struct.index}"
            if name not in taken and struct.handle in (0, vm.handle):
                struct.vm, struct.name = vm, name
                taken.add(name)
                break


class Names:
    """The model's names for the addresses of one scenario, each given at its first use and kept."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.pages: dict[int, str] = {}
        self.structs = [struct for struct in scenario.structs if struct.name]
        for struct in self.structs:
            if struct.address is not None:
                self.pages.setdefault(struct.address >> PAGE_SHIFT, struct.name)
        for struct in self.structs:
            for number, page in enumerate(self.lies_on(struct)):
                self.page(page, f"{struct.name}.p{number}" if number else struct.name)

    def lies_on(self, struct: Struct) -> list[int]:
        """The page numbers of a struct."""
        return struct.lies_on(self.scenario.longest[self.scenario.kernel, struct.kind])

    def page(self, number: int, wanted: str = "") -> str:
        """The name of a page: the one it has, or the one that is wanted if no other page has it."""
        if number not in self.pages:
            used = set(self.pages.values())
            others = (f"{wanted or 'host'}.n{n}" for n in range(len(used) + 1))
            self.pages[number] = next(name for name in (wanted, *others) if name and name not in used)
        return self.pages[number]

    def guest_page(self, number: int) -> str:
        """The name of a page that the host lends to a guest: g0, g1, in the order of first use."""
        guests = sum(re.fullmatch(r"g\d+", name) is not None for name in self.pages.values())
        return self.page(number, f"g{guests}")

    def memory(self, address: str, wanted: str) -> str:
        """The name of an area that the host donates."""
        return self.page((int(address, 16) >> PAGE_SHIFT) - self.scenario.linear_map, wanted)

    def struct(self, row: Recorded, address: str) -> Struct | None:
        """The struct that an address names at this row: the newest one there."""
        physical = int(address, 16) - (self.scenario.linear_map << PAGE_SHIFT)
        there = [struct for struct in self.structs if struct.address == physical and struct.seq < row.seq]
        return there[-1] if there else None

    def spans(self) -> dict[Key, Record]:
        """Where the structs lie that lie on more than the page of their name."""
        found = {struct.name: tuple(self.page(page) for page in self.lies_on(struct)) for struct in self.structs}
        return {(Span, name): Span(pages) for name, pages in found.items() if pages != (name,)}


def init_vm(names: Names, row: Recorded) -> tuple[Value, ...]:
    """The struct kvm, what EL2 reads in it (handle, vCPUs, protected), the memory for VM struct and root table."""
    kvm = known_struct(names, row, row.args[0])
    vcpus = sum(struct.vm is kvm and struct.seq < row.seq for struct in names.structs)
    number = kvm.name.removeprefix("kvm")
    vm, pgd = names.memory(row.args[1], f"vm{number}"), names.memory(row.args[2], f"pgd{number}")
    return kvm.name, kvm.handle, vcpus, vm, pgd, *([True] if kvm.protected else [])


def init_vcpu(names: Names, row: Recorded) -> tuple[Value, ...]:
    """Handle, struct kvm_vcpu, the memory for EL2's own struct."""
    host_vcpu = known_struct(names, row, row.args[1]).name
    return int(row.args[0], 16), host_vcpu, names.memory(row.args[2], f"vc{host_vcpu[2:]}")


def known_struct(names: Names, row: Recorded, address: str) -> Struct:
    """The struct at an address, which the recording must show."""
    struct = names.struct(row, address)
    if struct is None:
        raise RecordingError(f"{names.scenario.file}, line {row.line}: {address} is no struct that the host has lent")
    return struct


def run(names: Names, row: Recorded) -> tuple[Value, ...]:
    """The struct kvm_vcpu, or whatever page a recorder named that put the call in."""
    struct = names.struct(row, row.args[0])
    return (struct.name if struct else names.memory(row.args[0], ""),)


def share_guest(names: Names, row: Recorded) -> tuple[Value, ...]:
    """Page, gfn, number of pages, rights in letters."""
    page, gfn, nr, prot = (int(arg, 16) for arg in row.args[:4])
    return names.guest_page(page), gfn, nr, rights(prot)


def donate_guest(names: Names, row: Recorded) -> tuple[Value, ...]:
    """Page and gfn."""
    return names.guest_page(int(row.args[0], 16)), int(row.args[1], 16)


def force_reclaim(names: Names, row: Recorded) -> tuple[Value, ...]:
    """The page at a physical address."""
    return (names.page(int(row.args[0], 16) >> PAGE_SHIFT),)


def relax_perms(names: Names, row: Recorded) -> tuple[Value, ...]:
    """The gfn and the rights in letters."""
    return int(row.args[0], 16), rights(int(row.args[1], 16))


def rights(prot: int) -> str:
    """The kernel's bits as letters: 3 (either exception level) execute, 4 write, 8 read; any other bit is Z."""
    return "".join(letter for letter, bits in (("R", 8), ("W", 4), ("X", 3), ("Z", ~15)) if prot & bits)


def numbers(names: Names, row: Recorded) -> tuple[Value, ...]:
    """The arguments as the numbers they are, as many as the model wants."""
    return tuple(int(arg, 16) for arg in row.args[:TRANSLATE[row.call].arguments])


@dataclass(frozen=True)
class Translation:
    """How a call's arguments are put into the model's words, and how many of them there must be."""

    arguments: int
    translate: Callable[[Names, Recorded], tuple[Value, ...]] = numbers


TRANSLATE = {
    "__pkvm_host_share_hyp": Translation(1, lambda names, row: (names.page(int(row.args[0], 16)),)),
    "__pkvm_host_unshare_hyp": Translation(1, lambda names, row: (names.page(int(row.args[0], 16)),)),
    "__pkvm_reserve_vm": Translation(0),
    "__pkvm_unreserve_vm": Translation(1),
    "__pkvm_init_vm": Translation(3, init_vm),
    "__pkvm_init_vcpu": Translation(3, init_vcpu),
    "__pkvm_vcpu_load": Translation(2),
    "__pkvm_vcpu_put": Translation(0),
    "__kvm_vcpu_run": Translation(1, run),
    "__pkvm_host_share_guest": Translation(4, share_guest),
    "__pkvm_host_unshare_guest": Translation(3),
    "__pkvm_teardown_vm": Translation(1),
    "__pkvm_start_teardown_vm": Translation(1),
    "__pkvm_finalize_teardown_vm": Translation(1),
    "__pkvm_tlb_flush_vmid": Translation(1),
    "__pkvm_vcpu_sync_state": Translation(0),
    "__pkvm_host_wrprotect_guest": Translation(3),
    "__pkvm_host_test_clear_young_guest": Translation(4, lambda names, row: (
        *(int(arg, 16) for arg in row.args[:3]), int(row.args[3], 16) != 0)),
    "__pkvm_host_relax_perms_guest": Translation(2, relax_perms),
    "__pkvm_host_mkyoung_guest": Translation(1),
    "__pkvm_host_donate_guest": Translation(2, donate_guest),
    "__pkvm_reclaim_dying_guest_page": Translation(2),
    "__pkvm_force_reclaim_guest_page": Translation(1, force_reclaim),
}


@dataclass(frozen=True)
class Row:
    """One hypercall of the recording: what the kernel answered, and what the model answers.

    `args` is None, and so is `agree`, for a call that the model does not have; `event` says how the model's machine
    ended.
    """

    recorded: Recorded
    args: tuple[Value, ...] | None = None
    model: int | None = None
    event: str = ""

    @property
    def kernel(self) -> str:
        """The kernel's answer in words."""
        return "EL2_PANIC" if self.recorded.panics else self.answer(self.recorded.ret)

    @property
    def modelled(self) -> str:
        """The model's answer in words."""
        return "-" if self.args is None else self.event or self.answer(self.model)

    @property
    def agree(self) -> bool | None:
        """True when both answer the same."""
        return None if self.args is None else self.kernel == self.modelled

    def answer(self, ret: int | None) -> str:
        """An answer in words; a run that entered the guest ends for many reasons, which count as one."""
        if ret is None:
            return "void"
        if self.recorded.call == "__kvm_vcpu_run" and ret >= 0:
            return "ran"
        return errno(ret) if ret < 0 else show_value(ret)

    @property
    def cells(self) -> tuple[str, str, str, str]:
        """Call, the kernel's answer, the model's, and whether they agree."""
        same = {True: "yes", False: "NO", None: "not modelled"}[self.agree]
        return self.recorded.call, self.kernel, self.modelled, same


@dataclass(frozen=True)
class Comparison:
    """A scenario and the model side by side; `end` is the state of the model after it."""

    scenario: Scenario
    revision: Revision
    rows: tuple[Row, ...]
    end: State

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    @property
    def disagreements(self) -> tuple[Row, ...]:
        """The modelled calls to which the model answers otherwise than the kernel."""
        return tuple(row for row in self.rows if row.agree is False)

    @property
    def title(self) -> str:
        """What is compared with what."""
        return f"Scenario {self.scenario.name}: kernel {self.scenario.kernel} and the model as {self.revision.name}"

    @property
    def summary(self) -> str:
        """How many answers are the same."""
        modelled = [row for row in self.rows if row.agree is not None]
        same = len(modelled) - len(self.disagreements)
        others = len(self.rows) - len(modelled)
        rest = "1 row of another call" if others == 1 else f"{others} rows of other calls"
        return f"{same} of {len(modelled)} modelled calls returned what the kernel returned; {rest}."


def start(scenario: Scenario, boot: State | None = None) -> State:
    """The machine before the first row: all memory the host's, and known where its structs lie.

    A real EL2 has 255 slots; of those a scenario uses no more than it reserves, and it reserves the lowest first. From
    the run before it in the same boot, if there was one, it takes over what is in the VM table.
    """
    cpus = max([Config().cpus, *(row.cpu + 1 for row in scenario.rows)])
    slots = sum(row.call == "__pkvm_reserve_vm" for row in scenario.hypercalls)
    taken = left_in_table(boot) if boot else {}
    return State.of(Config(cpus=cpus, slots=max(1, slots + len(taken))), Names(scenario).spans() | taken)


def left_in_table(state: State) -> dict[Key, Record]:
    """What a run has left in the VM table; a VM in it is under another name, since each run names its own memory."""
    left: dict[Key, Record] = {}
    for idx, slot in state.all(Slot):
        address = state.vm_in(idx)
        left[Slot, idx] = slot if address is None else Slot(f"left.{idx}.{address}")
        if address is not None:
            left |= left_vm(state, address, f"left.{idx}.")
    return left


def left_vm(state: State, address: str, prefix: str) -> dict[Key, Record]:
    """A VM and all pages that it names, each under a name with this prefix; its vCPUs stay behind."""
    vm = state.get(Vm, address)
    maps = tuple(leaf._replace(page=leaf.page and prefix + leaf.page) for leaf in vm.maps)
    names = {address, vm.host_kvm, vm.pgd, *(leaf.page for leaf in vm.maps if leaf.page)}
    pages: dict[Key, Record] = {(Page, prefix + name): state.get(Page, name) for name in names}
    again = vm._replace(vcpus=(), maps=maps, host_kvm=prefix + vm.host_kvm, pgd=prefix + vm.pgd)
    return pages | {(Vm, prefix + address): again}


def calls(scenario: Scenario, revision: Revision) -> Iterator[tuple[Recorded, Call | None]]:
    """Each hypercall of the recording and the same in the model's words; None where the model does not have it."""
    names = Names(scenario)
    for row in scenario.hypercalls:
        modelled = row.call in TRANSLATE and row.call in revision.calls
        yield row, Call(row.call, TRANSLATE[row.call].translate(names, row)) if modelled else None


def replay(scenario: Scenario, revision: Revision | None = None, boot: State | None = None) -> Comparison:
    """Let the model answer the calls that the kernel was asked, in their order, as the kernel's revision or another."""
    revision = revision or scenario.revision
    state, rows = start(scenario, boot), []
    for recorded, call in calls(scenario, revision):
        if call is None:
            rows.append(Row(recorded))
        elif state.end:
            rows.append(Row(recorded, call.args, event="the machine has ended"))
        else:
            step = run_call(state, revision, recorded.cpu, call)
            state = step.state
            rows.append(Row(recorded, call.args, step.ret, state.end.kind if state.end else ""))
    return Comparison(scenario, revision, tuple(rows), state)


def replay_all(recording: Recording, revision: Revision | None = None) -> Iterator[Comparison]:
    """All scenarios in their order.

    The VM table goes over from one to the next of the same kernel where a handle proves that both ran in one boot: it
    is not the one that an empty table would have given, but the one that the table left by the last run gives.
    """
    ends: dict[str, State] = {}
    for scenario in recording.scenarios:
        done = replay(scenario, revision)
        before = ends.get(scenario.kernel)
        if before and not before.end and odd_handles(done):
            again = replay(scenario, revision, before)
            done = done if odd_handles(again) else again
        ends[scenario.kernel] = done.end
        yield done


def odd_handles(done: Comparison) -> bool:
    """True when the model promised other handles than the kernel."""
    return any(row.recorded.call == "__pkvm_reserve_vm" for row in done.disagreements)


@cache
def call_numbers(kernel: str) -> dict[str, int]:
    """The numbers of the modelled calls in a released kernel; they are no interface, each release has its own.

    Raises KeyError for a kernel whose table was not read.
    """
    data: Any = json.loads((RECORDINGS.parent / "call-numbers.json").read_text(encoding="utf-8"))
    return dict(data["kernels"][kernel])


def call_with(kernel: str, number: int) -> str | None:
    """The call that a number names in a released kernel, or None."""
    return next((name for name, given in call_numbers(kernel).items() if given == number), None)
