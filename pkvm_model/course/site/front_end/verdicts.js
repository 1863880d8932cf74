// The card of an exercise on its page: before the first check, after one, and after one that had to be ended.

import { mount } from "../../../widgets/jupyter/labextensions/pkvm-widgets/front_end/widget.js";

/** Completes what Python says on a card with what only the page knows: the learner's record, and the way on. */
export function completeCard(value, record, { hints, solution, following, words }) {
  const { passed } = value,
    stays = record.solved && !passed ? [words.solved] : [];
  return {
    ...value,
    head: value.head === words.open && record.tries ? words.notYet : value.head,
    facts: [...value.facts.filter((fact) => !words.left.includes(fact) && fact !== words.solved), ...stays],
    given: passed ? [] : hints.slice(0, record.hints),
    solution: passed || record.solved || record.shown ? solution : null,
    next: passed ? following.words : value.sentence && words.again,
    after: passed ? following.file : "",
  };
}

/** Returns a card that says what the page itself knows about an answer. */
export function makeCard({ card, words }, { sentence, passed = false, head = words.notYet }) {
  return { ...card, passed, head, sentence };
}

/** Shows cards, one in place of the other. */
export class CardPlace {
  constructor(box, page, change) {
    this.box = box;
    this.page = page;
    this.change = change;
  }

  /** Shows a card; hints and the solution come from the page, and are noted. */
  show(value, record) {
    this.card?.close();
    const packed = JSON.stringify(completeCard(value, record, this.page));
    this.card = mount(this.box, "exercise", packed, { key: `${Date.now()}`, ask: this.answer(), open: this.open() });
    return this.card;
  }

  /** Returns what answers the questions of a card. */
  answer() {
    const { hints, solution } = this.page;
    return async ({ hints: number, show }) => {
      if (show) await this.change((record) => ({ ...record, shown: true }));
      else await this.change((record) => ({ ...record, hints: Math.max(record.hints, number) }));
      return show ? { solution } : { hints: hints.slice(0, number) };
    };
  }

  /** Returns what makes a link of a card lead on. */
  open() {
    const { title } = this.page.following;
    return (link, file) => {
      link.href = file;
      link.textContent = title;
    };
  }
}
