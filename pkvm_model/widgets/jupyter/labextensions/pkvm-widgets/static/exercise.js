// An exercise's card: the verdict in a sentence, how far was looked, the run that shows it, then hints and the solution.

import { button, enable, make, prose } from "./elements.js";
import { dress } from "./looks.js";
import { Widget, mount, register } from "./widget.js";

const EXERCISE_CSS = `
.pkvm-exercise{
  max-width:72rem;padding:12px 16px;
  .head{font-size:15px;font-weight:700;display:flex;gap:10px;align-items:center;flex-wrap:wrap}
  .mark{display:inline-grid;place-items:center;width:24px;height:24px;border:2.5px solid var(--ink);font-weight:700;line-height:1}
  .mark.passed{border-radius:50%;background:var(--ink);color:var(--bg)} .mark.not-yet{border-style:dashed}
  .says{font-size:18px;line-height:1.35;font-weight:600;margin:6px 0;max-width:60em}
  .facts{color:var(--muted);font-size:13px} .next{margin:6px 0} .next a[href]{text-decoration:underline}
  .buttons{display:flex;flex-wrap:wrap;gap:8px;margin-top:8px}
  .hints{list-style:decimal;padding-left:26px;margin-top:8px} .hints li{margin:4px 0;max-width:60em} .hints:empty{display:none}
  .solution{border-left:6px double var(--ink);padding:2px 0 2px 14px;margin-top:10px} .solution h4{font-weight:700}
  .solution p{margin:6px 0;max-width:60em} .solution:empty{display:none}
  pre{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--panel);border:1px solid var(--hair);padding:6px 10px;margin:6px 0}
  code{background:var(--panel);padding:0 3px}
  summary{cursor:pointer;min-height:28px;padding:3px 0} .along{margin-top:10px}
}`;

/** Text with code between backticks. */
const worded = (text) => text.split("`").map((part, at) => (at % 2 ? make("code", {}, part) : prose(part)));
const paragraphs = (text) => text.split(/\n\s*\n/).map((part) => make("p", {}, ...worded(part.replace(/\s+/g, " ").trim())));

class ExerciseWidget extends Widget {
  constructor(root, data, port) {
    super(root, "exercise", data, port, `Exercise: ${data.title}`);
    dress("exercise", EXERCISE_CSS);
    this.given = [];
    this.shown = false;
    this.hints = make("ol.hints", { "aria-live": "polite", "aria-label": "Hints" });
    this.answer = make("div.solution", { role: "status" });
    this.hint = button("button.hint", "", "h", this.guard(() => this.nextHint()));
    this.show = button("button.show", "Show a solution (this is noted)", "s", this.guard(() => this.showSolution()));
    this.buttons = make("div.buttons", { role: "group", "aria-label": "Help" }, this.hint, !data.solution && this.show);
    this.box.append(...this.verdict(), ...(data.passed ? [] : [this.buttons]), this.standing, this.alert, this.hints, this.answer,
      this.along(), this.live);
    this.give(data.given ?? []);  // a card of an older course has none
    if (data.solution) this.solve(data.solution);
    this.begin();
  }

  verdict() {
    const { passed, head, title, sentence, facts, next, after, printed, details } = this.data;
    const mark = make(`span.mark.${passed ? "passed" : "not-yet"}`, { "aria-hidden": "true" }, passed ? "✓" : "…");
    return [make("p.head", {}, mark, make("span", {}, `${head} ${title}`)),
      make("p.says", { role: "status" }, ...worded(sentence)), make("p.facts", {}, facts.join(" ")), 
      make("p.next", {}, next, after && " ", after && make("a", { "data-file": after }, after.replace("../", ""))),
      printed ? make("div", {}, make("p.muted", {}, "Your code printed:"), make("pre", { tabindex: "0" }, printed)) : "",
      details ? make("details", {}, make("summary", {}, "What Python says"), make("pre", { tabindex: "0" }, details)) : ""].filter(Boolean);
  }

  /** The run that shows it, in the sequence view. */
  along() {
    if (!this.data.along) return "";
    const inner = make("div.along");
    this.run = mount(inner, "sequence", this.data.along, { embedded: true, place: "0" });
    return inner;
  }

  get place() { return `${this.given.length}${this.shown ? " shown" : ""}`; }

  async recall(place) {
    const [hints, shown] = place.split(" ");
    if (Number(hints) > this.given.length) await this.ask({ hints: Number(hints) }).then((found) => found && this.give(found.hints));
    if (shown && !this.shown) await this.ask({ show: true }).then((found) => found && this.solve(found.solution));
  }

  async nextHint() {
    if (this.given.length >= this.data.hints) return;
    const found = await this.ask({ hints: this.given.length + 1 });
    if (!found) return;
    this.give(found.hints);
    this.tell();
  }

  give(hints) {
    this.given = hints;
    this.hints.replaceChildren(...hints.map((text) => make("li", {}, ...worded(text))));
    this.draw();
  }

  async showSolution() {
    if (this.shown || this.data.solution) return;
    const found = await this.ask({ show: true });
    if (!found) return;
    this.solve(found.solution);
    this.tell();
  }

  solve({ code, explained }) {
    this.shown = true;
    this.answer.replaceChildren(make("h4", {}, this.data.passed ? "A solution, and why" : "A solution"),
      make("pre", { tabindex: "0" }, code), ...paragraphs(explained));
    this.show.remove();
  }

  draw() {
    const left = this.data.hints - this.given.length;
    this.hint.firstChild.textContent = left ? `Hint ${this.given.length + 1} of ${this.data.hints}` : "No more hints";
    enable(this.hint, left > 0);
  }

  onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest(".along")) return;
    if (event.key === "h" && !this.data.passed) this.nextHint();
    if (event.key === "s" && !this.data.passed) this.showSolution();
  }

  close() {
    this.run?.close();
    super.close();
  }
}

register("exercise", ExerciseWidget);
