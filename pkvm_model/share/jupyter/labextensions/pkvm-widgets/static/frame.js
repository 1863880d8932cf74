// The fixed frame of a bench: made once, so that buttons keep their place and the focus.

import { button, make } from "./elements.js";
import { laneFrame } from "./lanes.js";
import { pageTable } from "./panels.js";

/** Fills the box of a bench, and gives every part that it draws into. */
export function frame({ graph, act, box, alert, standing, live }) {
  const parts = {
    counter: make("span.muted"),
    undo: button("button", "Undo", "u", act.undo),
    redo: button("button", "Redo", "r", act.redo),
    reset: button("button", "Back to start", "b", act.reset),
    change: make("div"),
    lanes: graph.cpus.map((name, cpu) => laneFrame(name, cpu, act)),
    state: make("div.section"),
    pages: make("tbody"),
    caption: make("caption"),
    properties: make("ul.props"),
    timeline: make("div.timeline"),
    trace: make("pre"),
    room: make("div"),
    said: make("div.said.muted"),
  };
  const lanes = make("div.lanes", {}, ...parts.lanes.map((lane) => lane.box));
  box.append(headFrame(graph, parts),
    make("section.change", { "aria-label": "What just changed" }, parts.change, alert), standing, live,
    make("div.columns", {}, make("div.section.lanes-section", {}, lanes), parts.state),
    make("div.section", {}, pageTable(parts)),
    propertyFrame(parts),
    timelineFrame(parts, act),
    shareFrame(parts, act));
  return parts;
}

function headFrame(graph, { counter, undo, redo, reset }) {
  const { letter: sign, late, id } = graph.revision;
  const revision = make(late ? "span.revision.late" : "span.revision", {}, make("b", { "aria-hidden": "true" }, sign), id);
  const buttons = make("div.buttons", {}, undo, redo, reset);
  return make("div.bar", {}, make("h3", {}, graph.title), revision, counter, make("span.space"), buttons);
}

function propertyFrame({ properties }) {
  return make("section.section.props-section", { "aria-label": "What holds now" }, make("h4", {}, "What holds now"), properties);
}

function timelineFrame(parts, act) {
  const head = make("div.head", {}, make("h4", {}, "Timeline"), make("span.muted", {}, "arrow keys move, Enter goes there"),
    make("span.space"), parts.jump = button("button", "Go to step", "g", act.jump),
    parts.prune = button("button", "Forget the rest", "", act.prune));
  parts.timeline.addEventListener("click", act.pick);
  return make("section.section.timeline-section", { "aria-label": "Timeline" }, head, parts.timeline);
}

function shareFrame({ trace, room, said }, act) {
  const buttons = [button("button", "Copy trace", "", act.copyTrace), button("button", "Copy link", "", act.copyLink)];
  const row = make("div.row", {}, trace, make("div.buttons", {}, ...buttons));
  return make("div.section.share", {}, make("div.head", {}, make("h4", {}, "Trace"), said), row, room);
}

const TRACE_LINES = 8;

export function shortTrace(text) {
  const lines = text.split("\n"), [header, ...rest] = lines;
  if (lines.length <= TRACE_LINES) return text;
  const hidden = rest.length - TRACE_LINES + 2;
  return [header, `… ${hidden} more lines …`, ...rest.slice(hidden)].join("\n");
}

/** Copies a text; where the clipboard is refused, shows it selected instead. */
export async function copy(text, what, room, say) {
  room.replaceChildren();
  try {
    await navigator.clipboard.writeText(text);
    say(`${what} copied.`);
  } catch {
    const box = make("textarea", { readonly: "", rows: Math.min(8, text.split("\n").length), "aria-label": what });
    box.value = text;
    room.append(box);
    box.focus();
    box.select();
    say(`The browser does not allow copying here. The ${what.toLowerCase()} is selected: press Ctrl+C.`);
  }
}
