"""Progress moves from one machine to another: it is handed in, imported and shown."""
from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from pkvm_model import lesson
from pkvm_model.course import cli
from pkvm_model.course.errors import CourseError
from pkvm_model.course.learner import handin, my_work, show_progress, update
from pkvm_model.course.learner.import_progress import import_progress
from pkvm_model.practice import progress, quizzes
from pkvm_model.practice.notebook import extract_answer, make_notebook
from pkvm_model.practice.progress import ExerciseRecord, choose_better
from tests.course.copies import EXERCISES, Course

SOLVED = ExerciseRecord(3, 1, solved=True, steps=5, fewest=4, answer="run = [1, 0, 1, 0]", trace="pkvm-trace 1 v1\n")
EXERCISE = "exercises/find-the-hole.ipynb"


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """Return a small course, of which a learner has a copy."""
    course = Course(tmp_path / "here")
    my_work.make_copy(course.copy)
    return course


@pytest.fixture
def there(tmp_path: Path) -> Course:
    """Return the same course on another machine, where one exercise is solved."""
    course = Course(tmp_path / "there")
    my_work.make_copy(course.copy)
    progress.update(course.copy.folder, "find-the-hole", lambda _: SOLVED)
    return course


@pytest.fixture
def file(there: Course, tmp_path: Path) -> Path:
    """Return the hand-in from the other machine."""
    handin.write(handin.collect(there.copy), tmp_path / "there.json")
    return tmp_path / "there.json"


def read_answer(course: Course, name: str = EXERCISE) -> str | None:
    """Return the answer in a notebook."""
    return extract_answer((course.copy.folder / name).read_bytes(), "find-the-hole")


def write(course: Course, text: str) -> None:
    """Write an answer to the exercise."""
    exercise = my_work.read_exercises(course.copy.exercises)[EXERCISE]
    (course.copy.folder / EXERCISE).write_bytes(make_notebook(exercise, text))


def test_a_hand_in_has_what_was_tried_and_not_what_was_only_opened(there: Course) -> None:
    progress.update(there.copy.folder, "say-it", lambda done: done)
    handed = handin.collect(there.copy, "Ada")
    assert handed == ("Ada", handin.digest_course(there.copy.exercises), {"find-the-hole": SOLVED})


def test_an_empty_hand_in_is_refused(course: Course) -> None:
    with pytest.raises(CourseError, match=r"nothing to hand in yet\. Run the last cell of an exercise"):
        handin.collect(course.copy)


def test_a_hand_in_overwrites_only_an_older_hand_in(there: Course, file: Path) -> None:
    handin.write(handin.collect(there.copy, "Ada"), file)
    assert handin.read(file).name == "Ada"
    file.write_text("my notes")
    with pytest.raises(CourseError, match=r"already exists and is not a hand-in\. Choose another name with -o"):
        handin.write(handin.collect(there.copy), file)
    assert file.read_text() == "my notes"


def test_an_answer_that_is_too_long_is_not_handed_in(there: Course, tmp_path: Path) -> None:
    progress.update(there.copy.folder, "say-it", lambda _: ExerciseRecord(1, answer="x" * 100_001))
    with pytest.raises(CourseError, match=r"at most 100,000 characters, not .*\. Shorten it"):
        handin.write(handin.collect(there.copy), tmp_path / "long.json")


def test_an_answer_goes_into_an_untouched_notebook(course: Course, file: Path) -> None:
    lines = list(import_progress(file, course.copy))
    assert lines == ["find-the-hole: the answer is in exercises/find-the-hole.ipynb",
                    f"Progress of 1 exercise is imported; 1 is solved now. {update.RELOAD}"]
    assert read_answer(course) == SOLVED.answer
    assert progress.read(course.copy.folder) == {"find-the-hole": SOLVED}


def test_an_answer_is_put_beside_the_learners_own(course: Course, file: Path) -> None:
    write(course, "mine")
    for _ in range(2):
        list(import_progress(file, course.copy))
    beside = sorted(path.name for path in (course.copy.folder / "exercises").glob("*-imported-*"))
    assert (read_answer(course), beside) == ("mine", ["find-the-hole-imported-1.ipynb"])
    assert read_answer(course, "exercises/find-the-hole-imported-1.ipynb") == SOLVED.answer


def test_the_learners_own_answer_is_not_put_beside_itself(there: Course, file: Path) -> None:
    progress.update(there.copy.folder, "find-the-hole", lambda done: done._replace(answer=f"{done.answer}\n"))
    write(there, SOLVED.answer)
    handin.write(handin.collect(there.copy), file)
    assert len(list(import_progress(file, there.copy))) == 1
    assert not list((there.copy.folder / "exercises").glob("*-imported-*"))


def test_an_answer_replaced_by_a_better_one_is_kept_in_a_notebook(course: Course, file: Path) -> None:
    progress.update(course.copy.folder, "find-the-hole", lambda _: ExerciseRecord(1, answer="mine"))
    list(import_progress(file, course.copy))
    assert read_answer(course, "exercises/find-the-hole-imported-1.ipynb") == "mine"


def test_a_progress_file_can_be_imported(course: Course, there: Course) -> None:
    list(import_progress(there.copy.folder / progress.NAME, course.copy))
    assert progress.read(course.copy.folder) == {"find-the-hole": SOLVED}


def test_progress_of_unknown_exercises_is_kept(course: Course, there: Course, file: Path) -> None:
    (there.copy.folder / progress.NAME).write_text('{"version": 1, "exercises": {"to-come": {"tries": 2}}}')
    handin.write(handin.collect(there.copy), file)
    line, _ = import_progress(file, course.copy)
    assert line == "to-come: your course has no such exercise. Its progress is kept."
    assert progress.read(course.copy.folder) == {"to-come": ExerciseRecord(2)}


def pack(folder: Path, file: Path) -> Path:
    """Pack a copy into an archive, as a learner does who moves to another machine."""
    with zipfile.ZipFile(file, "w") as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            archive.write(path, f"my_work/{path.relative_to(folder).as_posix()}")
    return file


def test_a_whole_copy_is_imported_with_answers_that_were_never_checked(course: Course, there: Course,
                                                                       tmp_path: Path) -> None:
    exercise = my_work.read_exercises(there.copy.exercises)["exercises/say-it.ipynb"]
    (there.copy.folder / "exercises/say-it.ipynb").write_bytes(make_notebook(exercise, "half an answer"))
    quizzes.keep(there.copy.folder, {"quiz-a 1": "0 1", "quiz-b 2": "2"})
    quizzes.keep(course.copy.folder, {"quiz-a 1": "0", "quiz-b 2": "1"})
    lines = list(import_progress(pack(there.copy.folder, tmp_path / "copy.zip"), course.copy))
    assert lines[0] == "say-it: the answer is in exercises/say-it.ipynb"
    assert lines[1] == "find-the-hole: the answer is in exercises/find-the-hole.ipynb"
    assert extract_answer((course.copy.folder / "exercises/say-it.ipynb").read_bytes(), "say-it") == "half an answer"
    assert quizzes.read(course.copy.folder) == {"quiz-a 1": "0 1", "quiz-b 2": "1"}


def test_what_the_course_gave_out_is_no_answer(course: Course, there: Course, tmp_path: Path) -> None:
    """The other copy comes from an older course, in which an exercise began with another text."""
    course.write_exercise("say-it", stub="answer = ...  # newer")
    there.write_exercise("lived-to-see", stub="answer = ...  # older")
    list(update.update((), there.copy))
    lines = list(import_progress(pack(there.copy.folder, tmp_path / "copy.zip"), course.copy))
    assert len(lines) == 2  # the answer that was solved, and the summary
    assert not list((course.copy.folder / "exercises").glob("*-imported-*"))


def test_an_answer_that_lies_beside_another_is_imported_beside_it(course: Course, there: Course,
                                                                  tmp_path: Path) -> None:
    exercise = my_work.read_exercises(there.copy.exercises)["exercises/say-it.ipynb"]
    for name, text in (("say-it-imported-1", "other"), ("say-it", "current")):
        (there.copy.folder / f"exercises/{name}.ipynb").write_bytes(make_notebook(exercise, text))
    list(import_progress(pack(there.copy.folder, tmp_path / "copy.zip"), course.copy))
    kept = [extract_answer((course.copy.folder / f"exercises/{name}.ipynb").read_bytes(), "say-it")
            for name in ("say-it", "say-it-imported-1")]
    assert kept == ["current", "other"]


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"version": 2, "exercises": {}}', '{"version": 1, "exercises": [1]}',
                                  '{"version": 1, "exercises": {"../x": {}}}', '{"format": 1}', "__import__('os')",
                                  '{"version": 1, "exercises": {"x": {"answer": 1}}}'])
def test_any_other_file_is_refused_and_changes_nothing(text: str, course: Course, file: Path) -> None:
    file.write_text(text)
    with pytest.raises(CourseError, match=r"is neither a hand-in nor progress of this course: .+[.]$"):
        list(import_progress(file, course.copy))
    assert not (course.copy.folder / progress.NAME).exists()


@pytest.mark.parametrize(("mine", "theirs", "kept"), [
    (ExerciseRecord(5, 3, answer="a"), ExerciseRecord(1, solved=True, answer="b"),
     ExerciseRecord(5, 3, solved=True, answer="b")),
    (ExerciseRecord(1, solved=True, steps=4, answer="a"), ExerciseRecord(9, solved=True, steps=5, answer="b"),
     ExerciseRecord(9, solved=True, steps=4, answer="a")),
    (ExerciseRecord(1, answer="a"), ExerciseRecord(2, 1, shown=True, answer="b"),
     ExerciseRecord(2, 1, shown=True, answer="b")),
    (ExerciseRecord(2, answer="a"), ExerciseRecord(2, answer="b"), ExerciseRecord(2, answer="a")),
    (ExerciseRecord(hints=2), ExerciseRecord(1, answer="b"), ExerciseRecord(1, 2, answer="b"))])
def test_the_better_of_two_records_is_kept(mine: ExerciseRecord, theirs: ExerciseRecord, kept: ExerciseRecord) -> None:
    assert choose_better(mine, theirs) == kept


def test_the_table_has_every_exercise_and_what_to_do_next(there: Course) -> None:
    shown = str(show_progress.make_table(there.copy)).splitlines()
    assert shown[0] == "1 of 3 exercises solved"
    assert [line.split() for line in shown[3:7]] == [["05-one-shot", "1", "of", "3"],
                                                     ["find-the-hole", "solved", "3", "1", "5", "4"],
                                                     ["lived-to-see", "open"],
                                                     ["say-it", "open"]]
    assert shown[-1].startswith("Next: The title, 10 minutes, in exercises/lived-to-see.ipynb of your copy.")


def test_next_is_what_was_begun_and_finally_the_hand_in(there: Course) -> None:
    progress.update(there.copy.folder, "say-it", lambda _: ExerciseRecord(1))
    assert "say-it.ipynb" in show_progress.make_table(there.copy).note
    for name in EXERCISES:
        progress.update(there.copy.folder, name, lambda _: SOLVED)
    assert show_progress.make_table(there.copy).note == "Everything is solved. To hand it in: python3 course.py handin"


def test_damaged_progress_is_reported_and_left_where_it_is(there: Course) -> None:
    (there.copy.folder / progress.NAME).write_bytes(b"\xff my notes")
    for look in (show_progress.make_table, handin.collect):
        with pytest.raises(CourseError, match=r"progress.json cannot be used: it is damaged \(.+\). If you rename it"):
            look(there.copy)
    assert (there.copy.folder / progress.NAME).read_bytes() == b"\xff my notes"


def test_a_notebook_shows_the_same_progress_and_says_so_if_it_cannot(there: Course,
                                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(there.copy.folder / "exercises")
    shown = lesson.progress()
    solved = {exercise["file"]: exercise["facts"] for chapter in shown.report["chapters"]
              for exercise in chapter["exercises"] if exercise["state"] == "solved"}
    assert solved == {"../exercises/find-the-hole.ipynb": "3 tries, 1 hint, 5 steps, fewest possible: 4"}
    (there.copy.folder / progress.NAME).write_text("{")
    assert shown.answer({"look": True})["caption"] == "Your progress cannot be read"


@pytest.fixture
def as_mine(there: Course, monkeypatch: pytest.MonkeyPatch) -> Course:
    """Make the commands work in the small course."""
    usual: Callable[[], my_work.CopyPaths] = lambda: there.copy  # noqa: E731  # it stands for a class
    for module in (my_work, show_progress, handin):
        monkeypatch.setattr(module, "CopyPaths", usual)
    return there


def test_the_commands_do_what_their_functions_do(as_mine: Course, tmp_path: Path,
                                                 capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "ada.json"
    as_mine.write_exercise("say-it", task="new")
    commands = [["progress"], ["update", "say-it"], ["reset", "say-it"], ["handin", "--name=Ada", "-o", str(file)],
                ["import", str(file)]]
    assert [cli.run_inside(command) for command in commands] == [0] * len(commands)
    output = capsys.readouterr().out
    assert "exercises/say-it: updated.\n" in output
    assert f"{file}: 1 exercise, 1 of them solved. Send it to the person who asked for it.\n" in output
    assert handin.read(file).name == "Ada"
