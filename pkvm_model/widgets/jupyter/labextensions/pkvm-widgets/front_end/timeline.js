// The timeline: the path shown, with a track for each CPU, and below it the other branches. Each step is a button.

import { make, settle } from "./elements.js";
import { PAPER, SIGNS, cpuSign, octagon } from "./signs.js";

const WIDE = 12,
  BEFORE = 8,
  MOST_BRANCHES = 5;

const ENDS = {
  panic: () => octagon(14, "var(--danger)", PAPER),
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

const column = (step, { first }) => `grid-column:${step - first + 2}`;
const inSight = (step, { first }) => step >= first && step < first + WIDE;

/** The accessible name of a step. */
function nameOf({ step, edge }, graph) {
  if (!edge) return "Start";
  return `Step ${step}, ${graph.cpus[edge.cpu]}, ${edge.label}${CAME_OUT[edge.kind] ?? ""}`;
}

const kindOf = (at, { here, main }) => (at === here ? "now" : at.step > here.step || !main ? "later" : "made");

/** A step as a button; its data names its place, so the button can stay while the path changes. */
function stepButton(at, frame, shown) {
  const { here, graph } = frame;
  const current = at === here ? { "aria-current": "step" } : {};
  const name = nameOf(at, graph),
    attributes = { type: "button", "aria-label": name, title: name, ...current };
  const element = make(
    `button.tick.${kindOf(at, frame)}`,
    { ...attributes, tabindex: at === here ? "0" : "-1" },
    shown,
    at.edge && ENDS[at.edge.kind]?.(),
  );
  element.dataset.place = at.number;
  element.dataset.step = at.step;
  return element;
}

/** A row for `settle` that shows a step in its own column. */
function tickRow(at, row, frame, shown) {
  const place = `${column(at.step, frame)};grid-row:${row}`,
    kind = kindOf(at, frame);
  return [
    [at.number, nameOf(at, frame.graph), kind, place].join(" | "),
    () => make("li", { style: place }, stepButton(at, frame, shown())),
  ];
}

const head = (text, row) => [
  text,
  () => make("li.track", { "aria-hidden": "true", style: `grid-column:1;grid-row:${row}` }, text),
];

// The start shows its word if there is room, else its number.
const startWord = () => make("span", {}, make("span.long", {}, "start"), make("span.brief", {}, "0"));

/** The path shown: the steps of each CPU on its own track. */
function mainWay({ places }, frame) {
  const { graph, first } = frame,
    all = `1/${graph.cpus.length + 1}`;
  const tick = (at) =>
    tickRow(at, at.edge ? at.edge.cpu + 1 : all, { ...frame, main: true }, () =>
      at.edge ? String(at.step) : startWord(),
    );
  const rows = [...graph.cpus.map((name, cpu) => head(name, cpu + 1)), ...places.slice(first, first + WIDE).map(tick)];
  return [
    "main",
    () => make("ol.way.main", { "aria-label": "Steps of the way shown" }),
    (element) => settle(element, rows),
  ];
}

/** A branch: a track that hangs from the step where it leaves. */
function branch({ from, places }, frame) {
  const seen = places.filter(({ step }) => inSight(step, frame)),
    place = column(from, frame);
  const says = from ? `from step ${from}` : "from start",
    count = `${places.length} ${places.length === 1 ? "step" : "steps"}`;
  const elbow = inSight(from, frame) && [place, () => make("li.elbow", { "aria-hidden": "true", style: place })];
  const rows = [head(says, 1), elbow, ...seen.map((at) => tickRow(at, 1, frame, () => cpuSign(at.edge.cpu)))];
  return [
    `${says} ${count}`,
    () => make("ol.way", { "aria-label": `Branch ${from ? says : "from the start"}, ${count}` }),
    (element) => settle(element, rows),
  ];
}

/** A button to the steps that are out of sight. */
function further(at, text, frame) {
  return [
    `${at.number} ${text}`,
    () => make("div.further", {}, Object.assign(stepButton(at, frame, text), { className: "tick more" })),
  ];
}

function beside(way, frame) {
  const { first } = frame,
    last = way.places.length - 1,
    beyond = last - (first + WIDE - 1);
  const rows = [
    first > 0 && further(way.places[first - 1], `‹ ${first} earlier`, frame),
    beyond > 0 && further(way.places[first + WIDE], `${beyond} later ›`, frame),
  ].filter(Boolean);
  return rows.length > 0 && ["beside", () => make("div.beside"), (element) => settle(element, rows)];
}

/** How many branches do not fit, and from which steps they are visible. */
function otherBranches(hidden) {
  const steps = [...new Set(hidden.map(({ from }) => from))]
    .sort((a, b) => a - b)
    .slice(0, 8)
    .join(", ");
  const many = `${hidden.length} more ${hidden.length === 1 ? "branch leaves" : "branches leave"}`;
  const says = `${many} from steps such as ${steps}; go there to see them.`;
  return hidden.length > 0 && [says, () => make("p.muted", {}, says)];
}

/** Draws the timeline into its place, and keeps the focus in it. */
export function drawTimeline(box, { graph, here, ways }) {
  const [way, ...branches] = ways,
    focused = box.contains(document.activeElement);
  const first = Math.max(0, Math.min(here.step - BEFORE, way.places.length - WIDE));
  const frame = { graph, here, first };
  // Branches that leave nearest to the learner's step come first.
  const near = branches
    .map((one, age) => ({ one, age, far: Math.abs(one.from - here.step) }))
    .sort((a, b) => a.far - b.far || a.age - b.age);
  const shown = near
    .slice(0, MOST_BRANCHES)
    .sort((a, b) => a.age - b.age)
    .map(({ one }) => one);
  const hidden = near.slice(MOST_BRANCHES).map(({ one }) => one);
  settle(box, [
    beside(way, frame),
    mainWay(way, frame),
    ...shown.map((one) => branch(one, frame)),
    otherBranches(hidden),
  ]);
  if (focused) focusNow(box);
}

export const focusNow = (box) => box.querySelector("[aria-current]")?.focus();

/** The button that a key leads to: along a track, or to the nearest step of the track above or below. */
function beyond(from, key) {
  const way = from.closest(".way"),
    ticks = [...(way?.querySelectorAll(".tick") ?? [])],
    at = ticks.indexOf(from);
  if (key === "ArrowLeft") return ticks[at - 1];
  if (key === "ArrowRight") return ticks[at + 1];
  if (key === "Home") return ticks[0];
  if (key === "End") return ticks.at(-1);
  const other = key === "ArrowUp" ? way?.previousElementSibling : way?.nextElementSibling;
  const far = (tick) => Math.abs(tick.dataset.step - from.dataset.step);
  return [...(other?.querySelectorAll(".tick") ?? [])].sort((a, b) => far(a) - far(b))[0];
}

const KEYS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"];

/** Moves the focus among the steps; returns true if the key was for that. */
export function moveFocus(event) {
  if (!event.target.matches(".tick") || !KEYS.includes(event.key)) return false;
  beyond(event.target, event.key)?.focus();
  return true;
}
