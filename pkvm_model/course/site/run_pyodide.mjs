// Runs a Python script from standard input in Pyodide, and prints what its last line returns. Python's settings come
// from the environment, as elsewhere; with the course's archive, the script can import the course, as in a page.
//
// node run_pyodide.mjs FOLDER_OF_PYODIDE [COURSE_ZIP]

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [pyodide, course] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(`${pyodide}/pyodide.mjs`));
const settings = Object.entries(process.env).filter(([name]) => name.startsWith("PYTHON"));
const python = await loadPyodide({ env: Object.fromEntries(settings) });
if (course) {
  python.unpackArchive(new Uint8Array(readFileSync(course)), "zip", { extractDir: "/" });
  python.unpackArchive(python.FS.readFile("/course-unpacked.zip"), "zip", { extractDir: "/course" });
  python.runPython("import sys; sys.path.insert(0, '/course'); sys.dont_write_bytecode = True");
}
console.log(python.runPython(readFileSync(0, "utf-8")));
