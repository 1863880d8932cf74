// What the learner has done, beside the links to exercises: which are solved, and on the first page which chapters are
// done and where to go on.

import { make } from "../../../widgets/jupyter/labextensions/pkvm-widgets/front_end/elements.js";
import { findRead } from "./reading.js";
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
    onWay = chapters.filter((_, at) => cards[at].getClientRects().length),
    read = findRead(chapters);
  cards.forEach((card, at) => setMark(card.querySelector("h3 a"), isDone(chapters[at]), "✓ done"));
  const begun = findWay(onWay, records),
    { file, words } = begun ?? goOnReading(read) ?? beginWith(onWay[0]),
    door = document.querySelector(".door.first");
  door.setAttribute("href", file);
  door.textContent = words;
  place.replaceChildren(...(begun ? [sayHowFar(chapters, read)] : []));
}

const goOnReading = (read) => read && { file: read.file, words: `Go on: ${read.title}` };

const beginWith = ({ file, number }) => ({ file, words: `Start with chapter ${number}` });

/** Says how many exercises are solved, and what was read last. */
function sayHowFar(chapters, read) {
  const exercises = chapters.flatMap((chapter) => chapter.exercises),
    solved = exercises.filter(({ state }) => state === "solved").length,
    last = read ? [" Last read: ", make("a", { href: read.file }, read.title)] : [];
  return make("p.go-on", {}, `${solved} of ${exercises.length} exercises solved.`, ...last);
}

function describeChapter(card, records) {
  const link = card.querySelector("h3 a"),
    links = [...card.querySelectorAll("a[href*='exercises/']")];
  const exercises = links.map((each) => describeLink(each, records));
  const number = Number(card.querySelector(".number").textContent);
  return { file: link.getAttribute("href"), title: link.textContent, number, exercises };
}

function describeLink(link, records) {
  const file = link.getAttribute("href"),
    more = link.parentElement.textContent.includes("more practice");
  return { file, title: link.textContent, more, state: records[idOf({ file })]?.solved ? "solved" : "" };
}
