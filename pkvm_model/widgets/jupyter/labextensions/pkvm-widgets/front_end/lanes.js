// The lanes: for each CPU its step button, its call as a strip of lock regions, what comes next, and what it holds.

import { button, enable, hiddenWords, make, prose, settle, write } from "./elements.js";
import { drawMenu, findChoice, menuFrame, readChoice, refusalOf } from "./menu.js";
import { gapLabel, gapWords, inFlight, listRegions } from "./regions.js";
import { showsDetail } from "./shows.js";
import { LOCKS, PAPER, SIGNS, codeOf, lockNames, octagon, refusedSign, tag } from "./signs.js";

/** How many regions a strip shows beside the next one: fewer where three lanes share the room. */
const stripSize = ({ cpus }) => ({ done: cpus.length > 2 ? 0 : 2, later: cpus.length > 2 ? 0 : 1, used: false });
const FOLDS = { done: "done", later: "more" };

/** The class of a bracket or a box that stands for a region with these locks. */
export const lockLook = (locks) => ["none", "one", "two"][Math.min(2, lockNames(locks).length)];
export const lockLetters = (locks) =>
  lockNames(locks).map((lock) => make(`abbr.lock-${lock}`, { title: LOCKS[lock] ?? lock }, lock));

const whenWords = ({ from, to }) =>
  from === undefined ? "" : from === to ? ` in step ${from}` : ` in steps ${from} to ${to}`;
function regionWords(row) {
  const times = row.times > 1 ? `${row.times} times ` : "",
    locks = row.locks ? ` [${row.locks}]` : "";
  return `${row.when}${whenWords(row)}: ${times}${row.says}${locks}`;
}

/** What is in the box of a region: the letters of its locks, and how often it was made. */
function boxParts({ locks, when, times, folded, plain }, whole) {
  if (whole || folded) return [whole ? "whole call" : `${folded} ${FOLDS[when]}`];
  const letters = lockNames(locks).length ? lockLetters(locks) : ["–"];
  return [...(plain ? [] : letters), times > 1 && `×${times}`];
}

/** A row for `settle`: a region as a box, or all of a call that one click makes. */
function boxRow(row, whole) {
  const { locks, when, folded } = row,
    words = regionWords(row),
    look = whole ? "whole" : folded ? "fold" : lockLook(locks);
  const draw = () => {
    const seen = make("span", { "aria-hidden": "true" }, ...boxParts(row, whole));
    return make(`li.rg.${when}.${look}`, { title: words }, seen, hiddenWords(words));
  };
  return [`${words} ${folded} ${whole}`, draw];
}

/** A row for `settle`: the gap before a region, with who stepped in it; there is room for one label. */
function gapRow({ gap, when }, before, labelled) {
  if (!before) return null;
  const here = before.when === "done" && when === "next",
    says = gap.length ? gapWords(gap) : here ? "gap, others may run" : "",
    look = gap.length && labelled ? "used" : gap.length || here ? "here" : "plain";
  const draw = () =>
    make(
      `li.gp.${look}`,
      says ? { title: says } : { "aria-hidden": "true" },
      look === "used" && make("span", { "aria-hidden": "true" }, gapLabel(gap)),
      says && hiddenWords(says),
    );
  return [`gap ${look} ${says}`, draw];
}

/** The strip of a call; a box is empty while the chapter has not explained locks. */
function stripRows(view, cpu) {
  const { whole } = view.state.lanes[cpu],
    rows = listRegions(view, cpu, stripSize(view.graph)).map((row) => withoutLocks(view.graph, row)),
    last = rows.findLastIndex(({ gap }) => gap.length > 0);
  return rows.flatMap((row, number) => [gapRow(row, rows[number - 1], number === last), boxRow(row, whole)]);
}

/** A region as it is shown: without its locks while the chapter has not explained these. */
export const withoutLocks = (graph, row) => (showsDetail(graph, "locks") ? row : { ...row, locks: "", plain: true });

/**
 * What a CPU holds: references that are counted, and pointers that a call keeps and nobody counts.
 * @returns {{name: string, kind: string, says: string, stale: boolean, counted: boolean}[]}
 */
export function listHeld({ vms, lanes }, cpu) {
  const mine = ({ says }) => says.match(/\bCPU (\d+)/)?.[1] === String(cpu);
  const counted = vms.flatMap(({ vm, holders }) =>
    holders.filter(mine).map(({ kind, says, stale }) => ({ name: vm, kind, says, stale, counted: true })),
  );
  const { keeps, stale } = lanes[cpu],
    gone = stale && !counted.some((one) => one.stale);
  const others = keeps.filter((name) => !counted.some((one) => one.name === name && one.kind === "call"));
  return [
    ...counted,
    ...others.map((name) => ({ name, kind: "call", says: `points to ${name}`, stale: gone, counted: false })),
  ];
}

/** A row for `settle`: something that a CPU holds. */
function heldRow({ name, kind, says, stale, counted }) {
  const by = counted && kind === "vcpu",
    why = by ? says.split(" on ")[0] : counted ? "counted" : "";
  const draw = () => {
    const words = make("span", {}, make("b", {}, name), " ", by && make("span.via", {}, "via "), why);
    const drawn = tag(kind, words, stale);
    drawn.title = says;
    return drawn;
  };
  return [`${name} ${kind} ${says} ${stale}`, draw];
}

function heldRows(view, cpu) {
  const held = listHeld(view.state, cpu);
  if (!held.length && !view.state.lanes[cpu].call) return [];
  const none = ["none", () => make("span.muted", {}, "holds nothing")];
  if (!held.length) return [none];
  return [["holds", () => make("span.muted", {}, "holds")], ...held.map(heldRow)];
}

const FORECAST_SIGNS = {
  panic: () => octagon(18, "var(--danger)", PAPER),
  refused: (edge) => codeOf(edge) && refusedSign(codeOf(edge)),
  warn: () => SIGNS.warn(),
  nothing: () => SIGNS.nothing(),
};

/** Why EL2 would refuse a call that the learner may begin; other outcomes are shown only if the graph foretells. */
function foretellRefusal(edge, { foretell }) {
  const refusal = refusalOf(edge),
    { ret, says } = refusal ?? edge;
  if (!refusal && !foretell) return undefined;
  const gaps = edge.refusal ? " It ends like this if no other CPU runs in its gaps." : "";
  const sign = !refusal ? FORECAST_SIGNS[edge.kind]?.(edge) : /^-/.test(ret) ? refusedSign(ret) : SIGNS.nothing();
  return [says + gaps, () => make("span.foretold", {}, sign, prose(says + gaps))];
}

/** A row for `settle` that says what a step would do, or nothing. */
function forecast(edge, { graph, state }, lane, known) {
  const muted = (text) => [text, () => make("span.muted", {}, text)];
  if (state.end) return muted("The machine has ended. Undo to go on.");
  if (!edge) return lane.short && muted("waits");
  if (graph.free?.includes(edge.cpu) && !lane.short)
    return foretellRefusal(edge, graph) ?? muted("EL2 would not refuse this call now.");
  if (!graph.foretell) return undefined;
  if (edge.to === null && !edge.says)
    return muted(known ? "Python will compute this step." : "Not stored here: run the cell first.");
  return [edge.line + edge.says, () => make("span.foretold", {}, FORECAST_SIGNS[edge.kind]?.(edge), prose(edge.says))];
}

/** What the next region of a call does, in words; "" if the call has none. */
export function nextWords({ regions }) {
  const next = regions.find(({ when }) => when === "next");
  return next ? `next: ${next.says}` : "";
}

/** The lane of a CPU. If some of its clicks make a whole call, the button has room to say so from the start. */
export function laneFrame(graph, cpu, act) {
  const name = graph.cpus[cpu],
    free = graph.free?.includes(cpu);
  const lane = {
    whole: graph.states.some(({ lanes }) => lanes[cpu].whole),
    short: make("b.short"),
    where: make("span.muted.where"),
    next: make("b"),
    fore: make("div.fore"),
    keeps: make("p.keeps"),
    strip: make("ol.strip", { "aria-label": "Lock regions" }),
    acts: make("div.acts"),
    steps: [],
  };
  lane.menu = free && menuFrame(() => act.choose(cpu));
  lane.finish = button("button.finish", "Finish call", `⇧${cpu}`, () => act.finish(cpu));
  lane.finish.hidden = lane.whole && !graph.states.some(({ lanes }) => inFlight(lanes[cpu]));
  const head = make(
    "div.h",
    {},
    make("b.who", { "aria-hidden": "true" }, name),
    lane.acts,
    lane.short,
    make("span.space"),
    lane.finish,
  );
  const ahead = make("p.nx", {}, lane.where, " ", lane.next);
  const rest = [lane.strip, make("div.told-next", {}, ahead, lane.fore), lane.keeps];
  lane.box = make(
    lane.whole ? "div.lane.says-more" : "div.lane",
    { role: "group", "aria-label": name },
    head,
    lane.menu && lane.menu.box,
    ...rest,
  );
  return lane;
}

const WHOLE_CALL = ": whole call";

/** One button for each step a CPU can take; buttons persist from state to state. */
function drawSteps(lane, view, cpu, edges, act) {
  const shown = Math.max(1, edges.length);
  while (lane.steps.length < shown) {
    const number = lane.steps.length;
    const go = button("button.go", "Step", number ? "" : String(cpu), () => act.step(cpu, number || undefined));
    go.firstChild.dataset.longest = `Step ${view.graph.cpus[cpu]}${lane.whole ? WHOLE_CALL : ""}`;
    lane.steps.push(go);
    lane.acts.append(lane.steps[number]);
  }
  lane.steps.forEach((go, number) => {
    const edge = view.state.end ? undefined : edges[number];
    go.hidden = number >= shown;
    const whole = view.state.lanes[cpu].whole ? WHOLE_CALL : "";
    write(go.firstChild, `Step ${edge && edges.length > 1 ? edge.label : view.graph.cpus[cpu]}${whole}`);
    enable(go, edge);
  });
}

export function drawLane(lane, view, cpu, all, known, act) {
  if (lane.menu) drawMenu(lane.menu, all);
  const edges = lane.menu ? all.slice(findChoice(lane.menu, all)).slice(0, 1) : all;
  const now = view.state.lanes[cpu],
    going = inFlight(now) && edges.length > 0 && !view.state.end,
    chooses = lane.menu && !now.short && edges.length > 0;
  write(lane.short, now.short || "idle");
  // A call that has not begun "is next", which the words that follow say, too.
  const where = view.state.end || now.where === "is next" ? "" : now.where;
  write(lane.where, where && nextWords(now) ? `${where};` : where);
  lane.short.title = now.call || (chooses ? readChoice(lane.menu) : "");
  drawSteps(lane, view, cpu, edges, act);
  if (!going && document.activeElement === lane.finish) lane.steps[0].focus();
  enable(lane.finish, going);
  lane.box.classList.toggle("chooses", Boolean(chooses));
  write(lane.next, view.state.end ? "" : nextWords(now));
  settle(
    lane.fore,
    edges
      .map((edge) => forecast(edge, view, now, known))
      .concat(edges.length ? [] : [forecast(undefined, view, now, known)]),
  );
  settle(lane.keeps, heldRows(view, cpu));
  settle(lane.strip, stripRows(view, cpu));
}
