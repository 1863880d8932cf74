// Keeps an answer while it is written, each change at once, and notices what other tabs do to it.

import { NO_DRAFT, isOfOtherStub, replaceText } from "./drafts.js";

/** The draft of an exercise. `told` is called with words for the learner, `failed` with an error or null. */
export class DraftKeeper {
  constructor(store, { id, stub }, draft, { told, failed }) {
    this.store = store;
    this.id = id;
    this.stub = stub;
    this.draft = draft ?? { ...NO_DRAFT, text: stub, stub };
    this.told = told;
    this.failed = failed;
    addEventListener("pagehide", () => this.waits !== undefined && this.write());
  }

  /** True if the exercise began with another text when this answer was written. */
  get isOld() {
    return isOfOtherStub(this.draft, this.stub);
  }

  /** Keeps a text, unless it is kept. While one is being written the newest waits, so that there is never a queue. */
  keep(text) {
    if (!this.writing && text === this.draft.text) return undefined;
    this.waits = text;
    return (this.writing ??= this.writeAll().finally(() => (this.writing = undefined)));
  }

  async writeAll() {
    try {
      while (this.waits !== undefined) await this.write();
      this.failed(null);
    } catch (error) {
      this.failed(error);
    }
  }

  async write() {
    const before = this.draft.others.length,
      stub = this.isOld ? this.draft.stub : this.stub,
      text = this.waits;
    this.waits = undefined;
    this.draft = await this.store.keepDraft(this.id, text, stub, this.draft);
    if (this.draft.others.length > before) this.told(BOTH_KEPT);
  }

  /** Puts another text into the place of this one, which is put aside. */
  async replace(text) {
    await this.writing;
    this.draft = await this.store.changeDraft(this.id, (draft) => replaceText(draft, text, this.stub));
  }

  /** Goes on with an answer although the exercise has changed. */
  async goOn() {
    await this.writing;
    this.draft = await this.store.changeDraft(this.id, (draft) => ({ ...draft, stub: this.stub }));
  }
}

const BOTH_KEPT = "This answer was changed in another tab, too. Both are kept: the other one is below.";
