"""Nothing is seen before it is explained: along the main road, a term is first used where it is introduced.

It is introduced where it stands in a box or a heading, in bold or italic type, or in a link to the glossary. Prose,
predictions, questions and claims are read in order, and at each bench what its scene is called and says. An id such as
R7 comes with a name in words where a chapter first has it.
"""
from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from pkvm_model import scenes
from pkvm_model.practice.exercises import Exercise, load_exercises
from tests.text.notebook import CHAPTERS, Cell, cells, name_of
from tests.text.test_glossary import FORMS, terms

PLAIN = {"borrowed", "count", "error code", "guard", "home", "owned", "page", "put", "run", "share", "state", "trace",
         "warning"}
"""Terms that are plain English as well: at first they are used as anybody uses them. Keep the list short."""
SAID = {"quiz", "predict", "claim"}
"""The calls whose texts are read."""
MARKED = re.compile(r"""
    \*\*.+?\*\* | (?<![*\w])\*[^*\s][^*]*?\* | ^\#+\ [^\n]*$
    | \[[^\]]*\]\((?:glossary\.ipynb\#|[^)]*\#The-box-on-)[^)]*\)
    """, re.DOTALL | re.MULTILINE | re.VERBOSE)
UNREAD = re.compile(r"```.*?```|`[^`]*`|(?<=\])\([^)]*\)", re.DOTALL)
ID = re.compile(r"(?<![\w`-])[RIM]\d+[a-z]?\b")
NAMED = re.compile(r"\**[,:] +\**[*A-Za-z]|\**\)")
"""What follows an id that comes with its name: `R7, *finalise after a lookup*`, `R7: finalise …`, or `… (R7)`."""


class Passage(NamedTuple):
    """A text that is read, and whether everything in it is introduced there."""

    place: str
    text: str
    is_box: bool = False


def read_passages(path: Path) -> Iterator[Passage]:
    """Yield what a learner reads on a chapter's main road, in order."""
    for cell in cells(path):
        if cell.id == "can-do":
            return
        if cell.is_text and not cell.is_fold and cell.id != "title":
            yield Passage(f"{path.stem[:2]} {cell.id}", cell.source, cell.id.startswith("box-"))
        elif not cell.is_text:
            yield Passage(f"{path.stem[:2]} {cell.id}", "\n".join([*read_texts(cell), *read_scenes(cell, path)]))


def read_texts(cell: Cell) -> Iterator[str]:
    """Yield the texts in a code cell that its widgets and claims show."""
    calls = (node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Call))
    for call in calls:
        if isinstance(call.func, ast.Name) and call.func.id in SAID:
            yield from (node.value for node in ast.walk(call) if isinstance(node, ast.Constant)
                        and isinstance(node.value, str) and " " in node.value)


def read_scenes(cell: Cell, path: Path) -> Iterator[str]:
    """Yield the title and the situation of each scene that a code cell shows."""
    module = next((each for each in scenes.list_chapters() if each["__name__"].endswith(f".{snake(path)}")), {})
    names = {node.id for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Name)}
    for name in sorted(names & module.keys()):
        if isinstance(module[name], scenes.Scene) and "bench" in cell.calls():
            yield f"{module[name].title}. {module[name].says}"


def snake(path: Path) -> str:
    """Return the name of a chapter's module of scenes."""
    return path.stem[3:].replace("-", "_")


@cache
def read_course() -> tuple[Passage, ...]:
    """Return what a learner reads on the main road of the course, in order."""
    return tuple(passage for path in CHAPTERS for passage in read_passages(path))


def find_early_use(term: str, passages: tuple[Passage, ...]) -> str:
    """Return the first use of a term if nothing introduces it there, else an empty string."""
    words = FORMS.get(term, r"\s+".join(map(re.escape, term.split())) + "s?")
    form = re.compile(rf"(?<![\w-]){words}(?![\w-])", re.IGNORECASE)
    for place, text, is_box in passages:
        plain = UNREAD.sub(lambda code: "`" * len(code[0]), text)
        use = form.search(plain)
        if use:
            introduced = is_box or any(mark.start() <= use.start() < mark.end() for mark in MARKED.finditer(text))
            around = " ".join(plain[max(0, use.start() - 30):use.end() + 30].split())
            return "" if introduced else f"{place}: …{around}…"
    return ""


@pytest.mark.parametrize("term", [term for term in terms() if term not in PLAIN])
def test_a_term_is_introduced_where_the_course_first_uses_it(term: str) -> None:
    assert not find_early_use(term, read_course())


def find_bare_ids(text: str) -> list[str]:
    """Return the ids in a text that have no name in words where they first stand."""
    first = {match[0]: match for match in reversed([*ID.finditer(text)])}
    return [name for name, match in first.items() if not NAMED.match(text, match.end())]


@pytest.mark.parametrize("path", CHAPTERS, ids=name_of)
def test_an_id_comes_with_its_name_where_a_chapter_first_has_it(path: Path) -> None:
    """Cells of code count if they are open."""
    shown = [cell.source for cell in cells(path) if not (cell.is_fold or cell.hidden or cell.id == "sources")]
    assert not find_bare_ids("\n\n".join(shown))


@pytest.mark.parametrize("exercise", load_exercises().values(), ids=lambda exercise: exercise.id)
def test_an_id_comes_with_its_name_where_an_exercise_first_has_it(exercise: Exercise) -> None:
    assert not find_bare_ids(exercise.task)


@pytest.mark.parametrize(("prose", "early"), [
    ("A slot.", True), ("A **slot**.", False), ("A *slot*, and a slot.", False), ("Slots, and a **slot**.", True),
    ("A [slot](glossary.ipynb#slot).", False), ("A [slot](02-a.ipynb).", True), ("`slot`", False),
    ("time-slot", False)])
def test_a_use_before_the_introduction_is_detected(prose: str, early: bool) -> None:
    assert bool(find_early_use("slot", (Passage("1", "Nothing."), Passage("2", prose)))) is early
    assert not find_early_use("slot", (Passage("1", prose, is_box=True),))


@pytest.mark.parametrize(("text", "bare"), [
    ("As in R7.", ["R7"]), ("**R7**, *finalise after a lookup*, and R7.", []), ("Mutant M5: finalise asks.", []),
    ("Two finalise at once (R7).", []), ("`R7` in code", []), ("I0b, and I3: nobody", [])])
def test_a_bare_id_is_detected(text: str, bare: list[str]) -> None:
    assert find_bare_ids(text) == bare
