// The ports of a widget: without Python, to the Python object behind an anywidget model, and to Python in a worker of
// this page; and the models that are alive in this page.

const LATE =
  "No answer from Python yet: the kernel is busy, stopped or restarted. " +
  "If nothing happens, run the cells again, from the top.";
const PATIENCE = 3000;

const shown = new WeakMap();

/** Returns true if there was another view of a model or of an output before. */
function wasShown(what) {
  const before = shown.has(what);
  shown.set(what, shown.get(what) ?? { views: new Set() });
  return before;
}

/** Returns a port without Python. All views of one `output` stand at the same place. */
export function storedPort({ place, key, output, cell, run, open } = /** @type {any} */ ({})) {
  const again = wasShown(output),
    shared = shown.get(output);
  let widget;
  return {
    key,
    place,
    cell,
    run,
    open,
    again,
    at: shared.place,
    listen: (handle) => {
      widget = handle;
      shared.views.add(widget);
    },
    close: () => shared.views.delete(widget),
    changed: (at) => {
      shared.place = at;
      for (const view of shared.views) view.guard(() => view.join(at))();
    },
  };
}

/**
 * Returns a port of a page, which keeps the place itself and sends it along with each question to `answer`. Without
 * `answer`, `lacks` says why this page has no Python. If it `lasts`, the browser remembers the place on another day.
 */
export function pagePort(place, { answer, lacks, lasts, changed, open } = /** @type {any} */ ({})) {
  const port = storedPort({ place, output: {}, open });
  let widget;
  return {
    ...port,
    lacks,
    lasts,
    listen: (handle) => {
      widget = handle;
      port.listen(handle);
    },
    changed: (at) => {
      port.changed(at);
      changed?.(at);
    },
    ask: answer && ((question) => answer({ place: widget.place, ask: question })),
  };
}

/** Returns a port to the Python object behind a model; a random id matches each answer to its question. */
export function livePort(model, { cell, run, open } = /** @type {any} */ ({})) {
  const waiting = new Map();
  let widget, timer;
  const gone = () => widget?.losePython();
  const moved = () => widget?.guard(() => widget.join(model.get("place")))();
  const late = () => widget?.fail(LATE);
  const heard = (content) => {
    clearTimeout(timer);
    widget.status("");
    const question = waiting.get(content.id);
    waiting.delete(content.id);
    if ("place" in content) widget.recall(content.place);
    else if ("says" in content) widget.hear(content.says);
    else if (question && content.error) question.reject(Error(content.error));
    else if (question) question.resolve(content.answer);
    // Another view of the same object may have asked; a message without an id is for all views.
    else if (content.error && content.id === undefined) widget.fail(content.error);
  };
  const message = (content) => widget?.guard(heard)(content);
  const send = (work) => {
    try {
      work();
      return true;
    } catch {
      // After a restart of the kernel, ipywidgets throws when a message is sent.
      gone();
      return false;
    }
  };
  return {
    key: model.get("key"),
    place: model.get("place"),
    keeps: true,
    again: wasShown(model),
    cell,
    run,
    open,
    listen: (handle) => {
      widget = handle;
      model.on("msg:custom", message);
      model.on("change:place", moved);
      model.on("comm_live_update", gone);
    },
    close: () => {
      clearTimeout(timer);
      model.off("msg:custom", message);
      model.off("change:place", moved);
      model.off("comm_live_update", gone);
    },
    ask: (question) =>
      new Promise((resolve, reject) => {
        const id = String(Math.random());
        waiting.set(id, { resolve, reject });
        clearTimeout(timer);
        timer = setTimeout(late, PATIENCE);
        if (!send(() => model.send({ id, ask: question }))) widget?.failWithoutPython(LATE);
      }),
    changed: (place) =>
      place !== model.get("place") &&
      send(() => {
        model.set({ place });
        model.save_changes();
      }),
  };
}

// Live models by key, for a renderer that is not ipywidgets: `initialize` runs as soon as Python has made the object.
const models = (globalThis.pkvmModels ??= new EventTarget());

/** Called by anywidget when Python has made an object; the returned function is called when it is gone. */
export function initialize({ model }) {
  const key = model.get("key");
  models[key] = model;
  models.dispatchEvent(new Event(key));
  return () => delete models[key];
}

export const liveModel = (key) => models[key];

/** Calls `then` once a model with this key exists. */
export function whenLive(key, then) {
  if (key) models.addEventListener(key, then, { once: true });
}
