// Runs records.json with the pages' own rules, and prints what differs, a line each. With "reports" it fills the report
// on its input with each of the records there, and prints the results. test_records.py runs the same in Python.

import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";

import * as rules from "../../pkvm_model/course/site/front_end/records.js";

const complete = rules.completeRecord;

const exercise = (id, more) => ({ file: `exercises/${id}.html`, title: id.toUpperCase(), more });
/** The chapters of a short course, as the first page has them. */
const WAYS = [
  { file: "01.html", title: "One", exercises: [exercise("a", false), exercise("b", true)] },
  { file: "02.html", title: "Two", exercises: [exercise("c", false), exercise("d", false), exercise("e", true)] },
];

function markSolved(chapter, records) {
  const mark = (each) => ({ ...each, state: records[rules.idOf(each)]?.solved ? "solved" : "" });
  return { ...chapter, exercises: chapter.exercises.map(mark) };
}

function compare(name, result, expected) {
  if (isDeepStrictEqual(result, expected)) return;
  console.log(`${name}: ${JSON.stringify(result)}, expected ${JSON.stringify(expected)}`);
  process.exitCode = 1;
}

function runCases({ updates, choices, places, ways }) {
  for (const { name, record, verdict, answer, after } of updates) {
    const whole = { tried: true, steps: null, fewest: null, trace: "", ...verdict };
    compare(name, rules.shortenRecord(rules.updateRecord(complete(record), whole, answer)), after);
  }
  for (const { name, mine, theirs, better } of choices)
    compare(name, rules.shortenRecord(rules.chooseBetter(complete(mine), complete(theirs))), better);
  for (const { name, mine, theirs, merged } of places) {
    const chosen = Object.entries(theirs).map(([key, place]) => [key, rules.choosePlace(mine[key], place)]);
    compare(name, { ...mine, ...Object.fromEntries(chosen) }, merged);
  }
  for (const { name, records, way, done } of ways) {
    const chapters = WAYS.map((chapter) => markSolved(chapter, records));
    compare(name, rules.findWay(chapters, records), way && { file: way[0], words: way[1] });
    compare(`${name}, done`, chapters.map(rules.isDone), done);
  }
}

if (process.argv[2] === "reports") {
  const { report, all } = JSON.parse(readFileSync(0, "utf-8"));
  console.log(JSON.stringify(all.map((records) => rules.fillReport(report, records))));
} else runCases(JSON.parse(readFileSync(new URL("records.json", import.meta.url), "utf-8")));
