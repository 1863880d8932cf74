// Python in a worker: Pyodide, and the course. It is in no page's bundle: `python.js` makes the worker from this text.
//
// The page hands over all files as bytes, so nothing is fetched here. The worker's origin is opaque (it comes from a
// data: URL): the browser refuses it every storage and every other tab. Before any learner's code runs, the global
// scope loses all but the language itself and the little that Pyodide needs: no request, no worker, no message of one's
// own. What remains to learners' code: to waste this worker's time and memory, which the page ends; to answer its own
// question wrongly; and JavaScript's `import()`, which the page's policy limits to this host.

const MOST_MEMORY = 512 * 2 ** 20,
  MEMORY_PAGE = 2 ** 16,
  NOWHERE = "asset:///";

/** What Pyodide needs besides the language. */
const NEEDED = new Set(
  (
    "console performance crypto TextDecoder TextEncoder setTimeout clearTimeout queueMicrotask MessageChannel " +
    "AbortController AbortSignal DOMException"
  ).split(" "),
);
/** The language itself: what a scope without any host has. */
const LANGUAGE = new Set(
  (
    "globalThis Infinity NaN undefined eval isFinite isNaN parseFloat parseInt decodeURI decodeURIComponent " +
    "encodeURI encodeURIComponent escape unescape Object Function Boolean Symbol Error AggregateError " +
    "EvalError RangeError ReferenceError SyntaxError TypeError URIError SuppressedError Number BigInt Math " +
    "Date Temporal String RegExp Array Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array " +
    "Int32Array Uint32Array BigInt64Array BigUint64Array Float16Array Float32Array Float64Array Map Set " +
    "WeakMap WeakSet ArrayBuffer SharedArrayBuffer DataView Atomics JSON WeakRef FinalizationRegistry " +
    "Iterator Promise Reflect Proxy Intl WebAssembly DisposableStack AsyncDisposableStack"
  ).split(" "),
);

const send = postMessage.bind(globalThis);
const decodeText = (bytes) => new TextDecoder().decode(bytes);

/** Imports a module from its bytes. WebKit refuses blob: addresses to a worker without an origin. */
function importBytes(name, bytes) {
  // Without a name of its own, each line of a traceback would have the whole address.
  const text = `${decodeText(bytes)}\n//# sourceURL=${name}`;
  return import(`data:text/javascript;charset=utf-8,${encodeURIComponent(text)}`);
}

/** Lets Pyodide "fetch" the files that the page has handed over, and nothing else. */
function serve(files) {
  const typeOf = (name) => (name.endsWith(".wasm") ? "application/wasm" : "application/octet-stream");
  globalThis.fetch = async (address) => {
    const name = `pyodide/${String(address).slice(NOWHERE.length)}`;
    return new Response(files[name], { headers: { "Content-Type": typeOf(name) } });
  };
}

/** Refuses memory beyond the limit: then Python raises MemoryError, as it does on a machine with little of it. */
function limitMemory() {
  const { grow } = WebAssembly.Memory.prototype;
  WebAssembly.Memory.prototype.grow = function (pages) {
    if (this.buffer.byteLength + pages * MEMORY_PAGE > MOST_MEMORY) {
      send({ full: true });
      throw RangeError("the memory of this page's Python is full");
    }
    return grow.call(this, pages);
  };
}

/** Takes everything from the global scope that is neither the language nor needed. */
function stripScope() {
  const end = EventTarget.prototype;
  for (let scope = globalThis; scope !== end; scope = Object.getPrototypeOf(scope)) {
    for (const key of Reflect.ownKeys(scope)) {
      const stays = LANGUAGE.has(String(key)) || NEEDED.has(String(key));
      if (stays || Reflect.deleteProperty(scope, key)) continue;
      // What stays of an interface are the numbers that it names.
      if (typeof scope[key] !== "number") throw Error(`${String(key)} cannot be removed`);
    }
  }
}

/** What every Python of the course imports; the rest of it waits until it is needed. */
const BEGINNING = `
import sys
sys.path.insert(0, "/course")
sys.dont_write_bytecode = True
import pkvm_model.browser.calls, pkvm_model.browser.judge, pkvm_model.browser.page, pkvm_model.browser.waiting
import pkvm_model.kernel, pkvm_model.lesson
`;

/** Starts Python with the course in it. Returns the function that answers calls, and the memory if that is new. */
async function startPython({ snapshot, ...files }) {
  limitMemory();
  serve(files);
  const { loadPyodide } = await importBytes("pyodide.mjs", files["pyodide/pyodide.mjs"]),
    { default: createPyodideModule } = await importBytes("pyodide.asm.mjs", files["pyodide/pyodide.asm.mjs"]);
  const python = await loadPyodide({
    indexURL: NOWHERE,
    packageBaseUrl: NOWHERE,
    createPyodideModule,
    stdin: () => null,
    lockFileContents: decodeText(files["pyodide/pyodide-lock.json"]),
    ...(snapshot ? { _loadSnapshot: snapshot } : { _makeSnapshot: true }),
  });
  snapshot?.buffer.transfer?.(0); // Pyodide would keep it
  python.unpackArchive(files["course.zip"], "zip", { extractDir: "/" });
  python.unpackArchive(python.FS.readFile("/course-unpacked.zip"), "zip", { extractDir: "/course" });
  if (!snapshot) python.runPython(BEGINNING);
  const made = snapshot ? undefined : python.makeMemorySnapshot();
  python.pyimport("pkvm_model.browser.waiting").report_waits((waits) => send({ waits }));
  const { answer } = python.pyimport("pkvm_model.browser.calls");
  stripScope();
  return { answer, made };
}

let answer;

async function start(files) {
  try {
    const { answer: found, made } = await startPython(files);
    answer = found;
    send({ ready: true, snapshot: made }, { transfer: made ? [made.buffer] : [] });
  } catch (error) {
    send({
      failed: String(error?.message ?? error)
        .trim()
        .split("\n")
        .at(-1),
    });
  }
}

function hear({ id, call, given }) {
  try {
    send({ began: id });
    const reply = JSON.parse(answer(call, JSON.stringify(given)));
    send("answer" in reply || "error" in reply ? { id, ...reply } : { dead: true });
  } catch {
    // Python itself has ended: it cannot even say why.
    send({ dead: true });
  }
}

onmessage = ({ data }) => (data.files ? start(data.files) : hear(data));
