// The Bench: draws a state of a graph and steps along its edges. Plain ES modules: no build, no dependency, no network.
//
//   mount(el, graph, port)   draws into an element; returns a Bench, with open(), connect() and close()
//   default export           the front end that anywidget loads
//
// port = {key, trace, history, ask, changed, listen, close}, each of them optional. Without `ask` there is no Python behind the
// page. The form of a graph is described in docs/bench-graph.md. The files beside this one are its parts; where only one
// file can be loaded they are put after each other, so that a name stands for one thing in all of them.

import { unpack } from "./cells.js";
import { enable, make, settle } from "./elements.js";
import { copy, frame, shortTrace } from "./frame.js";
import { drawLane, inFlight } from "./lanes.js";
import { initialize, liveModel, livePort, whenLive } from "./live.js";
import { dress } from "./looks.js";
import { keep, kept } from "./memory.js";
import { changeParts, drawProperties, drawState, newlyBroken } from "./panels.js";
import { drawTimeline, focusNow, moveFocus } from "./timeline.js";
import { Walk, linkHere, parsed } from "./walk.js";

const NO_PYTHON = "This step is not worked out here. Run the notebook in JupyterLab to go further.";
const FORMAT = 2, MOST_PLACES = 10_000;
const FULL = "This bench keeps 10,000 steps and no more. Go back to where you want to go on, and press “Forget the rest”.";

/** A bench on the screen: what its buttons and keys do, and what it asks and tells Python. */
class Bench {
  constructor(root, graph, port) {
    Object.assign(this, { graph, port, walk: new Walk(graph), waiting: new Map(), link: "", broken: "" });
    this.act = this.actions();
    this.parts = frame(graph, this.act);
    this.onLink = this.guard((event) => this.openLink(event.newURL));
    this.onLeave = this.guard(() => this.telling !== undefined && this.tellNow());
    // While the focus is in here no key reaches the page around it: JupyterLab would delete cells for two d's.
    for (const kind of ["keydown", "keyup", "keypress"]) this.parts.box.addEventListener(kind, (event) => event.stopPropagation());
    this.parts.box.addEventListener("keydown", this.guard((event) => this.onKey(event)));
    window.addEventListener("hashchange", this.onLink);
    window.addEventListener("pagehide", this.onLeave);
    root.replaceChildren(this.parts.box);
    this.guard(() => this.begin())();
  }

  actions() {
    const { walk } = this, say = (text) => this.say(text);
    const link = () => location.href.split("#")[0] + walk.link;
    const act = {
      step: (cpu, number) => this.step(cpu, number),
      finish: (cpu) => this.finish(cpu),
      undo: () => this.goStep(walk.at - 1, "Undone. "),
      redo: () => this.goStep(walk.at + 1, "Redone. "),
      reset: () => this.goStep(0, "Back to start. "),
      pick: (event) => this.pick(event.target.closest("[data-place]")?.dataset.place),
      jump: () => focusNow(this.parts.timeline),
      prune: () => this.prune(),
      copyTrace: () => copy(walk.trace, "Trace", this.parts.room, say),
      copyLink: () => copy(link(), "Link", this.parts.room, say),
    };
    return Object.fromEntries(Object.entries(act).map(([name, work]) => [name, this.guard(work)]));
  }

  /** The same function, but whatever it throws is shown in the bench, with the trace that led to it. */
  guard(work) {
    const broke = (error) => this.fail(`The bench stumbled: ${error?.message ?? error}. Undo, or reload the page. This led here:`, true);
    return (...given) => {
      try {
        return work(...given)?.catch?.(broke);
      } catch (error) {
        return broke(error);
      }
    };
  }

  /** Draws the start, then opens what a link asks for, or where Python, or this tab before a reload, stood. */
  begin() {
    this.draw(0);
    this.port.listen?.(this);
    const before = kept(this.parts.box, this.graph), link = linkHere(this.graph), { history, trace, key = "" } = this.port;
    this.link = link?.text ?? "";
    // A cell that was run again has made another bench, under another key: what was kept is not about that one.
    const known = before.key === key;
    // A link that was followed before the reload is not followed again: the learner may have gone on since.
    if (link && !(known && link.text === before.link)) return this.open(link, true);
    if (history) return this.recall(history);
    if (known && before.history) return this.recall(before.history);
    return trace && trace !== this.walk.trace && this.open(trace, true);
  }

  say(text) {
    this.parts.said.textContent = text;
    this.parts.live.textContent = text;
  }

  /** Says what went wrong, and where asked for, which steps led to it. */
  fail(text, withTrace) {
    const trace = withTrace && make("pre", {}, shortTrace(this.walk.trace));
    this.parts.alert.replaceChildren(make("p", {}, text), ...[trace].filter(Boolean));
    this.parts.box.removeAttribute("aria-busy");
  }

  /** Says how it stands with Python; it stays there until that changes. */
  status(text) {
    this.parts.status.textContent = text;
  }

  /** Draws the step where the walk stands, marking what differs from the step `since`. */
  draw(since) {
    const { walk, parts } = this, view = walk.view(since), asks = Boolean(this.port.ask);
    parts.counter.textContent = `step ${walk.at} of ${walk.path.length}`;
    enable(parts.undo, walk.at > 0);
    enable(parts.reset, walk.at > 0);
    enable(parts.redo, walk.at < walk.path.length);
    enable(parts.prune, walk.places.length > walk.at + 1);
    settle(parts.change, changeParts(view));
    parts.lanes.forEach((lane, cpu) => drawLane(lane, view, cpu, walk.edges(cpu), asks, this.act));
    drawState(parts, view);
    drawProperties(parts.properties, view);
    drawTimeline(parts.timeline, walk);
    this.broken = newlyBroken(view).map(({ says }) => ` Broken now: ${says}`).join("");
    parts.trace.textContent = shortTrace(walk.trace);
    parts.room.replaceChildren();
  }

  /** Draws a step, announces it, and tells Python. */
  show(since, before = "") {
    const { walk, parts } = this;
    parts.alert.replaceChildren();
    parts.said.textContent = "";
    this.draw(since);
    parts.live.textContent = `${before}Step ${walk.at} of ${walk.path.length}. ${walk.says}${this.broken}`;
    this.tell();
  }

  /** Tells Python and the browser where the bench stands, after the page has changed: a click does not wait for that. */
  tell() {
    clearTimeout(this.telling);
    this.telling = setTimeout(this.guard(() => this.tellNow()));
  }

  tellNow() {
    clearTimeout(this.telling);
    this.telling = undefined;
    const { trace, history } = this.walk;
    keep(this.parts.box, this.graph, { history, link: this.link, key: this.port.key ?? "" });
    this.port.changed?.({ trace, history });
  }

  goTo(place, before) {
    this.walk.go(place);
    return this.show(Math.max(0, place.step - 1), before);
  }

  goStep(step, before) {
    const { walk } = this;
    if (step < 0 || step > walk.path.length || step === walk.at) return this.say("There is no such step to go to.");
    return this.goTo(walk.placeAt(step), before);
  }

  pick(number) {
    return number === undefined ? undefined : this.goTo(this.walk.places[number], "Went there. ");
  }

  prune() {
    const { walk } = this, forgotten = walk.places.length - 1 - walk.at;
    if (!forgotten) return this.say("There is nothing else to forget.");
    walk.prune();
    return this.show(Math.max(0, walk.at - 1), `${forgotten} ${forgotten === 1 ? "step" : "steps"} forgotten. `);
  }

  step(cpu, number = 0) {
    const { walk } = this, edge = walk.state.end ? undefined : walk.edges(cpu)[number];
    if (walk.state.end) return this.say("The machine has ended. Undo to go on.");
    if (!edge) return this.say(`${this.graph.cpus[cpu]} has nothing left to do.`);
    if (walk.places.length > MOST_PLACES) return this.fail(FULL);
    if (!walk.knows(edge)) return this.learnt(edge).then((ready) => ready && this.advance(edge));
    return this.advance(edge);
  }

  advance(edge) {
    const forks = this.walk.take(edge);
    this.show(this.walk.at - 1, forks ? "A new branch. " : "");
  }

  /** Steps one CPU until its call is over, the machine ends, or the next state is not known. */
  finish(cpu) {
    const { walk } = this, since = walk.at;
    for (let most = 1000; most && inFlight(walk.state.lanes[cpu]) && !walk.state.end; most--) {
      const [edge] = walk.edges(cpu);
      if (!edge || !walk.knows(edge) || walk.places.length > MOST_PLACES) break;
      walk.take(edge);
    }
    return walk.at > since ? this.show(since) : this.step(cpu);
  }

  /** Asks Python for an edge; true when the answer came while the bench still stood there. */
  async learnt(edge) {
    if (!this.port.ask) {
      this.fail(NO_PYTHON);
      return false;
    }
    const { here } = this.walk, key = `${here.id} ${edge.line}`;
    this.parts.box.setAttribute("aria-busy", "true");
    const answer = new Promise((resolve) => this.waiting.set(key, resolve));
    this.port.ask({ from: here.id, cpu: edge.cpu, line: edge.line });
    return await answer && this.walk.here === here;
  }

  /** Python's answer: what it worked out, or {error}. */
  learn(answer) {
    this.port.heard?.();
    this.status("");
    this.parts.box.removeAttribute("aria-busy");
    if (!answer.error) this.walk.learn(answer);
    if (answer.error) this.fail(`${answer.error} This led here:`, true);
    else this.parts.alert.replaceChildren();
    for (const [key, resolve] of this.waiting) {
      if (!answer.error && key !== `${answer.from} ${answer.line}`) continue;
      this.waiting.delete(key);
      resolve(!answer.error);
    }
  }

  /** Opens a trace text, or what a link asks for; `quiet` where nothing is told if it leads nowhere. */
  open(wanted, quiet) {
    const request = typeof wanted === "string" ? parsed(this.graph, wanted) : wanted;
    return this.guard(() => (request.odd ? this.fail(request.odd) : this.follow(request, quiet)))();
  }

  openLink(address) {
    const link = this.parts.box.isConnected && linkHere(this.graph, address);
    if (!link) return;
    this.link = link.text;
    this.open(link);
  }

  /** Follows lines as far as they fit, shows the step asked for, and names the first line that does not fit. */
  async follow({ lines, at, digest }, quiet) {
    const { walk } = this;
    walk.go(walk.places[0]);
    const odd = await this.takeLines(lines) || walk.misses(digest);
    if (at < walk.at) walk.go(walk.placeAt(Math.max(0, Math.trunc(at))));
    if (quiet && !odd && !walk.at) this.draw(0);
    else this.show(Math.max(0, walk.at - 1));
    return odd && this.fail(odd);
  }

  async takeLines(lines) {
    for (const line of lines) {
      const odd = await this.takeLine(line);
      if (odd) return odd;
    }
    return "";
  }

  /** Goes along the edge that a line of a trace names; returns why that is not possible, or nothing. */
  async takeLine(line) {
    const { walk } = this, edge = walk.state.end ? undefined : walk.edgeOf(line), step = `Step ${walk.at + 1}, “${line}”,`;
    if (!edge) return `The trace fits up to step ${walk.at}. ${step} is not possible there.`;
    if (walk.places.length > MOST_PLACES) return FULL;
    const ready = walk.knows(edge) || (this.port.ask && await this.learnt(edge));
    if (!ready) return `${step} is not worked out here; run the notebook to go further.`;
    walk.take(edge);
    return "";
  }

  /** Takes every step of a history again, branches and all; what no longer fits is counted and left out. */
  async recall(text) {
    const { walk } = this, { lines, steps, at } = JSON.parse(text), places = [walk.places[0]];
    let odd = 0;
    for (const [before, line] of steps) {
      const from = places[before];
      if (from) walk.go(from);
      const fits = from && !await this.takeLine(lines[line]);
      places.push(fits ? walk.here : undefined);
      odd += !fits;
    }
    walk.go(places[at] ?? walk.places[0]);
    if (steps.length) this.show(Math.max(0, walk.at - 1));
    if (odd) this.fail(`${odd} of ${steps.length} steps kept from before do not fit this bench any more and were left out.`);
  }

  /** Joins a live port, now or later. */
  connect(port) {
    const moved = this.walk.places.length > 1;
    this.port = port;
    port.listen?.(this);
    this.status("");
    if (moved) this.tell();
    else if (port.history) this.guard(() => this.recall(port.history))();
    else if (port.trace && port.trace !== this.walk.trace) this.open(port.trace);
  }

  onKey(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.matches("textarea")) return;
    const { act, graph } = this, named = { u: act.undo, r: act.redo, b: act.reset, g: act.jump }[event.key];
    const cpu = Number(/^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1] ?? (/^\d$/.test(event.key) ? event.key : NaN));
    if (moveFocus(event)) event.preventDefault();
    else if (graph.cpus[cpu] && event.shiftKey) act.finish(cpu);
    else if (graph.cpus[cpu]) act.step(cpu);
    else if (named) named();
    else return;
    event.preventDefault();
  }

  close() {
    this.onLeave();
    window.removeEventListener("pagehide", this.onLeave);
    window.removeEventListener("hashchange", this.onLink);
    this.port.close?.();
  }
}

/** Draws a bench into an element and keeps it working until its `close` is called. */
function mount(root, graph, port = {}) {
  dress();
  return new Bench(root, graph, port);
}

/** Where a bench cannot even be drawn, words stand before whatever is there. */
function apology(root, error) {
  const reason = error?.message ?? error;
  root.prepend(make("p", { role: "alert" }, `This bench cannot be shown (${reason}). Run its cell again; if that does not help, get the whole course again.`));
  return { close() {} };
}

/** Draws a stored bench, and joins the live model once there is one. */
function mountStored(root, { v, graph, trace }, key) {
  try {
    if (v !== FORMAT) throw Error(`it was stored by another version of the course, ${v}`);
    const live = liveModel(key), bench = mount(root, unpack(graph), live ? livePort(live) : { trace, key });
    if (!live) whenLive(key, () => bench.connect(livePort(liveModel(key))));
    return bench;
  } catch (error) {
    return apology(root, error);
  }
}

function render({ model, el }) {
  const bench = mount(el, unpack(model.get("packed")), livePort(model));
  return () => bench.close();
}

export { mount, mountStored, unpack };
export default { initialize, render };
