// What a step did, in few words: the move of a page is one fact, though it changes three cells.

import { VIEWS } from "./cells.js";
import { shownPages, staleStructs } from "./shows.js";
import { RIGHTS } from "./signs.js";

/** The column of the ownership table in which an owner's pages are. */
export const COLUMNS = { HOST: "host", HYP: "hyp", GUEST: "guest" };
const WHO_NAMES = { host: "host", hyp: "EL2", guest: "guest" };
const MOST_CHIPS = 3,
  MOST_NAMES = 4;

const article = (who) => (who === "hyp" ? "EL2" : `the ${WHO_NAMES[who]}`);

/** The column in which a page changed although its owner stayed: the borrower's, where there is one. */
function changedView(was, now) {
  const changed = VIEWS.filter((who) => was[who] !== now[who]);
  return changed.find((who) => now[who] === "B" || was[who] === "B") ?? changed.at(-1);
}

function changeWords(who, was, now) {
  if (now === "B") return `lent to ${article(who)}`;
  if (was === "B" && now === "-") return `back from ${article(who)}`;
  return now === "X" ? "poisoned" : `${WHO_NAMES[who]}: ${RIGHTS[was]} → ${RIGHTS[now]}`;
}

/**
 * How a page moved: `view` is the column where it is seen, `left` the column that it left if it has another owner now.
 * @returns {{view: string, left?: string, says: string} | null} null if nobody's right to the page changed
 */
export function pageMove(/** @type {RowValue} */ was, /** @type {RowValue} */ now) {
  if (was.owner !== now.owner) {
    const [left, view] = [COLUMNS[was.owner], COLUMNS[now.owner]];
    return { view, left, says: `${WHO_NAMES[left]} → ${WHO_NAMES[view]}` };
  }
  const view = changedView(was, now);
  return view ? { view, says: changeWords(view, was[view], now[view]) } : null;
}

/** The moves of a step that the picture shows, by the number of the page. */
export function pageMoves(view) {
  const { state, since, at, stateAt } = view,
    before = stateAt(at ? since : 0).pages,
    shown = shownPages(view);
  const moves = state.pages.map((row, page) => [page, row === before[page] ? null : pageMove(before[page], row)]);
  return new Map(/** @type {[number, any][]} */ (moves.filter(([page, move]) => move && shown.has(page))));
}

/** Facts about pages: pages that moved alike are one fact, those that somebody still uses first. */
function pageFacts({ graph, state }, moves) {
  const stale = staleStructs(state),
    alike = new Map();
  for (const [page, { says }] of moves) alike.set(says, [...(alike.get(says) ?? []), graph.pages[page][0]]);
  return [...alike].map(([says, all]) => {
    const names = [...all].sort((one, other) => Number(stale.has(other)) - Number(stale.has(one)));
    const isStale = stale.has(names[0]),
      more = names.length - MOST_NAMES;
    const shown = more > 1 ? `${names.slice(0, MOST_NAMES).join(" ")} and ${more} more` : names.join(" ");
    return { rank: isStale ? 1 : 2, name: shown, says, stale: isStale };
  });
}

const QUIET = 9;
const RANKS = { word: 3, count: 4, vcpu: 5, memo: 7, dying: 8 };

/** A fact about a cell of a VM or a slot. */
function cellFact(key, { was, now }) {
  const cell = now ?? was,
    [kind, , part] = key.split(" ");
  const name = [cell.name, cell.part].filter(Boolean).join(" ");
  const rank = cell.quiet ? QUIET : kind === "slot" ? 6 : (RANKS[part] ?? QUIET);
  const says = !was
    ? `is new: ${now.word}`
    : !now
      ? "is gone"
      : was.word === now.word
        ? `stays ${now.word}`
        : `${was.word} → ${now.word}`;
  return { rank, name, says };
}

/** The facts that follow from another one, which is told instead: the slot of a VM whose word changed, its flag. */
function isImplied(key, changes, state) {
  const [kind, at, part] = key.split(" ");
  if (kind === "vm") return part === "dying" && changes.has(`vm ${at} word`);
  const wordOf = ({ vm, where }) => changes.has(`vm ${vm} word`) && (where === `slot ${at}` || state.vms.length === 1);
  return kind === "slot" && state.vms.some(wordOf);
}

function cellFacts({ changes, state }) {
  const told = [...changes].filter(([key]) => !key.startsWith("page ") && !isImplied(key, changes, state));
  return told.map(([key, change]) => cellFact(key, change));
}

/** Facts about counts that belong to a page; the count of a VM's struct is told with the VM. */
function countFacts({ graph, state, changes }, moves) {
  const structs = state.vms.map(({ vm }) => vm);
  return [...changes].flatMap(([key, { was, now }]) => {
    const [kind, page, part] = key.split(" ");
    const name = kind === "page" && part === "count" ? graph.pages[page][0] : "";
    if (!name || structs.includes(name)) return [];
    return [{ rank: moves.has(Number(page)) ? QUIET + 1 : QUIET, name, says: `${was.word} → ${now.word}` }];
  });
}

/**
 * What a step did, the most important first, and how much more there is.
 * @returns {{chips: {name: string, says: string, stale?: boolean}[], more: number}}
 */
export function tellChanges(view, moves) {
  const facts = [...pageFacts(view, moves), ...cellFacts(view), ...countFacts(view, moves)];
  const sorted = facts.map((fact, at) => ({ fact, at })).sort((a, b) => a.fact.rank - b.fact.rank || a.at - b.at);
  const loud = sorted.filter(({ fact }) => fact.rank < QUIET),
    chips = (loud.length ? loud.slice(0, MOST_CHIPS) : sorted.slice(0, 1)).map(({ fact }) => fact);
  return { chips, more: facts.length - chips.length };
}
