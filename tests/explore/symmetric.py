"""Whether renamings change nothing but names: from a renamed state the renamed steps, and the same is said of both."""
from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cache, partial
from itertools import permutations
from random import Random
from typing import Any, NamedTuple

from pkvm_model.explore.check import Always, Property, Sometimes
from pkvm_model.explore.engine.search import Search
from pkvm_model.model.state import Config, State

Records = dict[Any, Any]
RULES = 11


def rename_records(rename: Callable[..., Any], records: Iterable[tuple[Any, Any]]) -> frozenset[Any]:
    """Return records with the new names."""
    return frozenset(rename(key, value) for key, value in records)


def find_asymmetry(machine: Any, properties: Iterable[Property], rename: Callable[..., Any], records: Records) -> str:
    """Return what a renaming changes besides names in a state, in its steps or in what is said of them; '' if nothing.

    Nothing is remembered from other states: every step is run on plain tables.
    """
    renamed = dict(rename_records(rename, records.items()))
    for prop in properties:
        if judge_state(prop, machine.view(records)) != judge_state(prop, machine.view(renamed)):
            return f"{prop.name} is not the same"
    steps = Counter((rename_records(rename, after), said) for after, said in list_steps(machine, properties, records))
    other = Counter(list_steps(machine, properties, renamed))
    return "" if steps == other else f"{sum((steps - other).values())} steps lead elsewhere"


def judge_state(prop: Property, state: State) -> tuple[bool, ...]:
    """Return what a property says of a state."""
    if isinstance(prop, Sometimes):
        return (bool(prop.reached(state)),)
    asked = (prop.broken, prop.premise) if isinstance(prop, Always) else ()
    return tuple(bool(ask(state)) for ask in asked if ask)


def list_steps(machine: Any, properties: Iterable[Property], records: Records) -> list[tuple[frozenset[Any], Any]]:
    """Return where each action leads and which properties its step breaks."""
    steps = [made for action in machine.actions if (made := machine.step(action, dict(records)))]
    before = machine.view(records)
    return [(frozenset(after.items()), tuple(prop.name for prop in properties if isinstance(prop, Always)
                                             and prop.broken_by and prop.broken_by(before, label)))
            for after, label in steps]


def list_some_states(machine: Any, states: int, some: int) -> list[Records]:
    """Return some of the first states that a search finds, always the same ones."""
    search = Search(machine)
    while search.states < states and search.advance(1000):
        pass
    return [search.packing.unpack(code) for code in Random(21).sample(sorted(search.seen), min(some, search.states))]


class Rule(NamedTuple):
    """What may happen to a cell: what it and the phase must be, and where the token, and what all are afterwards.

    If the token is at another cell, that becomes `other`.
    """

    cell: str
    token: str
    phase: int
    after: str
    other: str
    takes: str
    next: int


@cache
def make_rules(seed: int) -> list[Rule]:
    """Return rules made at random, which know no cell by its number; the first one can be applied at the start."""
    roll = Random(seed)
    rules = [Rule(roll.choice("0012"), roll.choice(("nobody", "mine", "other", "any", "any")), roll.randrange(2),
                  roll.choice("0123"), roll.choice("0123"), roll.choice(("keep", "take", "drop")), roll.randrange(2))
             for _ in range(RULES)]
    return [rules[0]._replace(cell="0", token="any", phase=0), *rules[1:]]


class Cells(NamedTuple):
    """A machine made at random: cells that can change places, and a token that is at one of them or at none.

    With `favours` there are rules for the first cell alone, so that cells cannot change places.
    """

    seed: int
    cells: int = 3
    favours: bool = False

    @property
    def actions(self) -> tuple[tuple[int, int], ...]:
        """Every rule for every cell."""
        return tuple((rule, cell) for rule in range(RULES) for cell in range(self.cells))

    def initial(self) -> Records:
        """Return the state in which each cell is 0 and nobody has the token."""
        return {("cell", cell): "0" for cell in range(self.cells)}

    def step(self, action: tuple[int, int], records: Any) -> tuple[Any, Any] | None:
        """Apply a rule to a cell."""
        rule, cell = make_rules(self.seed)[action[0]], action[1]
        token = records.get(("token", 0))
        where = "nobody" if token is None else "mine" if token == ("at", cell) else "other"
        if (records.get(("cell", cell)), records.get(("phase", 0), 0)) != (rule.cell, rule.phase):
            return None
        if rule.token not in ("any", where) or (self.favours and cell and action[0] == 0):
            return None
        after = records.copy()
        after["cell", cell] = rule.after
        if where == "other":
            after["cell", token[1]] = rule.other
        if rule.takes != "keep":
            after["token", 0] = ("at", cell) if rule.takes == "take" else None
        after["phase", 0] = rule.next
        return after, rule

    def view(self, records: Any) -> State:
        """Return these records as a state."""
        return State(Config(), records)

    def is_unfinished(self, _: Any) -> bool:
        """Return False: the machine has no scripts."""
        return False

    @property
    def renamings(self) -> Sequence[Callable[..., Any]]:
        """All ways to number the cells but the one that changes nothing."""
        return [partial(rename_cells, order) for order in permutations(range(self.cells))][1:]


def rename_cells(order: tuple[int, ...], key: tuple[str, int], value: Any) -> tuple[Any, Any]:
    """Return what a part and its value are called when cells have changed places."""
    kind, cell = key
    key = (kind, order[cell] if kind == "cell" else cell)
    return key, ("at", order[value[1]]) if kind == "token" and value else value
