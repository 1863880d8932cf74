// Where a bench stands, and every step ever taken on it: a tree, because going back and doing something else loses
// nothing. Also its text forms: trace, link, and the history from which Python or a reload restores the tree.
//
// `walk.py` computes the same in Python; `tests/front_end/cases.json` holds both to the same results.

import { differences } from "./cells.js";
import { clip } from "./text.js";

const MOST_PLACES = 10_000;

const linesOf = (path, upTo) => path.slice(0, upTo).map((place) => place.edge.line);

/** What follows `#NAME=` in a link to a step: the lines of all steps, with + for a space, and the step to show. */
const linkText = (path, at) => `${linesOf(path, path.length).join(";").replaceAll(" ", "+")}@${at}`;

/** Splits what follows `#NAME=` in a link into lines and the step to show. A + that ends an address stays. */
export function splitLink(text) {
  const [lines, at] = text.split("@");
  const spaced = lines.split(";").map((line) => line.replaceAll(/\+(?![,)])/g, " "));
  return { lines: spaced.filter(Boolean), at: /^\d+$/.test(at ?? "") ? Number(at) : Infinity };
}

/** Splits a trace text into its version, its lines without the last, and the digest in the last; "" if missing. */
export function splitTrace(text) {
  const rows = text.split("\n").map((row) => row.trim());
  const lines = rows.filter(Boolean);
  const [, digest = ""] = /^state (.+)/.exec(lines.at(-1) ?? "") ?? [];
  const [, version = ""] = /^pkvm-trace (\S+)/.exec(lines[0] ?? "") ?? [];
  return { version, lines: digest ? lines.slice(0, -1) : lines, digest };
}

/**
 * Fits a trace text to a graph.
 * @returns {{misfit?: string, lines?: string[], at?: number, digest?: string}} the steps that the trace takes from the
 * start of the graph and the digest that it promises, or why it does not belong here
 */
export function fitTrace(graph, text) {
  const { version, lines, digest } = splitTrace(text);
  const before = [graph.header, ...graph.setup];
  const here = splitTrace(graph.header).version;
  if (version && version !== here) {
    return {
      misfit: `This trace has version ${clip(version)}; here version ${here} is read. Make it again with this course.`,
    };
  }
  const odd = before.findIndex((line, at) => lines[at] !== line);
  if (odd < 0) return { lines: lines.slice(before.length), at: Infinity, digest };
  const line = `its line ${odd + 1} is “${clip(lines[odd] ?? "missing")}”, here it is “${before[odd]}”`;
  return { misfit: `This trace was made for another bench: ${line}.` };
}

/** A place in the history: the edge that led to it, the places reached from it, and what was broken on the way. */
function makePlace(number, before, edge, id) {
  const step = before ? before.step + 1 : 0;
  const broken = edge?.breaks ? { ...before.broken } : (before?.broken ?? {});
  for (const [name, reason] of Object.entries(edge?.breaks ?? {})) broken[name] ??= { reason, step };
  return { number, step, before, edge, id, after: [], next: null, broken };
}

/** Returns this place and those after it, along the branch taken last. */
function followBranch(first) {
  const places = [];
  for (let at = first; at; at = at.next) places.push(at);
  return places;
}

/**
 * Where a bench stands: the place shown, all places, and the graph as far as it is known.
 * @template {PositionValue} S
 * @template {EdgeValue} E
 */
export class Walk {
  constructor(/** @type {GraphValue<S, E>} */ graph) {
    this.graph = graph;
    this.forget();
  }

  /** Returns to the start and forgets everything else. */
  forget() {
    this.places = [makePlace(0, null, null, this.graph.start)];
    this.go(this.places[0]);
  }

  /** Forgets every place that is not on the way to the one shown. */
  prune() {
    const edges = this.path.slice(0, this.at).map(({ edge }) => edge);
    this.forget();
    for (const edge of edges) this.take(edge);
  }

  /** Shows a place; the path leads through it, and beyond it along the branch taken last. */
  go(to) {
    this.here = to;
    const way = [];
    for (let at = to; at.before; at = at.before) {
      at.before.next = at;
      way.push(at);
    }
    this.path = [...way.reverse(), ...followBranch(to.next)];
  }

  get at() {
    return this.here.step;
  }
  get isFull() {
    return this.places.length > MOST_PLACES;
  }
  get id() {
    return this.here.id;
  }
  get state() {
    return this.graph.states[this.id];
  }
  placeAt(/** @type {number} */ step) {
    return step ? this.path[step - 1] : this.places[0];
  }
  stateAt(/** @type {number} */ step) {
    return this.graph.states[this.placeAt(step).id];
  }
  edges(/** @type {number} */ cpu) {
    return (this.graph.edges[this.id] ?? []).filter((edge) => edge.cpu === cpu);
  }
  edgeOf(/** @type {string} */ line) {
    return (this.graph.edges[this.id] ?? []).find((edge) => edge.line === line);
  }

  /** Returns true if the state that an edge leads to is here. */
  knows(/** @type {E} */ edge) {
    return edge.to !== null && this.graph.states[edge.to] !== undefined;
  }

  /** Follows an edge; taken again from the same place it leads to the same place. Returns true if a branch begins. */
  take(/** @type {E} */ edge) {
    const { here } = this;
    const again = here.after.find((other) => other.edge.line === edge.line);
    const to = again ?? makePlace(this.places.length, here, edge, edge.to);
    const forks = !again && here.after.length > 0;
    if (!again) {
      here.after.push(to);
      this.places.push(to);
    }
    this.go(to);
    return forks;
  }

  /** Adds Python's answer about an edge to the graph. */
  learn(/** @type {GrowthValue<S, E>} */ { from, line, to, states, edges }) {
    for (const [id, state] of Object.entries(states)) this.graph.states[id] ??= state;
    for (const [id, list] of Object.entries(edges)) this.graph.edges[id] ??= list;
    const known = this.graph.edges[from].find((edge) => edge.line === line);
    if (known) known.to = to;
  }

  /** The path shown, then each branch that leaves it or another branch: {from: a step, places}. */
  get ways() {
    const ways = [{ from: 0, places: [this.places[0], ...this.path] }];
    for (const { places } of ways) {
      places.forEach((at, number) => {
        if (at.after.length < 2 && (!at.after.length || at.after[0] === places[number + 1])) return;
        const others = at.after.filter((other) => other !== places[number + 1]);
        ways.push(...others.map((other) => ({ from: at.step, places: followBranch(other) })));
      });
    }
    return ways;
  }

  /** The verdict on each property at a step: {name, says, word, reason, step}, `step` if a step broke it. */
  propertiesAt(step) {
    const { broken } = this.placeAt(step);
    const { holds } = this.stateAt(step);
    return this.graph.properties.map(([name, says], number) => {
      const verdict = holds[number];
      const isBroken = broken[name] || typeof verdict === "string";
      const word = isBroken ? "broken" : verdict ? "holds" : "nothing to check";
      return { name, says, word, reason: typeof verdict === "string" ? verdict : "", ...broken[name] };
    });
  }

  /** Returns the first step on the way here after which one of these properties is broken, or -1. */
  findBreak(/** @type {string[]} */ names) {
    const { properties, states } = this.graph;
    const wanted = properties.flatMap(([name], number) => (names.includes(name) ? [{ name, number }] : []));
    const breaks = ({ edge, id }) =>
      wanted.some(
        ({ name, number }) => edge?.breaks?.[name] !== undefined || typeof states[id].holds[number] === "string",
      );
    return [this.places[0], ...this.path.slice(0, this.at)].findIndex(breaks);
  }

  /** The lines of the steps from the start to here. */
  get taken() {
    return linesOf(this.path, this.at);
  }
  get trace() {
    const { graph, state } = this;
    return [graph.header, ...graph.setup, ...this.taken, `state ${state.digest}`].join("\n");
  }
  get link() {
    return linkText(this.path, this.at);
  }
  get says() {
    return this.here.edge?.says ?? this.graph.says;
  }

  /** All places as one text: each line once, then for each place the numbers of the place before and of its line. */
  get history() {
    const lines = new Map();
    const number = ({ edge: { line } }) => lines.get(line) ?? lines.set(line, lines.size).get(line);
    const steps = this.places.slice(1).map((at) => [at.before.number, number(at)]);
    return JSON.stringify({ lines: [...lines.keys()], steps, at: this.here.number });
  }

  /** Returns what differs if a trace ends in another state than the one shown, or "". */
  checkDigest(digest) {
    const here = this.state.digest;
    return digest && digest !== here
      ? `The trace ends in state ${clip(digest)}, but this bench is in state ${here}.`
      : "";
  }

  /** Returns what the drawing needs: the position, and what differs from step `since`. */
  view(since) {
    const { graph, path, at, state } = this;
    const changes = at ? differences(graph, this.stateAt(since), state) : new Map();
    const properties = this.propertiesAt(at);
    const before = this.propertiesAt(at ? since : 0);
    return { graph, path, at, since, state, changes, properties, before, stateAt: (step) => this.stateAt(step) };
  }
}
