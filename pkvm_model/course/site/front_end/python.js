// Python for a page: a worker that is made when somebody first asks, ended when an answer goes on for ever, and made
// anew. A start goes on from the memory of an earlier one, if this browser has kept it.
//
// The page fetches the files of Python, whose hashes it knows, and hands their bytes to the worker. The worker is made
// from a data: URL, so that it has an origin of its own: the browser itself keeps it from the storage of this page, and
// the page's policy keeps it from other hosts. Learners' code runs in one worker, the clerk in another.

import { dropSnapshots, keepSnapshot, readSnapshot } from "./snapshots.js";

const FETCHES = "Fetching Python",
  STARTS = "Starting Python",
  GOES_ON = "What is stored in the page goes on working.",
  CUT = "The connection ended before Python was here",
  OTHER_FILE = "is not the file with which this page was made. Load the page again",
  NOT_STARTED = "Python does not start in this browser",
  LOST = "Python has ended. Ask again to start it anew.";
const SOURCE_OF_WORKER = "worker.js",
  USUAL_START = 1000,
  USUAL_START_FROM_SNAPSHOT = 200,
  SLOWEST = 20;

/** What a page knows of Python: its files, each with hash and size, and the words for what was ended. */
const readParts = () => JSON.parse(document.getElementById("python").textContent);

const listeners = new Set();
let news;

/** Calls `listener` with {words, loaded, total} while Python is fetched, {words: ""} when it is ready, {failed}. */
export function onPython(listener) {
  listeners.add(listener);
  if (news) listener(news);
}

function tellPython(said) {
  news = said;
  for (const listener of listeners) listener(said);
}

/** Returns the bytes of a response, null if they are more or fewer; `count` hears of each piece. */
async function readBytes(response, size, count) {
  const bytes = new Uint8Array(size),
    reader = response.body.getReader();
  let at = 0;
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    if (at + piece.value.length > size) return null;
    bytes.set(piece.value, at);
    at += piece.value.length;
    count(piece.value.length);
  }
  return at === size ? bytes : null;
}

/** Returns whether bytes have this hash. The browser compares them; not every page has its other hash functions. */
async function hasHash(bytes, integrity) {
  const address = URL.createObjectURL(new Blob([bytes]));
  try {
    await fetch(address, { integrity });
    return true;
  } catch {
    return false;
  } finally {
    URL.revokeObjectURL(address);
  }
}

async function fetchPart(name, [integrity, size], count, signal) {
  const address = new URL(`${document.documentElement.dataset.root}assets/${name}`, location.href);
  const response = await fetch(address, { signal }).catch(() => null);
  if (!response?.ok) throw Error(`Python could not be fetched (${name}). ${GOES_ON} Try again later.`);
  const bytes = await readBytes(response, size, count).catch(() => {
    throw Error(`${CUT} (${name}). ${GOES_ON} Try again.`);
  });
  if (!bytes || !(await hasHash(bytes, integrity))) throw Error(`Python does not start: ${name} ${OTHER_FILE}.`);
  return bytes;
}

const inMegabytes = (bytes) => (bytes / 1e6).toFixed(1);

/** Returns the bytes of all files by name, and says how many of them are here. */
async function fetchParts(files, stop) {
  const names = Object.keys(files),
    total = names.reduce((sum, name) => sum + files[name][1], 0);
  let loaded = 0;
  const count = (more) => {
    if (stop.signal.aborted) return;
    loaded += more;
    tellPython({ words: `${FETCHES}, ${inMegabytes(loaded)} of ${inMegabytes(total)} MB`, loaded, total });
  };
  const fetchOne = (name) => fetchPart(name, files[name], count, stop.signal);
  const parts = await Promise.all(names.map(fetchOne)).catch((error) => {
    stop.abort();
    throw error;
  });
  tellPython({ words: STARTS, loaded: total, total });
  return Object.fromEntries(names.map((name, number) => [name, parts[number]]));
}

/** An error whose words are for the learner; `isLimit` means that the answer had to be ended. */
const makeError = (words, isLimit = false) => Object.assign(Error(words), { isLimit });

/** @typedef {{seconds?: number, begun?: () => void}} Limits */

/** A worker and what it was asked. */
class PythonWorker {
  constructor(cells) {
    this.cells = cells;
    this.asked = new Map();
    this.count = 0;
    this.slowness = 1;
  }

  ask(call, given, { seconds, begun } = /** @type {Limits} */ ({})) {
    const id = ++this.count;
    return new Promise((resolve, reject) => {
      this.asked.set(id, { resolve, reject, seconds, begun });
      this.ready ??= this.start();
      this.ready.then(
        (worker) => this.asked.has(id) && worker.postMessage({ id, call, given }),
        (error) => this.settle(id, { error: error.message }),
      );
    });
  }

  /** Makes the worker; fails in words. */
  async start() {
    const stop = (this.starting = new AbortController());
    try {
      const worker = await this.makeWorker(readParts().files, stop);
      worker.onmessage = ({ data }) => this.worker === worker && this.hear(data);
      worker.onerror = () => this.worker === worker && this.end(LOST);
      if (this.cells) worker.postMessage({ call: "begin", given: { cells: this.cells } });
      tellPython({ words: "" });
      return (this.worker = worker);
    } catch (error) {
      if (this.starting === stop) this.forget();
      tellPython({ failed: error.message });
      throw error;
    }
  }

  /** Returns a worker in which Python runs. If it does not go on from the memory that is kept, it begins anew. */
  async makeWorker(files, stop) {
    const kept = readSnapshot(files),
      parts = await fetchParts(files, stop),
      snapshot = await kept;
    try {
      return await this.startWorker(parts, snapshot, stop.signal);
    } catch (error) {
      if (!snapshot || stop.signal.aborted) throw error;
      await dropSnapshots();
      return this.makeWorker(files, stop);
    }
  }

  /** Returns a worker in which Python runs, and keeps the memory with which it has started, if that is new. */
  async startWorker(
    /** @type {Record<string, Uint8Array>} */ { [SOURCE_OF_WORKER]: source, ...files },
    snapshot,
    signal,
  ) {
    signal.throwIfAborted();
    const address = `data:text/javascript;charset=utf-8;base64,${btoa(String.fromCharCode(...source))}`,
      worker = new Worker(address, { type: "module" }),
      begun = performance.now();
    const made = await this.handOver(worker, snapshot ? { ...files, snapshot } : files, signal);
    // What this device is given for an answer depends on how long it took to start: no clock here counts only work.
    const usual = snapshot ? USUAL_START_FROM_SNAPSHOT : USUAL_START;
    this.slowness = Math.min(SLOWEST, Math.max(1, (performance.now() - begun) / usual));
    if (made.snapshot) keepSnapshot(readParts().files, made.snapshot);
    return worker;
  }

  /** Gives a worker the files, and waits until its Python runs. */
  handOver(worker, files, signal) {
    return new Promise((resolve, reject) => {
      const end = (error) => {
        worker.terminate();
        reject(Error(error));
      };
      const fail = (reason) => end(`${NOT_STARTED} (${reason}). ${GOES_ON}`);
      signal.addEventListener("abort", () => end(LOST));
      worker.onmessage = ({ data }) => (data.failed ? fail(data.failed) : resolve(data));
      worker.onerror = ({ message }) => fail(message || "no module workers");
      worker.postMessage(
        { files },
        Object.values(files).map(({ buffer }) => buffer),
      );
    });
  }

  hear({ id, began, waits, full, dead, ...said }) {
    if (began) this.begin(began);
    if (waits !== undefined) this.waits = waits;
    this.full ||= Boolean(full);
    if (dead) return this.bury();
    if (id) this.settle(id, said);
    if (said.spoiled) this.renew();
  }

  /** Ends a worker whose Python has ended itself; that is the fault of an answer if one was being checked. */
  bury() {
    const { full, ended } = readParts().words,
      isLimit = [...this.asked.values()].some(({ seconds }) => seconds);
    return this.end(isLimit ? (this.full ? full : ended) : LOST, isLimit);
  }

  /** Begins to measure how long a question may take. */
  begin(id) {
    const { seconds, begun } = this.asked.get(id) ?? {};
    begun?.();
    this.waits = false;
    this.full = false;
    const most = Math.ceil(seconds * this.slowness * 2) / 2;
    if (seconds) this.timer = setTimeout(() => this.endLate(most), most * 1000);
  }

  endLate(seconds) {
    const { worked, waited } = readParts().words;
    this.end((this.waits ? waited : worked).replace("{seconds}", String(seconds)), true);
  }

  settle(id, /** @type {{answer?: any, error?: string, isLimit?: boolean}} */ { answer, error, isLimit = false }) {
    const { resolve, reject } = this.asked.get(id) ?? {};
    this.asked.delete(id);
    clearTimeout(this.timer);
    if (error === undefined) resolve?.(answer);
    else reject?.(makeError(error, isLimit));
  }

  /** Ends the worker at once; whoever waits for an answer gets these words. */
  end(error, isLimit = false) {
    const wasReady = Boolean(this.worker);
    this.forget();
    for (const id of [...this.asked.keys()]) this.settle(id, { error, isLimit });
    if (wasReady) this.renew();
  }

  /** Ends the worker, also one that is still fetched. */
  forget() {
    this.starting?.abort();
    this.worker?.terminate();
    this.worker = this.ready = undefined;
  }

  /** Starts a new Python in advance: the next question follows soon. */
  renew() {
    this.forget();
    this.ready = this.start();
    this.ready.catch(() => {});
  }
}

const readCells = () => JSON.parse(document.getElementById("cells")?.textContent ?? "null");
let learners, clerk;

/**
 * Asks Python, and calls `begun` when it has started and begins to work on the answer. The work ends after some
 * `seconds`, more of them on a slow device; then the error has `isLimit`.
 * @returns {Promise<any>}
 */
export function askPython(call, given, /** @type {Limits} */ limits = {}) {
  learners ??= new PythonWorker(readCells());
  return learners.ask(call, given, limits);
}

/** Ends the worker at once, whatever it does; whoever waits for an answer gets these words. */
export function endPython(words) {
  learners?.end(words);
}

/**
 * Asks the clerk, in a worker in which no learner's code ever runs. It goes when nobody waits for it any more.
 * @returns {Promise<any>}
 */
export async function askClerk(call, given) {
  clerk ??= new PythonWorker(null);
  try {
    return await clerk.ask(call, given);
  } finally {
    if (!clerk.asked.size) clerk.forget();
  }
}
