// How widgets get onto a page: drawn from what a notebook or a page has stored, or by anywidget.

import { make } from "./elements.js";
import { initialize, liveModel, livePort, whenLive } from "./live.js";
import { mount } from "./widget.js";

const FORMAT = 3;

/** Where a widget cannot even be drawn, words stand before whatever is there. */
function apology(root, error) {
  const reason = error?.message ?? error;
  root.prepend(make("p", { role: "alert" }, `This widget cannot be shown (${reason}). Run its cell again; if that does not help, get the whole course again.`));
  return { close() {} };
}

/** Draws a stored widget, and joins the live model once there is one. */
function mountStored(root, { v, kind, packed, place }, key) {
  try {
    if (v !== FORMAT) throw Error(`it was stored by another version of the course, ${v}`);
    const live = liveModel(key), widget = mount(root, kind, packed, live ? livePort(live) : { place, key });
    if (!live) whenLive(key, () => widget.connect(livePort(liveModel(key))));
    return widget;
  } catch (error) {
    return apology(root, error);
  }
}

/** What anywidget calls for each view; the kind stands in the model, so that one function does for all families. */
function render({ model, el }) {
  const widget = mount(el, model.get("_kind"), model.get("packed"), livePort(model));
  return () => widget.close();
}

export { mountStored };
export default { initialize, render };
