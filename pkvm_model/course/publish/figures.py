"""The files of figures/ that are drawn: by name, the function that gives the bytes of each, the same on each run."""

from collections.abc import Callable
from html import escape

from ...graphs.lifecycle import life_of_a_vm
from ...graphs.page_life import page_life
from ...model.revisions import PRE, V1
from ...show.dot import Dot, svg
from .course_map import course_map


def drawing(picture: Dot) -> str:
    """The picture as SVG that says what it shows, for those who cannot see it."""
    head, tag, rest = svg(picture.source).partition("<svg ")
    attributes, close, body = rest.partition(">")
    return f'{head}{tag}role="img" {attributes}{close}\n<title>{escape(picture.alt)}</title>{body}'


FIGURES: dict[str, Callable[[], str]] = {
    "course-map.svg": lambda: drawing(course_map()),
    "life-of-a-page.svg": lambda: drawing(page_life(PRE)),
    "life-of-a-vm.svg": lambda: drawing(life_of_a_vm(V1)),
}
