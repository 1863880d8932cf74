// What a learner can do with all of their work: save a copy, bring one in, hand it in. It says where the work is kept.

import { button, make, write } from "../../../widgets/jupyter/labextensions/pkvm-widgets/front_end/elements.js";
import { dress } from "../../../widgets/jupyter/labextensions/pkvm-widgets/front_end/styles.js";
import { describeCopy, packWork } from "./copying.js";
import { lacksPython } from "./lacking.js";
import { markLinks } from "./marks.js";
import { showNote } from "./notes.js";
import { askClerk } from "./python.js";
import { keepWay } from "./reading.js";
import { completeRecord, countOf, shortenRecord } from "./records.js";
import { openStore } from "./store.js";

const PROMISES = {
  kept: "Your answers and your progress are kept in this browser, on this device.",
  unsure:
    "Your answers and your progress are kept in this browser. It may delete them when it needs room, and a private " +
    "window forgets them when you close it. A saved copy is safe.",
  gone:
    "This browser keeps nothing for this page: when you close it, your answers and your progress are gone. " +
    "Save a copy before.",
};
const REMINDERS = {
  unsure: "This browser may delete what you write here. A copy is safe.",
  gone: "This browser keeps nothing: what you write here is gone when you close the page.",
};
const REMINDED = "pkvm copy offered";
const NOTHING = "There is nothing to hand in yet. Check an answer to an exercise first.",
  READING = "Python reads the file.",
  WRITING = "Python writes the hand-in.",
  LARGE = "This file is larger than any copy of your work. Choose another one.";
const LARGEST_COPY = 200_000_000;

/** Gives the learner a file. */
function offerFile(content, name) {
  const link = make("a", { href: URL.createObjectURL(content), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Saves a copy of all work, and returns what was saved, in words. */
async function saveCopy(store) {
  const name = `pkvm-course-${new Date().toISOString().slice(0, 10)}.zip`,
    work = await store.readAll();
  offerFile(packWork(work), name);
  return describeCopy(work, name);
}

/** Returns the bytes of a file as base64. */
const readBase64 = (file) =>
  new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).split(",")[1] ?? "");
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });

class YourWork {
  constructor(box, store) {
    this.store = store;
    dress("widget");
    this.promise = make("p");
    this.said = make("p.state", { role: "status" });
    this.file = make("input", { type: "file", "aria-label": "A saved copy, a hand-in or a progress file", hidden: "" });
    this.name = make("input", { type: "text", autocomplete: "name", maxlength: "100" });
    this.file.addEventListener("change", () => this.act(() => this.bring()));
    box.append(this.promise, this.makeButtons(), this.said);
    this.drawPromise();
    store.onChange(() => this.drawPromise());
  }

  makeButtons() {
    const save = button("button", "Save a copy", "", () => this.act(() => saveCopy(this.store))),
      bring = button("button", "Bring in a copy", "", () => this.file.click()),
      hand = button("button", "Hand in", "", () => this.act(() => this.handIn()));
    const label = make("label.hand-in-name", {}, "Your name", this.name);
    return make("div.buttons", {}, save, bring, this.file, make("div.hand-in", {}, label, hand));
  }

  async drawPromise() {
    write(this.promise, PROMISES[await this.store.promises()]);
  }

  /** Does something and says what came of it, or why not. */
  async act(work) {
    try {
      this.say((await work()) ?? "");
    } catch (error) {
      this.say(error.message);
    }
  }

  say(words) {
    this.said.textContent = words;
  }

  async bring() {
    const [file] = this.file.files;
    this.file.value = "";
    if (!file) return "";
    if (file.size > LARGEST_COPY) return LARGE;
    if (lacksPython) return lacksPython;
    this.say(READING);
    const work = await askClerk("read_work", { name: file.name, base64: await readBase64(file) });
    await this.store.importWork(work);
    return this.describe(work);
  }

  async describe({ exercises, answers }) {
    const records = Object.values(await this.store.readAllRecords()).map(completeRecord),
      solved = records.filter((record) => record.solved).length;
    const brought = `${countOf(Object.keys(exercises).length, "record")} and ${countOf(answers.length, "draft")}`;
    return `Brought in: ${brought}. What you had is kept. Solved now: ${countOf(solved, "exercise")}.`;
  }

  async handIn() {
    const all = Object.entries(await this.store.readAllRecords()).map(([id, row]) => [
        id,
        shortenRecord(completeRecord(row)),
      ]),
      begun = all.filter(([, row]) => Object.keys(row).length);
    if (!begun.length) return NOTHING;
    if (lacksPython) return lacksPython;
    this.say(WRITING);
    const given = { name: this.name.value, exercises: Object.fromEntries(begun) },
      { file, text } = await askClerk("write_handin", given);
    offerFile(new Blob([text], { type: "application/json" }), file);
    return `${countOf(begun.length, "exercise")} in ${file}. Send it to the person who asked for it.`;
  }
}

/** Fills the place that a page has for the learner's work, and marks what is done. */
export async function showYourWork() {
  const opening = openStore(),
    mark = async () => markLinks(await opening);
  keepWay(mark); // the reader may choose one before the store is open
  const box = document.querySelector(".your-work"),
    store = await opening;
  if (box) new YourWork(box, store);
  mark();
  store.onChange(({ table }) => table !== "drafts" && mark());
  store.onChange((change, elsewhere) => elsewhere || remind(store, change));
}

/**
 * Offers a copy when something was written that may get lost, where the page does not say so: once in a tab, and below
 * what was written, where it covers nothing.
 */
async function remind(store, { key }) {
  const promise = await store.promises();
  if (promise === "kept" || document.querySelector(".your-work") || wasReminded()) return;
  const says = make("p", {}, REMINDERS[promise]),
    away = button("button", "Later", "", () => showNote("copy", null));
  const save = button("button", "Save a copy", "", async () => {
    write(says, await saveCopy(store));
    save.remove();
    write(away.firstChild, "Close");
    away.focus();
  });
  const boxes = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".widget-here")]);
  const written = boxes.find(({ dataset }) => dataset.key === key);
  showNote("copy", make("div.site-note", { role: "status" }, says, save, " ", away), written);
}

/** Returns true from the second time on. */
function wasReminded() {
  try {
    const before = sessionStorage.getItem(REMINDED);
    sessionStorage.setItem(REMINDED, "true");
    return before !== null;
  } catch {
    return false;
  }
}
