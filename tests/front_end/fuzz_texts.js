// Links and traces as mail, chats and hands leave them: nothing throws, and only the widget that is meant reads a link.
// Also which keys leave a widget. Prints what is wrong, a line each.

import { readFileSync } from "node:fs";

import { isForOthers } from "../../pkvm_model/widgets/jupyter/labextensions/pkvm-widgets/front_end/keys.js";
import {
  readFragment,
  refuseDamaged,
} from "../../pkvm_model/widgets/jupyter/labextensions/pkvm-widgets/front_end/links.js";
import { clip, refuseLong } from "../../pkvm_model/widgets/jupyter/labextensions/pkvm-widgets/front_end/text.js";
import { fitTrace, splitLink } from "../../pkvm_model/widgets/jupyter/labextensions/pkvm-widgets/front_end/walk.js";

const { graph, walks, links } = JSON.parse(readFileSync(new URL("cases.json", import.meta.url), "utf-8"));

function expect(fine, says) {
  if (fine) return;
  console.log(says);
  process.exitCode = 1;
}

// The same numbers in each run.
let seed = 15;
const random = (most) => (seed = (seed * 48271) % 2147483647) % most;
const randomText = () =>
  String.fromCharCode(...Array.from({ length: random(40) }, () => random(random(9) ? 128 : 65536)));

const prefixes = (text) => Array.from({ length: text.length + 1 }, (_, end) => text.slice(0, end));
const fullyEncoded = (text) =>
  [...new TextEncoder().encode(text)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");

function tryAddress(address) {
  try {
    const text = readFragment("r7", address);
    expect(readFragment("other", address) === null, `another widget reads ${address}`);
    if (text === null) return;
    const damaged = refuseDamaged(text);
    expect(damaged.length < 100, `a long refusal of ${address}`);
    if (!damaged) splitLink(text);
  } catch (error) {
    expect(false, `${address}: ${error}`);
  }
}

const valid = [...links.map(({ text }) => text), ...walks.map(({ link }) => link), "½/€/𝄞"];
for (const text of valid) {
  for (const name of ["r7", fullyEncoded("r7")]) {
    for (const written of [text, encodeURIComponent(text), fullyEncoded(text)]) {
      for (const cut of prefixes(`http://localhost/lab#${name}=${written}`)) tryAddress(cut);
    }
  }
  const whole = readFragment("r7", `#r7=${encodeURIComponent(text)}`);
  expect(whole === text && refuseDamaged(whole) === "", `not read as written: ${text}`);
}
for (let round = 0; round < 2000; round++) tryAddress(`#r7=${randomText()}`);
for (const cut of ["#r7=1%2", "#r7=1%", "#r7=%E2%82", "#r7=%ff"])
  expect(refuseDamaged(readFragment("r7", cut)) !== "", `not refused: ${cut}`);

for (const { trace } of walks) {
  const text = trace.join("\n");
  for (const cut of [...prefixes(text), ...Array.from({ length: 500 }, () => text + randomText())]) {
    const { misfit, lines } = fitTrace(graph, cut);
    expect(misfit ? misfit.length < 500 : Array.isArray(lines), `neither read nor refused: ${cut}`);
  }
}

const long = "x".repeat(1_000_001);
expect(refuseLong(long).length < 200 && refuseLong("x") === "", "a text of a million characters is not refused");
expect(clip(long).length < 200 && fitTrace(graph, long).misfit.length < 500, "a long line is repeated");

const key = (chord) => ({
  key: chord.split("+").at(-1),
  ctrlKey: chord.includes("Ctrl"),
  metaKey: chord.includes("Meta"),
  altKey: chord.includes("Alt"),
  shiftKey: chord.includes("Shift"),
});
for (const chord of ["Ctrl+s", "Meta+s", "Ctrl+Shift+C", "Ctrl+b", "Ctrl+f", "Ctrl+Enter", "Ctrl+p", "Ctrl+Shift+S"])
  expect(isForOthers(key(chord)), `${chord} stays in a widget`);
for (const chord of ["d", "Shift+D", "Enter", "Shift+Enter", "Alt+Enter", "Ctrl+Alt+q", "Ctrl+a", "Ctrl+c", "Ctrl+v"])
  expect(!isForOthers(key(chord)), `${chord} leaves a widget`);
for (const chord of ["Ctrl+z", "Ctrl+Shift+Z", "Ctrl+Shift+M", "Ctrl+Backspace", "Ctrl+Shift+ArrowUp"])
  expect(!isForOthers(key(chord)), `${chord} leaves a widget`);
