// The notes at the lower edge of a page: what concerns the whole page and no widget, each said once.

import { make, settle } from "../../../widgets/jupyter/labextensions/pkvm-widgets/front_end/elements.js";
import { onPython } from "./python.js";

const FETCHING = "Python is being fetched, once. What is stored in the page works meanwhile.";

const notes = new Map();
let notesBox;

/** Shows a note under a name, in place of the one before, or removes it if there is none. */
export function showNote(name, note) {
  if (!notesBox) {
    notesBox = make("aside.notes", { "aria-label": "Notes" });
    document.body.append(notesBox);
  }
  if (note) notes.set(name, note);
  else notes.delete(name);
  settle(
    notesBox,
    [...notes].map(([key, kid]) => [kid.dataset.note ?? key, () => kid]),
  );
  notesBox.hidden = !notes.size;
}

/** Says how much of Python is here while it is fetched. A screen reader hears that it is, not each megabyte. */
export function showPythonNote() {
  const words = make("span", { "aria-hidden": "true" }),
    bar = make("progress", { "aria-label": "Python", max: "1", value: "0" }),
    note = make("div.note", { role: "status" }, make("span.hidden-words", {}, FETCHING), words, bar);
  onPython(({ words: said, loaded, total, failed }) => {
    if (failed || !said) return showNote("python", null);
    words.textContent = said;
    if (total) bar.value = loaded / total;
    return showNote("python", note);
  });
}
