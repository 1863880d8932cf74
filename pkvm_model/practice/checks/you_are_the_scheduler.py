"""Checks of the exercises about "You are the scheduler"."""
from __future__ import annotations

from ...explore.check import NEVER, VIOLATED, Always, Report, Sometimes
from ...explore.learner_calls import Spinning
from ...explore.properties import INVARIANTS, is_dying, list_published
from ...model.state import OWNED, State, Vcpu
from ...model.steps import Step
from ...scenes.you_are_the_scheduler import PUT_AND_LOAD, SECOND_VCPU, SKIP_THE_START, TORN_DOWN_WHILE_RUN, WRONG_ORDERS
from ...show.story import Story, play, play_out
from ...text import make_sentence
from ..answer import SubmittedAnswer
from ..deviations import refuse_deviation
from ..patterns import (check_prediction, check_violation, describe_coverage, explore_rewritten, play_every_order,
                        replace_functions, show_answer)
from ..verdict import Verdict

START, FINALISE = "__pkvm_start_teardown_vm", "__pkvm_finalize_teardown_vm"
RULES = {invariant.name: invariant for invariant in INVARIANTS}
MARKED = Sometimes("marked", "A VM that nobody is using is marked.", is_dying)


def late_arrival(answer: SubmittedAnswer) -> Verdict:
    """Check what happens to a vCPU that is created for a dying VM and loaded, and to its page."""
    story = play_out(SECOND_VCPU)
    truth = {"answer": story.outcomes[0].removeprefix("= "),
             "load": "the vCPU is loaded" if play(SECOND_VCPU, 0, 0).loaded(0) else "nothing happens",
             "page": "the host" if story.page("vc0.0").host == OWNED else "EL2"}
    return check_prediction(answer, truth, "the one run of this task", story, page="vc0.0")


def between_put_and_load(answer: SubmittedAnswer) -> Verdict:
    """Check in how many orders of start, put and load the machine ends, and in how many others a vCPU is loaded."""
    orders = play_every_order(PUT_AND_LOAD)
    alive = [story for story in orders if not story.state.end]
    loaded = {story.loaded(1) is not None for story in alive}
    where = "in some of them" if len(loaded) > 1 else "in each of them" if loaded == {True} else "in none of them"
    truth = {"ends": str(len(orders) - len(alive)), "loaded": where}
    return check_prediction(answer, truth, f"all {len(orders)} orders", alive[0])


def skip_the_start(answer: SubmittedAnswer) -> Verdict:
    """Check a run that uses memory given back by a finalise that does not check for dying."""
    return check_violation(answer, SKIP_THE_START, (RULES["I0b"],), explain_no_use)


def explain_no_use(story: Story) -> str:
    """Return a hint for a run in which EL2 uses no memory that it has given back."""
    before = story.scene.start()
    for step, _ in story.steps:
        if step.call.name == FINALISE:
            return ("No call has used the vCPU since finalise gave its struct away." if has_loaded_vcpu(before)
                    else "Finalise came while no vCPU was loaded. What must CPU 1 have done before it comes?")
        before = step.state
    return "Nothing was given back: finalise did not run."


def has_loaded_vcpu(state: State) -> bool:
    """Return True if a vCPU is loaded."""
    return any(vcpu.loaded_on is not None for _, vcpu in state.all(Vcpu))


def close_the_gap(answer: SubmittedAnswer) -> Verdict:
    """Check a learner's start: it must mark a VM that nobody uses, and never one in use."""
    mine = {START: answer.get_function(START)}
    race, orders = replace_functions(TORN_DOWN_WHILE_RUN, mine), replace_functions(WRONG_ORDERS, mine)
    try:
        raced = explore_rewritten(race, RULES["I3"], RULES["I0b"], MARKED)
        finds_vm = Always("found", "Start marks a VM.", broken_by=describe_empty_success)
        wrong = explore_rewritten(orders, RULES["I0b"], finds_vm)
    except Spinning:
        return Verdict(
            False, "Your start waits while it holds the lock that put needs, so neither of them ever continues.")
    if gap := describe_gap(raced):
        return Verdict(False, gap, describe_coverage(raced), **show_answer(race, raced))
    for number, result in enumerate(wrong.answers):
        if result.verdict == VIOLATED:
            return Verdict(False, make_sentence(result.reason), describe_coverage(wrong),
                           **show_answer(orders, wrong, number))
    if alone := refuse_deviation(TORN_DOWN_WHILE_RUN.revision, mine):
        return alone
    return Verdict(True, "No order loads a vCPU of a dying VM, and an idle VM can still be marked.",
                   describe_coverage(raced, wrong))


def describe_empty_success(before: State, step: Step) -> str:
    """Return why a start that succeeds without a VM is wrong, '' for any other step."""
    succeeds = step.call.name == START and step.ret == 0 and not step.pending
    return "Your start returns 0 although there is no VM." if succeeds and not any(list_published(before)) else ""


def describe_gap(raced: Report) -> str:
    """Return what is wrong with a start, '' if nothing is."""
    loaded, touched, marked = raced.answers
    if loaded.verdict == VIOLATED:
        first = (loaded.run or (0,))[0]
        return ("The load ran between your check and your mark." if first == 0
                else "You marked a VM while its vCPU was loaded.")
    if touched.verdict == VIOLATED:
        return make_sentence(touched.reason)
    never = "Your start never marks a VM. It must still mark a VM that nobody is using."
    return never if marked.verdict == NEVER else ""
