// The stage: VMs as strips, pages as tiles that lie where their owner is, and a line from each reference to its page.

import { VIEWS } from "./cells.js";
import { hiddenWords, make, settle, shape, write } from "./elements.js";
import { listHeld } from "./lanes.js";
import { COLUMNS } from "./moves.js";
import { shownPages, staleStructs } from "./shows.js";
import { RIGHTS, SIGNS, tag, tileSign, vcpuSign, vmSign, withWord } from "./signs.js";

const ROWS_IN_SIGHT = 8,
  SLIDE = 240;
const HEADS = { host: "Host", hyp: "EL2", guest: "Guest" };

/** A row for `settle` that shows a cell of a VM or a slot; a change that follows from another one is not `loud`. */
const markedRow = (key, change, draw, loud = true) => [
  `${key} | ${Boolean(change) && loud}`,
  () => {
    const cell = draw();
    if (change && loud) cell.classList.add("mv");
    return cell;
  },
];

/** The word of a VM's life, with what it was before. */
function lifeRow({ word }, change) {
  const was = change?.was ? `was ${change.was.word}` : "";
  const draw = () => {
    const sign = withWord(vmSign(word), word);
    if (was) sign.append(make("small.was", {}, was));
    return sign;
  };
  return markedRow(`${word} ${was}`, change, draw);
}

/** A vCPU; its sign says whether it is loaded or runs, and so do words that are hidden to the eye. */
function vcpuRow({ idx, word }, change) {
  const short = word.replace(/^(loaded|running) /, "");
  const draw = () => {
    const sign = withWord(vcpuSign(word), `vCPU ${idx}`);
    sign.append(make("span.what-it-does", {}, short));
    if (short !== word) sign.append(hiddenWords(`, ${word.split(" ")[0]}`));
    return sign;
  };
  return markedRow(`vcpu ${idx} ${word}`, change, draw);
}

function countRow(card, change) {
  const draw = () => make("span.count-cell", {}, "count ", make("b.big", {}, String(card.count)));
  return markedRow(`count ${card.count}`, change, draw);
}

const holderRow = ({ kind, says, stale }) => [`${kind} ${says} ${stale}`, () => tag(kind, says, stale)];
const nobody = () => make("span.tag.nobody", {}, "nobody");

/** The strip of a VM: its life, its slot, its vCPUs, and who counts on it. */
function fillVm(strip, card, changes, slots) {
  const change = (part) => changes.get(`vm ${card.vm} ${part}`),
    [life, counts] = strip.children;
  settle(life, [
    [card.handle, () => make("b", {}, `VM ${card.handle}`)],
    lifeRow(card, change("word")),
    [card.where, () => make("span.muted", {}, card.where)],
    ...card.vcpus.map((vcpu) => vcpuRow(vcpu, change(`vcpu ${vcpu.idx}`))),
    ...slots,
  ]);
  settle(counts, [
    countRow(card, change("count")),
    ...(card.holders.length ? card.holders.map(holderRow) : [["nobody", nobody]]),
  ]);
}

/** A slot whose VM's word changed follows from that, and is not marked. */
function looseSlot({ word, handle }, number, changes, loud) {
  const draw = () => {
    const sign = withWord(vmSign(word), `slot ${number} ${word}`);
    sign.classList.add("loose");
    if (word !== "free") sign.append(make("span.handle", {}, `· ${handle}`));
    return sign;
  };
  return markedRow(`slot ${number} ${word}`, changes.get(`slot ${number}`), draw, loud);
}

/** The slots that no VM's strip names, each as a row for `settle`. */
function looseSlots({ slots, vms }, changes) {
  const named = new Set(vms.map(({ where }) => where)),
    loud = !vms.some(({ vm }) => changes.has(`vm ${vm} word`));
  return slots.flatMap((slot, number) => (named.has(`slot ${number}`) ? [] : [looseSlot(slot, number, changes, loud)]));
}

const vmFrame = (name, look = "") =>
  make(`div.vm${look}`, { role: "group", "aria-label": name }, make("div.life"), make("div.counts"));

/** The strips of the VMs; without a VM, one strip with the slots. */
function drawVms(box, { state, changes }) {
  const loose = looseSlots(state, changes);
  const gone = [...changes.values()].filter(({ was, now }) => was?.whole && !now);
  const farewell = gone.map(({ was }) => {
    const text = `${was.name} is gone; it was ${was.word}.`;
    return [text, () => make("span.mv", {}, text)];
  });
  const none = farewell.length ? farewell : [["none", () => make("b", {}, "EL2 has no VM")]];
  const empty = [
    "empty",
    () => vmFrame("VM table", ".no-vm"),
    (strip) => settle(strip.firstChild, [...none, ...loose]),
  ];
  const strips = state.vms.map((card, number) => [
    `${card.vm} ${card.handle}`,
    () => vmFrame(`VM ${card.handle}`),
    (strip) => fillVm(strip, card, changes, number === state.vms.length - 1 ? [...farewell, ...loose] : []),
  ]);
  settle(box, strips.length ? strips : [empty]);
}

/** The words that a cell leaves behind where a page was. */
const ghostWords = (right) => (right === "B" ? "was lent" : "was here");

/** A row for `settle`: what one of the three has of a page. */
function territoryCell(who, now, was, move, name) {
  const [right, before] = [now[who], was[who]];
  const moved = move?.view === who,
    ghost = move && right === "-" && before !== "-" ? ghostWords(before) : "";
  const draw = () => {
    const cell = make(moved ? "td.mv" : "td", {});
    if (right === "-") cell.append(hiddenWords(RIGHTS[right]));
    else cell.append(tileSign(who, right, name), make("span.word", {}, RIGHTS[right]));
    if (ghost) cell.append(make("span.ghost", {}, ghost));
    return cell;
  };
  return [`${right} ${moved} ${ghost} ${name}`, draw];
}

/** Who counts on a VM's struct; of several, only which CPUs. */
function holderWords(holders) {
  const [{ cpu, kind, stale }] = holders,
    cpus = [...new Set(holders.map((one) => one.cpu))];
  if (cpus.length > 1) return `${stale ? "still " : ""}held by CPUs ${cpus.join(", ")}`;
  return `CPU ${cpu} ${stale ? "still " : ""}${kind === "vcpu" ? "has its vCPU" : "uses it"}`;
}

/** The counts of a page: for a VM's struct with its holders, for others the count that belongs to the page. */
function countParts({ count }, card, holders) {
  if (!card?.count) return [count];
  const cpus = [...new Set(holders.map(({ cpu }) => cpu))].join(", "),
    says = holders.length ? holderWords(holders) : (card.holders[0]?.says ?? "nobody"),
    short = cpus ? `held by CPU ${cpus}` : `count ${card.count}`;
  const long = make("span.long", {}, `count ${card.count}: ${says}`);
  return [make("b", {}, long, make("span.brief", { "aria-hidden": "true" }, short))];
}

function fillRow(element, page, view, moves, held) {
  const { graph, state, since, at, stateAt } = view;
  const [name, what] = graph.pages[page],
    now = state.pages[page],
    was = stateAt(at ? since : 0).pages[page],
    move = moves.get(page),
    card = state.vms.find(({ vm }) => vm === name),
    holders = held.filter((one) => one.name === name && one.counted);
  const counts = countParts(now, card, holders),
    words = counts.map((part) => part.textContent ?? part).join(""),
    stale = holders.some((one) => one.stale);
  element.className = stale ? "page stale" : "page";
  settle(element, [
    [name, () => make("th", { scope: "row" }, name, " ", make("span.what", {}, what))],
    ...VIEWS.map((who) => territoryCell(who, now, was, move, name)),
    [`${words} ${stale}`, () => make("td.counts-cell", {}, stale && SIGNS.stale(), ...counts)],
  ]);
}

/** The pages that have a row: all in the picture, or those that matter now, then those that calls name, then others. */
function choosePages(view, moves, held, { most, named }) {
  const { graph, state } = view,
    all = [...shownPages(view)];
  if (all.length <= most) return all;
  const stale = staleStructs(state),
    used = new Set(held.map(({ name }) => name));
  const rank = (page) => {
    const [name] = graph.pages[page];
    return stale.has(name) ? 0 : moves.has(page) ? 1 : used.has(name) ? 2 : named.has(name) ? 3 : 4;
  };
  const first = [...all].sort((one, other) => rank(one) - rank(other) || one - other).slice(0, most - 1);
  return first.sort((one, other) => one - other);
}

/** The pages without a row: those for which there is no room, and those that the chapter has not named. */
function restRows(view, shown, moves) {
  const known = shownPages(view),
    unused = view.graph.pages.length - known.size;
  const text = `${unused} more ${unused === 1 ? "page" : "pages"} that this chapter does not use`;
  return [restRow(view, [...known], shown, moves), unused > 0 && restLine(text)];
}

const restLine = (text) => [text, () => make("tr.rest", {}, make("td", { colspan: "5" }, text))];

function restRow({ graph }, known, shown, moves) {
  const rest = known.flatMap((page) => (shown.includes(page) ? [] : [{ name: graph.pages[page][0], page }]));
  if (!rest.length) return null;
  const moved = rest.filter(({ page }) => moves.has(page)).length,
    names = rest.slice(0, 8).map(({ name }) => name);
  const which = rest.length > names.length ? `${names.join(" ")} …` : names.join(" ");
  const more = `${rest.length} more ${rest.length === 1 ? "page" : "pages"}`,
    text = `${more}: ${which}${moved ? `; ${moved} moved too` : ""}`;
  return restLine(text);
}

export function stageFrame(lanes, parts) {
  const head = ([who, name]) => make(`th.${who}`, { scope: "col" }, SIGNS[who](), name);
  const heads = [
    make("th", { scope: "col" }, "Page"),
    ...Object.entries(HEADS).map(head),
    make("th", { scope: "col" }, "Counts"),
  ];
  const table = make("table.territory", {}, parts.caption, make("thead", {}, make("tr", {}, ...heads)), parts.pages);
  return make("div.stage", {}, make("div.lanes", {}, ...lanes), parts.vms, table, parts.wires);
}

/**
 * How many rows there is room for, and what the calls of this bench name. A second VM takes the room of two rows, and a
 * third lane that of one on a phone.
 */
export const rowsFor = ({ states, cpus }) => ({
  most: ROWS_IN_SIGHT - 2 * Math.max(0, ...states.map(({ vms }) => vms.length - 1)) - Number(cpus.length > 2),
  named: new Set(states.flatMap(({ lanes }) => lanes.flatMap(({ call }) => call.split(/[^\w.]+/)))),
});

const listAll = (state) =>
  state.lanes.flatMap((_, cpu) => listHeld(state, cpu).map((one, slot) => ({ ...one, cpu, slot })));

/** Draws the territory and the references; returns the rows' pages in their order. */
export function drawStage(parts, view, moves, room) {
  const { at } = view,
    held = listAll(view.state),
    shown = choosePages(view, moves, held, room);
  write(parts.caption, at ? `Who owns every page, after step ${at}` : "Who owns every page, before the first step");
  drawVms(parts.vms, view);
  settle(parts.pages, [
    ...shown.map((page) => [page, () => make("tr.page"), (element) => fillRow(element, page, view, moves, held)]),
    ...restRows(view, shown, moves),
  ]);
  drawWires(parts.wires, view, shown, held);
  return shown;
}

/** A line from what a CPU holds to the page: its ends are numbers, and the style sheet knows where these lie. */
function wireRow({ cpu, slot, name, kind, stale }, view, shown, track) {
  const { graph, state } = view,
    row = shown.findIndex((page) => graph.pages[page][0] === name);
  if (row < 0) return null;
  const column = VIEWS.indexOf(COLUMNS[state.pages[shown[row]].owner]);
  const ends = { lane: cpu, lanes: state.lanes.length, slot, row, column, track };
  const style = Object.entries(ends)
    .map(([key, value]) => `--${key}:${value}`)
    .join(";");
  const look = stale ? "stale" : kind;
  const draw = () =>
    make(`div.wire.${look}`, { style }, ...["i.stub", "i.out", "i.down"].map((piece) => make(piece)), stale && cross());
  return [`${style} ${look}`, draw];
}

function cross() {
  const sign = shape("svg", { width: 20, height: 20, viewBox: "0 0 20 20" });
  sign.append(shape("circle", { cx: 10, cy: 10, r: 8.5 }), shape("path", { d: "M6 6L14 14M14 6L6 14" }));
  return make("i.cross", {}, sign);
}

function drawWires(box, view, shown, held) {
  const counted = held.filter((one) => one.counted);
  settle(
    box,
    counted.map((one, track) => wireRow(one, view, shown, track)),
  );
}

/** Lets each tile come from where its page was. The page is drawn already: this only explains, and any key ends it. */
export function slideTiles(parts, shown, moves) {
  const slides = [];
  for (const [page, { view, left }] of moves) {
    const row = parts.pages.children[shown.indexOf(page)],
      tile = left && row?.querySelector(`td.mv .tile`);
    if (!tile) continue;
    const columns = VIEWS.indexOf(left) - VIEWS.indexOf(view);
    const from = `translateX(calc(${columns} * var(--cell)))`;
    slides.push(tile.animate([{ transform: from }, { transform: "none" }], { duration: SLIDE, easing: "ease-out" }));
  }
  return slides;
}
