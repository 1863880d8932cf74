// Answers that were put aside, each with a button that brings it back.

import { button, make, settle } from "../../../widgets/jupyter/labextensions/pkvm-widgets/front_end/elements.js";

/** The answers beside the one that is being written. */
export class Others {
  constructor(bring) {
    this.bring = bring;
    this.head = make("summary");
    this.list = make("div");
    this.box = make("details.others", {}, this.head, this.list);
    this.draw([]);
  }

  draw(texts) {
    this.box.hidden = !texts.length;
    this.head.textContent = texts.length === 1 ? "Your other answer" : `Your ${texts.length} other answers`;
    settle(
      this.list,
      texts.map((text) => [text, () => this.row(text)]),
    );
  }

  row(text) {
    const back = button("button", "Bring it back", "", () => this.bring(text));
    return make("div.other", {}, make("pre", { tabindex: "0" }, text), back);
  }
}
