"""The live view of a widget in a notebook: an anywidget model, which stands for the widget in the page.

Imported only when a notebook displays a widget, so that nothing else of the course needs a Jupyter package.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import anywidget
import traitlets

from ..graphs.contract import MessageValue
from .front_end import bundle
from .server import describe_missing

__all__ = ["describe_missing", "show_live"]


class Shown(Protocol):
    """What is used here of a widget."""

    kind: str
    key: str
    packed: str
    place: str
    listeners: list[Callable[[MessageValue], object]]

    def reply(self, message: MessageValue) -> MessageValue:
        """Return the answer to a question."""


class NotebookView(anywidget.AnyWidget):
    """The model of a widget; its place is the widget's place, and both hear of each other's moves."""

    packed = traitlets.Unicode().tag(sync=True)
    place = traitlets.Unicode().tag(sync=True)
    key = traitlets.Unicode().tag(sync=True)
    _kind = traitlets.Unicode().tag(sync=True)
    _esm = traitlets.Unicode().tag(sync=True)

    def __init__(self, widget: Shown):
        """Make the model, whose id is the widget's key."""
        self.widget = widget
        own = {"_kind": widget.kind, "_esm": bundle(widget.kind)}
        super().__init__(packed=widget.packed, place=widget.place, key=widget.key, model_id=widget.key, **own)
        self.on_msg(self.answer)
        self.observe(self.follow, "place")
        widget.listeners.append(self.tell)

    def answer(self, _: object, content: MessageValue, buffers: object) -> None:
        """Answer a question of the front end."""
        self.send(self.widget.reply(content))

    def follow(self, change: Any) -> None:
        """Take the widget to the place where the front end stands."""
        self.widget.place = change["new"]

    def tell(self, message: MessageValue) -> None:
        """Pass on what the widget says; a new place is also the model's."""
        if "place" in message:
            self.set_trait("place", message["place"])
        self.send(message)


VIEWS: dict[str, NotebookView] = {}
"""The views by the widgets' keys: all outputs of a widget have the same."""


def show_live(widget: Shown) -> tuple[Mapping[str, object], Mapping[str, object]]:
    """Return the live view of a widget as forms of an output and their metadata; none where there can be none."""
    if widget.key not in VIEWS:
        VIEWS[widget.key] = NotebookView(widget)
    forms: tuple[Mapping[str, object], Mapping[str, object]] = VIEWS[widget.key]._repr_mimebundle_() or ({}, {})
    return forms
