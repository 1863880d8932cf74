"""Reads a folder of hand-ins: a table, a map of who solved what, where the class is stuck, and what cannot be so.

Runs in a hand-in are played again on the model, and choices are compared with what the model does. Code that a learner
wrote is never run: an answer is read as text, and only names that were given a plain value count.
"""

import ast
import csv
import html
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from ...graphs.hunt import count
from ...model.trace import TraceError, parse
from ...practice.exercises import Exercise, load_exercises
from ...practice.judge import judge_values
from ...practice.progress import ExerciseRecord
from ...practice.verdict import Verdict
from ...show.table import Table
from .. import doctor
from ..errors import CourseError
from ..learner import handin

Value = str | tuple[int, ...]
NOT_STARTED, TRIED, SHOWN = "·", "…", "S"
LEGEND = (
    "✓ solved, with the number of hints where there were any, and how many steps more than the fewest. S the solution "
    "was shown. … tried, not solved. · not tried. ! see the list of what cannot be so."
)
LOOKS = {"✓": "#CFE8D5", SHOWN: "#FBE3B5", TRIED: "#F6CFC9", NOT_STARTED: "#F4F5F7"}
"""The grounds of the map; each cell has its sign as well. The text on them is always dark."""
CELL = "padding:3px 7px;border:1px solid #FFFFFF;color:#16191D;text-align:center;white-space:nowrap"
HEAD = "padding:3px 10px 3px 0;text-align:left;vertical-align:bottom;white-space:nowrap"
SIDEWAYS = "writing-mode:vertical-rl;transform:rotate(180deg);padding:4px 7px;text-align:left"
FIELDS = ("file", "name", "exercise", "solved", "shown", "hints", "tries", "steps", "fewest", "cannot be so")


@dataclass(frozen=True)
class Learner:
    """One hand-in: its file's name, what it says, and what in it cannot be so, by exercise."""

    file: str
    said: handin.HandIn
    faults: dict[str, tuple[str, ...]]

    @property
    def name(self) -> str:
        """The learner's name as they gave it, or that of the file."""
        return self.said.name or self.file

    def done(self, exercise: str) -> ExerciseRecord:
        """What is noted of an exercise."""
        return self.said.exercises.get(exercise, ExerciseRecord())


@dataclass(frozen=True)
class Classroom:
    """All hand-ins of a folder; `refused` are the files that are none, each with the reason."""

    learners: tuple[Learner, ...]
    refused: tuple[tuple[str, str], ...]

    @cached_property
    def exercises(self) -> list[str]:
        """The exercises that somebody touched, in the order of the course."""
        touched = {name for learner in self.learners for name in learner.said.exercises}
        return [name for name in load_exercises() if name in touched]

    def table(self) -> Table:
        """One row for each learner."""
        heads = ("learner", "solved", "hints", "shown", "tries", "file", "cannot be so")
        note = f"{count(len(self.learners), 'hand-in')}, {count(len(self.refused), 'file')} refused."
        return Table("The class", heads, [self.row(learner) for learner in self.learners], note)

    def row(self, learner: Learner) -> tuple[str, ...]:
        """One learner in numbers."""
        done = [learner.done(name) for name in self.exercises]
        numbers = (sum(one.hints for one in done), sum(one.shown for one in done), sum(one.tries for one in done))
        solved = f"{sum(one.solved for one in done)} of {len(done)}"
        return (learner.name, solved, *map(str, numbers), learner.file, str(sum(map(len, learner.faults.values()))))

    def doubts(self) -> Table:
        """Every file that is refused, and everything that cannot be so, with the reason."""
        rows = [(file, "", reason) for file, reason in self.refused]
        rows += [(learner.file, exercise, fault) for learner in self.learners
                 for exercise, faults in learner.faults.items() for fault in faults]
        return Table("What cannot be so", ("file", "exercise", "why"), rows, note=self.versions())

    def versions(self) -> str:
        """A sentence on the versions of the course, where they are not this one."""
        others = sum(learner.said.course != handin.course_version() for learner in self.learners)
        return f"Made with another version of the course: {others}; exercises may differ there." if others else ""

    def stuck(self, most: int = 8) -> Table:
        """The exercises with the most learners who tried them in vain, or were shown the solution."""
        heads = ("exercise", "tried", "solved", "not solved", "shown", "hints each")
        rows = [self.standing(name) for name in self.exercises]
        rows.sort(key=lambda row: -(int(row[3]) + int(row[4])))
        return Table("Where the class is stuck", heads, rows[:most])

    def standing(self, exercise: str) -> tuple[str, ...]:
        """One exercise in numbers."""
        done = [one for learner in self.learners if (one := learner.done(exercise)).tries or one.shown or one.hints]
        solved, shown = sum(one.solved for one in done), sum(one.shown for one in done)
        hints = f"{sum(one.hints for one in done) / len(done):.1f}" if done else "0"
        return (exercise, str(len(done)), str(solved), str(len(done) - solved), str(shown), hints)

    def heat(self) -> "Heat":
        """The map of who solved what."""
        return Heat(self)

    def csv(self) -> str:
        """A line for each learner and exercise, for a spreadsheet."""
        out = io.StringIO()
        lines = csv.writer(out, lineterminator="\n")
        lines.writerow(FIELDS)
        for learner in self.learners:
            for name in self.exercises:
                one = learner.done(name)
                facts = (one.solved, one.shown, one.hints, one.tries, one.steps, one.fewest)
                lines.writerow([*map(harmless, (learner.file, learner.name)), name, *facts,
                                harmless("; ".join(learner.faults.get(name, ())))])
        return out.getvalue()


class Heat:
    """The map of who solved what, as text and as HTML: learners down, exercises across, a sign in each cell."""

    def __init__(self, classroom: Classroom) -> None:
        """Takes the hand-ins."""
        self.classroom = classroom
        self.rows = [[sign(learner, name) for name in classroom.exercises] for learner in classroom.learners]

    def __repr__(self) -> str:
        """The same as a plain table."""
        rows = [(learner.name, *row) for learner, row in zip(self.classroom.learners, self.rows, strict=True)]
        return repr(Table("Who solved what", ("learner", *self.classroom.exercises), rows, LEGEND))

    def _repr_html_(self) -> str:
        heads = "".join(f'<th scope="col" style="{SIDEWAYS}">{name}</th>' for name in self.classroom.exercises)
        rows = "".join(self.row(learner, row) for learner, row in zip(self.classroom.learners, self.rows, strict=True))
        caption = '<caption style="text-align:left;font-weight:700">Who solved what</caption>'
        head = f'<thead><tr><th style="{HEAD}">learner</th>{heads}</tr></thead>'
        table = f'<table style="border-collapse:collapse">{caption}{head}<tbody>{rows}</tbody></table>'
        return f'<div style="overflow-x:auto">{table}</div><p>{LEGEND}</p>'

    def row(self, learner: Learner, signs: list[str]) -> str:
        """One learner's cells."""
        cells = "".join(f'<td style="{CELL};background:{LOOKS[text[0]]}">{text}</td>' for text in signs)
        return f'<tr><th scope="row" style="{HEAD}">{html.escape(learner.name)}</th>{cells}</tr>'


def sign(learner: Learner, exercise: str) -> str:
    """What is noted of a learner and an exercise, in a few characters."""
    one = learner.done(exercise)
    more = (one.steps or 0) - (one.fewest or 0)
    solved = f"✓{one.hints or ''}" + (f" +{more}" if one.steps and one.fewest and more > 0 else "")
    text = SHOWN if one.shown and not one.solved else solved if one.solved else TRIED if one.tries else NOT_STARTED
    return text + " !" * bool(learner.faults.get(exercise))


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


def read(folder: Path | str) -> Classroom:
    """Reads every JSON file in a folder and the folders in it. Raises CourseError where there is none."""
    files = sorted(Path(folder).rglob("*.json"))
    if not files:
        raise CourseError(f"there is no hand-in in {folder}: put the files that end in .json there.")
    learners, refused = [], []
    for file in files:
        name = file.relative_to(folder).as_posix()
        try:
            said = handin.read(file)
        except CourseError as error:
            refused.append((name, str(error).removeprefix(f"{file} ")))
        else:
            learners.append(Learner(name, said, dict(faults(said))))
    return Classroom(tuple(learners), tuple(refused))


def faults(said: handin.HandIn) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What cannot be so in a hand-in, by exercise."""
    for name, done in said.exercises.items():
        if name not in load_exercises():
            yield name, ("this course has no such exercise",)
        elif found := [*contradictions(load_exercises()[name], done), *disproved(load_exercises()[name], done)]:
            yield name, (*dict.fromkeys(found),)


def contradictions(exercise: Exercise, done: ExerciseRecord) -> Iterator[str]:
    """Where the facts about an exercise contradict each other."""
    if done.solved and not done.tries:
        yield "solved without a try"
    if done.solved and not done.answer:
        yield "solved without an answer"
    if done.hints > len(exercise.hints):
        yield f"{done.hints} hints, and there are {len(exercise.hints)}"
    if done.steps is not None and not done.solved:
        yield "steps of a run that did not solve it"
    if done.steps is not None and done.fewest is not None and done.steps < done.fewest:
        yield f"{done.steps} steps, and the fewest is {done.fewest}"


def disproved(exercise: Exercise, done: ExerciseRecord) -> Iterator[str]:
    """What the model says against a hand-in: runs that break something are played again, choices are compared.

    A run that belongs to code which a learner wrote is only read: it cannot be played without that code.
    """
    if done.trace and (unreadable := not_a_trace(done.trace)):
        yield f"its run does not replay: {unreadable}"
    elif done.solved and exercise.kind == "break it" and places(exercise) == {"run"}:
        yield from broken_again(exercise, done)
    elif done.solved and (chosen := plain_values(done.answer, exercise)):
        again = judged(exercise.id, chosen)
        if not again.passed:
            yield "solved, and its answer does not pass"
        elif done.trace != again.trace:
            yield "its run is not the one that goes with its answer"


def not_a_trace(text: str) -> str:
    """Why a text is no trace, '' if it is one."""
    try:
        parse(text)
    except TraceError as error:
        return str(error)
    return ""


def broken_again(exercise: Exercise, done: ExerciseRecord) -> Iterator[str]:
    """What is wrong with a run that is said to break something."""
    if not done.trace:
        yield "solved without a run"
        return
    again = judged(exercise.id, (("run", done.trace),))
    if not again.tried:
        yield f"its run does not replay: {again.sentence.removesuffix(' Copy it from there.')}"
    elif not again.passed:
        yield "its run breaks nothing"
    elif done.trace != again.trace:
        yield "its run comes out otherwise than it says"
    elif done.fewest is not None and done.fewest != again.fewest:
        yield f"it says that the fewest steps are {done.fewest}, and they are {again.fewest}"
    elif done.steps is not None and again.fewest is not None and done.steps < again.fewest:
        yield f"{done.steps} steps, and the fewest is {again.fewest}"


def places(exercise: Exercise) -> set[str]:
    """The names that the place to edit gives a value."""
    return {name for name, _ in assigned(exercise.stub)}


def assigned(text: str) -> Iterator[tuple[str, ast.expr]]:
    """Each name that a text gives a value at its top, read and not run; nothing of what Python cannot read."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield node.targets[0].id, node.value


def plain_values(answer: str, exercise: Exercise) -> tuple[tuple[str, Value], ...]:
    """What an answer chose, as texts and lists of numbers; nothing where some of it would have to be run."""
    try:
        given = {name: ast.literal_eval(value) for name, value in assigned(answer)}
    except (ValueError, TypeError, RecursionError, MemoryError):
        return ()
    plain = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
    if plain.keys() != places(exercise) or not all(map(is_plain, plain.values())):
        return ()
    return tuple(plain.items())


def is_plain(value: object) -> bool:
    """True for a text, and for some numbers."""
    return isinstance(value, str) or (isinstance(value, tuple) and all(type(each) is int for each in value))


@cache
def judged(name: str, values: tuple[tuple[str, Value], ...]) -> Verdict:
    """What the course's own check says of plain values; most of a class have the same ones."""
    try:
        return judge_values(load_exercises()[name], dict(values))
    except Exception as error:  # One odd file must not keep a teacher from seeing the others.
        return Verdict(False, f"the check stops at it ({type(error).__name__})", tried=False)


def seats(text: str) -> Table:
    """The lines that doctor gave the learners, one each: which of them can work, and which did not arrive whole."""
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    rows = [seat(number, line) for number, line in enumerate(lines, 1)]
    counts = Counter(says for _, _, says in rows)
    note = ", ".join(f"{number} × {says}" for says, number in counts.most_common())
    return Table("The seats", ("line", "machine", "can it work?"), rows, f"{note}.")


def seat(number: int, line: str) -> tuple[str, str, str]:
    """One learner's line."""
    parts = line.split(" | ")
    if not doctor.is_whole(line):
        return str(number), "", "the line is not whole: ask for it again"
    missing = next(part for part in parts if part.startswith("missing "))
    return str(number), parts[1], "yes" if missing == "missing nothing" else f"no: {missing}"
