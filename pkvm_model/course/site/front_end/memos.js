// What this browser remembers in a few words beside the learner's work: written at once, also while a page is left.

/** Remembers a value under a name, or forgets it if it is null. A browser that keeps nothing remembers nothing. */
export function writeMemo(name, /** @type {any} */ value) {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, JSON.stringify(value));
  } catch {
    /* the page says elsewhere that nothing is kept */
  }
}

/** Returns what is remembered under a name, null if that is nothing. */
export function readMemo(name) {
  try {
    return JSON.parse(localStorage.getItem(name) ?? "null");
  } catch {
    return null;
  }
}
