// The base of every widget: a box that no key leaves and in which no error stays silent. It announces what happens,
// reports its place to Python, asks Python questions, and returns to its place after a reload.
//
//   port = {key, place, keeps, lasts, at, again, embedded, ask, lacks, cell, run, open, changed, listen, close}, each
//   optional. Without `ask` there is no Python behind the page, and `lacks` says why; Python `keeps` the place if it
//   has an object for this widget; the browser remembers it on another day if it `lasts`; `cell` is the id of this
//   cell, `run` runs it; `open` makes a link open a file; `embedded` is set by a widget that contains this one and
//   keeps its place; `again` means that another view was there before, and `at` is its place. See docs/widgets.md.

import { button, make } from "./elements.js";
import { keepKeys } from "./keys.js";
import { linkHere, linkTo, refuseDamaged } from "./links.js";
import { dress } from "./styles.js";
import { restore, store } from "./memory.js";
import { clip, refuseLong } from "./text.js";

const NOT_STORED = "This is not stored here.",
  TO_CONTINUE = "Run the notebook in JupyterLab to continue.";
const GONE = "Python is gone: the kernel was stopped or restarted. What is already here still works.";
const FOR_THE_REST = "For the rest, run the cells again from the top.";
const NOT_RUN = "This cell has not run since Python started, so Python cannot answer.";

/** The part of a window's height in which a widget that comes into sight finds room as a whole. */
const ROOM = 0.8;

/**
 * A widget on the screen. A family draws into `box` and defines its position by `place`, `recall` and `follow`.
 * @template {{name: string}} D what Python ships
 */
export class Widget {
  constructor(root, kind, data, port, label) {
    this.kind = kind;
    this.data = /** @type {D} */ (data);
    this.port = port;
    this.link = "";
    this.waits = 0;
    this.acted = false;
    this.alert = make("div.alert", { role: "alert" });
    this.standing = make("p.status", { role: "status" });
    this.live = make("div.hidden-words", { "aria-live": "polite" });
    // A click beside the controls focuses the widget itself, so keys stay here then, too.
    this.box = port.embedded
      ? make(`div.pkvm-widget.pkvm-${kind}`, { role: "group", "aria-label": label, tabindex: "-1" })
      : make(`section.pkvm-widget.pkvm-${kind}`, { "aria-label": nameLandmark(label), tabindex: "-1" });
    this.freeKeys = keepKeys(this.box);
    this.box.addEventListener(
      "keydown",
      this.guard((event) => this.onKey(event)),
    );
    this.onLink = this.guard((event) => this.openLink(event.newURL));
    this.onLeave = this.guard(() => this.telling !== undefined && this.tellNow());
    dress("widget");
    root.replaceChildren(this.box);
  }

  // What a family defines. `place` is its position as one text that Python reads, too; `recall` returns to it.
  get place() {
    return "";
  }
  recall(/** @type {string} */ place) {}
  /** Opens what follows `#NAME=` in a link. */
  follow(/** @type {string} */ text) {}
  /** What is announced when the widget appears. */
  get report() {
    return "";
  }
  /** The steps that led here, shown beside an error. */
  get led() {
    return "";
  }
  /** True once the learner has done something; from then on Python's place no longer replaces this one. */
  get moved() {
    return this.place !== this.first;
  }
  /** Handles a key pressed in the widget. */
  onKey(/** @type {KeyboardEvent} */ event) {}
  /** Handles what Python says without being asked. */
  hear(/** @type {any} */ content) {}

  /** Called by a family once it is drawn: opens a link's position, or that of Python or of this tab before a reload. */
  begin() {
    window.addEventListener("hashchange", this.onLink);
    window.addEventListener("pagehide", this.onLeave);
    this.first = this.place;
    this.port.listen?.(this);
    this.guard(() => this.reopen())();
  }

  reopen() {
    const {
      port,
      data: { name },
    } = this;
    const before = port.embedded ? {} : restore(this),
      asked = port.embedded || port.again ? null : linkHere(name);
    this.link = asked ?? "";
    // A cell that was run again has another key: what was stored is not about this widget.
    const known = before.goesOn || before.key === (port.key ?? "");
    // A link is followed only once: the learner may have moved on before the reload.
    if (asked !== null && !(known && asked === before.link)) return this.goToLink(asked);
    const kept = port.at ?? (known ? before.place : undefined);
    const place = port.keeps && !before.goesOn ? port.place : (kept ?? port.place);
    if (!place || place === this.first) return undefined;
    const gone = this.recall(place);
    return before.goesOn && port.ask ? Promise.resolve(gone).then(() => this.tell()) : gone;
  }

  /** Wraps a function so that what it throws is shown in the widget, with the steps that led to it. */
  guard(work) {
    const broke = (error) => {
      const reason = clip(String(error?.message ?? error));
      this.fail(`This widget has failed: ${reason}. Undo, or reload the page. These steps led here:`, true);
    };
    return (...given) => {
      try {
        return work(...given)?.catch?.(broke);
      } catch (error) {
        return broke(error);
      }
    };
  }

  /** Announces a text to screen readers; another view has announced what this one only joins. */
  announce(text) {
    if (!this.joins) this.live.textContent = text;
  }

  /** Comes into sight, as much of it as there is room for; returns where its top was before. */
  comeIntoSight() {
    const { top } = this.box.getBoundingClientRect();
    this.box.scrollIntoView({ block: this.box.offsetHeight > window.innerHeight * ROOM ? "start" : "nearest" });
    return top;
  }

  /** Is announced: the learner has just made this widget. */
  announceReport() {
    setTimeout(() => this.announce(this.report));
  }

  /** Shows an error, and on request the steps that led to it. */
  fail(text, withTrace) {
    const led = withTrace && this.led && make("pre", {}, this.led);
    this.alert.replaceChildren(make("p", {}, text), ...[led].filter(Boolean));
  }

  /** Says what is not here and why there is no Python, and offers to run the cell where that is possible. */
  failWithoutPython(missing = NOT_STORED, cure = TO_CONTINUE) {
    const { ask, run } = this.port;
    this.fail(run && !ask ? NOT_RUN : this.sayWithout(missing, cure));
    if (run) this.alert.append(this.offerRun());
  }

  /** Says what is not here, and what to do about it, or why this page can do nothing. */
  sayWithout(missing, cure) {
    return `${missing} ${this.port.lacks ?? cure}`;
  }

  /** Returns a button that runs this cell, and what it needs. */
  offerRun(label = "Run this cell") {
    return button(
      "button.run-cell",
      label,
      "",
      this.guard(() => this.goOn(this.port.run)),
    );
  }

  /** Runs this cell; the widget that it then makes goes on where this one stands. */
  goOn(run) {
    this.handOn();
    this.status("This cell runs, and before it the cells above that it needs.");
    return run();
  }

  /** The widget that this cell makes next will go on where this one stands. */
  handOn() {
    const { place, link } = this;
    store(this, { place, link, goesOn: true });
  }

  /** Called before this cell runs: Python does not know what the learner has done without it. */
  carryOn() {
    if (this.acted && !this.port.ask) this.handOn();
  }

  /** Shows the state of the connection to Python until it changes. */
  status(text) {
    this.standing.textContent = text;
  }

  /** Says that Python is gone, and what to do about it. */
  losePython() {
    const { run } = this.port;
    this.status(run ? GONE : `${GONE} ${FOR_THE_REST}`);
    if (run) this.standing.append(" ", this.offerRun());
  }

  /** Returns Python's answer to a question, or undefined after showing why there is none. */
  async ask(question) {
    if (!this.port.ask) return this.failWithoutPython();
    this.box.setAttribute("aria-busy", String(++this.waits > 0));
    try {
      const answer = await this.port.ask(question);
      this.alert.replaceChildren();
      return answer;
    } catch (error) {
      return this.fail(`${error.message} These steps led here:`, true);
    } finally {
      this.box.setAttribute("aria-busy", String(--this.waits > 0));
    }
  }

  /** Reports the place to Python and to the browser after the page has changed: a click does not wait for it. */
  tell() {
    this.acted = true;
    clearTimeout(this.telling);
    this.telling = setTimeout(this.guard(() => this.tellNow()));
  }

  tellNow() {
    clearTimeout(this.telling);
    this.telling = undefined;
    this.keep();
    this.port.changed?.(this.place);
  }

  /** Stores the place in the browser, for a reload. */
  keep() {
    const { place, port, link } = this;
    if (!port.embedded) store(this, { place, link, key: port.key ?? "" });
  }

  /** Goes where another view of the same widget stands; only that one reports it. */
  async join(place) {
    if (place === this.place) return;
    this.joins = true;
    try {
      await this.recall(place);
    } finally {
      this.joins = false;
      clearTimeout(this.telling);
      this.telling = undefined;
      this.keep();
    }
  }

  /** The address that opens this widget here; `text` is the argument of `follow`. */
  linkTo(text) {
    return linkTo(this.data.name, text);
  }

  /** A link that opens a file where files can be opened; elsewhere it stays a name. */
  linkToFile(file, text) {
    if (!this.port.open) return make("span", {}, text);
    const link = make("a", {}, text);
    this.port.open(link, file);
    return link;
  }

  openLink(address) {
    const asked = this.box.isConnected && !this.port.embedded ? linkHere(this.data.name, address) : null;
    if (asked === null) return;
    this.link = asked;
    this.goToLink(asked);
  }

  /** Follows what a link asks for, unless that is damaged or too long; the widget comes into sight. */
  goToLink(asked) {
    this.box.scrollIntoView({ block: "nearest" });
    const refusal = refuseLong(asked) || refuseDamaged(asked);
    return refusal ? this.fail(refusal) : this.follow(asked);
  }

  /** Joins a live port that connects later. */
  connect(port) {
    const { moved } = this;
    this.port.close?.();
    this.port = port;
    port.listen(this);
    this.status("");
    if (moved) this.tell();
    else if (port.place && port.place !== this.place) this.guard(() => this.recall(port.place))();
  }

  close() {
    this.onLeave();
    this.freeKeys();
    window.removeEventListener("pagehide", this.onLeave);
    window.removeEventListener("hashchange", this.onLink);
    this.port.close?.();
  }
}

/** Returns a name that no other widget on the page has: screen readers list widgets by their names. */
function nameLandmark(label) {
  const names = new Set([...document.querySelectorAll(".pkvm-widget")].map((other) => other.ariaLabel));
  let name = label;
  for (let number = 2; names.has(name); number += 1) name = `${label} (${number})`;
  return name;
}

const families = new Map();

/** Registers a family by its kind; `unpack` restores its data from the packed text. */
export const register = (kind, Family, unpack = JSON.parse) => families.set(kind, { Family, unpack });

/** Draws a widget of a kind into an element; it works until its `close` is called. */
export function mount(root, kind, packed, port = {}) {
  const family = families.get(kind);
  if (!family) throw Error(`nothing here shows a ${kind}`);
  return new family.Family(root, family.unpack(packed), port);
}
