// The bench: draws a state of a graph and steps along its edges. docs/widgets.md describes graphs.

import { unpack } from "./cells.js";
import { make } from "./elements.js";
import { headFrame, propertyFrame, shareFrame, timelineFrame, walkParts } from "./frame.js";
import { drawLane, inFlight, laneFrame } from "./lanes.js";
import { dress } from "./styles.js";
import { findChoice } from "./menu.js";
import { drawChange, drawPages, drawProperties, drawState, newlyBroken, pageTable } from "./panels.js";
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

  get news() {
    return this.broken;
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
      change: make("div"),
      lanes: graph.cpus.map((name, cpu) => laneFrame(name, cpu, act, graph.free?.includes(cpu))),
      state: make("div.section"),
      pages: make("tbody"),
      caption: make("caption"),
      properties: make("ul.props"),
    };
    const lanes = make("div.lanes", {}, ...parts.lanes.map((lane) => lane.box));
    box.append(
      headFrame(graph.title, [graph.revision], parts),
      make("div.change", { role: "group", "aria-label": "What just changed" }, parts.change, alert),
      standing,
      live,
      make("div.columns", {}, make("div.section.lanes-section", {}, lanes), parts.state),
      make("div.section", {}, pageTable(parts)),
      propertyFrame(parts),
      timelineFrame(parts),
      shareFrame(parts, act),
    );
    return parts;
  }

  drawHere(since) {
    const { walk, parts } = this,
      view = walk.view(since);
    this.view = view;
    drawChange(parts.change, view);
    parts.lanes.forEach((lane, cpu) => this.drawLane(lane, cpu));
    drawState(parts, view);
    drawPages(parts, view);
    drawProperties(parts.properties, view);
    this.broken = newlyBroken(view)
      .map(({ says }) => ` Broken now: ${says}`)
      .join("");
  }

  drawLane(lane, cpu) {
    drawLane(lane, this.view, cpu, this.walk.edges(cpu), Boolean(this.port.ask), this.act);
  }

  /** Announces what is known about the call that the learner chose for a CPU, before it is made. */
  choose(cpu) {
    const lane = this.parts.lanes[cpu];
    this.drawLane(lane, cpu);
    this.announce(lane.steps[0].fore.textContent);
  }

  /** Steps a CPU; a CPU with a menu makes the call findChoice there. */
  step(cpu, number) {
    const { menu } = this.parts.lanes[cpu];
    return super.step(cpu, number ?? (menu ? findChoice(menu, this.walk.edges(cpu)) : 0));
  }

  /** Steps one CPU until its call is over, the machine ends, or the next state is unknown. */
  finish(cpu) {
    const { walk } = this,
      since = walk.at;
    for (let most = 1000; most && inFlight(walk.state.lanes[cpu]) && !walk.state.end; most--) {
      const [edge] = walk.edges(cpu);
      if (!edge || !walk.knows(edge) || walk.isFull) break;
      walk.take(edge);
    }
    return walk.at > since ? this.show(since) : this.step(cpu);
  }
}

register("bench", Bench, unpack);
