"""The files that need a JupyterLab are dealt out as one, so that one JupyterLab is enough."""

import ast
from pathlib import Path

import pytest

from pkvm_model.course.paths import ROOT

IN_LAB = {"lab", "lab_page", "notebook", "lesson"}


def test_conftest_names_every_file_that_needs_a_jupyterlab(request: pytest.FixtureRequest) -> None:
    named = {ROOT / name for name in request.config.pluginmanager.get_plugin(str(ROOT / "conftest.py")).IN_LAB}
    assert named == {path for path in (ROOT / "tests" / "browser").glob("test_*.py") if IN_LAB & list_arguments(path)}


def list_arguments(path: Path) -> set[str]:
    """Return what the functions of a file take: the fixtures of its tests are among it."""
    return {node.arg for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.arg)}
