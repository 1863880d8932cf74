"""What a learner's submission leaves in their progress, and what they may see after it."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pkvm_model.practice import progress
from pkvm_model.practice.exercises import Exercise, ExerciseError, find_exercise, load_exercises
from pkvm_model.practice.progress import ExerciseRecord
from pkvm_model.practice.submit import NOT_KEPT, ProgressNote, Submission, submit, update_record
from pkvm_model.practice.verdict import Verdict

PREDICT = find_exercise("lived-to-see")
REFUSED = Verdict(False, "Not so.", "1 run")
GOOD = Verdict(True, "So it is.", "1 run")


def make_submission(folder: Path, verdict: Verdict, record: ExerciseRecord) -> Submission:
    """Return a submission with a verdict in a copy that holds a record."""
    (folder / progress.COPY).write_text("{}")
    progress.update(folder, PREDICT.id, lambda _: record)
    return Submission(PREDICT, verdict, ProgressNote(PREDICT.id, folder))


def test_a_submission_is_judged_and_recorded(tmp_path: Path) -> None:
    (tmp_path / progress.COPY).write_text("{}")
    submission = submit(PREDICT.id, PREDICT.solution, tmp_path)
    assert submission.verdict.passed
    saved = progress.read(tmp_path)[PREDICT.id]
    assert saved == submission.note.record
    assert (saved.tries, saved.solved, saved.answer) == (1, True, PREDICT.solution)


def test_outside_a_copy_nothing_is_written_and_the_learner_is_warned(tmp_path: Path) -> None:
    submission = submit(PREDICT.id, PREDICT.stub, tmp_path)
    submission.take_hints(2)
    assert submission.note.warnings == [NOT_KEPT]
    assert submission.hints == PREDICT.hints[:2]
    assert not list(tmp_path.iterdir())


def test_an_unknown_exercise_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / progress.COPY).write_text("{}")
    with pytest.raises(ExerciseError):
        submit("lived", "", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [progress.COPY]


@pytest.mark.parametrize(("verdict", "record", "is_earned"), [
    (REFUSED, ExerciseRecord(), False), (GOOD, ExerciseRecord(), True),
    (REFUSED, ExerciseRecord(solved=True), True), (REFUSED, ExerciseRecord(shown=True), True)])
def test_the_solution_must_be_earned(tmp_path: Path, verdict: Verdict, record: ExerciseRecord, is_earned: bool) -> None:
    assert make_submission(tmp_path, verdict, record).is_solution_earned == is_earned


def test_fewer_hints_than_before_take_none_away(tmp_path: Path) -> None:
    submission = make_submission(tmp_path, REFUSED, ExerciseRecord(hints=2))
    assert submission.take_hints(1) == PREDICT.hints[:1]
    assert submission.hints == PREDICT.hints[:2]


def test_hints_disappear_once_an_answer_passes(tmp_path: Path) -> None:
    assert make_submission(tmp_path, GOOD, ExerciseRecord(hints=2)).hints == ()


def follow(exercise: Exercise) -> Iterator[Exercise]:
    """Yield the exercises that follow one, each named by the one before."""
    note = ProgressNote(exercise.id, Path("/"))
    following = Submission(exercise, GOOD, note).next_exercise
    if following:
        yield following
        yield from follow(following)


def test_the_main_road_leads_along_all_of_itself() -> None:
    first, *rest = [each for each in load_exercises().values() if each.road == "main"]
    assert [*follow(first)] == rest


def test_more_practice_leads_on_to_whatever_comes_next() -> None:
    course = [*load_exercises().values()]
    place, one = next((place, each) for place, each in enumerate(course) if each.road == "more")
    assert next(follow(one)) == course[place + 1]


def test_a_later_try_does_not_replace_a_right_answer() -> None:
    solved = update_record(ExerciseRecord(), GOOD, "right")
    assert update_record(solved, REFUSED, "worse") == solved._replace(tries=2)


def test_of_two_right_runs_the_shorter_one_is_kept() -> None:
    record = ExerciseRecord()
    for number in (6, 4, 5):
        verdict = Verdict(True, "So.", trace=f"run {number}", steps=number, fewest=4)
        record = update_record(record, verdict, f"answer {number}")
    assert record == ExerciseRecord(3, solved=True, steps=4, fewest=4, answer="answer 4", trace="run 4")


def test_damaged_progress_is_put_aside_and_the_learner_is_told(tmp_path: Path) -> None:
    (tmp_path / progress.COPY).write_text("{}")
    (tmp_path / progress.NAME).write_text("{")
    note = ProgressNote(PREDICT.id, tmp_path)
    note.change(lambda record: record._replace(tries=1))
    (warning,) = note.warnings
    assert warning.startswith("progress.json: it is damaged (")


def test_progress_of_a_newer_course_stays_and_the_learner_is_told(tmp_path: Path) -> None:
    (tmp_path / progress.COPY).write_text("{}")
    (tmp_path / progress.NAME).write_text('{"version": 2, "exercises": {}}')
    note = ProgressNote(PREDICT.id, tmp_path)
    note.change(lambda record: record._replace(tries=1))
    (warning,) = note.warnings
    assert warning.startswith("Your progress is not saved, since progress.json cannot be used: it is of version 2, ")
    assert (tmp_path / progress.NAME).read_text() == '{"version": 2, "exercises": {}}'
