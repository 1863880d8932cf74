// What the learner has done, beside the links to exercises: which are solved, and on the first page which chapters are
// done and where to go on.

import { make } from "../../../widgets/jupyter/labextensions/pkvm-widgets/front_end/elements.js";
import { findWay, idOf, isDone } from "./records.js";

/** Marks the links of a page to exercises, and the first page's chapters. */
export async function markLinks(store) {
  const links = [...document.querySelectorAll("li > a[href*='exercises/']")],
    records = links.length ? await store.readAllRecords() : {};
  for (const link of links) setMark(link, records[idOf({ file: link.getAttribute("href") })]?.solved, "✓ solved");
  const place = document.getElementById("go-on");
  if (place) leadOn(place, records);
}

/** Marks a link, or takes its mark away. */
function setMark(link, isMarked, words) {
  link.parentElement.querySelector(".solved-mark")?.remove();
  if (isMarked) link.after(make("span.solved-mark", {}, ` ${words}`));
}

/** Marks the chapters that are done, and lets the first door lead to where the reader goes on. */
function leadOn(place, records) {
  const cards = [...document.querySelectorAll(".chapters > li")],
    chapters = cards.map((card) => describeChapter(card, records)),
    exercises = chapters.flatMap((chapter) => chapter.exercises),
    solved = exercises.filter(({ state }) => state === "solved").length,
    way = findWay(chapters, records);
  cards.forEach((card, at) => setMark(card.querySelector("h3 a"), isDone(chapters[at]), "✓ done"));
  if (!way) return;
  const door = document.querySelector(".door.first");
  door.setAttribute("href", way.file);
  door.textContent = way.words;
  place.replaceChildren(make("p.go-on", {}, `${solved} of ${exercises.length} exercises solved.`));
}

function describeChapter(card, records) {
  const link = card.querySelector("h3 a"),
    links = [...card.querySelectorAll("a[href*='exercises/']")];
  const exercises = links.map((each) => describeLink(each, records));
  return { file: link.getAttribute("href"), title: link.textContent, exercises };
}

function describeLink(link, records) {
  const file = link.getAttribute("href"),
    more = link.parentElement.textContent.includes("more practice");
  return { file, title: link.textContent, more, state: records[idOf({ file })]?.solved ? "solved" : "" };
}
