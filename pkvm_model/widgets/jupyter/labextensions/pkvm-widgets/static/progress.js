// The learner's progress: a table that Python reads again when it is asked to.

import { button, make } from "./elements.js";
import { dress } from "./looks.js";
import { Widget, register } from "./widget.js";

const PROGRESS_CSS = `
.pkvm-progress{
  max-width:60rem;padding:10px 16px 12px;
  .top{display:flex;flex-wrap:wrap;gap:8px 16px;align-items:center;justify-content:space-between;margin-bottom:8px}
  .top h3{font-size:16px;font-weight:700} .wide{overflow-x:auto} .note{margin-bottom:8px;max-width:60em}
  tr.chapter th,tr.chapter td{background:var(--panel);font-weight:700} tr.one th{padding-left:26px}
}`;

class ProgressWidget extends Widget {
  constructor(root, data, port) {
    super(root, "progress", data, port, data.title);
    dress("progress", PROGRESS_CSS);
    this.caption = make("h3");
    this.wide = make("div.wide", { tabindex: "0", role: "group", "aria-label": "Chapters and exercises" });
    this.note = make("p.note");
    const top = make("div.top", {}, this.caption, button("button", "Look again", "l", this.guard(() => this.look())));
    this.box.append(top, this.note, this.wide, this.standing, this.alert, this.live);
    this.draw(data);
    this.begin();
  }

  async look() {
    const found = await this.ask({ look: true });
    if (!found) return;
    this.draw(found);
    this.announce(`${found.caption}. ${found.note}`);
  }

  draw({ caption, heads, rows, note }) {
    this.caption.textContent = caption;
    this.note.textContent = note;
    const head = make("tr", {}, ...heads.map((text) => make("th", { scope: "col" }, text)));
    this.wide.replaceChildren(make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows.map(rowOfProgress))));
  }

  onKey(event) {
    if (event.key === "l" && !event.ctrlKey && !event.metaKey && !event.altKey) this.look();
  }
}

/** A chapter's row, or that of an exercise, which is set in. */
function rowOfProgress([name, ...rest]) {
  const kind = name.startsWith(" ") ? "one" : "chapter";
  return make(`tr.${kind}`, {}, make("th", { scope: "row" }, name.trim()), ...rest.map((text) => make("td", {}, text)));
}

register("progress", ProgressWidget);
