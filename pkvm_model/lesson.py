"""What a notebook imports: benches, stories, claims, quizzes, recordings, and the model's own text.

Import from three places and no others: `pkvm_model.lesson` for what a notebook shows, `pkvm_model.kernel` for the
kernels and what an answer is written with, and `pkvm_model.scenes.CHAPTER` for a chapter's scenes. Their names stay,
wherever the modules behind them move.

The explorer is asked about properties: `Always`, `Sometimes`, `Stuck`, and what is always possible. `HOME` asks
whether an honest host that takes over can still get everything back, from every state. `can_always_reach(name, says,
reached)` asks the same about a good end of your own: `reached` is called with a state.

In the notebook of an exercise, `%load_ext pkvm_model.lesson` has every cell that begins with `%%answer ID` checked when
it runs.
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
from .explore.homecoming import HOME, can_always_reach
from .explore.machines import AnyHost, Scripts, every_call
from .explore.mutants import compare, flush_late, mutate, refuse_leftovers
from .explore.properties import INVARIANTS
from .explore.questions import WRONG
from .explore.scenario import Scenario
from .explore.stored import explored
from .graphs.bench import StateGraph
from .graphs.el2_time import APART, NEAR, lines
from .graphs.lifecycle import LifeGraph
from .graphs.map import StateMap
from .graphs.page_life import moves, page_life
from .graphs.pairs import PairGraph
from .graphs.sequence import Sequence
from .machine.asking import ask_machine
from .model.revisions import REVISIONS, V1, Revision
from .model.run import CALLS
from .model.trace import parse, replay
from .practice import progress_report
from .practice.exercises import ExerciseError
from .scenes import LENT_PAGE, Scene, scene
from .show.claim import claim
from .show.guards import judged, noticed, without
from .show.patch import patch
from .show.quiz import make_prediction, make_question
from .show.recorded import Life, counted, numbered, recorded
from .show.repairs import repairs
from .show.story import Story, play, play_out
from .show.table import Table
from .widgets.bench import Bench
from .widgets.beside import SideBySide
from .widgets.el2_time import El2Time
from .widgets.exercise import Card, check
from .widgets.finder import Finder, Scheduler
from .widgets.map import Map
from .widgets.progress import ProgressView
from .widgets.quiz import Prediction, Quiz, ask_again
from .widgets.real_run import RealRun
from .widgets.sequence import SequenceView
from .widgets.walker import fit_and_pack, fit_graph

__all__ = [
    "APART", "HOME", "INVARIANTS", "LENT_PAGE", "NEAR", "Always", "AnyHost", "Life", "Limits", "Scene", "Scripts",
    "Sometimes", "Story", "Stuck", "Table", "bench", "call_numbers", "call_with", "can_always_reach", "claim",
    "compare", "counted", "el2_time", "every_call", "explore", "explored", "find", "flush_late", "free_host",
    "judge_fix", "judged", "lifecycle", "lines", "load", "machine", "moves", "mutate", "noticed", "numbered",
    "page_life", "parse", "patch", "play", "play_out", "predict", "progress", "quiz", "quiz_again", "recorded",
    "refuse_leftovers", "repairs", "replay", "replay_all", "scene", "schedule", "sequence", "side_by_side",
    "source", "state_graph", "without"]

ALL = tuple(REVISIONS.values())
"""The four kernels of the course."""


def bench(scene: Scene) -> Bench:
    """Show a bench on a scene: step its CPUs, undo, share."""
    graph = StateGraph(scene)
    value, packed = fit_and_pack(graph)
    return Bench(value, graph.expand, packed)


def free_host(revision: Revision = V1, *calls: str) -> Bench:
    """Show a bench whose CPUs are all yours: any call at any time, or only the calls that you name."""
    script = " ".join(["free", *calls])
    return bench(scene(f"free-host-{revision.name}", "You are the host", revision, LENT_PAGE, (script, script),
                       "VM 0x1000 is alive and idle, and lends page g0; what the CPUs do next is up to you."))


def state_graph(scene: Scene) -> Map:
    """Show the states that a scene can reach as a graph: go to any of them."""
    graph = StateMap(scene)
    return Map(fit_graph(graph), graph.expand)


def lifecycle(revision: Revision, other: Revision | None = None) -> Map:
    """Show the life of a VM in a kernel as a graph: make the calls. Beside another kernel, differences are dashed."""
    graph = LifeGraph(revision, other)
    return Map(fit_graph(graph), graph.expand)


def side_by_side(scene: Scene, first: Revision, second: Revision, run: Iterable[int] = ()) -> SideBySide:
    """Show the same steps in two kernels; `run` are the CPUs that have stepped already."""
    graph = PairGraph(scene, first, second)
    widget = SideBySide(fit_graph(graph), graph.expand, graph.all_runs)
    widget.step(run)
    return widget


def find(*scripts: Scene | Scenario | str, revisions: Revision | Iterable[Revision] = ALL,
         questions: Iterable[str | Property] = ()) -> Finder:
    """Show a race finder: pick scripts and a kernel, ask, watch and stop the search, walk the shortest run on a bench.

    `scripts` are scenes, races or "any" for a host that may call anything; all races if there are none. `questions` are
    names of questions, or properties of your own; if there are none, everything can be asked.
    """
    scenarios = [find_scenario(what).asking(*questions) for what in scripts or list_explorable()]
    return Finder(scenarios, [revisions] if isinstance(revisions, Revision) else tuple(revisions))


def schedule(scripts: Scene | Scenario | str, broken: str | Property = WRONG,
             revision: Revision | None = None) -> Scheduler:
    """Make the learner the scheduler: break something by hand, then see your steps beside the fewest possible."""
    scenario = find_scenario(scripts).asking(broken)
    return Scheduler(scenario, revision or scenario.usual)


def sequence(run: Story | Bench | str, page: str = "") -> SequenceView:
    """Show a run along time: who called whom, and which lock was held when.

    `run` is a story, a bench with what was done on it, or a trace text. `page` is the page whose owner is shown below,
    by default the VM's struct.
    """
    if isinstance(run, str):
        return SequenceView(Sequence(parse(run), "A trace", page=page), "trace-sequence")
    return show_story(run, page) if isinstance(run, Story) else show_bench_run(run, page)


def show_story(story: Story, page: str) -> SequenceView:
    """Show a story along time."""
    scene = story.scene
    run = Sequence(story.trace, scene.title, len(scene.setup), scene.says, page)
    return SequenceView(run, f"{scene.name}-sequence")


def show_bench_run(bench: Bench, page: str) -> SequenceView:
    """Show what was done on a bench along time."""
    graph = bench.graph
    run = Sequence(parse(bench.trace), graph["title"], len(graph["setup"]), graph["says"], page)
    return SequenceView(run, f"{graph['name']}-sequence")


def machine(asked: Story | Bench | str) -> RealRun:
    """Make the same run on a real kernel, and show it beside the model.

    `asked` is a story, a bench with what was done on it, or a trace text. A machine is asked if this computer can have
    one: it boots once, in up to a minute, and stays until Python ends. Otherwise the stored answer of exactly this run
    is shown, if there is one. The origin says which of the two it is.
    """
    if isinstance(asked, str):
        return RealRun(ask_machine(parse(asked)))
    trace = asked.trace if isinstance(asked, Story) else parse(asked.trace)
    setup = len(asked.scene.setup if isinstance(asked, Story) else asked.graph["setup"])
    return RealRun(ask_machine(trace), setup)


def el2_time() -> El2Time:
    """Show how long one hypercall keeps a CPU at EL2, against the number of pages, in model units."""
    return El2Time()


def quiz(question: str, options: dict[str, str], right: str) -> Quiz:
    """Ask a question. `options` maps each answer to the sentence it gets, `right` is the right answer."""
    return Quiz(make_question(question, options, right))


def quiz_again(chapter: str, *usual: str) -> None:
    """Ask two questions of earlier chapters again, before the chapter with a number such as "04".

    In a learner's copy they are those that the learner missed or left out. Elsewhere, and if there are none, they are
    the usual ones, each named by its chapter and cell: "02 quiz-give".
    """
    show(*ask_again(chapter, usual))


def show(*shown: object) -> None:
    """Show something beside a cell's result."""
    from IPython.display import display  # noqa: PLC0415  # only a notebook needs it, and it has it already

    display(*shown)  # type: ignore[no-untyped-call]


def predict(question: str, *options: str) -> Prediction:
    """Take a prediction before a run: one click on an option, or, if there are no options, a word that is typed.

    It is kept in the learner's progress and is never right or wrong: what happens next is the answer.
    """
    return Prediction(make_prediction(question, options))


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
    """Return the model's own text of a call, or of a function that calls use: every step on this page runs it."""
    return Source(inspect.getsource(CALLS[call] if isinstance(call, str) else call).rstrip())


def progress() -> ProgressView:
    """Show the learner's progress: each exercise, what is solved, what to do next."""
    return ProgressView(progress_report.make_report_here)


PASSED: dict[str, bool] = {}
"""Whether the last answer passed, for each exercise that was checked in this kernel."""


def check_cell(line: str, cell: str) -> Card:
    """Check a cell's text as the answer to an exercise and show the verdict: the cell magic `%%answer ID`.

    Raise UsageError, which IPython shows as one line, if there is no such exercise.
    """
    from IPython.core.error import UsageError  # noqa: PLC0415  # only a notebook needs it, and it has it already

    try:
        card = check(line.strip(), cell)
    except ExerciseError as error:
        raise UsageError(f"{error}. The first line is %%answer and the name of the notebook.") from None
    PASSED[line.strip()] = card.verdict.passed
    if card.verdict.asked:
        show(machine(card.verdict.asked))
    return card


def passed(name: str) -> bool:
    """Return True if the last answer to an exercise that was checked in this kernel passed."""
    return PASSED.get(name, False)


def load_ipython_extension(shell: Any) -> None:
    """Register the cell magic `%%answer`; `%load_ext pkvm_model.lesson` calls this."""
    shell.register_magic_function(check_cell, "cell", "answer")
