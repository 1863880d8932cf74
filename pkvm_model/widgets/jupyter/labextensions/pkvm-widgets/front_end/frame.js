// The fixed frame of a walk.

import { button, make } from "./elements.js";
import { refuseLong } from "./text.js";

/** The parts of every walk, made once so that buttons keep their place and the focus. */
export function walkParts(act) {
  const parts = {
    counter: make("span.muted"),
    undo: button("button", "Undo", "u", act.undo),
    redo: button("button", "Redo", "r", act.redo),
    reset: button("button", "Back to start", "b", act.reset),
    jump: button("button", "Go to step", "g", act.jump),
    prune: button("button", "Forget the rest", "", act.prune),
    timeline: make("div.timeline"),
    trace: make("pre"),
    room: make("div"),
    said: make("div.said.muted"),
  };
  parts.timeline.addEventListener("click", act.pick);
  return parts;
}

function revisionSign({ letter: sign, late, id }) {
  return make(late ? "span.revision.late" : "span.revision", {}, make("b", { "aria-hidden": "true" }, sign), id);
}

export function headFrame(title, revisions, { counter, undo, redo, reset }) {
  const buttons = make("div.buttons", {}, undo, redo, reset);
  return make(
    "div.bar",
    {},
    make("h3", {}, title),
    ...revisions.map(revisionSign),
    counter,
    make("span.space"),
    buttons,
  );
}

export function propertyFrame({ properties }) {
  return make(
    "div.section.props-section",
    { role: "group", "aria-label": "What holds now" },
    make("h4", {}, "What holds now"),
    properties,
  );
}

export function timelineFrame({ jump, prune, timeline }) {
  const keys = make("span.muted", {}, "arrow keys move, Enter goes there");
  const head = make("div.head", {}, make("h4", {}, "Timeline"), keys, make("span.space"), jump, prune);
  return make("div.section.timeline-section", { role: "group", "aria-label": "Timeline" }, head, timeline);
}

export function shareFrame({ trace, room, said }, act) {
  const buttons = [
    ["Copy trace", act.copyTrace],
    ["Copy link", act.copyLink],
    ["Open trace", act.openTrace],
  ].map(([text, work]) => button("button", text, "", work));
  const row = make("div.row", {}, trace, make("div.buttons", {}, ...buttons));
  return make("div.section.share", {}, make("div.head", {}, make("h4", {}, "Trace"), said), row, room);
}

const TRACE_LINES = 8;

export function shortTrace(text) {
  const lines = text.split("\n"),
    [header, ...rest] = lines;
  if (lines.length <= TRACE_LINES) return text;
  const hidden = rest.length - TRACE_LINES + 2;
  return [header, `… ${hidden} more lines …`, ...rest.slice(hidden)].join("\n");
}

/** Asks for a trace text or a link and passes it to `open`. */
export function askForTrace(room, open) {
  const box = make("textarea", { rows: 6, "aria-label": "Trace or link to open" });
  const go = button("button", "Open it", "", () => open(box.value));
  // The browser would need long to show a text that is refused anyway.
  box.addEventListener("paste", (event) => {
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (!refuseLong(text)) return;
    event.preventDefault();
    open(text);
  });
  room.replaceChildren(make("p", {}, "Paste a trace text or a link:"), box, go);
  box.focus();
}

/** Copies a text; if the browser refuses, shows it selected instead. */
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
