// The menu of a CPU whose calls the learner chooses: the next call, its arguments, and why EL2 would refuse it.

import { hiddenWords, make, settle, write } from "./elements.js";

/** The name and the arguments of the call that a step begins; undefined if a call goes on. */
function parseBegin({ line }) {
  const [, name, args] = /^\d+ (\w+)\((.*?)\) /.exec(line) ?? [];
  return name && { name, args };
}

/** The refusal {ret, says} that a call ends in if no other CPU steps in between, or undefined. */
export const refusalOf = (edge) => edge.refusal ?? (["refused", "nothing"].includes(edge.kind) ? edge : undefined);

export function menuFrame(choose) {
  const menu = { call: make("select"), args: make("select"), wanted: {} };
  menu.call.addEventListener("change", choose);
  menu.args.addEventListener("change", () => {
    menu.wanted[menu.call.value] = menu.args.value;
    choose();
  });
  const labelled = (text, select) => make("label", {}, hiddenWords(text), select);
  menu.box = make("div.menu", {}, labelled("Call", menu.call), labelled("Arguments", menu.args));
  return menu;
}

/** Fills a list with options [value, text] and keeps the choice if possible. */
function offer(select, options, wanted) {
  settle(
    select,
    options.map(([value, text]) => [value, () => make("option", { value }), (option) => write(option, text)]),
  );
  select.value = options.some(([value]) => value === wanted) ? wanted : options[0]?.[0];
}

const answerWord = ({ ret }) => (/^-/.test(ret) ? ret : "nothing happens");

/** The note behind a call's name if EL2 would refuse it with any arguments. */
function refusedWords(ways) {
  const words = new Set(ways.map(({ refusal }) => refusal && answerWord(refusal)));
  if (words.has(undefined)) return "";
  return words.size > 1 ? " (refused)" : ` (${[...words][0]})`;
}

/** Fills the menu with the calls that can begin; it does not change while a call is under way. */
export function drawMenu(menu, edges) {
  const calls = new Map();
  for (const edge of edges) {
    const { name, args } = parseBegin(edge) ?? {};
    if (name) calls.set(name, [...(calls.get(name) ?? []), { args, label: edge.label, refusal: refusalOf(edge) }]);
  }
  if (!calls.size) return;
  offer(
    menu.call,
    [...calls].map(([name, ways]) => [name, ways[0].label + refusedWords(ways)]),
    menu.call.value,
  );
  offer(
    menu.args,
    calls
      .get(menu.call.value)
      .map(({ args, refusal }) => [args, (args || "none") + (refusal ? ` (${answerWord(refusal)})` : "")]),
    menu.wanted[menu.call.value],
  );
}

/** The chosen call as in a trace. */
export const readChoice = ({ call, args }) => `${call.value}(${args.value})`;

/** The number of the chosen step; 0 while a call is under way. */
export function findChoice(menu, edges) {
  const found = edges.findIndex((edge) => {
    const { name, args } = parseBegin(edge) ?? {};
    return name === menu.call.value && args === menu.args.value;
  });
  return Math.max(0, found);
}
