// A state cell by cell, and the cells that differ between two states.

import { CONSTANTS } from "./constants.js";
import { RIGHTS, ownerSign, pageSign, vcpuSign, vmSign } from "./signs.js";

/** Returns a graph from its packed text, which holds equal parts of states and equal steps once. */
export function unpack(text) {
  const { parts, ...graph } = JSON.parse(text);
  for (const state of graph.states) {
    for (const kind of CONSTANTS.packed) state[kind] &&= state[kind].map((number) => parts[number]);
    state.holds = parts[state.holds];
  }
  graph.edges = graph.edges.map((out) => out.map(([number, to]) => ({ ...parts[number], to })));
  return graph;
}

export const VIEWS = ["host", "hyp", "guest"];

function pageCells(graph, row, at) {
  const cell = (part, word, extra) => ({ key: `page ${at} ${part}`, name: graph.pages[at][0], part, word, ...extra });
  return [
    ...VIEWS.map((who) => cell(who, RIGHTS[row[who]], { sign: () => pageSign(who, row[who]) })),
    cell("owner", row.owner, { sign: () => ownerSign(row.owner), shown: true }),
    cell("count", row.count || "no count", { part: "", quiet: true }),
  ];
}

function vmCells(card) {
  const both = { vm: card.vm, name: `VM ${card.handle}`, shown: true };
  const cell = (key, part, word, extra) => ({ ...both, key: `vm ${card.vm} ${key}`, part, word, ...extra });
  return [
    cell("word", "", card.word, { sign: () => vmSign(card.word), whole: true }),
    cell("count", "count", String(card.count), { same: JSON.stringify(card.holders) }),
    cell("dying", "dying in EL2", card.dying),
    cell("memo", "host memo", card.memo),
    ...card.vcpus.map((vcpu) =>
      cell(`vcpu ${vcpu.idx}`, `vCPU ${vcpu.idx}`, vcpu.word, { sign: () => vcpuSign(vcpu.word) }),
    ),
    cell("caches", "memcaches", card.caches, { quiet: true }),
    cell("back", "given back", card.back || "nothing", { quiet: true }),
  ];
}

const slotCell = ({ word }, at) => ({
  key: `slot ${at}`,
  name: `slot ${at}`,
  part: "",
  word,
  sign: () => vmSign(word),
  shown: true,
});

/** All cells by key, except in parts that both states share: those are one object and cannot differ. */
function cells(graph, state, other) {
  const pages = state.pages.flatMap((row, at) => (row === other.pages[at] ? [] : pageCells(graph, row, at)));
  const vms = state.vms.flatMap((card) => (other.vms.includes(card) ? [] : vmCells(card)));
  const slots = state.slots.map(slotCell);
  return new Map([...pages, ...vms, ...slots].map((cell) => [cell.key, cell]));
}

/** What differs: key to {was, now}; one of them is missing if a VM came or went. */
export function differences(graph, before, after) {
  const old = cells(graph, before, after),
    young = cells(graph, after, before),
    found = new Map();
  const both = (cell) => !cell.vm || (old.has(`vm ${cell.vm} word`) && young.has(`vm ${cell.vm} word`));
  for (const key of new Set([...young.keys(), ...old.keys()])) {
    const was = old.get(key),
      now = young.get(key),
      either = now ?? was;
    // One cell stands for all cells of a VM that came or went.
    const differs = was && now ? was.word !== now.word || was.same !== now.same : either.whole || both(either);
    if (differs) found.set(key, { was, now });
  }
  return found;
}
