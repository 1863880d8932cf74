// The lanes: for each CPU its call, the call's lock regions, what it keeps, and its step buttons.

import { button, enable, make, prose, settle, write } from "./elements.js";
import { drawMenu, findChoice, menuFrame, readChoice, refusalOf } from "./menu.js";
import { LOCKS, PAPER, SIGNS, codeOf, octagon, refusedSign, tag } from "./signs.js";

const doneRegions = (lane) => lane.regions.filter((region) => region.when === "done").length;
export const inFlight = (lane) => doneRegions(lane) > 0 && lane.regions.some((region) => region.when !== "done");

/** For each done region of a CPU's call, the step that made it, as far back as the path shows. */
function stepsOfRegions(view, cpu) {
  const made = [],
    { path, at } = view;
  let done = doneRegions(view.state.lanes[cpu]);
  for (let step = at; step > 0 && done > 0; step--) {
    if (path[step - 1].edge.cpu !== cpu) continue;
    const before = view.stateAt(step - 1).lanes[cpu];
    if (before.call !== view.state.lanes[cpu].call || doneRegions(before) < done - 1) break;
    if (doneRegions(before) === done - 1) made[--done] = step;
  }
  return made;
}

/** "CPU 1 took 13 steps here", or that others may run. */
function gapWords(view, cpu, from, to) {
  const others = new Map();
  for (let step = from + 1; from && step <= to; step++) {
    const who = view.path[step - 1].edge.cpu;
    if (who !== cpu) others.set(who, (others.get(who) ?? 0) + 1);
  }
  const words = ([who, count]) => `${view.graph.cpus[who]} took ${count} ${count === 1 ? "step" : "steps"} here`;
  return [...others].map(words).join(", ");
}

/** Merges equal regions in a row into one line with a count. */
function foldRegions(regions, made, isNew) {
  const rows = [];
  regions.forEach((region, at) => {
    const last = rows.at(-1),
      step = made[at];
    const same = last && ["says", "locks", "when"].every((part) => last[part] === region[part]);
    const follows = step === undefined || last?.to === undefined || step === last.to + 1;
    if (same && follows && last.fresh === isNew(step)) Object.assign(last, { times: last.times + 1, to: step });
    else rows.push({ ...region, times: 1, from: step, to: step, fresh: isNew(step) });
  });
  return rows;
}

const DONE_SHOWN = 5,
  LATER_SHOWN = 3;

/** Shortens a long call to the regions around the next one, with a line for the rest at either end. */
function shortenRows(rows, gaps) {
  const next = rows.findIndex((row) => row.when !== "done"),
    done = next < 0 ? rows.length : next;
  let first = Math.max(0, done - DONE_SHOWN);
  while (first > 0 && gaps.slice(1, first + 1).some(Boolean)) first -= 1;
  const most = done + 1 + LATER_SHOWN,
    number = (some) => some.reduce((sum, row) => sum + row.times, 0);
  const line = (some, when, word) => ({
    locks: "",
    says: `${number(some)} ${word}`,
    when,
    times: 1,
    from: some[0].from,
    to: some.at(-1).to,
  });
  const before = first > 1 ? [line(rows.slice(0, first), "done", "regions done")] : rows.slice(0, first);
  const after = rows.length > most + 1 ? [line(rows.slice(most), "later", "more regions")] : rows.slice(most);
  return [...before, ...rows.slice(first, most), ...after];
}

function bracket(locks) {
  const letters = locks.match(/[A-Z]/g) ?? [];
  const kind = letters.length === 0 ? ".none" : letters.length > 1 ? ".two" : "";
  const named = (lock) => make(`abbr.lock-${lock}`, { title: LOCKS[lock] ?? lock }, lock);
  return make(`span.bracket${kind}`, {}, ...letters.map(named));
}

/** A row for `settle` that shows a region. */
function regionRow({ locks, says, when, times, from, to, fresh }) {
  const text = (when === "next" ? "next: " : "") + (times > 1 ? `${times} times: ` : "") + says;
  const at = from === undefined ? "" : from === to ? `step ${from}` : `${from}–${to}`,
    look = fresh ? "done.now" : when;
  return [
    [look, locks, text, at].join(" | "),
    () => make(`li.region.${look}`, {}, bracket(locks), make("span", {}, text), make("span.at", {}, at)),
  ];
}

/** The regions of a CPU's call; the region in which the machine ended counts as done. */
function regionsNow(view, cpu, made) {
  const { regions } = view.state.lanes[cpu];
  if (!view.state.end || view.path[view.at - 1]?.edge.cpu !== cpu) return regions;
  const done = regions.filter((region) => region.when === "done");
  const last = view.stateAt(view.at - 1).lanes[cpu].regions.filter((region) => region.when === "next");
  for (const number of last.keys()) made[done.length + number] = view.at;
  return [...done, ...last.map((region) => ({ ...region, when: "done" }))];
}

/** Who stepped in the gap before a row, in words, or "". */
function gapBefore(view, cpu, rows, at) {
  const before = rows[at - 1],
    row = rows[at];
  if (before?.when !== "done") return "";
  return gapWords(view, cpu, before.to, row.when === "next" ? view.at : (row.from ?? 1) - 1);
}

function regionList(view, cpu) {
  const made = stepsOfRegions(view, cpu),
    isNew = (step) => step > view.since;
  const all = foldRegions(regionsNow(view, cpu, made), made, isNew);
  const rows = shortenRows(
    all,
    all.map((_, at) => gapBefore(view, cpu, all, at)),
  );
  return rows.flatMap((row, at) => {
    const here = rows[at - 1]?.when === "done" && row.when === "next",
      words = gapBefore(view, cpu, rows, at);
    const shown = at > 0 && (words || row.when !== "done");
    const says = words ? `gap: ${words}` : here ? "gap: others may run" : "gap";
    const gap = [`${here} ${says}`, () => make(here ? "li.gap.here" : "li.gap", {}, says)];
    return shown ? [gap, regionRow(row)] : [regionRow(row)];
  });
}

function keepsOf({ call, keeps, stale }) {
  if (!call) return [];
  const kept = keeps.map((text) => [`${text} ${stale}`, () => tag("call", text, stale)]);
  const none = ["none", () => make("span.tag.nobody", {}, "nothing that is counted")];
  return [["keeps", () => make("span.muted", {}, "keeps")], ...(kept.length ? kept : [none])];
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
  const gaps = edge.refusal ? " So it ends if no other CPU steps in its gaps." : "";
  const sign = !refusal ? FORECAST_SIGNS[edge.kind]?.(edge) : /^-/.test(ret) ? refusedSign(ret) : SIGNS.nothing();
  return [says + gaps, () => make("span.told", {}, sign, prose(says + gaps))];
}

/** A row for `settle` that says what a step would do, or nothing. */
function forecast(edge, { graph, state }, lane, known) {
  const muted = (text) => [text, () => make("span.muted", {}, text)];
  if (state.end) return muted("The machine has ended. Undo to go on.");
  if (!edge) return lane.short && muted("waits");
  if (graph.free?.includes(edge.cpu) && !lane.short)
    return foretellRefusal(edge, graph) ?? muted("EL2 does not refuse this call now.");
  if (!graph.foretell) return undefined;
  if (edge.to === null && !edge.says)
    return muted(known ? "Python works this step out." : "Not worked out here: run the cell first.");
  return [edge.line + edge.says, () => make("span.told", {}, FORECAST_SIGNS[edge.kind]?.(edge), prose(edge.says))];
}

export function laneFrame(name, cpu, act, free) {
  const lane = {
    short: make("span"),
    where: make("span.muted"),
    acts: make("div"),
    call: make("p.call"),
    keeps: make("p.keeps"),
    regions: make("ol"),
  };
  const title = make("h4", {}, make("span.cpu", {}, name), lane.short, lane.where);
  lane.steps = [];
  lane.menu = free && menuFrame(() => act.choose(cpu));
  lane.finish = button("button.finish", "Finish call", `⇧${cpu}`, () => act.finish(cpu));
  lane.box = make(
    "div.lane",
    { role: "group", "aria-label": name },
    title,
    ...(free ? [lane.menu.box] : []),
    lane.acts,
    lane.call,
    lane.keeps,
    lane.regions,
  );
  return lane;
}

/** One button for each step a CPU can take; buttons persist from state to state. */
function drawSteps(lane, view, cpu, edges, known, act) {
  const shown = Math.max(1, edges.length),
    now = view.state.lanes[cpu];
  while (lane.steps.length < shown) {
    const number = lane.steps.length,
      fore = make("span.fore");
    const go = button("button.go", "Step", number ? "" : String(cpu), () => act.step(cpu, number || undefined));
    lane.steps.push({ go, fore, row: make("div.act", {}, go, number === 0 && lane.finish, fore) });
    lane.acts.append(lane.steps[number].row);
  }
  lane.steps.forEach(({ go, fore, row }, number) => {
    const edge = view.state.end ? undefined : edges[number];
    row.hidden = number >= shown;
    write(go.firstChild, `Step ${edge && edges.length > 1 ? edge.label : view.graph.cpus[cpu]}`);
    enable(go, edge);
    settle(fore, [forecast(edge, view, now, known)]);
  });
}

export function drawLane(lane, view, cpu, all, known, act) {
  if (lane.menu) drawMenu(lane.menu, all);
  const edges = lane.menu ? all.slice(findChoice(lane.menu, all)).slice(0, 1) : all;
  const now = view.state.lanes[cpu],
    going = inFlight(now) && edges.length > 0 && !view.state.end;
  write(lane.short, now.short || "idle");
  write(lane.where, now.where);
  drawSteps(lane, view, cpu, edges, known, act);
  if (!going && document.activeElement === lane.finish) lane.steps[0].go.focus();
  enable(lane.finish, going);
  write(lane.call, now.call || (lane.menu && edges.length ? readChoice(lane.menu) : ""));
  settle(lane.keeps, keepsOf(now));
  settle(lane.regions, regionList(view, cpu));
}
