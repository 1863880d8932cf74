"""Side by side: the same steps in two kernels, a row for each, with the first difference marked."""
from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape

from ..graphs.contract import (PairEdgeValue, PairGraphValue, PairGrowth, PairStateValue, RunsQuestion, RunsValue,
                               StepQuestion)
from ..graphs.pairs import split
from . import beside_words as words
from .static import render_box, render, render_list, render_table
from .walk import Expand
from .walker import Walker

SHORTEST = "The shortest way to a difference"


class SideBySide(Walker[PairStateValue, PairEdgeValue]):
    """Two kernels on the pairs of their states; `runs` compares the ends of all runs if that was not shipped."""

    kind = "beside"

    def __init__(self, graph: PairGraphValue, expand: Expand[PairStateValue, PairEdgeValue],
                 runs: Callable[[], RunsValue]):
        """Begin at the start of the graph."""
        super().__init__(graph, expand)
        self._runs = runs

    @property
    def traces(self) -> tuple[str, str]:
        """The trace of each kernel up to the step shown."""
        return split(self.trace)

    @property
    def first_difference(self) -> int | None:
        """The number of the first step after which an observer can tell the two apart, or None."""
        return words.find_first_difference(self._walked())

    def step(self, cpus: Iterable[int]) -> None:
        """Step these CPUs in every view. Raise ValueError if a CPU has nothing to do in either kernel."""
        walk = self._walked()
        for cpu in cpus:
            edge = next((edge for edge in walk.edges[walk.here] if edge["cpu"] == cpu), None)
            if edge is None:
                raise ValueError(f"After step {len(walk.path)} CPU {cpu} has nothing to do in either kernel.")
            walk.go(edge)
        self.stand(walk.history)

    def answer(self, question: StepQuestion | RunsQuestion) -> PairGrowth | RunsValue:
        """Compute one step, or compare all runs."""
        return self._runs() if "runs" in question else self._step(question)

    def describe(self) -> str:
        """Return the steps taken, and what differs between the two states."""
        return words.describe_pair(self._walked())

    def static(self) -> str:
        """Return the same as tables; before the first step, the shortest way to a difference."""
        walk = self._walked()
        names = words.name_revisions(walk)
        route, caption = (walk, "Step by step") if walk.path else (words.walk_to_difference(self.graph), SHORTEST)
        says = render("p", "says", escape(walk.says))
        steps = render_table(caption, ["Step", *names], map(render_row, words.list_rows(route))) if route.path else ""
        differs = render("pre", "note", escape("\n".join(words.describe_differences(route))))
        runs = [walk.graph["runs"]["says"]] if walk.graph["runs"] else []
        place = f"{' beside '.join(names)} · step {self.at}"
        return render_box(walk.graph["title"], place, says, steps, differs, render_list(runs))

    def __repr__(self) -> str:
        """Return a short text that is the same on every machine."""
        graph = self.graph
        return f"SideBySide({graph['name']!r}, {len(graph['states'])} pairs of states, at step {self.at})"


def render_row(row: words.StepRow) -> str:
    """Return a step as a table row."""
    mark = render("b", "title", " · first difference") if row.first else ""
    head = render("th", "cell", f"{row.number} {escape(row.who)}", mark, scope="row")
    return f"<tr>{head}{''.join(render('td', 'cell', escape(side)) for side in row.sides)}</tr>"
