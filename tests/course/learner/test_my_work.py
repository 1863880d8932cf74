"""The learner's copy is made once, never overwritten, and updated only on request."""
from __future__ import annotations

import json
import os
import re
from os.path import normpath
from pathlib import Path
from typing import Any

import pytest

from pkvm_model.course.errors import CourseError
from pkvm_model.course.learner import digests, my_work, start
from pkvm_model.course.learner.import_progress import import_progress
from pkvm_model.course.learner.reset import reset
from pkvm_model.course.learner.update import RELOAD, update
from pkvm_model.practice import progress, quizzes
from pkvm_model.practice.notebook import make_code_cell
from pkvm_model.practice.progress import ExerciseRecord
from pkvm_model.schema import JSON
from tests.course.copies import CHAPTERS, EXERCISES, Course

CHAPTER, EXERCISE = "05-one-shot.ipynb", "exercises/find-the-hole.ipynb"


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """Return a small course, of which a learner has a copy."""
    course = Course(tmp_path)
    assert my_work.make_copy(course.copy) == []
    return course


@pytest.fixture
def mine(course: Course) -> Path:
    """Return the folder of the learner's copy."""
    return course.copy.folder


def edit(path: Path, source: str, cell: int = -1) -> str:
    """Write into a cell, and return the whole file as JupyterLab would save it."""
    whole = json.loads(path.read_bytes())
    whole["cells"][cell]["source"] = source
    path.write_text(json.dumps(whole))
    return path.read_text()


def read_cell(path: Path, number: int) -> str:
    """Return the text of a cell."""
    source: Any = json.loads(path.read_bytes())["cells"][number]["source"]
    return "".join(source)


def test_every_chapter_and_exercise_is_in_the_copy(mine: Path) -> None:
    names = sorted(path.relative_to(mine).as_posix() for path in mine.rglob("*") if path.is_file())
    notebooks = [f"{name}.ipynb" for name in CHAPTERS] + [f"exercises/{name}.ipynb" for name in EXERCISES]
    assert names == sorted([".course.json", ".progress.lock", *notebooks])


def test_a_course_without_notebooks_makes_no_copy_and_says_so(course: Course) -> None:
    for path in course.copy.chapters.iterdir():
        path.unlink()
    with pytest.raises(CourseError, match=r"there are no notebooks in .*, so no copy can be made"):
        my_work.make_copy(course.copy)


def test_a_chapter_links_to_the_learners_own_exercises(mine: Path) -> None:
    assert "[it](exercises/find-the-hole.ipynb)" in read_cell(mine / CHAPTER, 0)
    assert "(../05-one-shot.ipynb#Exercises)" in read_cell(mine / EXERCISE, 0)


def test_no_solution_is_in_the_copy(mine: Path) -> None:
    assert not [path for path in mine.rglob("*") if path.is_file() and "the secret" in path.read_text()]


def test_every_link_in_the_copy_leads_to_a_file_in_the_copy() -> None:
    files = my_work.OpenCopy(my_work.CopyPaths()).files
    targets = [(name, target) for name, content in files.items() for text in digests.read_cells(content).values()
               for target in re.findall(r"\]\(([\w./-]+\.(?:ipynb|md))", text)]
    assert len(targets) > len(files)
    assert not [(name, target) for name, target in targets if normpath(Path(name).parent / target) not in files]


def test_a_second_start_writes_nothing(course: Course, mine: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in mine.rglob("*")}
    assert my_work.make_copy(course.copy) == []
    assert {path: path.stat().st_mtime_ns for path in mine.rglob("*")} == before


def test_news_is_reported_each_time_and_applied_only_on_request(course: Course, mine: Path) -> None:
    written = edit(mine / EXERCISE, "%%answer find-the-hole\nmy answer")
    course.write_exercise("find-the-hole", task="new", bench="2")
    course.write_chapter("05-one-shot", "new")
    for _ in range(2):
        assert my_work.make_copy(course.copy) == [
            "05-one-shot: the course has a newer version (1 of 2 cells).",
            "exercises/find-the-hole: the course has a newer version (task, bench).",
            "Yours is kept. To get what is new: python3 course.py update; "
            "to get only some of it: python3 course.py update 05-one-shot",
        ]
    assert (mine / EXERCISE).read_text() == written


def test_changed_hints_are_not_news_since_they_come_from_the_course(course: Course) -> None:
    course.write_exercise("find-the-hole", hint="Another one.")
    assert my_work.make_copy(course.copy) == []


def test_changed_outputs_are_reported_as_such(course: Course) -> None:
    course.write_chapter("05-one-shot", shows="new")
    sentence, _ = my_work.make_copy(course.copy)
    assert "(the output of its cells)" in sentence


@pytest.mark.parametrize("at", ["course", "copy"])
def test_other_line_ends_are_no_news(course: Course, mine: Path, at: str) -> None:
    chapter = course.copy.chapters / "05-one-shot.ipynb"
    chapter.write_text(json.dumps(json.loads(chapter.read_text()), indent=1))
    assert list(update((), course.copy)) == ["05-one-shot: updated.", RELOAD]
    path = chapter if at == "course" else mine / chapter.name
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert my_work.make_copy(course.copy) == []
    assert list(update((), course.copy)) == ["The course has nothing newer. Your copy stays as it is."]


def test_a_new_exercise_appears(course: Course, mine: Path) -> None:
    course.write_exercise("mend-it")
    assert my_work.make_copy(course.copy) == []
    assert (mine / "exercises" / "mend-it.ipynb").is_file()


def test_an_update_replaces_untouched_files(course: Course, mine: Path) -> None:
    course.write_exercise("find-the-hole", task="new")
    assert list(update((), course.copy)) == ["exercises/find-the-hole: updated.", RELOAD]
    assert read_cell(mine / EXERCISE, 1) == "new"
    assert not (mine / my_work.ASIDE).exists()


def test_an_update_keeps_changed_files_and_carries_the_answer_over(course: Course, mine: Path) -> None:
    written = edit(mine / EXERCISE, "%%answer find-the-hole\nmy answer")
    course.write_exercise("find-the-hole", task="new", stub="answer = ...  # other")
    line, _ = update((), course.copy)
    aside = "put-aside/find-the-hole-1.ipynb"
    assert line == f"exercises/find-the-hole: updated, with your answer. Your version: {aside}"
    assert (mine / aside).read_text() == written
    assert read_cell(mine / EXERCISE, 1) == "new"
    assert read_cell(mine / EXERCISE, -1) == "%%answer find-the-hole\nmy answer"
    assert my_work.make_copy(course.copy) == []


def test_an_untouched_stub_gives_way_to_the_new_stub(course: Course, mine: Path) -> None:
    edit(mine / EXERCISE, "my bench", cell=2)
    course.write_exercise("find-the-hole", stub="answer = ...  # other")
    assert "with your answer" not in next(update((), course.copy))
    assert read_cell(mine / EXERCISE, -1) == "%%answer find-the-hole\nanswer = ...  # other"


@pytest.mark.parametrize("content", ["", "{", "[]", '{"cells": []}', '{"cells": [{"id": 1}]}', "\xff", "[" * 9999])
def test_a_damaged_notebook_is_put_aside_and_replaced(content: str, course: Course, mine: Path) -> None:
    (mine / EXERCISE).write_text(content)
    course.write_exercise("find-the-hole", task="new")
    list(update((), course.copy))
    assert (mine / my_work.ASIDE / "find-the-hole-1.ipynb").read_text() == content
    assert read_cell(mine / EXERCISE, 1) == "new"


def test_half_a_character_in_an_answer_stays_in_the_notebook_put_aside(course: Course, mine: Path) -> None:
    written = edit(mine / EXERCISE, "%%answer find-the-hole\nanswer = '\ud800'")
    course.write_exercise("find-the-hole", task="new")
    assert next(update((), course.copy)).startswith("exercises/find-the-hole: updated. Your version:")
    assert (mine / my_work.ASIDE / "find-the-hole-1.ipynb").read_text() == written


def test_an_answer_in_two_cells_is_kept_and_its_marked_cell_carried_over(course: Course, mine: Path) -> None:
    whole = json.loads((mine / EXERCISE).read_bytes())
    whole["cells"][-1:] = [make_code_cell("a", "%%answer find-the-hole\nfirst = 1"), make_code_cell("b", "second = 2")]
    (mine / EXERCISE).write_text(json.dumps(whole))
    course.write_exercise("find-the-hole", task="new")
    list(update((), course.copy))
    assert read_cell(mine / EXERCISE, -1).endswith("first = 1")
    assert "second = 2" in (mine / my_work.ASIDE / "find-the-hole-1.ipynb").read_text()


def test_an_update_of_one_file_leaves_the_others_alone(course: Course, mine: Path) -> None:
    for name in EXERCISES:
        course.write_exercise(name, task="new")
    assert next(update(["my_work/exercises/say-it.ipynb"], course.copy)) == "exercises/say-it: updated."
    assert len([line for line in my_work.make_copy(course.copy) if "newer" in line]) == len(EXERCISES) - 1


def test_an_unknown_name_is_refused_and_a_similar_one_suggested(course: Course) -> None:
    with pytest.raises(CourseError, match=r"no chapter or exercise 'find-the-hol'\. Did you mean find-the-hole\?"):
        list(update(["find-the-hol"], course.copy))
    with pytest.raises(CourseError, match=r"no chapter or exercise 'x'\. python3 course\.py progress lists them\."):
        list(update(["x"], course.copy))


@pytest.mark.parametrize(("text", "name"), [
    ("twice", "exercises/twice.ipynb"),
    ("exercises/twice", "exercises/twice.ipynb"),
    ("twice.ipynb", "twice.ipynb"),
    ("./my_work/exercises/twice.ipynb", "exercises/twice.ipynb"),
    ("exercises/twice.md", "exercises/twice.ipynb"),
    ("my_work\\exercises\\twice.ipynb", "exercises/twice.ipynb"),
    ("05-one-shot", "05-one-shot.ipynb")])
def test_an_exercise_and_a_chapter_may_share_a_name(text: str, name: str, course: Course) -> None:
    course.write_chapter("twice")
    course.write_exercise("twice")
    copy = my_work.OpenCopy(course.copy)
    assert copy.resolve(text) == name
    assert copy.resolve(copy.shorten(name)) == name


def test_an_update_with_nothing_new_says_so(course: Course) -> None:
    assert list(update((), course.copy)) == ["The course has nothing newer. Your copy stays as it is."]


def test_a_file_put_aside_gets_a_free_name(course: Course, mine: Path) -> None:
    (mine / my_work.ASIDE).mkdir()
    (mine / my_work.ASIDE / "05-one-shot-1.ipynb").write_text("my own")
    for number in (2, 3):
        edit(mine / CHAPTER, f"mine {number}")
        course.write_chapter("05-one-shot", f"new {number}")
        list(update((), course.copy))
        assert f"mine {number}" in (mine / my_work.ASIDE / f"05-one-shot-{number}.ipynb").read_text()
    assert (mine / my_work.ASIDE / "05-one-shot-1.ipynb").read_text() == "my own"


def test_a_renamed_file_stays_and_a_new_one_is_made(course: Course, mine: Path) -> None:
    (mine / CHAPTER).rename(mine / "mine.ipynb")
    course.write_chapter("05-one-shot", "new")
    assert next(update((), course.copy)) == "05-one-shot: new."
    assert "new" in read_cell(mine / CHAPTER, 0)
    assert "new" not in read_cell(mine / "mine.ipynb", 0)


@pytest.fixture
def renamed(course: Course, monkeypatch: pytest.MonkeyPatch) -> Course:
    """Return the course once it gives out a chapter under another name."""
    monkeypatch.setattr(my_work, "RENAMED", {CHAPTER: "new-name.ipynb"})
    (course.copy.chapters / CHAPTER).rename(course.copy.chapters / "new-name.ipynb")
    return course


def test_a_file_that_the_course_renames_keeps_what_the_learner_wrote(renamed: Course, mine: Path) -> None:
    edit(mine / CHAPTER, "my answer")
    for _ in range(2):
        assert my_work.make_copy(renamed.copy) == []
        assert not (mine / CHAPTER).exists()
        assert read_cell(mine / "new-name.ipynb", -1) == "my answer"
    renamed.write_chapter("new-name", "new")
    assert next(update((), renamed.copy)) == "new-name: updated. Your version: put-aside/new-name-1.ipynb"


def test_a_file_under_the_old_name_stays_where_the_new_name_is_taken(renamed: Course, mine: Path) -> None:
    (mine / "new-name.ipynb").write_text("my own")
    my_work.make_copy(renamed.copy)
    assert (mine / CHAPTER).exists()
    assert (mine / "new-name.ipynb").read_text() == "my own"


def test_no_chapter_shares_its_name_with_an_exercise() -> None:
    names = [Path(name).stem for name in my_work.OpenCopy(my_work.CopyPaths()).files]
    assert sorted({*names}) == sorted(names)


def test_what_the_course_renamed_exists_under_its_new_name_only() -> None:
    files = my_work.OpenCopy(my_work.CopyPaths()).files
    assert my_work.RENAMED.keys().isdisjoint(files)
    assert {*my_work.RENAMED.values()} <= files.keys()


@pytest.mark.parametrize("record", ["", "{", "[1]", "null", '{"exercises/find-the-hole.ipynb": "1"}', "[" * 9999, None])
def test_a_lost_record_is_restored(record: str | None, course: Course, mine: Path) -> None:
    (mine / my_work.RECORD).unlink() if record is None else (mine / my_work.RECORD).write_text(record)
    edit(mine / EXERCISE, "%%answer find-the-hole\nmy answer")
    assert my_work.make_copy(course.copy) == []
    assert len(json.loads((mine / my_work.RECORD).read_text())) == len([*CHAPTERS, *EXERCISES])


def test_without_a_record_a_damaged_notebook_is_reported_and_left_alone(course: Course, mine: Path) -> None:
    (mine / my_work.RECORD).unlink()
    (mine / EXERCISE).write_text("[" * 9999)
    sentence, _ = my_work.make_copy(course.copy)
    assert sentence == "exercises/find-the-hole: the course has a newer version (or yours comes from elsewhere)."


def test_without_a_record_a_chapter_of_another_version_is_reported(course: Course, mine: Path) -> None:
    (mine / my_work.RECORD).unlink()
    course.write_chapter("05-one-shot", "new")
    sentence, _ = my_work.make_copy(course.copy)
    assert sentence == "05-one-shot: the course has a newer version (or yours comes from elsewhere)."


def test_a_file_with_the_name_of_the_copy_is_reported(tmp_path: Path) -> None:
    (tmp_path / "my_work").write_text("not a folder")
    with pytest.raises(CourseError, match="my_work cannot be written"):
        my_work.make_copy(Course(tmp_path).copy)


def test_a_reset_restores_the_course_s_version_and_puts_yours_aside(course: Course, mine: Path) -> None:
    before = (mine / EXERCISE).read_bytes()
    written = edit(mine / EXERCISE, "%%answer find-the-hole\nmy answer")
    aside = "put-aside/find-the-hole-1.ipynb"
    assert next(reset("find-the-hole", course.copy)) == (
        f"exercises/find-the-hole: the course's version again. Your version: {aside}"
    )
    assert ((mine / EXERCISE).read_bytes(), (mine / aside).read_text()) == (before, written)


def test_a_reset_opens_the_exercise_again_and_keeps_tries_and_answer(course: Course, mine: Path) -> None:
    done = ExerciseRecord(7, 2, shown=True, solved=True, steps=5, fewest=4, answer="mine", trace="pkvm-trace")
    progress.update(mine, "find-the-hole", lambda _: done)
    progress.update(mine, "say-it", lambda _: done)
    list(reset("find-the-hole", course.copy))
    assert progress.read(mine) == {"find-the-hole": ExerciseRecord(7, answer="mine"), "say-it": done}


def ask(name: str, question: str, kind: str = "quiz") -> tuple[JSON, str]:
    """Return a cell with a question as JupyterLab stores it, and the key of its answers."""
    packed = json.dumps({"name": name, "title": question})
    output = {"output_type": "execute_result", "metadata": {}, "execution_count": 1,
              "data": {"text/plain": question, "application/x": {"v": 1, "kind": kind, "packed": packed}}}
    return make_code_cell(name, "quiz()") | {"outputs": [output]}, quizzes.make_key(name, packed)


def test_a_reset_opens_the_questions_of_a_chapter_again_and_keeps_the_answers(course: Course, mine: Path) -> None:
    original, copy = course.copy.chapters / CHAPTER, mine / CHAPTER
    keys = []
    for path, name, kind in ((original, "asked-now", "quiz"), (copy, "asked-before", "prediction")):
        cell, key = ask(name, "Which one?", kind)
        whole = json.loads(path.read_bytes())
        path.write_text(json.dumps(whole | {"cells": [*whole["cells"], cell]}))
        keys.append(key)
    for number, answered in ((1, keys), (2, keys[:1])):
        (mine / quizzes.NAME).write_text(quizzes.to_text(dict.fromkeys([*answered, "elsewhere 0"], "0 1")))
        assert f"05-one-shot: its questions are open again. Your answers: put-aside/quizzes-{number}.json" in [
            *reset("05-one-shot", course.copy)]
        assert quizzes.read(mine) == {"elsewhere 0": "0 1"}
        aside = json.loads((mine / "put-aside" / f"quizzes-{number}.json").read_bytes())
        assert aside == dict.fromkeys(answered, "0 1")


def test_a_reset_asks_earlier_questions_again_and_leaves_their_answers(course: Course, mine: Path) -> None:
    cell, key = ask("asked-earlier", "Which one?")
    whole = json.loads((course.copy.chapters / CHAPTER).read_bytes())
    again = cell | {"source": ['quiz_again("05", "01 quiz-a")']}
    (course.copy.chapters / CHAPTER).write_text(json.dumps(whole | {"cells": [*whole["cells"], again]}))
    (mine / quizzes.NAME).write_text(quizzes.to_text({"again 05": "01 quiz-a 0", "again 07": "", key: "0 1"}))
    list(reset("05-one-shot", course.copy))
    assert quizzes.read(mine) == {"again 07": "", key: "0 1"}


def test_a_reset_without_answers_puts_none_aside(course: Course, mine: Path) -> None:
    (mine / quizzes.NAME).write_text(quizzes.to_text({"elsewhere 0": "0"}))
    assert not [line for line in reset("05-one-shot", course.copy) if "questions" in line]
    assert quizzes.read(mine) == {"elsewhere 0": "0"}
    assert not (mine / "put-aside").exists()


def test_the_questions_of_every_chapter_are_found_in_its_outputs() -> None:
    files = my_work.OpenCopy(my_work.CopyPaths()).files
    asked = {name: count for name, content in files.items()
             if (count := len(re.findall(rb'"(?:quiz|quiz_again|predict)\(\\"', content)))}
    assert len(asked) > 10
    assert asked == {name: len(quizzes.list_keys(files[name])) for name in asked}


def test_a_reset_puts_damaged_progress_aside_and_says_so(course: Course, mine: Path) -> None:
    (mine / progress.NAME).write_text("my notes")
    lines = list(reset("find-the-hole", course.copy))
    assert lines[1].endswith("It is now progress-damaged-1.json, and a new one begins.")
    assert (mine / "progress-damaged-1.json").read_text() == "my notes"


def test_a_plain_jupyterlab_finds_the_extension_after_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    extension = tmp_path / "ours" / "pkvm-widgets" / "package.json"
    extension.parent.mkdir(parents=True)
    extension.write_text("{}")
    monkeypatch.setattr(start, "EXTENSIONS", tmp_path / "ours")
    start.install_extensions(tmp_path / "env")
    assert (tmp_path / "env" / "share" / "jupyter" / "labextensions" / "pkvm-widgets" / "package.json").is_file()


def test_a_hub_that_names_the_extension_s_folder_gets_no_second_one(tmp_path: Path,
                                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_PATH", os.pathsep.join(["elsewhere", str(start.EXTENSIONS.parent)]))
    start.install_extensions(tmp_path)
    assert not [*tmp_path.iterdir()]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with a name here")
def test_a_pipe_in_the_place_of_a_notebook_is_put_aside_without_waiting(course: Course, mine: Path) -> None:
    (mine / EXERCISE).unlink()
    os.mkfifo(mine / EXERCISE)
    course.write_exercise("find-the-hole", task="new")
    list(update((), course.copy))
    assert (mine / my_work.ASIDE / "find-the-hole-1.ipynb").is_fifo()
    assert read_cell(mine / EXERCISE, 1) == "new"


def test_other_versions_of_the_progress_are_named_at_the_start(course: Course, mine: Path) -> None:
    other = progress.to_text({"say-it": ExerciseRecord(2, answer="mine")})
    (mine / "progress-LAPTOP.json").write_text(other)
    (sentence,) = my_work.make_copy(course.copy)
    assert sentence.startswith("progress-LAPTOP.json is another version of your progress, with more in it.")
    list(import_progress(mine / "progress-LAPTOP.json", course.copy))
    assert my_work.make_copy(course.copy) == []
