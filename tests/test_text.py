"""Counting things and writing sentences."""
from __future__ import annotations

import pytest

from pkvm_model.text import capitalise, count, make_sentence


@pytest.mark.parametrize(("number", "words"), [(0, "0 steps"), (1, "1 step"), (2, "2 steps"), (2000, "2,000 steps")])
def test_counted_things_are_plural_unless_there_is_one(number: int, words: str) -> None:
    assert count(number, "step") == words


def test_capitalise_changes_only_the_first_letter() -> None:
    assert capitalise("the VM ends") == "The VM ends"


@pytest.mark.parametrize(("text", "sentence"), [
    ("the host waits", "The host waits."), ("It ends.", "It ends."), ("vCPU 0 is idle", "vCPU 0 is idle."), ("", "")])
def test_a_sentence_ends_with_a_full_stop_and_keeps_names_as_they_are(text: str, sentence: str) -> None:
    assert make_sentence(text) == sentence
