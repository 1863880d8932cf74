"""What can swap names in a host's machine without changing anything else: CPUs, guest pages, gfns, the host's memory.

Slots and handles cannot: reserve takes the lowest free slot. While two slots are free, a call under way with handle
0x1000 finds a reserved slot after the next reserve, and one with handle 0x1001 does not. vCPU indexes cannot either:
EL2 takes vCPUs apart in the order of their indexes.
"""
from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import permutations, product
from typing import Any

from ..model.run import parameters
from ..model.state import GUEST, Cpu, Flight, Mapped
from ..model.steps import Call
from .engine.packing import RecordKey

CPU, GFN = "cpu", "gfn"
NUMBERED = {CPU: CPU, "loaded_on": CPU, "mmu_lock": CPU, "config_lock": CPU, GFN: GFN}
"""The fields, arguments and variables that hold the number of a CPU or a gfn."""
TOGETHER = (("kvm", "vm", "pgd"), ("hv", "vc"), ("g",))
"""The prefixes of names of memory; those in one group get their new numbers together."""
Numbering = dict[int, int]
"""The new number for each number."""


class Renaming:
    """New numbers for CPUs, gfns and memory, wherever they occur in a state, sentences included."""

    def __init__(self, cpus: Numbering, gfns: Numbering, memory: Iterable[Numbering]) -> None:
        self.numbers = {CPU: cpus, GFN: gfns}
        self.words = {f"CPU {old}": f"CPU {new}" for old, new in cpus.items()}
        self.words |= {f"gfn {old:#x}": f"gfn {new:#x}" for old, new in gfns.items()}
        for kinds, numbers in zip(TOGETHER, memory, strict=True):
            self.words |= {f"{kind}{old}": f"{kind}{new}" for kind in kinds for old, new in numbers.items()}
        self.words = {old: new for old, new in self.words.items() if old != new}
        self.pattern = re.compile(rf"\b(?:{'|'.join(self.words)})\b")

    def __call__(self, key: RecordKey, value: Any) -> tuple[RecordKey, Any]:
        """Return a part of the state and its value with the new names."""
        kind, name = key
        return (kind, self.rename(name, CPU if kind is Cpu else "")), self.rename(value)

    def rename(self, value: Any, field: str = "") -> Any:
        """Return a value with the new names; the name of its field says what a number means."""
        if isinstance(value, str):
            return self.pattern.sub(lambda found: self.words[found[0]], value)
        if isinstance(value, tuple):
            return self.rename_flight(value) if isinstance(value, Flight) else self.rename_tuple(value)
        return self.numbers.get(NUMBERED.get(field, ""), {}).get(value, value)

    def rename_tuple(self, value: tuple[Any, ...]) -> Any:
        """Return a record or a tuple with the new names. A guest's leaves stay in the order of their gfns."""
        names = ("", "", GFN) if value[:1] == (GUEST,) else getattr(value, "_fields", ("",) * len(value))
        after = map(self.rename, value, names)
        if hasattr(value, "_fields"):
            return type(value)(*after)
        return tuple(sorted(after) if isinstance(next(iter(value), None), Mapped) else after)

    def rename_flight(self, flight: Flight) -> Flight:
        """Return a call under way with the new names; its stale addresses stay in order."""
        after = self.rename_tuple(flight)
        held = [(name, self.rename(value, name.rpartition(".")[2])) for name, value in flight.held]
        renamed: Flight = after._replace(args=self.rename_call(*flight[:2]).args, held=tuple(held),
                                         stale=tuple(sorted(after.stale)))
        return renamed

    def rename_call(self, name: str, args: tuple[Any, ...]) -> Call:
        """Return a call with the new names in its arguments."""
        return Call(name, tuple(map(self.rename, args, parameters(name))))


@cache
def list_renamings(cpus: int, calls: frozenset[tuple[int, Call]]) -> tuple[Renaming, ...]:
    """Return every renaming that turns this set of calls into itself, except the one that changes nothing."""
    gfns = {arg for _, call in calls for arg, name in zip(call.args, parameters(call.name), strict=False)
            if name == GFN}
    memory = [list_numbers(kinds[0], calls) for kinds in TOGETHER]
    candidates = product(*(list(permute(numbers)) for numbers in (range(cpus), sorted(gfns), *memory)))
    renamings = [Renaming(first, second, rest) for first, second, *rest in candidates][1:]
    return tuple(renaming for renaming in renamings
                 if {(renaming.numbers[CPU][cpu], renaming.rename_call(*call)) for cpu, call in calls} == calls)


def permute(numbers: Iterable[int]) -> Iterator[Numbering]:
    """Yield every permutation of these numbers, first the one in which each number stays the same."""
    numbers = list(numbers)
    return (dict(zip(numbers, order, strict=True)) for order in permutations(numbers))


def list_numbers(kind: str, calls: Iterable[tuple[int, Call]]) -> list[int]:
    """Return the numbers in the names of memory of one kind that occur in these calls."""
    names = (re.match(rf"{kind}(\d+)", str(arg)) for _, call in calls for arg in call.args)
    return sorted({int(name[1]) for name in names if name})
