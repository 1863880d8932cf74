"""A hypercall's view of the machine: reads, writes, checks, and what a failed check does.

A view serves one step of one CPU. Field access goes through `Ref`, so that every read is recorded (a call under way is
restored by handing it its reads again) and every touch of EL2's own structs is checked against what EL2 has mapped: use
of memory that was given back is detected, not assumed.
"""
from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, TypeAlias

from .revisions import Revision, Warn
from .state import HANDLE_OFFSET, OWNED, Cpu, Event, Key, Page, Record, Reference, Slot, State, Value, Vcpu, Vm, zeroed

Region: TypeAlias = tuple[str, str]
"""What a hypercall yields before each lock region: the locks in the letters below, and what it is about to do.

L vm_table_lock, H the host's stage-2 lock, Y EL2's own page-table lock, G the VM's lock, P its page pool;
'+' means held together, '' that no lock is held. M and C are locks of the host's (`host`).
"""
Hypercall: TypeAlias = Generator[Region, None, int | None]
"""A call: it yields before each region; what it returns is the value in x1, None for a call without an answer."""
Pointer: TypeAlias = Any
"""A `Ref`, or NULL; an `Any` because its fields are those of the record it points to."""
EL2_STRUCTS = (Vm, Vcpu)
"""What EL2 keeps in memory the host gave it, and reaches through its own page table."""


class Refused(Exception):  # noqa: N818  # an outcome of the model, not a failure of this program
    """A check failed: `code` is what the caller gets (None if the call has no answer), `why` the reason in words.

    A call that yields while it handles a refusal gives it a name, so that it is among the values that the call keeps.
    """

    def __init__(self, code: int | None, why: str) -> None:
        self.code, self.why = code, why


class ModelError(Exception):
    """The request is impossible; the message says what to do."""


class Ended(Exception):  # noqa: N818  # as Refused
    """The machine has ended; `event` says how."""

    def __init__(self, event: Event) -> None:
        self.event = event


class Waits(ModelError):  # noqa: N818  # as Refused
    """A CPU cannot go on until another one drops one of the host's locks."""


class Elsewhere(BaseException):  # no Exception, so that no call can handle it
    """A step needs a function of another process: `take_step` takes the step there, with the arguments of `run`'s."""

    def __init__(self, take_step: Callable[..., Any]) -> None:
        self.take_step = take_step


class Ref:
    """A pointer to a record. Reading an attribute reads the field now; setting one writes it."""

    __slots__ = ("address", "key", "view")
    address: Any

    def __init__(self, view: View, kind: type[Any], address: str | int) -> None:
        set_view(self, view)  # the `__setattr__` below writes to the machine
        set_address(self, address)
        set_key(self, (kind, address))

    def __getattr__(self, field: str) -> Any:
        return self.view.read(self, field)

    def __setattr__(self, field: str, value: Value) -> None:
        self.view.write(self, field, value)

    def __str__(self) -> str:
        return str(self.address)


set_address, set_key, set_view = [vars(Ref)[name].__set__ for name in Ref.__slots__]


class Null:
    """The null pointer. It is false, and using it is a fault at EL2."""

    address = None

    def __bool__(self) -> bool:
        return False

    def __getattr__(self, field: str, *value: Value) -> Any:
        raise Ended(Event("EL2_FAULT", "NULL", f"follows a null pointer to {'write' if value else 'read'} {field}"))

    __setattr__ = __getattr__


NULL = Null()


class View:
    """The machine as one CPU's call sees it during one step.

    `number` is the CPU's, `records` the machine's current memory; `events`, `flushed`, `answers` and `refused` go into
    the step. `reads` is what the call has read, `earlier` the reads to hand back while the call is restored.
    `references` are those that the call holds, `hypercall` the one that a host function is in.
    """

    def __init__(self, state: State, cpu: int, revision: Revision) -> None:
        self.state, self.config, self.number, self.revision = state, state.config, cpu, revision
        self.earlier: tuple[Value, ...] | None = None
        self.reads: list[Value] = []
        self.references: list[Reference] = []
        self.hypercall = ""
        self.restart()

    def restart(self) -> None:
        """See the machine as it was before the step, and drop everything recorded since."""
        self.records: dict[Key, Any] = self.state.table.copy()
        self.events: list[Event] = []
        self.flushed: list[int] = []
        self.answers: list[tuple[str, tuple[Value, ...], int | None]] = []
        self.refused: tuple[int | None, str] | None = None

    def ref(self, kind: type[Any], name: str | int) -> Ref:
        """Return a pointer to a record."""
        return Ref(self, kind, name)

    def vm(self, address: str) -> Ref:
        """Return a pointer to the VM struct at this address."""
        return Ref(self, Vm, address)

    def vcpu(self, address: str | None) -> Pointer:
        """Return a pointer to the vCPU struct at this address, or NULL."""
        return NULL if address is None else Ref(self, Vcpu, address)

    def page(self, name: str) -> Ref:
        """Return a pointer to EL2's record of a page."""
        return Ref(self, Page, name)

    def slot(self, idx: int) -> Ref:
        """Return a pointer to an entry of the VM table."""
        return Ref(self, Slot, idx)

    @property
    def cpu(self) -> Ref:
        """The CPU that this call runs on."""
        return Ref(self, Cpu, self.number)

    def peek(self, kind: type[Any], name: str | int) -> Any:
        """Return the current record without recording that the call has read it."""
        return self.records.get((kind, name)) or zeroed(kind)

    def read(self, ref: Ref, field: str) -> Value:
        """Return the field's value; while a call is restored, what it read at this point the first time."""
        if self.earlier is not None:
            value = self.earlier[len(self.reads)]
        else:
            key = ref.key
            if key[0] in EL2_STRUCTS:
                self.touch(ref)
            value = getattr(self.records.get(key) or zeroed(key[0]), field)
        self.reads.append(value)
        return value

    def write(self, ref: Ref, field: str, value: Value) -> None:
        """Write the field, except while a call is restored: then it has been written before."""
        if self.earlier is None:
            self.touch(ref)
            if field == "loaded":  # the reference of a loaded vCPU is no longer the call's that loads it
                self.hand_over(value)
            self.store(ref.key, self.peek(*ref.key)._replace(**{field: value}))

    def hand_over(self, vcpu: str | None) -> None:
        """Move the call's reference to the vCPU that it loads, or back to the call from the vCPU that it puts."""
        if vcpu:
            self.drop_reference(self.peek(Vcpu, vcpu).vm)
        elif (loaded := self.peek(Cpu, self.number).loaded) and (vm := self.peek(Vcpu, loaded).vm):
            self.take_reference(vm)

    def take_reference(self, vm: str) -> None:
        """Record that the call holds one more reference to a VM."""
        if self.earlier is None:
            self.references.append(Reference(vm, self.hypercall))

    def drop_reference(self, vm: str) -> None:
        """Record that the call holds one reference fewer to a VM, if it holds any."""
        if self.earlier is None and (mine := [reference for reference in self.references if reference.vm == vm]):
            self.references.remove(mine[-1])

    def store(self, key: Key, record: Record) -> None:
        """Write a whole record; a zeroed record is left out of the state."""
        if type(record) is key[0] and record == zeroed(key[0]):
            self.records.pop(key, None)
        else:
            self.records[key] = record

    def touch(self, ref: Ref) -> None:
        """End the machine if EL2 follows a pointer into memory that it does not have mapped."""
        if ref.key[0] in EL2_STRUCTS and self.earlier is None and self.peek(Page, ref.address).hyp != OWNED:
            raise Ended(Event("EL2_USE_AFTER_DONATION", str(ref), f"touches page {ref}, which EL2 no longer maps"))

    def zero(self, address: str) -> None:
        """Zero a struct before it is given back; from here on its address is stale in calls that keep it."""
        for kind in EL2_STRUCTS:
            self.records.pop((kind, address), None)
        for number in range(self.config.cpus):
            cpu = self.peek(Cpu, number)
            if number != self.number and cpu.flight and address in dict(cpu.flight.held).values():
                stale = tuple(sorted({*cpu.flight.stale, address}))
                self.records[Cpu, number] = cpu._replace(flight=cpu.flight._replace(stale=stale))

    def flush_vmid(self, handle: int) -> None:
        """Make every CPU forget the translations of a VM; its VMID is the slot's number + 1, since 0 is the host's."""
        self.flushed.append(handle - HANDLE_OFFSET + 1)

    def check(self, holds: object, code: int | None, why: str) -> None:
        """Refuse the call with this code unless the condition holds."""
        if not holds:
            raise Refused(code, why)

    def guard(self, name: str, holds: object, why: str) -> None:
        """Check a named condition, if the revision has this guard, and refuse with the revision's code.

        A function that replaces the guard gets the view and the result of the kernel's own check.
        """
        own = self.revision.functions.get(name)
        if name not in self.revision.guards or (own(self, holds) if own else holds):
            return
        answer = self.revision.guards[name]
        self.warn_on(isinstance(answer, Warn), name, why)
        raise Refused(answer.code if isinstance(answer, Warn) else answer, why)

    def stands(self, name: str) -> bool:
        """Return True if the revision has this guard; for guards that are actions, not checks."""
        return name in self.revision.guards

    def warn_on(self, condition: object, where: str, why: str) -> None:
        """End the machine if the condition holds: WARN_ON at EL2 is a BRK, an exception that EL2 does not survive."""
        self.bug_on(condition and self.revision.warn_is_fatal, where, why, "warns")

    def bug_on(self, condition: object, where: str, why: str, does: str = "meets a BUG") -> None:
        """End the machine if the condition holds, in every build: BUG_ON at EL2."""
        if condition:
            raise Ended(Event("EL2_PANIC", where, f"{does} at EL2: {why}"))

    def attempt(self, body: Callable[..., None], *args: Any) -> int | None:
        """Run a body of checks and effects; return 0, or the code of the first check that failed."""
        try:
            body(self, *args)
        except Refused as refused:
            return self.answer(refused)
        return 0

    def answer(self, refused: Refused) -> int | None:
        """Return the code that the caller of a refused call gets, and keep the reason for the step."""
        self.refused = refused.code, refused.why
        return refused.code
