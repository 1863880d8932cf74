// The card of an exercise: the verdict, how far the check looked, the run that shows it, hints and the solution.

import { button, enable, make, prose } from "./elements.js";
import "./sequence.js";
import { dress } from "./styles.js";
import { Widget, mount, register } from "./widget.js";

const STRESSED = /(\*{1,2})(\S|\S[^*]*[^*\s])\1/;

/** Text with code between backticks, *terms* and **kernels**. */
const markCode = (text) => text.split("`").flatMap((part, at) => (at % 2 ? make("code", {}, part) : markStress(part)));

/** Text in which what stands between stars is stressed; a star that stands alone stays one. */
function markStress(text) {
  const found = STRESSED.exec(text);
  if (!found) return [prose(text)];
  const [all, stars, words] = found;
  return [
    prose(text.slice(0, found.index)),
    make(stars.length > 1 ? "b" : "i", {}, prose(words)),
    ...markStress(text.slice(found.index + all.length)),
  ];
}
const paragraphs = (text) =>
  text.split(/\n\s*\n/).map((part) => make("p", {}, ...markCode(part.replace(/\s+/g, " ").trim())));

/** @extends {Widget<ExerciseValue>} */
class ExerciseWidget extends Widget {
  constructor(root, data, port) {
    super(root, "exercise", data, port, `Exercise: ${data.title}`);
    dress("exercise");
    this.given = [];
    this.shown = false;
    this.hints = make("ol.hints", { "aria-live": "polite", "aria-label": "Hints" });
    this.answer = make("div.solution", { role: "status" });
    this.hint = button(
      "button.hint",
      "",
      "h",
      this.guard(() => this.nextHint()),
    );
    this.show = button(
      "button.show",
      "Show a solution (your progress will say so)",
      "s",
      this.guard(() => this.showSolution()),
    );
    this.buttons = make("div.buttons", { role: "group", "aria-label": "Help" }, this.hint, !data.solution && this.show);
    this.box.append(
      ...this.verdict(),
      ...(data.passed ? [] : [this.buttons]),
      this.standing,
      this.alert,
      this.hints,
      this.answer,
      this.along(),
      this.live,
    );
    this.give(data.given ?? []); // a card of an older course has none
    if (data.solution) this.solve(data.solution);
    this.begin();
  }

  verdict() {
    this.says = make("p.says", { role: "status" }, ...markCode(this.data.sentence));
    const { passed, head, title, facts, next, after, printed, details } = this.data;
    const mark = make(`span.mark.${passed ? "passed" : "not-yet"}`, { "aria-hidden": "true" }, passed ? "✓" : "…");
    return [
      make("p.head", {}, mark, make("span", {}, `${head} ${title}`)),
      this.says,
      make("p.facts", {}, facts.join(" ")),
      make("p.next", {}, next, after && " ", after && this.linkToFile(after, after.replace("../", ""))),
      printed
        ? make("div", {}, make("p.muted", {}, "Your code printed:"), make("pre", { tabindex: "0" }, printed))
        : "",
      details ? make("details", {}, make("summary", {}, "Details"), make("pre", { tabindex: "0" }, details)) : "",
    ].filter(Boolean);
  }

  /** Shows the run that supports the verdict in a sequence view. */
  along() {
    if (!this.data.along) return "";
    const inner = make("div");
    this.run = mount(inner, "sequence", this.data.along, { embedded: true, place: "0" });
    return make("div.along", {}, make("p.muted", {}, "The run behind the verdict on your answer:"), inner);
  }

  get report() {
    return `${this.data.head} ${this.says.textContent}`;
  }

  get place() {
    return `${this.given.length}${this.shown ? " shown" : ""}`;
  }

  async recall(place) {
    const [hints, shown] = place.split(" ");
    if (Number(hints) > this.given.length)
      await this.ask({ hints: Number(hints) }).then((found) => found && this.give(found.hints));
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
    this.hints.replaceChildren(...hints.map((text) => make("li", {}, ...markCode(text))));
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
    this.answer.replaceChildren(
      make("h4", {}, this.data.passed ? "A solution, and why" : "A solution"),
      make("pre", { tabindex: "0" }, code),
      ...paragraphs(explained),
    );
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
