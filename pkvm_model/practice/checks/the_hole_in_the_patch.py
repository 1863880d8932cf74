"""Checks of the exercises about "The hole in the patch"."""
from __future__ import annotations

from dataclasses import replace

from ...explore.properties import INVARIANTS
from ...revisions import UPSTREAM
from ...scenes.the_hole_in_the_patch import FIND_THE_HOLE, ONE_CALL, POLITE_REFUSAL, QUIET
from ...show.story import Story, play
from ..answer import Answer
from ..kinds import always, ask, broken, first_broken, predicted, run_shown, sentence, spares, states
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


def polite_refusal(answer: Answer) -> Verdict:
    """Start in the middle of an unshare that will be refused, and once more after it."""
    early, late = play(POLITE_REFUSAL, 0, 1), play(POLITE_REFUSAL, 0, 1, 0, 1)
    last = early.outcomes[-1]
    given = "nothing: the machine ends" if last.startswith("! EL2_PANIC") else last.removeprefix("= ")
    truth = {"answer": given, "later": late.outcomes[-1].removeprefix("= ")}
    return predicted(answer, truth, "1 run, all of it", late)


def stray_count(answer: Answer) -> Verdict:
    """An invariant that sees the quiet variant of the hole, and speaks against no kernel without the hole."""
    mine, quiet, mended = always(answer, "wrong"), play(QUIET, 1, 0, 0, 1, 0), replace(QUIET, revision=UPSTREAM)
    good = "It speaks against a kernel without the hole."
    if refused := spares(ONE_CALL, mine, good) or spares(mended, mine, good):
        return refused
    told = first_broken(quiet, mine)
    others = states(ask(ONE_CALL, mine), ask(mended, mine))
    looked_at = f"all {len(quiet.steps)} states of the quiet run, and {others} of kernels without the hole"
    if not told:
        return Verdict(False, "In the quiet variant no machine ends, and your check said nothing.", looked_at)
    return Verdict(True, f"Your check hears it: {sentence(told)}", looked_at, **run_shown(quiet))
