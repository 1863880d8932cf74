"""Where a race finder stands, and what it answers: its logic without a widget."""
from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ..graphs.contract import FinderPlaceValue, FinderValue, PackedValue, SubjectValue
from ..explore.inquiry import Reply
from ..explore.questions import Question
from ..explore.scenario import Scenario
from ..model.revisions import Revision
from ..model.trace import parse
from .bench import pack
from .cases import Case, encode_answer, encode_question, stock
from .walk import SPACE, Walk
from .widget import compact

NOTHING = compact({"lines": [], "steps": [], "at": 0})
"""The history of a bench on which nothing was done."""


@dataclass(frozen=True)
class FinderPlace:
    """Where a finder stands.

    `case` is what is asked: the names of a subject, a kernel and a question; `asked` are all that were. `run` are the
    lines whose calls are on the bench, where there are no scripts; `bench` is the history there. `hand` are the lines
    of the shortest run that broke it by hand, while no run of the machine's was `shown`.
    """

    case: tuple[str, ...]
    asked: tuple[str, ...] = ()
    run: tuple[str, ...] = ()
    bench: str = ""
    hand: tuple[str, ...] | None = None
    shown: bool = False

    @property
    def text(self) -> str:
        """The same as a text; the front end writes it, too."""
        return compact(asdict(self))

    @property
    def key(self) -> str:
        """What is asked, as one word."""
        return "/".join(self.case)


def parse_place(text: str) -> FinderPlace:
    """What a text says."""
    kept: FinderPlaceValue = json.loads(text)
    hand = None if kept["hand"] is None else tuple(kept["hand"])
    case, asked, run = (tuple(kept[name]) for name in ("case", "asked", "run"))
    return FinderPlace(case, asked, run, kept["bench"], hand, kept["shown"])


@dataclass
class FinderSession:
    """Subjects on kernels, and where somebody stands; with `secret` no answer is told before it is asked for."""

    subjects: Sequence[Scenario]
    revisions: Sequence[Revision]
    secret: bool = False
    cases: dict[tuple[str, ...], Case] = field(init=False)
    place: FinderPlace = field(init=False)

    def __post_init__(self) -> None:
        """Answer what can be answered at once."""
        made = [Case(subject, revision) for subject in self.subjects for revision in self.revisions]
        self.cases = {(case.subject.name, case.name): case for case in made}
        stock(made)
        self.place = FinderPlace(self.start)

    @property
    def name(self) -> str:
        """One word for links: what it is, and what it asks about where that is not too much."""
        return "-".join(["schedule" if self.secret else "find", *[one.name for one in self.subjects][:3]])

    @property
    def start(self) -> tuple[str, str, str]:
        """What is asked at first: the first subject on its usual kernel, or on one where it can run."""
        subject = self.subjects[0]
        here = [case for case in self.cases.values() if case.subject is subject]
        there = [case for case in here if not case.missing] or here
        case = next((case for case in there if case.revision == subject.usual), there[0])
        return subject.name, case.name, subject.questions[0].name

    @property
    def case(self) -> Case:
        """The subject on the kernel that is asked about."""
        return self.cases[self.place.case[:2]]

    @property
    def question(self) -> Question:
        """What is asked about it."""
        return self.case.subject.question(self.place.case[2])

    @property
    def found(self) -> Reply | None:
        """What the machine has found; None before anybody has asked it."""
        asked = self.place.key in self.place.asked and not self.case.missing
        return self.case.found(self.question.name) if asked else None

    @property
    def has_bench(self) -> bool:
        """Whether there is a bench: of scripts always, of a host when a run is on it."""
        return not self.case.missing and (self.case.scripted or bool(self.place.run))

    @property
    def bench(self) -> Walk:
        """The walk on the bench, where the learner stands. Raises LookupError where there is none."""
        if not self.has_bench:
            raise LookupError(self.case.missing or "A bench opens here with the run that is found.")
        walk = self.case.bench(self.place.run)
        if self.place.bench != walk.history:
            walk.recall(self.place.bench or NOTHING)
        return walk

    @property
    def by_hand(self) -> str | None:
        """The trace text of the shortest run that broke it by hand, before the machine's was shown; or None."""
        hand = self.place.hand
        if hand is None or not self.has_bench:
            return None
        walk = self.bench
        odd = walk.open(make_bench_link(walk, ";".join(hand).replace(" ", "+")))
        breaks = not odd and walk.find_break(self.question.broken_by) == len(hand)
        return walk.trace if breaks else None

    @property
    def link(self) -> str:
        """The fragment of an address that opens this position."""
        return f"#{self.name}={self.place.key}/{self.bench.link.partition('=')[2]}"

    def answer(self, question: Mapping[str, Any]) -> Mapping[str, Any]:
        """A slice of a search (`go`), what is known, a `bench`, or a `step` on one."""
        *key, name = question["case"]
        case, run = self.cases[tuple(key)], tuple(question.get("run", ()))
        if "step" in question:
            step = question["step"]
            return case.bench(run).ask(step["from"], step["cpu"], step["line"])
        if "bench" in question:
            bench: PackedValue = {"packed": pack(case.bench(run).graph)}
            return bench
        asked = case.subject.question(name)
        found = case.inquiry.advance(asked) if question["go"] else case.found(name)
        return encode_answer(found, case.inquiry.has_more(asked))

    def open(self, text: str) -> str:
        """Goes where a link or a trace text leads, as far as it fits; returns what does not fit. Raises ValueError."""
        return self.open_link(text) if "#" in text else self.open_trace(text)

    def open_link(self, link: str) -> str:
        """Goes where a link leads."""
        name, _, rest = link.partition("#")[2].partition("=")
        *key, lines = rest.split("/", len(self.start))
        case = self.cases.get(tuple(key[:2]))
        if name != self.name or len(key) != len(self.start) or case is None or case.missing:
            raise ValueError(f"the link is for “{name}” and {'/'.join(key)}, which is not here")
        case.subject.question(key[2])
        run = () if case.scripted else tuple(SPACE.sub(" ", lines.partition("@")[0]).split(";"))
        walk = self.begin_walk(case, run)
        odd = walk.open(make_bench_link(walk, lines))
        self.stand_at(tuple(key), run, walk)
        return odd

    def open_trace(self, text: str) -> str:
        """Goes along a trace text on a case that it was made for: the one shown, or one where all of it fits."""
        trace = parse(text)
        lines = [text.strip().splitlines()[0], *map(str, trace.lines)]
        tried = []
        for case in dict.fromkeys([self.case, *self.cases.values()]):
            before = [] if case.missing else case.opening
            if before and lines[:len(before)] == before:
                run = () if case.scripted else tuple(lines[len(before):])
                tried.append((self.begin_walk(case, run).follow(text), case, run))
        if not tried:
            raise ValueError("the trace was made for other scripts or another kernel than those here")
        odd, case, run = min(tried, key=lambda one: bool(one[0]))
        question = self.question if case is self.case else case.subject.questions[0]
        self.stand_at((case.subject.name, case.name, question.name), run, case.bench(run))
        return odd

    def begin_walk(self, case: Case, run: tuple[str, ...]) -> Walk:
        """The walk on a bench: where the learner stands if that is the one shown, else at its start."""
        if case is self.case and run == self.place.run:
            return self.bench
        walk = case.bench(run)
        walk.recall(NOTHING)
        return walk

    def stand_at(self, key: tuple[str, ...], run: tuple[str, ...], walk: Walk) -> None:
        """Stands there; from now on nothing that is done counts as found by hand."""
        hand = self.place.hand if key == self.place.case else None
        self.place = replace(self.place, case=key, run=run, bench=walk.history, hand=hand, shown=True)

    def value(self, title: str) -> FinderValue:
        """What is shipped, as JSON values; a question that several subjects ask is shipped once."""
        asked = {compact(encode_question(one)): None for subject in self.subjects for one in subject.questions}
        numbers = {text: number for number, text in enumerate(asked)}
        subjects: list[SubjectValue] = [
            {"name": subject.name, "title": subject.title, "says": subject.says,
             "questions": [numbers[compact(encode_question(one))] for one in subject.questions],
             "cases": [case.value() for case in self.cases.values() if case.subject is subject]}
            for subject in self.subjects]
        return {"name": self.name, "title": title, "secret": self.secret, "start": list(self.start),
                "questions": [json.loads(text) for text in asked], "subjects": subjects}


def make_bench_link(walk: Walk, lines: str) -> str:
    """What a bench takes as a link that asks for these lines."""
    return f"#{walk.graph['name']}={lines}"
