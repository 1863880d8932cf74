"""The gradebook: a line for each learner on the roster, under the roster's own heads, so that platforms know them.

An exercise is worth one point. A learner who handed in has 1 or 0, and no grade where the hand-in says what cannot be
true: that is for the teacher to decide. A learner who did not hand in has no grade at all.
"""
from __future__ import annotations

from collections.abc import Iterator, Sequence

from .learner import Learner
from .roster import Roster, tidy_head
from .spreadsheet import NO_GRADE

SUM = "solved"
POINTS = "    Points Possible"
"""What Canvas writes before the most points of each column."""


def list_rows(roster: Roster, learners: Sequence[Learner], exercises: Sequence[str],
              columns: Sequence[str]) -> Iterator[Sequence[object]]:
    """Yield the lines of the gradebook, heads first: some exercises, and the sum of all that the class has touched.

    Without a roster, a line has the name and the file.
    """
    yield [*(roster.heads or ("name", "file")), *columns, SUM]
    if roster.is_of_canvas:
        yield [*make_points(roster), *[1] * len(columns), len(exercises)]
    for cells, learner in match_lines(roster, learners):
        yield [*cells, *(grade(learner, name) for name in columns), sum_points(learner, exercises)]


def make_points(roster: Roster) -> list[str]:
    """Return the beginning of the line that tells Canvas how much a column is worth."""
    return [POINTS if tidy_head(head) == "student" else "" for head in roster.heads]


def match_lines(roster: Roster, learners: Sequence[Learner]) -> list[tuple[tuple[str, ...], Learner | None]]:
    """Return the beginning of each line, and the learner with a hand-in."""
    found = {learner.person: learner for learner in learners}
    return [(person.cells, found.get(person)) for person in roster.people] or [
        ((learner.name, learner.file), learner) for learner in learners]


def sum_points(learner: Learner | None, exercises: Sequence[str]) -> int | str:
    """Return a learner's points in all exercises."""
    points = [grade(learner, name) for name in exercises]
    return sum(each for each in points if isinstance(each, int)) if learner else NO_GRADE


def grade(learner: Learner | None, exercise: str) -> int | str:
    """Return a learner's point in an exercise."""
    if learner is None or learner.doubts.get(exercise):
        return NO_GRADE
    return int(learner.progress_in(exercise).solved)
