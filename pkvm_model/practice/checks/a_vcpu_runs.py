"""Checks of the exercises about "A vCPU runs"."""
from __future__ import annotations

from dataclasses import replace

from ...explore.check import Report
from ...explore.races import HELD, ONE_CPU
from ...model.revisions import Revision
from ...model.state import Vm
from ...scenes.a_vcpu_runs import CPU_EARLY, DYING, ONE_VCPU, RIVALS, VCPU_EARLY, WRONG_CPU
from ...show.story import Story, play
from ..answer import SubmittedAnswer
from ..patterns import check_prediction, check_violation, describe_coverage, explore_fully, is_reached, select_true
from ..verdict import Verdict


def silent_load(answer: SubmittedAnswer) -> Verdict:
    """Check what load and run return for a vCPU of a dying VM."""
    story = play(DYING, 0, 0)
    load, run = story.outcomes
    return check_prediction(answer, {"load": "nothing" if load == "= void" else load.removeprefix("= "),
                                     "count": str(play(DYING, 0).page("vm0").refcount), "run": run.removeprefix("= ")},
                            "the one run of this task", story)


def question_and_note(answer: SubmittedAnswer) -> Verdict:
    """Check a run that loads one vCPU on two CPUs, with a load that asks in one lock region and writes in the next."""
    return check_violation(answer, replace(ONE_VCPU, revision=VCPU_EARLY), (ONE_CPU,), explain_no_double_load)


def explain_no_double_load(story: Story) -> str:
    """Return a hint for a run in which no two CPUs load the vCPU."""
    if story.loaded(0) is story.loaded(1) is None:
        return "No CPU has loaded the vCPU yet. Which CPUs have made the check, and which have written a note?"
    return "The second CPU found the note of the first one. At which moment is the note not written yet?"


def two_questions(answer: SubmittedAnswer) -> Verdict:
    """Check what breaks without either guard of load, and which guard may come early."""
    first, last = explore_without("load_cpu_free"), explore_without("load_vcpu_free")
    cpu, vcpu = explore_rivals(CPU_EARLY), explore_rivals(VCPU_EARLY)
    truth = {"without_first": select_true(classify_harm(first)), "without_last": select_true(classify_harm(last)),
             "asked_early": select_true({"the first": is_sound(cpu) and not is_sound(vcpu),
                                         "both": is_sound(cpu) and is_sound(vcpu),
                                         "the last": is_sound(vcpu) and not is_sound(cpu),
                                         "neither": not is_sound(cpu) and not is_sound(vcpu)})}
    return check_prediction(answer, truth, f"{describe_coverage(first, last, cpu, vcpu)}, of 4 kernels")


def explore_without(guard: str) -> Report:
    """Explore two CPUs and two vCPUs in a kernel whose load lacks a guard."""
    return explore_rivals(RIVALS.revision.without(guard))


def explore_rivals(kernel: Revision) -> Report:
    """Explore whether any order loses a reference or loads a vCPU twice."""
    return explore_fully(replace(RIVALS, revision=kernel), HELD, ONE_CPU)


def classify_harm(report: Report) -> dict[str, bool]:
    """Return which of the two went wrong, in the words of the options."""
    return {"a reference that nobody can drop": is_reached(report, "held") and not is_reached(report, "one-cpu"),
            "one vCPU on two CPUs": is_reached(report, "one-cpu") and not is_reached(report, "held"),
            "both": is_reached(report, "one-cpu") and is_reached(report, "held"), "nothing": is_sound(report)}


def is_sound(report: Report) -> bool:
    """Return True if neither went wrong."""
    return not is_reached(report, "held") and not is_reached(report, "one-cpu")


def wrong_cpu(answer: SubmittedAnswer) -> Verdict:
    """Check what the host can share on a CPU that has another VM's vCPU loaded."""
    story = play(WRONG_CPU, 1, 0)
    shared, unshared = (outcome.removeprefix("= ") for outcome in story.outcomes)
    owners = [f"{vm.handle:#x}" for _, vm in story.state.all(Vm) if any(leaf.page == "g0" for leaf in vm.maps)]
    return check_prediction(answer, {"share": shared, "guest": " and ".join(owners) or "neither", "unshare": unshared},
                            "the one run of this task", story, page="g0")
