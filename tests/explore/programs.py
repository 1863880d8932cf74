"""Small programs for several CPUs, made at random: they read and write cells, half of them their own, and a lock."""
from __future__ import annotations

from functools import cache, partial
from random import Random
from typing import Any, NamedTuple

from pkvm_model.explore.check import Always, Property, Sometimes, Stuck
from pkvm_model.model.state import Config, State

Records = dict[Any, Any]
LENGTH, SHARED, VALUES = 6, 2, 3


class Instruction(NamedTuple):
    """What a CPU does in one step: `cell` and `value` are those that it reads or writes, `to` is where it may jump."""

    kind: str
    cell: tuple[str, int]
    value: int
    to: int


@cache
def make_program(seed: int, cpu: int) -> tuple[Instruction, ...]:
    """Return the program of a CPU: most of its cells are its own."""
    roll = Random(f"{seed} {cpu}")
    return tuple(make_instruction(roll, cpu) for _ in range(LENGTH))


def make_instruction(roll: Random, cpu: int) -> Instruction:
    """Return an instruction made at random."""
    kind = roll.choice(("set", "set", "add", "add", "copy", "copy", "jump", "wait", "lock", "unlock", "local"))
    cell = roll.choice((("own", cpu), ("shared", roll.randrange(SHARED))))
    if kind in ("lock", "unlock"):
        cell = "lock", 0
    return Instruction(kind, cell, roll.randrange(VALUES), roll.randrange(LENGTH + 1))


class Programs(NamedTuple):
    """A machine made at random: an action is the CPU that executes its next instruction."""

    seed: int
    cpus: int = 3

    @property
    def actions(self) -> tuple[int, ...]:
        """The numbers of the CPUs."""
        return tuple(range(self.cpus))

    def initial(self) -> Records:
        """Return the state in which every CPU is at its first instruction."""
        return {}

    def step(self, cpu: int, records: Any) -> tuple[Any, Any] | None:
        """Execute an instruction, and say what it found; return None at the end of a program, and while it waits."""
        place = records.get(("place", cpu), 0)
        if place >= LENGTH:
            return None
        kind, cell, value, to = make_program(self.seed, cpu)[place]
        after = records.copy()
        after["place", cpu] = place + 1
        if kind == "local":
            return after, None
        old = records.get(cell, 0)
        if (kind == "wait" and old != value) or (kind == "lock" and old):
            return None
        if kind == "jump" and old == value:
            after["place", cpu] = to
        elif kind == "copy":
            after["own", cpu] = old
        elif kind not in ("jump", "wait"):
            after[cell] = {"set": value, "add": (old + 1) % VALUES, "lock": 1, "unlock": 0}[kind]
        return after, (cpu, place, old)

    def view(self, records: Any) -> State:
        """Return these records as a state."""
        return State(Config(), records)

    def is_unfinished(self, records: Any) -> bool:
        """Return True while a CPU is not at its end."""
        return any(records.get(("place", cpu), 0) < LENGTH for cpu in range(self.cpus))

    @property
    def properties(self) -> tuple[Property, ...]:
        """What is asked of the machine, chosen at random: about states and steps, and whether a CPU is stuck."""
        roll = Random(self.seed)
        cells = [*(("shared", number) for number in range(SHARED)), *(("own", cpu) for cpu in range(self.cpus))]
        one, two = ([(roll.choice(cells), roll.randrange(VALUES)) for _ in range(size)] for size in (1, 2))
        both, again = ([(("own", cpu), roll.randrange(VALUES)) for cpu in (0, 1)] for _ in (0, 1))
        found = [(roll.randrange(self.cpus), roll.randrange(LENGTH), roll.randrange(1, VALUES)) for _ in range(4)]
        return (Sometimes("one", "A cell has this value.", lambda state: has_all(state, one)),
                Sometimes("both", "Two CPUs' cells have these values.", lambda state: has_all(state, both)),
                Sometimes("again", "Two CPUs' cells have these values.", lambda state: has_all(state, again)),
                Always("not", "If two cells have these values, three never do.",
                       lambda state: "they do" * has_all(state, [*one, *two]),
                       premise=lambda state: has_all(state, two)),
                *(Always(f"found {step}", "No CPU finds this there.", broken_by=partial(find_step, step))
                  for step in found), Stuck())


def find_step(unwanted: Any, _: State, step: Any) -> str:
    """Return that a step is not wanted, '' if it may be."""
    return "it is found" if step == unwanted else ""


def has_all(state: State, cells: Any) -> bool:
    """Return True if all these cells have these values."""
    table: Any = state.table
    return all(table.get(cell, 0) == value for cell, value in cells)
