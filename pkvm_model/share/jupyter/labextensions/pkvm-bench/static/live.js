// The live side: a port to the Python object behind an anywidget model, and the models that are alive in this page.

const LATE = "No answer from Python yet: the kernel is busy, stopped or restarted. If nothing happens, run the cell again.";
const GONE = "Python is gone: the kernel was stopped or restarted. Known steps still work; run the cell again for all of them.";
const PATIENCE = 3000;

/** A port to the Python object behind a model. */
export function livePort(model) {
  let bench, timer, heard = () => clearTimeout(timer);
  const message = (content) => bench?.guard(() => ("open" in content ? bench.open(content.open) : bench.learn(content)))();
  const gone = () => bench?.status(GONE);
  const late = () => bench.fail(LATE);
  const send = (work) => {
    try {
      work();
      return true;
    } catch {
      // After a restart of the kernel, ipywidgets throws where something is sent.
      gone();
      return false;
    }
  };
  return {
    key: model.get("key"),
    trace: model.get("trace"),
    history: model.get("history"),
    heard,
    listen: (handle) => { bench = handle; model.on("msg:custom", message); model.on("comm_live_update", gone); },
    close: () => { heard(); model.off("msg:custom", message); model.off("comm_live_update", gone); },
    ask: (question) => {
      heard();
      timer = setTimeout(late, PATIENCE);
      if (!send(() => model.send({ ask: question }))) late();
    },
    changed: (position) => {
      if (position.trace === model.get("trace") && position.history === model.get("history")) return;
      send(() => { model.set(position); model.save_changes(); });
    },
  };
}

// Live models by key, for a renderer that is not ipywidgets: `initialize` runs as soon as Python has made the object.
const models = (globalThis.pkvmModels ??= new EventTarget());

/** What anywidget calls when Python has made an object; the function returned is called when it is gone. */
export function initialize({ model }) {
  const key = model.get("key");
  models[key] = model;
  models.dispatchEvent(new Event(key));
  return () => delete models[key];
}

export const liveModel = (key) => models[key];

/** Calls once a model with this key is there. */
export function whenLive(key, then) {
  if (key) models.addEventListener(key, then, { once: true });
}
