"""Which cells of a notebook a cell needs: those above it that define the names that it uses."""
from __future__ import annotations

import symtable
from collections.abc import Callable, Iterator
from typing import NamedTuple


class CodeCell(NamedTuple):
    """A code cell: its id, its text, the names that it defines, and the names that it needs from elsewhere."""

    id: str
    source: str
    defines: frozenset[str]
    needs: frozenset[str]


def analyse_cell(cell_id: str, source: str) -> CodeCell:
    """Return what a cell defines and needs; nothing where it is no Python."""
    try:
        defines, needs = list_names(source)
    except (SyntaxError, ValueError, RecursionError):
        defines, needs = frozenset(), frozenset()
    return CodeCell(cell_id, source, defines, needs)


def choose_cells(wanted: set[str], above: list[CodeCell], is_known: Callable[[str], bool]) -> list[CodeCell]:
    """Return the cells that have to run, in order: those that define what is wanted, and what these need in turn."""
    chosen, open_names = list[CodeCell](), set(wanted)
    for cell in reversed(above):
        if found := cell.defines & open_names:
            chosen.insert(0, cell)
            open_names = (open_names - found) | {name for name in cell.needs if not is_known(name)}
    return chosen


def list_names(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the names that a Python text defines, and those that it uses from outside. Raise SyntaxError."""
    top = symtable.symtable(text, "<cell>", "exec")
    own = {symbol.get_name() for symbol in top.get_symbols() if symbol.is_assigned() or symbol.is_imported()}
    used = {symbol.get_name() for symbol in top.get_symbols() if symbol.is_referenced()}
    for table in walk_tables(top):
        globals_here = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global()}
        used |= {name for name in globals_here if table.lookup(name).is_referenced()}
        own |= {name for name in globals_here if table.lookup(name).is_assigned()}
    return frozenset(own), frozenset(used - own)


def walk_tables(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    """Yield the tables of all functions, classes and comprehensions in a text."""
    for child in table.get_children():
        yield child
        yield from walk_tables(child)
