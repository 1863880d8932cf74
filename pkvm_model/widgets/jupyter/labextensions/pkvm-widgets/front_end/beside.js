// Side by side: the same CPUs step in the same order in two kernels. Each step is a row, each kernel a column; below
// them is what an observer sees differ.

import { VIEWS, unpack } from "./cells.js";
import { button, enable, hiddenWords, make, prose, settle, write } from "./elements.js";
import { headFrame, shareFrame, timelineFrame, walkParts } from "./frame.js";
import { dress } from "./styles.js";
import {
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

const MOST_ROWS = 12;

/** A value with its sign and word. */
function valueOf(sign, value) {
  if (!value) return make("span", {}, "not there");
  if (VIEWS.includes(sign)) return withWord(pageSign(sign, value), RIGHTS[value]);
  const draw = { owner: ownerSign, vm: vmSign, vcpu: vcpuSign }[sign];
  return draw ? withWord(draw(value), value) : make("span", {}, value);
}

/** What one kernel did in a step, or why it did nothing. */
function sideParts(before, { cpu, sides }, side) {
  const done = sides[side];
  if (!done) return [make("span.muted", {}, before.ends[side] ? "not reached" : before.next[cpu][side])];
  if (done.kind === "panic") return [make("span.end", {}, octagon(20, "var(--danger)", "var(--bg)"), prose(done.says))];
  const [main, ...warnings] = sentences(done.says);
  const answer =
    done.kind === "nothing" ? nothingSign() : done.kind === "refused" && codeOf(done) && refusedSign(codeOf(done));
  const warned = warnings.map((text) => make("span.warning", {}, SIGNS.warn(), prose(text)));
  return [prose(main), answer && make("span.answer", {}, answer), ...warned];
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
    const act = { compare: () => this.compare(), run: (side) => this.showRun(side), row: (event) => this.onRow(event) };
    return {
      ...super.actions(),
      ...Object.fromEntries(Object.entries(act).map(([name, work]) => [name, this.guard(work)])),
    };
  }

  frame() {
    const { graph, act, box, alert, standing, live } = this,
      { revisions } = graph;
    const parts = {
      ...walkParts(act),
      cpus: graph.cpus.map((name, cpu) => this.cpuParts(name, cpu)),
      rows: make("tbody"),
      apart: make("div"),
      runs: make("div.runs"),
    };
    const heads = ["Step", ...revisions.map(({ id }) => id)].map((head) => make("th", { scope: "col" }, head));
    const table = make(
      "table.steps",
      {},
      make("caption", {}, "Step by step"),
      make("thead", {}, make("tr", {}, ...heads)),
      parts.rows,
    );
    parts.rows.addEventListener("click", act.row);
    box.append(
      headFrame(graph.title, revisions, parts),
      make(
        "div.section",
        { role: "group", "aria-label": "Next steps" },
        make("div.cpus", {}, ...parts.cpus.map(({ row }) => row)),
        alert,
      ),
      standing,
      live,
      make("div.section.rows", {}, table),
      make(
        "div.section",
        { role: "group", "aria-label": "What differs now" },
        make("h4", {}, "What differs now"),
        parts.apart,
      ),
      make("div.section", { role: "group", "aria-label": "All runs" }, make("h4", {}, "All runs"), parts.runs),
      timelineFrame(parts),
      shareFrame(parts, act),
    );
    return parts;
  }

  /** A step button, and beside it what the CPU does next in each kernel. */
  cpuParts(name, cpu) {
    const go = button("button.go", `Step ${name}`, String(cpu), () => this.act.step(cpu));
    const next = this.graph.revisions.map(() => make("dd"));
    const list = make(
      "dl",
      {},
      ...this.graph.revisions.map(({ id }, side) => make("div", {}, make("dt", {}, `${id}:`), next[side])),
    );
    return { row: make("div.cpu", {}, go, list), go, next };
  }

  /** The number of the first step after which an observer can tell the two apart; 0 if they differ from the start. */
  get differsAt() {
    const { walk, graph } = this;
    if (graph.states[walk.places[0].id].differs.length) return 0;
    const found = walk.path.findIndex(({ edge }) => edge.differs.length);
    return found < 0 ? Infinity : found + 1;
  }

  drawHere() {
    const { walk, parts } = this,
      { state } = walk;
    parts.cpus.forEach(({ go, next }, cpu) => {
      enable(go, walk.edges(cpu).length > 0);
      next.forEach((dd, side) => write(dd, state.next[cpu][side]));
    });
    this.drawRows();
    this.drawApart();
    this.drawRuns();
  }

  /** The steps of the path; of a long path those near the step shown, and the first difference. */
  drawRows() {
    const { walk, parts, differsAt: first } = this,
      last = walk.path.length;
    const from = Math.max(0, Math.min(walk.at - MOST_ROWS + 3, last - MOST_ROWS)),
      to = Math.min(last, from + MOST_ROWS);
    const steps = new Set([
      0,
      ...Array.from({ length: to - from }, (_, number) => from + number + 1),
      ...(first <= last ? [first] : []),
    ]);
    const rows = [];
    let before = -1;
    for (const step of [...steps].sort((one, other) => one - other)) {
      if (step > before + 1) rows.push(this.foldRow(before + 1, step - 1));
      rows.push(this.row(step, first));
      before = step;
    }
    if (before < last) rows.push(this.foldRow(before + 1, last));
    settle(parts.rows, rows);
  }

  foldRow(from, to) {
    const text = from === to ? `step ${from}` : `steps ${from} to ${to}`;
    return [
      `fold ${from} ${to}`,
      () => make("tr.fold", {}, make("td", { colspan: "3" }, `… ${text}; the timeline below leads there`)),
    ];
  }

  /** A row, and the key of what it shows. */
  row(step, first) {
    const { walk } = this,
      place = walk.placeAt(step),
      when = step === walk.at ? "here" : step > walk.at ? "later" : "made";
    const classes = [when, step === first && "first"].filter(Boolean).join(".");
    return [
      `${place.number} ${classes} ${step <= first}`,
      () => make(`tr.${classes}`, {}, this.rowHead(place, step, first), ...this.cells(place)),
    ];
  }

  /** The name of a step. Steps after the first difference have no number, because the two kernels have parted. */
  rowHead(place, step, first) {
    const { edge } = place,
      here = step === this.walk.at,
      current = here ? { "aria-current": "step" } : {};
    const name = edge ? `Go to step ${step}, ${this.graph.cpus[edge.cpu]}, ${edge.label}` : "Go to the start";
    const kids = edge ? [step <= first && `${step}`, cpuSign(edge.cpu), edge.label] : ["start"];
    const go = make("button", { type: "button", "aria-label": name, ...current }, ...kids);
    go.dataset.place = place.number;
    return make(
      "th",
      { scope: "row" },
      go,
      step === first && make("span.mark", {}, "◆ first difference"),
      here && hiddenWords("you are here"),
    );
  }

  cells({ edge, before }) {
    const { graph } = this;
    if (!edge) return [0, 1].map(() => make("td", {}, make("span", {}, graph.says)));
    return [0, 1].map((side) => make("td", {}, ...sideParts(graph.states[before.id], edge, side)));
  }

  onRow({ target }) {
    return this.pick(target.closest("[data-place]")?.dataset.place);
  }

  /** What an observer sees differ: a row for each object with the parts that differ. */
  drawApart() {
    const {
        parts,
        walk: { state },
      } = this,
      { differs } = state;
    const says = differs.length ? `Differs: ${differs.join(", ")}.` : "Nothing that an onlooker can see differs.";
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
    walk.go(walk.places[0]);
    for (const cpu of this.graph.runs.alone[side]) {
      const [edge] = walk.edges(cpu);
      const misfit = await this.takeLine(edge?.line ?? `${cpu}`);
      if (misfit) return this.fail(misfit);
    }
    return this.show(Math.max(0, walk.at - 1));
  }
}

register("beside", SideBySide, unpack);
