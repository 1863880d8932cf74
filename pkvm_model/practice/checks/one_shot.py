"""Checks of the exercises about "One shot"."""
from __future__ import annotations

from ...scenes.one_shot import STILL_LOADED
from ...show.story import play
from ..answer import Answer
from ..kinds import predicted
from ..verdict import Verdict


def lived_to_see(answer: Answer) -> Verdict:
    """CPU 1 loads, CPU 0 tears down: what the caller gets."""
    story = play(STILL_LOADED, 1, 0)
    last = story.outcomes[-1]
    given = "nothing: the machine ends" if last.startswith("! EL2_PANIC") else last.removeprefix("= ")
    return predicted(answer, {"answer": given}, "1 run, all of it", story)
