"""A case of the race finder: a subject on one kernel, its stored answers, and the benches that walk its runs."""
from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..explore.machines import Scripts
from ..graphs.bench import StateGraph
from ..graphs.contract import AnswerValue, CaseValue, QuestionValue
from ..explore.inquiry import COUNT, Inquiry, Reply
from ..explore.questions import WRONG, Question
from ..explore.scenario import Scenario
from ..graphs.reach import LIMIT
from ..model.revisions import Revision
from ..model.trace import show_call, show_header
from ..text import quote_briefly
from .walk import BenchWalk, Walk
from .walker import MOST_BYTES, fit_graph, pack
from .widget import compact

RunLines = tuple[str, ...]
"""The lines of the run whose calls are on a bench. With scripts one bench serves all runs, and its run is ()."""
MOST_STATES = 1_000
"""The number of states searched in advance so that a page can answer; takes less than a second."""
LEAST_BYTES = 20_000
"""A bench with less room than this is not shipped; the front end asks Python for it."""


class Case:
    """A subject on one kernel. `missing` is why it cannot run there, or ''; `stored` holds the answers to ship."""

    def __init__(self, subject: Scenario, revision: Revision) -> None:
        """Check whether the subject can run on this kernel, without searching."""
        self.subject, self.revision, self.missing = subject, revision, ""
        self.name = "-".join([revision.name, *revision.removed])
        self.stored: dict[str, Reply] = {}
        self.benches: dict[RunLines, BenchWalk] = {}
        self.shipped: dict[RunLines, str] = {}
        try:
            self.inquiry = Inquiry(subject.machine(revision), subject.questions)
        except ValueError as error:
            self.missing = f"{error}."

    @property
    def label(self) -> str:
        """The name of the kernel in words."""
        removed = self.revision.removed
        return f"{self.revision.name} without {', '.join(removed)}" if removed else self.revision.name

    @property
    def scripted(self) -> bool:
        """True if CPUs follow scripts, so that a bench exists before any run is found."""
        return not self.missing and isinstance(self.inquiry.machine, Scripts)

    @property
    def opening(self) -> list[str]:
        """The first lines of each of its traces: kernel, machine and setup."""
        scene = self.inquiry.scene()
        return [show_header(scene.revision, scene.config), *(str(line) for line in scene.trace().lines)]

    def search(self, most: int) -> int:
        """Search up to `most` states and store the answers; return the number of states."""
        if self.missing:
            return 0
        exploration = self.inquiry.exploration
        while exploration.has_more and exploration.search.states < most:
            exploration.advance(COUNT)
        settled = (question for question in self.subject.questions if self.inquiry.is_settled(question))
        self.stored = {question.name: self.inquiry.reply(question) for question in settled}
        return exploration.search.states

    def get_answer(self, name: str) -> Reply:
        """Return what is known about a question."""
        return self.stored.get(name) or self.inquiry.reply(self.subject.question(name))

    def open_bench(self, run: RunLines = (), most: int = MOST_BYTES) -> BenchWalk:
        """Return the walk for a run, the same each time, so that it keeps what it learned; a finder hides no page."""
        run = () if self.scripted else run
        if run not in self.benches:
            scene = replace(self.inquiry.scene(run), shows=())
            graph = StateGraph(scene, *self.choose_limits(most), self.list_runs(run))
            self.benches[run] = Walk(fit_graph(graph, most), graph.expand)
        return self.benches[run]

    def choose_limits(self, most: int) -> tuple[int, tuple[Any, ...]]:
        """Return the number of states that a bench of `most` bytes computes in advance, and its properties."""
        longest = max((len(reply.cpus) for reply in self.stored.values()), default=0)
        return max(LIMIT * most // MOST_BYTES, longest + 1), self.subject.asked_always

    def list_runs(self, run: RunLines) -> list[list[int]]:
        """Return the CPUs that step in each run that a bench must contain."""
        if run or not self.scripted:
            return [[int(line.split()[0]) for line in run]]
        return [list(reply.cpus) for reply in self.stored.values() if reply.cpus]

    def ship(self, most: int) -> int:
        """Store a bench of at most `most` bytes to ship; return its size."""
        first = next((reply for reply in self.stored.values() if reply.cpus), None)
        if self.missing or not (self.scripted or first):
            return 0
        run = () if self.scripted or not first else tuple(first.lines)
        self.shipped[run] = pack(self.open_bench(run, most).graph)
        return len(self.shipped[run].encode())

    def value(self) -> CaseValue:
        """Return what is shipped, as JSON values; an answer shared by several questions is shipped once."""
        answers = {name: compact(encode_answer(reply)) for name, reply in self.stored.items()}
        numbers = {text: number for number, text in enumerate(dict.fromkeys(answers.values()))}
        return {"name": self.name, "label": self.label, "missing": self.missing, "scripts": self.list_scripts(),
                "answers": [json.loads(text) for text in numbers],
                "found": {name: numbers[text] for name, text in answers.items()},
                "benches": [(list(run), json.loads(packed)) for run, packed in self.shipped.items()]}

    def list_scripts(self) -> list[list[str]]:
        """Return the calls of each CPU as text."""
        if self.missing or not isinstance(self.inquiry.machine, Scripts):
            return []
        return [[show_call(move.call) for move in script] for script in self.inquiry.machine.scene.scripts]


def stock(cases: Sequence[Case]) -> None:
    """Store the answers found within MOST_STATES, and benches as far as MOST_BYTES allows."""
    states = MOST_STATES
    for case in cases:
        states -= case.search(states)
        if states <= 0:
            break
    room = MOST_BYTES - sum(len(compact(case.value()).encode()) for case in cases)
    for later, case in reversed(list(enumerate(reversed(cases)))):
        share = max(room - later * LEAST_BYTES, LEAST_BYTES)
        if share > room:
            break
        room -= case.ship(share)


def encode_question(question: Question) -> QuestionValue:
    """Return a question as JSON values, with the properties behind it if it asks about several."""
    means = [prop.says for prop in question.properties] if question.name == WRONG else []
    return {"name": question.name, "kind": question.kind, "says": question.says, "means": means,
            "breaks": list(question.broken_by)}


def encode_answer(reply: Reply, more: bool = False) -> AnswerValue:
    """Return an answer as JSON values; `more` is true while it could still change."""
    return {"verdict": reply.verdict, "says": reply.says, "reason": reply.reason and f"{quote_briefly(reply.reason)}.",
            "looked": reply.looked, "lines": reply.lines if reply.trace else None, "more": more}
