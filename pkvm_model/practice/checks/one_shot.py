"""Checks of the exercises about "One shot"."""
from __future__ import annotations

from dataclasses import replace

from ...explore.check import Always
from ...explore.properties import describe_event
from ...model.state import OWNED, Kvm, Page, State
from ...scenes.one_shot import (EVERY_PAGE, FORGETS_A_PIN, FORGETS_VCPUS, FORGOTTEN_PAGE, PAIR, STILL_LOADED,
                                STILL_UNSHARING, TWICE)
from ...show.story import Story, play, play_out
from ..answer import SubmittedAnswer
from ..invariants import check_invariant
from ..patterns import check_prediction, check_violation, describe_outcome, make_invariant
from ..verdict import Verdict

PINNED = ("kvm0", "hv0.0", "hv0.1")


def lived_to_see(answer: SubmittedAnswer) -> Verdict:
    """Check what teardown returns while CPU 1 has a vCPU loaded."""
    story = play(STILL_LOADED, 1, 0)
    return check_prediction(answer, {"answer": describe_outcome(story)}, "the one run of this task", story)


def done_but_counted(answer: SubmittedAnswer) -> Verdict:
    """Check a run in which teardown ends the machine although page g0 is home and no vCPU was ever loaded."""
    never_late = Always("late", "Once the host has page g0 back, EL2 does not warn.", describe_late_panic)
    return check_violation(answer, STILL_UNSHARING, (never_late,), explain_no_late_panic)


def describe_late_panic(state: State) -> str:
    """Return why the machine has panicked although the guest's page is home, '' if it has not."""
    home = state.get(Page, "g0").host == OWNED
    return describe_event(state.end) if state.end and state.end.kind == "EL2_PANIC" and home else ""


def explain_no_late_panic(story: Story) -> str:
    """Return a hint for a run without such a panic."""
    if story.state.end:
        return "EL2 noticed that the VM is in use. But page g0 is still lent: the unshare has not done its work yet."
    if not any(step.cpu == 1 for step, _ in story.steps):
        return "CPU 1 has not torn the VM down yet."
    return "Nothing held a reference when teardown checked the count. Which click of CPU 0 drops the reference?"


def pair_goes_home(answer: SubmittedAnswer) -> Verdict:
    """Check how many structs and pins a teardown of a VM with two vCPUs returns, and what comes first."""
    story = play_out(PAIR)
    pins = sum(PAIR.start().get(Page, name).refcount - story.page(name).refcount for name in PINNED)
    truth = {"structs": str(story.kvm("kvm0").teardown_mc), "pins": str(pins), "first": name_first_return(story)}
    return check_prediction(answer, truth, "the one run of this task", story)


def name_first_return(story: Story) -> str:
    """Return what comes home first."""
    for step, _ in story.steps:
        host = step.state.get(Kvm, "kvm0")
        if host.stage2_teardown_mc or host.teardown_mc:
            return "a struct" if host.teardown_mc else "a table page"
        if any(not step.state.get(Page, name).refcount for name in PINNED):
            return "a pinned page"
    return "nothing"


def all_home(answer: SubmittedAnswer) -> Verdict:
    """Check an invariant of a finished teardown: it must catch two kernels that leave EL2 something of the VM."""
    mine = make_invariant(answer, "wrong")
    pin, vcpus = replace(TWICE, revision=FORGETS_A_PIN), replace(TWICE, revision=FORGETS_VCPUS)
    bad = ((vcpus, "Your check accepts a teardown after which EL2 still owns a vCPU's struct."),
           (pin, "Your check accepts a teardown that leaves the host's kvm0 pinned."))
    praise = "After teardown, EL2 has nothing of the VM: your check catches both careless kernels."
    return check_invariant(mine, (EVERY_PAGE, TWICE, FORGOTTEN_PAGE), bad, praise)
