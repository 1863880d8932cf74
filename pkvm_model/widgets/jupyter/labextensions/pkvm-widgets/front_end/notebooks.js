// What the course adds to JupyterLab's notebooks: links that arrive, and no "unsaved" where nobody has written.

import { decode } from "./links.js";

const SECONDS = 60,
  LOOKS = 10,
  KERNELS_OWN = ["kernelspec", "language_info"];

/** Called by JupyterLab for each notebook that is opened. */
export function extendNotebook(panel, context) {
  arrive(panel, context);
  keepClean(context.model);
}

/** JupyterLab looks for a link's heading before the text is there; so look until it is, and stays where it is. */
function arrive(panel, context) {
  panel.setFragment = async (fragment) => {
    await context.ready;
    const acted = listenForLearner(panel.node),
      until = performance.now() + 1000 * SECONDS;
    for (let place, steady = 0; steady < LOOKS && performance.now() < until && !acted.begun;) {
      panel.content.setFragment(fragment);
      // What is not a heading is a place in a widget, which finds it by itself.
      if (fragment.includes("=")) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
      const now = findHeading(panel.node, fragment)?.getBoundingClientRect().top;
      steady = isRendered(panel) && now === place ? steady + 1 : 0;
      place = now;
    }
    acted.stop();
  };
}

/** Returns an object that knows whether the learner has begun to scroll, click or type. */
function listenForLearner(node) {
  const control = new AbortController(),
    acted = { begun: false, stop: () => control.abort() };
  for (const event of ["wheel", "pointerdown", "keydown", "touchstart"])
    node.addEventListener(event, () => (acted.begun = true), { capture: true, signal: control.signal });
  return acted;
}

function findHeading(node, fragment) {
  const name = CSS.escape(decode(fragment.replace(/^#/, "")));
  return node.querySelector(`[data-jupyter-id="${name}"], [id="${name}"]`);
}

const isRendered = (panel) =>
  panel.content.widgets.every((cell) => cell.model.type !== "markdown" || (cell.rendered && !cell.isPlaceholder()));

/** A kernel writes its name and version into a notebook; that alone is nothing to save. */
function keepClean(model) {
  model.metadataChanged.connect((_, { key }) => {
    if (!model.dirty && KERNELS_OWN.includes(key)) queueMicrotask(() => (model.dirty = false));
  });
}
