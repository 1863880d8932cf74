"""Makes the teacher's sheet: on one page of A4, the answers to what a class is asked, wrong ones, and their cures.

Everything is taken from the exercises and the quizzes, so the sheet says what their checks say.
"""
from __future__ import annotations

import ast
import difflib
import html
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ...practice.exercises import Exercise, load_exercises
from ...text import count
from . import pages, slides

NAME = "teachers-sheet.html"
ALSO = ("next-tenant", "harmless-guard", "lost-or-leaked")
"""The exercises of the plans that are on no slide."""
MOST_ERRORS, MOST_LINES = 5, 2
"""The wrong answers that the sheet lists for code, and the lines that it quotes of each."""
SAME_IN_ALL = ("from ", "import ", "#", '"""')
INTRODUCTION = (
    "Options have the numbers that they have on the slides. Below each answer are wrong ones, each with the sentence "
    "that the check replies. For the email to the author, see docs/workshop/rubric.md.")
LOOK = """
main{max-width:194mm;padding:6mm} .sheet{columns:2;column-gap:6mm}
.sheet section{margin:0 0 5px}
.sheet h2{break-after:avoid} .sheet li{break-inside:avoid} h1{font-size:19px;margin:0 0 4px}
.sheet h2{font-size:12.5px;line-height:1.25;margin:0 0 1px} .sheet :is(p,li){font-size:10.6px;line-height:1.24;margin:0}
.intro{font-size:11.5px;line-height:1.35;margin:0 0 6px} .sheet ul{margin:1px 0 0;padding-left:13px}
.sheet code{font-size:10px;white-space:pre-wrap} .key{font-weight:600}
@media screen{main{max-width:1040px;zoom:1.3}} @media screen and (max-width:900px){.sheet{columns:1}}
@media print{@page{size:A4;margin:8mm} main{max-width:none}}
"""


class Entry(NamedTuple):
    """What a class is asked: its name, the answers, and wrong answers, each with what it is told."""

    name: str
    answers: list[str]
    errors: list[tuple[str, str]]


def write(folder: Path, listed: Path = slides.LIST) -> None:
    """Write the sheet for a list of slides into a folder of pages."""
    text = format_sheet(slides.parse_list(slides.read_list(listed)))
    (folder / NAME).write_text(text, encoding="utf-8")


def format_sheet(shown: Sequence[slides.Slide]) -> str:
    """Return the sheet as a page."""
    sections = "".join(map(format_entry, list_entries(shown)))
    body = f'<h1>The teacher\'s sheet</h1><p class="intro">{INTRODUCTION}</p><div class="sheet">{sections}</div>'
    body += f'<p class="intro">{slides.LICENCE}</p>'
    return pages.format_page(pages.PageParts("The teacher's sheet", body, look=LOOK))


def list_entries(shown: Sequence[slides.Slide]) -> Iterator[Entry]:
    """Yield what the slides ask, in their order, and then the other exercises of the plans."""
    exercises = load_exercises()
    for slide in shown:
        for (source, name), cell in zip(slide.cells, slides.find_cells(slide), strict=True):
            if source == "exercise":
                yield describe_exercise(exercises[name])
            elif cell.cell_type == "code" and cell.source.startswith("quiz("):
                yield describe_quiz(slide.title, cell.source)
    asked = {name for slide in shown for source, name in slide.cells if source == "exercise"}
    yield from (describe_exercise(exercises[name]) for name in ALSO if name not in asked)


def describe_quiz(title: str, source: str) -> Entry:
    """Return a question of a notebook, as its code asks it."""
    call = ast.parse(source, mode="eval").body
    assert isinstance(call, ast.Call)
    options: dict[str, str] = ast.literal_eval(call.args[1])
    right = next(ast.literal_eval(keyword.value) for keyword in call.keywords if keyword.arg == "right")
    return Entry(title, [number_option(options, right)], list_others(options, [right]))


def describe_exercise(exercise: Exercise) -> Entry:
    """Return an exercise with its minutes and its solution."""
    name = f"{exercise.title} ({exercise.id}, {count(exercise.minutes, 'minute')})"
    if not exercise.options:
        return Entry(name, [format_change(exercise, exercise.solution)], [*list_wrong_code(exercise)])
    refused = {wrong.sentence for wrong in exercise.wrong}
    entry = Entry(name, [], [])
    for question, options in exercise.options.items():
        before = f"{question} " if len(exercise.options) > 1 else ""
        right = [option for option, reply in options.items() if reply not in refused]
        entry.answers.append(before + " or ".join(number_option(options, option) for option in right))
        entry.errors.extend((before + wrong, reply) for wrong, reply in list_others(options, right))
    return entry


def number_option(options: Mapping[str, str], option: str) -> str:
    """Return an option with its number on the slides."""
    return f"{[*options].index(option) + 1}. {option}"


def list_others(options: Mapping[str, str], right: Sequence[str]) -> list[tuple[str, str]]:
    """Return the wrong options, each with its sentence."""
    return [(number_option(options, option), reply) for option, reply in options.items() if option not in right]


def list_wrong_code(exercise: Exercise) -> Iterator[tuple[str, str]]:
    """Yield wrong answers in code, each with its sentence."""
    for wrong in exercise.wrong[:MOST_ERRORS]:
        yield format_change(exercise, wrong.code), wrong.sentence


def format_change(exercise: Exercise, code: str) -> str:
    """Return the first lines that an answer adds to the cell that the exercise gives."""
    lines = difflib.ndiff(exercise.stub.splitlines(), code.splitlines())
    added = [line[2:].strip() for line in lines if line.startswith("+ ") and line[2:].strip()]
    return "\n".join([line for line in added if not line.startswith(SAME_IN_ALL)][:MOST_LINES])


def format_entry(entry: Entry) -> str:
    """Return an entry as HTML."""
    answers = "".join(f'<p class="key">{mark_code(answer)}</p>' for answer in map(quote, entry.answers))
    errors = "".join(f"<li>{mark_code(quote(wrong))} {mark_code(reply)}</li>" for wrong, reply in entry.errors)
    return f"<section><h2>{html.escape(entry.name)}</h2>{answers}<ul>{errors}</ul></section>"


def quote(text: str) -> str:
    """Return a text between the marks of code."""
    return f"`{text}`"


def mark_code(text: str) -> str:
    """Return a sentence as HTML, with what stands between backticks as code."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", html.escape(text))
