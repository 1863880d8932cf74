// The bench: draws a state of a graph and steps along its edges. docs/widgets.md describes graphs.

import { unpack } from "./cells.js";
import { drawChange, newlyBroken } from "./change.js";
import { make, write } from "./elements.js";
import { countHolds, drawerFrame, footFrame, headFrame, walkParts } from "./frame.js";
import { drawLane, laneFrame, nextWords } from "./lanes.js";
import { findChoice } from "./menu.js";
import { drawCall, drawPages, drawProperties, drawState, pageTable } from "./panels.js";
import { inFlight } from "./regions.js";
import { drawStage, rowsFor, slideTiles, stageFrame } from "./stage.js";
import { dress } from "./styles.js";
import { welcomesMotion } from "./time.js";
import { Walker } from "./walker.js";
import { register } from "./widget.js";

/**
 * A bench on the screen: lanes, state, ownership and properties.
 * @extends {Walker<StateValue, EdgeValue>}
 */
export class Bench extends Walker {
  constructor(root, graph, port = {}) {
    super(root, "bench", graph, port, `Bench: ${graph.title}`);
    dress("bench");
  }

  /** What the step broke, and what each CPU does next. */
  get news() {
    const { state, graph } = this.view;
    const next = state.lanes.map((lane, cpu) => nextWords(lane) && ` ${graph.cpus[cpu]} ${nextWords(lane)}.`);
    return this.broken + (state.end ? "" : next.join(""));
  }

  actions() {
    return {
      ...super.actions(),
      finish: this.guard((cpu) => this.finish(cpu)),
      choose: this.guard((cpu) => this.choose(cpu)),
    };
  }

  frame() {
    const { graph, act, box, alert, standing, live } = this;
    const parts = {
      ...walkParts(act),
      change: make("div.told"),
      lanes: graph.cpus.map((_, cpu) => laneFrame(graph, cpu, act)),
      vms: make("div.vms"),
      pages: make("tbody"),
      caption: make("caption.hidden-words"),
      wires: make("div.wires", { "aria-hidden": "true" }),
      story: make("p.story"),
      calls: graph.cpus.map(() => make("div.call-box")),
      state: make("div"),
      words: { caption: make("caption"), pages: make("tbody") },
      properties: make("ul.props"),
    };
    const stage = stageFrame(
        parts.lanes.map((lane) => lane.box),
        parts,
      ),
      drawers = this.drawersOf(parts),
      vms = Math.max(1, ...graph.states.map((state) => state.vms.length));
    this.room = rowsFor(graph);
    stage.setAttribute("style", `--vms:${vms}`);
    box.append(
      headFrame(graph.title, [graph.revision], parts, act),
      make("div.change", { role: "group", "aria-label": "What just changed" }, parts.change, alert),
      standing,
      live,
      stage,
      ...footFrame(parts, drawers),
    );
    return { ...parts, drawers };
  }

  drawersOf(parts) {
    const { act } = this,
      calls = make("div.calls", {}, ...parts.calls);
    return [
      drawerFrame("words", "Words", act, parts.story, calls, parts.state, pageTable(parts.words)),
      drawerFrame("holds", "What holds", act, parts.properties),
      ...super.drawersOf(parts),
    ];
  }

  drawHere(since) {
    const { walk, parts } = this,
      view = walk.view(since);
    this.view = view;
    for (const slide of this.slides ?? []) slide.finish();
    const moves = drawChange(parts.change, view, this.act.words);
    parts.lanes.forEach((lane, cpu) => this.drawLane(lane, cpu));
    const shown = drawStage(parts, view, moves, this.room);
    this.slides = this.drawnOnce && !this.joins && welcomesMotion() ? slideTiles(parts, shown, moves) : [];
    this.drawnOnce = true;
    countHolds(
      parts.drawers.find(({ name }) => name === "holds"),
      view.properties,
    );
    this.broken = newlyBroken(view)
      .map(({ says }) => ` Broken now: ${says}`)
      .join("");
  }

  drawDrawer(name) {
    const { parts, view } = this;
    if (name === "holds") return drawProperties(parts.properties, view);
    write(parts.story, this.walk.says);
    parts.calls.forEach((box, cpu) => drawCall(box, view, cpu));
    drawState(parts, view);
    return drawPages(parts.words, view);
  }

  drawLane(lane, cpu) {
    drawLane(lane, this.view, cpu, this.walk.edges(cpu), Boolean(this.port.ask), this.act);
  }

  /** Announces what is known about the call that the learner chose for a CPU, before it is made. */
  choose(cpu) {
    const lane = this.parts.lanes[cpu];
    this.drawLane(lane, cpu);
    this.announce(lane.fore.textContent);
  }

  /** Steps a CPU; a CPU with a menu makes the call findChoice there. */
  step(cpu, number) {
    const { menu } = this.parts.lanes[cpu],
      chosen = number ?? (menu ? findChoice(menu, this.walk.edges(cpu)) : 0);
    if (menu) menu.picked = "";
    return super.step(cpu, chosen);
  }

  /** Steps one CPU until its call is over, the machine ends, or the next state is unknown. */
  finish(cpu) {
    const { walk } = this,
      since = walk.at;
    this.endPlay();
    for (let most = 1000; most && inFlight(walk.state.lanes[cpu]) && !walk.state.end; most--) {
      const [edge] = walk.edges(cpu);
      if (!edge || !walk.knows(edge) || walk.isFull) break;
      walk.take(edge);
    }
    return walk.at > since ? this.show(since) : this.step(cpu);
  }
}

register("bench", Bench, unpack);
