"""The generated files of figures/: for each name, the function that returns its text, the same on every run."""
from __future__ import annotations

from collections.abc import Callable
from html import escape

from ...graphs.lifecycle import draw_life
from ...graphs.page_life import page_life
from ...model.revisions import PRE, V1
from ...show.dot import Dot
from ...show.renderer import svg
from .course_map import course_map


def draw(picture: Dot) -> str:
    """Return the picture as SVG with a title, for readers who cannot see it."""
    head, tag, rest = svg(picture.source).partition("<svg ")
    attributes, close, body = rest.partition(">")
    return f'{head}{tag}role="img" {attributes}{close}\n<title>{escape(picture.alt)}</title>{body}'


FIGURES: dict[str, Callable[[], str]] = {"course-map.svg": lambda: draw(course_map()),
                                         "life-of-a-page.svg": lambda: draw(page_life(PRE)),
                                         "life-of-a-vm.svg": lambda: draw(draw_life(V1))}
