"""Rules that the text of the front end has to keep."""

import itertools
import re

import pytest

from pkvm_model.widgets.front_end import SHARE, front_end, kinds, parts

FILES = parts(*kinds())
SOURCE = front_end(*kinds())
TEXTS = ("ink", "muted", "host", "hyp", "guest", "danger", "edge")
GROUNDS = ("bg", "panel", "chg")


def tokens(theme):
    """The colours of a theme by name."""
    block = re.search(rf"const {theme} = `(.*?)`", SOURCE, flags=re.DOTALL)[1]
    return dict(re.findall(r"--(\w+):(#\w{6})", block))


def brightness(colour):
    """Relative luminance as WCAG defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    """Contrast ratio as WCAG defines it."""
    low, high = sorted((brightness(one), brightness(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["LIGHT", "DARK"])
def test_text_and_shapes_stand_out_from_every_ground(theme):
    colours = tokens(theme)
    for text, ground in itertools.product(TEXTS, GROUNDS):
        assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
    assert min(contrast(colours["line"], colours[ground]) for ground in GROUNDS) >= 3


def test_stored_text_never_becomes_markup():
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", SOURCE)


def test_the_front_end_asks_for_nothing():
    assert re.findall(r"https?://[^\"`]*", SOURCE) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"\bfetch\(|XMLHttpRequest|^import |import\(|url\(", SOURCE, flags=re.MULTILINE)


def test_the_front_end_can_stand_inside_a_page():
    assert "</script" not in SOURCE
    assert "<!--" not in SOURCE


def test_no_control_is_ever_disabled_so_that_it_keeps_the_focus():
    assert not re.search(r"\.disabled\s*=|disabled:\s*", SOURCE)


def test_there_is_one_copy_of_the_front_end():
    others = {path for path in SHARE.parents[1].rglob("*.js") if path.name != "remoteEntry.js"}
    assert others == set(FILES)


def test_a_name_stands_for_one_thing_in_all_parts():
    """They share one scope where they are put after each other."""
    names = re.findall(r"^(?:const|let|(?:async )?function|class) (\w+)", SOURCE, flags=re.MULTILINE)
    assert [name for name in set(names) if names.count(name) > 1] == []


def test_what_a_part_imports_is_exported_where_it_says():
    for path in FILES:
        imports = re.findall(r'^import \{([^}]*)\} from "./([\w.]+)";', path.read_text("utf-8"), flags=re.MULTILINE)
        for names, home in imports:
            exports = re.findall(r"^export .*", (path.parent / home).read_text("utf-8"), flags=re.MULTILINE)
            missing = [name for name in re.findall(r"\w+", names) if not re.search(rf"\b{name}\b", "".join(exports))]
            assert missing == [], (path.name, home)
