// The quiz: native radio buttons, a button that checks, and the verdict in words, which appears only then.

import { button, make } from "./elements.js";
import { dress } from "./styles.js";
import { Widget, register } from "./widget.js";

let quizzes = 0;

/** @extends {Widget<QuizValue>} */
class QuizWidget extends Widget {
  constructor(root, data, port) {
    super(root, "quiz", data, port, `Quiz: ${data.title}`);
    dress("quiz");
    this.tried = [];
    const group = `pkvm-quiz-${quizzes++}`;
    this.radios = data.options.map((_, number) => make("input", { type: "radio", name: group, value: number }));
    this.answered = data.options.map(() => make("span.muted"));
    this.verdict = make("div.verdict", { role: "status" });
    const label = (text, number) =>
      make("label", {}, this.radios[number], make("span", {}, text, " ", this.answered[number]));
    this.box.append(
      make("fieldset", {}, make("legend", {}, `Quiz: ${data.title}`), ...data.options.map(label)),
      button(
        "button.go",
        "Check",
        "Enter",
        this.guard(() => this.check()),
      ),
      this.verdict,
      this.standing,
      this.alert,
      this.live,
    );
    this.begin();
  }

  get place() {
    return this.tried.join(" ");
  }

  recall(place) {
    this.tried = place
      .split(" ")
      .map(Number)
      .filter((number) => this.data.options[number] !== undefined);
    const last = this.tried.at(-1);
    this.radios.forEach((radio, number) => (radio.checked = number === last));
    this.draw();
  }

  /** Submits the chosen answer; the same answer twice counts as one try. */
  check() {
    const chosen = this.radios.findIndex((radio) => radio.checked);
    if (chosen < 0) return this.fail("Choose an answer first.");
    this.alert.replaceChildren();
    if (chosen !== this.tried.at(-1)) this.tried.push(chosen);
    this.draw();
    this.verdict.scrollIntoView({ block: "nearest" });
    return this.tell();
  }

  draw() {
    const {
        tried,
        data: { verdicts, right },
      } = this,
      last = tried.at(-1);
    this.answered.forEach((word, number) => {
      word.textContent = tried.includes(number) ? "(your answer)" : "";
    });
    if (last === undefined) return this.verdict.replaceChildren();
    const [verdict, sentence] = verdicts[last],
      tries = `${tried.length} ${tried.length === 1 ? "try" : "tries"}`;
    return this.verdict.replaceChildren(
      make("p", {}, make("b", {}, verdict), " ", sentence),
      make("p.muted", {}, last === right ? `${tries}.` : `${tries} so far. Choose again.`),
    );
  }

  onKey(event) {
    if (event.key !== "Enter" || !event.target.matches("input")) return;
    event.preventDefault();
    this.check();
  }
}

register("quiz", QuizWidget);
