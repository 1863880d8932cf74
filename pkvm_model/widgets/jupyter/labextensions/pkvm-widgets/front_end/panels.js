// State, ownership, and what just changed.

import { VIEWS } from "./cells.js";
import { hiddenWords, make, prose, settle, write } from "./elements.js";
import {
  PAPER,
  RIGHTS,
  SIGNS,
  codeOf,
  nothingSign,
  octagon,
  once,
  ownerSign,
  pageSign,
  refusedSign,
  sentences,
  tag,
  vcpuSign,
  vmSign,
  withWord,
} from "./signs.js";

// A mark: what a cell was before the step, in words. It belongs to the key of the element that shows the cell.
const wordsOf = (change) =>
  !change ? "" : !change.was ? "new" : change.was.word === change.now.word ? "changed" : `was ${change.was.word}`;

/** Marks an element whose cell has changed. */
function mark(element, change) {
  const words = wordsOf(change);
  if (words) element.classList.add("changed-cell");
  if (words && words !== "changed") element.append(make("span.was", {}, words));
  return element;
}

/** A row for `settle` that shows one cell. */
const cellRow = (key, change, draw) => [`${key} | ${wordsOf(change)}`, () => mark(draw(), change)];

function slotRow(slot, at, changes) {
  const { word, handle, vmid } = slot;
  return cellRow(word, changes.get(`slot ${at}`), () =>
    make(
      word === "free" ? "div.slot.unused" : "div.slot",
      {},
      make("span.key", {}, `slot ${at} · ${handle} · VMID ${vmid}`),
      withWord(vmSign(word), word),
    ),
  );
}

function holders(card) {
  if (!card.holders.length) return [make("span.tag.nobody", {}, "idle, nobody")];
  return card.holders.map((holder) => tag(holder.kind, holder.says, holder.stale));
}

const countLine = (card) =>
  make("div.count-line", {}, make("span.big", {}, String(card.count)), make("div.holders", {}, ...holders(card)));

/** The rows of a VM card: label, part, key of what it shows, and a function that draws it. */
function vmLines(card) {
  const words = (label, part, text) => [label, part, text, () => text];
  return [
    ["Count", "count", JSON.stringify([card.count, card.holders]), () => countLine(card)],
    words("Dying", "dying", `EL2: ${card.dying}`),
    words("", "memo", `host memo: ${card.memo}`),
    ...card.vcpus.map(({ idx, word }) => [
      idx ? "" : "vCPUs",
      `vcpu ${idx}`,
      word,
      () => withWord(vcpuSign(word), `vCPU ${idx} ${word}`),
    ]),
    words("Memcaches", "caches", card.caches),
    words("Given back", "back", card.back || "nothing yet"),
  ];
}

function fillCard(element, card, changes) {
  const change = (part) => changes.get(`vm ${card.vm} ${part}`),
    { word, where, handle } = card;
  const lines = vmLines(card).flatMap(([label, part, shows, draw]) => [
    [label, () => make("dt", {}, label)],
    cellRow(shows, change(part), () => make("dd", {}, draw())),
  ]);
  const [head, list] = element.children;
  settle(head, [
    [handle, () => make("span", {}, `VM ${handle}`)],
    cellRow(word, change("word"), () => withWord(vmSign(word), word)),
    [where, () => make("span.muted", {}, where)],
  ]);
  settle(list, lines);
}

const vmRow = (card, changes) => [
  `vm ${card.vm} ${card.handle}`,
  () => make("div.card", { role: "group", "aria-label": `VM ${card.handle}` }, make("h4"), make("dl")),
  (element) => fillCard(element, card, changes),
];

const PAGE_CELLS = [...VIEWS, "owner", "count"];

function fillPage(row, [name, what], shown, at, changes) {
  const change = (part) => changes.get(`page ${at} ${part}`);
  row.classList.toggle("changed", PAGE_CELLS.some(change));
  settle(row, [
    [name, () => make("th", { scope: "row" }, name, make("span.what", {}, what))],
    ...VIEWS.map((who) =>
      cellRow(shown[who], change(who), () => make("td", {}, withWord(pageSign(who, shown[who]), RIGHTS[shown[who]]))),
    ),
    cellRow(shown.owner, change("owner"), () => make("td", {}, withWord(ownerSign(shown.owner), shown.owner))),
    cellRow(shown.count, change("count"), () => make("td.count", {}, shown.count)),
    [shown.says, () => make("td.words", {}, shown.says)],
  ]);
}

const MOST_CHIPS = 5;

function chip({ was, now }) {
  const cell = now ?? was,
    head = [make("b", {}, cell.name), cell.part && make("span", {}, cell.part)];
  const word = (one) => (one.shown ? make("span.word", {}, one.word) : hiddenWords(one.word));
  const show = (one) => (one.sign ? make("span.sign", {}, one.sign(), word(one)) : make("span", {}, one.word));
  const become = [hiddenWords("becomes"), make("span", { "aria-hidden": "true" }, "→")];
  if (!was) return make("li", {}, ...head, make("span", {}, "is new:"), show(now));
  if (!now) return make("li", {}, ...head, show(was), ...become, "gone");
  if (was.word === now.word) return make("li", {}, ...head, make("b", {}, `stays ${now.word}`));
  return make("li", {}, ...head, show(was), ...become, show(now));
}

/** What this step broke, shown at the top. */
export const newlyBroken = ({ properties, before }) =>
  properties.filter((one, number) => one.word === "broken" && isNew(one, before[number]));

function chips(view, where) {
  const { changes } = view;
  const all = [...changes.values()],
    loud = all.filter(({ was, now }) => !(now ?? was).quiet);
  const shown = (loud.length ? loud : all).slice(0, MOST_CHIPS),
    more = all.length - shown.length;
  const broken = newlyBroken(view).map(({ says }) =>
    make("li", {}, SIGNS.broken(), make("b", {}, "broken now:"), says),
  );
  if (!all.length) return [...broken, make("li.plain.muted", {}, "No page, VM or slot changes.")];
  return [...broken, ...shown.map(chip), more > 0 && make("li.plain", {}, `and ${more} more${where}`)];
}

function answerSign(edge) {
  if (edge?.kind === "refused" && codeOf(edge)) return make("div.answer", {}, refusedSign(codeOf(edge)));
  if (edge?.kind === "nothing") return make("div.answer", {}, nothingSign());
  return null;
}

function panicBlock(title, says) {
  const words = make("span", {}, make("b", {}, title), prose(says));
  return make("div.panic", {}, octagon(40, PAPER, "var(--danger)"), words);
}

function whenWords(view) {
  const edge = view.path[view.at - 1]?.edge;
  if (!edge) return "Before the first step";
  const steps = view.at - view.since > 1 ? `steps ${view.since + 1} to ${view.at}` : `step ${view.at}`;
  return `What just changed · ${steps}, ${view.graph.cpus[edge.cpu]}, ${edge.label}`;
}

/** What just changed, as rows redrawn at each step; `where` says where to find the changes that do not fit here. */
export function drawChange(box, view, where = ", marked below") {
  const edge = view.path[view.at - 1]?.edge,
    { end } = view.state,
    says = edge?.says ?? view.graph.says;
  const [main, ...warnings] = sentences(says);
  const ends = edge?.kind === "panic",
    when = whenWords(view);
  settle(box, [
    end && [`${end.title} ${says}`, () => panicBlock(end.title, ends ? says : end.says)],
    ["when", () => make("div.when"), (element) => write(element, when)],
    main && !ends && [main, () => make("p.says", {}, prose(main))],
    ...warnings.map((text) => [text, () => make("p.warning", {}, SIGNS.warn(), make("code", {}, "WARN"), prose(text))]),
    answerSign(edge) && [`${edge.kind} ${codeOf(edge)}`, () => answerSign(edge)],
    [view, () => make("ul.diffs", {}, ...chips(view, where))],
  ]);
}

export function pageTable({ caption, pages }) {
  const heads = ["Page", "Host", "Hyp", "Guest", "Owner", "Counts"].map((head) => make("th", { scope: "col" }, head));
  const words = make("th.words-head", { scope: "col" }, "In words");
  return make("table.pages", {}, caption, make("thead", {}, make("tr", {}, ...heads, words)), pages);
}

const VERDICTS = { holds: SIGNS.holds, broken: SIGNS.broken, "nothing to check": SIGNS.empty };

const isNew = ({ word }, was) => (word === "broken") !== (was.word === "broken");

/** One property: sign, sentence, word, and the reason if it is broken. */
function propertyItem(one, was, at) {
  const { name, says, word, reason, step } = one,
    look = word === "nothing to check" ? "empty" : word;
  const news =
    at > 0 && isNew(one, was) && make("span.new", {}, word === "broken" ? `new at step ${step ?? at}` : "was broken");
  const why = word === "broken" && make("span.why", {}, prose(reason), step && step < at ? ` (step ${step})` : "");
  const verdict = make("span.verdict", {}, make("span.muted", {}, `${name} · `), word);
  const text = make("span", {}, make("span.sentence", {}, says), " ", verdict, news, why);
  return make(`li.${look}`, {}, once(`verdict ${word}`, VERDICTS[word]), text);
}

/** What holds now, broken properties first; hidden where the learner is asked to predict it. */
export function drawProperties(list, { properties, before, at }) {
  const rows = properties.map((one, number) => {
    const { name, word, reason, step } = one,
      news = at > 0 && isNew(one, before[number]);
    return [
      word !== "broken",
      [[name, word, reason, step, news && at].join(" "), () => propertyItem(one, before[number], at)],
    ];
  });
  settle(
    list,
    rows.sort(([one], [other]) => one - other).map(([, row]) => row),
  );
  list.parentElement.hidden = !rows.length;
}

export function drawState(parts, { state, changes }) {
  const left = [...changes.values()].filter(({ was, now }) => was?.whole && !now);
  const gone = left.map(({ was }) => `${was.name} is gone; it was ${was.word}.`);
  settle(parts.state, [
    [
      "slots",
      () => make("div.slots"),
      (element) =>
        settle(
          element,
          state.slots.map((slot, number) => slotRow(slot, number, changes)),
        ),
    ],
    ...state.vms.map((card) => vmRow(card, changes)),
    ...gone.map((text) => [text, () => make("p.card.changed-cell", {}, text)]),
    !state.vms.length && !gone.length && ["none", () => make("p.card.unused", {}, "EL2 has no VM.")],
  ]);
}

export function drawPages(parts, { graph, state, at, changes }) {
  write(parts.caption, at ? `Who owns every page, after step ${at}` : "Who owns every page, before the first step");
  settle(
    parts.pages,
    state.pages.map((row, number) => [
      number,
      () => make("tr"),
      (element) => fillPage(element, graph.pages[number], row, number, changes),
    ]),
  );
}
