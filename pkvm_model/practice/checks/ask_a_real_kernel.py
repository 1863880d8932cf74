"""Checks of the exercises about "Ask a real kernel"."""
from __future__ import annotations

from functools import cache

from ...conform.recordings import ReplayedScenario, call_numbers, call_with, load, replay_all
from ...machine.answer import RealAnswer
from ...machine.limits import find_impossible
from ...machine.stored import StoredAnswer, find_stored
from ...model.revisions import UPSTREAM, V1, Revision, errno
from ...model.run import run
from ...model.state import State, Vm
from ...model.steps import Step
from ...model.trace import Trace, TraceError, parse, parse_call, replay, show_outcome
from ...model.view import ModelError
from ...place import name_command
from ...scenes import LENT_PAGE, scene
from ...scenes.ask_a_real_kernel import NO_ONE_IMAGE, ODD_HANDLE
from ...show.recorded import recorded
from ...show.story import play
from ...text import count
from ..answer import SubmittedAnswer
from ..exercises import ExerciseError
from ..patterns import check_prediction
from ..verdict import NotYet, Verdict

ODD = "0x11000"
OLD, NEW = "6.19.14", "7.3.4"
MOST_CALLS = 20
SHOWN = "ask-the-machine"
"""How the names of the stored answers to the chapter's bench begin."""
REPORT = "Report it, as *What the model leaves out* says: the machine wins"


def sixteen_bits(answer: SubmittedAnswer) -> Verdict:
    """Check what two recorded kernels return for a handle with a bit too many, and what becomes of the VM."""
    story = play(ODD_HANDLE, 0)
    answers = {kernel: find_odd_answer(kernel) for kernel in (OLD, NEW)}
    if [f"= {answers[NEW]}"] != story.outcomes:
        raise ExerciseError(f"sixteen-bits: {NEW} answers {answers[NEW]}, the model {story.outcomes}")
    vm = "dying" if story.state.get(Vm, "vm0").is_dying else "alive"
    truth = {"old": answers[OLD], "new": answers[NEW], "vm": vm}
    return check_prediction(answer, truth, "2 recorded answers and the one run of this task", story)


@cache
def find_odd_answer(kernel: str) -> str:
    """Return what a recorded kernel returned for a teardown of the odd handle."""
    calls = recorded("n28", kernel).calls("teardown").made
    return next(result for _, arguments, result in calls if ODD in arguments)


def one_number_off(answer: SubmittedAnswer) -> Verdict:
    """Check what happens if a host with the patch calls by number an EL2 without it."""
    numbers = call_numbers("7.0.13")
    first = numbers["__pkvm_teardown_vm"]
    used = first, numbers["__pkvm_host_unshare_guest"], first + 1
    names = [call_with("7.0.13", number) for number in used]
    story = play(NO_ONE_IMAGE, 0, 0, 0)
    if names != [step.call.name for step, _ in story.steps]:
        raise ExerciseError(f"one-number-off: these numbers name {names}")
    start, unshare, finalise = (step for step, _ in story.steps)
    choices = {"__pkvm_teardown_vm": "teardown", "__pkvm_vcpu_load": "load"}
    truth = {"start": choices.get(start.call.name, "none"),
             "unshare": errno(unshare.ret or 0),
             "finalise": "its own argument" if finalise.ret is None else errno(finalise.ret)}
    return check_prediction(answer, truth, "the one run of this task", story)


def tell_them_apart(answer: SubmittedAnswer) -> Verdict:
    """Check sequential calls that v1 and upstream answer differently, one of them as in a recording."""
    calls = answer.get_value("calls")
    if not isinstance(calls, str) or not 0 < len(rows := calls.strip().splitlines()) <= MOST_CALLS:
        raise NotYet(f"Write 1 to {MOST_CALLS} calls between three quotes, each on a line of its own.")
    old, new = (run_calls(kernel, rows) for kernel in (V1, UPSTREAM))
    pairs = list(zip(old, new, strict=False))
    differ = next((pair for pair in pairs if show_outcome(pair[0]) != show_outcome(pair[1])), None)
    looked_at = f"{count(len(pairs), 'call')}, each in 2 kernels"
    if differ is None:
        return Verdict(False, "Every call returns the same in both kernels. Which call does an honest host never make?",
                       looked_at)
    if any(step.state.end for step in differ):
        return Verdict(False, "The call tells them apart, but ends the machine. Find one that returns in both kernels.",
                       looked_at)
    lives = [life for kind in ("natural", "injected") for life in replay_all(load(f"{NEW}-{kind}"), V1)]
    looked_at += f"; {len(lives)} recorded scenarios"
    return find_recording(*differ, lives, looked_at)


def run_calls(kernel: Revision, rows: list[str]) -> list[Step]:
    """Run the learner's calls, one after the other, on a VM that lends a page. Raise NotYet if a line is no call."""
    state, steps = scene("lent", "", kernel, LENT_PAGE, ("", ""), "").start(), list[Step]()
    for number, row in enumerate(rows, 1):
        if not state.end:
            steps.append(run_line(state, kernel, row, number))
            state = steps[-1].state
    return steps


def run_line(state: State, kernel: Revision, row: str, number: int) -> Step:
    """Run a line of the learner's: the CPU and the call; a line copied from a trace has its result, too.

    Raise NotYet if it is not a call.
    """
    try:
        cpu, _, call = row.strip().partition(" = ")[0].partition(" ")
        if call == "resume":
            raise NotYet(f"Line {number} is not a call: each call runs to its end, so no line continues one.")
        return run(state, kernel, int(cpu), parse_call(call))
    except ValueError:
        raise NotYet(f"Line {number} is not a call: {row.strip()[:60]!r}. Write CPU and call, as in "
                     "0 __pkvm_vcpu_load(0x1000, 0).") from None
    except ModelError as error:
        raise NotYet(f"Line {number} cannot be called: {str(error).partition('; it has')[0]}.") from None


def find_recording(old: Step, new: Step, lives: list[ReplayedScenario], looked_at: str) -> Verdict:
    """Return whether a recording has the answer that distinguishes the kernels."""
    results = [show_outcome(step).removeprefix("= ") for step in (new, old)]
    cells = (new.call.name, *results)
    name = next((life.scenario.name for life in lives if cells in [row.cells[:3] for row in life.disagreements]), "")
    if not name:
        return Verdict(False, f"{NEW} says {results[0]}, v1 says {results[1]}, but no recording has this answer. "
                              "Which call did the recorder put in?", looked_at)
    return Verdict(True, f"{new.call.name} tells them apart: {results[0]} was recorded (scenario {name} of {NEW}), "
                         f"and v1 says {results[1]}.", looked_at)


def bet_against_the_model(answer: SubmittedAnswer) -> Verdict:
    """Check a run with calls that overlap, and say what a machine answered, if that is stored."""
    trace = read_bet(answer.get_value("run"))
    if fault := find_fault(trace):
        return Verdict(False, fault, f"{count(len(trace.lines), 'step')} in the model")
    line = answer.get_value("line")
    if not isinstance(line, int) or not 2 <= line <= len(trace.lines) + 1:
        raise NotYet(f"`line` is {line!r:.60}. Write the number of a step, from 2 to {len(trace.lines) + 1}: "
                     "line 1 of a trace names the kernel.")
    looked_at, found = f"{count(len(trace.lines), 'step')} in the model", find_stored(trace)
    if found and found.name.startswith(SHOWN):
        return Verdict(False, "The chapter shows this run already. Find another one.", looked_at)
    return Verdict(True, settle_bet(trace, line, found), looked_at, trace=str(trace), asked=str(trace))


def read_bet(run: object) -> Trace:
    """Return the learner's run. Raise NotYet if it is no trace, or not one that the model makes."""
    try:
        trace = parse(run if isinstance(run, str) else "")
    except TraceError as error:
        raise NotYet(f"`run` is no trace: {error}. Copy one from a bench, with its first and its last line.") from None
    if differs := replay(trace).differs:
        raise NotYet(f"The model does not make this run: {differs}. Copy the trace of a run that you made on a bench.")
    return trace


def find_fault(trace: Trace) -> str:
    """Return why a run is no bet, '' if it is one."""
    if trace.revision != UPSTREAM:
        return f"This is a run of {show_kernel(trace.revision)}, and {NEW} is an example of upstream. Take upstream."
    if impossible := find_impossible(trace):
        return f"A machine cannot be asked for line {impossible.line}: {impossible.reason}."
    if not has_overlap(trace):
        return "No two calls overlap: each returns before the next one begins. Let another CPU make a call in a gap."
    return ""


def show_kernel(revision: Revision) -> str:
    """Return the name of a kernel, and that guards were removed."""
    return f"{revision.name} without a guard" if revision.removed else revision.name


def has_overlap(trace: Trace) -> bool:
    """Return True if one CPU makes a step while a call is under way on another one."""
    under_way = set[int]()
    for step in replay(trace).steps:
        if under_way - {step.cpu}:
            return True
        under_way = under_way | {step.cpu} if step.pending else under_way - {step.cpu}
    return False


def settle_bet(trace: Trace, line: int, found: StoredAnswer | None) -> str:
    """Return who won the bet, or how to find that out."""
    says = trace.lines[line - 2].outcome.removeprefix("= ").replace("...", "that the call stops")
    bet = f"In line {line} the model says {says}."
    if not found:
        return (f"{bet} No answer to this run is stored. If this computer has a machine, its answer stands above; "
                f"{name_command('kernel')} says how to get one. Do they differ? {REPORT}.")
    return f"{bet} {compare_bet(found.answer, line)}"


def compare_bet(answer: RealAnswer, line: int) -> str:
    """Return what a machine says to a bet."""
    kernel = f"Linux {answer.kernel}, whose answer is stored,"
    if not answer.difference:
        return f"{kernel} agrees there and in every other step: the model wins."
    if answer.difference.line == line:
        return f"{kernel} says {answer.difference.machine.removeprefix('= ')}: you win. {REPORT}."
    return f"{kernel} differs, but first in line {answer.difference.line}. {REPORT}."
