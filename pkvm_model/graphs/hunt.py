"""A search for a race, a slice at a time, and its answers in words."""
from __future__ import annotations

import time
from collections.abc import Iterable
from functools import cached_property
from typing import Any, NamedTuple

from ..explore.check import (EMPTY, EXAMPLE, HOLDS, INCOMPLETE, NEVER, VIOLATED, Always, Answer, Exploration, Limits,
                             reached)
from ..explore.machines import AnyHost, Scripts
from ..explore.traces import lent, trace
from ..model.trace import TraceLine, Trace, parse_line
from ..scenes import Move, Scene
from .questions import ALWAYS, SOMETIMES, STUCK, WRONG, Question

SLICE, COUNT = 0.1, 100
"""How long a slice of a search is, in seconds, and how many states are looked at between two looks at the clock."""
ENOUGH = Limits(mebibytes=500)
"""What a search in a notebook may take of the memory before it stops by itself."""
FOUND = (VIOLATED, EXAMPLE)
WORDS = {
    (WRONG, VIOLATED): "Yes: it goes wrong after {after}, and no run is shorter.",
    (WRONG, HOLDS): "No: nothing goes wrong, in whatever order the steps are made.",
    (WRONG, INCOMPLETE): "Not known yet: no run of at most {after} goes wrong.",
    (ALWAYS, VIOLATED): "Violated: it is broken after {after}, and no run is shorter.",
    (ALWAYS, HOLDS): "It holds in every state, in whatever order the steps are made.",
    (ALWAYS, EMPTY): "Empty: no state is one that it speaks of, so it says nothing here.",
    (ALWAYS, INCOMPLETE): "Not known yet: no run of at most {after} breaks it.",
    (SOMETIMES, EXAMPLE): "Yes: it takes {after}, and no run is shorter.",
    (SOMETIMES, NEVER): "Never: no order of the steps leads there.",
    (SOMETIMES, INCOMPLETE): "Not known yet: no run of at most {after} leads there.",
    (STUCK, VIOLATED): "Yes: after {after} a script waits for ever, and no run is shorter.",
    (STUCK, HOLDS): "No: whatever the order, every script comes to its end.",
    (STUCK, INCOMPLETE): "Not known yet: within {after} no script waits for ever.",
}


class Found(NamedTuple):
    """The answer to a question: the verdict, what it means, what was looked at, and the shortest run that shows it.

    `cpus` are the CPUs that step in the run, `trace` is the run with what led to its first step. `waiting` are states
    that were found and not looked at.
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
        """The fewest steps that show it, None where nothing does or nothing was found yet."""
        return None if self.trace is None else len(self.cpus)

    @property
    def lines(self) -> list[str]:
        """The run's own lines of the trace, without what led to its first step."""
        return [str(line) for line in self.trace.lines[len(self.trace.lines) - len(self.cpus):]] if self.trace else []

    @property
    def words(self) -> str:
        """The whole answer in sentences."""
        return " ".join(filter(None, [self.says, self.reason and f"{self.reason}.", self.looked]))


class Hunt:
    """One search that answers every question about a machine; whoever asks takes it further, a slice at a time."""

    def __init__(self, machine: Scripts | AnyHost, questions: tuple[Question, ...]) -> None:
        self.machine, self.questions = machine, questions
        self.stopped = ""

    @cached_property
    def exploration(self) -> Exploration:
        """The search, begun when it is first needed."""
        asked = (one for question in self.questions for one in question.properties)
        return Exploration(self.machine, tuple(dict.fromkeys(asked)))

    def settled(self, question: Question) -> bool:
        """True when no further state can change the answer."""
        names = {one.name for one in question.properties}
        return not self.exploration.search.more or bool(names & self.exploration.finds.keys())

    def more(self, question: Question) -> bool:
        """True while it makes sense to go on."""
        return not self.stopped and not self.settled(question)

    def advance(self, question: Question, seconds: float = SLICE, limits: Limits = ENOUGH) -> Found:
        """Go on for about so long, or until the question is answered."""
        until = time.monotonic() + seconds
        while self.more(question):
            self.exploration.advance(COUNT)
            self.stopped = reached(limits, self.exploration.search, 0)
            if time.monotonic() >= until:
                break
        return self.found(question)

    def found(self, question: Question) -> Found:
        """What is known by now."""
        answers = [self.exploration.answer(one) for one in question.properties]
        answer = min(answers, key=lambda one: (rank(one), len(one.run or ())))
        search = self.exploration.search
        verdict, run, waiting = answer.verdict, answer.run, search.waiting
        after = count(len(search.levels) - 1 if run is None else len(run), "step")
        says = WORDS[question.kind, verdict].format(after=after) + occurs(answer)
        looked = looked_at(search.states, waiting) + (f" It stopped at {self.stopped}." if self.stopped else "")
        known = Found(question, verdict, says, looked, search.states, waiting, upper(answer.reason))
        if run is None:
            return known
        return known._replace(cpus=tuple(cpu_of(action) for action in run), trace=trace(self.machine, run))

    def scene(self, lines: Iterable[str] = ()) -> Scene:
        """The scene on whose bench a run can be walked: that of the scripts, or one with the calls of these lines."""
        if isinstance(self.machine, Scripts):
            return self.machine.scene
        return scene_of_run(self.machine, [parse_line(text, number) for number, text in enumerate(lines, 1)])


def rank(answer: Answer) -> int:
    """Of several properties the one that was found to be broken answers, then the one that is not settled."""
    return 0 if answer.verdict in FOUND else 1 if answer.verdict == INCOMPLETE else 2


def occurs(answer: Answer) -> str:
    """That a property which holds is not empty, where it does not speak of every state."""
    speaks = isinstance(answer.asked, Always) and answer.asked.premise and answer.verdict == HOLDS
    return " There are states that it speaks of." if speaks else ""


def looked_at(states: int, waiting: int) -> str:
    """How many states a search has found, and how many of them it has not looked at."""
    if waiting:
        return f"{count(states, 'state')} found, {waiting:,} of them not looked at."
    return f"{count(states, 'state')} looked at: all that there are."


def count(number: int, what: str) -> str:
    """A number of things in words."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def upper(sentence: str) -> str:
    """The sentence with a capital at its beginning."""
    return sentence[:1].upper() + sentence[1:]


def cpu_of(action: Any) -> int:
    """The CPU that makes a step of a run."""
    return int(action[0] if isinstance(action, tuple) else action)


def scene_of_run(machine: AnyHost, run: list[TraceLine]) -> Scene:
    """The calls of a run as scripts, so that they can be made again, in this order and in any other."""
    scripts = tuple(tuple(Move(line.call, machine.whole) for line in run if line.cpu == cpu and line.call)
                    for cpu in range(machine.config.cpus))
    return Scene("run", "The calls of this run", machine.revision, tuple((0, step.call) for step in lent(machine)),
                 scripts, "The host has lent its structs to EL2; no VM is there yet.", machine.config)
