// Questions to the learner, with native radio buttons. A quiz has a button that checks, and a verdict in words, which
// appears only then. A prediction is taken with one click, or typed; it has no verdict.

import { button, make, settle } from "./elements.js";
import { dress } from "./styles.js";
import { Widget, register } from "./widget.js";

let questions = 0;

/**
 * A question with its options; what is chosen or typed is its answer.
 * @template {{name: string, title: string, options: string[]}} D
 * @extends {Widget<D>}
 */
class QuestionWidget extends Widget {
  constructor(root, kind, data, port, word) {
    const asks = `${word}: ${data.title}`,
      group = `pkvm-question-${questions++}`;
    super(root, kind, data, port, asks);
    dress("quiz");
    this.radios = data.options.map((_, number) => make("input", { type: "radio", name: group, value: number }));
    this.marks = data.options.map(() => make("span.muted"));
    this.verdict = make("div.verdict", { role: "status" });
    const label = (text, number) =>
      make("label", {}, this.radios[number], make("span", {}, text, " ", this.marks[number]));
    this.choice = make("fieldset", {}, make("legend", {}, asks), ...data.options.map(label));
    this.box.append(this.choice, this.verdict, this.standing, this.alert, this.live);
  }

  /** The number of the option that is chosen, or -1. */
  get chosen() {
    return this.radios.findIndex((radio) => radio.checked);
  }
  set chosen(chosen) {
    this.radios.forEach((radio, number) => (radio.checked = number === chosen));
  }

  /** Called by a family with the button that submits what is chosen or typed; Enter does the same. */
  submitWith(text) {
    const submit = this.guard(() => this.submit());
    this.choice.after(button("button.go", text, "Enter", submit));
  }
  submit() {}

  onKey(event) {
    if (event.key !== "Enter" || !event.target.matches("input")) return;
    event.preventDefault();
    this.submit();
  }
}

/** @extends {QuestionWidget<QuizValue>} */
class QuizWidget extends QuestionWidget {
  constructor(root, data, port) {
    super(root, "quiz", data, port, "Quiz");
    this.tried = [];
    this.submitWith("Check");
    this.begin();
  }

  get place() {
    return this.tried.join(" ");
  }

  recall(place) {
    this.tried = place
      .split(" ")
      .filter(Boolean)
      .map(Number)
      .filter((number) => this.data.options[number] !== undefined);
    this.chosen = this.tried.at(-1) ?? -1;
    this.draw();
  }

  /** Submits the chosen answer; the same answer twice counts as one try. */
  submit() {
    const { chosen } = this;
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
    this.marks.forEach((word, number) => {
      word.textContent = number === last ? "(your answer)" : tried.includes(number) ? "(tried)" : "";
    });
    if (last === undefined) return this.verdict.replaceChildren();
    const [verdict, sentence] = verdicts[last],
      tries = `${tried.length} ${tried.length === 1 ? "try" : "tries"}`;
    return this.verdict.replaceChildren(
      make("p", {}, make("b", {}, verdict), " ", sentence),
      make("p.muted", {}, last === right ? `${tries}.` : `${tries} so far. Choose again.`),
    );
  }
}

/** @extends {QuestionWidget<PredictionValue>} */
class PredictionWidget extends QuestionWidget {
  constructor(root, data, port) {
    super(root, "prediction", data, port, data.options.length ? "Predict" : "In your words");
    this.taken = "";
    const submit = this.guard(() => this.submit());
    if (data.options.length) this.choice.addEventListener("change", submit);
    else this.makeLine();
    this.begin();
  }

  makeLine() {
    const { title, longest } = this.data;
    this.typed = make("input.typed", { type: "text", maxlength: longest, autocomplete: "off", "aria-label": title });
    this.choice.append(this.typed);
    this.submitWith("Keep");
  }

  get place() {
    return this.taken;
  }

  recall(place) {
    const { options, longest } = this.data;
    this.chosen = options.indexOf(place);
    if (this.typed) this.typed.value = place.trim().slice(0, longest);
    this.taken = this.typed?.value ?? options[this.chosen] ?? "";
    this.draw();
  }

  /** Takes what is chosen or typed; it replaces what was taken before. */
  submit() {
    const taken = this.typed ? this.typed.value.trim() : this.data.options[this.chosen];
    if (!taken) return this.fail(this.typed ? "Write a line first." : "Choose an answer first.");
    this.alert.replaceChildren();
    this.taken = taken;
    this.draw();
    this.verdict.scrollIntoView({ block: "nearest" });
    return this.tell();
  }

  draw() {
    const { taken, typed } = this;
    settle(
      this.verdict,
      taken
        ? [
            [
              taken,
              () =>
                make(
                  "p",
                  {},
                  typed ? `You wrote: ${taken}` : `You predicted: ${taken.replace(/\.+$/, "")}. Now find out.`,
                ),
            ],
            ["change", () => make("p.muted", {}, `To change it, ${typed ? "write" : "choose"} again.`)],
          ]
        : [],
    );
  }
}

register("quiz", QuizWidget);
register("prediction", PredictionWidget);
