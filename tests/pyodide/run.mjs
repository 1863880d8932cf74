// Runs a Python script in Pyodide with the course in it, as a page's worker does, and prints what the script returns.
//
// node run.mjs FOLDER_OF_PYODIDE COURSE_ZIP SCRIPT

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [pyodide, archive, script] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(`${pyodide}/pyodide.mjs`));
const lock = JSON.parse(readFileSync(`${pyodide}/pyodide-lock.json`, "utf-8"));
const python = await loadPyodide({ lockFileContents: { ...lock, packages: {} }, packageBaseUrl: `${pyodide}/` });
python.unpackArchive(new Uint8Array(readFileSync(archive)), "zip", { extractDir: "/course" });
python.runPython("import sys; sys.path.insert(0, '/course'); sys.dont_write_bytecode = True");
console.log(python.runPython(readFileSync(script, "utf-8")));
