// The notes of a page: what concerns the whole page and no widget, each said once, by default at its lower edge.

import { make } from "../../../widgets/jupyter/labextensions/pkvm-widgets/front_end/elements.js";
import { onPython } from "./python.js";

const FETCHING = "Python is being fetched, once. What is stored in the page works meanwhile.";

const notes = new Map();

/** Shows a note under a name, in place of the one before, or removes it if there is none; it stands after `place`. */
export function showNote(name, /** @type {Element | null} */ note, /** @type {Element | null} */ place = null) {
  if (notes.get(name) === note) return;
  notes.get(name)?.remove();
  if (note && place) place.after(note);
  else if (note) findNotes().append(note);
  notes.set(name, note);
}

/** The element that has all notes, made for the first one. */
function findNotes() {
  const here = document.querySelector(".site-notes") ?? make("aside.site-notes", { "aria-label": "Notes" });
  document.body.append(here);
  return here;
}

/** Says how much of Python is here while it is fetched. A screen reader hears that it is, not each megabyte. */
export function showPythonNote() {
  const words = make("span", { "aria-hidden": "true" }),
    bar = make("progress", { "aria-label": "Python", max: "1", value: "0" }),
    note = make("div.site-note", { role: "status" }, make("span.hidden-words", {}, FETCHING), words, bar);
  onPython(({ words: said, loaded, total, failed }) => {
    words.textContent = said ?? "";
    if (total) bar.value = loaded / total;
    showNote("python", failed || !said ? null : note);
  });
}
