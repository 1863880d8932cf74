"""A state as JSON, and back: the fields of the conformance vectors, and the fields that vectors lack.

`observe` returns what an observer can see, `to_json` everything. `from_json` accepts only what `to_json` can write.
docs/trace-and-state.md describes the fields.
"""
from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from ..schema import (ANY_LIST, ANY_OBJECT, BOOL, JSON, NULL, Schema, SchemaError, either, list_of, map_of, number,
                      one_of, record, tuple_of)
from .guest_memory import list_tables
from .run import complete
from .state import (GUEST, HOST, HYP, NOPAGE, OWNED, SHARED_BORROWED, SHARED_OWNED, Config, Cpu, Event, Flight,
                    HostVcpu, Key, Kvm, Loan, Mapped, Page, Record, Reference, Refusal, Slot, Span, State, Value, Vcpu,
                    Vm, in_order)
from .steps import Call
from .view import ModelError

STRUCTS: dict[str, type[Any]] = {"vm": Vm, "vcpu": Vcpu, "kvm": Kvm, "span": Span, "loan": Loan}


def observe(state: State) -> JSON:
    """Return what an observer sees of a state, in the form of the conformance vectors."""
    return observe_next(State(state.config), {"pages": {}, "host_mc": {}}, state)


def observe_next(before: State, seen: Mapping[str, Any], after: State) -> JSON:
    """Return what an observer sees of the next state; pages that did not change keep their entries."""
    pages, host_mc = dict(seen["pages"]), dict(seen["host_mc"])
    changed = [key for key, record in after.table.items() if before.table.get(key) is not record]
    changed += [key for key in before.table if key not in after.table]
    for key in in_order(tuple(changed)):
        name, record = str(key[1]), after.get(*key)
        if isinstance(record, Page):
            put_or_drop(pages, name, observe_page(name, record), ORDINARY[name.startswith("g")])
        elif isinstance(record, HostVcpu):
            put_or_drop(host_mc, name, record.memcache, 0)
    return {
        "slots": [observe_slot(after, idx) for idx in range(after.config.slots)],
        "loaded": [observe_loaded(after, cpu) for cpu in range(after.config.cpus)],
        "pages": pages,
        "anon_hyp": count_anonymous_pages(after),
        "host_mc": host_mc,
    }


def put_or_drop(shown: JSON, name: str, value: Any, ordinary: Any) -> None:
    """Store a value under its name, or remove the entry if the value is the ordinary one."""
    if value == ordinary:
        shown.pop(name, None)
    else:
        shown[name] = value


def observe_slot(state: State, idx: int) -> Any:
    """Return one entry of the VM table: "free", "reserved", or the VM in it."""
    address = state.vm_in(idx)
    if address is None:
        return state.get(Slot, idx).entry
    vm = state.get(Vm, address)
    vcpus = [None if vcpu is None else state.get(Vcpu, vcpu) for vcpu in vm.vcpus]
    return {
        "vm": address, "dying": vm.is_dying, "protected": vm.is_protected,
        "refcount": state.get(Page, address).refcount,
        "vcpus": [None if vcpu is None else "idle" if vcpu.loaded_on is None else vcpu.loaded_on for vcpu in vcpus],
        "mc": [None if vcpu is None else vcpu.memcache for vcpu in vcpus],
        "maps": {str(leaf.gfn): [leaf.page, leaf.right] for leaf in vm.maps},
    }


def observe_loaded(state: State, cpu: int) -> Any:
    """Return what a CPU has loaded: None, [handle, index], or "stale" if that memory was given back."""
    address = state.get(Cpu, cpu).loaded
    if address is None:
        return None
    vcpu = state.get(Vcpu, address)
    return [state.get(Vm, vcpu.vm).handle, vcpu.idx] if state.get(Page, address).owner == HYP else "stale"


def observe_page(name: str, record: Page) -> list[Any]:
    """Return who may use a page: host, EL2, share count, page count, owner; for a guest page also its content."""
    root_in_use = name.startswith("pgd") and record.owner == HYP
    owner = list(record.owner) if isinstance(record.owner, tuple) else record.owner
    shown = [record.host, record.hyp, record.host_share_guest_count, 0 if root_in_use else record.refcount, owner]
    return [*shown, record.content] if name.startswith("g") else shown


ORDINARY = observe_page("kvm0", Page()), observe_page("g0", Page())
"""How a page that only the host has looks, and so does not show: without content, and with a guest page's content."""


def count_anonymous_pages(state: State) -> int:
    """Return how many unnamed pages EL2 has: stage-2 tables, and pages waiting in pools and memcaches."""
    waiting = sum(vcpu.memcache for _, vcpu in state.all(Vcpu))
    return waiting + sum(count_table_pages(state, vm) for _, vm in state.all(Vm))


def count_table_pages(state: State, vm: Vm) -> int:
    """Return the number of pages in a VM's pool and tables, without its root once that is back in the pool."""
    root = 0 if state.get(Page, vm.pgd).refcount else state.config.pgd_pages
    return max(0, vm.pool + len(list_tables(vm.maps)) - root)


def to_json(state: State) -> JSON:
    """Return everything in a state as JSON values."""
    return observe(state) | {
        "config": state.config._asdict(),
        "roots": {name: page.refcount for name, page in state.all(Page) if name.startswith("pgd") and page.refcount},
        "structs": {kind: {name: record._asdict() for name, record in state.all(cls)} for kind, cls in STRUCTS.items()},
        "cpus": [cpu_to_json(state.get(Cpu, number)) for number in range(state.config.cpus)],
        "end": state.end._asdict() if state.end else None,
    }


def cpu_to_json(cpu: Cpu) -> JSON:
    """Return a CPU: the address it has loaded, and the call in flight."""
    flight = cpu.flight
    return {"loaded": cpu.loaded, "in_flight": flight and {
        "call": flight.call, "args": list(flight.args), "at": list(flight.at), "held": dict(flight.held),
        "stale": list(flight.stale), "references": [list(reference) for reference in flight.references],
        "hypercall": flight.hypercall, "undoing": flight.undoing and list(flight.undoing),
        "regions": list(flight.regions), "reads": list(flight.reads)}}


def digest(state: State) -> str:
    """Return twelve hexadecimal digits that are the same for equal states.

    A call's reads are left out, and so is what follows from its place: its references, its hypercall, and the refusal
    that it undoes.
    """
    value = to_json(state)
    for cpu in value["cpus"]:
        for left_out in ("references", "hypercall", "undoing", "regions", "reads") if cpu["in_flight"] else ():
            del cpu["in_flight"][left_out]
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]


class BadState(ValueError):  # noqa: N818  # short, as it is caught by name
    """The JSON is not a state; the message says why."""


def describe_type(declared: str) -> Schema:
    """Return the schema of a field whose record declares this type."""
    return either(*(KINDS[kind] for kind in declared.partition("[")[0].split(" | ")))


def describe_fields(kind: type[Any]) -> dict[str, Schema]:
    """Return the schema of each field of a record."""
    return {name: describe_type(declared.__forward_arg__) for name, declared in kind.__annotations__.items()}


NUMBER, NAME = Schema("a number", lambda value: type(value) is int), Schema("a text", lambda value: type(value) is str)
ITEMS = Schema("a list", lambda value: type(value) in (list, tuple))
"""A record's tuple: `to_json` leaves it one, a state that was text has a list."""
KINDS = {"int": NUMBER, "str": NAME, "bool": BOOL, "None": NULL, "tuple": ITEMS, "Refusal": ITEMS}
"""The schemas of the types that records declare."""
RIGHT = one_of(OWNED, SHARED_OWNED, SHARED_BORROWED, NOPAGE)
OWNER = either(one_of(HOST, HYP), tuple_of(one_of(GUEST), NUMBER, NUMBER))
FLIGHT = record(describe_fields(Flight) | {"held": ANY_OBJECT})
STATE = record({
    "config": record(dict.fromkeys(Config._fields, number(1, 99))), "slots": ANY_LIST, "loaded": ANY_LIST,
    "pages": map_of(tuple_of(RIGHT, RIGHT, NUMBER, NUMBER, OWNER, NAME, optional=1)), "anon_hyp": NUMBER,
    "host_mc": map_of(NUMBER), "roots": map_of(NUMBER), "end": either(NULL, record(describe_fields(Event))),
    "structs": record({kind: map_of(record(describe_fields(cls))) for kind, cls in STRUCTS.items()}),
    "cpus": list_of(record({"loaded": either(NAME, NULL), "in_flight": either(NULL, FLIGHT)}))})
"""The form of a state; `from_json` also checks that its parts belong together."""


def from_json(value: Any) -> State:
    """Return the state that `to_json` wrote. Raise BadState for anything that it cannot have written."""
    try:
        STATE.check(value, "state")
        state = read_state(value)
        hash(state)
        same = json.dumps(to_json(state), sort_keys=True) == json.dumps(value, sort_keys=True)
    except (SchemaError, ModelError) as error:
        raise BadState(f"this is not a state: {str(error)[:200]}") from None
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise BadState(f"this is not a state: {type(error).__name__}: {str(error)[:200]}") from None
    if not same:
        raise BadState("this state contradicts itself: its parts do not belong together")
    return state


def read_state(value: Mapping[str, Any]) -> State:
    """Return the state that JSON values describe."""
    records: dict[Key, Record] = {}
    for kind, cls in STRUCTS.items():
        for name, fields in value["structs"][kind].items():
            records[cls, name] = cls(**{field: read_field(field, fields[field]) for field in cls._fields})
    for name, (host, hyp, shares, count, owner, *content) in value["pages"].items():
        records[Page, name] = Page(host, hyp, shares, value["roots"].get(name, count), freeze(owner), *content)
    for idx, entry in enumerate(value["slots"]):
        records[Slot, idx] = Slot(entry if isinstance(entry, str) else entry["vm"])
    for index, cpu in enumerate(value["cpus"]):
        records[Cpu, index] = Cpu(cpu["loaded"], cpu["in_flight"] and read_flight(cpu["in_flight"]))
    for name, memcache in value["host_mc"].items():
        records[HostVcpu, name] = HostVcpu(memcache)
    return State.of(Config(**value["config"]), records, Event(**value["end"]) if value["end"] else None)


def read_field(name: str, value: Any) -> Value:
    """Return the value of a record's field."""
    return tuple(Mapped(*leaf) for leaf in value) if name == "maps" else freeze(value)


def read_flight(value: Mapping[str, Any]) -> Flight:
    """Return the call in flight that JSON values describe."""
    variables = tuple((name, freeze(content)) for name, content in sorted(value["held"].items()))
    call = Call(value["call"], freeze(value["args"]))
    complete(call)  # raises ModelError for a wrong number of arguments
    return Flight(call.name, call.args, freeze(value["at"]), variables, freeze(value["stale"]),
                  tuple(Reference(*reference) for reference in value["references"]), value["hypercall"],
                  value["undoing"] and Refusal(*value["undoing"]), freeze(value["regions"]), freeze(value["reads"]))


def freeze(value: Any) -> Value:
    """Return a value with its lists turned back into tuples."""
    return tuple(freeze(item) for item in value) if isinstance(value, list) else value
