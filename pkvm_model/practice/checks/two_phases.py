"""Checks of the exercises about "Two phases"."""
from __future__ import annotations

from collections import Counter

from ...explore.check import Always
from ...model.dispatch import untouched
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
"""How many steps the walks have that are looked at; the one of the exercise would take the model half a minute."""
LONGEST = 1 << (48 - 30)
"""Steps of a gibibyte in 48 bits of address space."""


def order_of_checks(answer: SubmittedAnswer) -> Verdict:
    """Unshare looks the dying VM up on CPU 0, then CPU 1 starts again."""
    story = play(IN_FLIGHT, 0, 1)
    return check_prediction(answer, {"answer": describe_outcome(story)}, "1 run, all of it", story)


def missing_line(answer: SubmittedAnswer) -> Verdict:
    """The honest host destroys a VM on a kernel that does not know start."""
    story = play(MISSING_LINE, 0)
    answers = {name: (args, x1) for name, args, x1 in story.steps[0][0].answers}
    args, x1 = answers[START]
    return check_prediction(answer, {
        "x1": "its own argument" if x1 == untouched(args) else show_ret(x1),
        "page": "it is home" if story.page("g0").host == OWNED else "it is still lent",
        "finalise": show_ret(answers[FINALISE][1]) if FINALISE in answers else "it is not called",
        "log": str(warnings(story))}, "1 run, all of it", story)


def forgotten_memo(answer: SubmittedAnswer) -> Verdict:
    """What a host does that forgets its start: counted in short walks, each of which follows the same rule."""
    stories = {steps: play(walk(steps), 0) for steps in WALKS}
    ended = {said for story in stories.values() for name, _, said in story.hypercalls().made if name == FINALISE}
    truth = {"starts": f"{by_rule({steps: starts(story) for steps, story in stories.items()}):,}",
             "warnings": f"{by_rule({steps: warnings(story) for steps, story in stories.items()}):,}",
             "finalise": ended.pop() if len(ended) == 1 else "it depends"}
    return check_prediction(answer, truth, f"{len(WALKS)} walks of 1 to {WALKS[-1]} steps, each whole", stories[2])


def starts(story: Story) -> int:
    """How often the host called start."""
    return story.hypercalls().names.count(START)


def warnings(story: Story) -> int:
    """How many lines the host's log got."""
    return sum(event.kind == "HOST_WARN" for step, _ in story.steps for event in step.events)


def by_rule(found: dict[int, int]) -> int:
    """The number for the longest walk, if one and the same rule gives all that were found. Raises ExerciseError."""
    less = {steps - number for steps, number in found.items()}
    if len(less) == 1:
        return LONGEST - less.pop()
    if len({*found.values()}) == 1:
        return next(iter(found.values()))
    raise ExerciseError(f"forgotten-memo: no rule gives {found}")


def not_created(answer: SubmittedAnswer) -> Verdict:
    """The host closes a VM that never ran, and does not ask whether it was made."""
    story = play(CREATED_UNASKED, 0)
    ends = story.state.end is not None
    log = "the machine ends" if ends else {0: "nothing", 1: "one warning"}.get(warnings(story), "more than one")
    code = story.hypercalls().made[0][2]
    slot = "it is free" if story.slots == [FREE] else "it stays reserved"
    return check_prediction(answer, {"start": code, "log": log, "slot": slot}, "1 run, all of it", story)


def same_number(answer: SubmittedAnswer) -> Verdict:
    """Two VM structs with one handle, in the fewest steps."""
    return check_violation(answer, SAME_NUMBER, (Always("one", "A handle names one VM.", namesakes),), one_at_a_time)


def namesakes(state: State) -> str:
    """Which handle stands in two VM structs of EL2's at the same time."""
    found = Counter(vm.handle for _, vm in state.all(Vm))
    return next((f"two VM structs carry the handle {handle:#x}" for handle, number in found.items() if number > 1), "")


def one_at_a_time(story: Story) -> str:
    """What a run shows in which no two VMs had one handle."""
    if story.state.get(Vm, "vm1").handle:
        return "When the second VM was made, EL2 had given the first one back. In which region is the slot emptied?"
    return "No second VM was made. What must become free before CPU 1's reserve gets it?"
