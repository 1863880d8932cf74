"""States that differ in names only, explored once: slots that change places, CPUs or pages that change numbers.

All states that come out of one by such a renaming are its orbit. The search keeps one state of each orbit and still
counts them all. To compare two states, whatever a slot has to do with is put into one number, the slot's key: its own
fields, which CPU has its vCPU, which pages are its. Sorted keys forget which slot was which; of the few ways to number
CPUs and pages the one with the least outcome counts. Needs numpy, and a machine that says what belongs to whom.
"""
from __future__ import annotations

from collections.abc import Iterator
from math import factorial
from typing import Any, Protocol

import numpy as np

from pkvm_model.explore.engine.arrays import Numbers, SortedSet, sort_unique
from pkvm_model.explore.engine.fields import Fields
from pkvm_model.explore.engine.levels import SPARE, LevelSearch
from pkvm_model.explore.engine.places import Digits
from pkvm_model.explore.engine.search import Search
from pkvm_model.explore.engine.words import ONE_WORD
from pkvm_model.model.view import ModelError


class Symmetric(Protocol):
    """What a machine says about its symmetry.

    Its members (slots, say) are interchangeable; the properties that are checked must not depend on names either.
    """

    @property
    def members(self) -> int:
        """The number of members."""

    @property
    def key_bits(self) -> int:
        """The length of a member's key in bits."""

    @property
    def renamings(self) -> tuple[Any, ...]:
        """The ways to number everything else."""

    def belongs(self, renaming: Any, part: Any, value: Any) -> tuple[int | None, int]:
        """Return the member that a part's value belongs to, None if it is nobody's, and what it adds to the key."""


class Orbits:
    """Keys of states: equal exactly when the states are in one orbit."""

    def __init__(self, fields: Fields, rules: Symmetric) -> None:
        self.fields, self.packing, self.rules = fields, fields.packing, rules
        self.age: tuple[int, int] = (-1, -1)
        self.luts: list[list[dict[int, Numbers]]] = []

    def refresh(self) -> None:
        """Take in new parts and values."""
        age = sum(map(len, self.fields.short.values)), self.packing.age
        if self.age != age:
            self.age = age
            self.luts = [[self.lut(renaming, field) for field in range(len(self.fields.masks))]
                         for renaming in self.rules.renamings]

    def lut(self, renaming: Any, field: int) -> dict[int, Numbers]:
        """Return by the number of a field's value what it adds to each member's key (-1 for nobody's)."""
        values, adds = self.fields.short.values[field].values(), dict[int, Numbers]()
        for number, value in enumerate(values):
            for member, more in self.split(renaming, value or 0, self.fields.masks[field]):
                adds.setdefault(member, np.zeros(len(values), np.int64))[number] += more
        return adds

    def split(self, renaming: Any, value: int, mask: int) -> Iterator[tuple[int, int]]:
        """Yield what the parts of a field's value add, and to whose key; an unwritten part adds nothing."""
        for part, key in enumerate(self.packing.keys):
            bits = value & self.packing.masks[part]
            if bits and self.packing.masks[part] & mask:
                member, more = self.rules.belongs(renaming, key, self.packing.values[part][bits])
                yield -1 if member is None else member, more

    def members_keys(self, codes: Numbers, renaming: int) -> tuple[list[Numbers], Numbers]:
        """Return the members' keys, sorted, and the number that is nobody's."""
        keys = {member: np.zeros(len(codes), np.int64) for member in range(-1, self.rules.members)}
        digits = Digits(self.fields, codes)
        for field, adds in enumerate(self.luts[renaming]):
            values = digits[field] if adds else None
            for member, numbers in adds.items():
                keys[member] += numbers[values]
        return in_order([keys[member] for member in range(self.rules.members)]), keys[-1]

    def packed(self, codes: Numbers) -> list[Numbers]:
        """Return for each renaming the sorted keys as one number."""
        self.refresh()
        found = []
        for renaming in range(len(self.rules.renamings)):
            keys, number = self.members_keys(codes, renaming)
            for key in keys:
                number = number << self.rules.key_bits | key
            found.append(number)
        return found

    def of(self, codes: Numbers) -> Numbers:
        """Return the key of each state's orbit."""
        return np.minimum.reduce(self.packed(codes))

    def sizes(self, codes: Numbers) -> Numbers:
        """Return how many states each of these states' orbits has."""
        images = np.sort(np.stack(self.packed(codes)), axis=0)
        different = 1 + (images[1:] != images[:-1]).sum(axis=0)
        keys, _ = self.members_keys(codes, 0)
        run, alike = np.ones(len(codes), np.int64), np.ones(len(codes), np.int64)
        for key, before in zip(keys[1:], keys, strict=False):
            run = np.where(key == before, run + 1, 1)
            alike *= run
        return different * (factorial(self.rules.members) // alike)


def in_order(keys: list[Numbers]) -> list[Numbers]:
    """Return the keys of each state in order: compare neighbours until all are sorted."""
    for last in range(len(keys) - 1, 0, -1):
        for at in range(last):
            keys[at], keys[at + 1] = np.minimum(keys[at], keys[at + 1]), np.maximum(keys[at], keys[at + 1])
    return keys


class SymmetricSearch(LevelSearch):
    """A search that keeps one state of each orbit; `all` has the orbits' keys, `total` counts the states in them.

    Raise ModelError for a machine whose keys are too long.
    """

    def __init__(self, plain: Search, rules: Symmetric) -> None:
        if rules.members * rules.key_bits > ONE_WORD.longest - SPARE:
            raise ModelError(f"{rules.members} keys of {rules.key_bits} bits do not fit into a number; search without")
        super().__init__(plain)
        self.orbits, self.total = Orbits(self.fields, rules), 0
        self.all, levels = SortedSet(), self.levels
        self.levels = []
        for level in levels:
            self.take(level)

    @property
    def states(self) -> int:
        """The number of orbits found."""
        return self.kept

    def widen(self) -> None:
        """Raise ModelError: a key is one word, so a state must be one, too."""
        raise ModelError("a state no longer fits into one word; search without orbits")

    def take(self, codes: Numbers) -> None:
        """Make one state of each new orbit the next level."""
        keys, first = np.unique(self.orbits.of(codes), return_index=True)
        new = self.all.drop_known(keys)
        level = np.sort(codes[first[np.isin(keys, new, assume_unique=True)]])
        self.all.add(new)
        self.total += int(self.orbits.sizes(level).sum())
        self.successors, self.done = [], 0
        self.levels.append(level)

    def open_level(self) -> None:
        """Go one step further."""
        self.take(sort_unique(self.successors))

    def find_path(self, code: int) -> list[Any]:
        """Return the actions of a shortest run from the real initial state to a state of the same orbit."""
        target = self.find_orbits([code])[0]
        at = next(number for number, level in enumerate(self.levels) if (self.orbits.of(level) == target).any())
        targets = [target]
        for level in reversed(self.levels[1:at]):
            code = self.find_before(level, targets[-1])
            targets.append(self.find_orbits([code])[0])
        state, actions = next(iter(self.list_codes(self.levels[0]))), []
        for target in reversed(targets if at else []):
            action, state = self.step_to(state, target)
            actions.append(action)
        return actions

    def find_orbits(self, codes: list[int]) -> list[int]:
        """Return the keys of the orbits of these states, which are written as the packing does."""
        found: list[int] = self.orbits.of(np.array(list(map(self.fields.shorten, codes)), np.int64)).tolist()
        return found

    def find_before(self, level: Numbers, target: int) -> int:
        """Return a state of a level that leads into an orbit."""
        for code in self.list_codes(level):
            ways = [code + delta for tree in self.trees.values() if (delta := tree(code))]
            if target in self.find_orbits(ways):
                return code
        raise AssertionError("every state but the first was reached from the level before")

    def step_to(self, state: int, target: int) -> tuple[Any, int]:
        """Return an action that leads into the orbit with this key, and the state after it."""
        return next((action, state + delta) for action, tree in self.trees.items()
                    if (delta := tree(state)) and self.find_orbits([state + delta])[0] == target)
