"""Checks of the exercises about "Two ways to close it"."""
from __future__ import annotations

from dataclasses import replace
from functools import cache

from ...model.revisions import V1
from ...model.state import OWNED, SHARED_OWNED, Page
from ...scenes.two_ways_to_close_it import HONEST, TENANT_OF_TABLES, TORN_DOWN_AND_RUN, UNMAPPED_ALIVE, many_lent
from ...show.story import Story, play_out
from ..answer import SubmittedAnswer
from ..invariants import refuse_false_alarm, refuse_miss
from ..patterns import (check_fix, check_prediction, describe_coverage, explore_fully, is_reached, make_goal,
                        make_invariant, show_answer)
from ..verdict import Verdict

FINALISE = "__pkvm_finalize_teardown_vm"
IN_V1 = replace(HONEST, revision=V1)
LOAD_DOES_NOT_ASK = replace(TORN_DOWN_AND_RUN, revision=V1.without("load_not_dying"))


def close_the_hole(answer: SubmittedAnswer) -> Verdict:
    """Check that a finalise, or other calls, close the hole and forbid nothing good."""
    calls = {name: value for name, value in answer.names.items() if name.startswith("__pkvm") and callable(value)}
    calls[FINALISE] = answer.get_function(FINALISE)
    return check_fix(V1, calls)


def next_tenant(answer: SubmittedAnswer) -> Verdict:
    """Check what happens if a page that merged left lent is donated for the next VM's page tables."""
    story = play_out(TENANT_OF_TABLES)
    truth = {"answer": story.outcomes[-1].removeprefix("= "),
             "struct": "the host" if story.page("vm1").host == OWNED else "EL2"}
    return check_prediction(answer, truth, "the one run of this task", story, page="vm1")


def count_the_warnings(answer: SubmittedAnswer) -> Verdict:
    """Check how the honest host of merged destroys a VM with many lent pages; the run shows one page."""
    story = destroy_many_lent()
    result = next(result for name, _, result in story.hypercalls().made if name == FINALISE)
    truth = {"warnings": str(count_warnings(story)), "finalise": result, "left": str(count_lent_pages(story))}
    return check_prediction(answer, truth, "the one run of this task", play_out(HONEST))


@cache
def destroy_many_lent() -> Story:
    """Return how the honest host destroys the VM with many lent pages."""
    return play_out(many_lent())


def count_warnings(story: Story) -> int:
    """Return the number of warnings in the host's log."""
    return sum(event.kind == "HOST_WARN" for step, _ in story.steps for event in step.events)


def count_lent_pages(story: Story) -> int:
    """Return the number of pages that count as lent to a guest."""
    return sum(page.host == SHARED_OWNED and page.host_share_guest_count > 0 for _, page in story.state.all(Page))


def comment_to_spec(answer: SubmittedAnswer) -> Verdict:
    """Check both promises of the comment: an invariant for the first, a state to reach for the second."""
    safe, good = make_invariant(answer, "wrong"), make_goal(answer, "reached")
    alarm = "Your check reports a fault in v1, which keeps its first promise."
    miss = "A vCPU of a dying VM was loaded, but `wrong` found nothing wrong."
    refusal = refuse_false_alarm(TORN_DOWN_AND_RUN, safe, alarm) or refuse_miss(LOAD_DOES_NOT_ASK, safe, miss)
    if refusal:
        return refusal
    merged, alive, v1 = explore_fully(HONEST, good), explore_fully(UNMAPPED_ALIVE, good), explore_fully(IN_V1, good)
    if is_reached(merged, "reached"):
        sentence = "Your check accepts `merged`, where the host never gets the page back."
        return Verdict(False, sentence, describe_coverage(merged), **show_answer(HONEST, merged))
    if is_reached(alive, "reached"):
        sentence = "The VM in this run is alive when the host gets its page back, but `reached` accepts that."
        return Verdict(False, sentence, describe_coverage(alive), **show_answer(UNMAPPED_ALIVE, alive))
    if not is_reached(v1, "reached"):
        return Verdict(False, "In v1 the host gets a page of a dying VM back, but `reached` never returned true.",
                       describe_coverage(v1))
    coverage = describe_coverage(explore_fully(TORN_DOWN_AND_RUN, safe), merged, alive, v1)
    return Verdict(True, "Both promises are checks now: v1 passes both, and merged fails the second.", coverage,
                   **show_answer(IN_V1, v1))
