"""The two families as machines that the product's explorer can search."""
from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import permutations, product
from typing import Any

from benchmarks import atomic_host, script
from pkvm_model.explore.check import Always
from pkvm_model.model.revisions import Revision
from pkvm_model.model.state import Cpu, Flight, State
from pkvm_model.model.steps import Step, advance
from pkvm_model.model.view import Refused, View, Waits

CPUS = atomic_host.CPUS
STATES = (atomic_host.FREE, atomic_host.RESERVED, atomic_host.LIVE, atomic_host.DYING)
Records = dict[tuple[Any, Any], Any]


class AtomicHost:
    """Family H: an action is a whole call, and all of them are possible at any time."""

    finer = (atomic_host.Slot, atomic_host.Cpu, atomic_host.Page)

    def __init__(self, sizes: tuple[int, ...], mutant: str | None = None) -> None:
        self.config: Any = atomic_host.config(*sizes)
        self.revision = mutate(atomic_host.REVISION, atomic_host.MUTANTS, mutant)
        self.actions = tuple(atomic_host.calls(*sizes))

    @property
    def members(self) -> int:
        """The number of slots, which are interchangeable."""
        return int(self.config.slots)

    @property
    def key_bits(self) -> int:
        """The length of a key: two bits for the state, two for the number of vCPUs, one for each vCPU, CPU and page."""
        return 4 + int(self.config.vcpus) + CPUS + int(self.config.pages)

    @property
    def renamings(self) -> tuple[Any, ...]:
        """Every way to number the CPUs and the pages."""
        return tuple(product(permutations(range(CPUS)), permutations(range(self.config.pages))))

    def belongs(self, renaming: Any, part: Any, value: Any) -> tuple[int | None, int]:
        """Return what a field adds to the key of the slot that it belongs to, and the slot.

        A lost page belongs to no slot; nor does the index of a loaded vCPU, since the CPU says which slot it is in.
        """
        (_, name, field), (cpus, pages), vcpus = part, renaming, int(self.config.vcpus)
        if field == "state":
            return name, STATES.index(value)
        if field == "vcpus":
            return name, 4 * (len(value) + 4 * sum(1 << at for at, ready in enumerate(value) if ready))
        if field == "slot":
            return value, 1 << 4 + vcpus + cpus[name]
        if field == "vcpu":
            return None, (value + 1) * (vcpus + 1) ** cpus[name] << len(pages)
        bit = 1 << pages[name]
        return (value, bit << 4 + vcpus + CPUS) if isinstance(value, int) else (None, bit)

    def family(self, key: Any) -> Any:
        """Return whose field it is: a slot's, a CPU's or a page's."""
        return key[:2]

    def initial(self) -> Records:
        """Return the state in which every slot is free and every page is the host's."""
        return {}

    def step(self, action: tuple[int, Callable[..., Any], tuple[int, ...]], records: Records) -> tuple[Records, str]:
        """Make a whole call; return the records after it and the reason if it was refused."""
        cpu, call, args = action
        view = View(self.view(records), cpu, self.revision)
        try:
            for _ in call(view, *args):
                pass
        except Refused as refused:
            return view.records, refused.why
        return view.records, ""

    def view(self, records: Records) -> State:
        """Return the state that these records are."""
        return State(self.config, records)

    @property
    def claims(self) -> tuple[Always, ...]:
        """The family's invariant, slot by slot: a predicate about one slot is soon evaluated for all its values."""
        return tuple(claim(f"slot {idx}", partial(self.is_safe, idx)) for idx in range(self.config.slots))

    def is_safe(self, idx: int, state: State) -> bool:
        """Return True unless the VM in this slot breaks the family's invariant."""
        return atomic_host.safe(View(state, 0, self.revision), idx)

    def is_unfinished(self, _: Records) -> bool:
        """Return False: a host that may call anything has nothing to finish."""
        return False


class Script:
    """Family B: an action is the next step of a CPU's script."""

    finer = (script.Vm, script.Vcpu, script.Page)

    def __init__(self, sizes: tuple[int, ...], mutant: str | None = None) -> None:
        self.config = script.config(*sizes)
        self.revision = mutate(script.REVISION, script.MUTANTS, mutant)
        self.scripts = {cpu: (function, args) for cpu, function, args in script.scripts(*sizes)}
        self.actions = tuple(self.scripts)

    def family(self, key: Any) -> Any:
        """Return whose part it is: a CPU's, with whether its script has begun, or that of one of the VM's structs."""
        return ("script", key[1]) if key[0] in (Cpu, "begun") else key[:2]

    def initial(self) -> Records:
        """Return the state in which the VM is live and no script has begun."""
        return {}

    def step(self, cpu: int, records: Records) -> tuple[Records, Step] | None:
        """Begin a script or go on with it; return None while it waits for the lock, and at its end."""
        (function, args), state = self.scripts[cpu], self.view(records)
        flight = state.get(Cpu, cpu).flight
        if not flight and records.get(("begun", cpu)):
            return None
        try:
            step = advance(state, self.revision, cpu, flight or Flight(function.__name__, args), function)
        except Waits:
            return None
        after: Any = step.state.table
        if not flight:
            after["begun", cpu] = True
        return after, step

    def view(self, records: Records) -> State:
        """Return the state that these records are."""
        return State(self.config, records)

    @property
    def claims(self) -> tuple[Always, ...]:
        """The family's invariants."""
        return (claim("safe", self.is_safe),)

    def is_safe(self, state: State) -> bool:
        """Return True unless the family's invariants are broken."""
        return script.safe(View(state, 0, self.revision))

    def is_unfinished(self, records: Records) -> bool:
        """Return True while a script is not at its end."""
        return any(records.get((Cpu, cpu)) or not records.get(("begun", cpu)) for cpu in self.actions)


def claim(name: str, is_safe: Callable[[State], bool]) -> Always:
    """Return the property that a predicate is always true."""
    return Always(name, "A VM in use is live.", lambda state: "" if is_safe(state) else "a VM in use is not live")


MACHINES: dict[str, Callable[..., AtomicHost | Script]] = {"H": AtomicHost, "B": Script}


def mutate(revision: Revision, mutants: dict[str, str], mutant: str | None) -> Revision:
    """Return the model with all its guards, or without the guard that a mutant lacks."""
    return revision.without(mutants[mutant]) if mutant else revision
