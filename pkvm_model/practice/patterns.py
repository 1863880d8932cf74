"""The kinds of checks: they compare what was predicted, broken, said or mended with what the model does."""
from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, NotRequired, TypedDict

from ..explore.check import (EXAMPLE, INCOMPLETE, VIOLATED, Always, Limits, Property, Report, Sometimes,
                             explore)
from ..explore.fixes import ALONE, LOST, Judgement, Objection, judge_fix
from ..explore.learner_calls import LearnerError, errors_as_learner_errors, watch
from ..explore.lives import count_fitting_lives
from ..explore.machines import AnyHost, Scripts
from ..explore.traces import trace as traced
from ..explore.trials import GOOD_RUNS
from ..graphs.contract import SequenceValue
from ..graphs.sequence import Sequence
from ..model.revisions import Revision
from ..model.state import State
from ..model.steps import Call
from ..model.trace import Trace, TraceError, parse, show_header
from ..scenes import Scene
from ..show.story import Story, play
from ..text import count, make_sentence
from .answer import SubmittedAnswer
from .candidate import AnswerError
from .exercises import ExerciseError
from .plain import SENTENCE, clean, describe_exception, describe_value
from .verdict import NotYet, Verdict

ENOUGH = Limits(states=200_000)
"""More states than any exercise has."""
CLICKS = 200
"""More steps than any exercise's bench has."""
WAITING = "1 order, up to the point where it waits for ever"
"""How far a check looked if a call waits under a lock that another call needs."""
FOREIGN = "This trace is not from this bench: its kernel, machine or calls differ. Copy a trace from this bench."


class RunFields(TypedDict):
    """The fields of a verdict that show a run."""

    trace: NotRequired[str]
    along: NotRequired[SequenceValue]
    details: NotRequired[str]


def check_prediction(answer: SubmittedAnswer, truth: Mapping[str, str | Collection[str]], looked_at: str = "",
                     run: Story | Trace | None = None, page: str = "") -> Verdict:
    """Compare the learner's choices with what the model does; `truth` maps each name to the right option or options.

    `run` shows why; it gives the answer away, so only a verdict that passes has it. Its picture shows the owner of the
    `page` that is asked about, or of the VM's struct. Raise ExerciseError if the model's
    answer is not an option, or if no option or every option is right.
    """
    options = answer.exercise.options
    right = {name: {values} if isinstance(values, str) else {*values} for name, values in truth.items()}
    for name in {**options, **right}:
        if not right.get(name) or not right[name] < {*options.get(name, ())}:
            raise ExerciseError(f"{answer.exercise.id}: for {name} the model says {right.get(name)}, "
                                f"of the options {[*options.get(name, ())]}")
    choices = {name: answer.get_choice(name) for name in options}
    wrong = next((name for name in options if choices[name] not in right[name]), "")
    if wrong:
        return Verdict(False, options[wrong][choices[wrong]], looked_at, about=wrong if len(options) > 1 else "")
    sentences = " ".join(options[name][choices[name]] for name in options)
    return Verdict(True, sentences, looked_at, **show_run(run, page=page))


def describe_outcome(story: Story) -> str:
    """Return what the last step of a story returns, in the words of the options."""
    last = story.outcomes[-1]
    return "nothing: the machine ends" if last.startswith("! EL2_PANIC") else last.removeprefix("= ")


def select_true(statements: Mapping[str, object]) -> set[str]:
    """Return the statements that are true."""
    return {statement for statement, is_true in statements.items() if is_true}


def show_run(run: Story | Trace | None, setup: int = 0, page: str = "") -> RunFields:
    """Return the fields of a verdict that show a run; the first `setup` lines of a trace only lead up to it.

    The picture has a bar for the owner of `page`, by default the VM's struct.
    """
    if run is None:
        return {}
    trace = run.trace if isinstance(run, Story) else run
    before = len(run.scene.setup) if isinstance(run, Story) else setup
    title = run.scene.title if isinstance(run, Story) else "The shortest run"
    try:
        along = Sequence(trace, title, before, page=page).value("exercise-run")
    except ValueError:
        return {"trace": str(trace)}  # too long for a picture, or without a step
    return {"trace": str(trace), "along": along}


def check_violation(answer: SubmittedAnswer, scene: Scene, properties: tuple[Always, ...],
                    explain_miss: Callable[[Story], str], name: str = "run") -> Verdict:
    """Check that the learner's steps violate a property: `name` holds CPU numbers, or a trace text from the bench.

    `explain_miss` returns a sentence about a run that violates nothing. The explorer finds the fewest steps.
    """
    story = play_steps(scene, answer.get_value(name))
    reason = next(filter(None, (find_violation(story, each) for each in properties)), "")
    if not reason:
        return Verdict(False, explain_miss(story), "1 run, yours", steps=len(story.steps), **show_run(story))
    report = explore(Scripts(scene), properties, ENOUGH)
    fewest = min(len(result.run) for result in report.answers if result.run is not None)
    steps = len(story.steps)
    comparison = "no run is shorter" if steps <= fewest else f"the shortest run has {fewest}"
    sentence = f"Broken in {count(steps, 'step')}; {comparison}. {make_sentence(reason)}"
    return Verdict(True, sentence, describe_coverage(report), steps=steps, fewest=fewest, **show_run(story))


def play_steps(scene: Scene, steps: object) -> Story:
    """Return the story of the learner's steps on a bench. Raise NotYet if they are no steps of this bench."""
    cpus = read_cpus(scene, steps) if isinstance(steps, str) else steps
    if not isinstance(cpus, list | tuple) or not all(type(cpu) is int for cpu in cpus) or not cpus:
        raise NotYet("Write the CPUs in the order in which you clicked, as in [0, 1, 1], or a trace from the bench.")
    if absent := [cpu for cpu in cpus if not 0 <= cpu < len(scene.scripts)]:
        raise NotYet(f"There is no CPU {absent[0]} on this bench; it has CPUs 0 to {len(scene.scripts) - 1}.")
    if len(cpus) > CLICKS:
        raise NotYet(f"You gave {len(cpus)} steps; no run on this bench has more than {CLICKS}.")
    try:
        story = play(scene, *cpus)
    except ValueError as error:
        sentence = f"{make_sentence(str(error))} Step it on the bench and copy what you did."
        raise NotYet(FOREIGN if isinstance(steps, str) else sentence) from None
    if isinstance(steps, str) and list_calls(parse(steps)) != list_calls(story.trace):
        raise NotYet(FOREIGN)
    return story


def list_calls(trace: Trace) -> list[Call | None]:
    """Return the calls of a trace in order, None for each step that continues a call."""
    return [line.call for line in trace.lines]


def read_cpus(scene: Scene, text: str) -> list[int]:
    """Return the CPUs that step in a trace from this bench. Raise NotYet if it is anything else."""
    try:
        trace = parse(text)
    except TraceError as error:
        raise NotYet(f"This is not a trace: {error}. Copy it from the bench with Copy trace.") from None
    setup = scene.trace()
    same = show_header(trace.revision, trace.config) == show_header(setup.revision, setup.config)
    if not same or trace.lines[:len(setup.lines)] != setup.lines:
        raise NotYet(FOREIGN)
    return [line.cpu for line in trace.lines[len(setup.lines):]]


def find_violation(story: Story, invariant: Always) -> str:
    """Return why a story violates an invariant, '' if it does not."""
    before = story.scene.start()
    for step, _ in story.steps:
        reason = ((invariant.broken and invariant.broken(step.state))
                  or (invariant.broken_by and invariant.broken_by(before, step)))
        if reason:
            return str(reason)
        before = step.state
    return ""


def describe_coverage(*reports: Report) -> str:
    """Return how far explorations looked, exactly: at all states, or at those up to a shortest run."""
    states = sum(report.states for report in reports)
    if all(report.complete for report in reports):
        return f"{states:,} of {states:,} states"
    return f"{count(states, 'state')}, up to the shortest run"


def make_invariant(answer: SubmittedAnswer, name: str, says: str = "Yours.") -> Always:
    """Return the learner's invariant: `name(state)` returns what is wrong in words, or ''."""
    return Always(name, says, wrap_function(answer, name, str))


def make_goal(answer: SubmittedAnswer, name: str, says: str = "Yours.") -> Sometimes:
    """Return the learner's goal: `name(state)` is true in the states to reach."""
    return Sometimes(name, says, wrap_function(answer, name, bool))


def wrap_function(answer: SubmittedAnswer, name: str, kind: type) -> Callable[[State], Any]:
    """Return a learner's function of a state, with its errors raised as LearnerError with the state."""
    function = answer.get_function(name)

    def call(state: State) -> Any:
        try:
            value = function(state)
        except (LearnerError, AnswerError):
            raise
        except Exception as error:
            raise LearnerError(f"{name} raises {describe_exception(error)}", state) from error
        if kind is str and not isinstance(value, str):
            returned = describe_value(value)
            raise LearnerError(f"{name} returns {returned}; it should return what is wrong in words, or ''", state)
        return clean(value, SENTENCE) if kind is str else value

    return call


@lru_cache(32)  # a check asks the same for each answer, and once more for what it says about one that passes
def explore_fully(machine: Scripts | AnyHost | Scene, *properties: Property) -> Report:
    """Check properties in all states of a machine. Raise ExerciseError if it has more states than an exercise may."""
    report = explore(Scripts(machine) if isinstance(machine, Scene) else machine, properties, ENOUGH)
    if any(result.verdict == INCOMPLETE for result in report.answers):
        raise ExerciseError(f"a check did not look at all states: {report.stopped}")
    return report


def is_reached(report: Report, name: str) -> bool:
    """Return True if the exploration found a run that reaches or violates the property of this name."""
    return next(result.verdict for result in report.answers if result.prop.name == name) in (EXAMPLE, VIOLATED)


def show_answer(machine: Scripts | AnyHost | Scene, report: Report, number: int = 0) -> RunFields:
    """Return the fields of a verdict that show the run behind an answer of a report; none if it has no run."""
    answer = report.answers[number]
    if answer.run is None:
        return {}
    explored = Scripts(machine) if isinstance(machine, Scene) else machine
    setup = len(explored.scene.setup) if isinstance(explored, Scripts) else 0
    run = traced(explored, answer.run)
    return show_run(run, setup, find_page(answer.reason, run))


def find_page(reason: str, run: Trace) -> str:
    """Return the page that a fault is about in its own words, '' if the run has no such page."""
    named = re.search(r"\bpage '?([a-z]+[\d.]*\d)", reason)
    return named[1] if named and re.search(rf"\b{re.escape(named[1])}\b", str(run)) else ""


def check_fix(kernel: Revision, functions: dict[str, Callable[..., Any]]) -> Verdict:
    """Check a kernel with a learner's functions in place of its own, as `judge_fix` does; a refusal shows its run."""
    judgement = judge_fix(kernel._replace(functions={**kernel.functions, **functions}))
    fields: RunFields = show_objection(judgement.objections[0]) if judgement.objections else {}
    return Verdict(judgement.accepted, f"{judgement.sentence.rstrip('.')}.", describe_judgement(judgement, kernel),
                   **fields)


def show_objection(objection: Objection) -> RunFields:
    """Return the fields of a verdict that show an objection's run; as text if it is recorded or has no picture."""
    outcome = objection.outcome
    fields = show_run(outcome.trace, outcome.setup) if outcome else {}
    return fields if "along" in fields else {**fields, "details": objection.rows or fields.get("trace", "")}


def describe_judgement(judgement: Judgement, kernel: Revision) -> str:
    """Return how far the judge looked: each question is asked only if none before it has an objection."""
    if not judgement.states:
        return WAITING
    orders = f"{judgement.states:,} states: every order of every race and of every good run"
    ways = f"{orders}; the way home from every state of the races"
    lives = f"{ways}; {count(count_fitting_lives(kernel.name), 'recording')} of real kernels, played to the end"
    if not judgement.objections:
        return f"{lives}; each rewritten call made alone"
    first = judgement.objections[0]
    if first.rows:
        return f"{ways}; recordings of real kernels, up to this one"
    if first.outcome and first.outcome.kind == ALONE:
        return f"{lives}; rewritten calls made alone, up to this one"
    is_lost = first.outcome and first.outcome.kind == LOST and first.about not in {run.name for run in GOOD_RUNS}
    return f"{orders}; ways home, up to this loss" if is_lost else orders


def play_every_order(scene: Scene) -> list[Story]:
    """Return all orders of a small scene, each played to its end. Raise ExerciseError if there are too many."""
    finished, unfinished = [], [play(scene)]
    while unfinished:
        story = unfinished.pop()
        successors = [longer for cpu in range(len(scene.scripts)) if (longer := story.then(cpu))]
        unfinished += successors
        finished += [] if successors else [story]
        if len(finished) > CLICKS:
            raise ExerciseError(f"the bench {scene.name} has too many orders to look at each")
    return finished


def replace_functions(scene: Scene, functions: dict[str, Callable[..., Any]]) -> Scene:
    """Return a scene whose kernel has a learner's functions in place of its own."""
    kernel = scene.revision
    return replace(scene, revision=watch(kernel._replace(functions={**kernel.functions, **functions})))


def explore_rewritten(scene: Scene, *properties: Property) -> Report:
    """Check properties in all states of a scene with a learner's functions.

    Raise LearnerError if a function fails, and Spinning if it waits under a lock.
    """
    with errors_as_learner_errors(scene.revision):
        return explore_fully(scene, *properties)
