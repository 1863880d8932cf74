"""What a notebook needs, in one import: benches, stories, claims, quizzes, recordings, and the model's own text."""
from __future__ import annotations

import inspect
from html import escape
from typing import Any

from .run import CALLS
from .scenes import Scene
from .show.graph import StateGraph
from .show.lifecycle import lifecycle
from .show.recorded import Life, counted, recorded
from .show.story import Story, play, play_out
from .show.table import Table
from .widgets.bench import Bench, pack

__all__ = ["Life", "Scene", "Story", "Table", "bench", "claim", "counted", "lifecycle", "play", "play_out", "quiz",
           "recorded", "source"]

MOST_BYTES = 200_000
"""How much a bench may ship: notebooks and pages carry it with them."""


def bench(scene: Scene) -> Bench:
    """A bench on a scene: step its CPUs, undo, share."""
    graph = StateGraph(scene)
    return Bench(fitting(graph), graph.expand)


def fitting(graph: StateGraph, most: int = MOST_BYTES) -> dict[str, Any]:
    """As much of a graph as may be shipped; for the rest Python is asked."""
    value = graph.value()
    while (size := len(pack(value).encode())) > most and len(value["states"]) > 1:
        value = graph.value(max(1, len(value["states"]) * most // size - 1))
    return value


class ClaimBroken(AssertionError):  # noqa: N818  # reads as the sentence it reports
    """A sentence of the course is not true of the model."""


class Claim:
    """A sentence that was checked when the page was made."""

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence

    def __repr__(self) -> str:
        return f"holds: {self.sentence}"

    def _repr_html_(self) -> str:
        look = "border-left:3px solid currentColor;padding-left:10px"
        return f'<p style="{look}"><b>✓ holds</b> · {escape(self.sentence)}</p>'


def claim(sentence: str, holds: object) -> Claim:
    """State a sentence and check it. Raises ClaimBroken with the sentence when it is not true."""
    if not holds:
        raise ClaimBroken(f"not true of the model: {sentence}")
    return Claim(sentence)


class Quiz:
    """A question with its options; opening an option shows the verdict on it. Works without a kernel or a script."""

    def __init__(self, question: str, options: dict[str, str], right: str) -> None:
        if right not in options:
            raise ValueError(f"the right answer {right!r} is not among the options")
        self.question, self.options, self.right = question, options, right

    def __repr__(self) -> str:
        return "\n".join([f"Quiz: {self.question}", *(f"  ( ) {option}" for option in self.options)])

    def _repr_html_(self) -> str:
        return f"<p><b>Quiz</b> · {escape(self.question)}</p>" + "".join(map(self.option_html, self.options))

    def option_html(self, option: str) -> str:
        """One option, its verdict folded away."""
        verdict = "Right." if option == self.right else "Not yet."
        return (f'<details style="margin:4px 0 4px 16px"><summary style="padding:4px 0">{escape(option)}</summary>'
                f'<p style="border-left:5px double currentColor;padding-left:10px;margin:4px 0 8px 14px">'
                f"<b>{verdict}</b> {escape(self.options[option])}</p></details>")


def quiz(question: str, options: dict[str, str], right: str) -> Quiz:
    """Ask a question. `options` maps each answer to the sentence it gets, `right` is the right answer."""
    return Quiz(question, options, right)


class Source:
    """The text of a function of the model, as it runs."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return f'<pre style="padding:8px 12px;border:1px solid #767E8A;overflow-x:auto">{escape(self.text)}</pre>'


def source(call: str) -> Source:
    """The model's own text of a call, the one that every step on this page runs."""
    return Source(inspect.getsource(CALLS[call]).rstrip())
