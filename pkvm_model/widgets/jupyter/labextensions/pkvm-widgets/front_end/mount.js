// Puts widgets onto a page, from a stored output or through anywidget.

import { CONSTANTS } from "./constants.js";
import { make } from "./elements.js";
import { initialize, liveModel, livePort, storedPort, whenLive } from "./live.js";
import { clip } from "./text.js";
import { mount } from "./widget.js";

const CURE = "Run its cell again; if that does not help, get the whole course again.";

/** Draws a widget, or says why that is not possible above what was there before: its table. */
function mountOrKeep(root, draw) {
  const before = [...root.childNodes];
  try {
    return draw();
  } catch (error) {
    const reason = clip(String(error?.message ?? error));
    root.replaceChildren(make("p", { role: "alert" }, `This widget cannot be shown (${reason}). ${CURE}`), ...before);
    return null;
  }
}

/**
 * Draws a stored widget in place of its table, and joins the live model once it exists. Returns null if it cannot be
 * drawn. `output` stands for all views of one output, `cell` is the id of its cell, `run` runs it,
 * `open` makes a link open a file. A page brings a `port` of its own.
 */
function mountStored(root, stored, { key, output = {}, port: own, ...around } = /** @type {any} */ ({})) {
  const { v, kind, packed, place } = stored;
  return mountOrKeep(root, () => {
    if (v !== CONSTANTS.format) throw Error(`it was stored by another version of the course, ${v}`);
    const live = liveModel(key),
      port = own ?? (live ? livePort(live, around) : storedPort({ place, key, output, ...around })),
      widget = mount(root, kind, packed, port);
    if (!live) whenLive(key, () => widget.connect(livePort(liveModel(key), around)));
    return widget;
  });
}

/** Called by anywidget for each view; the model names the kind, so one function serves all families. */
function render({ model, el }) {
  const widget = mountOrKeep(el, () => mount(el, model.get("_kind"), model.get("packed"), livePort(model)));
  return () => widget?.close();
}

export { mountStored };
export default { initialize, render };
