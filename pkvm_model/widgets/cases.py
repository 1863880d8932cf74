"""What a race finder asks about: a subject on one kernel, what is known of it, and the benches to walk its runs on."""
from __future__ import annotations

import json
from collections.abc import Sequence
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
from .bench import MOST_BYTES, fit_graph, pack
from .walk import Walk
from .widget import compact

RunLines = tuple[str, ...]
"""The lines of the run whose calls are on a bench; of scripts there is one bench for all runs, and its run is ()."""
MOST_STATES = 1_000
"""How many states are looked at before anybody asks, so that a page can answer; that takes less than a second."""
LEAST_BYTES = 20_000
"""A bench with less room than this is left out, and Python is asked for it."""


class Case:
    """A subject on one kernel. `missing` says why it cannot run there, '' if it can; `stored` are answers to ship."""

    def __init__(self, subject: Scenario, revision: Revision) -> None:
        """Find out whether the subject can run on this kernel, and begin nothing."""
        self.subject, self.revision, self.missing = subject, revision, ""
        self.name = "-".join([revision.name, *revision.removed])
        self.stored: dict[str, Reply] = {}
        self.benches: dict[RunLines, Walk] = {}
        self.shipped: dict[RunLines, str] = {}
        try:
            self.inquiry = Inquiry(subject.machine(revision), subject.questions)
        except ValueError as error:
            self.missing = f"{error}."

    @property
    def label(self) -> str:
        """The kernel in words."""
        removed = self.revision.removed
        return f"{self.revision.name} without {', '.join(removed)}" if removed else self.revision.name

    @property
    def scripted(self) -> bool:
        """True if CPUs follow scripts, so that there is a bench before any run was found."""
        return not self.missing and isinstance(self.inquiry.machine, Scripts)

    @property
    def opening(self) -> list[str]:
        """The first lines of every trace of it: kernel and machine, and what led to its first step."""
        scene = self.inquiry.scene()
        return [show_header(scene.revision, scene.config), *(str(line) for line in scene.trace().lines)]

    def search(self, most: int) -> int:
        """Look at so many states and keep what they answer; gives how many were found."""
        if self.missing:
            return 0
        exploration = self.inquiry.exploration
        while exploration.has_more and exploration.search.states < most:
            exploration.advance(COUNT)
        settled = (question for question in self.subject.questions if self.inquiry.is_settled(question))
        self.stored = {question.name: self.inquiry.reply(question) for question in settled}
        return exploration.search.states

    def found(self, name: str) -> Reply:
        """What is known about a question."""
        return self.stored.get(name) or self.inquiry.reply(self.subject.question(name))

    def bench(self, run: RunLines = (), most: int = MOST_BYTES) -> Walk:
        """Where runs are walked: the same walk each time, so that what it has learnt stays."""
        run = () if self.scripted else run
        if run not in self.benches:
            graph = StateGraph(self.inquiry.scene(run), *self.choose_limits(most), self.list_runs(run))
            self.benches[run] = Walk(fit_graph(graph, most), graph.expand)
        return self.benches[run]

    def choose_limits(self, most: int) -> tuple[int, tuple[Any, ...]]:
        """How many states a bench of so many bytes works out beforehand, and what each is asked."""
        longest = max((len(found.cpus) for found in self.stored.values()), default=0)
        return max(LIMIT * most // MOST_BYTES, longest + 1), self.subject.asked_always

    def list_runs(self, run: RunLines) -> list[list[int]]:
        """The CPUs that step in the runs that a bench must not cut short."""
        if run or not self.scripted:
            return [[int(line.split()[0]) for line in run]]
        return [list(found.cpus) for found in self.stored.values() if found.cpus]

    def ship(self, most: int) -> int:
        """Keep a bench of at most so many bytes for the page; gives how many it takes."""
        first = next((found for found in self.stored.values() if found.cpus), None)
        if self.missing or not (self.scripted or first):
            return 0
        run = () if self.scripted or not first else tuple(first.lines)
        self.shipped[run] = pack(self.bench(run, most).graph)
        return len(self.shipped[run].encode())

    def value(self) -> CaseValue:
        """What is shipped of it, as JSON values; an answer that several questions have is shipped once."""
        answers = {name: compact(encode_answer(found)) for name, found in self.stored.items()}
        numbers = {text: number for number, text in enumerate(dict.fromkeys(answers.values()))}
        return {"name": self.name, "label": self.label, "missing": self.missing, "scripts": self.list_scripts(),
                "answers": [json.loads(text) for text in numbers],
                "found": {name: numbers[text] for name, text in answers.items()},
                "benches": [(list(run), json.loads(packed)) for run, packed in self.shipped.items()]}

    def list_scripts(self) -> list[list[str]]:
        """The calls of each CPU, as they are written."""
        if self.missing or not isinstance(self.inquiry.machine, Scripts):
            return []
        return [[show_call(move.call) for move in script] for script in self.inquiry.machine.scene.scripts]


def stock(cases: Sequence[Case]) -> None:
    """Answer what can be answered at once, and make benches, as much as a notebook may carry of both."""
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
    """A question as JSON values; of one that asks about several things, what they are."""
    means = [one.says for one in question.properties] if question.name == WRONG else []
    return {"name": question.name, "kind": question.kind, "says": question.says, "means": means,
            "breaks": list(question.broken_by)}


def encode_answer(found: Reply, more: bool = False) -> AnswerValue:
    """An answer as JSON values; `more` while it could still change."""
    return {"verdict": found.verdict, "says": found.says, "reason": found.reason and f"{found.reason}.",
            "looked": found.looked, "lines": found.lines if found.trace else None, "more": more}
