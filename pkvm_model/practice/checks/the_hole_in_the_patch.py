"""Checks of the exercises about "The hole in the patch"."""
from __future__ import annotations

from dataclasses import replace

from ...explore.properties import INVARIANTS
from ...model.revisions import UPSTREAM
from ...model.state import OWNED
from ...scenes.the_hole_in_the_patch import (DESTROY_AND_UNMAP, FIND_THE_HOLE, ONE_CALL, POLITE_REFUSAL, QUIET,
                                             SAME_MEMORY)
from ...show.story import Story, play
from ..answer import Answer
from ..patterns import (always, ask, broken, first_broken, outcome, predicted, reached, run_shown, sentence, spares,
                        states, true_of)
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
    return predicted(answer, {"answer": outcome(early), "later": outcome(late)}, "1 run, all of it", late)


def stray_count(answer: Answer) -> Verdict:
    """An invariant that sees the quiet variant of the hole, and speaks against no kernel without the hole."""
    mine, quiet, mended = always(answer, "wrong"), play(QUIET, 1, 0, 0, 1, 0), replace(QUIET, revision=UPSTREAM)
    good = "Your check speaks against a kernel without the hole."
    if refused := spares(ONE_CALL, mine, good) or spares(mended, mine, good):
        return refused
    told = first_broken(quiet, mine)
    others = states(ask(ONE_CALL, mine), ask(mended, mine))
    looked_at = f"all {len(quiet.steps)} states of the quiet run, and {others} of kernels without the hole"
    if not told:
        return Verdict(False, "In the quiet variant no machine ends, and your check said nothing.", looked_at)
    return Verdict(True, f"Your check hears it: {sentence(told)}", looked_at, **run_shown(quiet))


def no_honest_host(answer: Answer) -> Verdict:
    """Who falls into the hole, what the end by a guard leaves undone, and what the quiet variant leads to."""
    honest, any_order = ask(DESTROY_AND_UNMAP, *MEMORY), ask(FIND_THE_HOLE, *MEMORY)
    hole, guard, quiet = (play(FIND_THE_HOLE, *run) for run in ((1, 0, 1, 0), (0, 1), (1, 0, 0, 1, 0)))
    tenant = play(SAME_MEMORY, 1, 0, 0, 1, 1, 1, 1)
    host_only, given = reached(any_order, "I0b") and not reached(honest, "I0b"), has_given_back(hole)
    truth = {
        "reason": true_of({"EL2 may not count on its host": host_only,
                           "an honest host falls in, too": reached(honest, "I0b"),
                           "the host is warned first": any(event.kind == "HOST_WARN" for step, _ in hole.steps
                                                           for event in step.events)}),
        "but_then": true_of({"here EL2 goes on in memory that is the host's": given and not has_given_back(guard),
                             "nothing: the machine ends both times": given == has_given_back(guard),
                             "here nobody can say which call it was": not hole.state.end}),
        "and_if": true_of({"no: the next VM in that memory can pay for it": tenant.state.end is not None,
                           "yes: the machine goes on for good": tenant.state.end is None,
                           "no: unshare has answered an error": not quiet.outcomes[-1].startswith("= 0")})}
    return predicted(answer, truth, f"{states(honest, any_order)}, and 4 runs", tenant)


def has_given_back(story: Story) -> bool:
    """True if a VM's struct is the host's at the end of a run."""
    return story.page("vm0").host == OWNED
