"""A line chart as a list of shapes: drawn once, shown by the front end and in a stored picture.

A line says which one it is by its dashes, its markers and the words at its end; there is no legend and no colour. A
shape is a tag, its attributes and its text; how it looks is said by its class, here for the stored picture and in the
front end's style sheet for the other one.
"""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import NamedTuple

Shape = tuple[str, dict[str, str], str]
Point = tuple[float, float]

WIDTH, HEIGHT = 620, 300
LEFT, RIGHT, TOP, BOTTOM = 46, 330, 40, 248
LABELS = RIGHT + 26
LABEL_HEIGHT = 38
LETTERS = 34
"""How many letters of a name stand on one line at the end of a drawn line."""
MARKERS = ("m-4.5-4.5h9v9h-9z", "m0-6l6 11h-12z", "m0-4.5a4.5 4.5 0 1 1 0 9a4.5 4.5 0 1 1 0-9z", "m0-6l6 6l-6 6l-6-6z")
LOOKS = """
text{font:14px system-ui,sans-serif;fill:#16191D}.value{font-weight:700}.soft{fill:#555D68}
.axis,.leader{fill:none;stroke:#767E8A;stroke-width:1.5}.leader{stroke-width:1}
.line{fill:none;stroke:#16191D;stroke-width:2}.line0{stroke-width:3}.line1{stroke-dasharray:8 4}
.line2{stroke-dasharray:2 3}.line3{stroke-dasharray:10 3 2 3}
.marker{fill:#16191D;stroke:#16191D;stroke-width:2}.marker1,.marker3{fill:#FFFFFF}
"""


class Group(NamedTuple):
    """Lines that are the same: drawn once, with all their names; None where there is no value."""

    names: str
    units: tuple[int | None, ...]


class Chart(NamedTuple):
    """The shapes, the size of the picture, and where in it the value of each column stands: x, top and bottom."""

    shapes: list[Shape]
    size: tuple[int, int]
    columns: list[tuple[float, float, float]]


def draw(groups: Sequence[Group], columns: Sequence[int], title: str) -> Chart:
    """The chart of these lines over these columns, which the title names."""
    most = max(value for group in groups for value in group.units if value is not None)
    step = nice(most / 4)
    top = step * -(-most // step)
    xs = [LEFT + (RIGHT - LEFT) * column / columns[-1] for column in columns]
    points = [[(x, height(value, top)) for x, value in zip(xs, group.units, strict=True) if value is not None]
              for group in groups]
    shapes = [*axes(xs, columns, range(0, top + 1, step), top)]
    shapes.append(words((LEFT + RIGHT) / 2, BOTTOM + 42, title, "soft", "middle"))
    for number, line in enumerate(points):
        shapes += curve(number, line, xs[::2])
    shapes += labels(groups, [line[-1] for line in points])
    return Chart(shapes, (WIDTH, HEIGHT), [(round(x, 1), TOP, BOTTOM) for x in xs])


def nice(least: float) -> int:
    """The smallest 1, 2 or 5 times a power of ten that is not below this."""
    power = 1
    while power * 5 < least:
        power *= 10
    return next(power * times for times in (1, 2, 5) if power * times >= least)


def height(value: float, top: float) -> float:
    """Where a value stands."""
    return BOTTOM - (BOTTOM - TOP) * value / top


def axes(xs: list[float], columns: Sequence[int], ticks: range, top: int) -> Iterator[Shape]:
    """Both axes with their numbers, and what the upright one counts."""
    yield path(f"M{LEFT} {TOP}V{BOTTOM}H{RIGHT}", "axis")
    for tick in ticks:
        yield path(f"M{LEFT - 5} {height(tick, top):.1f}H{LEFT}", "axis")
        yield words(LEFT - 9, height(tick, top) + 5, str(tick), "soft", "end")
    for x, column in list(zip(xs, columns, strict=True))[::2]:
        yield words(x, BOTTOM + 20, str(column), "soft", "middle")
    yield words(LEFT - 40, 20, "longest stretch in one hypercall, model units", "soft")


def curve(number: int, points: list[Point], marked: list[float]) -> Iterator[Shape]:
    """One line, with a marker above each of these places."""
    style = number % len(MARKERS)
    yield path("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points), f"line line{style}")
    for x, y in (point for point in points if point[0] in marked):
        yield path(f"M{x:.1f} {y:.1f}{MARKERS[style]}", f"marker marker{style}")


def labels(groups: Sequence[Group], ends: list[Point]) -> Iterator[Shape]:
    """The words at the ends of the lines, one above the other, each led to from its line."""
    free = BOTTOM + 16.0
    for group, (x, y) in sorted(zip(groups, ends, strict=True), key=lambda pair: -pair[1][1]):
        at = min(y, free)
        free = at - LABEL_HEIGHT
        first, second = broken(group.names)
        yield path(f"M{x + 8:.1f} {y:.1f}L{LABELS - 6} {at:.1f}", "leader")
        yield words(LABELS, at + 5, f"{group.units[-1]}", "value")
        yield words(LABELS + 36, at + 5, first)
        if second:
            yield words(LABELS + 36, at + 21, second)


def broken(names: str) -> tuple[str, str]:
    """A name on two lines where it is too long for one: broken before a bracket or behind a comma, if there is one."""
    if len(names) <= LETTERS:
        return names, ""
    spaces = [at for at in range(LETTERS + 1) if names[at] == " "]
    at = max(spaces, key=lambda at: (names[at + 1] == "(" or names[at - 1] == ",", at))
    return names[:at], names[at + 1:]


def path(d: str, look: str) -> Shape:
    """A path."""
    return "path", {"d": d, "class": look}, ""


def words(x: float, y: float, text: str, look: str = "name", anchor: str = "start") -> Shape:
    """A line of text."""
    return "text", {"x": f"{x:.1f}", "y": f"{y:.1f}", "class": look, "text-anchor": anchor}, text


def svg(chart: Chart) -> str:
    """The chart as a picture that knows no theme: the light palette on a ground of its own."""
    width, tall = chart.size
    inside = "".join(f"<{tag}{attributes_of(kept)}>{escape(text)}</{tag}>" for tag, kept, text in chart.shapes)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{tall}" viewBox="0 0 {width} {tall}">'
            f'<style>{LOOKS}</style><rect width="{width}" height="{tall}" fill="#FFFFFF"/>{inside}</svg>')


def attributes_of(kept: dict[str, str]) -> str:
    """Attributes as markup."""
    return "".join(f' {name}="{escape(value)}"' for name, value in kept.items())
