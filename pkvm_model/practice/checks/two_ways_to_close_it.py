"""Checks of the exercises about "Two ways to close it"."""
from __future__ import annotations

from dataclasses import replace

from ...model.revisions import V1
from ...model.state import OWNED, SHARED_OWNED, Page
from ...scenes.two_ways_to_close_it import HONEST, TENANT_OF_TABLES, TORN_DOWN_AND_RUN, UNMAPPED_ALIVE, many_lent
from ...show.story import Story, play_out
from ..answer import Answer
from ..patterns import always, ask, catches, mended, predicted, reached, run_of, sometimes, spares, states
from ..verdict import Verdict

FINALISE = "__pkvm_finalize_teardown_vm"
IN_V1 = replace(HONEST, revision=V1)
LOAD_DOES_NOT_ASK = replace(TORN_DOWN_AND_RUN, revision=V1.without("load_not_dying"))


def close_the_hole(answer: Answer) -> Verdict:
    """A finalise, or other calls, that close the hole and forbid nothing good."""
    calls = {name: made for name, made in answer.names.items() if name.startswith("__pkvm") and callable(made)}
    calls[FINALISE] = answer.function(FINALISE)
    return mended(V1, calls)


def next_tenant(answer: Answer) -> Verdict:
    """A page that merged left lent is offered for the page tables of the next VM."""
    story = play_out(TENANT_OF_TABLES)
    truth = {"answer": story.outcomes[-1].removeprefix("= "),
             "struct": "the host" if story.page("vm1").host == OWNED else "EL2"}
    return predicted(answer, truth, "1 run, all of it", story)


def count_the_warnings(answer: Answer) -> Verdict:
    """The honest host of merged destroys a VM with many pages on loan in one step of its walk; one page is shown."""
    story = play_out(many_lent())
    ended = next(said for name, _, said in story.hypercalls().made if name == FINALISE)
    truth = {"warnings": str(warnings(story)), "finalise": ended, "left": str(still_lent(story))}
    return predicted(answer, truth, "1 run, all of it", play_out(HONEST))


def warnings(story: Story) -> int:
    """How many lines the host's log got."""
    return sum(event.kind == "HOST_WARN" for step, _ in story.steps for event in step.events)


def still_lent(story: Story) -> int:
    """How many pages count as lent to a guest."""
    return sum(page.host == SHARED_OWNED and page.host_share_guest_count > 0 for _, page in story.state.all(Page))


def comment_to_spec(answer: Answer) -> Verdict:
    """Both promises of the comment: an invariant for the first, a state to be reached for the second."""
    safe, good = always(answer, "wrong"), sometimes(answer, "reached")
    refused = (spares(TORN_DOWN_AND_RUN, safe, "Your check speaks against v1, which keeps its first promise.")
               or catches(LOAD_DOES_NOT_ASK, safe, "A vCPU of a dying VM was loaded, and `wrong` said nothing."))
    if refused:
        return refused
    merged, alive, v1 = ask(HONEST, good), ask(UNMAPPED_ALIVE, good), ask(IN_V1, good)
    if reached(merged, "reached"):
        told = "Your check accepts `merged`, where the page never comes home."
        return Verdict(False, told, states(merged), **run_of(HONEST, merged))
    if reached(alive, "reached"):
        told = "Here a page of a living VM came home, and `reached` took it for one of a dying VM."
        return Verdict(False, told, states(alive), **run_of(UNMAPPED_ALIVE, alive))
    if not reached(v1, "reached"):
        return Verdict(False, "In v1 a page of a dying VM comes home, and `reached` did not see it.", states(v1))
    seen = states(ask(TORN_DOWN_AND_RUN, safe), merged, alive, v1)
    return Verdict(True, "Both promises are checks now: v1 passes, merged fails the second one.", seen,
                   **run_of(IN_V1, v1))
