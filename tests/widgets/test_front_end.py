"""Rules that the text of the front end has to keep."""

import re

from pkvm_model.widgets.front_end import SHARE, front_end, kinds, parts

FILES = parts(*kinds())
SOURCE = front_end(*kinds())


def test_stored_text_never_becomes_markup() -> None:
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", SOURCE)


def test_the_front_end_asks_for_nothing() -> None:
    assert re.findall(r"https?://[^\"`]*", SOURCE) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"\bfetch\(|XMLHttpRequest|^import |import\(|url\(", SOURCE, flags=re.MULTILINE)


def test_the_front_end_can_stand_inside_a_page() -> None:
    assert "</script" not in SOURCE
    assert "<!--" not in SOURCE


def test_no_control_is_ever_disabled_so_that_it_keeps_the_focus() -> None:
    assert not re.search(r"\.disabled\s*=|disabled:\s*", SOURCE)


def test_there_is_one_copy_of_the_front_end() -> None:
    others = {path for path in SHARE.parents[1].rglob("*.js") if path.name != "remoteEntry.js"}
    assert others == set(FILES)


def test_a_name_stands_for_one_thing_in_all_parts() -> None:
    """They share one scope where they are put after each other."""
    names = re.findall(r"^(?:(?:async )?function|class) (\w+)", SOURCE, flags=re.MULTILINE)
    for declared in re.findall(r"^(?:const|let) (.*?);$", SOURCE, flags=re.MULTILINE | re.DOTALL):
        # What stands in brackets, quotes or behind an arrow is a value: without it, names are what stands before a "=".
        value = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}|`[^`]*`|\"[^\"]*\"|=>.*", flags=re.DOTALL)
        while declared != (declared := value.sub("", declared)):
            pass
        names += re.findall(r"(?:^|, )(\w+)(?= =|,|$)", declared)
    assert {"LETTER", "register", "quizzes"} <= set(names)
    assert [name for name in set(names) if names.count(name) > 1] == []


def test_what_a_part_imports_is_exported_where_it_says() -> None:
    for path in FILES:
        imports = re.findall(r'^import \{([^}]*)\} from "./([\w.]+)";', path.read_text("utf-8"), flags=re.MULTILINE)
        for names, home in imports:
            exports = re.findall(r"^export .*", (path.parent / home).read_text("utf-8"), flags=re.MULTILINE)
            missing = [name for name in re.findall(r"\w+", names) if not re.search(rf"\b{name}\b", "".join(exports))]
            assert missing == [], (path.name, home)
