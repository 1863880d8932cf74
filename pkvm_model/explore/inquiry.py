"""Questions about one machine, answered by one search, a slice at a time and in words."""
from __future__ import annotations

import time
from collections.abc import Iterable
from functools import cached_property
from typing import Any, NamedTuple

from ..model.trace import Trace, TraceLine, parse_line
from ..scenes import Move, Scene
from ..text import capitalise, count
from .check import (EMPTY, EXAMPLE, HOLDS, INCOMPLETE, NEVER, VIOLATED, Always, Answer, Exploration, Limits,
                    check_limits)
from .machines import AnyHost, Scripts
from .questions import ALWAYS, POSSIBLE, SOMETIMES, STUCK, WRONG, Question
from .traces import lend_structs, trace

SLICE, COUNT = 0.1, 100
"""The length of a slice of a search in seconds, and how many states are explored between two looks at the clock."""
ENOUGH = Limits(mebibytes=500)
"""How much memory a search in a notebook may take before it stops by itself."""
SHOWN = (VIOLATED, EXAMPLE)
"""The verdicts that a run shows."""
WORDS = {
    (WRONG, VIOLATED): "Yes: it goes wrong after {after}. No shorter run goes wrong.",
    (WRONG, HOLDS): "No: nothing goes wrong, whatever the order of the steps.",
    (WRONG, INCOMPLETE): "Not known yet: no run of at most {after} goes wrong.",
    (ALWAYS, VIOLATED): "Violated: it is broken after {after}. No shorter run breaks it.",
    (ALWAYS, HOLDS): "It holds in every state, whatever the order of the steps.",
    (ALWAYS, EMPTY): "Empty: it is about a kind of state that never occurs here, so it says nothing.",
    (ALWAYS, INCOMPLETE): "Not known yet: no run of at most {after} breaks it.",
    (SOMETIMES, EXAMPLE): "Yes: it takes {after}. No shorter run leads there.",
    (SOMETIMES, NEVER): "Never: no order of the steps leads there.",
    (SOMETIMES, INCOMPLETE): "Not known yet: no run of at most {after} leads there.",
    (POSSIBLE, VIOLATED): "No: after {after} it is lost. No shorter run loses it.",
    (POSSIBLE, HOLDS): "Yes: from every state, an honest host that takes over can still do it.",
    (POSSIBLE, INCOMPLETE): "Not known yet: an honest host can still do it after any run of at most {after}.",
    (STUCK, VIOLATED): "Yes: after {after} a script waits for ever. No shorter run leads there.",
    (STUCK, HOLDS): "No: whatever the order, every script comes to its end.",
    (STUCK, INCOMPLETE): "Not known yet: within {after} no script waits for ever.",
}


class Reply(NamedTuple):
    """The reply to a question: the verdict, in words, how much was explored, and the shortest run that shows it.

    `cpus` are the CPUs that step in the run, `trace` is the run with what led to its first step. `waiting` counts
    states that were found and not explored.
    """

    question: Question
    verdict: str
    says: str
    looked: str
    states: int
    waiting: int
    reason: str = ""
    cpus: tuple[int, ...] = ()
    trace: Trace | None = None

    @property
    def steps(self) -> int | None:
        """The fewest steps that show it, None if there is no run."""
        return None if self.trace is None else len(self.cpus)

    @property
    def lines(self) -> list[str]:
        """The run's own lines of the trace, without what led to its first step."""
        return [str(line) for line in self.trace.lines[len(self.trace.lines) - len(self.cpus):]] if self.trace else []

    @property
    def words(self) -> str:
        """The whole reply in sentences."""
        return " ".join(filter(None, [self.says, self.reason and f"{self.reason}.", self.looked]))


class Inquiry:
    """One search that answers every question about a machine; its caller takes it further, a slice at a time."""

    def __init__(self, machine: Scripts | AnyHost, questions: tuple[Question, ...]) -> None:
        self.machine, self.questions = machine, questions
        self.stopped = ""

    @cached_property
    def exploration(self) -> Exploration:
        """The search, begun when it is first needed."""
        properties = (prop for question in self.questions for prop in question.properties)
        return Exploration(self.machine, tuple(dict.fromkeys(properties)))

    def is_settled(self, question: Question) -> bool:
        """Return True if no further state can change the answer."""
        names = {prop.name for prop in question.properties}
        return not self.exploration.search.has_more or bool(names & self.exploration.witnesses.keys())

    def has_more(self, question: Question) -> bool:
        """Return True while it makes sense to go on."""
        return not self.stopped and not self.is_settled(question)

    def advance(self, question: Question, seconds: float = SLICE, limits: Limits = ENOUGH) -> Reply:
        """Go on for about this long, or until the question is answered."""
        until = time.monotonic() + seconds
        while self.has_more(question):
            self.exploration.advance(COUNT)
            self.stopped = check_limits(limits, self.exploration.search, 0)
            if time.monotonic() >= until:
                break
        return self.reply(question)

    def reply(self, question: Question) -> Reply:
        """Return what is known by now."""
        answer = choose_answer([self.exploration.answer(prop) for prop in question.properties])
        search = self.exploration.search
        verdict, run, waiting = answer.verdict, answer.run, search.waiting
        after = count(len(search.levels) - 1 if run is None else len(run), "step")
        says = WORDS[question.kind, verdict].format(after=after) + describe_premise(answer)
        looked = describe_extent(search.states, waiting) + (f" It stopped at {self.stopped}." if self.stopped else "")
        reply = Reply(question, verdict, says, looked, search.states, waiting, capitalise(answer.reason))
        if run is None:
            return reply
        return reply._replace(cpus=tuple(get_cpu(action) for action in run), trace=trace(self.machine, run))

    def scene(self, lines: Iterable[str] = ()) -> Scene:
        """Return the scene on whose bench a run can be walked: that of the scripts, or one made of these lines."""
        if isinstance(self.machine, Scripts):
            return self.machine.scene
        return make_scene(self.machine, [parse_line(text, number) for number, text in enumerate(lines, 1)])


def choose_answer(answers: Iterable[Answer]) -> Answer:
    """Return the answer that counts among those to one question: a shortest run, then what is undecided."""
    return min(answers, key=lambda answer: (rank(answer), len(answer.run or ())))


def rank(answer: Answer) -> int:
    """Return the rank of an answer among several: first a property that a run shows, then an undecided one."""
    return 0 if answer.verdict in SHOWN else 1 if answer.verdict == INCOMPLETE else 2


def describe_premise(answer: Answer) -> str:
    """Return a sentence that a property which holds is not empty, if it is not about every state."""
    about_some = isinstance(answer.prop, Always) and answer.prop.premise and answer.verdict == HOLDS
    return " States of the kind that it is about do occur." if about_some else ""


def describe_extent(states: int, waiting: int) -> str:
    """Return how many states a search has found, and how many of them it has not explored."""
    if waiting:
        return f"{count(states, 'state')} found, {waiting:,} of them not checked yet."
    return f"{count(states, 'state')} checked: that is all of them."


def get_cpu(action: Any) -> int:
    """Return the CPU that makes a step of a run."""
    return int(action[0] if isinstance(action, tuple) else action)


def make_scene(machine: AnyHost, run: list[TraceLine]) -> Scene:
    """Return the calls of a run as scripts, so that they can be made again, in this order and in any other."""
    scripts = tuple(tuple(Move(line.call, machine.whole) for line in run if line.cpu == cpu and line.call)
                    for cpu in range(machine.config.cpus))
    return Scene("run", "The calls of this run", machine.revision,
                 tuple((0, step.call) for step in lend_structs(machine)), scripts,
                 "The host has lent its structs to EL2; no VM is there yet.", machine.config)
