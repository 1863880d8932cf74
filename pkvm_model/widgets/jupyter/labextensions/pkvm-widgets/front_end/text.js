// Texts from outside: how much of one is read, and how much is repeated in a sentence.

import { CONSTANTS } from "./constants.js";

const MOST_QUOTED = 100;

/** Returns a text, cut short if it is too long to be repeated. */
export function clip(text, most = MOST_QUOTED) {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

/** Returns why a text is too long to be read, or "". */
export function refuseLong(text) {
  const [size, most] = [text.length, CONSTANTS.mostText].map((number) => number.toLocaleString("en"));
  return text.length > CONSTANTS.mostText
    ? `This text has ${size} characters; at most ${most} are read here. Nothing was opened.`
    : "";
}
