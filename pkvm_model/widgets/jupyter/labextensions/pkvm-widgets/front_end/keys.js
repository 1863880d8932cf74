// Which keys leave a widget: the chords of the browser and of JupyterLab, but no plain key, and no chord that edits.

// JupyterLab would select, merge or move cells, or undo such a change, instead of editing the text in the widget.
const EDITS = /^(?:[acvxyz]|shift (?:[mz]|insert)|(?:shift )?(?:arrow\w+|backspace|delete|end|home|insert))$/;
const SPARES = "data-lm-suppress-shortcuts";

/** Returns true for a chord that is for what is around the widget. AltGr arrives as Ctrl+Alt, and types. */
export function isForOthers({ key = "", ctrlKey, metaKey, altKey, shiftKey }) {
  const chord = `${shiftKey ? "shift " : ""}${key.toLowerCase()}`;
  return (ctrlKey || metaKey) && !altKey && !EDITS.test(chord);
}

/** Keeps keys in a box: JupyterLab would delete the cell when d is typed twice. Returns a function that ends it. */
export function keepKeys(box) {
  // JupyterLab ignores every key in an element that says so, or whose parent does. This runs before JupyterLab looks.
  const spare = (/** @type {KeyboardEvent} */ event) => {
    for (let at = /** @type {Element} */ (event.target); box.contains(at); at = at.parentElement) {
      if (isForOthers(event)) at.removeAttribute(SPARES);
      else at.setAttribute(SPARES, "true");
    }
  };
  window.addEventListener("keydown", spare, true);
  for (const event of ["keydown", "keyup", "keypress"])
    box.addEventListener(event, (pressed) => !isForOthers(pressed) && pressed.stopPropagation());
  return () => window.removeEventListener("keydown", spare, true);
}
