"""How long EL2 keeps a CPU: the lock regions of one hypercall against the guest's pages, and the chart of it.

EL2 runs with the CPU's interrupts masked, and no call of the model has a point at which it would let the host in. So
the regions of a hypercall are one stretch, and their number is the unit here. The duration of a region is left out: one
that takes a stage 2 apart counts as much as one that tests a flag.

The chart is a list of shapes, shown by the front end and in a stored picture. A line is known by its dashes, its
markers and the words at its end; it needs no legend and no colour. The look of a shape follows from its class: LOOKS
for the stored picture, a style sheet in the front end.
"""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from html import escape
from typing import NamedTuple

from ..model.revisions import PRE, UPSTREAM, Revision
from ..model.run import call
from ..model.state import Config, State
from ..show.table import Table
from ..text import count
from .contract import El2TimeValue, LayoutValue, Shape

Point = tuple[float, float]
PAGES = tuple(range(0, 33, 4))
"""The number of the guest's pages at each point of the lines."""
NEAR, APART = 1, 512
"""The distance of two pages in gfns: side by side, or so far that each needs a last-level table of its own."""
LAYOUTS = ((NEAR, "side by side"), (APART, "2 MiB apart"))
HOST_MEMORY = 1 << 18
"""The steps of the honest host's walk over the guest's memory; those without a page do nothing."""

UNIT = ("A model unit is one lock region of one hypercall. EL2 runs a hypercall with interrupts masked, so its regions "
        "form one stretch. A unit is not a time: taking a stage 2 apart is one unit, and so is testing a flag.")
NOTE = ("A published figure from another tree: up to 150+ ms on a Pixel 6 for the one-shot call of Android’s tree, "
        "which walked a protected guest’s pages (Quentin Perret, “KVM: arm64: Refactor the guest teardown path”). The "
        "patch of this course has no figure of its own.")
"""Never on the same scale: those are milliseconds of another tree, these are units of a model."""
WIDTH, HEIGHT = 620, 300
LEFT, RIGHT, TOP, BOTTOM = 46, 330, 40, 248
LABELS = RIGHT + 26
LABEL_HEIGHT = 38
LETTERS = 34
"""The most letters of a name on one line of text at the end of a drawn line."""
MARKERS = ("m-4.5-4.5h9v9h-9z", "m0-6l6 11h-12z", "m0-4.5a4.5 4.5 0 1 1 0 9a4.5 4.5 0 1 1 0-9z", "m0-6l6 6l-6 6l-6-6z")
LOOKS = """
text{font:14px system-ui,sans-serif;fill:#16191D}.value{font-weight:700}.soft{fill:#555D68}
.axis,.leader{fill:none;stroke:#767E8A;stroke-width:1.5}.leader{stroke-width:1}
.line{fill:none;stroke:#16191D;stroke-width:2}.line0{stroke-width:3}.line1{stroke-dasharray:8 4}
.line2{stroke-dasharray:2 3}.line3{stroke-dasharray:10 3 2 3}
.marker{fill:#16191D;stroke:#16191D;stroke-width:2}.marker1,.marker3{fill:#FFFFFF}
"""


class ChartLine(NamedTuple):
    """A line of the chart: its name, its revision, and the units at each number of pages (None: no such call)."""

    name: str
    revision: str
    units: tuple[int | None, ...]


class Stretch(NamedTuple):
    """One hypercall of a host, and the number of its lock regions."""

    call: str
    regions: int


class LineGroup(NamedTuple):
    """Lines with the same values, drawn once with all their names; a unit is None where there is no value."""

    names: str
    units: tuple[int | None, ...]


class Chart(NamedTuple):
    """The shapes, the size of the picture, and the place of each column in it: x, top and bottom."""

    shapes: list[Shape]
    size: tuple[int, int]
    columns: list[tuple[float, float, float]]


def lines(apart: int) -> tuple[ChartLine, ...]:
    """Return all lines for pages that lie `apart` gfns from each other."""
    pre, split = measure_destroys(PRE, apart), measure_destroys(UPSTREAM, apart)
    protected = measure_destroys(UPSTREAM, apart, protected=True)
    everything = tuple(sum(stretch.regions for stretch in stretches if not is_loan(stretch)) for stretches in pre)
    return (ChartLine("all calls of pre in one", "no kernel here", everything),
            ChartLine("teardown", "pre", longest(pre, "__pkvm_teardown_vm")),
            ChartLine("finalise", "upstream", longest(split, "__pkvm_finalize_teardown_vm")),
            ChartLine("one unshare", "upstream", longest(split, "__pkvm_host_unshare_guest")),
            ChartLine("one reclaim", "upstream", longest(protected, "__pkvm_reclaim_dying_guest_page")),
            ChartLine("start", "upstream", longest(split, "__pkvm_start_teardown_vm")))


def longest(destroys: tuple[list[Stretch], ...], name: str) -> tuple[int | None, ...]:
    """Return the longest stretch of the calls of this name, for each number of pages."""
    return tuple(max((stretch.regions for stretch in stretches if stretch.call == name), default=None)
                 for stretches in destroys)


def is_loan(stretch: Stretch) -> bool:
    """Return True for the calls that end the loans of the host's own structs: they are no part of a teardown."""
    return stretch.call == "__pkvm_host_unshare_hyp"


@cache
def measure_destroys(revision: Revision, apart: int, protected: bool = False) -> tuple[list[Stretch], ...]:
    """Return the hypercalls with which an honest host destroys a VM, for each number of pages."""
    state, destroys = start_vm(revision, protected), []
    for number in range(max(PAGES) + 1):
        if number in PAGES:
            destroys.append(measure_destroy(state, revision))
        state = call(state, revision, 0, "kvm_guest_fault", "kvm0", f"g{number}", number * apart).state
    return tuple(destroys)


def start_vm(revision: Revision, protected: bool) -> State:
    """Return the state of a VM whose vCPU is loaded and which has no page yet."""
    state = State(Config(cpus=1))
    for name, *args in (("kvm_create_vm", "kvm0", protected), ("kvm_first_run", "kvm0", "hv0.0"),
                        ("__pkvm_vcpu_load", 0x1000, 0)):
        state = call(state, revision, 0, name, *args).state
    return state


def measure_destroy(state: State, revision: Revision) -> list[Stretch]:
    """Return what the honest host calls to destroy this VM; each call is made again by itself to count its regions."""
    state = call(state, revision, 0, "__pkvm_vcpu_put").state
    destroy = call(state, revision, 0, "kvm_destroy_vm", "kvm0", HOST_MEMORY)
    stretches = []
    for name, args, _ in destroy.answers:
        step = call(state, revision, 0, name, *args)
        stretches.append(Stretch(name, len(step.regions)))
        state = step.state
    return stretches


def group_lines(apart: int) -> tuple[LineGroup, ...]:
    """Return the lines as they are drawn, the longest stretch first."""
    names: dict[tuple[int | None, ...], list[str]] = {}
    for line in lines(apart):
        names.setdefault(line.units, []).append(f"{line.name} ({line.revision})")
    return tuple(LineGroup(", ".join(same), units) for units, same in names.items())


def sentence(apart: int, at: int) -> str:
    """Return what the lines say at column `at`."""
    values = [f"{group.names}: {units_text(group.units[at])}" for group in group_lines(apart)]
    return f"{count(PAGES[at], 'page')} {dict(LAYOUTS)[apart]}. {'; '.join(values)}."


def units_text(units: int | None) -> str:
    """Return a number of units as text, or "no call"."""
    return "no call" if units is None else str(units)


def table(apart: int) -> Table:
    """Return the chart as a table, a row for each number of pages."""
    groups = group_lines(apart)
    rows = [[str(number), *(units_text(group.units[at]) for group in groups)] for at, number in enumerate(PAGES)]
    caption = f"Longest stretch at EL2, in model units; the guest’s pages lie {dict(LAYOUTS)[apart]}"
    return Table(caption, ["guest pages", *(group.names for group in groups)], rows)


def value() -> El2TimeValue:
    """Return all of it as JSON values."""
    return {"name": "el2-time", "title": "EL2 time", "unit": UNIT, "note": NOTE, "pages": list(PAGES),
            "layouts": [encode_layout(apart, says) for apart, says in LAYOUTS]}


def encode_layout(apart: int, says: str) -> LayoutValue:
    """Return one layout of the pages: its picture, its table, and a sentence for each number of pages."""
    chart, words = picture(apart), table(apart)
    return {"says": says, "alt": alt(apart), "picture": chart.shapes, "size": chart.size, "columns": chart.columns,
            "caption": words.caption, "heads": list(words.heads), "rows": [list(row) for row in words.rows],
            "sentences": [sentence(apart, at) for at in range(len(PAGES))]}


def picture(apart: int) -> Chart:
    """Return the chart of one layout of the pages."""
    return draw_chart(group_lines(apart), PAGES, f"guest pages, {dict(LAYOUTS)[apart]}")


def alt(apart: int) -> str:
    """Return the picture in words."""
    ends = "; ".join(f"{group.names} from {units_text(group.units[0])} to {units_text(group.units[-1])}"
                     for group in group_lines(apart))
    return f"Longest stretch at EL2 in model units, for 0 to {PAGES[-1]} pages {dict(LAYOUTS)[apart]}: {ends}."


def draw_chart(groups: Sequence[LineGroup], columns: Sequence[int], title: str) -> Chart:
    """Draw the chart of these lines over these columns, which the title names."""
    most = max(value for group in groups for value in group.units if value is not None)
    step = round_step(most / 4)
    top = step * -(-most // step)
    xs = [LEFT + (RIGHT - LEFT) * column / columns[-1] for column in columns]
    points = [[(x, height(value, top)) for x, value in zip(xs, group.units, strict=True) if value is not None]
              for group in groups]
    shapes = [*axes(xs, columns, range(0, top + 1, step), top)]
    shapes.append(text_shape((LEFT + RIGHT) / 2, BOTTOM + 42, title, "soft", "middle"))
    for number, line in enumerate(points):
        shapes += curve(number, line, xs[::2])
    shapes += labels(groups, [line[-1] for line in points])
    return Chart(shapes, (WIDTH, HEIGHT), [(round(x, 1), TOP, BOTTOM) for x in xs])


def round_step(least: float) -> int:
    """Return the smallest 1, 2 or 5 times a power of ten that is not below `least`."""
    power = 1
    while power * 5 < least:
        power *= 10
    return next(power * times for times in (1, 2, 5) if power * times >= least)


def height(value: float, top: float) -> float:
    """Return the y of a value."""
    return BOTTOM - (BOTTOM - TOP) * value / top


def axes(xs: list[float], columns: Sequence[int], ticks: range, top: int) -> Iterator[Shape]:
    """Yield both axes with their numbers, and the unit of the upright one."""
    yield path_shape(f"M{LEFT} {TOP}V{BOTTOM}H{RIGHT}", "axis")
    for tick in ticks:
        yield path_shape(f"M{LEFT - 5} {height(tick, top):.1f}H{LEFT}", "axis")
        yield text_shape(LEFT - 9, height(tick, top) + 5, str(tick), "soft", "end")
    for x, column in list(zip(xs, columns, strict=True))[::2]:
        yield text_shape(x, BOTTOM + 20, str(column), "soft", "middle")
    yield text_shape(LEFT - 40, 20, "longest stretch in one hypercall, model units", "soft")


def curve(number: int, points: list[Point], marked: list[float]) -> Iterator[Shape]:
    """Yield one line, with a marker at each x in `marked`."""
    style = number % len(MARKERS)
    yield path_shape("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points), f"line line{style}")
    for x, y in (point for point in points if point[0] in marked):
        yield path_shape(f"M{x:.1f} {y:.1f}{MARKERS[style]}", f"marker marker{style}")


def labels(groups: Sequence[LineGroup], ends: list[Point]) -> Iterator[Shape]:
    """Yield the words at the ends of the lines, one above the other, each with a leader from its line."""
    free = BOTTOM + 16.0
    for group, (x, y) in sorted(zip(groups, ends, strict=True), key=lambda pair: -pair[1][1]):
        at = min(y, free)
        free = at - LABEL_HEIGHT
        first, second = break_in_two(group.names)
        yield path_shape(f"M{x + 8:.1f} {y:.1f}L{LABELS - 6} {at:.1f}", "leader")
        yield text_shape(LABELS, at + 5, f"{group.units[-1]}", "value")
        yield text_shape(LABELS + 36, at + 5, first)
        if second:
            yield text_shape(LABELS + 36, at + 21, second)


def break_in_two(names: str) -> tuple[str, str]:
    """Break a name that is too long for one line: before a bracket or after a comma if there is one."""
    if len(names) <= LETTERS:
        return names, ""
    spaces = [at for at in range(LETTERS + 1) if names[at] == " "]
    at = max(spaces, key=lambda at: (names[at + 1] == "(" or names[at - 1] == ",", at))
    return names[:at], names[at + 1:]


def path_shape(d: str, look: str) -> Shape:
    """Return a path."""
    return "path", {"d": d, "class": look}, ""


def text_shape(x: float, y: float, text: str, look: str = "name", anchor: str = "start") -> Shape:
    """Return a line of text."""
    return "text", {"x": f"{x:.1f}", "y": f"{y:.1f}", "class": look, "text-anchor": anchor}, text


def svg(chart: Chart) -> str:
    """Return the chart as a picture that knows no theme: the light palette on a ground of its own."""
    width, tall = chart.size
    inside = "".join(f"<{tag}{format_attributes(attributes)}>{escape(text)}</{tag}>"
                     for tag, attributes, text in chart.shapes)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{tall}" viewBox="0 0 {width} {tall}">'
            f'<style>{LOOKS}</style><rect width="{width}" height="{tall}" fill="#FFFFFF"/>{inside}</svg>')


def format_attributes(attributes: dict[str, str]) -> str:
    """Return attributes as markup."""
    return "".join(f' {name}="{escape(value)}"' for name, value in attributes.items())
