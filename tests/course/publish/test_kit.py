"""A teacher's kit: the slides, the sheet with the answers, and the summary, from the course's list or one's own."""
from __future__ import annotations

import re
from pathlib import Path

import pytest

from pkvm_model.course import cli
from pkvm_model.course.publish import sheet, slides
from pkvm_model.practice.exercises import load_exercises

SHOWN = slides.parse_list(slides.read_list(slides.LIST))
ENTRIES = {entry.name.partition(" (")[2].partition(",")[0] or entry.name: entry for entry in sheet.list_entries(SHOWN)}
OWN = "# Mine\n\n## Part\n\n### Only\n- exercise: lived-to-see\n"


def test_the_kit_has_slides_a_sheet_and_a_summary(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run_inside(["kit", "-o", str(tmp_path / "kit")]) == 0
    made = sorted(path.name for path in (tmp_path / "kit").iterdir())
    assert made == ["slides.html", "summary.html", "teachers-sheet.html"]
    assert {*made} <= {*capsys.readouterr().out.split()}


def test_a_list_of_ones_own_changes_slides_and_sheet(tmp_path: Path) -> None:
    (tmp_path / "mine.md").write_text(OWN, encoding="utf-8")
    assert cli.run_inside(["kit", str(tmp_path / "mine.md"), "-o", str(tmp_path)]) == 0
    assert (tmp_path / "slides.html").read_text(encoding="utf-8").count('<section class="slide"') == 1
    text = (tmp_path / sheet.NAME).read_text(encoding="utf-8")
    assert "lived-to-see" in text
    assert "find-the-hole" not in text


@pytest.mark.parametrize(("list_of_ones_own", "said"), [
    ("nothing-here.md", "cannot be read as a list of slides"), (".", "cannot be read as a list of slides")])
def test_a_list_that_cannot_be_read_is_one_line(list_of_ones_own: str, said: str, tmp_path: Path,
                                                capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run_inside(["kit", str(tmp_path / list_of_ones_own), "-o", str(tmp_path)]) == 1
    assert said in capsys.readouterr().err


def test_the_sheet_has_all_that_the_slides_ask_and_the_other_exercises_of_the_plans() -> None:
    plans = "".join(path.read_text(encoding="utf-8") for path in slides.LIST.parent.glob("*.md"))
    planned = {*re.findall(r"\| ([\w-]+), \d+ \|$", plans, re.MULTILINE)}
    assert planned == {*ENTRIES} & {*load_exercises()}
    quizzes = [slide.title for slide in SHOWN if any(name.startswith("quiz") for _, name in slide.cells)]
    assert {*quizzes} == {*ENTRIES} - planned


@pytest.mark.parametrize("name", [name for name in ENTRIES if name in load_exercises()])
def test_the_sheet_lists_only_wrong_answers_with_the_sentences_of_the_check(name: str) -> None:
    replies = {wrong.sentence for wrong in load_exercises()[name].wrong}
    assert ENTRIES[name].errors
    assert {reply for _, reply in ENTRIES[name].errors} <= replies
    assert all(wrong and wrong not in ENTRIES[name].answers for wrong, _ in ENTRIES[name].errors)


@pytest.mark.parametrize(("name", "answers"), [
    ("lived-to-see", ["4. nothing: the machine ends"]),
    ("find-the-hole", ["run = [0, 0, 1, 0, 1, 0]"]),
    ("close-the-hole", ['view.check(hyp_page_count(view, vm) == 0, -EBUSY, "the VM is in use")']),
    ("next-tenant", ["answer 2. -ENOMEM", "struct 1. the host"]),
    ("A count from 0", ["2. Nothing: it is idle."])])
def test_the_answers_on_the_sheet_are_the_right_ones(name: str, answers: list[str]) -> None:
    assert ENTRIES[name].answers == answers


def test_where_two_sides_can_be_defended_the_sheet_has_both() -> None:
    assert ENTRIES["lost-or-leaked"].answers[0] == (
        "position 1. refuse, so that no page is lost or 2. let it pass, so that the slot becomes free")


def test_the_same_list_gives_the_same_slides_and_no_name_twice() -> None:
    several = [*SHOWN, slides.Slide("Part", "Mine", cells=((slides.TEXT, "one"),)),
               slides.Slide("Part", "Mine, too", cells=((slides.TEXT, "two"),))]
    page = slides.format_slides(several)
    assert page == slides.format_slides(several)
    named = re.findall(r'id="(cell-id=text-\d+)"', page)
    assert len({*named}) == len(named) == 3
