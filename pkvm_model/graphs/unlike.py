"""What tells two states apart, part by part, as an onlooker sees them: VM table, VMs, pages."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..model.state import Page, State, Vm
from .bench import card, row, slot_value

KINDS = ("slot", "VM", "page")
Part = tuple[str, str, str]
"""Whose part it is, which, and the kind of sign that shows it."""


def unlike(first: State, second: State) -> Iterator[dict[str, Any]]:
    """What an onlooker sees differ, part by part: VM table, VMs, pages; a part that one side lacks is empty there."""
    here, there = (dict(parts(state, (first, second))) for state in (first, second))
    for name, part, sign in sorted(dict.fromkeys([*here, *there]), key=lambda one: KINDS.index(one[0].split()[0])):
        values = [side.get((name, part, sign), "") for side in (here, there)]
        if values[0] != values[1]:
            yield {"name": name, "part": part, "sign": sign, "values": values}


def parts(state: State, sides: tuple[State, State]) -> Iterator[tuple[Part, str]]:
    """What can be seen of a state."""
    for idx in range(state.config.slots):
        yield (f"slot {idx}", "", "vm"), slot_value(state, idx)["word"]
    # A VM that either side has is told of on both; what the host alone still notes, no onlooker sees.
    for vm in sorted({name for one in sides for name, _ in one.all(Vm)}):
        yield from vm_parts(state, vm, next(filter(None, (one.get(Vm, vm).handle for one in sides)), 0))
    for name in sorted({name for one in sides for name, _ in one.all(Page)}):
        for part, value in row(state, name).items():
            if part != "says":
                yield (f"page {name}", part, part if part != "count" else ""), value or "no count"


def vm_parts(state: State, vm: str, handle: int) -> Iterator[tuple[Part, str]]:
    """What can be seen of a VM."""
    shown = card(state, vm, handle)
    name = f"VM {shown['handle']}"
    yield (name, "", "vm"), shown["word"]
    holders = ", ".join(holder["says"] for holder in shown["holders"])
    yield (name, "count", ""), f"{shown['count']} ({holders or 'nobody'})"
    yield (name, "dying in EL2", ""), shown["dying"]
    for vcpu in shown["vcpus"]:
        yield (name, f"vCPU {vcpu['idx']}", "vcpu"), vcpu["word"]
