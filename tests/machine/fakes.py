"""Machines without an emulator: memory that is a dictionary, and an EL2 that is the model."""
from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from pkvm_model.machine.arguments import PREFIX
from pkvm_model.machine.calls import Panicked, Result, Returned, Stands
from pkvm_model.machine.holdings import PageRecords
from pkvm_model.machine.layout import Field
from pkvm_model.machine.parameters import PARAMETERS
from pkvm_model.machine.places import PAGE, Pattern, Places
from pkvm_model.machine.position import locate
from pkvm_model.machine.regions import RULES, Boundary, find_boundary
from pkvm_model.model.revisions import UPSTREAM, Revision
from pkvm_model.model.run import begin, finish, parameters, resume
from pkvm_model.model.state import Config, State
from pkvm_model.model.steps import Call, Step

LINEAR = 1 << 40
SIZES = {"kvm": 2 * PAGE, "kvm_vcpu": 3 * PAGE}
FIELDS = {"kvm": ("created_vcpus", "arch.pkvm.handle", "arch.pkvm.is_protected"),
          "kvm_vcpu": ("vcpu_id", "vcpu_idx", "kvm", "arch.pkvm_memcache.head", "arch.pkvm_memcache.nr_pages")}
RIGHTS = {"X": 3, "W": 4, "R": 8, "DEVICE": 16}
NUMBERS = {name: number for number, name in enumerate(PARAMETERS, 7)}


class FakeMemory:
    """Physical memory: what was written, zero elsewhere."""

    def __init__(self) -> None:
        self.bytes: dict[int, int] = {}

    def read_memory(self, address: int, size: int) -> bytes:
        """Return bytes."""
        return bytes(self.bytes.get(address + place, 0) for place in range(size))

    def write_memory(self, address: int, data: bytes) -> None:
        """Write bytes."""
        self.bytes |= {place: byte for place, byte in enumerate(data, address) if byte or place in self.bytes}


class FakeLayout:
    """Structs whose members are numbers of eight bytes, one behind the other."""

    def size(self, name: str) -> int:
        """Return the bytes of a struct."""
        return SIZES[name]

    def list_constants(self, name: str) -> dict[str, int]:
        """Return the constants of the enumeration of rights."""
        assert name == "kvm_pgtable_prot"
        return {PREFIX + right: bits for right, bits in RIGHTS.items()}

    def field(self, name: str, path: str) -> Field:
        """Return where a member lies."""
        return Field(64 * (1 + FIELDS[name].index(path)), 64)


def make_places(pages: int = 20 * 32) -> Places:
    """Return places in an empty memory."""
    patterns = {protected: Pattern(bytes(SIZES["kvm"]), bytes(SIZES["kvm_vcpu"])) for protected in (False, True)}
    layout: Any = FakeLayout()
    return Places(FakeMemory(), [(1 << 30, pages * PAGE)], LINEAR, layout, patterns)


class ModelCaller:
    """An EL2 that is the model: it takes calls in registers and answers like a kernel."""

    def __init__(self, machine: FakeMachine) -> None:
        self.machine = machine
        self.pending: dict[int, Call | None] = {}

    def begin(self, cpu: int, number: int, arguments: Collection[int]) -> None:
        """Put a CPU in front of a call."""
        name = next(name for name, known in self.machine.numbers.items() if known == number)
        self.pending[cpu] = self.decode(cpu, name, [*arguments])

    def decode(self, cpu: int, name: str, registers: list[int]) -> Call:
        """Return the call that is in registers."""
        values = {word: self.read(word, value) for word, value in zip(PARAMETERS[name].split(), registers, strict=True)}
        if name == "__pkvm_init_vm":
            fields = zip(("nr_vcpus", "handle", "protected"), FIELDS["kvm"], strict=True)
            values |= {word: self.machine.places.get_field(values["kvm"], "kvm", field) for word, field in fields}
        if "address" in values:
            values["page"] = values["address"]
        return Call(name, tuple(values.get(word, parameter.default) for word, parameter in parameters(name).items()))

    def read(self, word: str, value: int) -> Any:
        """Return one argument as the model writes it."""
        names = {address: name for name, address in self.machine.places.names.items()}
        if word == "prot":
            return "".join(right[0] for right, bits in RIGHTS.items() if bits & value)
        if word in ("page", "address"):
            return find_name(names, value * (PAGE if word == "page" else 1))
        return find_name(names, value - LINEAR) if value > LINEAR else value

    def go_on(self, cpu: int, places: Collection[Boundary] = ()) -> Result:
        """Let a CPU go on by one region, or to the end."""
        machine, call = self.machine, self.pending.pop(cpu, None)
        if call and call.args[:1] == ("",):
            return Returned(known=True, value=0)  # a later page of a struct, which the model does not have
        step = (begin(machine.state, machine.kernel, cpu, call) if call
                else resume(machine.state, machine.kernel, cpu))
        step = step if places else finish(step, machine.kernel)
        machine.state = step.state
        return self.machine.alter(self.describe(cpu, step))

    def describe(self, cpu: int, step: Step) -> Result:
        """Return a step of the model as a machine reports it."""
        if step.state.end:
            return Panicked("hyp_panic")
        where = locate(step.state, self.machine.kernel, cpu)
        place = find_boundary(where.generator, where.purpose) if where else None
        return Stands(place) if place else Returned(known=True, value=step.ret or 0)


def find_name(names: Mapping[int, str], address: int) -> str:
    """Return the name at an address; '' for a page behind a name's first."""
    if address in names:
        return names[address]
    return f"{names[address // PAGE * PAGE]}+" if address // PAGE * PAGE in names and address % PAGE else ""


class FakeMachine:
    """A machine whose kernel is a revision of the model; `alter` may change what it does."""

    release = "0.0"

    def __init__(self, kernel: Revision = UPSTREAM, config: Config | None = None) -> None:
        self.kernel, self.revision, self.config = kernel, kernel, config or Config()
        self.numbers: Mapping[str, int] = {name: NUMBERS[name] for name in NUMBERS if name in kernel.calls}
        self.functions: Mapping[str, int] = {rule.place.function: 0 for rule in RULES}
        self.hcr = 5
        self.resets: list[int] = []
        self.strays: list[PageRecords] = []

    def reset(self, slots: int = 1) -> None:
        """Begin anew."""
        self.state, self.places, self.caller = State(self.config), make_places(), ModelCaller(self)
        self.resets.append(slots)

    def compare_pages(self, state: State, roots: Collection[str]) -> list[PageRecords]:
        """Return the pages of which the machine records something else."""
        return self.strays

    def alter(self, result: Result) -> Result:
        """Return what a caller gets to see."""
        return result
