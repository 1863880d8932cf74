"""How long EL2 keeps a CPU: the lock regions of one hypercall, against how many pages the guest has. No real time.

EL2 runs with the CPU's interrupts masked, and no call of the model has a point at which it would let the host in. So
the regions of a hypercall are one stretch, and their number is the unit here. How long a region takes is left out: one
that takes a stage 2 apart counts as much as one that tests a flag.
"""
from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from ..model.revisions import PRE, UPSTREAM, Revision
from ..model.run import call
from ..model.state import Config, State
from ..show.chart import Chart, Group, draw
from ..show.table import Table

PAGES = tuple(range(0, 33, 4))
"""How many pages the guest has, at each point of the lines."""
NEAR, APART = 1, 512
"""How many gfns lie between two pages: side by side, or so far that each needs a last-level table of its own."""
LAYOUTS = ((NEAR, "side by side"), (APART, "2 MiB apart"))
HOST_MEMORY = 1 << 18
"""The steps of the honest host's walk over the guest's memory; those without a page do nothing."""

UNIT = ("A model unit is one lock region of one hypercall. EL2 runs a hypercall with interrupts masked, so its regions "
        "are one stretch. It is no time: taking a stage 2 apart counts 1, as a test of a flag does.")
NOTE = ("A published figure, of another tree: up to 150+ ms on a Pixel 6 for the one-shot call of Android’s tree, "
        "which walked a protected guest’s pages (Quentin Perret, “KVM: arm64: Refactor the guest teardown path”). The "
        "patch of this course has no figure of its own.")
"""Never on the same scale: those are milliseconds of another tree, these are units of a model."""


class Line(NamedTuple):
    """A line of the chart: its name, which revision, and the units at each number of pages (None: no such call)."""

    name: str
    revision: str
    units: tuple[int | None, ...]


class Stretch(NamedTuple):
    """One hypercall that a host made, and its lock regions."""

    call: str
    regions: int


def lines(apart: int) -> tuple[Line, ...]:
    """All lines for pages that lie so far apart."""
    pre, split, protected = destroyed(PRE, apart), destroyed(UPSTREAM, apart), destroyed(UPSTREAM, apart, True)
    everything = tuple(sum(stretch.regions for stretch in made if not is_loan(stretch)) for made in pre)
    return (Line("all calls of pre in one", "no kernel here", everything),
            Line("teardown", "pre", longest(pre, "__pkvm_teardown_vm")),
            Line("finalise", "upstream", longest(split, "__pkvm_finalize_teardown_vm")),
            Line("one unshare", "upstream", longest(split, "__pkvm_host_unshare_guest")),
            Line("one reclaim", "upstream", longest(protected, "__pkvm_reclaim_dying_guest_page")),
            Line("start", "upstream", longest(split, "__pkvm_start_teardown_vm")))


def longest(destroys: tuple[list[Stretch], ...], name: str) -> tuple[int | None, ...]:
    """The longest stretch of the calls of this name, for each number of pages."""
    return tuple(max((made.regions for made in each if made.call == name), default=None) for each in destroys)


def is_loan(stretch: Stretch) -> bool:
    """True for the calls that end the loans of the host's own structs: they are no part of a teardown."""
    return stretch.call == "__pkvm_host_unshare_hyp"


@cache
def destroyed(revision: Revision, apart: int, protected: bool = False) -> tuple[list[Stretch], ...]:
    """The hypercalls with which an honest host destroys a VM, for each number of pages."""
    state, found = running(revision, protected), []
    for number in range(max(PAGES) + 1):
        if number in PAGES:
            found.append(stretches(state, revision))
        state = call(state, revision, 0, "kvm_guest_fault", "kvm0", f"g{number}", number * apart).state
    return tuple(found)


def running(revision: Revision, protected: bool) -> State:
    """A VM whose vCPU is loaded; it has no page yet."""
    state = State(Config(cpus=1))
    for name, *args in (("kvm_create_vm", "kvm0", protected), ("kvm_first_run", "kvm0", "hv0.0"),
                        ("__pkvm_vcpu_load", 0x1000, 0)):
        state = call(state, revision, 0, name, *args).state
    return state


def stretches(state: State, revision: Revision) -> list[Stretch]:
    """What the honest host calls to destroy this VM, each call made again by itself to count its regions."""
    state = call(state, revision, 0, "__pkvm_vcpu_put").state
    destroy = call(state, revision, 0, "kvm_destroy_vm", "kvm0", HOST_MEMORY)
    found = []
    for name, args, _ in destroy.answers:
        step = call(state, revision, 0, name, *args)
        found.append(Stretch(name, len(step.regions)))
        state = step.state
    return found


def groups(apart: int) -> tuple[Group, ...]:
    """The lines as they are drawn, the longest stretch first."""
    found: dict[tuple[int | None, ...], list[str]] = {}
    for line in lines(apart):
        found.setdefault(line.units, []).append(f"{line.name} ({line.revision})")
    return tuple(Group(", ".join(names), units) for units, names in found.items())


def sentence(apart: int, at: int) -> str:
    """What the lines say at one number of pages."""
    values = [f"{group.names}: {shown(group.units[at])}" for group in groups(apart)]
    return f"{pages(PAGES[at])} {dict(LAYOUTS)[apart]}. {'; '.join(values)}."


def pages(number: int) -> str:
    """So many pages, in words."""
    return f"{number} page{'s' * (number != 1)}"


def shown(units: int | None) -> str:
    """A number of units, or that no such call is made."""
    return "no call" if units is None else str(units)


def table(apart: int) -> Table:
    """The same as a table, a row for each number of pages."""
    found = groups(apart)
    rows = [[str(number), *(shown(group.units[at]) for group in found)] for at, number in enumerate(PAGES)]
    caption = f"Longest stretch at EL2, in model units; the guest’s pages lie {dict(LAYOUTS)[apart]}"
    return Table(caption, ["guest pages", *(group.names for group in found)], rows)


def value() -> dict[str, Any]:
    """All of it as JSON values."""
    return {"title": "EL2 time", "unit": UNIT, "note": NOTE, "pages": list(PAGES),
            "layouts": [layout_value(apart, says) for apart, says in LAYOUTS]}


def layout_value(apart: int, says: str) -> dict[str, Any]:
    """One way in which the pages can lie: its picture, its table, and a sentence for each number of pages."""
    drawn, found = picture(apart), table(apart)
    return {"says": says, "alt": alt(apart), "picture": drawn.shapes, "size": drawn.size, "columns": drawn.columns,
            "caption": found.caption, "heads": list(found.heads), "rows": [list(row) for row in found.rows],
            "sentences": [sentence(apart, at) for at in range(len(PAGES))]}


def picture(apart: int) -> Chart:
    """The chart of one way in which the pages can lie."""
    return draw(groups(apart), PAGES, f"guest pages, {dict(LAYOUTS)[apart]}")


def alt(apart: int) -> str:
    """The picture in words."""
    ends = "; ".join(f"{group.names} from {shown(group.units[0])} to {shown(group.units[-1])}"
                     for group in groups(apart))
    return f"Longest stretch at EL2 in model units, for 0 to {PAGES[-1]} pages {dict(LAYOUTS)[apart]}: {ends}."
