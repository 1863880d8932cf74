// What survives a reload without Python: the browser remembers each widget's place while its tab is open.

/** The position of a widget on its page. */
function ordinal(box) {
  return [...document.querySelectorAll(".pkvm-widget:not(.pkvm-widget .pkvm-widget)")].indexOf(box);
}

// A cell keeps its id when it is moved.
const storageKey = ({ box, kind, data: { name }, port: { cell } }) =>
  `pkvm ${kind} ${location.pathname} ${name} ${cell ?? ordinal(box)}`;

/** Stores {place, link, key}; if the browser cannot, only the position after a reload is lost. */
export function store(widget, what) {
  try {
    sessionStorage.setItem(storageKey(widget), JSON.stringify(what));
  } catch {
    /* private window, or a page from disk that may keep nothing */
  }
}

/** Returns what was stored before the reload, or an empty object. */
export function restore(widget) {
  try {
    return JSON.parse(sessionStorage.getItem(storageKey(widget))) ?? {};
  } catch {
    return {};
  }
}
