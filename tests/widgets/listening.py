"""Hears what a widget sends to its views."""
from __future__ import annotations

from typing import Any

from pkvm_model.widgets.widget import Widget


def listen(widget: Widget) -> list[Any]:
    """Return a list in which all messages that a widget sends from now on are collected."""
    heard: list[Any] = []
    widget.listeners.append(heard.append)
    return heard
