"""A widget in a notebook: its model in the page stands where it stands, asks it, and hears what it says."""
from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from pkvm_model.course.paths import ROOT
from pkvm_model.widgets.in_notebook import VIEWS, NotebookView
from pkvm_model.widgets.widget import Widget
from tests.widgets.test_widget import Plain

VIEW = "application/vnd.jupyter.widget-view+json"


class Keeping(Plain):
    """A widget that keeps each place that it comes to."""

    def __init__(self) -> None:
        self.kept: list[str] = []
        super().__init__("{}", "here")

    def keep(self) -> None:
        """Keep the place."""
        self.kept.append(self.place)


def display(widget: Widget) -> tuple[NotebookView, list[Any]]:
    """Display a widget, and return its view and the messages that this sends from now on."""
    widget._repr_mimebundle_()
    view, sent = VIEWS[widget.key], list[Any]()
    view.send = sent.append
    return view, sent


def test_a_widget_has_one_view_with_its_key_however_often_it_is_displayed() -> None:
    widget = Plain("{}", "here")
    forms = [widget._repr_mimebundle_()[0] for _ in range(2)]
    assert [form[VIEW]["model_id"] for form in forms] == [widget.key] * 2
    assert (VIEWS[widget.key].place, len(widget.listeners)) == ("here", 1)


def test_the_front_end_moves_the_widget_which_keeps_its_place() -> None:
    widget = Keeping()
    view, sent = display(widget)
    view.set_state({"place": "there"})
    assert (widget.place, widget.kept, sent) == ("there", ["there"], [])


def test_python_moves_the_model_and_every_view_hears_of_it() -> None:
    widget = Keeping()
    view, sent = display(widget)
    widget.stand("there")
    assert (view.place, widget.kept, sent) == ("there", ["there"], [{"place": "there"}])


def test_a_question_of_the_front_end_is_answered_to_it() -> None:
    view, sent = display(Plain("{}"))
    view._handle_custom_msg({"id": "7", "ask": "why"}, [])
    assert sent == [{"id": "7", "answer": {"asked": "why"}}]


@pytest.mark.parametrize("module", ["pkvm_model.lesson", "pkvm_model.browser.page", "pkvm_model.browser.judge",
                                    "pkvm_model.browser.calls"])
def test_what_a_notebook_or_a_page_imports_needs_the_standard_library_only(module: str) -> None:
    script = (f"import sys; sys.path.insert(0, {str(ROOT)!r}); before = {{*sys.modules}}; import {module}; "
              "print({name.partition('.')[0] for name in {*sys.modules} - before} - {*sys.stdlib_module_names})")
    done = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("{'pkvm_model'}", "")
