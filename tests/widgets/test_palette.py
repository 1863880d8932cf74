"""The colours that the front end really uses: legible, and never so alike that only some can tell them apart."""

import itertools
import re

import pytest

from pkvm_model.widgets.static import HAIR, HUES, INK, LINE, MUTED, THEMED, follow_theme, render
from tests.widgets.colours import EYES, Triple, apart, contrast, distance, tokens

TEXTS = ("ink", "muted", "host", "hyp", "guest", "danger", "edge")
GROUNDS = ("bg", "panel", "chg")
TELLING = ("host", "hyp", "guest", "danger")
"""The hues that say who or how bad; they also appear next to ink and the outline of a mark."""
PAIRS = [*itertools.combinations(TELLING, 2), *itertools.product(TELLING, ("ink", "edge"))]
NEAREST = 13


@pytest.mark.parametrize("theme", ["LIGHT", "DARK"])
def test_text_and_shapes_contrast_with_every_background(theme: str) -> None:
    colours = tokens(theme)
    for text, ground in itertools.product(TEXTS, GROUNDS):
        assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
    assert min(contrast(colours["line"], colours[ground]) for ground in GROUNDS) >= 3


@pytest.mark.parametrize(("one", "other", "published"), [
    ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
    ((50, 2.5, 0), (73, 25, -18), 27.1492),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
])
def test_the_colour_distance_matches_published_data(one: Triple, other: Triple, published: float) -> None:
    """Test data of Sharma, Wu and Dalal 2005."""
    assert distance(one, other) == pytest.approx(published, abs=1e-4)


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("theme", ["LIGHT", "DARK"])
def test_no_two_hues_look_alike_to_any_eye(theme: str, eye: str) -> None:
    colours = tokens(theme)
    near = {(one, other): far for one, other in PAIRS if (far := apart(colours[one], colours[other], eye)) < NEAREST}
    assert near == {}


def test_the_form_without_scripts_has_the_light_colours() -> None:
    light = tokens("LIGHT")
    assert {name: light[name] for name in HUES} == HUES
    assert [light[name] for name in ("ink", "muted", "line", "hair")] == [INK, MUTED, LINE, HAIR]


def test_a_form_beside_the_widgets_names_every_colour_of_the_theme_and_is_light_elsewhere() -> None:
    light = tokens("LIGHT")
    assert {light[name]: name for name in THEMED.values()} == THEMED
    form = follow_theme(render("div", "box", render("p", "note", "So it is.")))
    assert form.startswith('<div class="pkvm-widget" style="background:var(--bg,#FFFFFF);color:var(--ink,#16191D);')
    assert f"color:var(--muted,{MUTED})" in form
    assert f";border:1px solid;border:1px solid var(--line,{LINE});" in form
    assert not re.search(r"(?<!,)#[0-9A-F]{6}", form)
