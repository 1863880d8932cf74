// The quiz: native radio buttons, a button that checks, and the verdict as words. The right answer is on no screen before.

import { button, make } from "./elements.js";
import { dress } from "./looks.js";
import { Widget, register } from "./widget.js";

const QUIZ_CSS = `
.pkvm-quiz{
  max-width:60rem;padding:10px 16px 12px;
  fieldset{border:0;margin:0;padding:0;min-width:0} legend{font-weight:700;font-size:15px;padding:0;margin-bottom:4px}
  label{display:flex;gap:10px;align-items:flex-start;min-height:32px;padding:5px 8px;border:1.5px solid transparent;cursor:pointer}
  label:has(:checked){border-color:var(--line)}
  input{flex:none;width:18px;height:18px;margin:1px 0 0;accent-color:var(--ink)}
  .go{margin-top:8px}
  .verdict{margin-top:10px} .verdict p:first-child{border-left:6px double var(--ink);padding:1px 0 1px 12px}
  .verdict .muted{margin-top:4px;font-size:13px}
}`;

let quizzes = 0;

class QuizWidget extends Widget {
  constructor(root, data, port) {
    super(root, "quiz", data, port, "Quiz");
    dress("quiz", QUIZ_CSS);
    this.tried = [];
    const group = `pkvm-quiz-${quizzes++}`;
    this.radios = data.options.map((_, number) => make("input", { type: "radio", name: group, value: number }));
    this.answered = data.options.map(() => make("span.muted"));
    this.verdict = make("div.verdict", { role: "status" });
    const label = (text, number) => make("label", {}, this.radios[number], make("span", {}, text, " ", this.answered[number]));
    this.box.append(make("fieldset", {}, make("legend", {}, `Quiz: ${data.title}`), ...data.options.map(label)),
      button("button.go", "Check", "Enter", this.guard(() => this.check())), this.verdict, this.standing, this.alert, this.live);
    this.begin();
  }

  get place() { return this.tried.join(" "); }

  recall(place) {
    this.tried = place.split(" ").map(Number).filter((number) => this.data.options[number] !== undefined);
    const last = this.tried.at(-1);
    if (last !== undefined) this.radios[last].checked = true;
    this.draw();
  }

  /** Gives the answer that is chosen; the same one twice is one try. */
  check() {
    const chosen = this.radios.findIndex((radio) => radio.checked);
    if (chosen < 0) return this.fail("Choose an answer first.");
    this.alert.replaceChildren();
    if (chosen !== this.tried.at(-1)) this.tried.push(chosen);
    this.draw();
    return this.tell();
  }

  draw() {
    const { tried, data: { verdicts, right } } = this, last = tried.at(-1);
    this.answered.forEach((word, number) => { word.textContent = tried.includes(number) ? "(your answer)" : ""; });
    if (last === undefined) return;
    const [verdict, sentence] = verdicts[last], tries = `${tried.length} ${tried.length === 1 ? "try" : "tries"}`;
    this.verdict.replaceChildren(make("p", {}, make("b", {}, verdict), " ", sentence),
      make("p.muted", {}, last === right ? `${tries}.` : `${tries} so far. Choose again.`));
  }

  onKey(event) {
    if (event.key !== "Enter" || !event.target.matches("input")) return;
    event.preventDefault();
    this.check();
  }
}

register("quiz", QuizWidget);
