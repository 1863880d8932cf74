"""The notebooks that the browser tests open: the lessons of the course, and small ones for one purpose each."""

import json
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_notebook, new_output

from pkvm_model.course.paths import ROOT
from pkvm_model.graphs.bench import StateGraph
from pkvm_model.graphs.contract import AnyGraph
from pkvm_model.graphs.map import StateMap
from pkvm_model.graphs.pairs import PairGraph
from pkvm_model.lesson import (
    el2_time,
    find,
    lifecycle,
    play,
    predict,
    progress,
    quiz,
    schedule,
    sequence,
    side_by_side,
    state_graph,
)
from pkvm_model.model.revisions import MERGED, UPSTREAM, V1
from pkvm_model.practice import quizzes
from pkvm_model.practice.exercises import find_exercise
from pkvm_model.practice.notebook import make_notebook
from pkvm_model.practice.progress import COPY
from pkvm_model.scenes import LENT_PAGE, scene
from pkvm_model.scenes.start_here import COLD_OPEN
from pkvm_model.scenes.two_phases import TWO_FLAGS, TWO_PHASES
from pkvm_model.scenes.two_ways_to_close_it import HONEST
from pkvm_model.widgets.bench import Bench
from pkvm_model.widgets.beside import SideBySide
from pkvm_model.widgets.exercise import check
from pkvm_model.widgets.finder import Finder
from pkvm_model.widgets.map import Map
from pkvm_model.widgets.walker import pack
from pkvm_model.widgets.widget import MIME, Widget, compact
from tests.widgets.small_graph import graph, walk_along

LESSONS = sorted(path.name for path in (ROOT / "notebooks").glob("[0-9]*.ipynb"))
KERNEL = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
FREE = """
from pkvm_model.widgets import Bench
from tests.browser.notebooks import free_graph

graph = free_graph(1)
bench = Bench(graph.value(), graph.expand)
bench
"""
ASK = """
from pkvm_model.widgets import Bench
from tests.widgets.small_graph import graph, walk_along

def expand(from_id, cpu, line):
    if from_id != walk_along(0, 0, 0).here:
        raise LookupError("page x9 is unknown")
    learnt = graph()["states"][0] | {"digest": "learnt99"}
    return {"from": from_id, "line": line, "to": 99, "states": {"99": learnt}, "edges": {"99": []}}

bench = Bench(graph(), expand)
bench
"""


VIEWS = """
from tests.browser.notebooks import *
shown = sequence(FOUR); shown
chart = el2_time(); chart
asked = quiz(*QUESTION, right="That"); asked
(shown.at, chart.read, asked.chosen, asked.tries, asked.right)
"""
FOUR = play(COLD_OPEN, 1, 0, 1, 0)
QUESTION = ("Which one?", {"This": "Look again.", "That": "Because it is that one."})
PREDICTIONS = """
from tests.browser.notebooks import *; enter_copy()
safe = predict(*SAFE); safe
call = predict(CALL); call
(safe.taken, call.taken)
"""
AGAIN = """
from tests.browser.notebooks import enter_copy, read_choice; from pkvm_model.lesson import quiz_again; enter_copy()
quiz_again("04", "01 quiz-enemy", "02 quiz-give")
read_choice()
"""
SAFE, CALL = ("Is the next click safe?", "yes", "no"), "Which call is refused first?"
IN_LAB = """
from tests.browser.notebooks import *
pair = asking_pair(); pair
life = WALKS["life"](); life
near = asking(); near
(pair.at, pair.first_difference, life.state["slots"][0]["word"], near.at, near.state["box"])
"""
FINDERS = """
from tests.browser.notebooks import *
races = find("R7"); races
game = schedule("cold-open", "I0b"); game
hosts = find("any", revisions=UPSTREAM); hosts
longer = schedule("R7", "I0b"); longer
(races.found and races.found.steps, races.at, game.steps_by_hand, hosts.found and hosts.found.verdict)
"""


def asking() -> Map:
    """Return a map that ships three states and asks for all others."""
    states = StateMap(COLD_OPEN)
    return Map(states.value(3), states.expand)


def asking_pair() -> SideBySide:
    """Return a comparison that ships only some pairs of states, so that the ends of all runs are not compared."""
    pairs = PairGraph(COLD_OPEN, V1, UPSTREAM, limit=20)
    return SideBySide(pairs.value(), pairs.expand, pairs.all_runs)


def undrawn() -> Map:
    """Return a map as it is without the renderer."""
    value = StateMap(COLD_OPEN).value()
    return Map(value | {"drawing": value["drawing"] | {"missing": "not drawn, the renderer is missing"}})


WALKS: dict[str, Callable[[], Widget]] = {
    "beside": lambda: side_by_side(COLD_OPEN, V1, UPSTREAM), "life": lambda: lifecycle(V1),
    "states": lambda: state_graph(COLD_OPEN), "wide": lambda: state_graph(TWO_PHASES), "near": asking,
    "undrawn": undrawn, "unasked": asking_pair, "warned": lambda: side_by_side(TWO_FLAGS, V1, UPSTREAM),
    "honest": lambda: side_by_side(HONEST, V1, MERGED)}


def enter_copy() -> None:
    """Make a learner's copy below the current folder, once, and go there."""
    folder = Path.cwd() if Path(COPY).exists() else Path.cwd() / "copy"
    folder.mkdir(exist_ok=True)
    (folder / COPY).write_text("{}", encoding="utf-8")
    os.chdir(folder)


def stop_short(steps: int) -> Finder:
    """Return a finder that ships its run only up to a step: further ones have to be asked of Python."""
    finder = find("R7", revisions=V1)
    value = json.loads(finder.packed)
    case = value["subjects"][0]["cases"][0]
    graph, state = case["benches"][0][1], case["benches"][0][1]["start"]
    [lines] = [answer["lines"] for answer in case["answers"] if answer["verdict"] == "violated"][:1]
    for line in lines[:steps]:
        state = next(to for part, to in graph["edges"][state] if graph["parts"][part]["line"] == line)
    graph["edges"][state] = [[part, None] for part, _ in graph["edges"][state]]
    finder.packed = compact(value)
    return finder


def read_choice() -> str:
    """Return what is kept of the questions that chapter 04 asks again."""
    return quizzes.read(Path.cwd()).get("again 04", "")


def read_back(lines: str, *made: Widget) -> Any:
    """Return a notebook: a cell with imports, a cell per widget with its output, and one that reads them back."""
    first, *shown, last = lines.strip().splitlines()
    cells = [new_code_cell(first), *map(stored_cell, shown, made), new_code_cell(last)]
    return new_notebook(cells=cells, metadata=KERNEL)


def live() -> Any:
    """Return a notebook with a bench that asks Python, and a cell that reads it back."""
    cells = [new_code_cell(ASK.strip()), new_code_cell("(bench.digest, bench.at)")]
    return new_notebook(cells=cells, metadata=KERNEL)


def free_graph(limit: int = 0) -> StateGraph:
    """Return the graph of a machine whose two CPUs make what the learner chooses, for the calls of a teardown."""
    script = "free __pkvm_start_teardown_vm __pkvm_finalize_teardown_vm __pkvm_host_unshare_guest"
    return StateGraph(scene("free", "You are the host", V1, LENT_PAGE, (script, script), "VM 0x1000 is alive."), limit)


def free() -> Any:
    """Return a notebook with a bench of the free host; after a run the bench knows only the first state."""
    cells = unrun(free_graph().value()).cells
    cells[0].source = FREE.strip()
    return new_notebook(cells=[*cells, new_code_cell("(bench.trace.splitlines()[-2], bench.at)")], metadata=KERNEL)


def unrun(shipped: AnyGraph) -> Any:
    """Return a notebook with a stored bench, as in a fresh clone: not trusted, never run here."""
    bench = Bench(shipped)
    data = {"text/plain": repr(bench), "text/html": "<p>static</p>", MIME: json.loads(stored(shipped))}
    cell = new_code_cell("Bench(graph())", execution_count=1)
    cell.outputs = [new_output("execute_result", data=data, execution_count=1)]
    return new_notebook(cells=[cell], metadata=KERNEL)


def walk(made: Widget) -> Any:
    """Return a notebook with a widget that walks a graph, as in a fresh clone."""
    return new_notebook(cells=[stored_cell("made", made)], metadata=KERNEL)


def stored_cell(source: str, made: Widget) -> Any:
    """Return a cell with a stored widget."""
    data = {mime: kept for mime, kept in made._repr_mimebundle_()[0].items() if "widget-view" not in mime}
    cell = new_code_cell(source, execution_count=1)
    cell.outputs = [new_output("execute_result", data=data, execution_count=1)]
    return cell


def twice() -> Any:
    """Return a notebook with two benches on the same scene."""
    notebook = unrun(graph())
    notebook.cells += unrun(graph()).cells
    return notebook


def odd() -> AnyGraph:
    """Return a graph in which the state after CPU 1's first step cannot be drawn."""
    value = graph()
    del value["states"][walk_along(1).here]["vms"][0]["holders"]
    return value


def misfit() -> AnyGraph:
    """Return a graph whose start cannot be drawn, as one of another version of the course."""
    value = graph()
    del value["states"][value["start"]]["lanes"]
    return value


def warning() -> AnyGraph:
    """Return a graph in which CPU 1's first call is refused and the host logs two warnings."""
    value = graph()
    for one in ("returns -EBUSY", "1 mappings are left"):
        value["edges"][0][1]["says"] += f" The host logs a warning: {one}. The machine goes on."
    return value


def circle() -> AnyGraph:
    """Return a graph with a step that leads back to its start, for runs without an end."""
    edge = {"cpu": 0, "label": "load", "line": "0 again", "to": 0, "says": "Again.", "kind": "step", "ret": "0"}
    return {**graph(), "states": graph()["states"][:1], "edges": [[edge]]}


def old() -> Any:
    """Return a notebook whose bench an older version of the course stored."""
    notebook = unrun(graph())
    notebook.cells[0].outputs[0].data[MIME]["v"] = 1
    return notebook


def stored(value: AnyGraph) -> str:
    """Return a stored bench at its start, as JSON."""
    return json.dumps({"v": 3, "kind": "bench", "packed": pack(value), "place": ""})


def answer(text: str, name: str = "close-the-hole") -> Any:
    """Return a notebook with the verdict on an answer to an exercise, by default the one about the hole."""
    return walk(check(name, text))


def gather(kind: str) -> Any:
    """Return a notebook with every widget of a kind that the lessons store, a cell for each."""
    cells = [cell for name in LESSONS for cell in stored_notebook(name).cells]
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    found = [output for output in outputs if output.get("data", {}).get(MIME, {}).get("kind") == kind]
    made = [new_code_cell("made", execution_count=1, outputs=[output]) for output in found]
    return new_notebook(cells=made, metadata=KERNEL)


def one_of_each_kind() -> Any:
    """Return a notebook with a widget of each kind."""
    kinds = ("bench", "beside", "el2time", "finder", "map", "quiz", "sequence")
    others = [*walk(predict(*SAFE)).cells, *stored_notebook("refused.ipynb").cells,
              *stored_notebook("progress.ipynb").cells]
    return new_notebook(cells=[*(gather(kind).cells[0] for kind in kinds), *others], metadata=KERNEL)


def exercise(name: str) -> Any:
    """Return the notebook of an exercise."""
    return nbformat.reads(make_notebook(find_exercise(name)), as_version=4)


MADE: dict[str, Callable[[], Any]] = {
    "live": live, "unrun": lambda: unrun(graph()), "twice": twice, "odd": lambda: unrun(odd()), "old": old,
    "round": lambda: unrun(circle()), "misfit": lambda: unrun(misfit()), "free": free,
    "warning": lambda: unrun(warning()), "silent": lambda: unrun(graph() | {"foretell": False}),
    "views": lambda: read_back(VIEWS, sequence(FOUR), el2_time(), quiz(*QUESTION, right="That")),
    "predictions": lambda: read_back(PREDICTIONS, predict(*SAFE), predict(CALL)),
    "again": lambda: new_notebook(cells=[*map(new_code_cell, AGAIN.strip().splitlines())], metadata=KERNEL),
    "in-lab": lambda: read_back(IN_LAB, asking_pair(), WALKS["life"](), asking()),
    "finder": lambda: read_back(FINDERS, find("R7"), schedule("cold-open", "I0b"), find("any", revisions=UPSTREAM),
                                schedule("R7", "I0b")),
    "short": lambda: walk(stop_short(5)),
    "exercise": lambda: exercise("close-the-hole"), "comment-to-spec": lambda: exercise("comment-to-spec"),
    "refused": lambda: answer(find_exercise("close-the-hole").stub),
    "stressed": lambda: answer('answer = "nothing: the machine ends"', "order-of-checks"),
    "passed": lambda: answer(f'print("so")\n{find_exercise("close-the-hole").solution}'),
    "progress": lambda: walk(progress()), "all-beside": lambda: gather("beside"), "all-map": lambda: gather("map"),
    "all-sequence": lambda: gather("sequence"), "kinds": one_of_each_kind}
"""What makes the notebooks that are no lessons; there is one more for each of the walks."""
STORED = (*LESSONS, *(f"{name}.ipynb" for name in (*MADE, *WALKS)))


@cache
def stored_notebook(name: str) -> Any:
    """Return a notebook by its file name. Making all of them takes seconds; no test changes one."""
    if name in LESSONS:
        return nbformat.read(ROOT / "notebooks" / name, as_version=4)
    made = name.removesuffix(".ipynb")
    return walk(WALKS[made]()) if made in WALKS else MADE[made]()
