"""The base of every widget: data to ship, a place that Python and the front end share, and answers to questions."""
from __future__ import annotations

import io
import json
import sys
import uuid
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

import anywidget
import traitlets

from ..graphs.contract import AnyAnswer, MessageValue, StoredValue
from ..text import quote_error
from .front_end import bundle, read_constants
from .server import describe_missing
from .static import render_note, render_words

MimeBundle = dict[str, Any]
"""The forms of an output by MIME type, as IPython wants them; each type has values of its own."""
MIME = "application/vnd.pkvm.widget+json"
FORMAT: int = read_constants()["format"]
"""The version of the stored form; a front end of another version refuses it with a sentence."""


class Widget(anywidget.AnyWidget):
    """A widget of the family named by `kind`; `packed` is the data shipped, `place` the learner's place.

    A family defines `__repr__`, `describe`, `static` if words alone are not enough, and `answer` if its front end asks
    questions.
    """

    kind = ""
    packed = traitlets.Unicode().tag(sync=True)
    place = traitlets.Unicode().tag(sync=True)
    key = traitlets.Unicode().tag(sync=True)
    _kind = traitlets.Unicode().tag(sync=True)
    _esm = traitlets.Unicode().tag(sync=True)

    def __init__(self, packed: str, place: str = ""):
        """Ship data and begin at a place."""
        # The key is the widget's id, by which the stored output finds the live object. No compared output contains it.
        key = uuid.uuid4().hex
        own = {"_kind": self.kind, "_esm": bundle(self.kind)}
        super().__init__(packed=mend(packed), place=place, key=key, model_id=key, **own)
        self.on_msg(self._hear)

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
        self.set_trait("place", place)
        self.send({"place": place})

    def say(self, content: Mapping[str, object]) -> None:
        """Send the front end something that it did not ask for."""
        self.send({"says": content})

    def fail(self, error: Exception) -> None:
        """Show an error that belongs to no question, such as an error in a thread."""
        self.send({"error": describe_error(error)})

    def _hear(self, _: object, content: MessageValue, buffers: object) -> None:
        """Answer a question of the front end; errors are shown there."""
        printed = FirstPrinted()
        try:
            with redirect_stdout(printed), redirect_stderr(printed):
                reply: MessageValue = {"answer": self.answer(content["ask"])}
        except (Exception, KeyboardInterrupt, SystemExit) as error:
            reply = {"error": describe_error(error)}
        if "id" in content:
            reply["id"] = content["id"]
        self.send(reply)

    def _repr_mimebundle_(self, **_: Any) -> tuple[MimeBundle, MimeBundle]:
        """Return text, a form without scripts, the stored form for notebooks and pages, and the live view.

        A server that cannot show the live view gets the form without scripts and the reason instead.
        """
        missing = describe_missing()
        live = None if missing else super()._repr_mimebundle_()
        data, metadata = live if live else ({}, {})
        stored: StoredValue = {"v": FORMAT, "kind": self.kind, "packed": self.packed, "place": self.place}
        words = {"text/plain": mend(f"{self!r}\n{self.describe()}"),
                 "text/html": mend(render_note(missing) + self.static()), MIME: stored}
        return data | words, metadata


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
