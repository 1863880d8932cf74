// Side by side: the same CPUs step in the same order in two kernels. All parts have the same three columns: which step
// or thing, and one for each kernel. The parts in sight have fixed heights; the drawers have everything.

import { VIEWS, unpack } from "./cells.js";
import { button, enable, hiddenWords, make, prose, settle, write } from "./elements.js";
import { drawerFrame, footFrame, headFrame, revisionSign, walkParts } from "./frame.js";
import { dress } from "./styles.js";
import {
  PAPER,
  RIGHTS,
  SIGNS,
  codeOf,
  cpuSign,
  nothingSign,
  octagon,
  ownerSign,
  pageSign,
  refusedSign,
  sentences,
  vcpuSign,
  vmSign,
  withWord,
} from "./signs.js";
import { Walker } from "./walker.js";
import { register } from "./widget.js";

const ROWS_IN_DRAWER = 60,
  ROWS_FOR_CPUS = 6,
  FEWEST_ROWS = 2,
  MOST_FACTS = 4,
  MOST_PAGES_NAMED = 3,
  MOST_PARTS_NAMED = 3;
const SIDES_OF_PAIR = [0, 1];
const NO_DIFFERENCE = "At this step an observer sees no difference.";
const WHOSE = { HOST: "the host’s", HYP: "EL2’s", GUEST: "the guest’s" };

/** A value with its sign and word. */
function valueOf(sign, value, words = (word) => word) {
  if (!value) return make("span", {}, "not there");
  if (VIEWS.includes(sign)) return withWord(pageSign(sign, value), RIGHTS[value]);
  const draw = { owner: ownerSign, vm: vmSign, vcpu: vcpuSign }[sign];
  return draw ? withWord(draw(value), words(value)) : make("span", {}, value);
}

/** What one kernel did in a step, or why it did nothing. */
function sideParts(before, { cpu, sides }, side) {
  const done = sides[side];
  if (!done) return [make("span.muted", {}, idleWords(before, cpu, side))];
  if (done.kind === "panic") return [make("span.end", {}, octagon(20, "var(--danger)", "var(--bg)"), prose(done.says))];
  const [main, ...warnings] = sentences(done.says);
  const answer =
    done.kind === "nothing" ? nothingSign() : done.kind === "refused" && codeOf(done) && refusedSign(codeOf(done));
  const warned = warnings.map((text) => make("span.warning", {}, SIGNS.warn(), prose(text)));
  return [prose(main), answer && make("span.answer", {}, answer), ...warned];
}

const idleWords = (before, cpu, side) => (before.ends[side] ? "not reached" : before.next[cpu][side]);

const SHORT_SIGNS = {
  panic: () => octagon(20, PAPER, "var(--danger)"),
  refused: () => SIGNS.arrow(),
  nothing: () => SIGNS.nothing(),
};

/** The same in few words, for a place of fixed size: a sign, the sentence, and the first warning of the host. */
function shortSide(before, edge, side) {
  const done = edge.sides[side];
  if (!done) return make("span.muted.clipped", {}, idleWords(before, edge.cpu, side));
  const [main, ...warnings] = sentences(done.says);
  const look = done.kind === "panic" ? "span.short.ends" : warnings.length ? "span.short.warns" : "span.short";
  return make(
    look,
    { title: done.says },
    SHORT_SIGNS[done.kind]?.(),
    make("span.clipped", {}, prose(main)),
    warningLine(warnings),
  );
}

function warningLine([first, ...more]) {
  if (!first) return null;
  const text = first.replace(/^The host logs a warning: /, "").replace(/\. The machine goes on\.$/, "");
  return make(
    "span.host-warns",
    {},
    SIGNS.warn(),
    make("code", {}, "WARN"),
    " ",
    prose(text + (more.length ? ` (and ${more.length} more)` : "")),
  );
}

/** Whether both kernels did the same in a step. */
const isEqual = ({ sides: [one, other] }) => Boolean(one) && JSON.stringify(one) === JSON.stringify(other);

const RANKS_APART = { "VM ": 0, "page owner": 1, "page rights": 2, "VM count": 3, "slot ": 5, "page count": 7 };

/** Facts that follow from another one: rights from the owner; all of a VM that one side lacks; its slot, its flag. */
function isImpliedBy({ name, part, values }, cells) {
  const has = (of, about) => cells.some((one) => one.name === of && one.part === about);
  if (VIEWS.includes(part)) return has(name, "owner");
  if (name.startsWith("slot ")) return cells.some((one) => one.name.startsWith("VM ") && !one.part);
  return name.startsWith("VM ") && part !== "" && has(name, "") && (part === "dying in EL2" || values.includes(""));
}

/** Which fact a cell belongs to: the rights to a page are one. */
function factOf({ name, part }) {
  const [kind, ...rest] = name.split(" "),
    about = VIEWS.includes(part) ? "rights" : part;
  return { kind, which: kind === "page" ? rest.join(" ") : name, about, rank: RANKS_APART[`${kind} ${about}`] ?? 4 };
}

/**
 * In what two states differ, the most important first; pages that differ alike are one fact.
 * @returns {{names: string[], about: string, cells: CellValue[], key: string, rank: number}[]}
 */
function tellApart(cells) {
  const facts = new Map();
  for (const cell of cells.filter((one) => !isImpliedBy(one, cells))) {
    const { which, ...fact } = factOf(cell),
      at = `${fact.kind} ${which} ${fact.about}`;
    if (!facts.has(at)) facts.set(at, { ...fact, names: [which], cells: [] });
    facts.get(at).cells.push(cell);
  }
  const alike = new Map();
  for (const fact of facts.values()) {
    const shows = fact.cells.map(({ part, values }) => [part, values]);
    const name = fact.kind === "page" ? "" : fact.names[0],
      key = JSON.stringify([fact.kind, name, fact.about, shows]);
    if (alike.has(key)) alike.get(key).names.push(...fact.names);
    else alike.set(key, { ...fact, key });
  }
  return [...alike.values()].sort((one, other) => one.rank - other.rank);
}

function nameFact({ kind, names, about }) {
  if (kind !== "page") return about ? `${names[0]} ${about}` : names[0];
  const more = names.length - MOST_PAGES_NAMED,
    shown = more > 0 ? `${names.slice(0, MOST_PAGES_NAMED).join(" ")} +${more}` : names.join(" ");
  return about === "count" ? `${shown} count` : shown;
}

/** The cells of a step; what both kernels did stands once, across both columns. */
function sideCells(before, edge) {
  if (!isEqual(edge)) return SIDES_OF_PAIR.map((side) => make("td", {}, shortSide(before, edge, side)));
  const both = make("span.both", {}, make("span.muted", {}, "both"), shortSide(before, edge, 0));
  return [make("td", { colspan: "2" }, both)];
}

/**
 * Two kernels on the screen.
 * @extends {Walker<PairStateValue, PairEdgeValue>}
 */
class SideBySide extends Walker {
  constructor(root, graph, port = {}) {
    super(root, "beside", graph, port, `Side by side: ${graph.title}`);
    dress("beside");
  }

  get news() {
    return this.walk.at && this.differsAt === this.walk.at ? " This is the first difference." : "";
  }

  actions() {
    const act = {
      compare: () => this.compare(),
      run: (side) => this.showRun(side),
      apart: () => this.opened.has("differences") || this.toggle("differences"),
      first: () => this.goToDifference(),
    };
    return {
      ...super.actions(),
      ...Object.fromEntries(Object.entries(act).map(([name, work]) => [name, this.guard(work)])),
    };
  }

  frame() {
    const { graph, act, box, alert, standing, live } = this,
      { revisions, cpus } = graph;
    this.rowsInSight = Math.max(FEWEST_ROWS, ROWS_FOR_CPUS - cpus.length);
    const parts = {
      ...walkParts(act),
      told: make("div.told"),
      cpus: cpus.map((name, cpu) => this.cpuParts(name, cpu)),
      last: make("tbody"),
      facts: make("div.facts"),
      rows: make("tbody"),
      apart: make("div"),
      runs: make("div.runs"),
    };
    for (const rows of [parts.last, parts.rows]) rows.addEventListener("click", act.pick);
    const drawers = this.drawersOf(parts);
    box.append(
      headFrame(graph.title, [], parts, act),
      make("div.kernels", {}, make("span.muted", {}, "the same steps in"), ...revisions.map(revisionSign)),
      make("div.change", { role: "group", "aria-label": "What just happened" }, parts.told, alert),
      standing,
      live,
      make("div.cpus", { role: "group", "aria-label": "Next steps" }, ...parts.cpus.map(({ row }) => row)),
      make("div.last", { style: `--rows:${this.rowsInSight}` }, this.tableOf("table", "The last steps", parts.last)),
      make(
        "div.facts-now",
        { role: "group", "aria-label": "What differs now" },
        make("h4", {}, "What differs now"),
        parts.facts,
      ),
      ...footFrame(parts, drawers),
    );
    return { ...parts, drawers };
  }

  drawersOf(parts) {
    const { act } = this;
    return [
      drawerFrame("steps", "Steps", act, this.tableOf("table.steps", "Step by step", parts.rows)),
      drawerFrame("differences", "Differences", act, parts.apart),
      drawerFrame("runs", "All runs", act, parts.runs),
      ...super.drawersOf(parts),
    ];
  }

  /** A table with a column for each kernel; above the parts in sight the kernels are named once for all. */
  tableOf(spec, caption, rows) {
    const isShort = spec === "table",
      word = (text) => (isShort ? hiddenWords(text) : text);
    const heads = ["Step", ...this.graph.revisions.map(({ id }) => id)];
    const head = make("tr", {}, ...heads.map((text) => make("th", { scope: "col" }, word(text))));
    return make(
      spec,
      {},
      make(isShort ? "caption.hidden-words" : "caption", {}, caption),
      make("thead", {}, head),
      rows,
    );
  }

  /** A step button, and beside it what the CPU does next in each kernel. */
  cpuParts(name, cpu) {
    const go = button("button.go", `Step ${name}`, String(cpu), () => this.act.step(cpu));
    const next = this.graph.revisions.map(() => make("dd"));
    const pairs = this.graph.revisions.map(({ id }, side) =>
      make("div", {}, make("dt.hidden-words", {}, `${id}:`), next[side]),
    );
    return { row: make("div.cpu", {}, go, make("dl", {}, ...pairs)), go, next };
  }

  /** The number of the first step after which an observer can tell the two apart; 0 if they differ from the start. */
  get differsAt() {
    const { walk, graph } = this;
    if (graph.states[walk.places[0].id].differs.length) return 0;
    const found = walk.path.findIndex(({ edge }) => edge.differs.length);
    return found < 0 ? Infinity : found + 1;
  }

  goToDifference() {
    this.endPlay();
    return this.goStep(this.differsAt, "The first difference. ");
  }

  drawHere(since) {
    const { walk, parts } = this,
      { state } = walk;
    const facts = tellApart(state.cells),
      known = new Set(tellApart(walk.stateAt(walk.at ? since : 0).cells).map(({ key }) => key)),
      fresh = new Set(walk.at ? facts.filter(({ key }) => !known.has(key)).map(({ key }) => key) : []);
    parts.cpus.forEach(({ go, next }, cpu) => {
      enable(go, walk.edges(cpu).length > 0);
      next.forEach((dd, side) => {
        write(dd, state.next[cpu][side]);
        dd.classList.toggle("muted", state.ends[side] || state.next[cpu][side] === "nothing left to do");
      });
    });
    this.drawTold(fresh.size > 0);
    this.drawLast();
    this.drawFacts(facts, fresh);
  }

  /** What the last step did in both kernels. */
  drawTold(isFresh) {
    const { walk, parts, graph, differsAt: first } = this,
      { here, at } = walk,
      { edge, before } = here;
    const isNews = first === at || isFresh || Boolean(edge?.differs.includes("answers"));
    parts.told.parentElement.classList.toggle("calm", !isNews);
    const who = edge
      ? [make("b", {}, `Step ${at}`), cpuSign(edge.cpu), make("span", {}, edge.label)]
      : [make("b", {}, "Before step 1")];
    const one = (text, kind) => make("p.says.same", { title: text }, SHORT_SIGNS[kind]?.(), prose(text));
    const draw = () => {
      if (!edge) return make("div.sentence", {}, make("p.who", {}, ...who), one(graph.says));
      const from = graph.states[before.id],
        same = isEqual(edge) && edge.kind !== "panic" && edge.kind !== "warn";
      const sides = SIDES_OF_PAIR.map((side) =>
        make("p.side", {}, hiddenWords(`${graph.revisions[side].id}: `), shortSide(from, edge, side)),
      );
      return make("div.sentence", {}, make("p.who", {}, ...who), ...(same ? [one(edge.says, edge.kind)] : sides));
    };
    settle(parts.told, [
      [here, draw],
      [`${here.number} ${first}`, () => this.chips(first)],
    ]);
  }

  /** At most three chips: the parts in which an onlooker sees the two differ. */
  chips(first) {
    const { walk, act } = this,
      { here, at, state } = walk;
    const differs = [...new Set([...(here.edge?.differs ?? []), ...state.differs])],
      more = differs.length - MOST_PARTS_NAMED;
    const mark = () =>
      first === at
        ? make("li.plain", {}, make("b", {}, "◆ first difference"))
        : make(
            "li.plain",
            {},
            button("button.more", `◆ first difference: ${first ? `step ${first}` : "at the beginning"}`, "", act.first),
          );
    return make(
      "ul.chips",
      {},
      first <= at && mark(),
      differs.length ? make("li.plain.muted", {}, "differs:") : make("li.plain.muted", {}, NO_DIFFERENCE),
      ...differs.slice(0, MOST_PARTS_NAMED).map((text) => make("li.chip", {}, text)),
      more > 0 && make("li.plain", {}, button("button.more", `${more} more`, "", act.apart)),
    );
  }

  /** The steps that have a row in sight: the last ones and, if it lies further back, the first difference. */
  chooseSteps(first) {
    const { at, path } = this.walk,
      most = this.rowsInSight;
    const from = Math.max(0, at - most + 1),
      steps = Array.from({ length: Math.min(most, path.length + 1) }, (_, number) => from + number);
    return first < from ? [first, ...steps.slice(1)] : steps;
  }

  drawLast() {
    const { differsAt: first, parts } = this,
      steps = this.chooseSteps(first);
    settle(
      parts.last,
      steps.map((step, row) =>
        this.row(step, first, (place) => this.shortCells(place), row > 0 && step > steps[row - 1] + 1),
      ),
    );
  }

  shortCells({ edge, before }) {
    const { graph } = this;
    if (edge) return sideCells(graph.states[before.id], edge);
    return [
      make(
        "td.same",
        { colspan: "2" },
        make("span.short", { title: graph.says }, make("span.clipped", {}, prose(graph.says))),
      ),
    ];
  }

  /** What differs now, as many facts as there is room for. */
  drawFacts(facts, fresh) {
    const { parts, act } = this,
      room = facts.length > MOST_FACTS ? MOST_FACTS - 1 : MOST_FACTS,
      rest = facts.slice(room);
    const rows = facts.slice(0, room).map((fact) => this.factRow(fact, fresh.has(fact.key)));
    const more = () =>
      make(
        "tr",
        {},
        make("th", { scope: "row" }, button("button.more", `${rest.length} more`, "", act.apart)),
        make("td.muted", { colspan: "2" }, make("span.clipped", {}, rest.map(nameFact).join(", "))),
      );
    const shown = facts.length ? [...rows, rest.length > 0 && [`more ${rest.map(({ key }) => key)}`, more]] : [];
    settle(parts.facts, [
      shown.length > 0 && [
        "table",
        () => this.tableOf("table", "What differs now", make("tbody")),
        (table) => settle(table.tBodies[0], shown),
      ],
      !shown.length && ["none", () => make("p.muted", {}, NO_DIFFERENCE)],
    ]);
  }

  factRow(fact, isFresh) {
    const { cells, names, key } = fact;
    const cell = (side) =>
      make(
        "td",
        {},
        make(
          "span.values",
          {},
          ...cells.map(({ part, sign, values }) => factValue(part, sign, values[side], cells.length)),
        ),
      );
    return [
      `${key} ${names} ${isFresh}`,
      () =>
        make(
          isFresh ? "tr.fresh" : "tr",
          {},
          make("th", { scope: "row" }, make("span.clipped", { title: names.join(" ") }, nameFact(fact))),
          ...SIDES_OF_PAIR.map(cell),
        ),
    ];
  }

  drawDrawer(name) {
    if (name === "steps") return this.drawRows();
    return name === "differences" ? this.drawApart() : this.drawRuns();
  }

  /** The steps of the path; of a long path those near the step shown, and the first difference. */
  drawRows() {
    const { walk, parts, differsAt: first } = this,
      last = walk.path.length;
    const from = Math.max(0, Math.min(walk.at - ROWS_IN_DRAWER + 3, last - ROWS_IN_DRAWER)),
      to = Math.min(last, from + ROWS_IN_DRAWER);
    const steps = new Set([
      0,
      ...Array.from({ length: to - from }, (_, number) => from + number + 1),
      ...(first <= last ? [first] : []),
    ]);
    const rows = [];
    let before = -1;
    for (const step of [...steps].sort((one, other) => one - other)) {
      if (step > before + 1) rows.push(this.foldRow(before + 1, step - 1));
      rows.push(this.row(step, first, (place) => this.cells(place)));
      before = step;
    }
    if (before < last) rows.push(this.foldRow(before + 1, last));
    settle(parts.rows, rows);
  }

  foldRow(from, to) {
    const text = from === to ? `step ${from}` : `steps ${from} to ${to}`;
    return [
      `fold ${from} ${to}`,
      () => make("tr.fold", {}, make("td", { colspan: "3" }, `… ${text}; the time above leads there`)),
    ];
  }

  /** A row, and the key of what it shows. */
  row(step, first, cells, isLeap = false) {
    const { walk } = this,
      place = walk.placeAt(step),
      when = step === walk.at ? "here" : step > walk.at ? "later" : "made";
    const classes = [when, step === first && "first", isLeap && "leap"].filter(Boolean).join(".");
    return [
      `${place.number} ${classes} ${step <= first}`,
      () => make(`tr.${classes}`, {}, this.rowHead(place, step, first), ...cells(place)),
    ];
  }

  /** The name of a step. Steps after the first difference have no number, because the two kernels have parted. */
  rowHead(place, step, first) {
    const { edge } = place,
      here = step === this.walk.at,
      current = here ? { "aria-current": "step" } : {};
    const name = edge ? `Go to step ${step}, ${this.graph.cpus[edge.cpu]}, ${edge.label}` : "Go to the beginning";
    const kids = edge ? [step <= first && `${step}`, cpuSign(edge.cpu), make("span", {}, edge.label)] : ["start"];
    const go = make("button", { type: "button", "aria-label": name, ...current }, ...kids);
    go.dataset.place = place.number;
    return make(
      "th",
      { scope: "row" },
      go,
      step === first &&
        make("span.mark", { title: "first difference" }, "◆", make("span.words", {}, " first difference")),
      here && hiddenWords("you are here"),
    );
  }

  cells({ edge, before }) {
    const { graph } = this;
    if (!edge) return SIDES_OF_PAIR.map(() => make("td", {}, make("span", {}, graph.says)));
    return SIDES_OF_PAIR.map((side) => make("td", {}, ...sideParts(graph.states[before.id], edge, side)));
  }

  /** What an observer sees differ: a row for each object with the parts that differ. */
  drawApart() {
    const {
        parts,
        walk: { state },
      } = this,
      { differs } = state;
    const says = differs.length ? `Differs: ${differs.join(", ")}.` : NO_DIFFERENCE;
    settle(parts.apart, [
      ["says", () => make("p"), (p) => write(p, says)],
      state.cells.length && [state, () => this.apartTable(state)],
    ]);
  }

  apartTable({ cells }) {
    const things = new Map();
    for (const cell of cells) things.set(cell.name, [...(things.get(cell.name) ?? []), cell]);
    const side = (some, at) =>
      some.map(({ part, sign, values }) =>
        make("span", {}, part && make("span.part", {}, part), valueOf(sign, values[at])),
      );
    const rows = [...things].map(([name, some]) =>
      make(
        "tr",
        {},
        make("th", { scope: "row" }, name),
        make("td", {}, ...side(some, 0)),
        make("td", {}, ...side(some, 1)),
      ),
    );
    const heads = this.graph.revisions.map(({ id }) => make("th", { scope: "col" }, id));
    return make(
      "table.differing",
      {},
      make("thead", {}, make("tr", {}, make("td"), ...heads)),
      make("tbody", {}, ...rows),
    );
  }

  drawRuns() {
    const {
      graph: { runs, revisions },
      act,
      parts,
    } = this;
    if (!runs)
      return settle(parts.runs, [["ask", () => button("button", "Compare the ends of all runs", "", act.compare)]]);
    const show = runs.alone.map(
      (cpus, side) =>
        cpus && [
          `run ${side}`,
          () => button("button", `Show a run whose end only ${revisions[side].id} has`, "", () => act.run(side)),
        ],
    );
    return settle(parts.runs, [["says", () => make("p", {}, runs.says)], ...show]);
  }

  async compare() {
    const runs = await this.ask({ runs: true });
    if (!runs) return;
    this.graph.runs = runs;
    this.drawRuns();
    this.say(runs.says);
  }

  /** Walks a run to an end that the other kernel never reaches. */
  async showRun(side) {
    const { walk } = this;
    this.endPlay();
    walk.go(walk.places[0]);
    for (const cpu of this.graph.runs.alone[side]) {
      const [edge] = walk.edges(cpu);
      const misfit = await this.takeLine(edge?.line ?? `${cpu}`);
      if (misfit) return this.fail(misfit);
    }
    return this.show(Math.max(0, walk.at - 1));
  }
}

/** The value of a part on one side; the part is named where a fact has several. */
function factValue(part, sign, value, many) {
  const named = many > 1 && VIEWS.includes(part) && make("span.part", {}, part === "hyp" ? "EL2" : part);
  return make(
    "span.value",
    {},
    named,
    valueOf(sign, value, (word) => WHOSE[word] ?? word),
  );
}

register("beside", SideBySide, unpack);
