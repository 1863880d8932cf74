"""The model's calls under other names: the same text, with the functions and local variables renamed at random."""
from __future__ import annotations

import ast
import inspect
import random
from collections.abc import Callable
from functools import cache
from types import ModuleType, SimpleNamespace
from typing import Any

from pkvm_model.model import guest_memory, host, hypercalls, memory, protected_memory, vm_table
from pkvm_model.model.run import CALLS

MODULES = (memory, vm_table, guest_memory, protected_memory, hypercalls, host)
"""The modules of the calls, in the order of their imports."""


@cache
def rename_calls(seed: int) -> dict[str, Callable[..., Any]]:
    """Return every call, rewritten: other function names, other local variables."""
    chance, names = random.Random(seed), dict[str, str]()
    trees = [ast.parse(inspect.getsource(module)) for module in MODULES]
    keywords = {word.arg for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)
                for word in node.keywords}
    functions = [node.name for tree in trees for node in tree.body if isinstance(node, ast.FunctionDef)]
    for name in functions:
        names[name] = fresh(chance)
    space: dict[str, Any] = {}
    for module, tree in zip(MODULES, trees, strict=True):
        space.update({name: value for name, value in vars(module).items() if name not in names})
        space["guest"] = SimpleNamespace(**{old: space.get(new) for old, new in names.items()})
        exec_renamed(tree, module, space, names, keywords, chance)
    return {name: space[names[name]] for name in CALLS if name in names}


def fresh(chance: random.Random) -> str:
    """Return a name that does not occur in the model."""
    return f"n{chance.getrandbits(64):x}"


def exec_renamed(tree: ast.Module, module: ModuleType, space: dict[str, Any], names: dict[str, str],
                 keywords: set[str | None], chance: random.Random) -> None:
    """Run a module's functions, renamed, in a space that they all share."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            own = {name: fresh(chance) for name in sorted(list_locals(node)) if name not in keywords}
            Renamer(names | own).visit(node)
    functions: list[ast.stmt] = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    exec(compile(ast.Module([*future(), *functions], []), module.__name__, "exec"), space)


def future() -> list[ast.stmt]:
    """Return the line that leaves annotations unevaluated."""
    return ast.parse("from __future__ import annotations").body


def list_locals(function: ast.FunctionDef) -> set[str]:
    """Return the local variables of a function, its parameters, and those of the functions inside it."""
    nodes = list(ast.walk(function))
    stored = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    caught = {node.name for node in nodes if isinstance(node, ast.ExceptHandler) and node.name}
    return stored | caught | {node.arg for node in nodes if isinstance(node, ast.arg)}


class Renamer(ast.NodeTransformer):
    """Replaces some names by others; attributes, keywords and strings stay."""

    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:  # ast's spelling
        """Rename a variable or a function that is used."""
        node.id = self.names.get(node.id, node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        """Rename a parameter."""
        node.arg = self.names.get(node.arg, node.arg)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:  # ast's spelling
        """Rename a function that is defined."""
        node.name = self.names.get(node.name, node.name)
        self.generic_visit(node)
        return node

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.ExceptHandler:  # ast's spelling
        """Rename an exception that is caught."""
        node.name = self.names.get(node.name or "", node.name)
        self.generic_visit(node)
        return node
