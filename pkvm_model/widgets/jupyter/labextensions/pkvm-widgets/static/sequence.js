// The sequence view: time to the right, a box for each lock region on the track of its CPU, and below it two bars, the
// references to a VM and the owner of a page. All words come from Python. A run that is too long for the width goes on
// in a line below, as music does.

import { button, enable, make, prose } from "./elements.js";
import { dress } from "./looks.js";
import { LOCKS, PAPER, SIGNS, octagon, ownerSign, refusedSign } from "./signs.js";
import { Widget, register } from "./widget.js";

const SEQUENCE_CSS = `
.pkvm-sequence{
  .change{min-height:96px} .change .path{font-family:var(--mono);font-size:12.5px;overflow-wrap:anywhere} .change .says{margin-bottom:0}
  .change:has(.panic) .path{margin:0 16px}
  .summary{padding:8px 16px;border-bottom:1px solid var(--hair)}
  .score{padding:12px 14px 4px;display:grid;gap:18px;font-size:12.5px}
  .system{display:grid;align-items:center;column-gap:0;row-gap:3px;position:relative}
  .system > *{min-width:0} .system .name{grid-column:1;padding-right:8px;font-weight:700;white-space:nowrap}
  .system .name .muted{font-weight:400}
  .system .call{justify-self:start;align-self:end;white-space:nowrap;line-height:1.2;padding-left:3px}
  .system .way{align-self:center;border-top:3px dotted var(--muted);margin:0 4px} .system .way.EL1{border-top:1.5px solid var(--line)}
  button.box{position:relative;width:calc(100% - 4px);margin:0 2px;min-height:34px;padding:1px 0;border:2px solid var(--ink);border-radius:0;
    display:flex;flex-direction:column;align-items:center;justify-content:center;font:700 12px/1.1 var(--mono);letter-spacing:-.2px}
  button.box.two{border-left:5px double var(--ink)} button.box.none{border:1.5px solid var(--line)}
  button.box svg{width:16px;height:16px} button.box .lock-H{color:var(--host)} button.box .lock-Y{color:var(--hyp)} button.box .lock-G{color:var(--guest)}
  button.box[aria-current]{background:var(--chg);outline:3px solid var(--edge);outline-offset:1px;z-index:2}
  .column{background:var(--chg);border-left:2px solid var(--edge);align-self:stretch;z-index:0;pointer-events:none} .column[hidden]{display:none}
  .system > :not(.column){z-index:1}
  .held,.span{margin:0 2px;min-height:26px;padding:2px 6px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;background:var(--bg)}
  .held{border:2px solid var(--ink);border-bottom:0;min-height:20px;padding:0 6px}
  .span{display:flex;align-items:center;gap:6px;border:2px solid var(--ink)} .span b{display:inline-flex;align-items:center;gap:5px}
  .span.nobody{border:2px dotted var(--line);color:var(--muted)} .span.stale{border:4px double var(--danger);font-weight:700}
  .span.HOST{border-color:var(--host)} .span.HYP{border-color:var(--hyp)} .span.GUEST{border-color:var(--guest)} .span svg{margin:-2px 0}
  .outlives{justify-self:end;background:var(--bg);padding:0 2px;color:var(--danger);font-weight:700;white-space:nowrap}
  .number{text-align:center;color:var(--muted);font-size:12px} .number.now{color:var(--ink);font-weight:700}
  details{padding:4px 16px 10px} summary{min-height:32px;padding:6px 0;cursor:pointer} .wide{overflow-x:auto}
  .wide :is(td,th){font-size:13px;vertical-align:top} tr.now > *{background:var(--chg)}
  @media print{button.box{display:flex}}
}`;

const NAMES_WIDTH = 108, NARROWEST = 31, WIDEST = 96, LETTER = 7.2, USUAL = 760;
const SIGN_OF = { panic: () => octagon(16, "var(--danger)", PAPER), refused: SIGNS.arrow, warn: SIGNS.warn, nothing: SIGNS.nothing };

const lettersOf = (locks) => locks.match(/[A-Z]/g) ?? [];
const lockWords = (locks) => lettersOf(locks).map((letter) => `${letter} ${LOCKS[letter] ?? ""}`.trim()).join(", ") || "no lock";
const columnsOf = (first, last, row) => `grid-column:${first}/${last + 1};grid-row:${row}`;

/** Puts each label into the first of several lines in which it does not run into the one before. */
function inLines(labels) {
  const ends = [];
  return labels.map((label) => {
    const found = ends.findIndex((end) => end <= label.from), line = found < 0 ? ends.length : found;
    ends[line] = label.from + label.width;
    return { ...label, line };
  });
}

/** One line of the picture: the columns from `first` to `last`, of which 0 is the start. */
class System {
  constructor(view, first, last, width) {
    Object.assign(this, { view, data: view.data, first, last, width, row: 0, kids: [] });
    this.column = make("div.column", { hidden: "" });
    this.box = make("div.system", { style: `grid-template-columns:${NAMES_WIDTH}px repeat(${last - first + 1},minmax(0,${WIDEST}px))` });
  }

  place(number) { return number - this.first + 2; }
  sees(first, last) { return first <= this.last && (last ?? Infinity) >= this.first; }

  /** Adds an element from one region to another, as far as this line goes. */
  put(element, first, last, row = this.row) {
    const from = this.place(Math.max(first, this.first)), to = this.place(Math.min(last ?? this.last, this.last));
    element.style.cssText += columnsOf(from, to, row);
    this.kids.push(element);
    return element;
  }

  /** Whether words have room in the columns of a span, beside something else. */
  fits({ first, last }, words, beside) {
    const columns = Math.min(last, this.last) - Math.max(first, this.first) + 1;
    return words.length * LETTER + beside < columns * this.width;
  }

  name(...words) {
    this.kids.push(make("div.name", { style: `grid-row:${this.row}`, "aria-hidden": "true" }, ...words));
  }

  draw() {
    this.data.cpus.forEach(({ name, levels }, cpu) => levels.forEach((level, number) => this.track(cpu, level, number ? "" : name)));
    this.outlives();
    this.spans("counts", `count of ${this.data.vm}`, ({ count, stale }) => (stale ? "stale" : count ? "some" : "nobody"),
      ({ count, stale }) => make("b", {}, String(count), stale && SIGNS.stale()));
    this.spans("owners", `owner of ${this.data.page}`, ({ owner }) => owner, ({ owner }) => ownerSign(owner));
    this.numbers();
    this.column.style.cssText = `grid-row:1/${this.row + 1}`;
    this.box.replaceChildren(this.column, ...this.kids);
    return this.box;
  }

  /** A CPU at one level: the names of its calls, the boxes of its regions, and the locks that it keeps across them. */
  track(cpu, level, name) {
    const mine = (one) => one.cpu === cpu && one.level === level, calls = this.data.calls.filter((call) => mine(call) && this.sees(call.first, call.last));
    this.names(calls);
    this.row += 1;
    this.name(name, name && " ", make("span.muted", {}, level));
    for (const call of calls) this.put(make(`div.way.${level}`, { "aria-hidden": "true" }), call.first, call.last);
    this.data.regions.forEach((region, number) => mine(region) && this.sees(number + 1, number + 1) && this.region(region, number + 1));
    if (level === "EL1") this.locks(cpu);
  }

  names(calls) {
    const one = (call) => {
      const begins = call.first >= this.first, over = call.last !== null && call.last <= this.last;
      const inside = call.level === "EL2" && this.data.calls.some((other) => other.level === "EL1" && other.cpu === call.cpu && liesAround(other, call));
      const text = `${begins ? "" : "… "}${inside ? "↓ " : ""}${call.name}${over ? ` = ${call.answer}` : ""}`;
      return { call, text, from: Math.max(call.first, this.first), width: (text.length * LETTER + 10) / this.width };
    };
    const labels = inLines(calls.map(one)), lines = Math.max(1, ...labels.map(({ line }) => line + 1));
    for (const { call, text, line, width } of labels) {
      // A label at the right end of the line ends there instead of running out of the picture.
      const fits = this.place(Math.max(call.first, this.first)) + width <= this.place(this.last) + 1;
      const label = make("div.call", { "aria-hidden": "true", title: call.text }, text);
      if (fits) this.put(label, call.first, call.last, this.row + lines - line);
      else this.put(label, this.first, Math.max(call.first, this.first), this.row + lines - line).style.justifySelf = "end";
    }
    this.row += lines;
  }

  region(region, number) {
    const letters = lettersOf(region.locks), kind = letters.length > 1 ? "two" : letters.length ? "one" : "none";
    const names = letters.map((letter) => make(`span.lock-${letter}`, {}, letter));
    const label = `Region ${number}, ${this.data.cpus[region.cpu].name}, ${lockWords(region.locks)}: ${region.does}`;
    const box = make(`button.box.${kind}`, { type: "button", tabindex: "-1", "aria-label": label, title: label },
      make("span", { "aria-hidden": "true" }, ...names), SIGN_OF[region.kind]?.());
    box.dataset.region = number;
    this.put(box, number, number);
  }

  locks(cpu) {
    const held = this.data.held.filter((lock) => lock.cpu === cpu && this.sees(lock.first, lock.last));
    if (!held.length) return;
    this.row += 1;
    for (const span of held) {
      const words = this.fits(span, LOCKS[span.lock], 60) ? `${span.lock} ${LOCKS[span.lock]} held` : span.lock;
      this.put(make("div.held", { "aria-hidden": "true", title: `${LOCKS[span.lock]} held` }, words), span.first, span.last);
    }
  }

  outlives() {
    const { overlap } = this.data;
    this.row += 1;
    if (overlap && this.sees(overlap.first, overlap.last)) {
      this.put(make("div.outlives", { "aria-hidden": "true" }, "still held, already given back"), this.first, overlap.last);
    }
  }

  /** A bar: what is so from one region to another, as a sign, and in words where there is room. */
  spans(what, name, look, sign) {
    this.row += 1;
    this.name(make("span", {}, name));
    for (const span of this.data[what].filter(({ first, last }) => this.sees(first, last))) {
      const words = this.fits(span, span.words, 40) && make("span", {}, span.words);
      this.put(make(`div.span.${look(span)}`, { "aria-hidden": "true", title: span.says }, sign(span), words), span.first, span.last);
    }
  }

  numbers() {
    this.row += 1;
    this.name(make("span.muted", {}, "region"));
    for (let number = this.first; number <= this.last; number++) {
      this.put(make("div.number", { "aria-hidden": "true" }, number ? String(number) : "start"), number, number).dataset.number = number;
    }
  }

  /** Shows which column the learner stands in, if it is one of these. */
  light(number) {
    this.column.hidden = !this.sees(number, number);
    if (!this.column.hidden) this.column.style.gridColumn = String(this.place(number));
  }
}

const liesAround = (outer, inner) => outer.first <= inner.first && (outer.last === null || (inner.last !== null && inner.last <= outer.last));

class SequenceView extends Widget {
  constructor(root, data, port) {
    super(root, "sequence", data, port, `Sequence: ${data.title}`);
    dress("sequence", SEQUENCE_CSS);
    Object.assign(this, { at: 0, systems: [], fit: 0 });
    const go = (number) => this.guard(() => this.goTo(number()));
    this.counter = make("span.muted");
    this.back = button("button", "Back", "←", go(() => this.at - 1));
    this.next = button("button.go", "Next region", "→", go(() => this.at + 1));
    this.change = make("div.change", { role: "group", "aria-label": "What happens here" });
    this.score = make("div.score", { role: "group", "aria-label": "The run, region by region" });
    this.score.addEventListener("click", this.guard((event) => this.pick(event.target.closest("[data-region]"))));
    this.rows = data.rows.map(rowOf);
    this.box.append(this.head(go), this.change, this.standing, make("p.summary", {}, data.summary), this.score, this.tableBox(), this.alert, this.live);
    this.watch = new ResizeObserver(this.guard(() => this.layOut()));
    this.watch.observe(this.score);
    this.layOut();
    this.begin();
  }

  head(go) {
    const { data } = this, { letter, late, id } = data.revision, { overlap } = data;
    const revision = make(late ? "span.revision.late" : "span.revision", {}, make("b", { "aria-hidden": "true" }, letter), id);
    const buttons = [this.back, this.next, button("button", "First", "Home", go(() => 0)), button("button", "Last", "End", go(() => data.regions.length)),
      overlap && button("button", "Stale reference", "s", go(() => overlap.first))];
    return make("div.bar", {}, make("h3", {}, data.title), revision, this.counter, make("span.space"), make("div.buttons", {}, ...buttons));
  }

  tableBox() {
    const head = make("tr", {}, ...this.data.heads.map((text) => make("th", { scope: "col" }, text)));
    const table = make("table", {}, make("caption", {}, this.data.title), make("thead", {}, head), make("tbody", {}, ...this.rows));
    return make("details", {}, make("summary", {}, "As a table"), make("div.wide", { tabindex: "0", role: "region", "aria-label": "The run as a table" }, table));
  }

  /** Draws the picture anew where the width has room for more or fewer columns than it had. */
  layOut() {
    const room = (this.score.clientWidth || USUAL) - NAMES_WIDTH - 28, total = this.data.regions.length + 1;
    const fit = Math.max(4, Math.floor(room / NARROWEST));
    if (fit === this.fit) return;
    this.fit = fit;
    const lines = Math.ceil(total / fit), each = Math.ceil(total / lines), width = Math.min(WIDEST, room / each);
    this.systems = Array.from({ length: lines }, (_, line) => new System(this, line * each, Math.min(total, (line + 1) * each) - 1, width));
    this.score.replaceChildren(...this.systems.map((system) => system.draw()));
    this.draw();
  }

  get place() { return String(this.at); }

  get led() { return this.data.rows.slice(0, this.at + 1).map((row) => row.join("  ")).join("\n"); }

  recall(place) {
    this.at = Math.max(0, Math.min(Number(place) || 0, this.data.regions.length));
    this.draw();
  }

  follow(text) {
    this.recall(text);
    this.tell();
  }

  goTo(number) {
    if (number < 0 || number > this.data.regions.length) return this.announce("There is no such region to go to.");
    this.at = number;
    this.draw();
    const [, , counts, owners] = [...this.data.heads.slice(-4)], [count, owner] = this.data.rows[number].slice(-2);
    this.announce(`Region ${number} of ${this.data.regions.length}. ${this.data.rows[number].at(-3)} ${counts}: ${count}. ${owners}: ${owner}.`);
    return this.tell();
  }

  pick(box) {
    return box ? this.goTo(Number(box.dataset.region)) : undefined;
  }

  /** Lights the region where the learner stands, in the picture and in the table. */
  draw() {
    const { at: here, data, score } = this, focused = document.activeElement?.matches?.("button.box") && score.contains(document.activeElement);
    this.counter.textContent = `region ${here} of ${data.regions.length}`;
    enable(this.back, here > 0);
    enable(this.next, here < data.regions.length);
    for (const box of score.querySelectorAll("button.box")) this.mark(box, Number(box.dataset.region) === Math.max(1, here), here > 0);
    for (const number of score.querySelectorAll(".number")) number.classList.toggle("now", Number(number.dataset.number) === here);
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

  /** What happens in the region, and in which calls and under which locks. */
  said() {
    const { at: here, data } = this, region = data.regions[here - 1];
    if (!region) return [make("p.when", {}, "Before the first region"), make("p.says", {}, prose(data.says))];
    const where = `${data.cpus[region.cpu].name}, ${region.level}, ${lockWords(region.locks)}`;
    const when = make("p.when", {}, `Region ${here} of ${data.regions.length} · ${where}`), path = make("p.path", {}, region.path.join(" → "));
    const code = region.kind === "refused" && /-E[A-Z0-9]+/.exec(region.says);
    if (region.kind === "panic") return [make("div.panic", {}, octagon(30, PAPER, "var(--danger)"), make("p", {}, make("b", {}, "EL2 ends the machine"), region.says)), when, path];
    return [when, make("p.says", {}, prose(region.says)), code && refusedSign(code[0]), path].filter(Boolean);
  }

  onKey(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest(".wide")) return;
    const { overlap, regions } = this.data;
    const number = { ArrowLeft: this.at - 1, ArrowRight: this.at + 1, Home: 0, End: regions.length, s: overlap?.first }[event.key];
    if (number === undefined) return;
    event.preventDefault();
    this.goTo(number);
  }

  close() {
    this.watch.disconnect();
    super.close();
  }
}

function rowOf([first, ...rest]) {
  return make("tr", {}, make("th", { scope: "row" }, first), ...rest.map((text) => make("td", {}, text)));
}

register("sequence", SequenceView);
