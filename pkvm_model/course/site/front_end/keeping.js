// Keeps an answer while it is written, each change at once, and notices what other tabs do to it.
//
// A page that is left has no time to write to the tables, which ask and answer. What was not there yet it leaves in a
// note, which is written at once, and the next page with this exercise puts it into the tables.

import { NO_DRAFT, addOther, isOfOtherStub, replaceText } from "./drafts.js";
import { readMemo, writeMemo } from "./memos.js";

const nameNote = (id) => `pkvm-course left ${id}`;

/** Returns the draft of an exercise, with what the last page could not keep any more. */
export async function readDraft(store, id) {
  const left = readMemo(nameNote(id));
  if (!left) return store.readDraft(id);
  const { text, stub, turn, tab } = left,
    isNext = (now) => now.turn === turn || now.tab === tab;
  const draft = await store.changeDraft(id, (now) => (isNext(now) ? { ...now, text, stub } : addOther(now, text)));
  writeMemo(nameNote(id), null);
  return draft;
}

/** The draft of an exercise. `told` is called with words for the learner, `failed` with an error or null. */
export class DraftKeeper {
  constructor(store, { id, stub }, draft, { told, failed }) {
    this.store = store;
    this.id = id;
    this.stub = stub;
    this.draft = draft ?? { ...NO_DRAFT, text: stub, stub };
    this.told = told;
    this.failed = failed;
    addEventListener("pagehide", () => this.leave());
  }

  /** True if the exercise began with another text when this answer was written. */
  get isOld() {
    return isOfOtherStub(this.draft, this.stub);
  }

  /** Keeps a text, unless it is kept. While one is being written the newest waits, so that there is never a queue. */
  keep(text) {
    if (!this.writing && text === this.draft.text) return undefined;
    this.waits = this.newest = text;
    return (this.writing ??= this.writeAll().finally(() => (this.writing = undefined)));
  }

  async writeAll() {
    try {
      while (this.waits !== undefined) await this.write();
      writeMemo(nameNote(this.id), null);
      this.failed(null);
    } catch (error) {
      this.failed(error);
    }
  }

  async write() {
    const before = this.draft.others.length,
      text = this.waits;
    this.waits = undefined;
    this.draft = await this.store.keepDraft(this.id, text, this.nextStub, this.draft);
    if (this.draft.others.length > before) this.told(BOTH_KEPT);
  }

  /** What the exercise began with when the text that is written now was begun. */
  get nextStub() {
    return this.isOld ? this.draft.stub : this.stub;
  }

  /** Leaves what is not kept yet to the next page. */
  leave() {
    const { newest: text, nextStub: stub, draft, store } = this;
    if (this.writing) writeMemo(nameNote(this.id), { text, stub, turn: draft.turn, tab: store.tab });
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
