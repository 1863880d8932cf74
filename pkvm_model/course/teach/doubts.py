"""What cannot be true in a hand-in: facts that contradict each other, the course or the model.

Runs in a hand-in are played again on the model, and choices are compared with what the model does. Learners' code is
never run: an answer is parsed as text, and only names with a plain value count.
"""
from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache

from ...model.trace import TraceError, parse
from ...practice.exercises import Exercise, load_exercises
from ...practice.judge import judge_values
from ...practice.progress import ExerciseRecord
from ...practice.verdict import Verdict
from ..learner.handin import HandIn

PlainValue = str | tuple[int, ...]


def find_doubts(hand_in: HandIn) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield each exercise of a hand-in that cannot be as it says, with the reasons."""
    for name, record in hand_in.exercises.items():
        exercise = load_exercises().get(name)
        if exercise is None:
            yield name, ("this course has no such exercise",)
        elif reasons := [*find_contradictions(exercise, record), *find_disproofs(exercise, record)]:
            yield name, tuple(dict.fromkeys(reasons))


def find_contradictions(exercise: Exercise, record: ExerciseRecord) -> Iterator[str]:
    """Yield where the facts about an exercise contradict each other."""
    if record.solved and not record.tries:
        yield "solved without a try"
    if record.solved and not record.answer:
        yield "solved without an answer"
    if record.hints > len(exercise.hints):
        yield f"{record.hints} hints, and there are {len(exercise.hints)}"
    if record.steps is not None and not record.solved:
        yield "steps of a run that did not solve it"
    if record.steps is not None and record.fewest is not None and record.steps < record.fewest:
        yield f"{record.steps} steps, and the fewest is {record.fewest}"


def find_disproofs(exercise: Exercise, record: ExerciseRecord) -> Iterator[str]:
    """Yield what the model says against a hand-in: runs are played again, choices are checked again.

    A run of code that a learner wrote is only parsed: it cannot be played without that code.
    """
    if record.trace and (error := explain_bad_trace(record.trace)):
        yield f"its run does not replay: {error}"
    elif record.solved and exercise.kind == "break it" and list_open_names(exercise) == {"run"}:
        yield from replay_run(exercise, record)
    elif record.solved and record.answer and exercise.options and not read_choices(record.answer, exercise):
        yield "solved, and its answer cannot be read as a choice"
    elif record.solved and (values := read_choices(record.answer, exercise)
                            or read_plain_values(record.answer, exercise)):
        verdict = check_again(exercise.id, values)
        if not verdict.passed:
            yield "solved, and its answer does not pass"
        elif record.trace != verdict.trace:
            yield "its run does not belong to its answer"


def explain_bad_trace(text: str) -> str:
    """Return why a text is not a trace, '' if it is one."""
    try:
        parse(text)
    except TraceError as error:
        return str(error)
    return ""


def replay_run(exercise: Exercise, record: ExerciseRecord) -> Iterator[str]:
    """Yield what is wrong with a run that is said to break something."""
    if not record.trace:
        yield "solved without a run"
        return
    verdict = check_again(exercise.id, (("run", record.trace),))
    if not verdict.tried:
        yield f"its run does not replay: {verdict.sentence.removesuffix(' Copy it from there.')}"
    elif not verdict.passed:
        yield "its run breaks nothing"
    elif record.trace != verdict.trace:
        yield "its run ends differently when replayed"
    elif record.fewest is not None and record.fewest != verdict.fewest:
        yield f"it says that the fewest steps are {record.fewest}, and they are {verdict.fewest}"
    elif record.steps is not None and verdict.fewest is not None and record.steps < verdict.fewest:
        yield f"{record.steps} steps, and the fewest is {verdict.fewest}"


def list_open_names(exercise: Exercise) -> set[str]:
    """Return the names that the place to edit assigns."""
    return {name for name, _ in parse_assignments(exercise.stub)}


def parse_assignments(text: str) -> Iterator[tuple[str, ast.expr]]:
    """Yield each name that a text assigns at its top level, parsed and not run; nothing if it is not Python."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield node.targets[0].id, node.value


def read_plain_values(answer: str, exercise: Exercise) -> tuple[tuple[str, PlainValue], ...]:
    """Return the texts and lists of numbers that an answer assigns; nothing if some of it would have to be run."""
    try:
        values = {name: ast.literal_eval(value) for name, value in parse_assignments(answer)}
    except (ValueError, TypeError, RecursionError, MemoryError):
        return ()
    plain = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    if plain.keys() != list_open_names(exercise) or not all(map(is_plain, plain.values())):
        return ()
    return tuple(plain.items())


def read_choices(answer: str, exercise: Exercise) -> tuple[tuple[str, PlainValue], ...]:
    """Return the choices in an answer as texts; nothing if a name has none, or one that would have to be run."""
    choices = dict(parse_assignments(answer))
    try:
        return tuple((name, str(ast.literal_eval(choices[name]))) for name in exercise.options)
    except (KeyError, ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return ()


def is_plain(value: object) -> bool:
    """Return True for a text, and for a tuple of numbers."""
    return isinstance(value, str) or (isinstance(value, tuple) and all(type(each) is int for each in value))


@cache
def check_again(name: str, values: tuple[tuple[str, PlainValue], ...]) -> Verdict:
    """Return what the course's own check says of plain values; cached, since most of a class have the same ones."""
    try:
        return judge_values(load_exercises()[name], dict(values))
    except Exception as error:  # One odd file must not keep a teacher from seeing the others.
        return Verdict(False, f"the check stops at it ({type(error).__name__})", tried=False)
