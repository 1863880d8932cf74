// What the learner has done, beside the links to exercises: which are solved, and on the first page where to go on.

import { make } from "../../../widgets/jupyter/labextensions/pkvm-widgets/front_end/elements.js";
import { findNext, idOf } from "./records.js";

/** Marks the links of a page to exercises. */
export async function markLinks(store) {
  const links = [...document.querySelectorAll("li > a[href*='exercises/']")],
    records = links.length ? await store.readAllRecords() : {};
  for (const link of links) {
    const isSolved = records[idOf({ file: link.getAttribute("href") })]?.solved;
    link.parentElement.querySelector(".solved-mark")?.remove();
    if (isSolved) link.after(make("span.solved-mark", {}, " ✓ solved"));
  }
  const place = document.getElementById("go-on");
  if (place) place.replaceChildren(...tellWay(links, records));
}

/** Returns how many exercises are solved and a link to the next; nothing for somebody who has not begun. */
function tellWay(links, records) {
  const exercises = links.map((link) => describeLink(link, records)),
    solved = exercises.filter(({ state }) => state === "solved").length,
    next = findNext(exercises, records);
  if (!solved && !next?.isBegun) return [];
  const way = next ? [" Next: ", make("a", { href: next.file }, next.title), "."] : [];
  return [make("p.go-on", {}, `${solved} of ${exercises.length} exercises solved.`, ...way)];
}

function describeLink(link, records) {
  const file = link.getAttribute("href"),
    record = records[idOf({ file })],
    more = link.parentElement.textContent.includes("more practice");
  return { file, title: link.textContent, more, state: record?.solved ? "solved" : "", isBegun: record?.tries };
}
