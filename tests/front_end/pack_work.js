// Packs the work on its input as a page does when a learner saves a copy, and writes the archive.

import { readFileSync, writeSync } from "node:fs";

import { packWork } from "../../pkvm_model/course/site/front_end/copying.js";

const packed = packWork(JSON.parse(readFileSync(0, "utf-8")));
writeSync(1, new Uint8Array(await packed.arrayBuffer()));
