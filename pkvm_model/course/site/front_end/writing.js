// Where an answer is written: a text box that is there at once, and an editor in its place as soon as that has arrived.
// Both have the same content and do the same; a page opened from disk keeps the text box.

import { make } from "../../../widgets/jupyter/labextensions/pkvm-widgets/front_end/elements.js";

const KEYS = "Ctrl+Enter checks your answer.",
  EDITOR_KEYS = `${KEYS} Tab indents. To leave with Tab, press Escape first.`;
const PLAIN = `${KEYS} This is a plain text box: the editor could not be loaded, and is not needed.`;

/** Returns the module of the editor. */
function loadEditor() {
  const { root } = document.documentElement.dataset;
  return import(new URL(`${root}assets/editor.js`, location.href).href);
}

/** The text of an answer; `changed` is called when it has changed, `check` when the learner wants a verdict. */
export class Writing {
  constructor(box, label, { changed, check }) {
    this.box = box;
    this.asked = { label, changed, check };
    this.how = make("p.how", { id: "how-to-write" }, KEYS);
    this.now = new TextBox(box.querySelector("textarea"), { label, changed });
    box.before(this.how); // who comes with Tab hears, and sees, how to leave before the editor keeps the key
  }

  get text() {
    return this.now.text;
  }
  /** Sets the text, which the learner can undo. */
  set text(text) {
    if (text !== this.now.text) this.now.text = text;
  }
  get hasFocus() {
    return document.hasFocus() && this.now.hasFocus;
  }
  focus() {
    this.now.focus();
  }

  /** Puts the editor into the place of the text box; without it the text box stays. */
  async improve() {
    try {
      if (location.protocol === "file:") throw Error("a page from disk can load nothing");
      const { makeEditor } = await loadEditor();
      this.replace(makeEditor);
    } catch {
      this.how.textContent = PLAIN;
    }
  }

  /** Makes the editor as high as the text box, so that no button below moves under a finger that is on it. */
  replace(makeEditor) {
    const { hasFocus, text, selected, height } = this.now,
      place = make("div.code-editor"),
      editor = makeEditor(place, { ...this.asked, describedBy: this.how.id, text, selected });
    place.style.setProperty("--least-height", `${height}px`);
    this.measure(place, editor);
    this.box.replaceChildren(place);
    this.now = editor;
    this.how.textContent = EDITOR_KEYS;
    if (hasFocus) this.now.focus();
  }

  /**
   * Lets the editor measure its lines before it takes its place. Out of sight it only guesses how high they are, and
   * what is below it would move when it comes into sight.
   */
  measure(place, editor) {
    place.style.width = `${this.box.getBoundingClientRect().width}px`;
    place.classList.add("measured");
    this.box.append(place);
    editor.measure();
    place.classList.remove("measured");
    place.style.width = "";
  }
}

/** The text box with which a page comes. */
class TextBox {
  constructor(area, { label, changed }) {
    this.area = area;
    area.setAttribute("aria-label", label);
    area.setAttribute("aria-describedby", "how-to-write");
    area.addEventListener("input", changed);
  }

  get text() {
    return this.area.value;
  }
  set text(text) {
    this.area.value = text;
    this.area.dispatchEvent(new Event("input"));
  }
  /** From where to where the text is selected: the editor that takes its place goes on from there. */
  get selected() {
    return [this.area.selectionStart, this.area.selectionEnd];
  }
  /** How high it is inside its border. */
  get height() {
    return this.area.clientHeight;
  }
  get hasFocus() {
    return document.activeElement === this.area;
  }
  focus() {
    this.area.focus();
  }
}
