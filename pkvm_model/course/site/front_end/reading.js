// Where the reader is: on which way through the course, and in which chapter. The first page shows both on another day.

import { readMemo, writeMemo } from "./memos.js";
import { idOf } from "./records.js";

const WAY = "pkvm-course way",
  READ = "pkvm-course read";

/** Lets the first page begin with the way that was chosen last, and calls `changed` when another one is chosen. */
export function keepWay(changed) {
  const ways = /** @type {HTMLLabelElement[]} */ ([...document.querySelectorAll(".ways label")]),
    chosen = ways.find(({ textContent }) => textContent === readMemo(WAY));
  if (chosen) chosen.querySelector("input").checked = true;
  for (const way of ways)
    way.addEventListener("change", () => {
      writeMemo(WAY, way.textContent);
      changed();
    });
}

/** Remembers, when a chapter is left, which one it was and what was read in it. */
export function keepReading() {
  if (!document.querySelector(".site-bar [rel]")) return;
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) writeMemo(READ, { chapter: idOf({ file: location.pathname }), heading: findHeadingRead() });
  });
}

/** Returns the id of the last heading above the middle of the window, undefined above all of them. */
function findHeadingRead() {
  const headings = [...document.querySelectorAll("main :is(h2, h3)[id]")];
  return headings.findLast((heading) => heading.getBoundingClientRect().top < innerHeight / 2)?.id;
}

/** Returns what was read last, of these chapters: its title, and the address of the place; null if that was nothing. */
export function findRead(chapters) {
  const { chapter, heading } = readMemo(READ) ?? {},
    found = chapters.find(({ file }) => idOf({ file }) === chapter);
  if (!found) return null;
  return { title: found.title, file: heading ? `${found.file}#${encodeURIComponent(heading)}` : found.file };
}
