"""The race finder and the scheduler: search scripts for the shortest run that breaks them, or break them by hand."""
from __future__ import annotations

from collections.abc import Sequence

from ..graphs.contract import EdgeValue, FinderQuestion, FinderReply, StateValue
from ..explore.inquiry import Reply
from ..text import count
from ..explore.questions import POSSIBLE
from ..explore.scenario import Scenario
from ..model.revisions import Revision
from .cases import Case
from .finder_words import describe_finder, shorten_answer, render_finder
from .finder_session import FinderSession, parse_place
from .walk import BenchWalk
from .walker import PositionWidget
from .widget import compact


class Finder(PositionWidget[StateValue, EdgeValue]):
    """A race finder: the learner picks scripts, a kernel and a question; the shortest run opens on a bench inside."""

    kind = "finder"
    title, secret = "Race finder", False

    def __init__(self, subjects: Sequence[Scenario], revisions: Sequence[Revision]):
        """Answer in advance what can be answered at once."""
        self._session = FinderSession(subjects, revisions, self.secret)
        super().__init__(compact(self._session.value(self.title)))

    @property
    def chosen(self) -> tuple[str, ...]:
        """The names of the scripts, the kernel and the question chosen."""
        return self._here().place.case

    @property
    def found(self) -> Reply | None:
        """The explorer's answer, or None before the learner asks for it."""
        return self._here().reply

    @property
    def by_hand(self) -> str | None:
        """The trace text of the shortest run by hand, made before the explorer's was shown, or None."""
        return self._here().by_hand

    @property
    def steps_by_hand(self) -> int | None:
        """The number of steps of the shortest run by hand, or None."""
        hand = self._here().place.hand
        return None if hand is None or self.by_hand is None else len(hand)

    @property
    def link(self) -> str:
        """The fragment that, added to the address of a notebook or a page, opens it here."""
        return self._here().link

    def answer(self, question: FinderQuestion) -> FinderReply:
        """Return a slice of a search, what is known, a bench, or a step on one."""
        return self._session.answer(question)

    def describe(self) -> str:
        """Return the question, what is known, and all answers in a table."""
        return describe_finder(self._here())

    def static(self) -> str:
        """Return the same as HTML without scripts."""
        return render_finder(self._here())

    def _here(self) -> FinderSession:
        """Return the session, moved to the place that the front end shows."""
        if self.place:
            self._session.place = parse_place(self.place)
        return self._session

    def _walked(self) -> BenchWalk:
        """Return the walk on the bench, moved to the place that the front end shows."""
        return self._here().bench

    def _open(self, text: str) -> tuple[str, str]:
        """Follow a trace text or a link; return the new place as text, and what does not fit, or ''."""
        session = self._here()
        misfit = session.open(text)
        return session.place.text, misfit

    def _outcome(self) -> str:
        """Return the outcome in a few words."""
        return shorten_answer(self.found) if self.found else "not asked"

    def __repr__(self) -> str:
        """Return a short text that is the same on every machine."""
        scripts, kernel, question = self.chosen
        return f"{type(self).__name__}({scripts!r}, {kernel}, {question}: {self._outcome()})"


class Scheduler(Finder):
    """A race finder that hides the answer: the learner breaks a property by hand, then sees the fewest steps."""

    title, secret = "You are the scheduler", True

    def __init__(self, subject: Scenario, revision: Revision):
        """Raise ValueError if the question cannot be broken by hand, or the subject cannot run on this kernel."""
        case = Case(subject, revision)
        if case.missing:
            raise ValueError(case.missing)
        question = subject.questions[0]
        if not case.scripted or not question.broken_by:
            why = ": no single step shows that something is lost for ever" if question.kind == POSSIBLE else ""
            raise ValueError(f"{question.name} of {subject.name} cannot be broken by hand{why}; ask with find.")
        super().__init__([subject], [revision])

    def _outcome(self) -> str:
        """Return how far the learner is, without the explorer's answer."""
        steps = self.steps_by_hand
        return "not broken yet" if steps is None else f"broken in {count(steps, 'step')}"
