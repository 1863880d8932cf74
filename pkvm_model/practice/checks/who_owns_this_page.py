"""Checks of the exercises about "Who owns this page?"."""
from __future__ import annotations

from dataclasses import replace

from ...explore.properties import INVARIANTS
from ...model.dispatch import x1_when_unsupported
from ...model.state import NOPAGE, OWNED, SHARED_BORROWED, SHARED_OWNED
from ...scenes.who_owns_this_page import (FORGETS_PINS, LENDS_TWICE, LEND_AND_GIVE, LENT_TO_GUEST, REFUSED_ROOT,
                                          TWO_GUESTS, UNKNOWN_UNSHARE)
from ...show.story import Story, play
from ..answer import SubmittedAnswer
from ..invariants import check_invariant
from ..patterns import check_prediction, check_violation, make_invariant
from ..verdict import Verdict

PANICS = tuple(invariant for invariant in INVARIANTS if invariant.name == "I0a")
LETTERS = {OWNED: "O", SHARED_OWNED: "S", SHARED_BORROWED: "B", NOPAGE: "–"}


def lent_twice(answer: SubmittedAnswer) -> Verdict:
    """Check the owners of a page that is lent to two guests, while the loans end one by one."""
    first, whole = play(TWO_GUESTS, 0), play(TWO_GUESTS, 0, 1, 0, 1)
    page = first.page("g0")
    return check_prediction(answer, {
        "row": f"host {LETTERS[page.host]}, loans to guests: {page.host_share_guest_count}",
        "answer": whole.outcomes[1].removeprefix("= "), "later": whole.outcomes[3].removeprefix("= ")},
                            "the one run of this task", whole, page="g0")


def for_a_moment(answer: SubmittedAnswer) -> Verdict:
    """Check a run in which the host reads a page while a call that will be refused has it."""
    return check_violation(answer, REFUSED_ROOT, PANICS, explain_no_gap)


def explain_no_gap(story: Story) -> str:
    """Return a hint for a run in which the host only reads a page of its own."""
    steps = [step for step, _ in story.steps]
    read = next((number for number, step in enumerate(steps) if step.cpu == 0), None)
    if read is None:
        return "CPU 0 has not read page vm0 yet."
    earlier = [step for step in steps[:read] if step.cpu == 1]
    if earlier and not earlier[-1].pending:
        return "CPU 0 read page vm0 too late: the call had been refused and had given the page back."
    return "CPU 0 read page vm0 while it was still the host's. Which click of CPU 1 takes the page?"


def what_a_row_never_shows(answer: SubmittedAnswer) -> Verdict:
    """Check an invariant of pages: it must catch two careless kernels and hold in the right one."""
    mine = make_invariant(answer, "wrong")
    lends = replace(LENT_TO_GUEST, revision=LENDS_TWICE)
    forgets = replace(LEND_AND_GIVE, revision=FORGETS_PINS)
    bad = ((lends, "Your check accepts a page that EL2 and a guest borrow at once."),
           (forgets, "Your check accepts a page that EL2 has pinned although nobody lends it."))
    praise = "Your check catches both careless kernels and accepts the correct one."
    return check_invariant(mine, (LENT_TO_GUEST, LEND_AND_GIVE), bad, praise)


def unknown_unshare(answer: SubmittedAnswer) -> Verdict:
    """Check what an honest host experiences on a kernel that does not know one of its calls."""
    story = play(UNKNOWN_UNSHARE, 0)
    page, step = story.page("kvm0"), story.steps[0][0]
    unknown = [x1 == x1_when_unsupported(args) for name, args, x1 in step.answers if name == "__pkvm_host_unshare_hyp"]
    return check_prediction(answer, {
        "x1": "its own argument" if all(unknown) else "a value that EL2 wrote",
        "warnings": str(sum(event.kind == "HOST_WARN" for event in step.events)),
        "row": f"host {LETTERS[page.host]}, EL2 {LETTERS[page.hyp]}"}, "the one run of this task", story, page="kvm0")
