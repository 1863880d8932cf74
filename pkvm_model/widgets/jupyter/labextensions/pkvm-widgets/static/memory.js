// What survives a reload where no Python keeps it: the browser remembers each widget's place for as long as its tab is open.

/** Which of several widgets on one page this is: JupyterLab numbers its cells, elsewhere the order counts. */
function ordinal(box) {
  const cell = box.closest("[data-windowed-list-index]")?.dataset.windowedListIndex;
  return cell ?? [...document.querySelectorAll(".pkvm-widget:not(.pkvm-widget .pkvm-widget)")].indexOf(box);
}

const storageKey = (box, kind, name) => `pkvm ${kind} ${location.pathname} ${name} ${ordinal(box)}`;

/** Keeps {place, link, key}; a browser that keeps nothing, or has no room, costs the position after a reload, no more. */
export function keep(box, kind, name, what) {
  try {
    sessionStorage.setItem(storageKey(box, kind, name), JSON.stringify(what));
  } catch { /* private window, or a page from disk that may keep nothing */ }
}

/** What was kept before the reload, or an empty object. */
export function kept(box, kind, name) {
  try {
    return JSON.parse(sessionStorage.getItem(storageKey(box, kind, name))) ?? {};
  } catch {
    return {};
  }
}
