// What the course adds to JupyterLab's notebooks: links that arrive, and no "unsaved" where nobody has written.

import { decode } from "./links.js";
import { holdPlace } from "./steady.js";

const DRAW = 500;
const KERNELS_OWN = ["kernelspec", "language_info"];

/** Called by JupyterLab for each notebook that is opened. */
export function extendNotebook(panel, context) {
  arrive(panel, context);
  keepClean(context.model);
}

/** JupyterLab looks for a link's heading once it is drawn; the cell that has it can be found in the text before. */
function arrive(panel, context) {
  panel.setFragment = async (fragment) => {
    await context.ready;
    // What is not a heading is a place in a widget, which finds it in the address.
    if (fragment.includes("=")) return void (location.hash = fragment);
    const number = findCellOf(panel.content.widgets, decode(fragment.replace(/^#/, "")));
    if (number < 0) return panel.content.setFragment(fragment);
    return holdPlace(
      panel.node,
      () => goToHeading(panel, number, fragment),
      () => isRendered(panel),
    );
  };
}

/** Returns the number of the cell whose text has a heading with this anchor, -1 if there is none. */
function findCellOf(cells, anchor) {
  const isMeant = ([, text]) => anchorOf(text) === anchor;
  return cells.findIndex(
    ({ model }) =>
      model.type === "markdown" && [...model.sharedModel.getSource().matchAll(/^#{1,6} +(.+?) *#*$/gm)].some(isMeant),
  );
}

/** Returns the anchor that JupyterLab gives a heading: its text without marks, with hyphens for blanks. */
const anchorOf = (heading) =>
  heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/[`*]/g, "")
    .replaceAll(" ", "-");

/** Goes to a heading, or to its cell as long as that is not drawn; returns where the heading was before. */
function goToHeading({ node, content }, number, fragment) {
  const heading = findHeading(node, fragment);
  if (!heading) {
    content.scrollToItem(number, "start");
    // JupyterLab draws cells when it is idle, which on a busy machine takes longer than a learner waits.
    return void content._runOnIdleTime?.(DRAW);
  }
  const { top } = heading.getBoundingClientRect();
  heading.scrollIntoView({ block: "start" });
  return top;
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
