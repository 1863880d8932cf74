// What a step did: its sentence, how it ended, and at most three chips.

import { button, make, prose, settle } from "./elements.js";
import { pageMoves, tellChanges } from "./moves.js";
import { shownChanges } from "./shows.js";
import { PAPER, SIGNS, codeOf, nothingSign, octagon, refusedSign, sentences } from "./signs.js";

const MOST_CHIPS_SHOWN = 3;

export const isNew = ({ word }, was) => (word === "broken") !== (was.word === "broken");

/** What this step broke. */
export const newlyBroken = ({ properties, before }) =>
  properties.filter((one, number) => one.word === "broken" && isNew(one, before[number]));

function answerSign(edge) {
  if (edge?.kind === "refused" && codeOf(edge).startsWith("-")) return refusedSign(codeOf(edge));
  return edge?.kind === "nothing" ? nothingSign() : null;
}

function panicBlock(title, says) {
  const words = make("span", {}, make("b", {}, title), prose(says));
  return make("div.panic", {}, octagon(40, PAPER, "var(--danger)"), words);
}

/** The first property that this step broke, and how many it broke. */
function brokenChip([{ says }, ...others]) {
  const number = others.length ? `${others.length + 1} broken now:` : "broken now:";
  return make("li.chip.wrong", {}, SIGNS.broken(), make("b", {}, number), says);
}
const chip = ({ name, says, stale }) =>
  make(stale ? "li.chip.stale" : "li.chip", {}, stale && SIGNS.stale(), make("b", {}, name), says);

/** The steps that led here at once, if there is more than one. */
function spanWords({ at, since }) {
  return at - since > 1 && make("li.plain", {}, `steps ${since + 1} to ${at}`);
}

/** The chips of a step; what finds no room is counted on a button that opens the words. */
function chipRow(view, moves, warnings, openWords) {
  const edge = view.path[view.at - 1]?.edge,
    { chips, more } = tellChanges({ ...view, changes: shownChanges(view) }, moves),
    broken = newlyBroken(view);
  // A broken property is a whole sentence, and takes the room of two.
  const room = broken.length ? MOST_CHIPS_SHOWN - 2 : MOST_CHIPS_SHOWN,
    rest = more + Math.max(0, chips.length - room) + Math.max(0, warnings.length - 1);
  const answer = answerSign(edge);
  const none =
    !chips.length &&
    !broken.length &&
    edge &&
    !view.state.end &&
    make("li.plain.muted", {}, "No page, VM or slot changes.");
  const further = rest > 0 && make("li.plain", {}, button("button.more", `${rest} more`, "", openWords));
  return make(
    "ul.chips",
    {},
    spanWords(view),
    answer && make("li.plain", {}, answer),
    broken.length > 0 && brokenChip(broken),
    ...chips.slice(0, room).map(chip),
    none,
    further,
  );
}

/**
 * Draws what just changed into the box of the sentence; returns the moves of pages, which the stage shows, too.
 * `openWords` shows the changes that find no room here.
 */
export function drawChange(box, view, openWords) {
  const edge = view.path[view.at - 1]?.edge,
    { end } = view.state,
    [main, ...warnings] = sentences(edge?.says ?? view.graph.says),
    moves = view.state.pages ? pageMoves(view) : new Map(),
    ends = edge?.kind === "panic";
  box.parentElement.classList.toggle("calm", !shownChanges(view).size && !newlyBroken(view).length);
  box.classList.toggle("tight", warnings.length > 0);
  const warning = (text) => make("p.warning", {}, SIGNS.warn(), make("code", {}, "WARN"), prose(text));
  settle(box, [
    end && [`${end.title} ${main}`, () => panicBlock(end.title, ends ? main : end.says)],
    main && !ends && [main, () => make("p.says", {}, prose(main))],
    ...warnings.slice(0, 1).map((text) => [text, () => warning(text)]),
    [view, () => chipRow(view, moves, warnings, openWords)],
  ]);
  return moves;
}
