"""The race finder, and the scheduler: scripts are broken by hand, or searched for the shortest run that breaks them."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..explore.inquiry import Reply
from ..text import count
from ..explore.scenario import Scenario
from ..model.revisions import Revision
from .cases import Case
from .finder_words import describe_finder, shorten_answer, render_finder
from .finder_session import FinderSession, parse_place
from .walk import State
from .widget import Widget, compact


class Finder(Widget):
    """The learner picks scripts, a kernel and a question; the shortest run that answers it opens on a bench inside."""

    kind = "finder"
    title, secret = "Race finder", False

    def __init__(self, subjects: Sequence[Scenario], revisions: Sequence[Revision]):
        """Answer beforehand what can be answered at once."""
        self._session = FinderSession(subjects, revisions, self.secret)
        super().__init__(compact(self._session.value(self.title)))

    @property
    def chosen(self) -> tuple[str, ...]:
        """What is asked: the names of the scripts, the kernel and the question."""
        return self._here().place.case

    @property
    def found(self) -> Reply | None:
        """The machine's answer, None before it was asked for."""
        return self._here().found

    @property
    def by_hand(self) -> str | None:
        """The trace text of the shortest run that broke it by hand before the machine's was shown, or None."""
        return self._here().by_hand

    @property
    def steps_by_hand(self) -> int | None:
        """The fewest steps in which it was broken by hand, None if it was not."""
        hand = self._here().place.hand
        return None if hand is None or self.by_hand is None else len(hand)

    @property
    def at(self) -> int:
        """How many steps lead from the start to the state shown."""
        return len(self._here().bench.path)

    @property
    def trace(self) -> str:
        """The trace text of the state shown."""
        return self._here().bench.trace

    @property
    def state(self) -> State:
        """The state shown, as in `docs/widgets.md`."""
        return self._here().bench.state

    @property
    def digest(self) -> str:
        """The digest of the state shown."""
        return str(self.state["digest"])

    @property
    def link(self) -> str:
        """What to put behind the address of a notebook or a page so that it opens here."""
        return self._here().link

    def goto(self, text: str) -> None:
        """Opens a trace text or a link in every view; raises ValueError where it does not fit, and stays there."""
        session = self._here()
        odd = session.open(text)
        self.stand(session.place.text)
        if odd:
            raise ValueError(f"The bench is at step {self.at}: {odd}.")

    def answer(self, question: Mapping[str, Any]) -> Mapping[str, Any]:
        """A slice of a search, what is known, a bench, or a step on one."""
        return self._session.answer(question)

    def describe(self) -> str:
        """What is asked, what is known, and all answers in a table."""
        return describe_finder(self._here())

    def static(self) -> str:
        """The same, as HTML without scripts."""
        return render_finder(self._here())

    def _here(self) -> FinderSession:
        """The finding, brought to where the front end stands."""
        if self.place:
            self._session.place = parse_place(self.place)
        return self._session

    def _outcome(self) -> str:
        """How it stands, in a few words."""
        return shorten_answer(self.found) if self.found else "not asked"

    def __repr__(self) -> str:
        """Short, and the same on every machine."""
        scripts, kernel, question = self.chosen
        return f"{type(self).__name__}({scripts!r}, {kernel}, {question}: {self._outcome()})"


class Scheduler(Finder):
    """The learner breaks something by hand, and then sees the number of steps beside the fewest there are."""

    title, secret = "You are the scheduler", True

    def __init__(self, subject: Scenario, revision: Revision):
        """Raises ValueError for what nobody can break on a bench, and for what cannot run on this kernel."""
        case = Case(subject, revision)
        if case.missing:
            raise ValueError(case.missing)
        if not case.scripted or not subject.questions[0].broken_by:
            raise ValueError(f"{subject.questions[0].name} of {subject.name} cannot be broken by hand; ask with find.")
        super().__init__([subject], [revision])

    def _outcome(self) -> str:
        """How far the learner is; nothing of the machine's answer."""
        steps = self.steps_by_hand
        return "not broken yet" if steps is None else f"broken in {count(steps, 'step')}"
