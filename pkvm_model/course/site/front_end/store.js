// The learner's work in this browser: progress by exercise, places of quizzes and predictions, and answers as they are
// written (drafts). Two tabs may write at once: each change is a transaction, and the other tabs hear of it.
//
import { NO_DRAFT, addOther, isUntouched, replaceText } from "./drafts.js";
import { chooseBetter, choosePlace, completeRecord } from "./records.js";
import { Memory, openDisk } from "./tables.js";

const CHANNEL = "pkvm-course";

let opened;

/** Returns the store of this page. It is opened once; where the browser keeps nothing, it lasts as long as the page. */
export const openStore = () => (opened ??= openTables().then((tables) => new Store(tables)));

async function openTables() {
  try {
    return await openDisk();
  } catch {
    return new Memory(); // cookies and site data are blocked
  }
}

class Store {
  constructor(tables) {
    this.tables = tables;
    this.tab = crypto.getRandomValues(new Uint32Array(2)).join("-");
    this.listeners = new Set();
    this.asked = null;
    this.channel = new BroadcastChannel(CHANNEL);
    this.channel.onmessage = ({ data }) => this.tellListeners(data, true);
  }

  /** Calls a listener with each change {table, key, value}, and whether another tab made it. An import has no key. */
  onChange(listener) {
    this.listeners.add(listener);
  }

  tellListeners(change, elsewhere) {
    for (const listener of this.listeners) listener(change, elsewhere);
  }

  tellAll(change) {
    this.channel.postMessage(change);
    this.tellListeners(change, false);
  }

  /** Returns what the browser promises: work is "kept", it is "unsure", or it is "gone" when the page is closed. */
  async promises() {
    if (!this.tables.lasts) return "gone";
    return (await navigator.storage?.persisted?.()) ? "kept" : "unsure";
  }

  /** Asks the browser to keep what is written, the first time that a learner has something to keep. */
  askToKeep() {
    this.asked ??= navigator.storage?.persist?.().catch(() => false) ?? Promise.resolve(false);
  }

  /** Changes the value of a key, tells everybody, and returns the new value. */
  async change(table, key, change) {
    this.askToKeep();
    const value = await this.tables.change([table], async (tables) => {
      const next = change(await tables.read(table, key));
      await tables.write(table, key, next);
      return next;
    });
    this.tellAll({ table, key, value });
    return value;
  }

  read(table, key) {
    return this.tables.look([table], (tables) => tables.read(table, key));
  }

  /** Returns the record of an exercise. */
  async readRecord(id) {
    return completeRecord(await this.read("exercises", id));
  }

  /** Changes the record of an exercise, and returns the new one. */
  changeRecord(id, change) {
    return this.change("exercises", id, (record) => change(completeRecord(record)));
  }

  readAllRecords() {
    return this.tables.look(["exercises"], (tables) => tables.readAll("exercises"));
  }

  /** Returns the place of a quiz or prediction by its key, undefined if there is none. */
  readQuiz(key) {
    return this.read("quizzes", key);
  }

  keepQuiz(key, place) {
    return this.keepQuizzes({ [key]: place });
  }

  /** Keeps some places, all or none. Nothing is read before: a page that is being left has no time to wait. */
  async keepQuizzes(places) {
    this.askToKeep();
    const rows = Object.entries(places);
    await this.tables.change(["quizzes"], (tables) =>
      Promise.all(rows.map(([key, place]) => tables.write("quizzes", key, place))),
    );
    for (const [key, value] of rows) this.tellAll({ table: "quizzes", key, value });
  }

  /** Returns the draft of an exercise, undefined if there is none. */
  readDraft(id) {
    return this.read("drafts", id);
  }

  /**
   * Keeps an answer as it is written and returns the draft. `known` is the draft that this tab has seen last. If
   * another tab has changed it since, that answer is put aside, and `draft.others` has it.
   */
  keepDraft(id, text, stub, known = undefined) {
    return this.changeDraft(id, (draft) => {
      const isNewer = draft.tab !== this.tab && draft.turn !== (known?.turn ?? 0);
      return isNewer ? replaceText(draft, text, stub) : { ...draft, text, stub };
    });
  }

  /** Changes a draft; the change bears the name of this tab. */
  changeDraft(id, change) {
    return this.change("drafts", id, (draft = NO_DRAFT) => this.sign(draft, change(draft)));
  }

  sign(before, draft) {
    return { ...draft, turn: before.turn + 1, tab: this.tab };
  }

  /** Returns all of the learner's work, as one moment has it. */
  readAll() {
    const names = ["exercises", "quizzes", "drafts"];
    return this.tables.look(names, async (tables) => {
      const [exercises, quizzes, drafts] = await Promise.all(names.map((name) => tables.readAll(name)));
      return { exercises, quizzes, drafts };
    });
  }

  /** Takes in work from elsewhere, all of it or nothing: of two records the better, and no answer is lost. */
  async importWork({ exercises, quizzes, answers }) {
    await this.tables.change(["exercises", "quizzes", "drafts"], async (tables) => {
      for (const { id, text, stub } of answers) await this.importAnswer(tables, id, text, stub);
      for (const [id, row] of Object.entries(exercises)) await this.importRecord(tables, id, completeRecord(row));
      for (const [key, place] of Object.entries(quizzes))
        await tables.write("quizzes", key, choosePlace(await tables.read("quizzes", key), place));
    });
    this.tellAll({ table: "all" });
  }

  async importRecord(tables, id, theirs) {
    const before = await tables.read("exercises", id),
      mine = completeRecord(before),
      better = chooseBetter(mine, theirs);
    await tables.write("exercises", id, better);
    await this.importAnswer(tables, id, theirs.answer);
    if (better.answer !== mine.answer) await this.importAnswer(tables, id, mine.answer);
  }

  /** Makes an answer from elsewhere the draft if there is none, or else one of the others. */
  async importAnswer(tables, id, text, stub = "") {
    const draft = (await tables.read("drafts", id)) ?? NO_DRAFT,
      next = isUntouched(draft) ? { ...draft, text, stub } : addOther(draft, text);
    if (text.trim()) await tables.write("drafts", id, this.sign(draft, next));
  }
}
