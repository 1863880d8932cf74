"""Checks of the exercises about "The hole in the patch"."""
from __future__ import annotations

from ...explore.properties import INVARIANTS
from ...scenes.the_hole_in_the_patch import FIND_THE_HOLE
from ...show.story import Story
from ..answer import Answer
from ..kinds import broken
from ..verdict import Verdict

MEMORY = tuple(one for one in INVARIANTS if one.name == "I0b")


def find_the_hole(answer: Answer) -> Verdict:
    """Use of memory that EL2 has given back, in the fewest steps."""
    return broken(answer, FIND_THE_HOLE, MEMORY, no_hole)


def no_hole(story: Story) -> str:
    """What a run shows that ends without a use of memory given back."""
    if story.state.end:
        return ("EL2 saw the reference and panicked. That is a guard doing its work. "
                "When is the count looked at for the last time?")
    return "Every page that was touched was still EL2's. Which call may still be under way when the struct goes home?"
