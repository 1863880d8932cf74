"""Checks of the exercises about "Start here"."""
from __future__ import annotations

from dataclasses import replace

from ...explore.check import HOLDS, Always, Report, Sometimes
from ...explore.properties import INVARIANTS
from ...model.revisions import EBUSY, Warn
from ...model.state import HOST, HYP, OWNED, Cpu, Page, State
from ...scenes.start_here import COLD_OPEN, LOAD_OR_START, TWO_AT_ONCE
from ...show.story import Story, play
from ..answer import SubmittedAnswer
from ..patterns import (check_prediction, check_violation, describe_coverage, describe_outcome, explore_fully,
                        is_reached, select_true)
from ..verdict import Verdict

PANICS = next(one for one in INVARIANTS if one.name == "I0a")
MEMORY = next(one for one in INVARIANTS if one.name == "I0b")


def count_the_users(answer: SubmittedAnswer) -> Verdict:
    """Two unshares overlap, then start: the count after each part, and what start gives."""
    whole = play(TWO_AT_ONCE, 0, 1, 0, 0, 0)
    return check_prediction(answer, {
        "both": str(play(TWO_AT_ONCE, 0, 1).page("vm0").refcount),
        "one_left": str(play(TWO_AT_ONCE, 0, 1, 0, 0).page("vm0").refcount),
        "start": describe_outcome(whole),
    }, "1 run, all of it", whole)


def make_it_notice(answer: SubmittedAnswer) -> Verdict:
    """EL2 stops the machine because it notices a user, without any unshare."""
    return check_violation(answer, LOAD_OR_START, (PANICS,), not_noticed)


def not_noticed(story: Story) -> str:
    """What a run shows in which EL2 had no reason to stop."""
    calls = [step.call.name for step, _ in story.steps]
    start, load = "__pkvm_start_teardown_vm", "__pkvm_vcpu_load"
    if start not in calls:
        return "Nobody has torn the VM down yet, so nobody has looked who is using it."
    if load in calls and calls.index(start) < calls.index(load):
        return "The VM was dying before CPU 0 came, so the load did nothing, and nobody was using the VM."
    return "Nobody was using the VM when start looked. Who can be using it, for how long?"


def both_end_the_machine(answer: SubmittedAnswer) -> Verdict:
    """Why a warning that stops EL2 and the use of lost memory are not the same, and what a warning in finalise does."""
    counting = COLD_OPEN.revision._replace(guards={**COLD_OPEN.revision.guards, "finalize_unreferenced": Warn(-EBUSY)})
    now = explore_fully(COLD_OPEN, KEPT, Sometimes("warns", "EL2 warns.", warned))
    then = explore_fully(replace(COLD_OPEN, revision=counting), MEMORY, Sometimes("ends", "The machine ends.", ended),
               Sometimes("home", "Page g0 comes home.", comes_home))
    truth = {"reply": select_true(difference()), "but_then": select_true(can_be_made_to_warn(now)),
             "and_if": select_true(with_a_warning_in_finalise(then))}
    return check_prediction(answer, truth, f"{describe_coverage(now, then)}, of 2 kernels", play(COLD_OPEN, 0, 1))


def difference() -> dict[str, bool]:
    """What is true of the run in which EL2 noticed, and not of the four clicks."""
    noticed, used = play(COLD_OPEN, 0, 1), play(COLD_OPEN, 1, 0, 1, 0)
    return {"EL2 had used only its own memory": (noticed.page("vm0").owner, used.page("vm0").owner) == (HYP, HOST),
            "the host had broken a rule": any("= -" in outcome for outcome in noticed.outcomes),
            "a call was still under way": under_way(noticed.state) and not under_way(used.state)}


def can_be_made_to_warn(now: Report) -> dict[str, bool]:
    """What it means that a host can make EL2 warn."""
    kept = now.answers[0].verdict == HOLDS
    return {"EL2 loses nothing by it": kept, "EL2 has lost its struct then": not kept,
            "it cannot happen": not is_reached(now, "warns")}


def with_a_warning_in_finalise(then: Report) -> dict[str, bool]:
    """What a finalise does that looks at the count and warns."""
    return {"the machine lives in every order": not is_reached(then, "ends"),
            "EL2 uses only its own memory": then.answers[0].verdict == HOLDS,
            "page g0 can never come home": not is_reached(then, "home")}


def warned(state: State) -> bool:
    """The machine has ended with a warning of EL2's."""
    return bool(state.end and state.end.kind == "EL2_PANIC")


def lost_by_a_warning(state: State) -> str:
    """What EL2 no longer has when it has warned."""
    return "page vm0 is the host's" if warned(state) and state.get(Page, "vm0").owner != HYP else ""


def ended(state: State) -> bool:
    """The machine has ended."""
    return bool(state.end)


def comes_home(state: State) -> bool:
    """Page g0 is the host's alone."""
    return state.get(Page, "g0").host == OWNED


def under_way(state: State) -> bool:
    """CPU 0 is in the middle of a call."""
    return bool(state.get(Cpu, 0).flight)


KEPT = Always("kept", "When EL2 warns, its struct is its own.", lost_by_a_warning, premise=warned)
