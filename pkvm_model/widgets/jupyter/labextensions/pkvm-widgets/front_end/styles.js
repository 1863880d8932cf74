// Style sheets by name. A module's sheet lies beside it under the same name: `bench.css` belongs to `bench.js`.
// Whoever loads the modules provides the sheets first: `front_end.py` for a live widget or a page, `remoteEntry.js` for
// JupyterLab.

/** @type {Map<string, string>} */
const sheets = new Map();

/** Registers the text of a style sheet. */
export const provide = (/** @type {string} */ name, /** @type {string} */ css) => sheets.set(name, css);

/** Puts a style sheet into the page, once. */
export function dress(/** @type {string} */ name) {
  if (document.querySelector(`style[data-pkvm="${name}"]`)) return;
  const style = document.createElement("style");
  style.dataset.pkvm = name;
  style.textContent = sheets.get(name) ?? "";
  document.head.append(style);
}
