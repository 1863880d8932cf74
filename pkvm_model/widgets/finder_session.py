"""The logic of a race finder without a widget: its place and its answers."""
from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace

from ..graphs.contract import FinderPlaceValue, FinderQuestion, FinderReply, FinderValue, SubjectValue
from ..explore.inquiry import Reply
from ..explore.questions import Question
from ..explore.scenario import Scenario
from ..model.revisions import Revision
from ..model.trace import parse, split_trace
from ..text import quote_briefly
from .cases import Case, encode_answer, encode_question, stock
from .walk import SPACE, BenchWalk
from .walker import pack
from .widget import compact

NOTHING = compact({"lines": [], "steps": [], "at": 0})
"""The history of a bench without any step."""


@dataclass(frozen=True)
class FinderPlace:
    """The place of a finder.

    `case` names a subject, a kernel and a question; `asked` lists all cases asked so far. `run` has the lines whose
    calls are on the bench if there are no scripts; `bench` is its history. `hand` has the lines of the shortest run by
    hand, made before any run of the explorer was `shown`.
    """

    case: tuple[str, ...]
    asked: tuple[str, ...] = ()
    run: tuple[str, ...] = ()
    bench: str = ""
    hand: tuple[str, ...] | None = None
    shown: bool = False

    @property
    def text(self) -> str:
        """The place as text; the front end writes the same."""
        return compact(asdict(self))

    @property
    def key(self) -> str:
        """The case as one word."""
        return "/".join(self.case)


def parse_place(text: str) -> FinderPlace:
    """Return the place that a text describes."""
    value: FinderPlaceValue = json.loads(text)
    hand = None if value["hand"] is None else tuple(value["hand"])
    case, asked, run = (tuple(value[name]) for name in ("case", "asked", "run"))
    return FinderPlace(case, asked, run, value["bench"], hand, value["shown"])


@dataclass
class FinderSession:
    """Subjects on kernels, and the learner's place; with `secret` no answer is shown before the learner asks."""

    subjects: Sequence[Scenario]
    revisions: Sequence[Revision]
    secret: bool = False
    cases: dict[tuple[str, ...], Case] = field(init=False)
    place: FinderPlace = field(init=False)

    def __post_init__(self) -> None:
        """Answer in advance what can be answered at once."""
        cases = [Case(subject, revision) for subject in self.subjects for revision in self.revisions]
        self.cases = {(case.subject.name, case.name): case for case in cases}
        stock(cases)
        self.place = FinderPlace(self.start)

    @property
    def name(self) -> str:
        """One word for links: the kind of finder and up to three subjects."""
        return "-".join(["schedule" if self.secret else "find", *[subject.name for subject in self.subjects][:3]])

    @property
    def start(self) -> tuple[str, str, str]:
        """The case at the start: the first subject on its usual kernel, or on one where it can run."""
        subject = self.subjects[0]
        here = [case for case in self.cases.values() if case.subject is subject]
        there = [case for case in here if not case.missing] or here
        case = next((case for case in there if case.revision == subject.usual), there[0])
        return subject.name, case.name, subject.questions[0].name

    @property
    def case(self) -> Case:
        """The subject on the kernel chosen."""
        return self.cases[self.place.case[:2]]

    @property
    def question(self) -> Question:
        """The question chosen."""
        return self.case.subject.question(self.place.case[2])

    @property
    def reply(self) -> Reply | None:
        """The explorer's answer, or None before the learner asks."""
        has_asked = self.place.key in self.place.asked and not self.case.missing
        return self.case.get_answer(self.question.name) if has_asked else None

    @property
    def has_bench(self) -> bool:
        """True if there is a bench: always for scripts, for a host once it has a run."""
        return not self.case.missing and (self.case.scripted or bool(self.place.run))

    @property
    def bench(self) -> BenchWalk:
        """The walk on the bench at the learner's place. Raise LookupError if there is no bench."""
        if not self.has_bench:
            raise LookupError(self.case.missing or "When a run is found, a bench opens here.")
        walk = self.case.open_bench(self.place.run)
        if self.place.bench != walk.history:
            walk.recall(self.place.bench or NOTHING)
        return walk

    @property
    def by_hand(self) -> str | None:
        """The trace text of the shortest run by hand, made before the explorer's was shown, or None."""
        hand = self.place.hand
        if hand is None or not self.has_bench:
            return None
        walk = self.bench
        misfit = walk.open(make_bench_link(walk, ";".join(hand).replace(" ", "+")))
        breaks = not misfit and walk.find_break(self.question.broken_by) == len(hand)
        return walk.trace if breaks else None

    @property
    def link(self) -> str:
        """The fragment of an address that opens this position."""
        return f"#{self.name}={self.place.key}/{self.bench.link.partition('=')[2]}"

    def answer(self, question: FinderQuestion) -> FinderReply:
        """Return a slice of a search (`go`), what is known, a `bench`, or a `step` on one."""
        *key, name = question["case"]
        case, run = self.cases[tuple(key)], tuple(question.get("run", ()))
        if "step" in question:
            return case.open_bench(run).ask(question["step"])
        if "bench" in question:
            return {"packed": pack(case.open_bench(run).graph)}
        wanted = case.subject.question(name)
        reply = case.inquiry.advance(wanted) if question["go"] else case.get_answer(name)
        return encode_answer(reply, case.inquiry.has_more(wanted))

    def open(self, text: str) -> str:
        """Follow a link or a trace text as far as it fits; return what does not fit, or ''. Raise ValueError."""
        return self.open_link(text) if "#" in text else self.open_trace(text)

    def open_link(self, link: str) -> str:
        """Follow a link. Raise ValueError if it is for another finder or case."""
        name, _, rest = link.partition("#")[2].partition("=")
        *key, lines = rest.split("/", len(self.start))
        case = self.cases.get(tuple(key[:2]))
        if name != self.name or len(key) != len(self.start) or case is None or case.missing:
            asked = quote_briefly(f"“{name}” and {'/'.join(key)}")
            raise ValueError(f"the link is for {asked}, which is not here")
        case.subject.question(key[2])
        run = () if case.scripted else tuple(SPACE.sub(" ", lines.partition("@")[0]).split(";"))
        walk = self.begin_walk(case, run)
        misfit = walk.open(make_bench_link(walk, lines))
        self.move_to(tuple(key), run, walk)
        return misfit

    def open_trace(self, text: str) -> str:
        """Follow a trace text on a matching case: the one shown, or one where all of it fits. Raise ValueError."""
        parse(text)
        lines = split_trace(text).lines
        walks = []
        for case in dict.fromkeys([self.case, *self.cases.values()]):
            before = [] if case.missing else case.opening
            if before and lines[:len(before)] == before:
                run = () if case.scripted else tuple(lines[len(before):])
                walks.append((self.begin_walk(case, run).follow(text), case, run))
        if not walks:
            raise ValueError("the trace was made for other scripts or another kernel than those here")
        misfit, case, run = min(walks, key=lambda walk: bool(walk[0]))
        question = self.question if case is self.case else case.subject.questions[0]
        self.move_to((case.subject.name, case.name, question.name), run, case.open_bench(run))
        return misfit

    def begin_walk(self, case: Case, run: tuple[str, ...]) -> BenchWalk:
        """Return the walk of a bench: at the learner's place if it is the one shown, else at its start."""
        if case is self.case and run == self.place.run:
            return self.bench
        walk = case.open_bench(run)
        walk.recall(NOTHING)
        return walk

    def move_to(self, key: tuple[str, ...], run: tuple[str, ...], walk: BenchWalk) -> None:
        """Move to a place; from now on nothing counts as broken by hand."""
        hand = self.place.hand if key == self.place.case else None
        self.place = replace(self.place, case=key, run=run, bench=walk.history, hand=hand, shown=True)

    def value(self, title: str) -> FinderValue:
        """Return what is shipped, as JSON values; a question shared by several subjects is shipped once."""
        texts = [compact(encode_question(question)) for subject in self.subjects for question in subject.questions]
        numbers = {text: number for number, text in enumerate(dict.fromkeys(texts))}
        subjects: list[SubjectValue] = [
            {"name": subject.name, "title": subject.title, "says": subject.says,
             "questions": [numbers[compact(encode_question(question))] for question in subject.questions],
             "cases": [case.value() for case in self.cases.values() if case.subject is subject]}
            for subject in self.subjects]
        return {"name": self.name, "title": title, "secret": self.secret, "start": list(self.start),
                "questions": [json.loads(text) for text in numbers], "subjects": subjects}


def make_bench_link(walk: BenchWalk, lines: str) -> str:
    """Return a bench's link with these lines."""
    return f"#{walk.graph['name']}={lines}"
