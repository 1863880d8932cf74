// Places in a notebook that stay where they are: JupyterLab draws cells late, so what is above grows and pushes.

const SECONDS = 60,
  LOOKS = 10,
  PAUSE = 100;

const pause = () => new Promise((resolve) => setTimeout(resolve, PAUSE));

/**
 * Moves something again and again until it stands still, unless the learner acts. `move` returns the place that it
 * had before it was moved, undefined as long as it is not there; `isDrawn` returns true once nothing else will push it.
 */
export async function holdPlace(node, move, isDrawn) {
  const acted = listenForLearner(node),
    until = performance.now() + 1000 * SECONDS;
  for (let before, steady = 0; steady < LOOKS && performance.now() < until && !acted.begun;) {
    const now = move();
    steady = now !== undefined && now === before && isDrawn() ? steady + 1 : 0;
    before = now;
    await pause();
  }
  acted.stop();
}

/** Returns an object that knows whether the learner has begun to scroll, click or type. */
function listenForLearner(node) {
  const control = new AbortController(),
    acted = { begun: false, stop: () => control.abort() };
  for (const event of ["wheel", "pointerdown", "keydown", "touchstart"])
    node.addEventListener(event, () => (acted.begun = true), { capture: true, signal: control.signal });
  return acted;
}

/** Returns the element of a notebook that scrolls. */
export const findScroller = (notebook) => notebook.node.querySelector(".jp-WindowedPanel-outer") ?? notebook.node;

/** Returns the first cell in sight, and how far its top is below that of the notebook. */
export function noteCell(notebook) {
  const { top } = findScroller(notebook).getBoundingClientRect(),
    cell = notebook.widgets.find(({ node }) => node.isConnected && node.getBoundingClientRect().bottom > top);
  return cell && { cell, below: cell.node.getBoundingClientRect().top - top };
}

/** Puts a cell back to where it was; returns how far it had gone. */
export function putBack(notebook, { cell, below }) {
  const scroller = findScroller(notebook);
  if (!cell.node.isConnected) return void notebook.scrollToItem(notebook.widgets.indexOf(cell), "start");
  const gone = Math.round(cell.node.getBoundingClientRect().top - scroller.getBoundingClientRect().top - below);
  if (gone) scroller.scrollTop += gone;
  return gone;
}
