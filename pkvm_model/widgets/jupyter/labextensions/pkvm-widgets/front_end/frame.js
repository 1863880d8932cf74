// The fixed frame of a walk: bar, time, and drawers with the details.

import { button, letClose, make, write } from "./elements.js";
import { dress } from "./styles.js";
import { refuseLong } from "./text.js";
import { timeFrame } from "./time.js";

/** The parts of every walk, made once so that buttons keep their place and the focus. */
export function walkParts(act) {
  return {
    counter: make("span.muted.counter"),
    said: make("span.said.muted"),
    undo: button("button", "Undo", "u", act.undo),
    redo: button("button", "Redo", "r", act.redo),
    reset: button("button", "Back to the start", "b", act.reset),
    prune: button("button", "Forget the rest", "", act.prune),
    branches: make("div.branches"),
    trace: make("pre", { tabindex: "0", role: "group", "aria-label": "Trace" }),
    room: make("div.room-for-text"),
    time: timeFrame(act),
  };
}

/** The sign and the name of a kernel; a long name goes on in a new line after an underscore. */
export function revisionSign({ letter: sign, late, id }) {
  const name = id.split(/(?<=_)/).flatMap((part) => [part, make("wbr")]);
  const look = late ? "span.revision.late" : "span.revision";
  return make(look, {}, make("b", { "aria-hidden": "true" }, sign), make("span", {}, ...name));
}

export function headFrame(title, revisions, parts, act) {
  const { counter, said, undo, redo, reset } = parts;
  dress("frame");
  return make(
    "div.bar",
    {},
    make("h3", {}, title),
    ...revisions.map(revisionSign),
    counter,
    said,
    make("div.buttons", {}, reset, undo, redo, shareMenu(parts, act)),
  );
}

/** What a learner can copy or open; Escape and a click elsewhere close it. */
function shareMenu({ room }, act) {
  const ways = [
    ["Copy link", act.copyLink],
    ["Copy trace", act.copyTrace],
    ["Open trace", act.openTrace],
  ]
    .filter(([, work]) => work)
    .map(([text, work]) => button("button", text, "", work));
  const summary = make("summary.button", {}, "Share");
  const menu = make("details.share", {}, summary, make("div.menu-box", {}, make("div.buttons", {}, ...ways), room));
  const close = () => {
    menu.open = false;
    room.replaceChildren();
  };
  letClose(menu, close);
  return menu;
}

/** A drawer: its button says what is in it, and its box is drawn only while it is open. */
export function drawerFrame(name, label, act, ...kids) {
  const box = make("div.section.drawer", { role: "group", "aria-label": label }, ...kids);
  const toggle = button("button.toggle", label, "", () => act.toggle(name));
  for (const part of [box, toggle]) part.dataset.drawer = name;
  return { name, box, toggle };
}

export function showDrawer({ box, toggle }, open) {
  box.hidden = !open;
  toggle.ariaExpanded = String(open);
}

/** The drawer of every walk: the branches, and the trace. */
export function traceDrawer({ prune, branches, trace }, act) {
  return drawerFrame("trace", "Trace", act, branches, make("div.row", {}, trace, prune));
}

/** The bar below a walk: time, and the buttons of the drawers; then the drawers themselves. */
export function footFrame({ time }, drawers) {
  const toggles = make(
    "div.toggles",
    { role: "group", "aria-label": "Details" },
    ...drawers.map(({ toggle }) => toggle),
  );
  return [make("div.time-bar", {}, time.box, toggles), ...drawers.map(({ box }) => box)];
}

/** Says on the button of the drawer how many properties hold, and how many are broken. */
export function countHolds({ toggle }, properties) {
  const number = (word) => properties.filter((one) => one.word === word).length,
    broken = number("broken"),
    whole = number("holds");
  toggle.hidden = !properties.length;
  toggle.classList.toggle("broken", broken > 0);
  write(toggle.firstChild, broken ? `${broken} broken` : `${whole} ${whole === 1 ? "holds" : "hold"}`);
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
