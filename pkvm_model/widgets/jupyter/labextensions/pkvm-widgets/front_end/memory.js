// What survives a reload without Python: the browser remembers each widget's place while its tab is open.

/** The position of a widget on its page: the cell's number in JupyterLab, elsewhere the order. */
function ordinal(box) {
  const cell = box.closest("[data-windowed-list-index]")?.dataset.windowedListIndex;
  return cell ?? [...document.querySelectorAll(".pkvm-widget:not(.pkvm-widget .pkvm-widget)")].indexOf(box);
}

const storageKey = (box, kind, name) => `pkvm ${kind} ${location.pathname} ${name} ${ordinal(box)}`;

/** Stores {place, link, key}; if the browser cannot, only the position after a reload is lost. */
export function store(box, kind, name, what) {
  try {
    sessionStorage.setItem(storageKey(box, kind, name), JSON.stringify(what));
  } catch {
    /* private window, or a page from disk that may keep nothing */
  }
}

/** Returns what was stored before the reload, or an empty object. */
export function restore(box, kind, name) {
  try {
    return JSON.parse(sessionStorage.getItem(storageKey(box, kind, name))) ?? {};
  } catch {
    return {};
  }
}
