// The drawers of a bench: calls, VMs and pages in words, and what holds.

import { VIEWS } from "./cells.js";
import { isNew } from "./change.js";
import { make, prose, settle, write } from "./elements.js";
import { lockLetters, lockLook, withoutLocks } from "./lanes.js";
import { gapWords, listRegions } from "./regions.js";
import { showsDetail } from "./shows.js";
import { RIGHTS, SIGNS, once, ownerSign, pageSign, tag, vcpuSign, vmSign, withWord } from "./signs.js";

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

function slotRow(slot, at, { graph, changes }) {
  const { word, handle } = slot,
    vmid = showsDetail(graph, "vmid") ? ` · VMID ${slot.vmid}` : "";
  return cellRow(word, changes.get(`slot ${at}`), () =>
    make(
      word === "free" ? "div.slot.unused" : "div.slot",
      {},
      make("span.key", {}, `slot ${at} · ${handle}${vmid}`),
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

/** The rows of a VM card that the chapter has explained: label, part, key of what it shows, and how it is drawn. */
function vmLines(graph, card) {
  const words = (label, part, text) => [label, part, text, () => text];
  const lines = [
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
  return lines.filter(([, part]) => !["memo", "caches", "back"].includes(part) || showsDetail(graph, part));
}

function fillCard(element, card, { graph, changes }) {
  const change = (part) => changes.get(`vm ${card.vm} ${part}`),
    { word, where, handle } = card;
  const lines = vmLines(graph, card).flatMap(([label, part, shows, draw]) => [
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

const vmRow = (card, view) => [
  `vm ${card.vm} ${card.handle}`,
  () => make("div.card", { role: "group", "aria-label": `VM ${card.handle}` }, make("h4"), make("dl")),
  (element) => fillCard(element, card, view),
];

const PAGE_CELLS = [...VIEWS, "owner", "count"];

function fillPage(row, [name, what], shown, at, changes) {
  const change = (part) => changes.get(`page ${at} ${part}`);
  row.classList.toggle("changed", PAGE_CELLS.some(change));
  settle(row, [
    [name, () => make("th", { scope: "row" }, name, " ", make("span.what", {}, what))],
    ...VIEWS.map((who) =>
      cellRow(shown[who], change(who), () => make("td", {}, withWord(pageSign(who, shown[who]), RIGHTS[shown[who]]))),
    ),
    cellRow(shown.owner, change("owner"), () => make("td", {}, withWord(ownerSign(shown.owner), shown.owner))),
    cellRow(shown.count, change("count"), () => make("td.count", {}, shown.count)),
    [shown.says, () => make("td.words", {}, shown.says)],
  ]);
}

export function pageTable({ caption, pages }) {
  const heads = ["Page", "Host", "Hyp", "Guest", "Owner", "Counts"].map((head) => make("th", { scope: "col" }, head));
  const words = make("th.words-head", { scope: "col" }, "In words");
  return make("table.pages", {}, caption, make("thead", {}, make("tr", {}, ...heads, words)), pages);
}

const VERDICTS = { holds: SIGNS.holds, broken: SIGNS.broken, "nothing to check": SIGNS.empty };

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

/** What holds now, broken properties first. */
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
}

export function drawState(parts, view) {
  const { state, changes } = view;
  const left = [...changes.values()].filter(({ was, now }) => was?.whole && !now);
  const gone = left.map(({ was }) => `${was.name} is gone; it was ${was.word}.`);
  settle(parts.state, [
    [
      "slots",
      () => make("div.slots"),
      (element) =>
        settle(
          element,
          state.slots.map((slot, number) => slotRow(slot, number, view)),
        ),
    ],
    ...state.vms.map((card) => vmRow(card, view)),
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

const ALL = { done: 5, later: 3, used: true };

/** A row for `settle` that shows a region in words. */
function regionRow({ locks, says, when, times, from, to, fresh }) {
  const text = (when === "next" ? "next: " : "") + (times > 1 ? `${times} times: ` : "") + says;
  const step = from === undefined ? "" : from === to ? `step ${from}` : `${from}–${to}`,
    look = fresh ? "done.fresh" : when;
  const bracket = () => make(`span.bracket.${lockLook(locks)}`, {}, ...lockLetters(locks));
  return [
    [look, locks, text, step].join(" | "),
    () => make(`li.region.${look}`, {}, bracket(), make("span", {}, text), make("span.at", {}, step)),
  ];
}

function regionRows(view, cpu) {
  const rows = listRegions(view, cpu, ALL).map((row) => withoutLocks(view.graph, row));
  return rows.flatMap((row, number) => {
    const here = rows[number - 1]?.when === "done" && row.when === "next";
    const says = row.gap.length ? `gap: ${gapWords(row.gap)}` : here ? "gap: others may run" : "gap";
    const shown = number > 0 && (row.gap.length || row.when !== "done");
    return [shown && [`${here} ${says}`, () => make(here ? "li.gap.here" : "li.gap", {}, says)], regionRow(row)];
  });
}

/** The call of a CPU in full, and its regions in words. */
export function drawCall(box, view, cpu) {
  const { call, where } = view.state.lanes[cpu];
  settle(box, [
    ["head", () => make("h4"), (head) => write(head, `${view.graph.cpus[cpu]} ${where}`)],
    ["call", () => make("p.call"), (line) => write(line, call)],
    ["regions", () => make("ol"), (list) => settle(list, regionRows(view, cpu))],
  ]);
}
