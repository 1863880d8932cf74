"""How the front end is bundled, and what a bundle must not contain."""

import re
from pathlib import Path

import pytest

from pkvm_model.widgets.front_end import FOLDER, LAST, SHARE, bundle, list_kinds, list_modules, read_constants

IN_JUPYTERLAB = ("remoteEntry.js", "notebooks.js", "running.js", "steady.js", "lite.js")
SOURCE = bundle(*list_kinds())


def test_a_bundle_loads_nothing() -> None:
    assert re.findall(r"https?://[^\"`]*", SOURCE) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"\bfetch\(|^import |import\(|url\(", SOURCE, flags=re.MULTILINE)


def test_a_bundle_can_be_part_of_a_page() -> None:
    assert "</script" not in SOURCE
    assert "<!--" not in SOURCE


def test_there_is_one_copy_of_the_front_end_and_no_file_without_use() -> None:
    modules = list_modules(*list_kinds())
    assert set(SHARE.rglob("*.js")) == {*modules, *(FOLDER / name for name in IN_JUPYTERLAB)}


def test_each_style_sheet_belongs_to_a_module_and_is_in_its_bundle() -> None:
    styles = read_constants()["styles"]
    assert sorted(path.stem for path in FOLDER.glob("*.css")) == sorted(styles)
    assert all((FOLDER / f"{name}.js").exists() for name in styles)
    assert all(f'dress("{name}")' in SOURCE and f'provide("{name}", ' in SOURCE for name in styles)


@pytest.mark.parametrize("kind", list_kinds())
def test_modules_come_after_those_they_import_and_mount_comes_last(kind: str) -> None:
    modules = list_modules(kind)
    assert modules[-1] == LAST
    for number, path in enumerate(modules):
        text = path.read_text(encoding="utf-8")
        assert {FOLDER / name for name in re.findall(r' from "\./(.*)";', text)} <= set(modules[:number])


def test_a_kind_gets_no_module_that_it_does_not_import() -> None:
    assert FOLDER / "walk.js" not in list_modules("quiz")
    assert 'provide("bench", ' not in bundle("map")


def test_jupyterlab_may_not_keep_old_files_for_a_year() -> None:
    """Its server marks files in any folder called `static` as immutable."""
    assert "static" not in Path(FOLDER).relative_to(SHARE).parts
