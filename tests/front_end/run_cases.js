// Runs cases.json with the front end's own walk and prints what differs, a line each. test_cases.py runs the same in Python.

import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";

import {
  Walk,
  fitTrace,
  splitLink,
  splitTrace,
} from "../../pkvm_model/widgets/jupyter/labextensions/pkvm-widgets/front_end/walk.js";

const { graph, walks, traces, fits, links } = JSON.parse(readFileSync(new URL("cases.json", import.meta.url), "utf-8"));

function check(name, result, expected) {
  for (const [field, value] of Object.entries(result)) {
    if (isDeepStrictEqual(value, expected[field])) continue;
    console.log(`${name}: ${field} is ${JSON.stringify(value)}, expected ${JSON.stringify(expected[field])}`);
    process.exitCode = 1;
  }
}

/** Everything that both sides compute about where a walk stands. */
function summarize(walk) {
  const breaks = walk.graph.properties.map(([name]) => [name, walk.findBreak([name])]);
  return {
    history: walk.history,
    link: walk.link,
    trace: walk.trace.split("\n"),
    says: walk.says,
    properties: walk.propertiesAt(walk.at).map(({ name, word, reason, step }) => [name, word, reason, step ?? 0]),
    breaks: Object.fromEntries(breaks.map(([name, step]) => [name, step < 0 ? null : step])),
  };
}

for (const expected of walks) {
  const walk = new Walk(graph);
  for (const { take, go } of expected.do) {
    if (take) walk.take(walk.edgeOf(take));
    else walk.go(walk.places[go]);
  }
  check(expected.name, summarize(walk), expected);
}
for (const expected of traces) check(expected.text, splitTrace(expected.text), expected);
for (const { trace, fits: expected } of fits) {
  check(trace.join("; "), { fits: fitTrace(graph, trace.join("\n")).misfit === undefined }, { fits: expected });
}
for (const expected of links) {
  const { lines, at } = splitLink(expected.text);
  check(expected.text, { lines, at: at === Infinity ? "" : String(at) }, expected);
}
