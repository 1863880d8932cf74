"""The table of region boundaries fits the model: every yield of every call has its place in the kernel."""
from __future__ import annotations

import ast
import inspect
from types import ModuleType

import pytest

from pkvm_model.machine.regions import BY_HANDLE, HELPERS, RULES, find_boundary, find_missing, list_boundaries
from pkvm_model.model import guest_memory, hypercalls, protected_memory, vm_table
from pkvm_model.model.dispatch import HYPERCALLS
from pkvm_model.model.revisions import UPSTREAM

MODULES = (hypercalls, guest_memory, protected_memory, vm_table)


def list_functions(module: ModuleType) -> list[ast.FunctionDef]:
    """Return the functions of a module."""
    return [node for node in ast.parse(inspect.getsource(module)).body if isinstance(node, ast.FunctionDef)]


def list_yields(function: ast.FunctionDef) -> list[ast.Yield | ast.YieldFrom]:
    """Return the yields of a function in the order of its lines, those to a helper included."""
    found = [node for node in ast.walk(function) if isinstance(node, ast.Yield | ast.YieldFrom)]
    return sorted(found, key=lambda node: (node.lineno, node.col_offset))


def purpose_of(node: ast.Yield | ast.YieldFrom) -> str:
    """Return the purpose of a yield up to its first value; '' for a yield to a helper."""
    return begin_of(node.value.elts[1]) if isinstance(node.value, ast.Tuple) else ""


def begin_of(purpose: ast.expr) -> str:
    """Return a text up to its first value."""
    first = purpose.values[0] if isinstance(purpose, ast.JoinedStr) else purpose
    assert isinstance(first, ast.Constant)
    return str(first.value)


FUNCTIONS = {each.name: [purpose_of(node) for node in list_yields(each)]
             for module in MODULES for each in list_functions(module)}
ALL = {(function, purpose) for function, purposes in FUNCTIONS.items() for purpose in purposes if purpose}
BEGINNINGS = {(name, FUNCTIONS[name][0]) for name in (*HYPERCALLS, "get_pkvm_hyp_vm")}
"""The first yield of each call: there the kernel has not begun."""


@pytest.mark.parametrize(("function", "purpose"), sorted(ALL - BEGINNINGS))
def test_a_yield_after_the_first_has_a_place_in_the_kernel(function: str, purpose: str) -> None:
    assert find_boundary(function, purpose)


def test_every_rule_stands_for_a_yield_of_the_model() -> None:
    assert {(rule.generator, rule.purpose) for rule in RULES} == ALL - BEGINNINGS


def test_calls_of_one_region_have_no_boundary() -> None:
    assert not list_boundaries("__pkvm_start_teardown_vm", UPSTREAM.guards)
    assert not list_boundaries("__pkvm_vcpu_load", UPSTREAM.guards)


def test_a_call_that_finds_its_vm_by_handle_stops_before_its_work_and_before_the_reference_is_dropped() -> None:
    functions = [place.function for place in list_boundaries("__pkvm_host_unshare_guest", UPSTREAM.guards)]
    assert sorted(functions) == ["__pkvm_host_unshare_guest", "put_pkvm_hyp_vm"]


def test_a_kernel_without_a_function_of_the_table_is_refused_for_that_call_by_name() -> None:
    assert find_missing("__pkvm_host_unshare_guest", UPSTREAM.guards, {"put_pkvm_hyp_vm"}) == [
        "__pkvm_host_unshare_guest"]
    assert not find_missing("__pkvm_start_teardown_vm", UPSTREAM.guards, set())


def test_the_helpers_of_calls_are_functions_of_the_model() -> None:
    named = {name for names in HELPERS.values() for name in names}
    assert named <= {function for function, _ in ALL}
    assert {*HELPERS} <= {*HYPERCALLS}
    assert {*BY_HANDLE} <= named
