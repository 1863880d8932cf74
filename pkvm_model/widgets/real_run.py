"""A run on a real kernel beside the model: a table, one sentence, the territory of the end, and where it comes from."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from ..conform.recordings.kernels import KERNELS, release_of
from ..graphs.parts import sort_pages
from ..machine.answer import AGREES, DIFFERS, NOT_TRIED, RealAnswer, Row
from ..machine.asking import MachineReply
from ..model.state import Page, State
from ..model.trace import replay
from ..show.table import Table
from ..text import count, make_sentence
from .real_pages import PageBeside, align_pages, conclude, put_beside, render_pages
from .static import follow_theme, render, render_plain_table

AGREE = {AGREES: "yes", DIFFERS: "no", NOT_TRIED: "not tried"}
STANDS, GONE = "it stands ", "does not come back"
NOBODY = "No machine has answered."
ENDED = "The machine has ended, so nobody could read who owns its pages."
UNTRIED = "Not every step could be made on the machine, so who owns its pages then was not read."
UNREAD = "Who owns the machine's pages at this moment is not stored: it was read only at the end of each stored run."
COLUMNS = ("CPU", "step", "model", "machine", "agrees")


@dataclass(frozen=True)
class RealRun:
    """The steps of a run as the model and a machine make them; the first `setup` calls were made before the bench."""

    reply: MachineReply
    setup: int = 0

    @property
    def answer(self) -> RealAnswer | None:
        """What the machine answered; None if nobody knows."""
        return self.reply.answer

    @property
    def sentence(self) -> str:
        """The whole in a sentence."""
        return " ".join(list_sentences(self.answer, self.reply, self.setup)) if self.answer else NOBODY

    def table(self) -> Table:
        """Return the steps with both outcomes."""
        rows = self.answer.rows if self.answer else ()
        calls = [step.call.name for step in replay(self.reply.trace).steps]
        hidden = self.setup if all(row.verdict == AGREES for row in rows[:self.setup]) else 0
        before = [("", f"{count(hidden, 'call')} before the bench", "", "", "yes")] if hidden and rows else []
        shown = [show_row(row, call) for row, call in zip(rows, calls, strict=False)][hidden:]
        kernel = f"Linux {self.answer.kernel}" if self.answer else "no machine"
        return Table(f"The model ({self.reply.trace.revision.name}) and {kernel}", COLUMNS, [*before, *shown],
                     note=self.sentence, code=frozenset({1}))

    def pages(self) -> list[PageBeside]:
        """Return the pages that the run is about, at the end of what was compared, on both sides."""
        state, records = self.find_end(), {page.page: page for page in self.answer.territory} if self.answer else {}
        states = [step.state for step in replay(self.reply.trace).steps]
        names = {str(name) for each in states for name, page in each.all(Page) if page != Page()}
        return [put_beside(state, name, records.get(name)) for name in sort_pages(names | {*records})]

    def find_end(self) -> State:
        """Return the model's state after the last step whose outcomes agree."""
        steps = replay(self.reply.trace).steps
        different = self.answer.difference if self.answer else None
        last = 0 if not different else different.line - 1 if self.answer and self.answer.stray else different.line - 2
        agreed = steps[:last] if different else steps[:len(self.answer.rows)] if self.answer else steps
        return agreed[-1].state if agreed else State(self.reply.trace.config)

    @property
    def caption(self) -> str:
        """What the territory is."""
        answer = self.answer
        when = "before the difference" if answer and answer.difference and not answer.stray else "at the end"
        return f"Who owns every page {when}, in the model" + (" and on the machine" if self.is_read else "")

    @property
    def is_read(self) -> bool:
        """Whether somebody has read who owns the machine's pages."""
        return bool(self.answer and self.answer.territory)

    @property
    def note(self) -> str:
        """What the machine says of the pages, or why it says nothing; '' if no machine has answered."""
        answer = self.answer
        if not answer:
            return ""
        if self.is_read:
            return conclude(self.pages())
        if any(row.machine.startswith("!") or row.machine == GONE for row in answer.rows):
            return ENDED
        return UNTRIED if answer.count(NOT_TRIED) else UNREAD

    def __repr__(self) -> str:
        steps = [repr(self.table())] if self.answer else [self.sentence]
        pages = align_pages(self.pages(), is_read=self.is_read)
        return "\n".join([*steps, self.reply.origin, "", self.caption, *pages, *filter(None, [self.note])])

    def _repr_html_(self) -> str:
        steps = render_plain_table(self.table()) if self.answer else render("p", "says", self.sentence)
        pages = render_pages(self.caption, self.pages(), is_read=self.is_read)
        note = render("p", "note", escape(self.note)) if self.note else ""
        origin = render("p", "note", escape(self.reply.origin))
        return follow_theme(render("div", "box", scroll_sideways(steps), origin, "<br>", scroll_sideways(pages), note))


def scroll_sideways(html: str) -> str:
    """Return a table that scrolls by itself where it is wider than the page."""
    return f'<div style="overflow-x:auto">{html}</div>'


def show_row(row: Row, call: str) -> tuple[str, ...]:
    """Return the cells of a step."""
    step = f"{call} goes on" if row.call == "resume" else row.call
    agrees = f"no: {' '.join(row.note.split()[:2])}" if is_stray(row) else AGREE[row.verdict]
    return str(row.cpu), step, show_result(row.model), show_machine(row), agrees


def is_stray(row: Row) -> bool:
    """Return True if both outcomes are the same and a page is not."""
    return row.verdict == DIFFERS and row.note.startswith("page ")


def show_result(outcome: str) -> str:
    """Return an outcome as the other tables of the course write it."""
    return outcome.removeprefix("= ").removeprefix("! ").replace("...", "stops")


def show_machine(row: Row) -> str:
    """Return the machine's outcome, and where it stands if it stops."""
    stands = f" {row.note.removeprefix(STANDS)}" if row.note.startswith(STANDS) and "..." in row.machine else ""
    return show_result(row.machine) + stands


def list_sentences(answer: RealAnswer, reply: MachineReply, setup: int) -> Iterator[str]:
    """Yield the difference or the agreement, then what was not tried and what else a reader must know."""
    kernel, untried = f"Linux {answer.kernel}", [row for row in answer.rows if row.verdict == NOT_TRIED]
    row = answer.difference
    if row and answer.stray:
        yield (f"{kernel} and the model differ after line {row.line} of the trace: "
               f"{answer.stray}. Later steps would mean nothing.")
    elif row:
        yield (f"{kernel} and the model differ in line {row.line} of the trace: the model says "
               f"{show_result(row.model)}, the machine {show_machine(row)}. Later steps would mean nothing.")
    elif untried:
        yield f"{kernel} and the model agree in {count(answer.count(AGREES), 'step')}."
        yield f"{count(len(untried), 'more step')} could not be tried."
        yield make_sentence(untried[0].note)
    else:
        before = f", as in the {count(setup, 'call')} before the bench" if setup else ""
        yield f"{kernel} and the model agree in {count_all(len(answer.rows) - setup)}{before}."
    if (revision := KERNELS.get(release_of(answer.kernel))) not in (None, reply.trace.revision.name):
        yield f"The trace is of {reply.trace.revision.name}; {kernel} is an example of {revision}."


def count_all(number: int) -> str:
    """Return a number of steps, as in a sentence about all of them."""
    return f"all {count(number, 'step')}" if number > 1 else count(number, "step")
