// An exercise with options: a click writes the line, so that nobody has to get quotes right. What stands in the text is
// what is chosen; who types the line chooses, too.

import { make } from "../../../widgets/jupyter/labextensions/pkvm-widgets/front_end/elements.js";

/**
 * Returns the last line in which a text gives a name its value, which is the one that counts for Python. Its first
 * group is a value in quotes, the second a comment behind it. It may be indented: a Tab too many is soon pressed.
 */
function findLine(text, name) {
  const value = `(\\.\\.\\.|"[^"\\n]*"|'[^'\\n]*')([ \\t]*(?:#.*)?)$`;
  return [...text.matchAll(new RegExp(`^[ \\t]*${name}[ \\t]*=(?:[ \\t]*${value}|.*$)`, "gm"))].at(-1);
}

/** Returns the value that a text gives a name, "" if none. */
export function readOption(text, name) {
  const value = findLine(text, name)?.[1] ?? "...";
  return value === "..." ? "" : value.slice(1, -1);
}

/** Returns a text that gives a name a value, with the rest as it was. */
export function writeOption(text, name, value) {
  const found = findLine(text, name),
    line = `${name} = "${value}"${found?.[2] ?? ""}`;
  if (!found) return `${text.trimEnd()}\n${line}\n`.replace(/^\n+/, "");
  return text.slice(0, found.index) + line + text.slice(found.index + found[0].length);
}

/** The options of an exercise as radio buttons that write into its answer. */
export class Choices {
  constructor(options, writing) {
    this.writing = writing;
    this.radios = Object.entries(options).flatMap(([name, values]) =>
      values.map((value) => this.makeRadio(name, value)),
    );
    this.box = make("div.choices", {}, ...Object.keys(options).map((name) => this.makeChoice(name)));
  }

  makeRadio(name, value) {
    const radio = make("input", { type: "radio", name: `choice-${name}`, value });
    radio.addEventListener("change", () => (this.writing.text = writeOption(this.writing.text, name, value)));
    return { name, value, radio };
  }

  makeChoice(name) {
    const rows = this.radios.filter((row) => row.name === name);
    const labels = rows.map(({ value, radio }) => make("label", {}, radio, make("span", {}, value)));
    return make("fieldset", {}, make("legend", {}, make("code", {}, name)), ...labels);
  }

  /** Shows what the text says. */
  draw() {
    const { text } = this.writing;
    for (const { name, value, radio } of this.radios) radio.checked = readOption(text, name) === value;
  }
}
