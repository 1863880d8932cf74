"""What every widget does, shown by one that has nothing else to do."""

import json
from typing import Any, cast

import pytest

from pkvm_model.widgets.front_end import bundle, list_kinds
from pkvm_model.widgets.widget import MIME, Widget
from tests.widgets.listening import listen


class Plain(Widget):
    """A widget that answers each question with the question itself, or fails."""

    kind = "bench"

    def answer(self, question: Any) -> Any:
        """Return the question, or fail if the question says so."""
        if isinstance(question, BaseException):
            raise question
        return {"asked": question}

    def describe(self) -> str:
        """Return words with markup in them."""
        return "A sentence with <b>."

    def __repr__(self) -> str:
        return "Plain()"


@pytest.fixture
def plain() -> Plain:
    """Return a widget."""
    return Plain("{}", "here")


def test_an_answer_carries_the_id_of_its_question(plain: Plain) -> None:
    message: Any = {"id": "7", "ask": "why"}
    assert plain.reply(message) == {"id": "7", "answer": {"asked": "why"}}


class MuteError(Exception):
    """An exception that cannot write its message."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


@pytest.mark.parametrize(("error", "says"), [
    (ValueError("it broke"), "(ValueError: it broke)"),
    (ValueError("two\n lines\x1b[31m and half a \ud800"), r"(ValueError: two lines\u001b[31m and half a \ud800)"),
    (MuteError(), "(MuteError: its message cannot be written: RuntimeError)"),
    (ValueError("x" * 10_000_000), f"(ValueError: {'x' * 200}…)"),
    (SystemExit(), "(SystemExit)"),
    (KeyboardInterrupt(), "Python was interrupted before it had an answer"),
], ids=["plain", "odd characters", "mute", "long", "exit", "interrupted"])
def test_an_exception_becomes_an_error_in_words_on_one_line(plain: Plain, error: BaseException, says: str) -> None:
    message: Any = {"id": "7", "ask": error}
    reply = plain.reply(message)
    assert reply["id"] == "7"
    assert says in reply["error"]
    assert "\n" not in reply["error"]
    assert reply["error"].encode()


def test_a_widget_without_answers_says_so(plain: Plain) -> None:
    with pytest.raises(LookupError, match=r"answers nothing, and was asked \{'why': 1\}"):
        Widget.answer(plain, {"why": 1})


def test_unasked_messages_are_distinct(plain: Plain) -> None:
    sent = listen(plain)
    plain.stand("there")
    plain.say({"count": 3})
    plain.fail(KeyError("x"))
    assert plain.place == "there"
    assert [set(message) for message in sent] == [{"place"}, {"says"}, {"error"}]


def test_a_widget_without_its_own_form_shows_its_words(plain: Plain) -> None:
    data, _ = plain._repr_mimebundle_()
    assert data["text/plain"] == "Plain()\nA sentence with <b>."
    assert "A sentence with &lt;b&gt;." in data["text/html"]
    assert data[MIME] == {"v": 3, "kind": "bench", "packed": "{}", "place": "here"}


def test_two_widgets_never_share_a_key() -> None:
    assert Plain("{}").key != Plain("{}").key


@pytest.mark.parametrize("kind", list_kinds())
def test_the_front_end_of_a_kind_registers_it(kind: str) -> None:
    assert f'register("{kind}"' in bundle(kind)


class Chatty(Plain):
    """A widget whose answers print without an end in sight."""

    def answer(self, question: Any) -> Any:
        """Print, then return the question."""
        for _ in range(100_000):
            print("again and again")
        return question


def test_only_the_first_of_what_an_answer_prints_is_passed_on(capsys: pytest.CaptureFixture[str]) -> None:
    assert Chatty("{}").reply(cast(Any, {"id": "7", "ask": "why"})) == {"id": "7", "answer": "why"}
    assert len(capsys.readouterr().out) == 2_000


class Half(Plain):
    """A widget with half a character in its words."""

    def describe(self) -> str:
        """Return half a character."""
        return "half \udfff"


def test_half_a_character_does_not_stop_a_widget() -> None:
    widget = Half('{"title":"half \ud800"}')
    data, _ = widget._repr_mimebundle_()
    assert json.dumps(data, ensure_ascii=False).encode()
    assert widget.packed == '{"title":"half \ufffd"}'
