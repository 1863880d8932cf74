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
    """A vCPU of a dying VM is loaded and run."""
    story = play(DYING, 0, 0)
    load, run = story.outcomes
    return check_prediction(answer, {"load": "no answer" if load == "= void" else load.removeprefix("= "),
                              "count": str(play(DYING, 0).page("vm0").refcount), "run": run.removeprefix("= ")},
                     "1 run, all of it", story)


def question_and_note(answer: SubmittedAnswer) -> Verdict:
    """One vCPU is loaded on two CPUs, where load asks in one region and notes in the next."""
    return check_violation(answer, replace(ONE_VCPU, revision=VCPU_EARLY), (ONE_CPU,), one_at_a_time)


def one_at_a_time(story: Story) -> str:
    """What a run shows in which no two CPUs got the vCPU."""
    if story.loaded(0) is story.loaded(1) is None:
        return "No CPU has the vCPU now. Who has asked, and who has written a note?"
    return "Whoever asked second found the note of the first. When is the note not there yet?"


def two_questions(answer: SubmittedAnswer) -> Verdict:
    """What falls without either question of load, and which one may be asked early."""
    first, last = without("load_cpu_free"), without("load_vcpu_free")
    cpu, vcpu = asked_of(CPU_EARLY), asked_of(VCPU_EARLY)
    truth = {"without_first": select_true(harm(first)), "without_last": select_true(harm(last)),
             "asked_early": select_true({"the first": sound(cpu) and not sound(vcpu),
                                         "both": sound(cpu) and sound(vcpu),
                                         "the last": sound(vcpu) and not sound(cpu),
                                         "neither": not sound(cpu) and not sound(vcpu)})}
    return check_prediction(answer, truth, f"{describe_coverage(first, last, cpu, vcpu)}, of 4 kernels")


def without(guard: str) -> Report:
    """Two CPUs and two vCPUs in a kernel whose load lacks a question."""
    return asked_of(RIVALS.revision.without(guard))


def asked_of(kernel: Revision) -> Report:
    """Whether references are lost, and vCPUs loaded twice, in all orders."""
    return explore_fully(replace(RIVALS, revision=kernel), HELD, ONE_CPU)


def harm(report: Report) -> dict[str, bool]:
    """What of the two went wrong."""
    return {"a reference that nobody can drop": is_reached(report, "held") and not is_reached(report, "one-cpu"),
            "one vCPU on two CPUs": is_reached(report, "one-cpu") and not is_reached(report, "held"),
            "both": is_reached(report, "one-cpu") and is_reached(report, "held"), "nothing": sound(report)}


def sound(report: Report) -> bool:
    """True if neither went wrong."""
    return not is_reached(report, "held") and not is_reached(report, "one-cpu")


def wrong_cpu(answer: SubmittedAnswer) -> Verdict:
    """The host shares on the CPU on which another VM's vCPU is loaded."""
    story = play(WRONG_CPU, 1, 0)
    shared, unshared = (outcome.removeprefix("= ") for outcome in story.outcomes)
    owners = [f"{vm.handle:#x}" for _, vm in story.state.all(Vm) if any(leaf.page == "g0" for leaf in vm.maps)]
    return check_prediction(answer, {"share": shared, "guest": " and ".join(owners) or "neither", "unshare": unshared},
                     "1 run, all of it", story)
