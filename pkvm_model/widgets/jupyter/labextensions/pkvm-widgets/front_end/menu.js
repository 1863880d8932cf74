// The menu of a CPU whose calls the learner chooses: the next call, its arguments, and why EL2 would refuse it.

import { hiddenWords, make, settle, write } from "./elements.js";

/** The name and the arguments of the call that a step begins; undefined if a call goes on. */
function parseBegin({ line }) {
  const [, name, args] = /^\d+ (\w+)\((.*?)\) /.exec(line) ?? [];
  return name && { name, args };
}

/** The refusal {ret, says} that a call ends in if no other CPU steps in between, or undefined. */
export const refusalOf = (edge) => edge.refusal ?? (["refused", "nothing"].includes(edge.kind) ? edge : undefined);

/** A menu. What the learner has `picked`, call or arguments, stays until the CPU steps, even if EL2 refuses it. */
export function menuFrame(choose) {
  const menu = { call: make("select"), args: make("select"), wanted: {}, picked: "" };
  menu.call.addEventListener("change", () => {
    menu.picked = "call";
    choose();
  });
  menu.args.addEventListener("change", () => {
    menu.picked = "args";
    menu.wanted[menu.call.value] = menu.args.value;
    choose();
  });
  const labelled = (text, select) => make("label", {}, hiddenWords(text), select);
  menu.box = make("div.menu", {}, labelled("Call", menu.call), labelled("Arguments", menu.args));
  return menu;
}

/** Fills a list with options {value, text, refused}; the one wanted is chosen, else the first that is not refused. */
function offer(select, options, wanted, isPicked) {
  settle(
    select,
    options.map(({ value, text }) => [value, () => make("option", { value }), (option) => write(option, text)]),
  );
  const kept = options.find(({ value, refused }) => value === wanted && (isPicked || !refused));
  select.value = (kept ?? options.find(({ refused }) => !refused) ?? options[0])?.value;
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
  const { call, args, wanted, picked } = menu;
  const named = ([value, ways]) => {
    const refused = refusedWords(ways);
    return { value, text: ways[0].label + refused, refused: refused !== "" };
  };
  offer(call, [...calls].map(named), call.value, picked !== "");
  const withArgs = ({ args: value, refusal }) => {
    const text = (value || "none") + (refusal ? ` (${answerWord(refusal)})` : "");
    return { value, text, refused: Boolean(refusal) };
  };
  offer(args, calls.get(call.value).map(withArgs), wanted[call.value], picked === "args");
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
