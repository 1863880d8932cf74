"""What a Jupyter server lacks to show a live widget, as its kernel sees it from another environment."""
from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pkvm_model.widgets import server
from pkvm_model.widgets.bench import Bench
from pkvm_model.widgets.server import EXTENSIONS
from pkvm_model.widgets.widget import MIME
from tests.widgets.small_graph import graph

VIEW = "application/vnd.jupyter.widget-view+json"


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an environment with JupyterLab, whose server has started this kernel."""
    (tmp_path / "share" / "jupyter" / "lab").mkdir(parents=True)
    (tmp_path / "bin").mkdir()
    monkeypatch.setattr(server, "read_command_line", lambda _: [str(tmp_path / "bin" / "python"), "-m", "jupyterlab"])
    monkeypatch.setattr(server, "SYSTEM", ())
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("JUPYTER_PATH", "")
    return tmp_path


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    """Let no test see what another found."""
    server.describe_missing.cache_clear()
    yield
    server.describe_missing.cache_clear()


def install(folder: Path, *names: str) -> None:
    """Put the extensions of packages into a folder of Jupyter data."""
    for name in names:
        (folder / "labextensions" / EXTENSIONS[name]).mkdir(parents=True)


def show() -> dict[str, object]:
    """Return the forms of a bench by MIME type."""
    bench = Bench(graph())
    return bench._repr_mimebundle_()[0]


def test_a_server_without_anywidget_keeps_the_table_and_says_how_to_get_more(environment: Path) -> None:
    install(environment / "share" / "jupyter", "ipywidgets")
    shown = show()
    assert VIEW not in shown
    assert MIME in shown
    assert f"{environment}/bin/python -m pip install anywidget, and start the server again" in str(shown["text/html"])
    assert "Who owns every page" in str(shown["text/html"])


def test_a_server_without_any_widgets_says_so(environment: Path) -> None:
    assert server.describe_missing().startswith("This Jupyter server lacks ipywidgets and anywidget, so here is a ")


@pytest.mark.parametrize("folder", ["share/jupyter", "data", "more"])
def test_extensions_are_found_wherever_a_server_looks(environment: Path, folder: str,
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_PATH", str(environment / "more"))
    install(environment / folder, *EXTENSIONS)
    assert server.describe_missing() == ""
    assert VIEW in show()


@pytest.mark.parametrize("command", [[], ["jupyter-lab"], ["/nowhere/bin/python", "-m", "pytest"]])
def test_a_server_that_is_not_seen_lacks_nothing(environment: Path, command: list[str],
                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "read_command_line", lambda _: command)
    assert server.describe_missing() == ""


def test_the_command_line_of_a_process_is_read_and_its_program_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert server.read_command_line(str(os.getpid()))[0].startswith(str(Path(sys.executable).parent))
    assert server.read_command_line("no number") == []
    monkeypatch.setitem(sys.modules, "psutil", None)
    assert server.read_command_line(str(os.getpid())) == []
