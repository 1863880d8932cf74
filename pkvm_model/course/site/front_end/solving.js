// The main module of an exercise's page: its answer, its check, its card.

import { button, enable, make } from "../../../widgets/jupyter/labextensions/pkvm-widgets/front_end/elements.js";
import "../../../widgets/jupyter/labextensions/pkvm-widgets/front_end/exercise.js";
import { dress } from "../../../widgets/jupyter/labextensions/pkvm-widgets/front_end/styles.js";
import { Choices } from "./choosing.js";
import { DraftKeeper, readDraft } from "./keeping.js";
import { lacksPython } from "./lacking.js";
import { Others } from "./others.js";
import { askPython, endPython } from "./python.js";
import { shortenRecord, updateRecord } from "./records.js";
import "./site.js";
import { openStore } from "./store.js";
import { beforeUpdate } from "./update.js";
import { CardPlace, makeCard } from "./verdicts.js";
import { Writing } from "./writing.js";

const STOPPED = "You stopped the check. It does not count as a try.",
  STARTING = "Your answer is checked as soon as Python has started.",
  CHECKING = "Your answer is being checked.",
  SLOW = "This takes longer than most answers. If yours has a loop that never ends, press Stop.",
  FOLLOWED = "Another tab has changed this answer. Here it is as it is now.",
  ELSEWHERE_TOO = "Another tab has just changed this answer. If you go on here, both are kept.",
  CHANGED = "This exercise has changed since you wrote this answer, which is kept. It begins with this now:",
  SOLVED_BEFORE = "You have solved this exercise.",
  TRIED_BEFORE = "You have tried this exercise, and not solved it yet.",
  UNKEPT = "What you have just written could not be kept. Copy it to another place";

class Solving {
  constructor(page, store, record, draft) {
    this.page = page;
    this.store = store;
    this.record = record;
    this.checks = false;
    this.slow = 0;
    const box = document.querySelector(".answering");
    this.keeper = new DraftKeeper(store, page, draft, {
      told: (words) => this.tell(words),
      failed: (e) => this.warn(e),
    });
    this.writing = new Writing(box.querySelector(".writing"), "Your answer", {
      changed: () => this.keep(),
      check: () => this.check(),
    });
    this.choices = new Choices(page.options, this.writing);
    this.others = new Others((text) => this.bring(text));
    this.cards = new CardPlace(document.querySelector(".card-here"), page, (change) => this.changeRecord(change));
    this.layOut(box);
    this.writing.text = this.keeper.draft.text;
    this.draw();
    this.showBefore();
    store.onChange((change, elsewhere) => this.hear(change, elsewhere));
    this.writing.improve();
    beforeUpdate.add(() => this.keeper.writing);
  }

  layOut(box) {
    dress("widget");
    this.go = button("button.go", "Check", "Ctrl Enter", () => this.check());
    this.halt = button("button", "Stop", "", () => this.stop());
    this.again = button("button", "Start afresh", "", () => this.bring(this.page.stub));
    this.state = make("p.state", { role: "status" });
    this.alert = make("p.trouble", { role: "alert" });
    this.newer = this.makeNewer();
    this.writing.how.before(this.choices.box, this.newer);
    box.append(make("div.buttons", {}, this.go, this.halt, this.again), this.state, this.alert, this.others.box);
    this.go.setAttribute("aria-keyshortcuts", "Control+Enter");
    enable(this.halt, false);
    box.addEventListener("keydown", (event) => this.onKey(event));
  }

  /** Checks on Ctrl+Enter wherever an answer is written or chosen; the editor hears it first, and has done so. */
  onKey(event) {
    const isCheck =
      event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.matches("input, textarea");
    if (event.defaultPrevented || !isCheck) return;
    event.preventDefault();
    this.check();
  }

  /** What an exercise begins with now, beside an answer to what it was before. */
  makeNewer() {
    const fresh = button("button", "Begin with this", "", () => this.bring(this.page.stub)),
      mine = button("button", "Go on with mine", "", () => this.goOn());
    const begins = make("pre", { tabindex: "0" }, this.page.stub);
    return make("div.newer", { role: "note" }, make("p", {}, CHANGED), begins, make("div.buttons", {}, fresh, mine));
  }

  draw() {
    const { text } = this.writing,
      { draft } = this.keeper,
      solved = this.record.solved && this.record.answer,
      known = [text, ...draft.others].map((each) => each.trimEnd());
    const isApart = solved && !known.includes(solved.trimEnd());
    this.others.draw(isApart ? [...draft.others, solved] : draft.others);
    this.newer.hidden = !this.keeper.isOld;
    this.choices.draw();
  }

  tell(words) {
    this.state.textContent = words;
  }

  /** Says that something could not be kept; null takes it back. */
  warn(error) {
    this.alert.textContent = error ? `${UNKEPT} (${error.message || error.name}).` : "";
  }

  async keep() {
    this.choices.draw();
    await this.keeper.keep(this.writing.text);
    this.draw();
  }

  /** Puts a text into the editor; what was there is put aside. */
  async bring(text) {
    await this.keeper.replace(text);
    this.writing.text = text;
    this.draw();
    this.writing.focus();
  }

  async goOn() {
    await this.keeper.goOn();
    this.draw();
    this.writing.focus();
  }

  async changeRecord(change) {
    this.record = await this.store.changeRecord(this.page.id, change);
    return this.record;
  }

  /** Hears what another tab has done. */
  async hear({ table, key }, elsewhere) {
    const isMine = key === this.page.id || key === undefined;
    if (!isMine || !(elsewhere || key === undefined)) return;
    if (table !== "drafts") this.record = await this.store.readRecord(this.page.id);
    if (table !== "exercises") await this.follow(await this.store.readDraft(this.page.id));
    this.draw();
  }

  /** Takes over what another tab has made of this answer, unless the learner is writing here. */
  async follow(draft) {
    if (!draft || draft.turn === this.keeper.draft.turn) return;
    if (this.writing.hasFocus && draft.text !== this.writing.text) return this.tell(ELSEWHERE_TOO);
    this.keeper.draft = draft;
    if (draft.text === this.writing.text) return;
    this.writing.text = draft.text;
    this.tell(FOLLOWED);
  }

  /** Shows what is known before the first check here. */
  showBefore() {
    const { solved, tries } = this.record,
      open = { sentence: tries ? TRIED_BEFORE : "" },
      said = solved ? { passed: true, head: this.page.words.passed, sentence: SOLVED_BEFORE } : open;
    this.cards.show(makeCard(this.page, { head: this.page.words.open, ...said }), this.record);
  }

  async check() {
    if (this.checks) return;
    const { id, seconds } = this.page,
      text = this.writing.text;
    this.mark(true);
    try {
      if (lacksPython) throw Error(lacksPython);
      const given = { id, text, record: shortenRecord(this.record) };
      const { card, verdict } = await askPython("check", given, { seconds, begun: () => this.begin() });
      await this.conclude(JSON.parse(card.packed), verdict, text);
    } catch (error) {
      await this.explain(error, text);
    }
  }

  /** Shows that a check runs, or that it has ended. */
  mark(checks) {
    this.checks = checks;
    enable(this.go, !checks);
    enable(this.halt, checks);
    this.tell(checks ? STARTING : "");
    clearTimeout(this.slow);
  }

  /** Says that Python works on the answer, and later that this takes long. */
  begin() {
    this.tell(CHECKING);
    this.slow = setTimeout(() => this.tell(SLOW), this.page.usual * 1000);
  }

  stop() {
    if (this.checks) endPython(STOPPED);
  }

  async conclude(value, verdict, text) {
    await this.changeRecord((record) => updateRecord(record, verdict, text));
    this.mark(false);
    this.draw();
    const card = this.cards.show(value, this.record);
    card.comeIntoSight();
    card.announceReport();
  }

  /** Says why there is no verdict; an answer that had to be ended counts as a try. */
  async explain({ message, isLimit }, text) {
    if (isLimit) return this.conclude(makeCard(this.page, { sentence: message }), endedVerdict(message), text);
    this.mark(false);
    return this.tell(message);
  }
}

const endedVerdict = (sentence) => ({ passed: false, tried: true, sentence, steps: null, fewest: null, trace: "" });

async function openExercise() {
  const page = JSON.parse(document.getElementById("exercise").textContent),
    store = await openStore();
  const [record, draft] = await Promise.all([store.readRecord(page.id), readDraft(store, page.id)]);
  document.querySelector(".writing textarea").removeAttribute("readonly");
  new Solving(page, store, record, draft);
}

openExercise();
