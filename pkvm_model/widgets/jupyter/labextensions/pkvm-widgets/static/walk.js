// Where a bench stands, and every step that was ever taken on it: a tree, since going back and doing something else
// loses nothing. Trace texts, links and the text in which Python and a reload get the whole tree back.

import { differences } from "./cells.js";

const MOST_PLACES = 10_000;

const taken = (path, upTo) => path.slice(0, upTo).map((place) => place.edge.line);

function traceText(graph, path, at, digest) {
  return [graph.header, ...graph.setup, ...taken(path, at), `state ${digest}`].join("\n");
}

function linkText(path, at) {
  return `${taken(path, path.length).join(";").replaceAll(" ", "+")}@${at}`;
}

/** The steps that a link asks for, and at which of them to stand; a + that ends an address is its own. */
export function parsedLink(text) {
  const [lines, at] = text.split("@"), spaced = lines.split(";").map((line) => line.replaceAll(/\+(?![,)])/g, " "));
  return { lines: spaced.filter(Boolean), at: at === undefined ? Infinity : Number(at) };
}

/** The steps a trace text takes from the start of this graph, and the digest it promises. */
export function parsed(graph, text) {
  const lines = text.split("\n").map((line) => line.trim()).filter(Boolean);
  const digest = /^state (\S+)$/.exec(lines.at(-1) ?? "")?.[1];
  const before = [graph.header, ...graph.setup], body = digest ? lines.slice(0, -1) : lines;
  const [, version] = /^pkvm-trace (\S+)/.exec(body[0] ?? "") ?? [], [, ours] = graph.header.split(" ");
  if (version && version !== ours) return { odd: `This trace has version ${version}; here version ${ours} is read. Make it again with this course.` };
  const odd = before.findIndex((line, at) => body[at] !== line);
  if (odd < 0) return { lines: body.slice(before.length), at: Infinity, digest };
  const line = `its line ${odd + 1} is “${body[odd] ?? "missing"}”, here it is “${before[odd]}”`;
  return { odd: `This trace was made for another bench: ${line}.` };
}

/** A place in the history: the edge that led to it, the places that were gone to from it, and what was broken on the way to it. */
function place(number, before, edge, id) {
  const step = before ? before.step + 1 : 0, broken = edge?.breaks ? { ...before.broken } : before?.broken ?? {};
  for (const [name, reason] of Object.entries(edge?.breaks ?? {})) broken[name] ??= { reason, step };
  return { number, step, before, edge, id, after: [], next: null, broken };
}

/** The places after one, along the branch that was last gone along. */
function onward(first) {
  const places = [];
  for (let at = first; at; at = at.next) places.push(at);
  return places;
}

/** Where a bench stands: the place shown, all places, and the graph as far as it is known. */
export class Walk {
  constructor(graph) {
    Object.assign(this, { graph });
    this.forget();
  }

  /** Back to the beginning, without a memory. */
  forget() {
    this.places = [place(0, null, null, this.graph.start)];
    this.go(this.places[0]);
  }

  /** Forgets every place that is not on the way to the one shown. */
  prune() {
    const edges = this.path.slice(0, this.at).map(({ edge }) => edge);
    this.forget();
    for (const edge of edges) this.take(edge);
  }

  /** Stands at a place; the way shown leads through it, and beyond it along its last branch. */
  go(to) {
    this.here = to;
    const way = [];
    for (let at = to; at.before; at = at.before) {
      at.before.next = at;
      way.push(at);
    }
    this.path = [...way.reverse(), ...onward(to.next)];
  }

  get at() { return this.here.step; }
  get isFull() { return this.places.length > MOST_PLACES; }
  get id() { return this.here.id; }
  get state() { return this.graph.states[this.id]; }
  placeAt(step) { return step ? this.path[step - 1] : this.places[0]; }
  stateAt(step) { return this.graph.states[this.placeAt(step).id]; }
  edges(cpu) { return (this.graph.edges[this.id] ?? []).filter((edge) => edge.cpu === cpu); }
  edgeOf(line) { return (this.graph.edges[this.id] ?? []).find((edge) => edge.line === line); }

  /** Whether the state behind an edge is here. */
  knows(edge) { return edge.to !== null && this.graph.states[edge.to] !== undefined; }

  /** Goes along an edge: where that was done before, to the same place again. True where a new branch begins. */
  take(edge) {
    const { here } = this, again = here.after.find((other) => other.edge.line === edge.line);
    const to = again ?? place(this.places.length, here, edge, edge.to), forks = !again && here.after.length > 0;
    if (!again) {
      here.after.push(to);
      this.places.push(to);
    }
    this.go(to);
    return forks;
  }

  learn({ from, line, to, states, edges }) {
    for (const [id, state] of Object.entries(states)) this.graph.states[id] ??= state;
    for (const [id, list] of Object.entries(edges)) this.graph.edges[id] ??= list;
    const known = this.graph.edges[from].find((edge) => edge.line === line);
    if (known) known.to = to;
  }

  /** The way shown, then each branch that leaves it or another branch: {from: a step, places}. */
  get ways() {
    const ways = [{ from: 0, places: [this.places[0], ...this.path] }];
    for (const { places } of ways) {
      places.forEach((at, number) => {
        if (at.after.length < 2 && (!at.after.length || at.after[0] === places[number + 1])) return;
        const others = at.after.filter((other) => other !== places[number + 1]);
        ways.push(...others.map((other) => ({ from: at.step, places: onward(other) })));
      });
    }
    return ways;
  }

  /** What is asked about every state, answered at a step: {name, says, word, reason, step}, `step` where a step broke it. */
  propertiesAt(step) {
    const { broken } = this.placeAt(step), { properties } = this.graph, { holds } = this.stateAt(step);
    return properties.map(([name, says], number) => {
      const said = holds[number], word = broken[name] || typeof said === "string" ? "broken" : said ? "holds" : "nothing to check";
      return { name, says, word, reason: typeof said === "string" ? said : "", ...broken[name] };
    });
  }

  get trace() { return traceText(this.graph, this.path, this.at, this.state.digest); }
  get link() { return linkText(this.path, this.at); }
  get says() { return this.here.edge?.says ?? this.graph.says; }

  /** All places in one text: each line once, then for each place the number of the one before it and of its line. */
  get history() {
    const lines = new Map();
    const number = ({ edge: { line } }) => lines.get(line) ?? lines.set(line, lines.size).get(line);
    const steps = this.places.slice(1).map((at) => [at.before.number, number(at)]);
    return JSON.stringify({ lines: [...lines.keys()], steps, at: this.here.number });
  }

  /** What is wrong where a trace promises another state. */
  misses(digest) {
    const { digest: here } = this.state;
    return digest && digest !== here ? `The trace ends in state ${digest}, but this bench is in state ${here}.` : "";
  }

  /** What the drawing needs: the position, and what differs from step `since`. */
  view(since) {
    const { graph, path, at, state } = this, changes = at ? differences(graph, this.stateAt(since), state) : new Map();
    const properties = this.propertiesAt(at), before = this.propertiesAt(at ? since : 0);
    return { graph, path, at, since, state, changes, properties, before, stateAt: (step) => this.stateAt(step) };
  }
}
