"""What a notebook needs, in one import: benches, stories, claims, quizzes, recordings, and the model's own text.

In the notebook of an exercise, `%load_ext pkvm_model.lesson` makes a cell that begins with `%%answer ID` one that is
checked when it is run.
"""
from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from html import escape
from typing import Any

from .conform.recordings import call_numbers, call_with, load, replay_all
from .explore.catalogue import find_scenario, list_explorable
from .explore.check import Always, Limits, Property, Sometimes, Stuck, explore
from .explore.fixes import judge_fix
from .explore.machines import AnyHost, Scripts, every_call
from .explore.mutants import compare, flush_late, mutate, refuse_leftovers
from .explore.properties import INVARIANTS
from .explore.questions import WRONG
from .explore.scenario import Scenario
from .graphs.bench import StateGraph
from .graphs.el2_time import APART, NEAR, lines
from .graphs.lifecycle import LifeGraph
from .graphs.map import StateMap
from .graphs.page_life import moves, page_life
from .graphs.pairs import PairGraph
from .graphs.sequence import Sequence
from .model.revisions import REVISIONS, V1, Revision
from .model.run import CALLS
from .model.trace import parse, replay
from .practice import progress_table
from .practice.exercises import ExerciseError
from .scenes import LENT_PAGE, Scene, scene
from .show.claim import claim
from .show.guards import judged, noticed, without
from .show.patch import patch
from .show.quiz import make_question
from .show.recorded import Life, counted, numbered, recorded
from .show.repairs import repairs
from .show.story import Story, play, play_out
from .show.table import Table
from .widgets.bench import Bench, fit_and_pack, fit_graph
from .widgets.beside import SideBySide
from .widgets.el2_time import El2Time
from .widgets.exercise import Card, check
from .widgets.finder import Finder, Scheduler
from .widgets.map import Map
from .widgets.progress import ProgressView
from .widgets.quiz import Quiz
from .widgets.sequence import SequenceView

__all__ = [
    "APART", "INVARIANTS", "LENT_PAGE", "NEAR", "Always", "AnyHost", "Life", "Limits", "Scene", "Scripts", "Sometimes",
    "Story", "Stuck", "Table", "bench", "call_numbers", "call_with", "claim", "compare", "counted", "el2_time",
    "every_call", "explore", "find", "flush_late", "free_host", "judge_fix", "judged", "lifecycle", "lines", "load",
    "moves", "mutate", "noticed", "numbered", "page_life", "parse", "patch", "play", "play_out", "progress", "quiz",
    "recorded", "refuse_leftovers", "repairs", "replay", "replay_all", "scene", "schedule", "sequence", "side_by_side",
    "source", "state_graph", "without"]

ALL = tuple(REVISIONS.values())
"""The four kernels of the course."""


def bench(scene: Scene) -> Bench:
    """A bench on a scene: step its CPUs, undo, share."""
    graph = StateGraph(scene)
    value, packed = fit_and_pack(graph)
    return Bench(value, graph.expand, packed)


def free_host(revision: Revision = V1, *calls: str) -> Bench:
    """A bench whose CPUs are all yours: any call at any time, or those that are named."""
    script = " ".join(["free", *calls])
    return bench(scene(f"free-host-{revision.name}", "You are the host", revision, LENT_PAGE, (script, script),
                       "VM 0x1000 is alive and idle, and lends page g0; what the CPUs do next is up to you."))


def state_graph(scene: Scene) -> Map:
    """The states that a scene can reach, as a graph: go to any of them."""
    graph = StateMap(scene)
    return Map(fit_graph(graph), graph.expand)


def lifecycle(revision: Revision, other: Revision | None = None) -> Map:
    """The life of a VM in a kernel, as a graph: make the calls. Beside another kernel, what only one has is dashed."""
    graph = LifeGraph(revision, other)
    return Map(fit_graph(graph), graph.expand)


def side_by_side(scene: Scene, first: Revision, second: Revision, run: Iterable[int] = ()) -> SideBySide:
    """The same steps in two kernels; `run` are the CPUs that have stepped already."""
    graph = PairGraph(scene, first, second)
    shown = SideBySide(fit_graph(graph), graph.expand, graph.all_runs)
    shown.step(run)
    return shown


def find(*scripts: Scene | Scenario | str, revisions: Revision | Iterable[Revision] = ALL,
         questions: Iterable[str | Property] = ()) -> Finder:
    """A race finder: pick scripts and a kernel, ask, watch and stop the search, walk the shortest run on a bench.

    `scripts` are scenes, races or "any" for a host that may call anything; without them all races. `questions` are
    names of those that there are, or properties of one's own; without them everything can be asked.
    """
    scenarios = [find_scenario(what).asking(*questions) for what in scripts or list_explorable()]
    return Finder(scenarios, [revisions] if isinstance(revisions, Revision) else tuple(revisions))


def schedule(scripts: Scene | Scenario | str, broken: str | Property = WRONG,
             revision: Revision | None = None) -> Scheduler:
    """You are the scheduler: break something by hand, then see your number of steps beside the fewest there are."""
    scenario = find_scenario(scripts).asking(broken)
    return Scheduler(scenario, revision or scenario.usual)


def sequence(run: Story | Bench | str, page: str = "") -> SequenceView:
    """Who called whom and which lock was held when, along a story, what was done on a bench, or a trace text.

    `page` is the one whose owner is shown below, the VM's struct if nothing else is said.
    """
    if isinstance(run, str):
        return SequenceView(Sequence(parse(run), "A trace", page=page), "trace-sequence")
    return of_bench(run, page) if isinstance(run, Bench) else of_story(run, page)


def of_story(story: Story, page: str) -> SequenceView:
    """A story along time."""
    scene = story.scene
    shown = Sequence(story.trace, scene.title, len(scene.setup), scene.says, page)
    return SequenceView(shown, f"{scene.name}-sequence")


def of_bench(shown: Bench, page: str) -> SequenceView:
    """What was done on a bench, along time."""
    graph = shown.graph
    run = Sequence(parse(shown.trace), graph["title"], len(graph["setup"]), graph["says"], page)
    return SequenceView(run, f"{graph['name']}-sequence")


def el2_time() -> El2Time:
    """How long one hypercall keeps a CPU at EL2, against the number of pages, in model units."""
    return El2Time()


def quiz(question: str, options: dict[str, str], right: str) -> Quiz:
    """Ask a question. `options` maps each answer to the sentence it gets, `right` is the right answer."""
    return Quiz(make_question(question, options, right))


class Source:
    """The text of a function of the model, as it runs."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        look = "padding:8px 12px;border:1px solid #767E8A;overflow-x:auto;word-break:normal"
        return f'<pre style="{look}">{escape(self.text)}</pre>'


def source(call: str | Callable[..., Any]) -> Source:
    """The model's own text of a call, or of a function that calls use: the one that every step on this page runs."""
    return Source(inspect.getsource(CALLS[call] if isinstance(call, str) else call).rstrip())


def progress() -> ProgressView:
    """The learner's progress, which can be looked at again: each exercise, what is solved, what to do next."""
    return ProgressView(progress_table.make_table_here)


PASSED: dict[str, bool] = {}
"""Of each exercise that was checked in this kernel, whether its last answer passed."""


def answer(line: str, cell: str) -> Card:
    """Check a cell's text as the answer to an exercise and show the verdict: the cell magic `%%answer ID`.

    Raise UsageError, which IPython shows as one line, if there is no such exercise.
    """
    from IPython.core.error import UsageError  # noqa: PLC0415  # only a notebook needs it, and it has it already

    try:
        card = check(line.strip(), cell)
    except ExerciseError as error:
        raise UsageError(f"{error}. The first line is %%answer and the name of the notebook.") from None
    PASSED[line.strip()] = card.verdict.passed
    return card


def passed(name: str) -> bool:
    """True if the last answer to an exercise that was checked in this kernel passed."""
    return PASSED.get(name, False)


def load_ipython_extension(shell: Any) -> None:
    """Called by `%load_ext pkvm_model.lesson`: makes the cell magic known."""
    shell.register_magic_function(answer, "cell", "answer")
