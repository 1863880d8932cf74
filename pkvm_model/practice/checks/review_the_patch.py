"""Checks of the exercises about "Review the patch"."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations

from ...explore.check import Sometimes
from ...explore.properties import counted_too_high, published, touches_lost_memory
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
"""Each step of a run, with the state before it."""


def uses_lost_memory(run: ReplayedRun) -> bool:
    """EL2 uses memory that it has given back."""
    return any(touches_lost_memory(before, step) for before, step in run)


def start_meets_a_lookup(run: ReplayedRun) -> bool:
    """Start finds a reference that a call under way holds, and the machine ends in it."""
    return any(step.state.end and step.state.end.where == "start_unreferenced" and is_held(before)
               for before, step in run)


def is_held(state: State) -> bool:
    """A call under way has looked a VM up."""
    return any(holder.call for vm in published(state) for holder in holders(state, vm))


def memo_of_a_failed_start(run: ReplayedRun) -> bool:
    """EL2 refuses the host's start, and the host notes all the same that it has started."""
    failed = [number for number, (_, step) in enumerate(run)
              if any(name == START and ret for name, _, ret in step.answers)]
    return any(kvm.is_dying for _, step in run[failed[0]:] for _, kvm in step.state.all(Kvm)) if failed else False


def page_left(run: ReplayedRun) -> bool:
    """A VM leaves the table while its guest still has a page."""
    return any({*published(before)} - {*published(step.state)} and counted_too_high(step.state)
               and not counted_too_high(before) for before, step in run)


def late_vcpu(run: ReplayedRun) -> bool:
    """A dying VM gets a vCPU."""
    return any(vm.is_dying and step.state.get(Vm, name).is_dying and vm.vcpus != step.state.get(Vm, name).vcpus
               for before, step in run for name, vm in before.all(Vm))


FINDINGS: tuple[tuple[str, Callable[[ReplayedRun], bool]], ...] = (
    ("a call goes on in memory that EL2 has given back", uses_lost_memory),
    ("start meets a call that holds the VM, and ends the machine", start_meets_a_lookup),
    ("the host notes a start that EL2 refused", memo_of_a_failed_start),
    ("finalise lets a VM go while its guest still has a page", page_left),
    ("a dying VM gets a new vCPU", late_vcpu))
"""What is worth a question about v1, the gravest first: a run counts as the first one that it shows."""


def three_questions(answer: SubmittedAnswer) -> Verdict:
    """Three questions, each with a run of v1 that shows why it is asked; three different findings are wanted."""
    pairs = answer.get_value("questions")
    if not isinstance(pairs, list | tuple) or len(pairs) != WANTED or not all(
            isinstance(pair, list | tuple) and len(pair) == 2 for pair in pairs):
        raise NotYet(f"`questions` is a list of {WANTED} pairs: a question and its run, each between quotes.")
    traces = [run_behind(number, *pair) for number, pair in enumerate(pairs, 1)]
    found = [finding(steps_of(trace)) for trace in traces]
    looked_at = f"{WANTED} runs, {sum(len(trace.lines) for trace in traces)} steps, all replayed"
    refusal = next(filter(None, (unknown(number, trace, what) for number, (trace, what)
                                 in enumerate(zip(traces, found, strict=True), 1))), "") or twice(found)
    if refusal:
        return Verdict(False, refusal, looked_at)
    told = ". ".join(f"{number}: {what}" for number, what in enumerate(found, 1))
    return Verdict(True, f"All three runs go as they say. {told}.", looked_at, **show_run(traces[0]))


def run_behind(number: int, question: object, text: object) -> Trace:
    """The run that stands behind a question, replayed. Raises NotYet where question or run cannot be taken."""
    if question is ... or text is ...:
        raise NotYet(f"Question {number} is still open. Write the question and the trace of its run.")
    if not isinstance(question, str) or "?" not in question or len(question.split()) < 4:
        raise NotYet(f"Question {number} asks nothing. Write a sentence for the author that ends with a question mark.")
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


def steps_of(trace: Trace) -> ReplayedRun:
    """A run, each step with the state before it."""
    steps = replay(trace).steps
    return list(zip([State(trace.config), *(step.state for step in steps)], steps, strict=False))


def finding(run: ReplayedRun) -> str:
    """What a run shows; '' if it is nothing of the list."""
    return next((says for says, shows in FINDINGS if shows(run)), "")


def unknown(number: int, trace: Trace, what: str) -> str:
    """What to say of a run that shows nothing of the list; '' for one that does."""
    if what:
        return ""
    if steps_of(trace)[-1][1].state.end:
        return (f"Question {number}: the machine ends at a guard that does its work. "
                "What happens that no guard stops, or that a guard stops too hard?")
    return (f"Question {number}: the run goes as it says, and shows none of what is looked for here. "
            "It may be a good question all the same; find another one for this place.")


def twice(found: list[str]) -> str:
    """What to say where two runs show the same; '' where all differ."""
    return next((f"Questions {one + 1} and {other + 1} show the same: {found[one]}. Three different ones are wanted."
                 for one, other in combinations(range(len(found)), 2) if found[one] == found[other]), "")


def order_of_two(answer: SubmittedAnswer) -> Verdict:
    """Two questions swapped in load and in start: in how many states that comes out otherwise."""
    loads = Sometimes("load", "Load comes out otherwise.", lambda state: otherwise(state, LOAD, asks_index_first, 0, 1))
    starts = Sometimes("start", "Start comes out otherwise.", lambda state: otherwise(state, START, asks_dying_first))
    found = explore_fully(TWO_ORDERS, loads, starts)
    in_load, in_start = is_reached(found, "load"), is_reached(found, "start")
    truth = {"load": "nothing" if not in_load else "what a refused load leaves behind",
             "start": next(how_otherwise(found.answers[1].run or ())) if in_start else "nothing",
             "rule": select_true({"when both are true of one VM and their refusals differ": in_start and not in_load,
                              "always": in_load and in_start, "never, inside one lock region": not in_start})}
    return check_prediction(answer, truth, describe_coverage(found))


def otherwise(state: State, name: str, swapped: Callable[..., Hypercall], *indices: int) -> bool:
    """True if a call on the idle CPU 2 comes out otherwise with two of its questions swapped."""
    return any(outcome(before) != outcome(after) for before, after in both(state, name, swapped, *indices))


def both(state: State, name: str, swapped: Callable[..., Hypercall], *indices: int) -> Iterator[tuple[Step, Step]]:
    """A call on CPU 2 as it is, and with two of its questions swapped."""
    calls = [Call(name, (0x1000, idx)) for idx in indices] or [Call(name, (0x1000,))]
    here = State.of(state.config, {(kind, key): record for kind in KINDS for key, record in state.all(kind)}, state.end)
    for made in calls if not state.end else ():
        yield run(here, V1, 2, made), run(here, V1._replace(functions={name: swapped}), 2, made)


def outcome(step: Step) -> tuple[str, State]:
    """What the caller gets, and what the call leaves behind."""
    return show_outcome(step), step.state


def how_otherwise(cpus: tuple[int, ...]) -> Iterator[str]:
    """In the words of the options: what a start gets in the first state in which the order matters."""
    for before, after in both(play(TWO_ORDERS, *cpus).state, START, asks_dying_first):
        ends = before.state.end and not after.state.end and after.ret == -EINVAL
        yield "a refusal where the machine ended" if ends else "another code"


def asks_index_first(view: View, handle: int, idx: int) -> Hypercall:
    """Load, with the question for the vCPU's index before the one for dying."""
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


def asks_dying_first(view: View, handle: int) -> Hypercall:
    """V1's start, with the question for dying before the one for references."""
    yield "L", "check and mark the VM dying"
    vm = get_vm_by_handle(view, handle)
    view.guard("start_vm_exists", vm, f"there is no VM {handle:#x}")
    view.guard("start_not_dying", not vm.is_dying, f"VM {handle:#x} is dying already")
    view.guard("start_unreferenced", hyp_page_count(view, vm) == 0, f"VM {handle:#x} is still in use")
    vm.is_dying = True
    return 0


CHANGES = {"finalise asks for the count": "finalize_unreferenced",
           "start refuses without a warning": "start_unreferenced",
           "EL2 gives no page back that still counts": "give_back_unreferenced",
           "a refused init_vm takes its tables apart": "init_vm_undoes_stage2"}
"""Changes between v1 and upstream, each with the guard that it is in the model."""


def which_one_mends(answer: SubmittedAnswer) -> Verdict:
    """Which of upstream's changes closes v1's hole alone, and what any host can still do after that."""
    found = {says: with_change(guard) for says, guard in CHANGES.items()}
    mending = [says for says, (hole, _) in found.items() if hole.kind not in (BUG, EL2_PANIC)]
    left = found[mending[0]][1] if mending else found[answer.get_choice("change")][0]
    truth = {"change": {*mending},
             "left": {EL2_PANIC: "end the machine by a start", BUG: "make EL2 use what it gave back"}.get(
                 left.kind, "nothing of the kind")}
    looked = sum(one.states for pair in found.values() for one in pair)
    return check_prediction(answer, truth, f"{looked} of {looked} states, in {len(found)} kernels", left.trace)


def with_change(guard: str) -> tuple[Outcome, Outcome]:
    """What comes of the hole, and of a start while a call holds the VM, in v1 with one change of upstream's."""
    kernel: Revision = V1._replace(guards={**V1.guards, guard: UPSTREAM.guards[guard]})
    return find_outcome(RACES["R7"], kernel), find_outcome(RACES["R29"], kernel)
