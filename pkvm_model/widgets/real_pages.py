"""Who owns every page after a run on a real kernel: the model's word and EL2's own record, side by side."""
from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from ..graphs.contract import RowValue
from ..graphs.parts import describe_counts, encode_row
from ..machine.holdings import LETTERS, PageRecords
from ..model.state import Page, State
from ..text import count
from .bench_static import HEADS, render_page, render_territory
from .bench_words import SIGNS, VIEWS, align_columns, make_page_row
from .static import render, render_table

YES, UNSETTLED, UNREAD = "yes", "not compared", "not read"
RECORDS = ("The machine's side is EL2's own record of each page, read from its memory. It names no guest, so the "
           "column of the guest is the model's word alone.")
GIVEN_BACK = "While a VM's memory is given back, the root of its stage 2 is not compared."
MODEL_HEADS = ("page", *VIEWS, "owner", "counts")
MACHINE_HEADS = ("machine: host", "machine: hyp", "machine: counts", "agrees")


class PageBeside(NamedTuple):
    """A page in the model, and its letters and counts on the machine; these are empty if nobody has read them."""

    name: str
    row: RowValue
    host: str = ""
    hyp: str = ""
    counts: str = ""
    agrees: str = UNREAD


def put_beside(state: State, name: str, record: PageRecords | None) -> PageBeside:
    """Return a page as the model has it, beside the machine's record."""
    row = encode_row(state, name)
    if not record:
        return PageBeside(name, row)
    real = record.machine
    page = state.get(Page, name)._replace(host=real.host, hyp=real.hyp, host_share_guest_count=real.guests,
                                          refcount=real.references)
    return PageBeside(name, row, LETTERS[real.host], LETTERS[real.hyp], describe_counts(name, page), judge(record))


def judge(record: PageRecords) -> str:
    """Return in words whether both sides record the same of a page, or in what they differ."""
    names = ("host", "EL2", "guests", "count")
    parts = [name for name, mine, real in zip(names, record.model, record.machine, strict=True) if mine != real]
    if not record.is_settled:
        return f"differs: {', '.join(parts)}"
    return UNSETTLED if {*parts} - {"count"} else YES


def conclude(pages: Sequence[PageBeside]) -> str:
    """Return how many pages are the same on both sides, and what the machine's side is."""
    same = sum(page.agrees == YES for page in pages)
    whole = f"{f'{same} of' if same < len(pages) else 'All'} {count(len(pages), 'page')} agree."
    return " ".join([whole, RECORDS, *[GIVEN_BACK] * any(page.agrees == UNSETTLED for page in pages)])


def align_pages(pages: Sequence[PageBeside], *, is_read: bool) -> list[str]:
    """Return the table as lines of text; the machine's columns only if they were read."""
    cells = [(make_page_row(page.name, page.row), write_machine(page)) for page in pages]
    rows = [[*mine, *real * is_read, says] for (*mine, says), real in cells]
    return align_columns([[*MODEL_HEADS, *MACHINE_HEADS * is_read, "in words"], *rows])


def write_machine(page: PageBeside) -> list[str]:
    """Return the machine's cells in ASCII signs."""
    return [SIGNS.get(page.host, ""), SIGNS.get(page.hyp, ""), page.counts, page.agrees]


def render_pages(caption: str, pages: Sequence[PageBeside], *, is_read: bool) -> str:
    """Return the table as HTML; if they were read, the machine's rows below those of the model."""
    if not is_read:
        return render_table(caption, HEADS, (render_page(page.name, "", page.row, page.row, None) for page in pages))
    return render_table(caption, [HEADS[0], "Side", *HEADS[1:]], map(render_beside, pages))


def render_beside(page: PageBeside) -> str:
    """Return the two rows of a page: the model's with a sentence, the machine's with whether they agree."""
    mine = [render_territory(view, page.row[view], page.row[view], page.name) for view in VIEWS]
    real = [render_territory(view, right, right, page.name) if right else "" for view, right in
            (("host", page.host), ("hyp", page.hyp))]
    agrees = "agrees" if page.agrees == YES else f"<b>{escape(page.agrees)}</b>"
    return (render_side(page.name, "model", *mine, escape(page.row["count"]), escape(page.row["says"]))
            + render_side(page.name, "machine", *real, "", escape(page.counts), agrees))


def render_side(name: str, side: str, *cells: str) -> str:
    """Return the row of one side; its cells are HTML."""
    first = render("th", "cell", escape(name), scope="row")
    return f"<tr>{first}{''.join(render('td', 'cell', cell) for cell in (side, *cells))}</tr>"
