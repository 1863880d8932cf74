"""Checks of the exercises about "A VM is born"."""
from __future__ import annotations

from dataclasses import replace

from ...explore.properties import INVARIANTS
from ...scenes.a_vm_is_born import BIRTH, FILLS_LAST, LOOKS_PINNED, PROMISE_GONE, PUBLISHES_SECOND, REFUSED, REUSE
from ...show.story import Story, play
from ..answer import SubmittedAnswer
from ..invariants import check_invariant
from ..patterns import check_prediction, check_violation, make_invariant
from ..verdict import Verdict

PANICS = tuple(invariant for invariant in INVARIANTS if invariant.name == "I0a")


def looks_like_a_pin(answer: SubmittedAnswer) -> Verdict:
    """Check what follows a refused init_vm that leaves a count: its page is lent to EL2, and the loan should end."""
    story = play(LOOKS_PINNED, 0, 0, 0)
    refused, lend, end = (outcome.removeprefix("= ") for outcome in story.outcomes)
    truth = {"refused": refused, "lend": lend, "end": end}
    return check_prediction(answer, truth, "the one run of this task", story, page="pgd0")


def publish_last(answer: SubmittedAnswer) -> Verdict:
    """Check an invariant of the VM table: it must catch kernels that publish an unfinished VM."""
    mine = make_invariant(answer, "wrong")
    second, filled = replace(BIRTH, revision=PUBLISHES_SECOND), replace(BIRTH, revision=FILLS_LAST)
    bad = ((second, "Your check accepts a VM in the table that does not have a root of stage 2 yet."),
           (filled, "Your check accepts a VM in the table whose struct is still empty."))
    praise = "A call that finds a VM finds a finished one: your check catches both careless kernels."
    return check_invariant(mine, (BIRTH, REUSE, REFUSED), bad, praise)


def broken_promise(answer: SubmittedAnswer) -> Verdict:
    """Check a run in which an unreserve during init_vm makes the next init_vm panic."""
    return check_violation(answer, PROMISE_GONE, PANICS, explain_no_panic)


def explain_no_panic(story: Story) -> str:
    """Return a hint for a run that the machine survives."""
    if story.state.vm_in(0):
        return "The VM was already in its slot, and unreserve does nothing to a VM that exists."
    if not any(step.cpu == 1 for step, _ in story.steps):
        return "CPU 1 has not given the promise back yet."
    return ("The promise is gone, and the machine still runs. "
            "What will EL2 count on page pgd0 after the host gets it back?")
