// Prints, for each pair of rows on standard input, how the page moved, in the words of the front end.

import { readFileSync } from "node:fs";

import { pageMove } from "../../pkvm_model/widgets/jupyter/labextensions/pkvm-widgets/front_end/moves.js";

const row = ([host, hyp, guest, owner]) => ({ host, hyp, guest, owner, count: "", says: "" });
const pairs = JSON.parse(readFileSync(0, "utf-8"));
console.log(JSON.stringify(pairs.map(([was, now]) => pageMove(row(was), row(now)))));
