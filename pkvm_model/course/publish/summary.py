"""Makes the summary of the course for print: two pages of A4. Its tables are computed by the model each time."""
from __future__ import annotations

import html
from collections.abc import Iterator
from pathlib import Path

from ...explore.outcomes import BUG, EL2_PANIC, ERR, NOT_THERE, OK, Outcome, find_defect, find_outcome
from ...explore.races import ALL_RACES, CREATED
from ...explore.scenario import FINALISE, HOST_WARN, NAMED_START, ONE_SHOT, START, Scenario
from ...graphs.lifecycle import draw_life
from ...model.revisions import REVISIONS, V1, Revision, errno
from ...model.run import begin, finish, run
from ...model.state import Config
from ...model.steps import Call, Step
from ...scenes import LENT_PAGE, scene
from ...show.dot import Dot
from ...show.renderer import NotDrawnError
from ...show.repairs import repairs
from ...show.table import Table
from ...show.words import shorten
from ...text import make_sentence
from . import pages
from .figures import draw

KERNELS = tuple(REVISIONS.values())
LOADED = "1 __pkvm_vcpu_load(0x1000, 0)\n"
DYING = f"0 {NAMED_START}\n"
HOLDER = Call("__pkvm_host_unshare_guest", (0x1000, 0))
SITUATIONS = (
    ("only a promised slot", CREATED, False),
    ("alive, nobody uses it", LENT_PAGE, False),
    ("alive, a vCPU is loaded", LENT_PAGE + LOADED, False),
    ("alive, an unshare holds it", LENT_PAGE, True),
    ("dying, nobody uses it", LENT_PAGE + DYING, False),
    ("dying, an unshare holds it", LENT_PAGE + DYING, True))
CALLS = (ONE_SHOT, START, FINALISE)
SIGNS = {OK: "✓ well", ERR: "↩ refused", HOST_WARN: "△ host warns", EL2_PANIC: "■ EL2 ends",
         BUG: "✗ DEFECT", NOT_THERE: "–"}
LEGEND = (
    "Each cell is the worst of all orders. ✓ well: nothing goes wrong in any. ↩ refused: a call is refused. "
    "△ host warns: a line in the host's log. ■ EL2 ends: EL2 stops the machine by its own warning. "
    "✗ DEFECT: EL2 does what it must never do. –: the kernel lacks the calls. A number leads to a note.")
WORDS = {
    "The question": "<b>Who may still be using this?</b> Ask it where something is given back, not where it is "
    "marked. A repair is judged twice: by what it forbids, and by what it still allows.",
    "Two promises": "Once a VM is dying, (1) none of its vCPUs can be loaded, and (2) the host can take its pages "
    "back.",
    "Four kernels": "<b>pre</b>: one call for the whole teardown. <b>v1</b>: the patch as posted, start and finalise; "
    "the hole. <b>merged</b>: refuses references to the dying. <b>upstream</b>: finalise refuses while somebody holds "
    "the VM.",
    "Two warnings": "A warning of the host is a line in a log. A warning at EL2 ends the machine; nobody lives to "
    "read the code behind it."}
LOOK = """
main{max-width:190mm;padding:6mm} .sheet{margin-bottom:16mm} .sheet h1{font-size:19px;margin:0 0 4px}
.sheet h2{font-size:14px;margin:11px 0 3px} .sheet p{font-size:11.5px;line-height:1.35;margin:4px 0}
.sheet table{font-size:10.5px;line-height:1.25;width:100%} .sheet :is(th,td){padding:2px 7px 2px 0!important}
.sheet caption{font-size:11.5px} .sheet code{font-size:10px} .sheet svg{display:block;max-width:100%;height:auto}
.beside{display:grid;grid-template-columns:52% 1fr;gap:14px;align-items:start} .small p{font-size:10.5px;margin:2px 0}
@media screen{main{max-width:1040px} .sheet{zoom:1.25} .sheet svg{max-width:none}}
@media screen and (max-width:900px){.beside{grid-template-columns:minmax(0,1fr)}}
@media print{@page{size:A4;margin:11mm} main{max-width:none}
  .sheet{break-after:page;margin:0} .sheet:last-child{break-after:auto}}
"""


def write(folder: Path, head: str = "") -> None:
    """Write the summary into a folder of pages, whose heads have `head`."""
    (folder / "summary.html").write_text(format_summary(head), encoding="utf-8")


def format_summary(head: str = "") -> str:
    """Return both sheets as one page."""
    sheets = "".join(f'<section class="sheet">{sheet}</section>' for sheet in (format_teardown(), format_races()))
    return pages.format_page(pages.PageParts("Summary", sheets, head, look=LOOK))


def format_teardown() -> str:
    """Return the first sheet: the life of a VM, what the calls of its end answer, and what the kernels are."""
    picture = f'<div class="sideways">{embed_picture(draw_life(V1))}</div>'
    life = f"<div><h2>The life of a VM in v1</h2>{picture}</div>"
    words = "".join(f"<h2>{title}</h2><p>{text}</p>" for title, text in WORDS.items())
    beside = f'<div class="beside">{life}<div>{words}</div></div>'
    tables = format_table(make_answer_table()) + format_table(repairs())
    return f"<h1>Taking a virtual machine apart</h1>{beside}{tables}"


def format_races() -> str:
    """Return the second sheet: the races, and what each of them does in each kernel."""
    table, notes = make_race_table()
    others = "".join(f"<p><b>{race.name}</b> {html.escape(race.title)} {html.escape(race.says)}</p>"
                     for race in list_races_without_scripts())
    return f'<h1>The races</h1><p>{LEGEND}</p>{format_table(table)}<div class="small">{notes}{others}</div>'


def format_table(table: Table) -> str:
    """Return a table as HTML, with its caption."""
    return table._repr_html_()


def embed_picture(picture: Dot) -> str:
    """Return a picture as part of a page, or its words if it cannot be drawn."""
    try:
        return draw(picture).partition("?>")[2].partition(">")[2].strip()
    except NotDrawnError:
        return f"<p>{html.escape(picture.alt)}</p>"


def make_answer_table() -> Table:
    """Return what the calls of teardown answer in each situation, as the model computes it."""
    heads = [(kernel, name) for name in CALLS for kernel in KERNELS if name in kernel.calls]
    rows = [(says, *(find_answer(kernel, setup, held, name) for kernel, name in heads))
            for says, setup, held in SITUATIONS]
    columns = [f"{shorten(name)}, {kernel.name}" for kernel, name in heads]
    note = "–: cannot be, or the kernel lacks a call that leads there."
    return Table("What each call returns, by the state of the VM", ("the VM", *columns), rows, note)


def find_answer(kernel: Revision, setup: str, held: bool, name: str) -> str:
    """Return what a call answers after the setup; if `held`, an unshare on the other CPU has looked the VM up."""
    if name not in kernel.calls or (DYING in setup and START not in kernel.calls):
        return "–"
    state = scene("summary", "", kernel, setup, ("", ""), "", Config(cpus=2)).start()
    if not held:
        return format_answer(run(state, kernel, 0, Call(name, (0x1000,))))
    holder = begin(state, kernel, 1, HOLDER)
    if not holder.pending:
        return "–"
    step = run(holder.state, kernel, 0, Call(name, (0x1000,)))
    after = None if step.state.end else finish(holder._replace(state=step.state), kernel)
    return format_answer(step) + (f", then {format_answer(after)}" if after and after.state.end else "")


def format_answer(step: Step) -> str:
    """Return the answer of a call, or how the machine ends."""
    if step.state.end:
        return "✗ use after donation" if find_defect(step) else "■ EL2 ends"
    # Joined, so that no line breaks between the sign of a code and its name.
    return "0" if step.ret == 0 else f"↩\u00a0{errno(step.ret or 0)}".replace("-", "-\u2060")


def make_race_table() -> tuple[Table, str]:
    """Return all races that can be explored, in all kernels, and the notes to them."""
    notes: dict[str, int] = {}
    rows = [(race.name, race.title, *(format_cell(race, find_outcome(race, kernel), notes) for kernel in KERNELS))
            for race in ALL_RACES if race.scripts]
    text = "".join(f"<p>({number}) {html.escape(make_sentence(note))}</p>" for note, number in notes.items())
    return Table("What several CPUs do at once, in all orders", ("race", "what happens", *REVISIONS), rows), text


def format_cell(race: Scenario, result: Outcome, notes: dict[str, int]) -> str:
    """Return the outcome of a race in a kernel, with the numbers of its notes; new notes are added to `notes`."""
    numbers = [notes.setdefault(note, len(notes) + 1) for note in list_notes(race, result)]
    return " ".join([SIGNS[result.kind], *(f"({number})" for number in numbers)])


def list_notes(race: Scenario, result: Outcome) -> Iterator[str]:
    """Yield how a race breaks, and which states worth knowing can be reached that are not defects."""
    if result.kind == BUG:
        yield result.reason.removeprefix("EL2_USE_AFTER_DONATION: ")
    yield from (state.says for state in race.goals if state.name in result.reached)


def list_races_without_scripts() -> list[Scenario]:
    """Return the races that are only described, since the model leaves out what they are about."""
    return [race for race in ALL_RACES if not race.scripts]
