// Puts widgets onto a page, from a stored output or through anywidget.

import { CONSTANTS } from "./constants.js";
import { make } from "./elements.js";
import { initialize, liveModel, livePort, whenLive } from "./live.js";
import { mount } from "./widget.js";

/** Says why a widget cannot be drawn, above its static form. */
function apology(root, error) {
  const reason = error?.message ?? error;
  root.prepend(
    make(
      "p",
      { role: "alert" },
      `This widget cannot be shown (${reason}). Run its cell again; if that does not help, get the whole course again.`,
    ),
  );
  return { close() {} };
}

/** Draws a stored widget, and joins the live model once it exists. */
function mountStored(root, { v, kind, packed, place }, key) {
  try {
    if (v !== CONSTANTS.format) throw Error(`it was stored by another version of the course, ${v}`);
    const live = liveModel(key),
      widget = mount(root, kind, packed, live ? livePort(live) : { place, key });
    if (!live) whenLive(key, () => widget.connect(livePort(liveModel(key))));
    return widget;
  } catch (error) {
    return apology(root, error);
  }
}

/** Called by anywidget for each view; the model names the kind, so one function serves all families. */
function render({ model, el }) {
  const widget = mount(el, model.get("_kind"), model.get("packed"), livePort(model));
  return () => widget.close();
}

export { mountStored };
export default { initialize, render };
