"""TypeScript declarations of what Python ships, so that the front end is checked against `graphs/contract.py`."""
from __future__ import annotations

import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NotRequired, TypeVar, Union, get_args, get_origin, get_type_hints, is_typeddict

from ...graphs import contract
from ..paths import ROOT

FILE = ROOT / "tests" / "front_end" / "contract.d.ts"
HEAD = "// Made from pkvm_model/graphs/contract.py by: python3 course.py build"
NAMES = {str: "string", int: "number", float: "number", bool: "boolean", types.NoneType: "null", Any: "any"}
GENERICS = {list: "Array", dict: "Record"}


def draw() -> Iterator[tuple[Path, bytes]]:
    """Yield the file of declarations and its bytes, if this copy of the course has the folder for it."""
    if FILE.parent.is_dir():
        yield FILE, "\n".join([HEAD, *map(declare, list_types().items()), ""]).encode()


def list_types() -> dict[str, Any]:
    """Return the types of the contract by name: typed dictionaries, and generic ones with their arguments."""
    return {name: value for name, value in vars(contract).items()
            if not name.startswith("_") and (is_typeddict(value) or is_typeddict(get_origin(value)))}


def declare(item: tuple[str, Any]) -> str:
    """Return the declaration of a type."""
    name, value = item
    if not is_typeddict(value):
        return f"\ntype {name} = {spell(value)};"
    parameters = ", ".join(parameter.__name__ for parameter in getattr(value, "__parameters__", ()))
    fields = get_type_hints(value, include_extras=True).items()
    body = "\n".join(f"  {declare_field(field, kind)};" for field, kind in fields)
    return f"\n/** {value.__doc__} */\ninterface {name}{f'<{parameters}>' if parameters else ''} {{\n{body}\n}}"


def declare_field(name: str, kind: Any) -> str:
    """Return the declaration of a field, with a question mark if it may be missing."""
    if get_origin(kind) is NotRequired:
        return f"{name}?: {spell(get_args(kind)[0])}"
    return f"{name}: {spell(kind)}"


def spell(kind: Any) -> str:
    """Return a type as TypeScript writes it. Raise TypeError for a type that JSON does not have."""
    origin, arguments = get_origin(kind), [spell(argument) for argument in get_args(kind)]
    if kind in NAMES:
        return NAMES[kind]
    if isinstance(kind, TypeVar) or is_typeddict(kind):
        return str(kind.__name__)
    if origin in (Union, types.UnionType):
        return " | ".join(arguments)
    if origin is tuple:
        return f"[{', '.join(arguments)}]"
    if origin in GENERICS or is_typeddict(origin):
        return f"{GENERICS.get(origin, origin.__name__)}<{', '.join(arguments)}>"
    raise TypeError(f"{kind} has no counterpart in TypeScript")
