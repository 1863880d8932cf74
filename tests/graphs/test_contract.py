"""The contract between Python and the front end, compared with its page and with shipped values."""
from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import UnionType
from typing import Any, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict

import pytest

from pkvm_model.graphs import contract, el2_time
from pkvm_model.graphs.bench import StateGraph
from pkvm_model.graphs.lifecycle import LifeGraph
from pkvm_model.graphs.map import StateMap
from pkvm_model.graphs.pairs import PairGraph
from pkvm_model.lesson import find, predict, progress, quiz, sequence
from pkvm_model.model.revisions import PRE, UPSTREAM, V1
from pkvm_model.scenes import LENT_PAGE, scene
from pkvm_model.scenes.start_here import COLD_OPEN
from pkvm_model.show.story import play

PAGE = Path(__file__).parents[2] / "docs" / "widgets.md"
TYPES = {name: kind for name, kind in vars(contract).items() if is_typeddict(kind)}


def fields_of(kind: Any) -> dict[str, bool]:
    """Return the fields of a type, each with whether it is required."""
    return {field: field in required_keys(kind) for field in kind.__annotations__}


def required_keys(kind: Any) -> set[str]:
    """Return the fields that a value must have; string annotations hide them from the type itself."""
    return {field for field, hint in get_type_hints(kind, include_extras=True).items()
            if get_origin(hint) is not NotRequired}


def documented_fields() -> dict[str, dict[str, bool]]:
    """Return the fields in the page's tables, by type."""
    fields: dict[str, dict[str, bool]] = {}
    kind = ""
    text = PAGE.read_text(encoding="utf-8").partition("## The contract")[2]
    for name, names, meaning in re.findall(r"^\|(?: `(\w+)`)? \|([^|]*)\| (.*)", text, re.MULTILINE):
        kind = name or kind
        if base := re.search(r"[Ww]ith `(\w+)`", meaning if name else ""):
            fields[kind] = dict(fields[base[1]])
        for field, optional in re.findall(r"`(\w+)`(\??)", names):
            fields.setdefault(kind, {})[field] = not optional
    return fields


@pytest.mark.parametrize("name", TYPES)
def test_the_page_has_every_field_of_a_type_and_no_other(name: str) -> None:
    assert documented_fields().get(name) == fields_of(TYPES[name])


def test_the_page_has_no_type_that_is_not_in_the_contract() -> None:
    assert not documented_fields().keys() - TYPES.keys()


PLAIN: dict[Any, Any] = {tuple: (list, tuple), float: (int, float)}
"""The Python types allowed for these annotations: JSON has no tuples, and may write 1.0 as 1."""


def misfits(value: Any, kind: Any, where: str = "") -> list[str]:
    """Return where a value does not have the type it should have."""
    origin, parts = get_origin(kind) or kind, get_args(kind)
    if kind is Any:
        return []
    if origin in (Union, UnionType):
        return [] if any(not misfits(value, each) for each in parts) else [where]
    plain = dict if is_typeddict(origin) else PLAIN.get(origin, origin)
    if not isinstance(value, plain) or isinstance(value, bool) != (kind is bool):
        return [where]
    return misfits_of_record(value, origin, parts, where) if is_typeddict(origin) else [
        odd for key, part, each in parts_of(value, origin, parts) for odd in misfits(part, each, f"{where}{key}")]


def misfits_of_record(value: dict[str, Any], kind: Any, parts: tuple[Any, ...], where: str) -> list[str]:
    """Return the fields of a record that are missing, unknown or of another type."""
    hints, bound = get_type_hints(kind), dict(zip(getattr(kind, "__parameters__", ()), parts, strict=True))
    wrong = required_keys(kind) - value.keys() | value.keys() - hints.keys()
    return [f"{where}.{key}" for key in sorted(wrong)] + [
        odd for key in value.keys() & hints.keys()
        for odd in misfits(value[key], substitute(hints[key], bound), f"{where}.{key}")]


def parts_of(value: Any, origin: Any, parts: tuple[Any, ...]) -> Iterator[tuple[str, Any, Any]]:
    """Yield the parts of a list, a dict or a tuple: where, the part, and its type."""
    if origin is list:
        yield from ((f"[{at}]", part, parts[0]) for at, part in enumerate(value))
    elif origin is dict:
        yield from ((f".{key}", part, parts[1]) for key, part in value.items())
    elif origin is tuple:
        yield from ((f"[{at}]", part, each) for at, (part, each) in enumerate(zip(value, parts, strict=True)))


def substitute(kind: Any, bound: dict[Any, Any]) -> Any:
    """Return a type with its type variables replaced."""
    if kind in bound:
        return bound[kind]
    parts = getattr(kind, "__parameters__", ())
    return kind[tuple(bound[part] for part in parts)] if parts else kind


FREE = scene("free", "Free", V1, LENT_PAGE, ("free", ""), "Go on.")
EVERYTHING: dict[str, tuple[Callable[[], Any], Any]] = {
    "bench": (lambda: StateGraph(COLD_OPEN).value(), contract.BenchGraph),
    "free host": (lambda: StateGraph(FREE, 20).value(), contract.BenchGraph),
    "map": (lambda: StateMap(COLD_OPEN).value(), contract.BenchGraph),
    "lifecycle": (lambda: LifeGraph(V1, PRE).value(), contract.BenchGraph),
    "pairs": (lambda: PairGraph(COLD_OPEN, V1, UPSTREAM).value(), contract.PairGraphValue),
    "sequence": (lambda: json.loads(sequence(play(COLD_OPEN, 1, 0, 1, 0)).packed), contract.SequenceValue),
    "EL2 time": (el2_time.value, contract.El2TimeValue),
    "quiz": (lambda: json.loads(quiz("Why?", {"So.": "Yes.", "No.": "No."}, "So.").packed), contract.QuizValue),
    "prediction": (lambda: json.loads(predict("Is it safe?", "yes", "no").packed), contract.PredictionValue),
    "progress": (lambda: json.loads(progress().packed), contract.ProgressValue),
    "finder": (lambda: json.loads(find("R7", revisions=V1).packed), contract.FinderValue),
}


@pytest.mark.parametrize("family", EVERYTHING)
def test_shipped_values_have_the_types_of_the_contract(family: str) -> None:
    make, kind = EVERYTHING[family]
    assert misfits(make(), kind) == []


def test_a_value_of_another_type_is_noticed() -> None:
    graph: Any = StateGraph(COLD_OPEN).value()
    graph["states"][0]["lanes"][0]["stale"] = "no"
    del graph["states"][1]["digest"]
    assert misfits(graph, contract.BenchGraph) == [".states[0].lanes[0].stale", ".states[1].digest"]


def test_no_room_that_ships_values_has_objects_without_a_type() -> None:
    rooms = Path(contract.__file__).parent, Path(contract.__file__).parents[1] / "widgets"
    loose = [line for room in rooms for path in room.glob("*.py")
             for line in path.read_text(encoding="utf-8").splitlines() if "dict[str, Any]" in line]
    assert loose == ["MimeBundle = dict[str, Any]"]
