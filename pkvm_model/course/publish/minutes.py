"""Measures how long a chapter takes, and writes that, and how long its exercises take, into its cells.

Prose, claims and quizzes are read at the speed of prose, open cells and the model's own text at the speed of code. A
click, a prediction, a question, a picture or a table takes a glance each. Folded code and folded sources take nothing.
What a page asks to be clicked is what it retells: each run that it plays of a scene that it shows on a bench.
The main road is all that stands before `can-do`; side roads after it are measured apart. The list of exercises is
glanced at, since each exercise has its own minutes.
"""
from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from ...practice.effort import GLANCE, WALK, round_up, time_code, time_prose
from ...practice.exercises import Exercise, load_exercises

Cell = Mapping[str, Any]
Run = tuple[str, tuple[int, ...]]
SIDE_ROAD, LIST, END_OF_ROAD, END_OF_SIDES = "## Side road: ", "exercises", "can-do", "roads"
CLICKED = {"bench", "find", "schedule", "side_by_side", "state_graph", "lifecycle", "free_host", "el2_time"}
"""The widgets on which a reader clicks."""
FINISH = 2
"""The clicks with which `play_out` goes on to the end: *Finish call* on both CPUs."""
MOST = 3
"""The clicks on one CPU in a row that a reader makes before *Finish call* does the rest."""
SHOWN_CODE = {"source", "patch"}
GLANCED_AT = {"recorded", "machine", "counted", "numbered", "judged", "compare", "sequence", "page_life", "repairs",
              "lines"}
"""What is shown as a table or a picture. A table of clicks that were made is not looked at for its own sake."""
FOLD = re.compile(r"<details>.*?</details>", re.DOTALL)
UNREAD = re.compile(r"(?<=\])\([^)]*\)|<!--.*?-->|^\|[-: |]+\|$", re.DOTALL | re.MULTILINE)
"""Addresses of links, comments and the rules of tables."""
PREDICTION = re.compile(r"\*\*Predict\b")
STATED = re.compile(r"(?<=^Time: )\d+(?= minutes\.)", re.MULTILINE)
LISTED = re.compile(r"^- \[[^\]]*\]\(\.\./exercises/([a-z0-9-]+)\.md\): .*$", re.MULTILINE)


class Length(NamedTuple):
    """The minutes of a chapter's main road, and those of each of its side roads by title."""

    road: float
    sides: dict[str, float]


def measure(cells: Sequence[Cell]) -> Length:
    """Return how long a chapter takes."""
    places = [cell["id"] for cell in cells]
    end = places.index(END_OF_ROAD) if END_OF_ROAD in places else len(cells)
    last = places.index(END_OF_SIDES) if END_OF_SIDES in places else len(cells)
    sides = {title: measure_part(part) for title, part in split_sides(cells[end:last])}
    return Length(measure_part(cells[:end]), sides)


def state_minutes(cells: Sequence[Any]) -> None:
    """Write into a chapter's cells how long it takes, and how long each exercise does that it lists."""
    if not any(cell["id"] == END_OF_ROAD for cell in cells):
        return
    title = STATED.sub(str(round_up(measure(cells).road)), read_source(cells[0]))
    cells[0]["source"] = title
    for cell in cells:
        if cell["id"] == LIST:
            cell["source"] = LISTED.sub(lambda line: list_exercise(line[1]) or line[0], read_source(cell))


def list_exercise(name: str) -> str:
    """Return the line of a chapter's list for an exercise, an empty one if there is no such exercise."""
    found = load_exercises().get(name)
    return describe_exercise(found) if found else ""


def describe_exercise(exercise: Exercise) -> str:
    """Return the line of a chapter's list for an exercise: a link, its kind and length."""
    return f"- [{exercise.title}](../exercises/{exercise.id}.md): {exercise.kind}, {exercise.minutes} minutes."


def split_sides(cells: Iterable[Cell]) -> Iterator[tuple[str, list[Cell]]]:
    """Yield each side road: its title and its cells."""
    title, part = "", []  # type: str, list[Cell]
    for cell in cells:
        text = read_source(cell)
        if cell["cell_type"] == "markdown" and text.startswith("## "):
            if title:
                yield title, part
            title, part = text.partition("\n")[0].removeprefix(SIDE_ROAD) if text.startswith(SIDE_ROAD) else "", []
        part.append(cell)
    if title:
        yield title, part


def measure_part(cells: Sequence[Cell]) -> float:
    """Return the minutes for some cells of a chapter that follow each other."""
    code = [(cell, ast.parse(read_source(cell))) for cell in cells if cell["cell_type"] == "code"]
    prose = [FOLD.sub("", read_source(cell)) for cell in cells
             if cell["cell_type"] == "markdown" and cell["id"] != LIST]
    asked = sum(len(PREDICTION.findall(text)) for text in prose)
    glances = max(asked, count_calls(code, {"predict"})) + count_clicks(tree for _, tree in code)
    return (sum(time_prose(UNREAD.sub("", text)) for text in prose) + sum(measure_cell(*each) for each in code)
            + (glances + any(cell["id"] == LIST for cell in cells)) * GLANCE)


def read_source(cell: Cell) -> str:
    """Return a cell's text."""
    return "".join(cell["source"])


def measure_cell(cell: Cell, tree: ast.Module) -> float:
    """Return the minutes for what a code cell shows, clicks apart."""
    names = {name for name, _ in list_calls(tree)}
    shown = "\n".join("".join(output.get("data", {}).get("text/plain", "")) for output in cell["outputs"])
    is_folded = cell["metadata"].get("jupyter", {}).get("source_hidden", False)
    code = 0.0 if is_folded else time_code(read_source(cell))
    if "quiz" in names:
        return code + sum(time_quiz(call) for name, call in list_calls(tree) if name == "quiz")
    if "quiz_again" in names:
        return code + time_prose(shown) + GLANCE * len(cell["outputs"])
    if "claim" in names:
        return code + time_prose(shown)
    if SHOWN_CODE & names:
        return code + time_code(shown)
    return code + (GLANCE if shown and GLANCED_AT & names else 0)


def list_calls(tree: ast.AST) -> list[tuple[str, ast.Call]]:
    """Return the calls of plain functions in some code, with the functions' names."""
    return [(node.func.id, node) for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]


def count_calls(code: Iterable[tuple[Cell, ast.Module]], names: set[str]) -> int:
    """Return how often code calls one of these functions."""
    return sum(name in names for _, tree in code for name, _ in list_calls(tree))


def time_quiz(call: ast.Call) -> float:
    """Return the minutes for a question: it, its options and the right one's sentence are read, and it is asked."""
    values = [*call.args, *(keyword.value for keyword in call.keywords)]
    options = {ast.unparse(key): ast.unparse(value) for node in values if isinstance(node, ast.Dict)
               for key, value in zip(node.keys, node.values, strict=True) if key}
    right = next((ast.unparse(keyword.value) for keyword in call.keywords if keyword.arg == "right"), "")
    return GLANCE + time_prose(" ".join([ast.unparse(values[0]), *options, options.get(right, "")]))


def count_clicks(trees: Iterable[ast.Module]) -> int:
    """Return the clicks that a page asks for."""
    calls = [each for tree in trees for each in list_calls(tree)]
    scenes = [ast.unparse(call.args[0]) if call.args else "" for name, call in calls if name in CLICKED]
    runs = {*(run for name, call in calls if name in ("play", "play_out") for run in read_run(name, call))}
    told = [run for run in runs if run[0] in scenes and not any(is_begin(run, other) for other in runs)]
    return sum(len(clicks) for _, clicks in told) + WALK * sum(scene not in dict(told) for scene in scenes)


def read_run(name: str, call: ast.Call) -> Iterator[Run]:
    """Yield the run that a call of `play` or `play_out` makes, unless only running it could tell its clicks."""
    try:
        clicks = ast.literal_eval(ast.Tuple([*map(unfold, expand(call.args[1:]))], ast.Load()))
    except ValueError:
        return
    pressed = [cpu for cpu, row in groupby(clicks) for cpu in [*row][:MOST]]
    yield ast.unparse(call.args[0]), (*pressed, *(-1,) * (FINISH if name == "play_out" else 0))


def expand(arguments: Iterable[ast.expr]) -> Iterator[ast.expr]:
    """Yield each argument, and `*[0] * 8` eight times. Raise ValueError if its length cannot be read."""
    for argument in arguments:
        match argument:
            case ast.Starred(ast.BinOp(ast.List(items), ast.Mult(), ast.Constant(int(times)))):
                yield from items * times
            case _:
                yield argument


def unfold(argument: ast.expr) -> ast.expr:
    """Return an argument that is a number. Raise ValueError for any other."""
    if not isinstance(argument, ast.Constant):
        raise ValueError(ast.unparse(argument))
    return argument


def is_begin(run: Run, other: Run) -> bool:
    """Return True if a run is the beginning of a longer one."""
    return run != other and run[0] == other[0] and other[1][:len(run[1])] == run[1]
