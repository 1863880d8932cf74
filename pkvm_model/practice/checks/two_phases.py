"""Checks of the exercises about "Two phases"."""
from __future__ import annotations

from collections import Counter

from ...explore.check import Always
from ...model.dispatch import x1_when_unsupported
from ...model.state import FREE, OWNED, State, Vm
from ...model.trace import show_ret
from ...scenes.two_phases import CREATED_UNASKED, IN_FLIGHT, MISSING_LINE, SAME_NUMBER, walk
from ...show.story import Story, play
from ..answer import SubmittedAnswer
from ..exercises import ExerciseError
from ..patterns import check_prediction, check_violation, describe_outcome
from ..verdict import Verdict

START, FINALISE = "__pkvm_start_teardown_vm", "__pkvm_finalize_teardown_vm"
WALKS = (1, 2, 4, 16, 64)
"""Steps of the walks that the check plays; the exercise's own walk would take the model half a minute."""
LONGEST = 1 << (48 - 30)
"""Steps of the longest walk: 48 bits of address space, in steps of a gibibyte."""


def order_of_checks(answer: SubmittedAnswer) -> Verdict:
    """Check what a second start returns while an unshare holds the dying VM."""
    story = play(IN_FLIGHT, 0, 1)
    return check_prediction(answer, {"answer": describe_outcome(story)}, "the one run of this task", story)


def missing_line(answer: SubmittedAnswer) -> Verdict:
    """Check what an honest host experiences on a kernel that does not know start."""
    story = play(MISSING_LINE, 0)
    answers = {name: (args, x1) for name, args, x1 in story.steps[0][0].answers}
    args, x1 = answers[START]
    return check_prediction(answer, {
        "x1": "its own argument" if x1 == x1_when_unsupported(args) else show_ret(x1),
        "page": "the host has it back" if story.page("g0").host == OWNED else "it is still lent",
        "finalise": show_ret(answers[FINALISE][1]) if FINALISE in answers else "it is not called",
        "log": str(count_warnings(story))}, "the one run of this task", story, page="g0")


def forgotten_memo(answer: SubmittedAnswer) -> Verdict:
    """Check what a host that forgets its start does, by a rule that short walks follow."""
    stories = {steps: play(walk(steps), 0) for steps in WALKS}
    results = {result for story in stories.values() for name, _, result in story.hypercalls().made if name == FINALISE}
    truth = {"starts": f"{extrapolate({steps: count_starts(story) for steps, story in stories.items()}):,}",
             "warnings": f"{extrapolate({steps: count_warnings(story) for steps, story in stories.items()}):,}",
             "finalise": results.pop() if len(results) == 1 else "it depends"}
    return check_prediction(answer, truth, f"{len(WALKS)} walks of 1 to {WALKS[-1]} steps, each to its end", stories[2])


def count_starts(story: Story) -> int:
    """Return how often the host called start."""
    return story.hypercalls().names.count(START)


def count_warnings(story: Story) -> int:
    """Return the number of warnings in the host's log."""
    return sum(event.kind == "HOST_WARN" for step, _ in story.steps for event in step.events)


def extrapolate(numbers: dict[int, int]) -> int:
    """Return the number for the longest walk, from numbers by steps. Raise ExerciseError if they follow no rule."""
    differences = {steps - number for steps, number in numbers.items()}
    if len(differences) == 1:
        return LONGEST - differences.pop()
    if len({*numbers.values()}) == 1:
        return next(iter(numbers.values()))
    raise ExerciseError(f"forgotten-memo: no rule yields {numbers}")


def not_created(answer: SubmittedAnswer) -> Verdict:
    """Check what happens if the host closes a VM that never ran without asking whether it was created."""
    story = play(CREATED_UNASKED, 0)
    ends = story.state.end is not None
    log = "the machine ends" if ends else {0: "nothing", 1: "one warning"}.get(count_warnings(story), "more than one")
    code = story.hypercalls().made[0][2]
    slot = "it is free" if story.slots == [FREE] else "it stays reserved"
    return check_prediction(answer, {"start": code, "log": log, "slot": slot}, "the one run of this task", story)


def same_number(answer: SubmittedAnswer) -> Verdict:
    """Check a run in which two VM structs carry one handle."""
    unique = Always("one", "A handle names one VM.", describe_namesakes)
    return check_violation(answer, SAME_NUMBER, (unique,), explain_no_namesakes)


def describe_namesakes(state: State) -> str:
    """Return which handle two VM structs at EL2 carry at the same time, '' if none."""
    handles = Counter(vm.handle for _, vm in state.all(Vm))
    return next((f"two VM structs carry the handle {handle:#x}"
                 for handle, number in handles.items() if number > 1), "")


def explain_no_namesakes(story: Story) -> str:
    """Return a hint for a run in which no two VMs have one handle."""
    if story.state.get(Vm, "vm1").handle:
        return ("When CPU 1 made the second VM, EL2 had already given the first one's struct back. "
                "In which region does finalise empty the slot?")
    return "CPU 1 has not made a second VM. What must be free before its reserve can succeed?"
