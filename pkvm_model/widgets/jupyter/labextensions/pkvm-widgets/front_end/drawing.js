// A graph of boxes and arrows, drawn where Python placed them, in the colours of the page. Shapes are drawn once; a
// step only changes their classes.

import { shape } from "./elements.js";
import { SIGNS, cpuSign, octagon, vmSign } from "./signs.js";

const EDGE_OF_MAP = 14,
  LABEL = 20,
  TARGET = 32,
  SIGN_WIDTH = 26,
  LETTER_WIDTH = 7.6,
  HEAD = 9;

const at = (sign, x, y) =>
  Object.entries({ x, y, overflow: "visible" }).reduce((drawn, [name, value]) => {
    drawn.setAttribute(name, value);
    return drawn;
  }, sign);

const octagonPath = (width, height) => {
  const x = width / 2,
    y = height / 2,
    cut = 10;
  const right = `H${x - cut}L${x} ${cut - y}V${y - cut}L${x - cut} ${y}`;
  return `M${cut - x} ${-y}${right}H${cut - x}L${-x} ${y - cut}V${cut - y}Z`;
};

const endSign = () => octagon(20, "var(--danger)", "var(--bg)");

/** A box: its outline, its signs, its text, and the properties broken there. */
function drawBox({ text, signs, broken, place: [x, y, width, height] }) {
  const ends = signs.includes("machine ends");
  const outline = ends
    ? shape("path", { d: octagonPath(width, height) })
    : shape("rect", { x: -width / 2, y: -height / 2, width, height, rx: 6 });
  let left = 10 - width / 2;
  const next = (drawn) => at(drawn, (left += SIGN_WIDTH) - SIGN_WIDTH, -10);
  const drawn = signs.map((word) => next(ends ? endSign() : vmSign(word)));
  const wrong = broken.length ? [next(SIGNS.broken())] : [];
  const words = broken.length ? `${text} (${broken.join(", ")} broken)` : text;
  return shape(
    "g.state-box",
    { transform: `translate(${x} ${y})`, role: "button", tabindex: "-1" },
    outline,
    ...drawn,
    ...wrong,
    shape("text", { x: left, y: 5 }, words),
  );
}

/** The tip of an arrow, from the last two points of its curve. */
function arrowHead(curve) {
  const [x1, y1, x, y] = curve.slice(-4),
    length = Math.hypot(x - x1, y - y1) || 1,
    [dx, dy] = [(x - x1) / length, (y - y1) / length];
  const side = (turn) => `${x - HEAD * dx + turn * 4.5 * dy} ${y - HEAD * dy - turn * 4.5 * dx}`;
  return `M${x} ${y}L${side(1)}L${side(-1)}Z`;
}

/** The line of an arrow: a start, curves of three points each, and a straight end to the tip. */
function arrowLine(curve) {
  const points = curve.slice(2, -2),
    curves = [];
  for (let from = 0; from + 6 <= points.length; from += 6) curves.push(`C${points.slice(from, from + 6).join(" ")}`);
  return `M${curve[0]} ${curve[1]}${curves.join("")}L${curve.slice(-2).join(" ")}`;
}

export const arrowText = (/** @type {ArrowValue} */ { label, only, broken }) =>
  `${label}${only ? ` (${only} only)` : ""}${broken ? ` (${broken.join(", ")} broken)` : ""}`;

/** An arrow with its label and signs for the CPU and for what breaks; a wide line below marks the last step. */
function drawArrow(arrow) {
  const {
      cpu,
      only,
      broken,
      curve,
      text: [x, y],
    } = arrow,
    d = arrowLine(curve),
    name = arrowText(arrow);
  const signs = [cpu !== undefined && cpuSign(cpu), broken && SIGNS.broken()].filter(Boolean);
  const width = name.length * LETTER_WIDTH + signs.length * 24 + 10,
    left = x - width / 2;
  const ground = shape("rect.label-ground", { x: left, y: y - LABEL / 2, width, height: LABEL, rx: 4 });
  return shape(
    only ? "g.arrow.only" : "g.arrow",
    { "aria-hidden": "true" },
    shape("path.under", { d }),
    shape("path.mark", { d }),
    shape("path.line", { d }),
    shape("path.tip", { d: arrowHead(curve) }),
    ground,
    shape("rect.target", { x: left, y: y - TARGET / 2, width, height: TARGET }),
    ...signs.map((sign, number) => at(sign, left + 2 + 24 * number, y - 11)),
    shape("text", { x: left + signs.length * 24 + 5, y: y + 4.5 }, name),
  );
}

/** The drawing; boxes and arrows are made when they are first shown. */
export class Picture {
  constructor(drawing, label) {
    this.drawing = drawing;
    this.made = { boxes: [], arrows: [] };
    this.layers = { arrows: shape("g"), boxes: shape("g") };
    this.svg = shape("svg.states", { role: "group", "aria-label": label }, this.layers.arrows, this.layers.boxes);
  }

  /** Returns a part, making it the first time. */
  part(kind, number) {
    const draw = kind === "boxes" ? drawBox : drawArrow;
    const make = () => {
      const element = draw(this.drawing[kind][number]);
      element.dataset[kind === "boxes" ? "box" : "arrow"] = number;
      this.layers[kind].append(element);
      return element;
    };
    return (this.made[kind][number] ??= make());
  }

  /** Shows some boxes and arrows with the classes that `look` returns, and fits the picture to them. */
  show(kind, numbers, look) {
    this.made[kind].forEach((element, number) => element.classList.toggle("away", !numbers.has(number)));
    for (const number of numbers) look(this.part(kind, number), this.drawing[kind][number], number);
  }

  /** Fits the picture to the boxes and labels shown, without scaling it. */
  fit(boxes, arrows) {
    const spans = [...boxes]
      .map((number) => this.drawing.boxes[number].place)
      .map(([x, y, w, h]) => [x - w / 2, y - h / 2, x + w / 2, y + h / 2]);
    for (const number of arrows) {
      const arrow = this.drawing.arrows[number],
        {
          curve,
          text: [x, y],
        } = arrow,
        half = arrowText(arrow).length * 4 + 24;
      spans.push([x - half, y - 15, x + half, y + 15]);
      for (let point = 0; point < curve.length; point += 2)
        spans.push([curve[point], curve[point + 1], curve[point], curve[point + 1]]);
    }
    const low = (side) => Math.min(...spans.map((span) => span[side])) - EDGE_OF_MAP;
    const high = (side) => Math.max(...spans.map((span) => span[side])) + EDGE_OF_MAP;
    const [x, y, width, height] = [low(0), low(1), high(2) - low(0), high(3) - low(1)];
    for (const [name, value] of Object.entries({ viewBox: `${x} ${y} ${width} ${height}`, width, height }))
      this.svg.setAttribute(name, value);
    this.corner = { x, y };
  }
}
