"""Checks of the exercises about "A vCPU runs"."""
from __future__ import annotations

from dataclasses import replace

from ...explore.check import Report
from ...explore.races import HELD, ONE_CPU
from ...model.revisions import Revision
from ...model.state import Vm
from ...scenes.a_vcpu_runs import CPU_EARLY, DYING, ONE_VCPU, RIVALS, VCPU_EARLY, WRONG_CPU
from ...show.story import Story, play
from ..answer import Answer
from ..patterns import ask, broken, predicted, reached, states, true_of
from ..verdict import Verdict


def silent_load(answer: Answer) -> Verdict:
    """A vCPU of a dying VM is loaded and run."""
    story = play(DYING, 0, 0)
    load, run = story.outcomes
    return predicted(answer, {"load": "no answer" if load == "= void" else load.removeprefix("= "),
                              "count": str(play(DYING, 0).page("vm0").refcount), "run": run.removeprefix("= ")},
                     "1 run, all of it", story)


def question_and_note(answer: Answer) -> Verdict:
    """One vCPU is loaded on two CPUs, where load asks in one region and notes in the next."""
    return broken(answer, replace(ONE_VCPU, revision=VCPU_EARLY), (ONE_CPU,), one_at_a_time)


def one_at_a_time(story: Story) -> str:
    """What a run shows in which no two CPUs got the vCPU."""
    if story.loaded(0) is story.loaded(1) is None:
        return "No CPU has the vCPU now. Who has asked, and who has written a note?"
    return "Whoever asked second found the note of the first. When is the note not there yet?"


def two_questions(answer: Answer) -> Verdict:
    """What falls without either question of load, and which one may be asked early."""
    first, last = without("load_cpu_free"), without("load_vcpu_free")
    cpu, vcpu = asked_of(CPU_EARLY), asked_of(VCPU_EARLY)
    truth = {"without_first": true_of(harm(first)), "without_last": true_of(harm(last)),
             "asked_early": true_of({"the first": sound(cpu) and not sound(vcpu), "both": sound(cpu) and sound(vcpu),
                                     "the last": sound(vcpu) and not sound(cpu),
                                     "neither": not sound(cpu) and not sound(vcpu)})}
    return predicted(answer, truth, f"{states(first, last, cpu, vcpu)}, of 4 kernels")


def without(guard: str) -> Report:
    """Two CPUs and two vCPUs in a kernel whose load lacks a question."""
    return asked_of(RIVALS.revision.without(guard))


def asked_of(kernel: Revision) -> Report:
    """Whether references are lost, and vCPUs loaded twice, in all orders."""
    return ask(replace(RIVALS, revision=kernel), HELD, ONE_CPU)


def harm(report: Report) -> dict[str, bool]:
    """What of the two went wrong."""
    return {"a reference that nobody can drop": reached(report, "held") and not reached(report, "one-cpu"),
            "one vCPU on two CPUs": reached(report, "one-cpu") and not reached(report, "held"),
            "both": reached(report, "one-cpu") and reached(report, "held"), "nothing": sound(report)}


def sound(report: Report) -> bool:
    """True if neither went wrong."""
    return not reached(report, "held") and not reached(report, "one-cpu")


def wrong_cpu(answer: Answer) -> Verdict:
    """The host shares on the CPU on which another VM's vCPU is loaded."""
    story = play(WRONG_CPU, 1, 0)
    shared, unshared = (outcome.removeprefix("= ") for outcome in story.outcomes)
    owners = [f"{vm.handle:#x}" for _, vm in story.state.all(Vm) if any(leaf.page == "g0" for leaf in vm.maps)]
    return predicted(answer, {"share": shared, "guest": " and ".join(owners) or "neither", "unshare": unshared},
                     "1 run, all of it", story)
