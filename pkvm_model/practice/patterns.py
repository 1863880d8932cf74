"""The kinds of checks: what was predicted, broken, said or mended, beside what the model does."""
from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

from ..explore.check import (EMPTY, EXAMPLE, HOLDS, INCOMPLETE, VIOLATED, Always, Limits, Property, Report, Sometimes,
                             explore)
from ..explore.fixes import Judgement, LearnerError, blamed_on_functions, judge_fix, watched
from ..explore.machines import AnyHost, Scripts
from ..explore.traces import trace as traced
from ..graphs.hunt import count
from ..graphs.sequence import Sequence
from ..model.revisions import Revision
from ..model.state import State
from ..model.steps import Call
from ..model.trace import Trace, TraceError, parse, show_header
from ..scenes import Scene
from ..show.story import Story, play
from .answer import SubmittedAnswer
from .exercises import ExerciseError
from .verdict import NotYet, Verdict

ENOUGH = Limits(states=200_000)
"""No exercise looks at so many states."""
CLICKS = 200
"""No bench of an exercise has so many steps."""
WAITING = "1 order, up to where it waits for ever"
"""How far was looked where a call waits under a lock that another one needs."""
FOREIGN = "This trace is not of this bench: kernel, machine or calls differ. Copy it from there."


def check_prediction(answer: SubmittedAnswer, truth: Mapping[str, str | Collection[str]], looked_at: str = "",
              shown: Story | Trace | None = None) -> Verdict:
    """Compare choices with what the model does: `truth` has the option that it chooses for each name, or several.

    `shown` is the run that shows it; it is part of the answer, so it is given away only to those who have it. Raises
    ExerciseError if the model chooses something that is no option, nothing, or everything.
    """
    options = answer.exercise.options
    right = {name: {ones} if isinstance(ones, str) else {*ones} for name, ones in truth.items()}
    for name in {**options, **right}:
        if not right.get(name) or not right[name] < {*options.get(name, ())}:
            raise ExerciseError(f"{answer.exercise.id}: for {name} the model says {right.get(name)}, "
                                f"of the options {[*options.get(name, ())]}")
    given = {name: answer.get_choice(name) for name in options}
    wrong = next((name for name in options if given[name] not in right[name]), "")
    if wrong:
        return Verdict(False, options[wrong][given[wrong]], looked_at, about=wrong if len(options) > 1 else "")
    told = " ".join(options[name][given[name]] for name in options)
    return Verdict(True, told, looked_at, **show_run(shown))


def describe_outcome(story: Story) -> str:
    """What the last step of a story answers, as the options have it: a result, or that nobody gets one."""
    last = story.outcomes[-1]
    return "nothing: the machine ends" if last.startswith("! EL2_PANIC") else last.removeprefix("= ")


def select_true(statements: Mapping[str, object]) -> set[str]:
    """The options that are true, of those that the model was asked about."""
    return {option for option, holds in statements.items() if holds}


def show_run(run: Story | Trace | None, setup: int = 0) -> dict[str, Any]:
    """A run as the fields of a verdict that show it; its first `setup` lines only lead to it."""
    if run is None:
        return {}
    trace = run.trace if isinstance(run, Story) else run
    before = len(run.scene.setup) if isinstance(run, Story) else setup
    title = run.scene.title if isinstance(run, Story) else "The shortest run"
    try:
        along = Sequence(trace, title, before).value("exercise-run")
    except ValueError:
        return {"trace": str(trace)}  # it is too long for a picture, or has no step
    return {"trace": str(trace), "along": along}


def check_violation(answer: SubmittedAnswer, scene: Scene, asked: tuple[Always, ...], not_so: Callable[[Story], str],
           name: str = "run") -> Verdict:
    """Look whether the learner's steps break a property: `name` holds CPU numbers, or a trace text from the bench.

    `not_so` says what a run that breaks nothing shows. The fewest steps there are come from the explorer.
    """
    story = play_steps(scene, answer.get_value(name))
    reason = next(filter(None, (find_violation(story, one) for one in asked)), "")
    if not reason:
        return Verdict(False, not_so(story), "1 run, yours", steps=len(story.steps), **show_run(story))
    report = explore(Scripts(scene), asked, ENOUGH)
    fewest = min(len(found.run) for found in report.answers if found.run is not None)
    mine = len(story.steps)
    rest = "that is the fewest there are" if mine <= fewest else f"the fewest is {fewest}"
    told = f"Broken in {count(mine, 'step')}; {rest}. {make_sentence(reason)}"
    return Verdict(True, told, describe_coverage(report), steps=mine, fewest=fewest, **show_run(story))


def play_steps(scene: Scene, given: object) -> Story:
    """The story of the learner's steps on a bench. Raises NotYet where they are none."""
    cpus = read_cpus(scene, given) if isinstance(given, str) else given
    if not isinstance(cpus, list | tuple) or not all(type(cpu) is int for cpu in cpus) or not cpus:
        raise NotYet("Write the CPUs in the order in which you clicked, as in [0, 1, 1], or a trace from the bench.")
    if absent := [cpu for cpu in cpus if not 0 <= cpu < len(scene.scripts)]:
        raise NotYet(f"There is no CPU {absent[0]} on this bench; it has CPU 0 to {len(scene.scripts) - 1}.")
    if len(cpus) > CLICKS:
        raise NotYet(f"These are {len(cpus)} steps; the bench has none after {CLICKS}.")
    try:
        story = play(scene, *cpus)
    except ValueError as error:
        told = f"{make_sentence(str(error))} Step it on the bench and copy what you did."
        raise NotYet(FOREIGN if isinstance(given, str) else told) from None
    if isinstance(given, str) and list_calls(parse(given)) != list_calls(story.trace):
        raise NotYet(FOREIGN)
    return story


def list_calls(trace: Trace) -> list[Call | None]:
    """The calls of a trace in their order, None for each step with which one goes on."""
    return [line.call for line in trace.lines]


def read_cpus(scene: Scene, text: str) -> list[int]:
    """The CPUs that stepped in a trace of this bench. Raises NotYet for a trace of something else."""
    try:
        given = parse(text)
    except TraceError as error:
        raise NotYet(f"This is no trace: {error}. Copy it from the bench with Copy trace.") from None
    setup = scene.trace()
    same = show_header(given.revision, given.config) == show_header(setup.revision, setup.config)
    if not same or given.lines[:len(setup.lines)] != setup.lines:
        raise NotYet(FOREIGN)
    return [line.cpu for line in given.lines[len(setup.lines):]]


def find_violation(story: Story, asked: Always) -> str:
    """Why a property is broken somewhere along a story, '' if it is not."""
    before = story.scene.start()
    for step, _ in story.steps:
        reason = (asked.broken and asked.broken(step.state)) or (asked.broken_by and asked.broken_by(before, step))
        if reason:
            return str(reason)
        before = step.state
    return ""


def describe_coverage(*reports: Report) -> str:
    """How far was looked, exactly: at all states, or at those up to a shortest run."""
    seen = sum(report.states for report in reports)
    if all(report.complete for report in reports):
        return f"{seen:,} of {seen:,} states"
    return f"{count(seen, 'state')}, up to the shortest run"


def make_sentence(text: str) -> str:
    """The text with a full stop, and a capital unless it begins with a name such as vCPU."""
    first = text[:1].upper() if text.partition(" ")[0].islower() else text[:1]
    return f"{first}{text[1:].rstrip('.')}." if text else ""


def make_invariant(answer: SubmittedAnswer, name: str, says: str = "Yours.") -> Always:
    """A learner's invariant: `name(state)` gives what is wrong, in words, or ''."""
    return Always(name, says, wrap_function(answer, name, str))


def make_goal(answer: SubmittedAnswer, name: str, says: str = "Yours.") -> Sometimes:
    """A learner's goal: `name(state)` is true of the states that are to be reached."""
    return Sometimes(name, says, wrap_function(answer, name, bool))


def wrap_function(answer: SubmittedAnswer, name: str, kind: type) -> Callable[[State], Any]:
    """A learner's function over states; what goes wrong in it is reported as theirs, with the state."""
    function = answer.get_function(name)

    def asked(state: State) -> Any:
        try:
            found = function(state)
        except Exception as error:
            raise LearnerError(f"{name} raises {type(error).__name__}: {error}", state) from error
        if kind is str and not isinstance(found, str):
            raise LearnerError(f"{name} gives {found!r:.60}; it should give what is wrong in words, or ''", state)
        return found

    return asked


def explore_fully(machine: Scripts | AnyHost | Scene, *asked: Property) -> Report:
    """Ask about all states of a machine. Raises ExerciseError where there are more than an exercise should have."""
    report = explore(Scripts(machine) if isinstance(machine, Scene) else machine, asked, ENOUGH)
    if any(answer.verdict == INCOMPLETE for answer in report.answers):
        raise ExerciseError(f"a check did not look at all states: {report.stopped}")
    return report


def is_reached(report: Report, name: str) -> bool:
    """True if what the question of this name asks for was found."""
    return next(found.verdict for found in report.answers if found.asked.name == name) in (EXAMPLE, VIOLATED)


def refuse_false_alarm(machine: Scripts | Scene, asked: Always, says: str) -> Verdict | None:
    """None if a learner's invariant holds where nothing is wrong, else a refusal; `says` begins its sentence."""
    found = explore_fully(machine, asked)
    if found.answers[0].verdict in (HOLDS, EMPTY):
        return None
    told = f"{says} It says: {make_sentence(found.answers[0].reason)}"
    return Verdict(False, told, describe_coverage(found), **show_answer(machine, found))


def refuse_miss(machine: Scripts | Scene, asked: Always, says: str) -> Verdict | None:
    """None if a learner's invariant is broken where something is wrong, else a refusal; `says` is its sentence."""
    found = explore_fully(machine, asked)
    return None if found.answers[0].verdict == VIOLATED else Verdict(False, says, describe_coverage(found))


def show_answer(machine: Scripts | AnyHost | Scene, report: Report, number: int = 0) -> dict[str, Any]:
    """The run that answers a question, as the fields of a verdict that show it; none where there is none."""
    run = report.answers[number].run
    if run is None:
        return {}
    asked = Scripts(machine) if isinstance(machine, Scene) else machine
    setup = len(asked.scene.setup) if isinstance(asked, Scripts) else 0
    return show_run(traced(asked, run), setup)


def check_fix(kernel: Revision, functions: dict[str, Callable[..., Any]],
              says: dict[str, str] | None = None) -> Verdict:
    """Judge a kernel with a learner's functions in the place of its own, by all races and all good runs.

    `says` gives an objection's sentence in the words of the exercise.
    """
    judged: Judgement = judge_fix(kernel._replace(functions={**kernel.functions, **functions}))
    against = judged.objections[0] if judged.objections else None
    found = against.cell if against else None
    told = judged.sentence if says is None else says.get(judged.sentence, judged.sentence)
    looked_at = f"{judged.states:,} states, all orders of all races and of all good runs" if judged.states else WAITING
    shown = show_run(found.trace, found.setup) if found else {}
    return Verdict(judged.accepted, f"{told.rstrip('.')}.", looked_at, **shown)


def accept_invariant(says: str, mine: Always, *scenes: Scene) -> Verdict:
    """Say that a learner's invariant is good, and of how many states it holds; where it is broken, a run shows that."""
    found = [(scene, explore_fully(scene, mine)) for scene in scenes]
    holds = [report for _, report in found if not is_reached(report, mine.name)]
    caught = next(((scene, report) for scene, report in found if is_reached(report, mine.name)), None)
    return Verdict(True, says, describe_coverage(*holds), **(show_answer(*caught) if caught else {}))


def play_every_order(scene: Scene) -> list[Story]:
    """All orders of a small scene, each played until nobody can step; never more than an exercise should have."""
    ended, open_ = [], [play(scene)]
    while open_:
        story = open_.pop()
        longer = [more for cpu in range(len(scene.scripts)) if (more := story.then(cpu))]
        open_ += longer
        ended += [] if longer else [story]
        if len(ended) > CLICKS:
            raise ExerciseError(f"the bench {scene.name} has too many orders to look at each")
    return ended


def replace_functions(scene: Scene, functions: dict[str, Callable[..., Any]]) -> Scene:
    """A scene in whose kernel a learner's functions stand in the place of its own."""
    kernel = scene.revision
    return replace(scene, revision=watched(kernel._replace(functions={**kernel.functions, **functions})))


def explore_rewritten(scene: Scene, *asked: Property) -> Report:
    """Ask about all states of a scene that is rewritten.

    Raises LearnerError for a function that goes wrong, and Spinning for one that waits under a lock.
    """
    with blamed_on_functions(scene.revision):
        return explore_fully(scene, *asked)
