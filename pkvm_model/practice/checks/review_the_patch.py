"""Checks of the exercises about "Review the patch"."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from itertools import combinations

from ...explore.check import Sometimes
from ...explore.properties import EXCESS_COUNT, list_published, find_lost_memory_use
from ...explore.outcomes import BUG, EL2_PANIC, Outcome, find_outcome
from ...explore.races import RACES
from ...model.revisions import EINVAL, UPSTREAM, V1, Revision
from ...model.run import run
from ...model.state import KINDS, Kvm, State, Vm
from ...model.steps import Call, Step
from ...model.trace import Trace, TraceError, parse, replay, show_outcome
from ...model.view import Hypercall, View
from ...model.vm_table import get_vm_by_handle, holders, hyp_page_count, hyp_page_ref_inc
from ...scenes.review_the_patch import TWO_ORDERS
from ...show.story import play
from ..answer import SubmittedAnswer
from ..patterns import check_prediction, describe_coverage, explore_fully, is_reached, select_true, show_run
from ..verdict import NotYet, Verdict

LOAD, START = "__pkvm_vcpu_load", "__pkvm_start_teardown_vm"
WANTED = 3
MOST_LINES = 300
ReplayedRun = list[tuple[State, Step]]
"""The steps of a run, each with the state before it."""


def uses_lost_memory(run: ReplayedRun) -> bool:
    """Return True if EL2 uses memory that it has given back."""
    return any(find_lost_memory_use(before, step) for before, step in run)


def panics_at_a_lookup(run: ReplayedRun) -> bool:
    """Return True if start panics at a reference that a call under way holds."""
    return any(step.state.end and step.state.end.where == "start_unreferenced" and is_held(before)
               for before, step in run)


def is_held(state: State) -> bool:
    """Return True if a call under way has looked a VM up."""
    return any(holder.call for vm in list_published(state) for holder in holders(state, vm))


def notes_a_failed_start(run: ReplayedRun) -> bool:
    """Return True if EL2 refuses the host's start and the host marks the VM as dying anyway."""
    failed = [number for number, (_, step) in enumerate(run)
              if any(name == START and ret for name, _, ret in step.answers)]
    return any(kvm.is_dying for _, step in run[failed[0]:] for _, kvm in step.state.all(Kvm)) if failed else False


def leaves_a_page(run: ReplayedRun) -> bool:
    """Return True if a VM leaves the table while its guest still has a page."""
    return any({*list_published(before)} - {*list_published(step.state)} and EXCESS_COUNT(step.state)
               and not EXCESS_COUNT(before) for before, step in run)


def adds_a_late_vcpu(run: ReplayedRun) -> bool:
    """Return True if a dying VM gets a vCPU."""
    return any(vm.is_dying and step.state.get(Vm, name).is_dying and vm.vcpus != step.state.get(Vm, name).vcpus
               for before, step in run for name, vm in before.all(Vm))


FINDINGS: tuple[tuple[str, Callable[[ReplayedRun], bool]], ...] = (
    ("a call goes on in memory that EL2 has given back", uses_lost_memory),
    ("start meets a call that holds the VM, and ends the machine", panics_at_a_lookup),
    ("the host notes a start that EL2 refused", notes_a_failed_start),
    ("finalise lets a VM go while its guest still has a page", leaves_a_page),
    ("a dying VM gets a new vCPU", adds_a_late_vcpu))
"""Findings in v1 worth a question, the most serious first: a run counts for the first finding that it shows."""


def three_questions(answer: SubmittedAnswer) -> Verdict:
    """Check three questions, each with a run of v1 that shows why; the runs must show three different findings."""
    pairs = answer.get_value("questions")
    if not isinstance(pairs, list | tuple) or len(pairs) != WANTED or not all(
            isinstance(pair, list | tuple) and len(pair) == 2 for pair in pairs):
        raise NotYet(f"`questions` is a list of {WANTED} pairs: a question and its run, each between quotes.")
    traces = [parse_run(number, *pair) for number, pair in enumerate(pairs, 1)]
    findings = [name_finding(list_steps(trace)) for trace in traces]
    looked_at = f"{WANTED} runs, {sum(len(trace.lines) for trace in traces)} steps, all replayed"
    unknown = (explain_unknown(number, trace) for number, trace in enumerate(traces, 1) if not findings[number - 1])
    refusal = next(unknown, "") or explain_duplicate(findings)
    if refusal:
        return Verdict(False, refusal, looked_at)
    summary = ". ".join(f"{number}: {finding}" for number, finding in enumerate(findings, 1))
    return Verdict(True, f"All three runs go as they say. {summary}.", looked_at, **show_run(traces[0]))


def parse_run(number: int, question: object, text: object) -> Trace:
    """Return the run behind a question, replayed. Raise NotYet if the question or the run is not acceptable."""
    if question is ... or text is ...:
        raise NotYet(f"Question {number} has no answer yet. Write the question and the trace of its run.")
    if not isinstance(question, str) or "?" not in question or len(question.split()) < 4:
        raise NotYet(f"Question {number} is not a question. Write a sentence that ends in a question mark.")
    try:
        trace = parse(text if isinstance(text, str) else "")
    except TraceError as error:
        raise NotYet(f"Question {number} has no run: {error}. Copy it from the bench with its first and last "
                     "line.") from None
    if trace.revision != V1 or len(trace.lines) > MOST_LINES:
        raise NotYet(f"Question {number} has a run of another kernel, or one of more than {MOST_LINES} steps. "
                     "The patch under review is v1.")
    if differs := replay(trace).differs:
        raise NotYet(f"Question {number}: the run does not go as it says; {differs}.")
    return trace


def list_steps(trace: Trace) -> ReplayedRun:
    """Return the steps of a run, each with the state before it."""
    steps = replay(trace).steps
    return list(zip([State(trace.config), *(step.state for step in steps)], steps, strict=False))


def name_finding(run: ReplayedRun) -> str:
    """Return the first finding that a run shows; '' if it shows none."""
    return next((finding for finding, is_shown in FINDINGS if is_shown(run)), "")


def explain_unknown(number: int, trace: Trace) -> str:
    """Return the sentence for a question whose run shows no finding."""
    if list_steps(trace)[-1][1].state.end:
        return (f"Question {number}: the machine ends because a guard works. "
                "What can happen that no guard stops, or that a guard stops too hard?")
    return (f"Question {number}: the run goes as it says, but shows none of the findings that count here. "
            "It may still be a good question; find another one for this place.")


def explain_duplicate(findings: list[str]) -> str:
    """Return the sentence for two runs that show the same finding; '' if all differ."""
    pairs = combinations(enumerate(findings, 1), 2)
    return next((f"Questions {first} and {second} show the same finding: {finding}. You need three different findings."
                 for (first, finding), (second, other) in pairs if finding == other), "")


def order_of_two(answer: SubmittedAnswer) -> Verdict:
    """Check what changes, over all states, if load and start each test two conditions in the other order."""
    loads = Sometimes("load", "The order in load matters.",
                      lambda state: depends_on_order(state, LOAD, load_checking_index_first, 0, 1))
    starts = Sometimes("start", "The order in start matters.",
                       lambda state: depends_on_order(state, START, start_checking_dying_first))
    report = explore_fully(TWO_ORDERS, loads, starts)
    in_load, in_start = is_reached(report, "load"), is_reached(report, "start")
    truth = {"load": "nothing" if not in_load else "what a refused load leaves behind",
             "start": next(describe_difference(report.answers[1].run or ())) if in_start else "nothing",
             "rule": select_true({"when one VM can fail both checks and the refusals differ": in_start and not in_load,
                                  "always": in_load and in_start, "never, inside one lock region": not in_start})}
    return check_prediction(answer, truth, describe_coverage(report))


def depends_on_order(state: State, name: str, swapped: Callable[..., Hypercall], *indices: int) -> bool:
    """Return True if a call on the idle CPU 2 has another outcome with two of its tests swapped."""
    return any(observe_outcome(before) != observe_outcome(after)
               for before, after in run_both_orders(state, name, swapped, *indices))


def run_both_orders(state: State, name: str, swapped: Callable[..., Hypercall],
                    *indices: int) -> Iterator[tuple[Step, Step]]:
    """Yield the step of a call on CPU 2, and its step with two of the call's tests swapped."""
    calls = [Call(name, (0x1000, idx)) for idx in indices] or [Call(name, (0x1000,))]
    here = State.of(state.config, {(kind, key): record for kind in KINDS for key, record in state.all(kind)}, state.end)
    for call in calls if not state.end else ():
        yield run(here, V1, 2, call), run(here, V1._replace(functions={name: swapped}), 2, call)


def observe_outcome(step: Step) -> tuple[str, State]:
    """Return what the caller gets, and the state that the call leaves behind."""
    return show_outcome(step), step.state


def describe_difference(cpus: tuple[int, ...]) -> Iterator[str]:
    """Yield what start returns where the order matters, in the words of the options."""
    for before, after in run_both_orders(play(TWO_ORDERS, *cpus).state, START, start_checking_dying_first):
        ends = before.state.end and not after.state.end and after.ret == -EINVAL
        yield "a refusal instead of the end of the machine" if ends else "another code"


def load_checking_index_first(view: View, handle: int, idx: int) -> Hypercall:
    """Run load with the test of the vCPU's index before the test for dying."""
    yield "L", "find the vCPU and take a reference"
    view.guard("load_cpu_free", view.cpu.loaded is None, f"CPU {view.number} has a vCPU loaded")
    vm = get_vm_by_handle(view, handle)
    view.check(vm, None, f"there is no VM {handle:#x}")
    view.check(0 <= idx < len(vm.vcpus), None, f"VM {handle:#x} has no vCPU {idx}")
    view.guard("load_not_dying", not vm.is_dying, f"VM {handle:#x} is dying")
    vcpu = view.vcpu(vm.vcpus[idx])
    view.check(vcpu, None, f"vCPU {idx} of VM {handle:#x} is not initialised")
    view.guard("load_vcpu_free", vcpu.loaded_on is None, f"vCPU {idx} of VM {handle:#x} is loaded elsewhere")
    vcpu.loaded_on = view.number
    hyp_page_ref_inc(view, vm)
    view.cpu.loaded = vcpu.address
    return None


def start_checking_dying_first(view: View, handle: int) -> Hypercall:
    """Run v1's start with the test for dying before the test for references."""
    yield "L", "check and mark the VM dying"
    vm = get_vm_by_handle(view, handle)
    view.guard("start_vm_exists", vm, f"there is no VM {handle:#x}")
    view.guard("start_not_dying", not vm.is_dying, f"VM {handle:#x} is dying already")
    view.guard("start_unreferenced", hyp_page_count(view, vm) == 0, f"VM {handle:#x} is still in use")
    vm.is_dying = True
    return 0


CHANGES = {"finalise checks the count": "finalize_unreferenced",
           "start refuses without a warning": "start_unreferenced",
           "EL2 gives no page back that still counts": "give_back_unreferenced",
           "a refused init_vm takes its tables apart": "init_vm_undoes_stage2"}
"""Changes between v1 and upstream, each with its guard in the model."""


def which_one_mends(answer: SubmittedAnswer) -> Verdict:
    """Check which of upstream's changes alone closes v1's hole, and what any host can still do after that."""
    outcomes = {change: judge_change(V1, guard) for change, guard in CHANGES.items()}
    closing = [change for change, (hole, _) in outcomes.items() if hole.kind not in (BUG, EL2_PANIC)]
    rest = outcomes[closing[0]][1] if closing else outcomes[answer.get_choice("change")][0]
    truth = {"change": {*closing},
             "left": {EL2_PANIC: "end the machine by a start", BUG: "make EL2 use memory that it gave back"}.get(
                 rest.kind, "neither of these")}
    states = sum(outcome.states for pair in outcomes.values() for outcome in pair)
    return check_prediction(answer, truth, f"{states} of {states} states, in {len(outcomes)} kernels", rest.trace)


@cache
def judge_change(kernel: Revision, guard: str) -> tuple[Outcome, Outcome]:
    """Return the outcomes of the hole, and of a start while a call holds the VM, with one of upstream's changes."""
    kernel = kernel._replace(guards={**kernel.guards, guard: UPSTREAM.guards[guard]})
    return find_outcome(RACES["R7"], kernel), find_outcome(RACES["R29"], kernel)
