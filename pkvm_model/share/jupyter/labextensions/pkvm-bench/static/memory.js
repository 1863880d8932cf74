// What survives a reload where no Python keeps it: the browser remembers each bench's history for as long as its tab is open.

/** Which of several benches on one page this is: JupyterLab numbers its cells, elsewhere the order counts. */
function ordinal(box) {
  const cell = box.closest("[data-windowed-list-index]")?.dataset.windowedListIndex;
  return cell ?? [...document.querySelectorAll(".pkvm-bench")].indexOf(box);
}

const storageKey = (box, graph) => `pkvm-bench ${location.pathname} ${graph.name} ${ordinal(box)}`;

/** Keeps {history, link}; a browser that keeps nothing, or has no room, costs the position after a reload, no more. */
export function keep(box, graph, what) {
  try {
    sessionStorage.setItem(storageKey(box, graph), JSON.stringify(what));
  } catch { /* private window, or a page from disk that may keep nothing */ }
}

/** What was kept before the reload, or an empty object. */
export function kept(box, graph) {
  try {
    return JSON.parse(sessionStorage.getItem(storageKey(box, graph))) ?? {};
  } catch {
    return {};
  }
}
