"""The bench: step through lanes, state and ownership. Python computes states; the front end draws and steps."""
from __future__ import annotations

from ..graphs.contract import BenchGrowth, EdgeValue, StateValue, StepQuestion
from .bench_static import render_bench
from .bench_words import describe_bench
from .walker import Walker


class Bench(Walker[StateValue, EdgeValue]):
    """A bench on a graph of states."""

    kind = "bench"

    def answer(self, question: StepQuestion) -> BenchGrowth:
        """Compute one step."""
        return self._step(question)

    def describe(self) -> str:
        """Return the state shown as a sentence and a table."""
        return describe_bench(self._walked())

    def static(self) -> str:
        """Return the state shown as HTML: a sentence, a list and a table."""
        return render_bench(self._walked())

    def __repr__(self) -> str:
        """Return a short text that is the same on every machine."""
        graph = self.graph
        return f"Bench({graph['name']!r}, {graph['revision']['id']}, {len(graph['states'])} states, at step {self.at})"
