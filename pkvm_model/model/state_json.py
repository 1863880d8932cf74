"""A state as JSON, and back: the form of the conformance vectors, and beside it what they do not show.

`observe` gives what an onlooker can see, `to_json` all of it. `from_json` takes only what `to_json` can have written.
docs/trace-and-state.md describes the fields.
"""
from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from .guest_memory import tables
from .run import complete
from .state import (GUEST, HOST, HYP, NOPAGE, OWNED, SHARED_BORROWED, SHARED_OWNED, Config, Cpu, Event, Flight,
                    HostVcpu, Key, Kvm, Loan, Mapped, Page, Record, Reference, Refusal, Slot, Span, State, Value, Vcpu,
                    Vm, in_order)
from .steps import Call
from .view import ModelError

STRUCTS: dict[str, type[Any]] = {"vm": Vm, "vcpu": Vcpu, "kvm": Kvm, "span": Span, "loan": Loan}
SIZES = range(1, 100)
"""How many there may be of anything that a configuration counts."""


def observe(state: State) -> dict[str, Any]:
    """What an onlooker sees of a state, in the form of the conformance vectors."""
    return observe_next(State(state.config), {"pages": {}, "host_mc": {}}, state)


def observe_next(before: State, seen: Mapping[str, Any], after: State) -> dict[str, Any]:
    """The same for a state that follows on one that was seen already: pages that nobody touched look as they did."""
    pages, host_mc = dict(seen["pages"]), dict(seen["host_mc"])
    changed = [key for key, record in after.table.items() if before.table.get(key) is not record]
    changed += [key for key in before.table if key not in after.table]
    for key in in_order(tuple(changed)):
        name, record = str(key[1]), after.get(*key)
        if isinstance(record, Page):
            put_or_drop(pages, name, page(name, record), ORDINARY[name.startswith("g")])
        elif isinstance(record, HostVcpu):
            put_or_drop(host_mc, name, record.memcache, 0)
    return {
        "slots": [slot(after, idx) for idx in range(after.config.slots)],
        "loaded": [loaded(after, cpu) for cpu in range(after.config.cpus)],
        "pages": pages,
        "anon_hyp": anonymous_pages(after),
        "host_mc": host_mc,
    }


def put_or_drop(shown: dict[str, Any], name: str, value: Any, ordinary: Any) -> None:
    """Enter a value, or take the entry out where there is nothing to say."""
    if value == ordinary:
        shown.pop(name, None)
    else:
        shown[name] = value


def slot(state: State, idx: int) -> Any:
    """One entry of the VM table: "free", "reserved", or the VM in it."""
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


def loaded(state: State, cpu: int) -> Any:
    """What a CPU has loaded: None, [handle, index], or "stale" when that memory was given back."""
    address = state.get(Cpu, cpu).loaded
    if address is None:
        return None
    vcpu = state.get(Vcpu, address)
    return [state.get(Vm, vcpu.vm).handle, vcpu.idx] if state.get(Page, address).owner == HYP else "stale"


def page(name: str, record: Page) -> list[Any]:
    """Who may use a page: host, EL2, share count, page count, owner; for a page meant for guests its content too."""
    root_in_use = name.startswith("pgd") and record.owner == HYP
    owner = list(record.owner) if isinstance(record.owner, tuple) else record.owner
    shown = [record.host, record.hyp, record.host_share_guest_count, 0 if root_in_use else record.refcount, owner]
    return [*shown, record.content] if name.startswith("g") else shown


ORDINARY = page("kvm0", Page()), page("g0", Page())
"""A page that is the host's alone: one like any other, and one that is meant for guests."""


def anonymous_pages(state: State) -> int:
    """How many pages without a name EL2 has: stage-2 tables, and those that wait in pools and memcaches."""
    waiting = sum(vcpu.memcache for _, vcpu in state.all(Vcpu))
    return waiting + sum(table_pages(state, vm) for _, vm in state.all(Vm))


def table_pages(state: State, vm: Vm) -> int:
    """The pages of a VM's pool and tables, less its root once that has fallen back into the pool."""
    root = 0 if state.get(Page, vm.pgd).refcount else state.config.pgd_pages
    return max(0, vm.pool + len(tables(vm.maps)) - root)


def to_json(state: State) -> dict[str, Any]:
    """Everything in a state, as JSON values."""
    return observe(state) | {
        "config": state.config._asdict(),
        "roots": {name: page.refcount for name, page in state.all(Page) if name.startswith("pgd") and page.refcount},
        "structs": {kind: {name: record._asdict() for name, record in state.all(cls)} for kind, cls in STRUCTS.items()},
        "cpus": [cpu_json(state.get(Cpu, number)) for number in range(state.config.cpus)],
        "end": state.end._asdict() if state.end else None,
    }


def cpu_json(cpu: Cpu) -> dict[str, Any]:
    """A CPU: the address it has loaded and the call in flight (name, arguments, regions passed, values held)."""
    flight = cpu.flight
    return {"loaded": cpu.loaded, "in_flight": flight and {
        "call": flight.call, "args": list(flight.args), "at": list(flight.at), "held": dict(flight.held),
        "stale": list(flight.stale), "references": [list(reference) for reference in flight.references],
        "hypercall": flight.hypercall, "undoing": flight.undoing and list(flight.undoing),
        "regions": list(flight.regions), "reads": list(flight.reads)}}


def digest(state: State) -> str:
    """Twelve hexadecimal digits that two states share when they are equal.

    What a call has read is not part of it, nor what follows from where it stands: its references, its hypercall, and
    what it undoes.
    """
    value = to_json(state)
    for cpu in value["cpus"]:
        for left_out in ("references", "hypercall", "undoing", "regions", "reads") if cpu["in_flight"] else ():
            del cpu["in_flight"][left_out]
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]


class BadState(ValueError):  # noqa: N818  # short, as it is caught by name
    """Raised for JSON that is not a state; the message says where."""


def from_json(value: Any) -> State:
    """The state that `to_json` wrote. Raises BadState for anything that it cannot have written."""
    try:
        state = read(value)
        check(state)
        same = json.dumps(to_json(state), sort_keys=True) == json.dumps(value, sort_keys=True)
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError, ModelError) as error:
        raise BadState(f"this is not a state: {type(error).__name__}: {str(error)[:200]}") from None
    if not same:
        raise BadState("this state contradicts itself: its parts do not belong together")
    return state


def read(value: Mapping[str, Any]) -> State:
    """Put the records together."""
    records: dict[Key, Record] = {}
    for kind, cls in STRUCTS.items():
        for name, given in value["structs"][kind].items():
            records[cls, name] = cls(**{field: read_field(field, given[field]) for field in cls._fields})
    for name, (host, hyp, shares, count, owner, *content) in value["pages"].items():
        records[Page, name] = Page(host, hyp, shares, value["roots"].get(name, count), frozen(owner), *content)
    for idx, entry in enumerate(value["slots"]):
        records[Slot, idx] = Slot(entry if isinstance(entry, str) else entry["vm"])
    for number, cpu in enumerate(value["cpus"]):
        records[Cpu, number] = Cpu(cpu["loaded"], cpu["in_flight"] and read_flight(cpu["in_flight"]))
    for name, memcache in value["host_mc"].items():
        records[HostVcpu, name] = HostVcpu(memcache)
    return State.of(Config(**value["config"]), records, Event(**value["end"]) if value["end"] else None)


def read_field(name: str, value: Any) -> Value:
    """A field of a record."""
    return tuple(Mapped(*leaf) for leaf in value) if name == "maps" else frozen(value)


def check(state: State) -> None:
    """Raise TypeError, ValueError or ModelError for what no run of the model puts into a state."""
    for size in state.config:
        if type(size) is not int or size not in SIZES:
            raise ValueError(f"{size!r} is not a size")
    for record in (*state.table.values(), *([state.end] if state.end else [])):
        check_types(record)
    for name, page in state.all(Page):
        if not {page.host, page.hyp} <= {OWNED, SHARED_OWNED, SHARED_BORROWED, NOPAGE} or not is_owner(page.owner):
            raise ValueError(f"page {name} is in no known state")
    for _, cpu in state.all(Cpu):
        if cpu.flight:
            check_types(cpu.flight)
            complete(Call(cpu.flight.call, cpu.flight.args))
    hash(state)


def check_types(record: Any) -> None:
    """Raise TypeError for a field that is of none of the kinds that its record declares."""
    for field, declared in type(record).__annotations__.items():
        kind = declared.__forward_arg__
        if type(getattr(record, field)).__name__.replace("NoneType", "None") not in kind.partition("[")[0].split(" | "):
            raise TypeError(f"{type(record).__name__}.{field} is not of the kind {kind}")


def read_flight(value: Mapping[str, Any]) -> Flight:
    """A call in flight."""
    held = tuple((name, frozen(kept)) for name, kept in sorted(value["held"].items()))
    return Flight(value["call"], frozen(value["args"]), frozen(value["at"]), held, frozen(value["stale"]),
                  tuple(Reference(*reference) for reference in value["references"]), value["hypercall"],
                  value["undoing"] and Refusal(*value["undoing"]), frozen(value["regions"]), frozen(value["reads"]))


def frozen(value: Any) -> Value:
    """Lists back into tuples."""
    return tuple(frozen(item) for item in value) if isinstance(value, list) else value


def is_owner(owner: Value) -> bool:
    """True for the host, EL2, or a guest with handle and gfn."""
    return owner in (HOST, HYP) or (isinstance(owner, tuple) and len(owner) == 3 and owner[0] == GUEST)
