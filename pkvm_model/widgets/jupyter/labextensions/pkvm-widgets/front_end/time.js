// Time: a slider over the steps of the path shown, with a track for each CPU and two bars below: whether somebody
// holds a reference to the VM, and whether EL2 still has its struct. Where the first outlives the second is the bug.

import { button, enable, make, settle, write } from "./elements.js";
import { PAPER, SIGNS, octagon } from "./signs.js";

const WIDE = 24,
  BEFORE = 16,
  PACE = 1100;

const TICK_SIGNS = {
  panic: () => octagon(12, "var(--danger)", PAPER),
  refused: () => SIGNS.arrow(),
  warn: () => SIGNS.warn(),
  nothing: () => SIGNS.nothing(),
};
const CAME_OUT = {
  panic: ", the machine ends",
  refused: ", refused",
  warn: ", the host warns",
  nothing: ", nothing happens",
};

/** A step in words: "Step 3, CPU 1, finalise". */
export function nameStep({ step, edge }, { cpus }) {
  return edge ? `Step ${step}, ${cpus[edge.cpu]}, ${edge.label}${CAME_OUT[edge.kind] ?? ""}` : "Start";
}

/** Whether the reader has not asked for less motion. */
export const welcomesMotion = () => matchMedia("(prefers-reduced-motion: no-preference)").matches;

export function timeFrame(act) {
  const track = make("div.track-box", { role: "slider", tabindex: "0", "aria-label": "Time", "aria-valuemin": "0" });
  const heads = make("div.heads", { "aria-hidden": "true" });
  const play = button("button.play", "Play", "", act.play);
  const box = make("div.time", {}, make("b.label", {}, "Time"), heads, track, play);
  const time = { box, track, heads, play, first: 0, shown: 1, timer: 0, hasBars: undefined };
  const seek = (event) => {
    const { left, width } = track.getBoundingClientRect();
    const tick = Math.floor(((event.clientX - left) / width) * (WIDE + 1));
    act.seek(time.first + Math.max(0, Math.min(time.shown - 1, tick)));
  };
  track.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    track.setPointerCapture?.(event.pointerId);
    seek(event);
  });
  track.addEventListener("pointermove", (event) => event.buttons === 1 && seek(event));
  return time;
}

/** The VM whose references matter most: one that is used after it was given back, one that is held, or the first. */
function chooseCard({ vms }) {
  return vms.find(({ holders }) => holders.some(({ stale }) => stale)) ?? vms.find(({ count }) => count) ?? vms[0];
}

/** What the two bars show in a state: whether the VM is held, and whether EL2 has its struct. */
function barsOf(state, graph) {
  const card = chooseCard(state),
    page = card && graph.pages ? graph.pages.findIndex(([name]) => name === card.vm) : -1;
  const owned = page >= 0 && state.pages[page].owner === "HYP",
    held = Boolean(card?.count);
  return { held, owned, stale: held && !owned };
}

/** A row for `settle`: a part of the drawing at a step's column. */
const part = (look, column, row, title, ...kids) => [
  `${look} ${column} ${row} ${title}`,
  () =>
    make(`i.${look}`, { style: `grid-column:${column};grid-row:${row}`, title }, ...kids.map((kid) => kid?.() ?? kid)),
];

function stepParts(at, time, walk, hasBars) {
  const { graph, here } = walk,
    column = at.step - time.first + 1,
    cpus = graph.cpus.length;
  const when = at === here ? "now" : at.step > here.step ? "later" : "made",
    title = at.edge ? `${at.step}. ${at.edge.says}` : "Start";
  const label = () => make("span", {}, at.edge ? String(at.step) : "0");
  const sign = at.edge && TICK_SIGNS[at.edge.kind];
  const tick = at.edge
    ? part(`tk.${when}`, column, at.edge.cpu + 1, title, sign ?? label)
    : part(`tk.start.${when}`, column, `1/${cpus + 1}`, title, label);
  if (!hasBars) return [tick];
  const { held, owned, stale } = barsOf(graph.states[at.id], graph),
    far = at.step > here.step ? ".far" : "";
  return [
    tick,
    held && part(`held${stale ? ".stale" : ""}${far}`, column, cpus + 1, "somebody holds a reference to the VM"),
    owned && part(`owned${far}`, column, cpus + 2, "EL2 has the VM’s struct"),
  ];
}

const headRow = (text, row) => [text, () => make("span", { style: `grid-row:${row}` }, text)];

/** Draws the steps near the one shown. */
export function drawTime(time, walk) {
  const { graph, here, places, path, at } = walk,
    all = [places[0], ...path];
  time.first = Math.max(0, Math.min(at - BEFORE, all.length - 1 - WIDE));
  const shown = all.slice(time.first, time.first + WIDE + 1),
    // From the first step to the last the bar has the same height; a map has no pages, and says nothing of owners.
    hasBars = (time.hasBars ??= Boolean(graph.pages) && graph.states.some(({ vms }) => vms.some(({ count }) => count)));
  time.shown = shown.length;
  time.box.classList.toggle("bars", hasBars);
  const heads = [...graph.cpus, ...(hasBars ? ["held", "at EL2"] : [])];
  settle(
    time.heads,
    heads.map((text, row) => headRow(text, row + 1)),
  );
  settle(
    time.track,
    shown.flatMap((one) => stepParts(one, time, walk, hasBars)),
  );
  const says = here.edge?.says ?? graph.says;
  const values = {
    ariaValueMax: String(path.length),
    ariaValueNow: String(at),
    ariaValueText: `${nameStep(here, graph)}. ${says}`,
  };
  Object.assign(time.track, values);
  enable(time.play, at < path.length);
  write(time.play.firstChild, time.timer ? "Pause" : welcomesMotion() ? "Play" : "Next");
}

/** The step that a key at the slider leads to, or undefined. */
export function seekKey({ key }, { at, path: { length } }) {
  const ways = { ArrowLeft: at - 1, ArrowDown: at - 1, ArrowRight: at + 1, ArrowUp: at + 1, Home: 0, End: length };
  const step = { ...ways, PageUp: at + 5, PageDown: at - 5 }[key];
  return step === undefined ? undefined : Math.max(0, Math.min(length, step));
}

export function stopPlay(time) {
  clearInterval(time.timer);
  time.timer = 0;
}

/** Calls `next` now, unless it `waits`, and then at a steady pace; where motion is unwelcome, only now. */
export function startPlay(time, next, waits) {
  stopPlay(time);
  if (welcomesMotion()) time.timer = setInterval(next, PACE);
  if (!waits) next();
}
