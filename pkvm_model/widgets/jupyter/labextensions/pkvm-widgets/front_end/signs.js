// The signs for rights, owners, the life of VMs and vCPUs, and results of calls. A word is always beside a sign.

import { CONSTANTS } from "./constants.js";
import { fill, make, shape } from "./elements.js";

function svg(width, height, ...parts) {
  const drawn = parts.map(([tag, attributes, ...kids]) => shape(tag, attributes, ...kids));
  return shape("svg", { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" }, ...drawn);
}

const solid = (d) => ["path", { d, fill: "currentColor" }];
const stroke = (d, width, dashes = "", style = "") => [
  "path",
  { d, fill: "none", stroke: "currentColor", "stroke-width": width, "stroke-dasharray": dashes, style },
];
const paper = (d) => ["path", { d, style: "fill:var(--bg)" }];
const letter = (x, text, colour, y = 14.4) => [
  "text",
  { x, y, "text-anchor": "middle", "font-size": 12.5, "font-weight": 700, style: `fill:${colour}` },
  text,
];

// Hue and outline show the owner: host square, EL2 six-sided, guest round. `edge` is the right border at a height.
const ROUND = "M10 1H26A9 9 0 0 1 26 19H10A9 9 0 0 1 10 1Z";
const WHO = {
  host: { outline: "M1 1H35V19H1Z", left: "M1 1H20V19H1Z", edge: () => 35 },
  hyp: { outline: "M7 1H29L35 10L29 19H7L1 10Z", left: "M7 1H20V19H7L1 10Z", edge: (y) => 35 - Math.abs(y - 10) / 1.5 },
  guest: { outline: ROUND, left: "M10 1H20V19H10A9 9 0 0 1 10 1Z", edge: (y) => 26 + Math.sqrt(81 - (y - 10) ** 2) },
};

/** Slanted lines over the right half of a page sign, cut at its outline. */
function stripes(who, slant) {
  let path = "";
  for (let foot = 14; foot < 42; foot += 5) {
    const on = [];
    for (let y = 1.5; y <= 18.5; y += 0.5) {
      const x = foot + slant * (10 - y) * 0.55;
      if (x >= 20.5 && x <= WHO[who].edge(y) - 0.5) on.push(`${x.toFixed(1)} ${y}`);
    }
    if (on.length > 1) path += `M${on[0]}L${on.at(-1)}`;
  }
  return path;
}

export const LOCKS = {
  L: "vm_table_lock",
  H: "host_mmu lock",
  Y: "pkvm_pgd lock",
  G: "guest lock",
  P: "pool lock",
  M: "mmu_lock",
  C: "config_lock",
};

/** The letters of the locks that a region takes. */
export const lockNames = (locks) => locks.match(/[A-Z]/g) ?? [];

export const RIGHTS = CONSTANTS.rights;

// Ink shows the right: full ink owns, half ink half stripes owns and lends, stripes on paper borrow, dots none.
export const INK = "currentColor",
  PAPER = "var(--bg)";
const PAGE_SIGNS = {
  O: (who, { outline }) => [solid(outline), stroke(outline, 1.5), letter(18, "O", PAPER)],
  S: (who, { outline, left }) => [
    paper(outline),
    solid(left),
    stroke(stripes(who, 1), 2.2),
    stroke(outline, 2),
    letter(12, "S", PAPER),
  ],
  B: (who, { outline }) => [paper(outline), stroke(stripes(who, 1), 2.2), stroke(outline, 1.5), letter(12, "B", INK)],
  "-": (who, { outline }) => [stroke(outline, 1.4, "1.5 3.2", "stroke:var(--line)"), letter(18, "–", "var(--muted)")],
  X: (who, { outline }) => [
    paper(outline),
    stroke(stripes(who, 1) + stripes(who, -1), 1.5),
    stroke(outline, 2),
    letter(12, "X", INK),
  ],
};

const BOX = "M1.5 1.5H18.5V18.5H1.5Z";
const VM_SIGNS = {
  free: [stroke(BOX, 1.6, "1.4 3")],
  reserved: [stroke(BOX, 1.8, "5 2.6"), solid("M10 7.6A2.4 2.4 0 1 1 10 12.4A2.4 2.4 0 1 1 10 7.6Z")],
  initialised: [stroke(BOX, 1.8), solid("M1.5 12H18.5V18.5H1.5Z")],
  live: [solid(BOX), stroke(BOX, 1.8)],
  dying: [stroke(BOX, 2.4), solid("M1.5 18.5V5L15 18.5Z"), stroke("M6 1.5L18.5 14M11.5 1.5L18.5 8.5", 1.6)],
  freed: [stroke(BOX, 1.6, "1.4 3"), stroke("M5 5L15 15M15 5L5 15", 2)],
};
const OWNERS = {
  HOST: ["host", "H", "M1 1H19V19H1Z"],
  HYP: ["hyp", "Y", "M5 1H15L19.4 10L15 19H5L.6 10Z"],
  GUEST: ["guest", "G", "M10 .7A9.3 9.3 0 1 1 10 19.3A9.3 9.3 0 1 1 10 .7Z"],
};
const RING = "M11 2A9 9 0 1 1 11 20A9 9 0 1 1 11 2Z";
const OCTAGON = "M7.5 1.5H16.5L22.5 7.5V16.5L16.5 22.5H7.5L1.5 16.5V7.5Z";
export const octagon = (size, ground, mark) => {
  const shape = ["path", { d: OCTAGON, style: `fill:${ground}` }];
  const call = ["path", { d: "M12 6V13.5M12 16V18.6", style: `stroke:${mark}`, "stroke-width": 2.8 }];
  return fill(svg(24, 24, shape, call), { width: size, height: size }, []);
};
export const SIGNS = {
  host: () => svg(14, 14, solid("M1 1H13V13H1Z")),
  hyp: () => svg(14, 14, solid("M4 .8H10L13.6 7L10 13.2H4L.4 7Z")),
  guest: () => svg(14, 14, solid("M7 .6A6.4 6.4 0 1 1 7 13.4A6.4 6.4 0 1 1 7 .6Z")),
  arrow: () => svg(20, 20, stroke("M17 3V9Q17 12.5 13.5 12.5H4M8 8L3.5 12.5L8 17", 2)),
  nothing: () => svg(20, 20, stroke("M10 3A7 7 0 1 1 10 17A7 7 0 1 1 10 3Z", 1.7, "3 2.5"), stroke("M4 17L16 3", 1.7)),
  warn: () => svg(20, 20, stroke("M10 2L18.5 17.5H1.5Z", 1.7), stroke("M10 7.5V12.3M10 13.7V15.6", 1.9)),
  holds: () => svg(20, 20, stroke("M10 2A8 8 0 1 1 10 18A8 8 0 1 1 10 2Z", 1.6), stroke("M6 10.5L9 13.5L14.5 6.8", 2)),
  broken: () =>
    svg(
      20,
      20,
      ["path", { d: BOX, style: "fill:var(--danger)" }],
      stroke("M6 6L14 14M14 6L6 14", 2.6, "", `stroke:${PAPER}`),
    ),
  empty: () => svg(20, 20, stroke("M10 2A8 8 0 1 1 10 18A8 8 0 1 1 10 2Z", 1.6, "1.4 3"), stroke("M6 10H14", 2)),
  vcpu: () => svg(12, 12, solid("M6 2A4 4 0 1 1 6 10A4 4 0 1 1 6 2Z")),
  call: () => svg(12, 12, stroke("M6 2A4 4 0 1 1 6 10A4 4 0 1 1 6 2Z", 1.6)),
  stale: () => svg(12, 12, stroke("M2 2L10 10M10 2L2 10", 2.4, "", "stroke:var(--danger)")),
};

export const withWord = (drawn, word, who = "") =>
  make(`span.sign${who && `.${who}`}`, {}, drawn, make("span.word", {}, word));

const drawn = new Map();
/** A sign is drawn once and then copied. */
export function once(key, draw) {
  if (!drawn.has(key)) drawn.set(key, draw());
  return drawn.get(key).cloneNode(true);
}

export const pageSign = (who, right) =>
  once(`page ${who} ${right}`, () => {
    const sign = svg(36, 20, ...(PAGE_SIGNS[right]?.(who, WHO[who]) ?? []));
    sign.classList.add(who);
    return sign;
  });

// A tile is a page sign that is as wide as its page's name: whose page it is, is where it lies.
const TILE = 70,
  TILE_HALF = 46;
const TILES = {
  host: { outline: `M1 1H${TILE - 1}V23H1Z`, left: `M1 1H${TILE_HALF}V23H1Z`, edge: () => TILE - 1 },
  hyp: {
    outline: `M8 1H${TILE - 8}L${TILE - 1} 12L${TILE - 8} 23H8L1 12Z`,
    left: `M8 1H${TILE_HALF}V23H8L1 12Z`,
    edge: (y) => TILE - 1 - Math.abs(y - 12) / 1.6,
  },
  guest: {
    outline: `M12 1H${TILE - 12}A11 11 0 0 1 ${TILE - 12} 23H12A11 11 0 0 1 12 1Z`,
    left: `M12 1H${TILE_HALF}V23H12A11 11 0 0 1 12 1Z`,
    edge: (y) => TILE - 12 + Math.sqrt(121 - (y - 12) ** 2),
  },
};

/** Slanted lines over the right part of a tile, cut at its outline. */
function tileStripes(who, slant, from) {
  let path = "";
  for (let foot = from - 8; foot < TILE + 8; foot += 6) {
    const on = [];
    for (let y = 2; y <= 22; y += 1) {
      const x = foot + slant * (12 - y) * 0.6;
      if (x >= from + 1 && x <= TILES[who].edge(y) - 1) on.push(`${x.toFixed(1)} ${y}`);
    }
    if (on.length > 1) path += `M${on[0]}L${on.at(-1)}`;
  }
  return path;
}

const tileName = (x, name, colour) => [
  "text",
  { x, y: 16.4, "text-anchor": "middle", "font-size": 12.5, "font-weight": 700, style: `fill:${colour}` },
  name,
];
const TILE_PARTS = {
  O: (who, { outline }, name) => [solid(outline), stroke(outline, 1.5), tileName(TILE / 2, name, PAPER)],
  S: (who, { outline, left }, name) => [
    paper(outline),
    solid(left),
    stroke(tileStripes(who, 1, TILE_HALF), 2.4),
    stroke(outline, 2),
    tileName(TILE_HALF / 2 + 2, name, PAPER),
  ],
  B: (who, { outline }) => [paper(outline), stroke(tileStripes(who, 1, 6), 2.2), stroke(outline, 1.5)],
  X: (who, { outline }) => [
    paper(outline),
    stroke(tileStripes(who, 1, 6) + tileStripes(who, -1, 6), 1.5),
    stroke(outline, 2),
  ],
};

/** A page in the territory of one of the three. */
export const tileSign = (who, right, name) =>
  once(`tile ${who} ${right} ${name}`, () => {
    const sign = svg(TILE, 24, ...TILE_PARTS[right](who, TILES[who], name));
    sign.classList.add("tile", who);
    return sign;
  });
export const vmSign = (word) => once(`vm ${word}`, () => svg(20, 20, ...(VM_SIGNS[word] ?? VM_SIGNS.free)));
export const ownerSign = (owner) =>
  once(`owner ${owner}`, () => {
    const [who, text, outline] = OWNERS[owner];
    const sign = svg(20, 20, solid(outline), letter(10, text, "var(--bg)"));
    sign.classList.add(who);
    return sign;
  });
export const vcpuSign = (word) =>
  once(`vcpu ${word}`, () => {
    const [, how, cpu] = /(loaded|running) on CPU (\d+)/.exec(word) ?? [];
    if (how === "running")
      return svg(33, 22, solid(RING), letter(11, cpu, PAPER, 15.4), solid("M24 5.5L31 11L24 16.5Z"));
    if (how === "loaded") return svg(22, 22, stroke(RING, 2.4), letter(11, cpu, INK, 15.4));
    return svg(22, 22, stroke(RING, word === "absent" ? 1.6 : 1.8, word === "absent" ? "1.4 3" : ""));
  });

export const cpuSign = (cpu) =>
  once(`cpu ${cpu}`, () => svg(22, 22, stroke(RING, 1.6), letter(11, String(cpu), INK, 15.4)));
export const refusedSign = (code) => make("span.refused", {}, SIGNS.arrow(), make("code", {}, code));
export const nothingSign = () =>
  make("span.nothing", {}, SIGNS.nothing(), make("span", {}, "nothing happens, no answer"));

/** A reference and its holder. */
export function tag(kind, text, stale) {
  if (stale) return make("span.tag.stale", {}, SIGNS.stale(), text);
  return make(kind === "call" ? "span.tag.call-long" : "span.tag", {}, SIGNS[kind](), text);
}

/** The sentence of a step, followed by the host's warnings on lines of their own. */
export const sentences = (says) => says.split(/ (?=The host logs a warning: )/);

/** The code of a refusal; a call that goes on has no result yet, but its sentence has the code. */
export const codeOf = (edge) => edge.ret || (/-E[A-Z0-9]+/.exec(edge.says) ?? [""])[0];
