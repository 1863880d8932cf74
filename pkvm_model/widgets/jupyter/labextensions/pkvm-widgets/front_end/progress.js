// The learner's progress: a table that Python reads again on request.

import { button, make } from "./elements.js";
import { dress } from "./styles.js";
import { Widget, register } from "./widget.js";

const UNREAD = "Your progress is not read yet";
const NOT_YOURS = "This table came with the course. Run the cells of this notebook in JupyterLab to see yours.";

/** @extends {Widget<ProgressValue>} */
class ProgressWidget extends Widget {
  constructor(root, data, port) {
    super(root, "progress", data, port, data.title);
    dress("progress");
    this.caption = make("h3");
    this.wide = make("div.wide", { tabindex: "0", role: "group", "aria-label": "Chapters and exercises" });
    this.note = make("p.note");
    const top = make(
      "div.top",
      {},
      this.caption,
      button(
        "button",
        "Look again",
        "l",
        this.guard(() => this.look()),
      ),
    );
    this.box.append(top, this.note, this.wide, this.standing, this.alert, this.live);
    this.draw(port.ask ? data : { ...data, caption: UNREAD, note: NOT_YOURS });
    this.begin();
  }

  async look() {
    const found = await this.ask({ look: true });
    if (!found) return;
    this.draw(found);
    this.announce(`${found.caption}. ${found.note}`);
  }

  /** Reads the learner's progress as soon as Python is there. */
  connect(port) {
    super.connect(port);
    this.guard(() => this.look())();
  }

  draw({ caption, heads, rows, note }) {
    this.caption.textContent = caption;
    this.note.textContent = note;
    const head = make("tr", {}, ...heads.map((text) => make("th", { scope: "col" }, text)));
    this.wide.replaceChildren(
      make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows.map(rowOfProgress))),
    );
  }

  onKey(event) {
    if (event.key === "l" && !event.ctrlKey && !event.metaKey && !event.altKey) this.look();
  }
}

/** The row of a chapter, or the indented row of an exercise. */
function rowOfProgress([name, ...rest]) {
  const kind = name.startsWith(" ") ? "one" : "chapter";
  return make(`tr.${kind}`, {}, make("th", { scope: "row" }, name.trim()), ...rest.map((text) => make("td", {}, text)));
}

register("progress", ProgressWidget);
