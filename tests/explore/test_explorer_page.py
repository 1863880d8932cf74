"""The table of answers in docs/explorer.md is what the explorer finds."""
from __future__ import annotations

from functools import cache

from pkvm_model.course.paths import ROOT
from pkvm_model.explore.check import HOLDS, NEVER, Property, Report, Sometimes, explore
from pkvm_model.explore.homecoming import HOME, HOME_BUT_FOR_LEFT
from pkvm_model.explore.invariants import HOSTS
from pkvm_model.explore.properties import INVARIANTS
from pkvm_model.model.revisions import REVISIONS
from pkvm_model.model.state import State, Vm
from pkvm_model.text import count

PAGE = ROOT / "docs" / "explorer.md"
HEAD = "| kind | question | host |"
RUNS_OUT = Sometimes("runs-out", "Never reached, so that the search goes on to its end.", lambda state: False)


def is_any_dying(state: State) -> bool:
    """Return True if a VM is dying."""
    return any(vm.is_dying for _, vm in state.all(Vm))


QUESTIONS: tuple[tuple[str, Property], ...] = (
    ("always", next(prop for prop in INVARIANTS if prop.name == "I0b")),
    ("sometimes", Sometimes("dying", "A VM is dying.", is_any_dying)),
    ("always possible", HOME), ("always possible", HOME_BUT_FOR_LEFT))


@cache
def search(host: str, revision: str) -> Report:
    """Ask one machine everything, and visit all its states."""
    return explore(HOSTS[host].machine(REVISIONS[revision]), (*(prop for _, prop in QUESTIONS), RUNS_OUT))


def describe_cell(host: str, revision: str, number: int) -> str:
    """Return an answer as the page writes it."""
    if not HOSTS[host].runs_on(REVISIONS[revision]):
        return ""
    report = search(host, revision)
    answer = report.answers[number]
    assert report.complete
    size = count(report.states, "state") if answer.verdict in (HOLDS, NEVER) else count(len(answer.run or ()), "step")
    return f"{answer.verdict}, {size}"


def make_rows() -> list[str]:
    """Return the rows of the table, without its head."""
    rows = ([kind, f"`{prop.name}`", host, *(describe_cell(host, revision, number) for revision in REVISIONS)]
            for number, (kind, prop) in enumerate(QUESTIONS) for host in HOSTS)
    return [f"| {' | '.join(row)} |" for row in rows]


def test_the_table_of_answers_is_what_the_explorer_finds() -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith(HEAD))
    rows = make_rows()
    assert lines[at].split(" | ")[3:] == [*list(REVISIONS)[:-1], f"{list(REVISIONS)[-1]} |"]
    assert lines[at + 2:at + 2 + len(rows)] == rows
    assert not lines[at + 2 + len(rows)]


