// The base of widgets that walk a graph: steps, undo, redo, branches, links and traces.
// docs/widgets.md describes graphs.

import { drawBranches } from "./branches.js";
import { enable, write } from "./elements.js";
import { askForTrace, copy, shortTrace, showDrawer, traceDrawer, walkParts } from "./frame.js";
import { drawTime, seekKey, startPlay, stopPlay } from "./time.js";
import { linkHere } from "./links.js";
import { dress } from "./styles.js";
import { clip, refuseLong } from "./text.js";
import { Walk, fitTrace, splitLink } from "./walk.js";
import { Widget } from "./widget.js";

const FULL =
  "This bench keeps at most 10,000 steps. Go back to the step where you want to continue, and press “Forget the rest”.";
const TO_SEE = "Run the notebook in JupyterLab to see them again.",
  UNANSWERED = "need Python, which gave no answer. They are kept: reload the page to try again.";

/** What can be done while a run plays; everything else ends it. */
const STAYING = ["play", "jump", "toggle", "words", "copyTrace", "copyLink"];

/**
 * A widget that walks a graph. A family makes its parts in `frame` and updates them in `drawHere`.
 * @template {PositionValue} S
 * @template {EdgeValue} E
 * @extends {Widget<GraphValue<S, E>>}
 */
export class Walker extends Widget {
  constructor(root, kind, graph, port, label) {
    super(root, kind, graph, port, label);
    dress("walker");
    this.box.classList.add("pkvm-walk");
    this.graph = /** @type {GraphValue<S, E>} */ (graph);
    this.walk = new Walk(this.graph);
    this.act = this.actions();
    this.opened = new Set(this.graph.opens ?? []);
    this.parts = this.frame();
    this.parts.branches.addEventListener("click", this.act.pick);
    this.box.addEventListener(
      "keydown",
      this.guard((event) => this.onPlayKey(event)),
      true,
    );
    this.draw(0);
    this.begin();
  }

  /** Makes the parts, in `box`; `drawers` are those of `drawersOf`. */
  frame() {
    const parts = walkParts(this.act);
    return { ...parts, drawers: this.drawersOf(parts) };
  }
  /** The drawers below the time, the trace last. */
  drawersOf(parts) {
    return [traceDrawer(parts, this.act)];
  }
  /** Draws what is in a drawer; a closed one costs nothing. */
  drawDrawer(/** @type {string} */ name, /** @type {number} */ since) {}
  /** Updates the parts; marks what differs from the step `since`. */
  drawHere(/** @type {number} */ since) {}

  /** The history; also of steps that only Python can restore, until it connects. */
  get place() {
    return this.untold ?? this.walk.history;
  }
  get led() {
    return shortTrace(this.walk.trace);
  }
  /** What a screen reader hears after the sentence of a step. */
  get news() {
    return "";
  }

  actions() {
    const { walk } = this,
      say = (text) => this.say(text);
    const act = {
      step: (cpu, number) => this.step(cpu, number),
      undo: () => this.goStep(walk.at - 1, "Undone. "),
      redo: () => this.goStep(walk.at + 1, "Redone. "),
      reset: () => this.goStep(0, "Back to the start. "),
      pick: (event) => this.pick(event.target.closest("[data-place]")?.dataset.place),
      seek: (step) => step !== walk.at && this.goTo(walk.placeAt(step)),
      jump: () => this.parts.time.track.focus(),
      play: () => this.play(),
      toggle: (name) => this.toggle(name),
      words: () => this.opened.has("words") || this.toggle("words"),
      prune: () => this.prune(),
      copyTrace: () => copy(walk.trace, "Trace", this.parts.room, say),
      copyLink: () => copy(this.linkTo(walk.link), "Link", this.parts.room, say),
      openTrace: () =>
        askForTrace(
          this.parts.room,
          this.guard((text) => this.open(text)),
        ),
    };
    const moving = (name, work) => (STAYING.includes(name) ? work : (...given) => (this.endPlay(), work(...given)));
    return Object.fromEntries(Object.entries(act).map(([name, work]) => [name, this.guard(moving(name, work))]));
  }

  say(text) {
    this.parts.said.textContent = text;
    this.announce(text);
  }

  /** Draws the current step and marks what differs from the step `since`. */
  draw(since) {
    const { walk, parts } = this;
    write(parts.counter, `step ${walk.at} of ${walk.path.length}`);
    enable(parts.undo, walk.at > 0);
    enable(parts.reset, walk.at > 0);
    enable(parts.redo, walk.at < walk.path.length);
    enable(parts.prune, walk.places.length > walk.at + 1);
    this.since = since;
    this.drawHere(since);
    drawTime(parts.time, walk);
    for (const drawer of parts.drawers) this.drawOpen(drawer);
    parts.room.replaceChildren();
  }

  drawOpen(drawer) {
    const open = this.opened.has(drawer.name),
      { walk, parts } = this;
    showDrawer(drawer, open);
    if (!open) return;
    if (drawer.name !== "trace") return this.drawDrawer(drawer.name, this.since);
    drawBranches(parts.branches, walk);
    write(parts.trace, shortTrace(walk.trace));
  }

  /** Opens or closes a drawer; what is above it stays where it is. */
  toggle(name) {
    if (!this.opened.delete(name)) this.opened.add(name);
    this.drawOpen(this.parts.drawers.find((drawer) => drawer.name === name));
  }

  /** Goes along the path shown, a step at a time; the same button pauses. `waits` shows the step it begins at first. */
  play(waits = false) {
    const {
      walk,
      parts: { time },
    } = this;
    const go = this.guard(() => this.goTo(walk.placeAt(walk.at + 1)));
    const next = () => {
      if (walk.at + 1 >= walk.path.length) stopPlay(time);
      if (walk.at < walk.path.length) go();
    };
    if (time.timer) stopPlay(time);
    else startPlay(time, next, waits);
    return drawTime(time, walk);
  }

  endPlay() {
    const { time } = this.parts;
    if (!time.timer) return;
    stopPlay(time);
    drawTime(time, this.walk);
  }

  /** While a run plays, Space pauses it, wherever the focus is, and every other key ends it. */
  onPlayKey(event) {
    if (!this.parts.time.timer || ["Shift", "Control", "Alt", "Meta", "Tab"].includes(event.key)) return;
    this.endPlay();
    if (event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Draws a step, announces it, and tells Python. */
  show(since, before = "") {
    const { walk, parts } = this;
    this.untold = undefined;
    this.alert.replaceChildren();
    write(parts.said, "");
    this.draw(since);
    this.announce(`${before}Step ${walk.at} of ${walk.path.length}. ${walk.says}${this.news}`);
    this.tell();
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
    const { walk } = this,
      forgotten = walk.places.length - 1 - walk.at;
    if (!forgotten) return this.say("There is nothing else to forget.");
    walk.prune();
    return this.show(Math.max(0, walk.at - 1), `${forgotten} ${forgotten === 1 ? "step" : "steps"} forgotten. `);
  }

  step(cpu, number = 0) {
    const { walk } = this,
      edge = walk.state.end ? undefined : walk.edges(cpu)[number];
    if (walk.state.end) return this.say("The machine has ended. Undo to go on.");
    if (!edge) return this.say(`${this.graph.cpus[cpu]} has nothing left to do.`);
    if (walk.isFull) return this.fail(FULL);
    if (!walk.knows(edge)) return this.askForEdge(edge).then((ready) => ready && this.advance(edge));
    return this.advance(edge);
  }

  advance(edge) {
    const forks = this.walk.take(edge);
    this.show(this.walk.at - 1, forks ? "A new branch. " : "");
  }

  /** Asks Python for an edge; returns true if the answer came before the learner moved on. */
  async askForEdge(edge) {
    const { here, taken: after } = this.walk,
      answer = await this.ask({ after, cpu: edge.cpu, line: edge.line });
    if (answer) this.walk.learn(answer);
    return Boolean(answer) && this.walk.here === here;
  }

  /** Opens a trace text or a link. */
  open(text) {
    const { name } = this.graph,
      refusal = refuseLong(text);
    if (refusal) return this.fail(refusal);
    const link = text.includes("#") ? linkHere(name, text.trim()) : "";
    if (link) return this.goToLink(link);
    if (link === null) return this.fail(`This link is for another bench; this one is “${name}”.`);
    const wanted = fitTrace(this.graph, text);
    return wanted.misfit ? this.fail(wanted.misfit) : this.goAlong(wanted);
  }

  follow(text) {
    return this.goAlong(splitLink(text));
  }

  /** Follows lines as far as they fit, shows the requested step, and names the first line that does not fit. */
  async goAlong(/** @type {{lines?: string[], at?: number, digest?: string}} */ { lines, at, digest }) {
    const { walk } = this;
    walk.go(walk.places[0]);
    const misfit = (await this.takeLines(lines)) || walk.checkDigest(digest);
    if (at < walk.at) walk.go(walk.placeAt(Math.max(0, Math.trunc(at))));
    this.show(Math.max(0, walk.at - 1));
    return misfit && this.fail(misfit);
  }

  async takeLines(lines) {
    for (const line of lines) {
      const misfit = await this.takeLine(line);
      if (misfit) return misfit;
    }
    return "";
  }

  /** Follows the edge that a trace line names; returns why that is not possible, or "". */
  async takeLine(line) {
    const { walk } = this,
      edge = walk.state.end ? undefined : walk.edgeOf(line),
      step = `Step ${walk.at + 1}, “${clip(line)}”,`;
    if (!edge) return `The trace fits up to step ${walk.at}. ${step} is not possible there.`;
    if (walk.isFull) return FULL;
    const ready = walk.knows(edge) || (this.port.ask && (await this.askForEdge(edge)));
    if (ready) {
      walk.take(edge);
      return "";
    }
    this.unready = true;
    if (this.port.ask) return `${step} needs Python, which gave no answer. Try again.`;
    return this.sayWithout(`${step} is not stored here.`, "Run the notebook to continue.");
  }

  close() {
    stopPlay(this.parts.time);
    super.close();
  }

  /** Restores a history with its branches; counts and drops steps that no longer fit. */
  async recall(text) {
    const { walk } = this,
      { lines, steps, at } = JSON.parse(text),
      turn = (this.turn = {});
    const { length: had } = walk.places;
    walk.forget();
    const places = [walk.places[0]];
    let dropped = 0;
    this.unready = false;
    for (const [before, line] of steps) {
      const from = places[before];
      if (from) walk.go(from);
      const fits = from && !(await this.takeLine(lines[line]));
      if (this.turn !== turn) return; // while Python was asked, another place was to be restored
      places.push(fits ? walk.here : undefined);
      dropped += fits ? 0 : 1;
    }
    walk.go(places[at] ?? walk.places[0]);
    if (steps.length || had > 1) this.show(Math.max(0, walk.at - 1));
    if (!dropped) return;
    if (this.unready || !this.port.ask) this.untold = text;
    this.fail(`${dropped} of ${steps.length} earlier steps ${this.sayOfDropped()}`);
  }

  /** Why earlier steps are not shown: they lack Python, or no longer fit. */
  sayOfDropped() {
    if (!this.port.ask) return this.sayWithout("are not stored here.", TO_SEE);
    return this.unready ? UNANSWERED : "no longer fit here and were left out.";
  }

  /** Joins a live port, and restores the steps that needed Python. */
  connect(port) {
    const { untold } = this;
    super.connect(port);
    if (untold) this.guard(() => this.recall(untold))();
  }

  onKey(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.matches("textarea, select")) return;
    const { act, graph } = this,
      named = { u: act.undo, r: act.redo, b: act.reset, g: act.jump }[event.key];
    const cpu = Number(/^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1] ?? (/^\d$/.test(event.key) ? event.key : NaN));
    const step = event.target === this.parts.time.track ? seekKey(event, this.walk) : undefined;
    if (step !== undefined) act.seek(step);
    else if (graph.cpus[cpu] && event.shiftKey) act.finish?.(cpu);
    else if (graph.cpus[cpu]) act.step(cpu);
    else if (named) named();
    else return;
    event.preventDefault();
  }
}
