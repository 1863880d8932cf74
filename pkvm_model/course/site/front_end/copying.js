// A copy of the learner's work as a file: what the learner's copy on a computer has, under the same names, so that
// `course.py import` takes it, and this browser too.

import { isUntouched } from "./drafts.js";
import { completeRecord, countOf, shortenRecord } from "./records.js";
import { zipFiles } from "./zip.js";

const KERNEL = { display_name: "Python 3", language: "python", name: "python3" };

/** Returns the learner's work as an archive. */
export function packWork({ exercises, quizzes, drafts }) {
  const records = mapValues(exercises, (record) => shortenRecord(completeRecord(record))),
    notebooks = Object.entries(drafts).flatMap(([id, draft]) => listNotebooks(id, draft));
  return zipFiles([
    ["progress.json", toText({ version: 1, exercises: records })],
    ["quizzes.json", toText(mapValues(quizzes, String))],
    ...notebooks,
  ]);
}

/** Returns what a copy has, and what it is good for. */
export function describeCopy({ exercises, quizzes, drafts }, name) {
  const touched = Object.keys(drafts).filter((id) => !isUntouched(drafts[id])),
    begun = new Set([...Object.keys(exercises), ...touched]),
    answered = Object.keys(quizzes).filter((key) => !key.startsWith("again "));
  const has = `${countOf(begun.size, "exercise")} and ${countOf(answered.length, "answered question")}`;
  return (
    `Saved, where this browser puts downloads: ${name}, with ${has}. Keep it. On the first page, in any browser, ` +
    `“Bring in a copy” takes it. Where the course runs in JupyterLab, python3 course.py import ${name} does.`
  );
}

/** Returns an object with its names sorted and its values changed. */
function mapValues(object, change) {
  const names = Object.keys(object).sort();
  return Object.fromEntries(names.map((name) => [name, change(object[name])]));
}

const toText = (value) => `${JSON.stringify(value, null, 1)}\n`;

/** Returns the notebooks of an exercise, name and text each: the answer, and those that were put aside. */
function listNotebooks(id, draft) {
  const first = isUntouched(draft) ? [] : [[`exercises/${id}.ipynb`, writeNotebook(id, draft.text, draft.stub)]],
    others = draft.others.map((text, at) => [`exercises/${id}-imported-${at + 1}.ipynb`, writeNotebook(id, text, "")]);
  return [...first, ...others];
}

/** Returns a notebook with an answer; its cell knows with what the exercise began when it was written. */
function writeNotebook(id, text, stub) {
  const cells = [
      makeCell("bench", "%load_ext pkvm_model.lesson", {}),
      makeCell("answer", `%%answer ${id}\n${text}`, { stub }),
    ],
    metadata = { kernelspec: KERNEL, language_info: { name: "python" } };
  return toText({ cells, metadata, nbformat: 4, nbformat_minor: 5 });
}

function makeCell(id, source, metadata) {
  return { cell_type: "code", execution_count: null, id, metadata, outputs: [], source: source.split(/(?<=\n)/) };
}
