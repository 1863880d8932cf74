// State, ownership, and what just changed.

import { VIEWS } from "./cells.js";
import { hiddenWords, make, prose, settle, settleRows } from "./elements.js";
import { PAPER, RIGHTS, SIGNS, codeOf, nothingSign, octagon, once, ownerSign, pageSign, refusedSign, tag, vcpuSign, vmSign, withWord } from "./signs.js";

const mark = (element, change) => {
  if (!change) return element;
  element.classList.add("changed-cell");
  if (change.was && change.was.word !== change.now.word) element.append(make("span.was", {}, `was ${change.was.word}`));
  if (!change.was) element.append(make("span.was", {}, "new"));
  return element;
};

function slotBox(slot, at, changes) {
  const box = make(slot.word === "free" ? "div.slot.unused" : "div.slot", {},
    make("span.key", {}, `slot ${at} · ${slot.handle} · VMID ${slot.vmid}`), withWord(vmSign(slot.word), slot.word));
  return mark(box, changes.get(`slot ${at}`));
}

function holders(card) {
  if (!card.holders.length) return [make("span.tag.nobody", {}, "idle, nobody")];
  return card.holders.map((holder) => tag(holder.kind, holder.says, holder.stale));
}

function vmCard(card, changes) {
  const change = (part) => changes.get(`vm ${card.vm} ${part}`);
  const line = (label, part, ...kids) => [make("dt", {}, label), mark(make("dd", {}, ...kids), change(part))];
  const word = mark(withWord(vmSign(card.word), card.word), change("word"));
  const head = make("h4", {}, make("span", {}, `VM ${card.handle}`), word, make("span.muted", {}, card.where));
  const number = make("span.big", {}, String(card.count));
  const count = make("div.count-line", {}, number, make("div.holders", {}, ...holders(card)));
  const vcpus = card.vcpus.flatMap((vcpu) =>
    line(vcpu.idx ? "" : "vCPUs", `vcpu ${vcpu.idx}`, withWord(vcpuSign(vcpu.word), `vCPU ${vcpu.idx} ${vcpu.word}`)));
  const list = make("dl", {}, ...line("Count", "count", count), ...line("Dying", "dying", `EL2: ${card.dying}`),
    ...line("", "memo", `host memo: ${card.memo}`), ...vcpus, ...line("Given back", "back", card.back || "nothing yet"));
  return make("section.card", { "aria-label": `VM ${card.handle}` }, head, list);
}

const PAGE_CELLS = [...VIEWS, "owner", "count"];

function pageRow(graph, row, at, changes) {
  const [name, what] = graph.pages[at];
  const change = (part) => changes.get(`page ${at} ${part}`);
  const views = VIEWS.map((who) => mark(make("td", {}, withWord(pageSign(who, row[who]), RIGHTS[row[who]])), change(who)));
  const owner = mark(make("td", {}, withWord(ownerSign(row.owner), row.owner)), change("owner"));
  const count = mark(make("td.count", {}, row.count), change("count"));
  const head = make("th", { scope: "row" }, name, make("span.what", {}, what));
  const touched = PAGE_CELLS.some(change);
  return make(touched ? "tr.changed" : "tr", {}, head, ...views, owner, count, make("td.words", {}, row.says));
}

const MOST_CHIPS = 5;

function chip({ was, now }) {
  const cell = now ?? was, head = [make("b", {}, cell.name), cell.part && make("span", {}, cell.part)];
  const word = (one) => (one.shown ? make("span.word", {}, one.word) : hiddenWords(one.word));
  const show = (one) => (one.sign ? make("span.sign", {}, one.sign(), word(one)) : make("span", {}, one.word));
  const become = [hiddenWords("becomes"), make("span", { "aria-hidden": "true" }, "→")];
  if (!was) return make("li", {}, ...head, make("span", {}, "is new:"), show(now));
  if (!now) return make("li", {}, ...head, show(was), ...become, "gone");
  if (was.word === now.word) return make("li", {}, ...head, make("b", {}, `stays ${now.word}`));
  return make("li", {}, ...head, show(was), ...become, show(now));
}

/** What this step has broken, said where the eye begins. */
export const newlyBroken = ({ properties, before }) =>
  properties.filter((one, number) => one.word === "broken" && isNew(one, before[number]));

function chips({ changes, ...view }) {
  const all = [...changes.values()], loud = all.filter(({ was, now }) => !(now ?? was).quiet);
  const shown = (loud.length ? loud : all).slice(0, MOST_CHIPS), more = all.length - shown.length;
  const broken = newlyBroken(view).map(({ says }) => make("li", {}, SIGNS.broken(), make("b", {}, "broken now:"), says));
  if (!all.length) return [...broken, make("li.plain.muted", {}, "No page, VM or slot changes.")];
  return [...broken, ...shown.map(chip), more > 0 && make("li.plain", {}, `and ${more} more, marked below`)];
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

// The host's warning is a line of its own below the sentence of the step.
const HOST_WARNING = /(?=The host logs a warning: )/;

export function changeParts(view) {
  const edge = view.path[view.at - 1]?.edge, { end } = view.state, says = edge?.says ?? view.graph.says;
  const [main, warning] = edge?.kind === "warn" ? says.split(HOST_WARNING) : [says];
  const ends = edge?.kind === "panic";
  return [
    end && panicBlock(end.title, ends ? says : end.says),
    make("div.when", {}, whenWords(view)),
    main && !ends && make("p.says", {}, prose(main)),
    warning && make("p.warning", {}, SIGNS.warn(), make("code", {}, "WARN"), prose(warning)),
    answerSign(edge),
    make("ul.diffs", {}, ...chips(view)),
  ];
}

export function pageTable({ caption, pages }) {
  const heads = ["Page", "Host", "Hyp", "Guest", "Owner", "Counts"].map((head) => make("th", { scope: "col" }, head));
  const words = make("th.words-head", { scope: "col" }, "In words");
  return make("table", {}, caption, make("thead", {}, make("tr", {}, ...heads, words)), pages);
}

const VERDICTS = { holds: SIGNS.holds, broken: SIGNS.broken, "nothing to check": SIGNS.empty };

const isNew = ({ word }, was) => (word === "broken") !== (was.word === "broken");

/** One property: sign, sentence and word, and why it is broken. */
function propertyItem(one, was, at) {
  const { name, says, word, reason, step } = one, look = word === "nothing to check" ? "empty" : word;
  const news = at > 0 && isNew(one, was) && make("span.new", {}, word === "broken" ? `new at step ${step ?? at}` : "was broken");
  const why = word === "broken" && make("span.why", {}, prose(reason), step && step < at ? ` (step ${step})` : "");
  const verdict = make("span.verdict", {}, make("span.muted", {}, `${name} · `), word);
  const text = make("span", {}, make("span.sentence", {}, says), " ", verdict, news, why);
  return make(`li.${look}`, {}, once(`verdict ${word}`, VERDICTS[word]), text);
}

/** What holds now; broken properties come first. A scene that asks for a prediction says nothing of it. */
export function drawProperties(list, { properties, before, at }) {
  const items = properties.map((one, number) => [one.word !== "broken", propertyItem(one, before[number], at)]);
  settle(list, items.sort(([one], [other]) => one - other).map(([, item]) => item));
  list.parentElement.hidden = !items.length;
}

export function drawState(parts, { graph, state, at, changes }) {
  const slots = make("div.slots", {}, ...state.slots.map((slot, number) => slotBox(slot, number, changes)));
  const cards = state.vms.map((card) => vmCard(card, changes));
  const left = [...changes.values()].filter(({ was, now }) => was?.whole && !now);
  const gone = left.map(({ was }) => make("p.card.changed-cell", {}, `${was.name} is gone; it was ${was.word}.`));
  const none = cards.length + gone.length ? [] : [make("p.card.unused", {}, "EL2 has no VM.")];
  settle(parts.state, [slots, ...cards, ...gone, ...none]);
  parts.caption.textContent = at ? `Who owns every page, after step ${at}` : "Who owns every page, before the first step";
  // Equal rows are one object in a graph; only those that carry a mark are drawn anew.
  settleRows(parts.pages, state.pages.map((row, number) =>
    [PAGE_CELLS.some((part) => changes.has(`page ${number} ${part}`)) ? null : row, () => pageRow(graph, row, number, changes)]));
}
