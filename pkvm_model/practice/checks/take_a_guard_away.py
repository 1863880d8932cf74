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
from ..invariants import check_invariant
from ..patterns import check_prediction, check_violation, describe_coverage, explore_fully, make_invariant, select_true
from ..verdict import Verdict

FINALISE = "__pkvm_finalize_teardown_vm"
SAFETY = tuple(invariant for invariant in INVARIANTS if invariant.name not in ("I2x", "I9"))
"""What should hold whatever a host does; I2x is broken by design, and I9 concerns honest hosts only."""
GUARD = "start_not_dying"
CANNOT = "it cannot happen, the numbers differ"


def harmless_guard(answer: SubmittedAnswer) -> Verdict:
    """Check what two teardowns, and a host that has lost its memo, can do without the guard."""
    both = Always("both", "One CPU at a time destroys a VM.", describe_double_finalise)
    before = explore_fully(TWO_TEARDOWNS, *SAFETY, both)
    after = explore_fully(remove_guard(TWO_TEARDOWNS), *SAFETY, both)
    broken_now = list_violations(after) - list_violations(before)
    story = play(remove_guard(TWO_TEARDOWNS), 0, 1)
    truth = {"reason": select_true({"nothing becomes unsafe": not broken_now,
                                    "two CPUs could both finalise": "both" in broken_now,
                                    "a vCPU could be loaded again": "I3" in broken_now}),
             "but_then": compare_leftovers(play(TWO_TEARDOWNS, 0, 1), story), "and_if": name_informant()}
    return check_prediction(answer, truth, describe_coverage(before, after), story)


def remove_guard(scene: Scene) -> Scene:
    """Return the same bench without start's last guard."""
    return replace(scene, revision=scene.revision.without(GUARD))


def list_violations(report: Report) -> set[str]:
    """Return the names of the properties that some order violates."""
    return {result.prop.name for result in report.answers if result.verdict == VIOLATED}


def describe_double_finalise(state: State) -> str:
    """Return which VM two CPUs are destroying at the same time, '' if none."""
    flights = [cpu.flight for _, cpu in state.all(Cpu) if cpu.flight and cpu.flight.call == FINALISE]
    names = [name for flight in flights for name in vms_kept(flight)]
    return next((f"two CPUs destroy {name}" for name in names if names.count(name) > 1), "")


def vms_kept(flight: Flight) -> set[str]:
    """Return the addresses of VM structs that a call keeps, in whatever it keeps them."""
    return {value for _, value in flight.held if isinstance(value, str) and value.startswith("vm")}


def compare_leftovers(before: Story, after: Story) -> str:
    """Return what a second start changes without the guard, in the words of the options."""
    if before.state != after.state:
        return "the VM's flag at the end"
    return "nothing at all" if before.outcomes == after.outcomes else "the code that the second caller gets"


def name_informant() -> str:
    """Return who tells a host about its lost memo without the guard."""
    guarded, unguarded = play(LOST_MEMO, 0), play(remove_guard(LOST_MEMO), 0)
    if unguarded.state.end:
        return "EL2, by a warning"
    return "nobody" if count_warnings(guarded) and not count_warnings(unguarded) else "the host's own warning"


def count_warnings(story: Story) -> int:
    """Return the number of warnings that the host logs."""
    return sum(event.kind == "HOST_WARN" for step, _ in story.steps for event in step.events)


def both_get_in(answer: SubmittedAnswer) -> Verdict:
    """Check a run of M5 in which two finalises of one VM make EL2 use what it has given back."""
    memory = tuple(invariant for invariant in INVARIANTS if invariant.name == "I0b")
    return check_violation(answer, replace(BOTH_GET_IN, revision=mutate(V1, "M5")), memory, explain_no_overlap)


def explain_no_overlap(story: Story) -> str:
    """Return a hint for a run in which two finalises do not get in each other's way."""
    if "= -ENOENT" in story.outcomes:
        return "The second CPU found the slot empty. Both must be inside the call."
    if len({step.cpu for step, _ in story.steps}) > 1:
        return "One CPU has finished; the other is still inside, with a pointer to the VM. What does it do next?"
    return "Only one CPU has been inside the call. Where could the other get in?"


def old_memories(answer: SubmittedAnswer) -> Verdict:
    """Check a run in which the next VM's guest runs before the last VM's translations are flushed."""
    if normalise(answer.get_value("run")) == normalise(CANNOT):
        return Verdict(False, "VMID = slot + 1.", "the one run of this task")
    stale = Always("stale", "No guest runs while its VMID still means the last VM.", describe_stale_run)
    return check_violation(answer, OLD_MEMORIES, (stale,), explain_no_stale_run)


def describe_stale_run(state: State) -> str:
    """Return which guest runs under a VMID that a finalise has yet to flush, '' if none."""
    flights = {number: cpu.flight for number, cpu in state.all(Cpu) if cpu.flight}
    late = {state.get(Vm, name).handle for flight in flights.values() if FLUSH in flight.at
            for name in vms_kept(flight)}
    running = {number for number, flight in flights.items() if flight.call == "__kvm_vcpu_run"}
    new = [state.get(Vm, vm) for slot, _ in state.all(Slot) if (vm := state.vm_in(slot))]
    return next((f"the guest on CPU {number} runs under VM {vm.handle:#x}'s VMID, and the CPUs remember the last VM's "
                 "translations" for number in running for vm in new if vm.handle in late), "")


def explain_no_stale_run(story: Story) -> str:
    """Return a hint for a run in which no guest meets old translations."""
    if "= -ENOMEM" in story.outcomes:
        return "No new VM was made: no slot was free for it."
    if any(FLUSH in step.purposes for step, _ in story.steps):
        return "The flush came first, so no CPU remembered the last VM when the new one ran."
    return "The guest of the new VM has not run yet. What remembers the last VM, and until which region?"


def points_back(answer: SubmittedAnswer) -> Verdict:
    """Check an invariant that must notice a vCPU on two CPUs, and a vCPU that a CPU has forgotten."""
    mine = make_invariant(answer, "wrong")
    good = RACES["R29"].scene(UPSTREAM), RACES["R20"].scene(V1), RACES["R21"].scene(V1)
    twice = RACES["R20"].scene(mutate(V1, "M15"))
    forgotten = RACES["R21"].scene(mutate(V1, "M16"))
    bad = ((twice, "It does not notice M15: two CPUs have the same vCPU loaded."),
           (forgotten, "It does not notice M16: a CPU loads a second vCPU and forgets the first."))
    alarm = "Your check reports a fault in {kernel}, where nothing is wrong."
    praise = "It notices both missing guards, and finds nothing wrong in correct kernels."
    return check_invariant(mine, good, bad, praise, alarm)
