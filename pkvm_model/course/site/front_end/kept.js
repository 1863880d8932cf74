// The answers to quizzes and predictions, and the progress, of this browser: what a stored widget of a page joins.

import { fillReport } from "./records.js";
import { openStore } from "./store.js";

/** Lets a question begin where the learner left it, and keeps each answer. */
export class KeptPlace {
  constructor(key, again) {
    this.key = key;
    this.again = again ? new Again(again) : null;
    this.before = [];
    /** @type {Promise<void> | null} */
    this.taking = null;
  }

  /** Keeps the place of a question. */
  async keep(place) {
    const store = await openStore();
    await this.taking; // a quick answer must not take the place of those that the question had before
    const answers = { [this.key]: [...this.before, place].join(" ").trim() };
    await store.keepQuizzes({ ...answers, ...this.again?.choose(this.before.length) });
  }

  /** Brings a widget to where the learner left it, here or in another tab. */
  async join(widget) {
    const store = await openStore();
    await (this.taking = this.take(widget, store));
    store.onChange(({ table, key }, elsewhere) => {
      if (table === "all" || (elsewhere && key === this.key)) this.take(widget, store);
    });
  }

  async take(widget, store) {
    const place = (await store.readQuiz(this.key)) ?? "";
    if (!this.again) return void (place && widget.guard(() => widget.join(place))());
    const words = place.split(" ").filter(Boolean),
      count = (await this.again.readCount(store)) ?? words.length;
    this.before = words.slice(0, count);
    const here = words.slice(count).join(" ");
    if (here) widget.guard(() => widget.join(here))();
  }
}

/** Which questions were asked again, by the key under which that is kept: those of a chapter share it. */
const choices = new Map();

/**
 * A question that a later chapter asks again: the answers it had before stay, and new ones follow them. `asked` is the
 * number of that chapter, and the question's own chapter and cell: "04 02 quiz-give".
 */
class Again {
  constructor(asked) {
    const [chapter, ...name] = asked.split(" ");
    this.key = `again ${chapter}`;
    this.name = name.join(" ");
  }

  /** Returns how many answers the question had before, undefined if it was not asked again yet. */
  async readCount(store) {
    const choice = (await store.readQuiz(this.key)) ?? "",
      found = new RegExp(`${this.name} (\\d+)`).exec(choice);
    choices.set(this.key, choice);
    return found ? Number(found[1]) : undefined;
  }

  /** Returns what is to be kept of the choice of questions, by its key. */
  choose(count) {
    const choice = choices.get(this.key) ?? "";
    if (choice.includes(`${this.name} `)) return {};
    choices.set(this.key, [choice, `${this.name} ${count}`].filter(Boolean).join(", "));
    return { [this.key]: choices.get(this.key) };
  }
}

/** Lets a widget show the progress of this browser, at once and after each change, here or in another tab. */
export async function followProgress(widget) {
  widget.refresh();
  const store = await openStore();
  store.onChange(({ table }) => table !== "drafts" && widget.refresh());
}

/** Returns what answers the questions of the progress widget: the progress of this browser, as it is now. */
export function answerProgress(stored) {
  const report = JSON.parse(stored.packed);
  return async () => {
    const store = await openStore();
    return fillReport(report, await store.readAllRecords());
  };
}
