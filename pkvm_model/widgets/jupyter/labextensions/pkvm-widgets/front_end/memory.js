// What survives a reload without Python: the browser remembers each widget's place while its tab is open, and longer
// where a port `lasts`.

/** The position of a widget on its page. */
function ordinal(box) {
  return [...document.querySelectorAll(".pkvm-widget:not(.pkvm-widget .pkvm-widget)")].indexOf(box);
}

// A cell keeps its id when it is moved.
const storageKey = ({ box, kind, data: { name }, port: { cell } }) =>
  `pkvm ${kind} ${location.pathname} ${name} ${cell ?? ordinal(box)}`;

/** All pages of a site share a few megabytes, so a longer place is remembered only while its tab is open. */
const LONGEST_KEPT = 20_000;

/** Stores {place, link, key}; if the browser cannot, only the position after a reload is lost. */
export function store(widget, what) {
  try {
    sessionStorage.setItem(storageKey(widget), JSON.stringify(what));
    if (widget.port.lasts) storeForLater(storageKey(widget), what);
  } catch {
    /* private window, or a page from disk that may keep nothing */
  }
}

/** Stores a place for another day, on which a link is followed again. */
function storeForLater(name, { place, key }) {
  const text = JSON.stringify({ place, link: "", key });
  if (text.length <= LONGEST_KEPT) localStorage.setItem(name, text);
}

/** Returns what was stored before the reload, or before the tab was closed, or an empty object. */
export function restore(widget) {
  try {
    const name = storageKey(widget),
      later = widget.port.lasts ? localStorage.getItem(name) : null;
    return JSON.parse(sessionStorage.getItem(name) ?? later ?? "{}");
  } catch {
    return {};
  }
}
