"""Checks of the exercises about "The hole in the patch"."""
from __future__ import annotations

from dataclasses import replace

from ...explore.properties import INVARIANTS
from ...model.revisions import UPSTREAM
from ...model.state import OWNED
from ...scenes.the_hole_in_the_patch import (DESTROY_AND_UNMAP, FIND_THE_HOLE, ONE_CALL, POLITE_REFUSAL, QUIET,
                                             SAME_MEMORY, WHO_GETS_IN)
from ...show.story import Story, play
from ...text import make_sentence
from ..answer import SubmittedAnswer
from ..invariants import refuse_false_alarm
from ..patterns import (check_prediction, check_violation, describe_coverage, describe_outcome, explore_fully,
                        find_page, find_violation, is_reached, make_invariant, select_true, show_run)
from ..verdict import Verdict

MEMORY = tuple(invariant for invariant in INVARIANTS if invariant.name == "I0b")


def find_the_hole(answer: SubmittedAnswer) -> Verdict:
    """Check a run in which EL2 uses memory that it has given back."""
    return check_violation(answer, WHO_GETS_IN, MEMORY, explain_no_hole)


def explain_no_hole(story: Story) -> str:
    """Return a hint for a run in which EL2 uses no memory that it has given back."""
    if story.state.end:
        return ("EL2 saw the reference and panicked: the guard worked. "
                "When does EL2 look at the count for the last time?")
    return ("EL2 still had every page that it touched. "
            "Which call may still be in progress when finalise gives the struct back?")


def polite_refusal(answer: SubmittedAnswer) -> Verdict:
    """Check what start returns during an unshare that will be refused, and after it."""
    early, late = play(POLITE_REFUSAL, 0, 1), play(POLITE_REFUSAL, 0, 1, 0, 1)
    truth = {"answer": describe_outcome(early), "later": describe_outcome(late)}
    return check_prediction(answer, truth, "the one run of this task", late)


def stray_count(answer: SubmittedAnswer) -> Verdict:
    """Check an invariant that must notice the quiet variant of the hole, and hold in kernels without the hole."""
    mine, quiet, closed = make_invariant(answer, "wrong"), play(QUIET, 1, 0, 0, 1, 0), replace(QUIET, revision=UPSTREAM)
    alarm = "Your check reports a fault in a kernel without the hole."
    if refusal := refuse_false_alarm(ONE_CALL, mine, alarm) or refuse_false_alarm(closed, mine, alarm):
        return refusal
    reason = find_violation(quiet, mine)
    others = describe_coverage(explore_fully(ONE_CALL, mine), explore_fully(closed, mine))
    looked_at = f"all {len(quiet.steps)} states of the quiet run, and {others} of kernels without the hole"
    if not reason:
        return Verdict(False, "No machine ends in the quiet run, and your check found nothing wrong there.", looked_at)
    return Verdict(True, f"Your check notices it: {make_sentence(reason)}", looked_at,
                   **show_run(quiet, page=find_page(reason, quiet.trace)))


def no_honest_host(answer: SubmittedAnswer) -> Verdict:
    """Check who falls into the hole, what a panic prevents, and what the quiet variant leads to."""
    honest, any_order = explore_fully(DESTROY_AND_UNMAP, *MEMORY), explore_fully(FIND_THE_HOLE, *MEMORY)
    hole, guard, quiet = (play(FIND_THE_HOLE, *run) for run in ((1, 0, 1, 0), (0, 1), (1, 0, 0, 1, 0)))
    tenant = play(SAME_MEMORY, 1, 0, 0, 1, 1, 1, 1)
    host_only = is_reached(any_order, "I0b") and not is_reached(honest, "I0b")
    after_hole, after_guard = gave_struct_back(hole), gave_struct_back(guard)
    truth = {
        "reason": select_true({"EL2 must not rely on its host": host_only,
                               "an honest host falls in, too": is_reached(honest, "I0b"),
                               "the host gets a warning first": any(event.kind == "HOST_WARN" for step, _ in hole.steps
                                                               for event in step.events)}),
        "but_then": select_true({"EL2 goes on in memory that is the host's": after_hole and not after_guard,
                                 "nothing: the machine ends both times": after_hole == after_guard,
                                 "nobody can tell which call did it": not hole.state.end}),
        "and_if": select_true({"no: the next VM in that memory can pay for it": tenant.state.end is not None,
                               "yes: the machine goes on for good": tenant.state.end is None,
                               "no: unshare has returned an error": not quiet.outcomes[-1].startswith("= 0")})}
    return check_prediction(answer, truth, f"{describe_coverage(honest, any_order)}, and 4 runs", tenant)


def gave_struct_back(story: Story) -> bool:
    """Return True if a VM's struct is the host's at the end of a run."""
    return story.page("vm0").host == OWNED
