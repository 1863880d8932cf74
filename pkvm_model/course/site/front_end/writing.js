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
    box.after(this.how);
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

  replace(makeEditor) {
    const { hasFocus, text, selected } = this.now,
      place = make("div.code-editor");
    this.now = makeEditor(place, { ...this.asked, describedBy: this.how.id, text, selected });
    this.box.replaceChildren(place);
    this.how.textContent = EDITOR_KEYS;
    if (hasFocus) this.now.focus();
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
  get hasFocus() {
    return document.activeElement === this.area;
  }
  focus() {
    this.area.focus();
  }
}
