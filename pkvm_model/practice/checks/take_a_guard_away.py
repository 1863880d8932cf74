"""Checks of the exercises about "Take a guard away"."""
from __future__ import annotations

from dataclasses import replace

from ...explore.check import VIOLATED, Always, Report
from ...explore.mutants import mutate
from ...explore.properties import INVARIANTS
from ...explore.races import RACES
from ...model.revisions import UPSTREAM, V1
from ...model.state import Cpu, Flight, Slot, State, Vm
from ...scenes import Scene
from ...scenes.take_a_guard_away import BOTH_GET_IN, FLUSH, LOST_MEMO, OLD_MEMORIES, TWO_TEARDOWNS
from ...show.story import Story, play
from ..answer import SubmittedAnswer, normalise
from ..patterns import (accept_invariant, check_prediction, check_violation, describe_coverage, explore_fully,
                        make_invariant, refuse_false_alarm, refuse_miss, select_true)
from ..verdict import Verdict

FINALISE = "__pkvm_finalize_teardown_vm"
SAFETY = tuple(one for one in INVARIANTS if one.name not in ("I2x", "I9"))
"""All that should hold whatever a host does; I2x is broken by design, and I9 is asked of honest hosts only."""
GUARD = "start_not_dying"
CANNOT = "it cannot happen, the numbers differ"


def harmless_guard(answer: SubmittedAnswer) -> Verdict:
    """What two teardowns can do to each other, and what a host hears that has lost its memo, without the guard."""
    both = Always("both", "One CPU at a time destroys a VM.", both_inside)
    before = explore_fully(TWO_TEARDOWNS, *SAFETY, both)
    after = explore_fully(without(TWO_TEARDOWNS), *SAFETY, both)
    broken_now = violated(after) - violated(before)
    story = play(without(TWO_TEARDOWNS), 0, 1)
    truth = {"reason": select_true({"nothing becomes unsafe": not broken_now,
                                "two CPUs could both finalise": "both" in broken_now,
                                "a vCPU could be loaded again": "I3" in broken_now}),
             "but_then": what_changes(play(TWO_TEARDOWNS, 0, 1), story), "and_if": who_tells()}
    return check_prediction(answer, truth, describe_coverage(before, after), story)


def without(scene: Scene) -> Scene:
    """The same bench, without start's last question."""
    return replace(scene, revision=scene.revision.without(GUARD))


def violated(report: Report) -> set[str]:
    """The names of the properties that some order breaks."""
    return {one.prop.name for one in report.answers if one.verdict == VIOLATED}


def both_inside(state: State) -> str:
    """Which VM two CPUs are destroying at the same time."""
    flights = [cpu.flight for _, cpu in state.all(Cpu) if cpu.flight and cpu.flight.call == FINALISE]
    kept = [name for flight in flights for name in vms_kept(flight)]
    return next((f"two CPUs destroy {name}" for name in kept if kept.count(name) > 1), "")


def vms_kept(flight: Flight) -> set[str]:
    """Return the addresses of VM structs that a call keeps, in whatever it keeps them."""
    return {value for _, value in flight.held if isinstance(value, str) and value.startswith("vm")}


def what_changes(before: Story, after: Story) -> str:
    """What a second start leaves behind with the guard, beside what it leaves without it."""
    if before.state != after.state:
        return "the flag that the VM ends with"
    return "nothing at all" if before.outcomes == after.outcomes else "the code that the second caller gets"


def who_tells() -> str:
    """Who tells a host of its lost memo when the guard is gone, if somebody did when it was there."""
    warned, now = play(LOST_MEMO, 0), play(without(LOST_MEMO), 0)
    if now.state.end:
        return "EL2, by a warning"
    return "nobody" if warnings(warned) and not warnings(now) else "the host's own warning"


def warnings(story: Story) -> int:
    """How many warnings the host logs."""
    return sum(event.kind == "HOST_WARN" for step, _ in story.steps for event in step.events)


def both_get_in(answer: SubmittedAnswer) -> Verdict:
    """Two finalises of one VM in M5, so that EL2 uses what it has given back, in the fewest steps."""
    memory = tuple(one for one in INVARIANTS if one.name == "I0b")
    return check_violation(answer, replace(BOTH_GET_IN, revision=mutate(V1, "M5")), memory, not_both)


def not_both(story: Story) -> str:
    """What two finalises show that did not get in each other's way."""
    if "= -ENOENT" in story.outcomes:
        return "The second found the slot empty. You need both inside."
    if len({step.cpu for step, _ in story.steps}) > 1:
        return "One has finished, and the other one is still inside, with a pointer to the VM. What does it do next?"
    return "Only one CPU has been inside. Where could the other one get in?"


def old_memories(answer: SubmittedAnswer) -> Verdict:
    """A guest of the next VM runs before the last VM's translations are forgotten, in the fewest steps."""
    if normalise(answer.get_value("run")) == normalise(CANNOT):
        return Verdict(False, "VMID = slot + 1.", "1 run, all of it")
    stale = Always("stale", "No guest runs while its VMID still means the last VM.", runs_unflushed)
    return check_violation(answer, OLD_MEMORIES, (stale,), not_stale)


def runs_unflushed(state: State) -> str:
    """Whose guest runs while a finalise has yet to flush the VMID that it runs under."""
    flights = {number: cpu.flight for number, cpu in state.all(Cpu) if cpu.flight}
    late = {state.get(Vm, name).handle for flight in flights.values() if FLUSH in flight.at
            for name in vms_kept(flight)}
    running = {number for number, flight in flights.items() if flight.call == "__kvm_vcpu_run"}
    new = [state.get(Vm, vm) for slot, _ in state.all(Slot) if (vm := state.vm_in(slot))]
    return next((f"the guest on CPU {number} runs under VM {vm.handle:#x}'s VMID, and the CPUs remember the last VM's "
                 "translations" for number in running for vm in new if vm.handle in late), "")


def not_stale(story: Story) -> str:
    """What a run shows in which no guest meets old translations."""
    if "= -ENOMEM" in story.outcomes:
        return "There was no newcomer: no slot was free for it."
    if any(FLUSH in step.purposes for step, _ in story.steps):
        return "The flush came first, so nothing of the last VM was remembered when the newcomer ran."
    return "No guest of the newcomer has run yet. What remembers the last VM, and until which region?"


def points_back(answer: SubmittedAnswer) -> Verdict:
    """An invariant that notices a vCPU on two CPUs, and a vCPU that a CPU has forgotten."""
    mine = make_invariant(answer, "wrong")
    good = RACES["R29"].scene(UPSTREAM), RACES["R20"].scene(V1), RACES["R21"].scene(V1)
    twice = RACES["R20"].scene(mutate(V1, "M15"))
    forgotten = RACES["R21"].scene(mutate(V1, "M16"))
    verdicts = (*(refuse_false_alarm(
                    scene, mine, f"Your check speaks against {scene.revision.name}, where nothing is wrong.")
                  for scene in good),
                refuse_miss(twice, mine, "It does not notice M15: two CPUs that have the same vCPU loaded."),
                refuse_miss(forgotten, mine,
                        "It does not notice M16: a CPU that loads a second vCPU, and forgets the first."))
    says = "It notices both lost guards, and it is silent where nothing is wrong."
    return next(filter(None, verdicts), None) or accept_invariant(says, mine, *good, twice, forgotten)
