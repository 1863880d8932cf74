// What the explorer answered, and what a learner reads who has broken it by hand.

import { fill, make, prose, shape } from "./elements.js";
import { INK, PAPER, SIGNS, octagon } from "./signs.js";

const ring = (inner, dashes) => {
  const line = { fill: "none", stroke: "currentColor" };
  const circle = shape("circle", {
    cx: 10,
    cy: 10,
    r: 8,
    "stroke-width": 1.6,
    ...line,
    ...(dashes && { "stroke-dasharray": dashes }),
  });
  return shape(
    "svg",
    { width: 20, height: 20, viewBox: "0 0 20 20", "aria-hidden": "true" },
    circle,
    shape("path", { d: inner, "stroke-width": 2, ...line }),
  );
};
/** The sign of each verdict; its word is always beside it. */
const VERDICT_SIGNS = {
  holds: SIGNS.holds,
  violated: SIGNS.broken,
  empty: SIGNS.empty,
  example: () => ring("M8 6.5L14 10L8 13.5Z"),
  never: () => ring("M5.5 10H14.5"),
  incomplete: () => ring("M6 10H7M9.5 10H10.5M13 10H14", "3 2.5"),
};

/** The flag of a learner who has won: no other sign has a pole. */
function flagSign() {
  const pole = shape("path", { d: "M8 4V46", stroke: INK, "stroke-width": 4, "stroke-linecap": "round", fill: "none" });
  const cloth = shape("path", { d: "M10 6Q18 1 26 6T42 6V27Q34 32 26 27T10 27Z", fill: INK });
  const tick = shape("path", { d: "M18 16L24 22L34 10", fill: "none", style: "stroke:var(--ink)", "stroke-width": 4 });
  return shape("svg.flag", { width: 46, height: 48, viewBox: "0 0 46 48", "aria-hidden": "true" }, pole, cloth, tick);
}

export const countSteps = (number) => `${number} ${number === 1 ? "step" : "steps"}`;

/** The text of a sentence within another one: "A dying VM is …" begins small, a name does not. */
export const asPart = (says) => says.replace(/^[A-Z](?![A-Z0-9])/, (letter) => letter.toLowerCase()).replace(/\.$/, "");

/** The steps that a learner took, beside the fewest; `fewest` is undefined while nobody knows them. */
export function winWords(number, fewest, searching) {
  const more =
    fewest === undefined
      ? searching && "The explorer is looking for a shorter run …"
      : number <= fewest
        ? "Nobody can do it in fewer."
        : `The shortest run has ${countSteps(fewest)}.`;
  return [`You broke it in ${countSteps(number)}.`, more].filter(Boolean).join(" ");
}

/** Why the state shown breaks a property, unless the sentence of the step says so itself. */
function reasonHere({ state, graph }, names) {
  const broken = graph.properties.findIndex(
    ([name], number) => names.includes(name) && typeof state.holds[number] === "string",
  );
  return broken < 0 ? "" : ` Now ${state.holds[broken]}.`;
}

/** A row for `settle`: the win in place of the sentence, and below it the step that did it. */
export function winRow(words, walk, names) {
  const { edge } = walk.here,
    { end } = walk.state;
  const cause = end ? [octagon(18, PAPER, "var(--ink)"), make("b", {}, `${end.title.split(":")[0]}.`)] : [];
  const text = edge.says + (end ? "" : reasonHere(walk, names));
  const draw = () => {
    const told = make("div", {}, make("p.win", {}, words), make("p.cause", {}, ...cause, prose(text)));
    return make("div.won-block", {}, flagSign(), told);
  };
  return [`${words} ${text}`, draw];
}

/** A row for `settle`: the answer with its sign, a sentence, and what else there is room for. */
export function answerRow(look, says, small) {
  const draw = () =>
    fill(make(`div.found.${look}${small ? ".two" : ""}`), {}, [
      VERDICT_SIGNS[look]?.(),
      make("div", {}, make("p.word", { title: says }, prose(says)), small && make("p.small.muted", {}, small)),
    ]);
  return [`${look} ${says} ${small}`, draw];
}
