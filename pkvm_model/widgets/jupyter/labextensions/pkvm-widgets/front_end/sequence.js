// The sequence view: time runs to the right, each lock region is a box on the track of its CPU, and two bars below show
// the references to a VM and the owner of a page. All words come from Python. A run too long for the width continues in
// a line below, like music.

import { button, enable, make, prose } from "./elements.js";
import { copy, drawerFrame, headFrame, showDrawer } from "./frame.js";
import { dress } from "./styles.js";
import { LOCKS, lockNames, PAPER, SIGNS, octagon, ownerSign, refusedSign } from "./signs.js";
import { seekKey, startPlay, stopPlay, welcomesMotion } from "./time.js";
import { Widget, register } from "./widget.js";

/** The width of the names, and of the narrowest column: on a phone a run of twenty regions has two lines. */
const ROOMS = { phone: { names: 100, narrowest: 25 }, wide: { names: 108, narrowest: 31 } };
const PHONE = 560,
  WIDEST = 96,
  LETTER = 7.2,
  USUAL = 760;
const SIGN_OF = {
  panic: () => octagon(16, "var(--danger)", PAPER),
  refused: SIGNS.arrow,
  warn: SIGNS.warn,
  nothing: SIGNS.nothing,
};

const lockWords = (locks) =>
  lockNames(locks)
    .map((letter) => `${letter} ${LOCKS[letter] ?? ""}`.trim())
    .join(", ") || "no lock";
const columnsOf = (first, last, row) => `grid-column:${first}/${last + 1};grid-row:${row}`;

/** Puts each label into the first line where it does not overlap the label before it. */
function inLines(labels) {
  const ends = [];
  return labels.map((label) => {
    const found = ends.findIndex((end) => end <= label.from),
      line = found < 0 ? ends.length : found;
    ends[line] = label.from + label.width;
    return { ...label, line };
  });
}

/** One line of the picture: the columns from `first` to `last`; column 0 is the start. */
class System {
  constructor(view, first, last, width, names) {
    this.view = view;
    this.data = view.data;
    this.first = first;
    this.last = last;
    this.width = width;
    this.row = 0;
    this.kids = [];
    this.column = make("div.column", { hidden: "" });
    this.box = make("div.system", {
      style: `grid-template-columns:${names}px repeat(${last - first + 1},minmax(0,${WIDEST}px))`,
    });
  }

  place(number) {
    return number - this.first + 2;
  }
  sees(first, last) {
    return first <= this.last && (last ?? Infinity) >= this.first;
  }

  /** Adds an element that spans regions, clipped to this line. */
  put(element, first, last, row = this.row) {
    const from = this.place(Math.max(first, this.first)),
      to = this.place(Math.min(last ?? this.last, this.last));
    element.style.cssText += columnsOf(from, to, row);
    this.kids.push(element);
    return element;
  }

  /** Returns true if words fit into the columns of a span, beside something else. */
  fits({ first, last }, words, beside) {
    const columns = Math.min(last, this.last) - Math.max(first, this.first) + 1;
    return words.length * LETTER + beside < columns * this.width;
  }

  name(...words) {
    this.kids.push(make("div.name", { style: `grid-row:${this.row}`, "aria-hidden": "true" }, ...words));
  }

  draw() {
    this.data.cpus.forEach(({ name, levels }, cpu) =>
      levels.forEach((level, number) => this.track(cpu, level, number ? "" : name)),
    );
    this.outlives();
    this.spans(
      "counts",
      `count of ${this.data.vm}`,
      ({ count, stale }) => (stale ? "stale" : count ? "some" : "nobody"),
      ({ count, stale }) => make("b", {}, String(count), stale && SIGNS.stale()),
    );
    this.spans(
      "owners",
      `owner of ${this.data.page}`,
      ({ owner }) => owner,
      ({ owner }) => ownerSign(owner),
    );
    this.numbers();
    this.column.style.cssText = `grid-row:1/${this.row + 1}`;
    this.box.replaceChildren(this.column, ...this.kids);
    return this.box;
  }

  /** A CPU at one level: the names of its calls, the boxes of its regions, and the locks it holds across them. */
  track(cpu, level, name) {
    const mine = (one) => one.cpu === cpu && one.level === level,
      calls = this.data.calls.filter((call) => mine(call) && this.sees(call.first, call.last));
    this.names(calls);
    this.row += 1;
    this.name(name, name && " ", make("span.muted", {}, level));
    for (const call of calls) this.put(make(`div.way.${level}`, { "aria-hidden": "true" }), call.first, call.last);
    this.data.regions.forEach(
      (region, number) => mine(region) && this.sees(number + 1, number + 1) && this.region(region, number + 1),
    );
    if (level === "EL1") this.locks(cpu);
  }

  names(calls) {
    const one = (call) => {
      const begins = call.first >= this.first,
        over = call.last !== null && call.last <= this.last;
      const inside =
        call.level === "EL2" &&
        this.data.calls.some((other) => other.level === "EL1" && other.cpu === call.cpu && liesAround(other, call));
      const text = `${begins ? "" : "… "}${inside ? "↓ " : ""}${call.name}${over ? ` = ${call.answer}` : ""}`;
      return { call, text, from: Math.max(call.first, this.first), width: (text.length * LETTER + 10) / this.width };
    };
    const labels = inLines(calls.map(one)),
      lines = Math.max(1, ...labels.map(({ line }) => line + 1));
    for (const { call, text, line, width } of labels) {
      // A label near the right end is aligned to the end, so that it stays inside the picture.
      const fits = this.place(Math.max(call.first, this.first)) + width <= this.place(this.last) + 1;
      const label = make("div.call", { "aria-hidden": "true", title: call.text }, text);
      if (fits) this.put(label, call.first, call.last, this.row + lines - line);
      else
        this.put(label, this.first, Math.max(call.first, this.first), this.row + lines - line).style.justifySelf =
          "end";
    }
    this.row += lines;
  }

  region(region, number) {
    const letters = lockNames(region.locks),
      kind = letters.length > 1 ? "two" : letters.length ? "one" : "none";
    const names = letters.map((letter) => make(`span.lock-${letter}`, {}, letter));
    const label = `Region ${number}, ${this.data.cpus[region.cpu].name}, ${lockWords(region.locks)}: ${region.does}`;
    const box = make(
      `button.box.${kind}`,
      { type: "button", tabindex: "-1", "aria-label": label, title: label },
      make("span", { "aria-hidden": "true" }, ...names),
      SIGN_OF[region.kind]?.(),
    );
    box.dataset.region = number;
    this.put(box, number, number);
  }

  locks(cpu) {
    const held = this.data.held.filter((lock) => lock.cpu === cpu && this.sees(lock.first, lock.last));
    if (!held.length) return;
    this.row += 1;
    for (const span of held) {
      const words = this.fits(span, LOCKS[span.lock], 60) ? `${span.lock} ${LOCKS[span.lock]} held` : span.lock;
      this.put(
        make("div.held", { "aria-hidden": "true", title: `${LOCKS[span.lock]} held` }, words),
        span.first,
        span.last,
      );
    }
  }

  outlives() {
    const { overlap } = this.data;
    this.row += 1;
    if (overlap && this.sees(overlap.first, overlap.last)) {
      this.put(
        make("div.outlives", { "aria-hidden": "true" }, "still held, already given back"),
        this.first,
        overlap.last,
      );
    }
  }

  /** A bar: what holds over a span of regions, as a sign, and in words if they fit. */
  spans(what, name, look, sign) {
    this.row += 1;
    this.name(make("span", {}, name));
    for (const span of this.data[what].filter(({ first, last }) => this.sees(first, last))) {
      const words = this.fits(span, span.words, 40) && make("span", {}, span.words);
      this.put(
        make(`div.span.${look(span)}`, { "aria-hidden": "true", title: span.says }, sign(span), words),
        span.first,
        span.last,
      );
    }
  }

  numbers() {
    this.row += 1;
    this.name(make("span.muted", {}, "region"));
    for (let number = this.first; number <= this.last; number++) {
      this.put(
        make("div.number", { "aria-hidden": "true" }, number ? String(number) : "before"),
        number,
        number,
      ).dataset.number = number;
    }
  }

  /** Marks the learner's column if this line contains it. */
  light(number) {
    this.column.hidden = !this.sees(number, number);
    if (!this.column.hidden) this.column.style.gridColumn = String(this.place(number));
  }
}

const liesAround = (outer, inner) =>
  outer.first <= inner.first && (outer.last === null || (inner.last !== null && inner.last <= outer.last));

/** @extends {Widget<SequenceValue>} */
class SequenceView extends Widget {
  constructor(root, data, port) {
    super(root, "sequence", data, port, `Sequence: ${data.title}`);
    dress("sequence");
    this.at = 0;
    this.systems = [];
    this.fit = 0;
    this.time = { timer: 0 };
    this.act = this.actions();
    this.parts = this.frame();
    this.change = make("div.told.happens");
    this.score = make("div.score", { role: "group", "aria-label": "The run, region by region" });
    this.score.addEventListener(
      "click",
      this.guard((event) => this.pick(event.target.closest("[data-region]"))),
    );
    this.rows = data.rows.map(rowOf);
    this.table = this.tableBox();
    this.box.append(
      headFrame(data.title, [data.revision], this.parts, this.act),
      make("div.change", { role: "group", "aria-label": "What happens here" }, this.change, this.alert),
      this.standing,
      this.score,
      this.foot(),
      this.table.box,
      this.live,
    );
    this.box.addEventListener(
      "keydown",
      this.guard((event) => this.onPlayKey(event)),
      true,
    );
    this.watch = new ResizeObserver(this.guard(() => this.layOut()));
    this.watch.observe(this.score);
    this.layOut();
    this.begin();
  }

  actions() {
    const { overlap, regions } = this.data;
    const act = {
      undo: () => this.goTo(this.at - 1),
      redo: () => this.goTo(this.at + 1),
      reset: () => this.goTo(0),
      last: () => this.goTo(regions.length),
      stale: () => overlap && this.goTo(overlap.first),
      play: () => this.play(),
      toggle: () => this.toggleTable(),
      copyLink: () => copy(this.linkTo(this.place), "Link", this.parts.room, (text) => this.say(text)),
    };
    return Object.fromEntries(Object.entries(act).map(([name, work]) => [name, this.guard(work)]));
  }

  /** The parts of the bar. */
  frame() {
    const { act } = this;
    return {
      counter: make("span.muted.counter"),
      said: make("span.said.muted"),
      undo: button("button", "Back", "←", act.undo),
      reset: button("button", "First", "b", act.reset),
      redo: button("button.go", "Next region", "→", act.redo),
      room: make("div.room-for-text"),
    };
  }

  /** The bar below the picture, which is the time of this widget. */
  foot() {
    const { act, data } = this;
    this.player = button("button.play", "Play", "", act.play);
    this.toLast = button("button", "Last", "End", act.last);
    const ways = [this.player, this.toLast, data.overlap && button("button", "Stale reference", "s", act.stale)];
    return make(
      "div.time-bar",
      {},
      make("div.buttons", {}, ...ways),
      make("p.summary", {}, data.summary),
      make("div.toggles", { role: "group", "aria-label": "Details" }, this.table.toggle),
    );
  }

  tableBox() {
    const head = make("tr", {}, ...this.data.heads.map((text) => make("th", { scope: "col" }, text)));
    const table = make(
      "table",
      {},
      make("caption", {}, this.data.title),
      make("thead", {}, head),
      make("tbody", {}, ...this.rows),
    );
    const wide = make("div.wide", { tabindex: "0", role: "group", "aria-label": "The run as a table" }, table);
    const drawer = drawerFrame("table", "Table", this.act, wide);
    showDrawer(drawer, false);
    return drawer;
  }

  toggleTable() {
    showDrawer(this.table, this.table.box.hidden);
  }

  say(text) {
    this.parts.said.textContent = text;
    this.announce(text);
  }

  /** Goes along the run, a region at a time; the same button pauses. */
  play() {
    const { time, data } = this;
    const next = () => {
      if (this.at + 1 >= data.regions.length) stopPlay(time);
      return this.at < data.regions.length && this.show(this.at + 1);
    };
    if (time.timer) stopPlay(time);
    else startPlay(time, this.guard(next));
    this.draw();
  }

  endPlay() {
    if (!this.time.timer) return;
    stopPlay(this.time);
    this.draw();
  }

  /** While the run plays, Space pauses it, wherever the focus is, and every other key ends it. */
  onPlayKey(event) {
    if (!this.time.timer || ["Shift", "Control", "Alt", "Meta", "Tab"].includes(event.key)) return;
    this.endPlay();
    if (event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Redraws the picture if the width now fits more or fewer columns. */
  layOut() {
    const all = this.score.clientWidth || USUAL,
      { names, narrowest } = all < PHONE ? ROOMS.phone : ROOMS.wide,
      room = all - names - 28,
      total = this.data.regions.length + 1;
    const fit = Math.max(4, Math.floor(room / narrowest));
    if (fit === this.fit) return;
    this.fit = fit;
    const lines = Math.ceil(total / fit),
      each = Math.ceil(total / lines),
      width = Math.min(WIDEST, room / each);
    this.systems = Array.from(
      { length: lines },
      (_, line) => new System(this, line * each, Math.min(total, (line + 1) * each) - 1, width, names),
    );
    this.score.replaceChildren(...this.systems.map((system) => system.draw()));
    this.draw();
  }

  get place() {
    return String(this.at);
  }

  get led() {
    return this.data.rows
      .slice(0, this.at + 1)
      .map((row) => row.join("  "))
      .join("\n");
  }

  recall(place) {
    this.at = Math.max(0, Math.min(Number(place) || 0, this.data.regions.length));
    this.draw();
  }

  follow(text) {
    this.recall(text);
    this.tell();
  }

  /** Goes to a region; what a learner does ends a run that plays. */
  goTo(number) {
    this.endPlay();
    return this.show(number);
  }

  show(number) {
    if (number < 0 || number > this.data.regions.length) return this.announce("There is no such region to go to.");
    this.at = number;
    this.draw();
    const [, , counts, owners] = [...this.data.heads.slice(-4)],
      [count, owner] = this.data.rows[number].slice(-2);
    this.announce(
      `Region ${number} of ${this.data.regions.length}. ${this.data.rows[number].at(-3)} ` +
        `${counts}: ${count}. ${owners}: ${owner}.`,
    );
    return this.tell();
  }

  pick(box) {
    return box ? this.goTo(Number(box.dataset.region)) : undefined;
  }

  /** Highlights the learner's region in the picture and in the table. */
  draw() {
    const { at: here, data, score } = this,
      focused = document.activeElement?.matches?.("button.box") && score.contains(document.activeElement);
    const { counter, said, undo, redo, reset, room } = this.parts,
      most = data.regions.length;
    counter.textContent = `region ${here} of ${most}`;
    said.textContent = "";
    room.replaceChildren();
    for (const [way, on] of [
      [undo, here > 0],
      [redo, here < most],
      [reset, here > 0],
      [this.toLast, here < most],
      [this.player, here < most],
    ])
      enable(way, on);
    this.player.firstChild.textContent = this.time.timer ? "Pause" : welcomesMotion() ? "Play" : "Next";
    this.change.parentElement.classList.toggle("calm", !here);
    score.classList.toggle("calm", !here);
    for (const box of score.querySelectorAll("button.box"))
      this.mark(box, Number(box.dataset.region) === Math.max(1, here), here > 0);
    for (const number of score.querySelectorAll(".number"))
      number.classList.toggle("now", Number(number.dataset.number) === here);
    for (const system of this.systems) system.light(here);
    this.rows.forEach((row, number) => row.classList.toggle("now", number === here));
    this.change.replaceChildren(...this.said());
    if (focused) score.querySelector("button.box[tabindex='0']").focus();
  }

  mark(box, here, lit) {
    box.tabIndex = here ? 0 : -1;
    if (here && lit) box.setAttribute("aria-current", "step");
    else box.removeAttribute("aria-current");
  }

  /** What happens in the region, in which calls and under which locks. */
  said() {
    const { at: here, data } = this,
      region = data.regions[here - 1];
    if (!region) return [make("p.when", {}, "Before the first region"), make("p.says", {}, prose(data.says))];
    const where = `${data.cpus[region.cpu].name}, ${region.level}, ${lockWords(region.locks)}`;
    const when = make("p.when", {}, `Region ${here} of ${data.regions.length} · ${where}`),
      path = make("p.path", {}, region.path.join(" → "));
    const code = region.kind === "refused" && /-E[A-Z0-9]+/.exec(region.says);
    if (region.kind === "panic")
      return [
        make(
          "div.panic",
          {},
          octagon(26, PAPER, "var(--danger)"),
          make("p", {}, make("b", {}, "EL2 ends the machine"), region.says),
        ),
        when,
        path,
      ];
    if (code) when.append(refusedSign(code[0]));
    return [when, make("p.says", {}, prose(region.says)), path];
  }

  onKey(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest(".wide, textarea")) return;
    const { act, at, data } = this,
      named = { u: act.undo, r: act.redo, b: act.reset, s: data.overlap && act.stale }[event.key];
    const number = named ? undefined : seekKey(event, { at, path: data.regions });
    if (named) named();
    else if (number !== undefined) this.goTo(number);
    else return;
    event.preventDefault();
  }

  close() {
    stopPlay(this.time);
    this.watch.disconnect();
    super.close();
  }
}

function rowOf([first, ...rest]) {
  return make("tr", {}, make("th", { scope: "row" }, first), ...rest.map((text) => make("td", {}, text)));
}

register("sequence", SequenceView);
