"""What every widget is: something shipped, a place that Python and the front end both know, questions answered."""
from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

import anywidget
import traitlets

from .front_end import bundle, read_constants
from .static import render_words

MIME = "application/vnd.pkvm.widget+json"
FORMAT: int = read_constants()["format"]
"""The version of what is stored; a front end of another version says so instead of drawing it."""


class Widget(anywidget.AnyWidget):
    """A widget of one family, named by `kind`; `packed` is what was shipped, `place` where the learner stands.

    A family says what it is by `__repr__`, `describe` and, if the words alone are not enough, `static`. What its front
    end asks, it answers in `answer`.
    """

    kind = ""
    packed = traitlets.Unicode().tag(sync=True)
    place = traitlets.Unicode().tag(sync=True)
    key = traitlets.Unicode().tag(sync=True)
    _kind = traitlets.Unicode().tag(sync=True)
    _esm = traitlets.Unicode().tag(sync=True)

    def __init__(self, packed: str, place: str = ""):
        """Ship something, and stand at a place."""
        # The key is the widget's own id: with it the stored output finds the live object. It is in no compared output.
        key = uuid.uuid4().hex
        own = {"_kind": self.kind, "_esm": bundle(self.kind)}
        super().__init__(packed=packed, place=place, key=key, model_id=key, **own)
        self.on_msg(self._hear)

    def answer(self, question: Mapping[str, Any]) -> Mapping[str, Any]:
        """The answer to a question of the front end; whatever it raises is shown there."""
        raise LookupError(f"this widget answers nothing, and was asked {question}")

    def describe(self) -> str:
        """What is shown: a sentence and a table."""
        raise NotImplementedError

    def static(self) -> str:
        """What is shown, as HTML without scripts."""
        return render_words(self.describe())

    def stand(self, place: str) -> None:
        """Stands at a place, here and in every view."""
        self.set_trait("place", place)
        self.send({"place": place})

    def say(self, content: dict[str, Any]) -> None:
        """Tells the front end something that it did not ask."""
        self.send({"says": content})

    def fail(self, error: Exception) -> None:
        """Shows an error in the widget that nobody waits for, such as one of a thread."""
        self.send({"error": describe_error(error)})

    def _hear(self, _: object, content: dict[str, Any], buffers: object) -> None:
        """Answers a question of the front end; whatever goes wrong is shown there."""
        try:
            said: dict[str, Any] = {"answer": self.answer(content["ask"])}
        except Exception as error:
            said = {"error": describe_error(error)}
        self.send(said | ({"id": content["id"]} if "id" in content else {}))

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Text, a form without scripts, what was shipped for stored notebooks and pages, and the live view."""
        live = super()._repr_mimebundle_()
        data, metadata = live if live else ({}, {})
        stored = {"v": FORMAT, "kind": self.kind, "packed": self.packed, "place": self.place}
        words = {"text/plain": f"{self!r}\n{self.describe()}", "text/html": self.static(), MIME: stored}
        return data | words, metadata


def describe_error(error: Exception) -> str:
    """An error in the words that the learner sees."""
    return f"Python could not work this out ({type(error).__name__}: {error})."


ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)


def compact(value: object) -> str:
    """JSON in as few characters as possible."""
    return ENCODER.encode(value)
