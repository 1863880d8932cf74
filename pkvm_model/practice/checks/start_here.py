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

PANICS = next(invariant for invariant in INVARIANTS if invariant.name == "I0a")
MEMORY = next(invariant for invariant in INVARIANTS if invariant.name == "I0b")


def count_the_users(answer: SubmittedAnswer) -> Verdict:
    """Check the count while two unshares overlap, and what a start after them returns."""
    whole = play(TWO_AT_ONCE, 0, 1, 0, 0, 0)
    return check_prediction(answer, {
        "both": str(play(TWO_AT_ONCE, 0, 1).page("vm0").refcount),
        "one_left": str(play(TWO_AT_ONCE, 0, 1, 0, 0).page("vm0").refcount),
        "start": describe_outcome(whole),
    }, "the one run of this task", whole)


def make_it_notice(answer: SubmittedAnswer) -> Verdict:
    """Check a run in which EL2 panics because it notices a user, without any unshare."""
    return check_violation(answer, LOAD_OR_START, (PANICS,), explain_no_panic)


def explain_no_panic(story: Story) -> str:
    """Return a hint for a run in which EL2 has no reason to panic."""
    calls = [step.call.name for step, _ in story.steps]
    start, load = "__pkvm_start_teardown_vm", "__pkvm_vcpu_load"
    if start not in calls:
        return "CPU 1 has not called start yet, so EL2 has not checked whether the VM is in use."
    if load in calls and calls.index(start) < calls.index(load):
        return "The VM was already dying when CPU 0 called load, so the load did nothing, and nobody was using the VM."
    return ("Nobody was using the VM when start checked its count. "
            "Which of CPU 0's calls begins the use, and which one ends it?")


def both_end_the_machine(answer: SubmittedAnswer) -> Verdict:
    """Check how a panic differs from the use of lost memory, and what a warning in finalise does."""
    counting = COLD_OPEN.revision._replace(guards={**COLD_OPEN.revision.guards, "finalize_unreferenced": Warn(-EBUSY)})
    now = explore_fully(COLD_OPEN, KEPT, Sometimes("warns", "EL2 warns.", has_panicked))
    then = explore_fully(replace(COLD_OPEN, revision=counting), MEMORY,
                         Sometimes("ends", "The machine ends.", has_ended),
                         Sometimes("home", "The host gets page g0 back.", is_home))
    truth = {"reply": select_true(compare_endings()), "but_then": select_true(judge_warnings(now)),
             "and_if": select_true(judge_warning_finalise(then))}
    return check_prediction(answer, truth, f"{describe_coverage(now, then)}, of 2 kernels", play(COLD_OPEN, 0, 1))


def compare_endings() -> dict[str, bool]:
    """Return what is true of the run in which EL2 notices a user, and not of the four clicks."""
    noticed, used = play(COLD_OPEN, 0, 1), play(COLD_OPEN, 1, 0, 1, 0)
    return {"EL2 had used only its own memory": (noticed.page("vm0").owner, used.page("vm0").owner) == (HYP, HOST),
            "the host had broken a rule": any("= -" in outcome for outcome in noticed.outcomes),
            "a call was still under way": is_under_way(noticed.state) and not is_under_way(used.state)}


def judge_warnings(now: Report) -> dict[str, bool]:
    """Return what it means that a host can make EL2 warn."""
    keeps = now.answers[0].verdict == HOLDS
    return {"EL2 loses nothing": keeps, "EL2 has lost its struct then": not keeps,
            "it cannot happen": not is_reached(now, "warns")}


def judge_warning_finalise(then: Report) -> dict[str, bool]:
    """Return what holds with a finalise that reads the count and warns."""
    return {"the machine survives every order": not is_reached(then, "ends"),
            "EL2 uses only its own memory": then.answers[0].verdict == HOLDS,
            "the host never gets page g0 back": not is_reached(then, "home")}


def has_panicked(state: State) -> bool:
    """Return True if a warning of EL2's has ended the machine."""
    return bool(state.end and state.end.kind == "EL2_PANIC")


def describe_loss(state: State) -> str:
    """Return what EL2 has lost when it warns, '' if nothing."""
    return "page vm0 is the host's" if has_panicked(state) and state.get(Page, "vm0").owner != HYP else ""


def has_ended(state: State) -> bool:
    """Return True if the machine has ended."""
    return bool(state.end)


def is_home(state: State) -> bool:
    """Return True if page g0 is the host's alone."""
    return state.get(Page, "g0").host == OWNED


def is_under_way(state: State) -> bool:
    """Return True if CPU 0 is in the middle of a call."""
    return bool(state.get(Cpu, 0).flight)


KEPT = Always("kept", "When EL2 warns, its struct is its own.", describe_loss, premise=has_panicked)
