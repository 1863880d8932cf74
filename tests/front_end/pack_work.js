// Packs the work on its input as a page does when a learner saves a copy, and writes the archive. With "words" it writes
// what the page then says.

import { readFileSync, writeSync } from "node:fs";

import { describeCopy, packWork } from "../../pkvm_model/course/site/front_end/copying.js";

const work = JSON.parse(readFileSync(0, "utf-8"));
if (process.argv[2] === "words") console.log(describeCopy(work, "saved.zip"));
else writeSync(1, new Uint8Array(await packWork(work).arrayBuffer()));
