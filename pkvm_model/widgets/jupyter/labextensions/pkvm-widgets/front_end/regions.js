// The lock regions of a CPU's call: which are done and when, which comes next, and who stepped in the gaps.

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

/** Who stepped between two steps, as [name, number of steps]. */
function othersBetween(view, cpu, from, to) {
  const others = new Map();
  for (let step = from + 1; from && step <= to; step++) {
    const who = view.path[step - 1].edge.cpu;
    if (who !== cpu) others.set(who, (others.get(who) ?? 0) + 1);
  }
  return [...others].map(([who, count]) => [view.graph.cpus[who], count]);
}

const stepWords = (count) => `${count} ${count === 1 ? "step" : "steps"}`;

/** "CPU 1 took 13 steps here", or "". */
export const gapWords = (others) => others.map(([name, count]) => `${name} took ${stepWords(count)} here`).join(", ");
/** The same in short: "CPU 1: 13 steps", "2 CPUs: 14 steps". */
export function gapLabel(others) {
  const steps = others.reduce((total, [, count]) => total + count, 0);
  return `${others.length > 1 ? `${others.length} CPUs` : others[0][0]}: ${stepWords(steps)}`;
}

/** Merges equal regions in a row into one with a count. */
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

/** The regions of a CPU's call; the region in which the machine ended counts as done. */
function regionsNow(view, cpu, made) {
  const { regions } = view.state.lanes[cpu];
  if (!view.state.end || view.path[view.at - 1]?.edge.cpu !== cpu) return regions;
  const done = regions.filter((region) => region.when === "done");
  const last = view.stateAt(view.at - 1).lanes[cpu].regions.filter((region) => region.when === "next");
  for (const number of last.keys()) made[done.length + number] = view.at;
  return [...done, ...last.map((region) => ({ ...region, when: "done" }))];
}

/** Who stepped in the gap before a row. */
function gapBefore(view, cpu, rows, at) {
  const before = rows[at - 1],
    row = rows[at];
  if (before?.when !== "done") return [];
  return othersBetween(view, cpu, before.to, row.when === "next" ? view.at : (row.from ?? 1) - 1);
}

const countRegions = (rows) => rows.reduce((total, row) => total + row.times, 0);

/** A row that stands for several. */
const foldRest = (rows, when, word) => ({
  locks: "",
  says: `${countRegions(rows)} ${word}`,
  folded: countRegions(rows),
  when,
  times: 1,
  from: rows[0].from,
  to: rows.at(-1).to,
  gap: [],
});

/**
 * The regions of a CPU's call, each with who stepped in the gap before it. Of a long call only `done` and `later`
 * regions around the next one stand alone; with `used`, so do those after a gap that somebody used.
 */
export function listRegions(view, cpu, { done, later, used }) {
  const made = stepsOfRegions(view, cpu),
    all = foldRegions(regionsNow(view, cpu, made), made, (step) => step > view.since);
  const rows = all.map((row, at) => ({ ...row, gap: gapBefore(view, cpu, all, at) }));
  const next = rows.findIndex((row) => row.when !== "done"),
    passed = next < 0 ? rows.length : next;
  let first = Math.max(0, passed - done);
  while (used && first > 0 && rows.slice(1, first + 1).some(({ gap }) => gap.length)) first -= 1;
  const most = passed + 1 + later;
  const before = first > 1 ? [foldRest(rows.slice(0, first), "done", "regions done")] : rows.slice(0, first);
  const after = rows.length > most + 1 ? [foldRest(rows.slice(most), "later", "more regions")] : rows.slice(most);
  return [...before, ...rows.slice(first, most), ...after];
}
