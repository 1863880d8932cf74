"""What the replies of a process with a learner's code may say of states and steps; anything else is refused."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from ..explore.learner_calls import Endless, Spinning
from ..model.state import Event, HostVcpu, Key, Kvm, Loan, Mapped, Page, Slot, Span, Vcpu, Vm
from ..model.view import Waits
from ..schema import JSON
from .candidate import RemoteError
from .plain import RECORDS, Malformed, clean, decode, decode_key


class Reads(NamedTuple):
    """What a function has read of a state: records, all of some kinds, or all there is."""

    reads: list[Key]
    kinds: list[Any]
    all_read: bool

    @classmethod
    def read(cls, reply: JSON) -> Reads:
        """Return what a reply says about it."""
        return cls([decode_key(key) for key in reply["read"]], [RECORDS[name] for name in reply["kinds"]],
                   reply["all"] is True)


class StepReply(NamedTuple):
    """A step that was taken in another process: what it read and wrote, the fields of `Step`, or what it raised."""

    reads: list[Key]
    kinds: list[Any]
    all_read: bool
    written: list[tuple[Key, Any]]
    end: Event | None
    fields: tuple[Any, ...]
    raises: Exception | None = None

    @classmethod
    def read(cls, reply: JSON) -> StepReply:
        """Return the step that a reply describes. Raise Malformed, or RemoteError for what no record can hold."""
        reads = Reads.read(reply)
        if raises := read_stop(reply):
            return cls(*reads, [], None, (), raises)
        return cls(*reads, list(read_records(reply["written"])), read_end(reply["end"]), read_fields(reply["fields"]))


def read_stop(reply: JSON) -> Exception | None:
    """Return why a call cannot take the step, None if it can."""
    if "stops" in reply:
        return Waits(clean(str(reply["stops"]), 300))
    if "spins" in reply:
        return Endless() if reply["spins"] == "endless" else Spinning()
    return None


def read_fields(data: Any) -> tuple[Any, ...]:
    """Return the fields of `Step` from `ret` on. Raise Malformed, or RemoteError if the call left something odd."""
    fields = decode(data)
    if type(fields) is not tuple or len(fields) != len(FIELDS_OF_STEP):
        raise Malformed("no step")
    if not all(accepts(value) for accepts, value in zip(FIELDS_OF_STEP, fields, strict=True)):
        raise RemoteError("a call leaves something in the view that does not belong there", "")
    return fields


def read_records(written: Any) -> Iterator[tuple[Key, Any]]:
    """Yield the records that a step has written, with their keys. Raise Malformed for anything else."""
    for kind, name, data in written:
        key, record = decode_key([kind, name]), decode(data)
        if record is not None:
            if type(record) is not key[0]:
                raise Malformed("no record")
            check_types(key, record)
        yield key, record


def check_types(key: Key, record: Any) -> None:
    """Raise RemoteError if a call wrote something to a field that the field cannot hold."""
    for field, accepts in FIELDS.get(key[0], {}).items():
        value = getattr(record, field)
        if not accepts(value):
            shown = clean(repr(value), 60)
            raise RemoteError(f"a call writes {shown} to {field} of {key[1]}, which cannot hold that", "")


def accept_type(declared: str) -> Callable[[Any], bool]:
    """Return the test for the values of a field that its record declares in this way; 0 and 1 are truth values, too."""
    kinds = {"int": int, "str": str, "bool": int, "None": type(None), "tuple": tuple}
    allowed = tuple(kinds[kind] for kind in declared.partition("[")[0].split(" | "))
    if "Mapped" in declared:
        return lambda value: type(value) is tuple and all(type(leaf) is Mapped for leaf in value)
    return lambda value: isinstance(value, allowed)


FIELDS = {kind: {name: accept_type(declared.__forward_arg__) for name, declared in kind.__annotations__.items()}
          for kind in (Page, Slot, Vm, Vcpu, Kvm, HostVcpu, Span, Loan)}
"""The tests of the fields of the records that calls write."""


def accept_tuple(*kinds: type) -> Callable[[Any], bool]:
    """Return the test for tuples whose items are of these kinds."""
    return lambda value: type(value) is tuple and all(isinstance(item, kinds) for item in value)


def is_refusal(value: Any) -> bool:
    """Return True for a code and a reason, or None."""
    kinds = (int | None, str)
    return value is None or (type(value) is tuple and len(value) == 2 and all(map(isinstance, value, kinds)))


def are_answers(value: Any) -> bool:
    """Return True for hypercalls with their arguments and EL2's answers."""
    return accept_tuple(tuple)(value) and all(
        len(item) == 3 and isinstance(item[0], str) and type(item[1]) is tuple and isinstance(item[2], int | None)
        for item in value)


FIELDS_OF_STEP: tuple[Callable[[Any], bool], ...] = (
    lambda ret: isinstance(ret, int | None), lambda pending: type(pending) is bool,
    accept_tuple(str), accept_tuple(str), is_refusal, accept_tuple(Event), accept_tuple(int), are_answers)
"""The tests of a step's fields, from `ret` on."""


def read_end(data: Any) -> Event | None:
    """Return the event that ended the machine, or None. Raise Malformed if it is something else."""
    end = decode(data)
    if end is not None and type(end) is not Event:
        raise Malformed("no event")
    return end
