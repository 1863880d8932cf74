// The rules of a learner's progress, as in pkvm_model/practice (progress.py, submit.py, progress_report.py): what a try
// does to a record, and which of two records is better. tests/front_end/records.json has cases for both sides.

/** The record of an exercise that nobody has tried. */
const UNTRIED = { tries: 0, hints: 0, shown: false, solved: false, steps: null, fewest: null, answer: "", trace: "" };

/** Returns a record with all its fields; a file leaves out those that have their usual value. */
export const completeRecord = (row) => ({ ...UNTRIED, ...row });

/** Returns a record without the fields that have their usual value, as it stands in a file. */
export function shortenRecord(record) {
  return Object.fromEntries(Object.entries(UNTRIED).flatMap(([field, usual]) => fieldOf(record, field, usual)));
}

function fieldOf(record, field, usual) {
  return record[field] === usual ? [] : [[field, record[field]]];
}

/** Returns the record after a check. A right answer and its run stay until a right one takes no more steps. */
export function updateRecord(record, verdict, text) {
  if (!verdict.tried) return record;
  const { passed, steps, fewest, trace } = verdict,
    updated = { ...record, tries: record.tries + 1, solved: record.solved || passed };
  const moreSteps = record.steps !== null && steps !== null && steps > record.steps;
  if (record.solved && (moreSteps || !passed)) return updated;
  return { ...updated, answer: text, trace, ...(passed ? { steps, fewest } : {}) };
}

/** Returns the better of two; tries, hints and the shown solution come from the one that has more of them. */
export function chooseBetter(mine, theirs) {
  const better = isBetter(rankOf(theirs), rankOf(mine)) ? theirs : mine;
  return {
    ...better,
    tries: Math.max(mine.tries, theirs.tries),
    hints: Math.max(mine.hints, theirs.hints),
    shown: mine.shown || theirs.shown,
  };
}

/** Returns the rank of a record: solved, in few steps, with an answer, after many tries. */
function rankOf({ solved, steps, answer, tries }) {
  return [Number(solved), steps === null ? -Infinity : -steps, Number(answer !== ""), tries];
}

function isBetter(rank, other) {
  const first = rank.findIndex((part, at) => part !== other[at]);
  return first >= 0 && rank[first] > other[first];
}

/** Returns the better of two places of a quiz: theirs counts if it goes on from mine. */
export const choosePlace = (mine, theirs) => (theirs.startsWith(mine ?? "") ? theirs : mine);

/** Returns how far the learner is with an exercise, "" if it was never tried. */
function nameState({ solved, tries }) {
  if (solved) return "solved";
  return tries ? "tried" : "";
}

/** Returns whether the solution was shown, tries, hints and steps in words, "" if there are none. */
function describeRecord({ shown, tries, hints, steps, fewest }) {
  const facts = [
    shown && "solution shown",
    tries && `${tries} ${tries === 1 ? "try" : "tries"}`,
    hints && countOf(hints, "hint"),
    steps !== null && countOf(steps, "step"),
    fewest !== null && `fewest possible: ${fewest}`,
  ];
  return facts.filter(Boolean).join(", ");
}

export const countOf = (number, noun) => `${number.toLocaleString("en-US")} ${noun}${number === 1 ? "" : "s"}`;

/** Returns the id of an exercise, from its file. */
export const idOf = ({ file }) => file.replace(/^.*\/|\.\w+$/g, "");

/** Fills a report on the progress, in which nothing is solved yet, with records by exercise. */
export function fillReport(report, records) {
  const fill = (exercise) => {
    const record = completeRecord(records[idOf(exercise)]);
    return { ...exercise, state: nameState(record), facts: describeRecord(record) };
  };
  const chapters = report.chapters.map((chapter) => fillChapter(chapter, chapter.exercises.map(fill))),
    all = chapters.flatMap(({ exercises }) => exercises),
    next = findNext(all, records);
  const caption = `${countSolved(all)} of ${countOf(all.length, "exercise")} solved`;
  return { ...report, caption, next: next ?? null, note: next ? "" : ALL_DONE, chapters };
}

const ALL_DONE = "Everything is solved. You can hand it in.";

const countSolved = (exercises) => exercises.filter(({ state }) => state === "solved").length;

function fillChapter(chapter, exercises) {
  return { ...chapter, solved: `${countSolved(exercises)} of ${exercises.length}`, exercises };
}

/** Returns the first that is begun, or else the first that is open; more practice waits for the main road. */
export function findNext(exercises, records) {
  const unsolved = exercises.filter(({ state }) => state !== "solved"),
    onRoad = unsolved.filter(({ more }) => !more),
    left = onRoad.length ? onRoad : unsolved;
  return left.find((exercise) => isTried(exercise, records)) ?? left[0];
}

const isTried = (exercise, records) => completeRecord(records[idOf(exercise)]).tries > 0;

/** Returns true if a chapter's exercises on the main road are solved. */
export const isDone = ({ exercises }) => exercises.every(({ more, state }) => more || state === "solved");

/**
 * Returns where the reader goes on, file and words: at the next exercise, or in its chapter if that is not begun yet.
 * Null before the first try.
 */
export function findWay(chapters, records) {
  const all = chapters.flatMap(({ exercises }) => exercises),
    isBegun = ({ exercises }) => exercises.some((each) => each.state === "solved" || isTried(each, records));
  if (!chapters.some(isBegun)) return null;
  const next = findNext(all, records);
  if (!next) return { file: MAP, words: "See what you have done" };
  const chapter = chapters.find(({ exercises }) => exercises.includes(next));
  if (!isBegun(chapter)) return { file: chapter.file, words: `Go on: ${chapter.title}` };
  return { file: next.file, words: `${next.more ? "More practice" : "Go on"}: ${next.title}` };
}

const MAP = "course-map.html";
