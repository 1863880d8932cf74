"""The base of every widget: data to ship, a place that Python and the front end share, and answers to questions.

A widget needs no Jupyter. Where a notebook displays it, `in_notebook` connects it to its views; a page of the browser
edition asks it itself (`browser/page.py`).
"""
from __future__ import annotations

import io
import json
import sys
import uuid
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

from ..graphs.contract import AnyAnswer, MessageValue, StoredValue
from ..text import quote_error
from .front_end import read_constants
from .static import render_note, render_words

MimeBundle = dict[str, Any]
"""The forms of an output by MIME type, as IPython wants them; each type has values of its own."""
MIME = "application/vnd.pkvm.widget+json"
FORMAT: int = read_constants()["format"]
"""The version of the stored form; a front end of another version refuses it with a sentence."""


class Widget:
    """A widget of the family named by `kind`; `packed` is the data shipped, `place` the learner's place.

    A family defines `__repr__`, `describe`, `static` if words alone are not enough, and `answer` if its front end asks
    questions.
    """

    kind = ""

    def __init__(self, packed: str, place: str = ""):
        """Ship data and begin at a place."""
        # The key is the widget's id, by which the stored output finds the live object. No compared output contains it.
        self.key, self.packed, self._place = uuid.uuid4().hex, mend(packed), place
        self.listeners: list[Callable[[MessageValue], object]] = []

    @property
    def place(self) -> str:
        """The learner's place, as a text that both sides read and write."""
        return self._place

    @place.setter
    def place(self, place: str) -> None:
        """Note where the front end stands."""
        if place != self._place:
            self._place = place
            self.keep()

    def keep(self) -> None:
        """Keep the place, if the family has somewhere to keep it; called when the place has changed."""

    def answer(self, question: Any) -> AnyAnswer:
        """Return the answer to a question of the front end; exceptions are shown there.

        A family declares the type of its questions and answers.
        """
        raise LookupError(f"this widget answers nothing, and was asked {question}")

    def describe(self) -> str:
        """Return what is shown as a sentence and a table."""
        raise NotImplementedError

    def static(self) -> str:
        """Return what is shown as HTML without scripts."""
        return render_words(self.describe())

    def stand(self, place: str) -> None:
        """Move to a place, here and in every view."""
        self.place = place
        self.send({"place": place})

    def say(self, content: Mapping[str, object]) -> None:
        """Send the front end something that it did not ask for."""
        self.send({"says": content})

    def fail(self, error: Exception) -> None:
        """Show an error that belongs to no question, such as an error in a thread."""
        self.send({"error": describe_error(error)})

    def send(self, message: MessageValue) -> None:
        """Send a message to whoever listens: the views in a notebook."""
        for listener in self.listeners:
            listener(message)

    def reply(self, message: MessageValue) -> MessageValue:
        """Return the answer to a question of the front end; whatever goes wrong is said in words."""
        printed = FirstPrinted()
        try:
            with redirect_stdout(printed), redirect_stderr(printed):
                reply: MessageValue = {"answer": self.answer(message["ask"])}
        except (Exception, KeyboardInterrupt, SystemExit) as error:
            reply = {"error": describe_error(error)}
        if "id" in message:
            reply["id"] = message["id"]
        return reply

    def store(self) -> StoredValue:
        """Return the stored form: the whole widget as a notebook or a page keeps it."""
        return {"v": FORMAT, "kind": self.kind, "packed": self.packed, "place": self.place}

    def _repr_mimebundle_(self, **_: Any) -> tuple[MimeBundle, MimeBundle]:
        """Return text, a form without scripts, the stored form for notebooks and pages, and the live view.

        A server that cannot show the live view gets the form without scripts and the reason instead.
        """
        from .in_notebook import describe_missing, show_live  # noqa: PLC0415  # only a notebook has what it needs

        missing = describe_missing()
        data, metadata = ({}, {}) if missing else show_live(self)
        words = {"text/plain": mend(f"{self!r}\n{self.describe()}"),
                 "text/html": mend(render_note(missing) + self.static()), MIME: self.store()}
        return {**data, **words}, {**metadata}


class FirstPrinted(io.TextIOBase):
    """Passes on the first that learners' code prints while a question is answered; no cell shows an endless rest."""

    def __init__(self, most: int = 2_000):
        """Pass on `most` characters to where they would have gone."""
        self.left, self.stream = most, sys.stdout

    def write(self, text: str) -> int:
        """Pass on what there is room for; return the length of all of it."""
        if self.left > 0:
            self.stream.write(text[:self.left])
            self.left -= len(text)
        return len(text)


def describe_error(error: BaseException) -> str:
    """Return an error in the words that the learner sees, on one line."""
    if isinstance(error, KeyboardInterrupt):
        return "Python was interrupted before it had an answer. Ask again if you still want one."
    return f"Python could not compute this ({quote_error(error)})."


def mend(text: str) -> str:
    """Return a text without halves of characters, which no message and no notebook can hold."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)


def compact(value: object) -> str:
    """Return JSON in as few characters as possible."""
    return ENCODER.encode(value)
