// The three tables in which a learner's work is kept, on disk (IndexedDB) or, where a browser keeps nothing, in memory.
// `change(names, work)` runs `work(tables)` as one transaction: all of it is kept, or nothing. `look` only reads.

const DATABASE = "pkvm-course",
  TABLES = ["exercises", "quizzes", "drafts"];
const ELSEWHERE = "A newer course is open in another tab. Copy what you have just written, and reload this page";

/** Returns the result of a request of IndexedDB, or of one that opens it. */
function settleRequest(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Opens the tables on disk; `gone` is called when the browser, or a newer page, has closed them. */
async function openDatabase(gone) {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => TABLES.forEach((name) => request.result.createObjectStore(name));
  const database = await settleRequest(request).catch((error) => {
    throw error.name === "VersionError" ? Error(ELSEWHERE) : error;
  });
  database.onclose = gone;
  database.onversionchange = () => {
    database.close();
    gone();
  };
  return database;
}

/** Keeps work on disk, where the browser allows it. */
export class Disk {
  constructor() {
    this.lasts = true;
  }

  /** Opens the tables, again if they were closed. */
  connect() {
    return (this.opening ??= openDatabase(() => (this.opening = undefined)));
  }

  look(names, work) {
    return this.run(names, work, "readonly");
  }

  /** Runs work on tables and returns its result once that is on the disk, where a sudden end cannot harm it. */
  change(names, work) {
    return this.run(names, work, "readwrite");
  }

  async run(names, work, mode) {
    const transaction = (await this.connect()).transaction(names, mode, { durability: "strict" });
    const done = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error ?? Error("the browser has stopped it"));
    });
    const result = await commit(work, transaction).catch((error) => abandon(transaction, done, error));
    await done;
    return result;
  }
}

/** Runs work in a transaction, which then needs nothing more from the page. */
async function commit(work, transaction) {
  const result = await work(new DiskTables(transaction));
  transaction.commit();
  return result;
}

async function abandon(transaction, done, error) {
  try {
    transaction.abort();
  } catch {
    /* it has ended already */
  }
  await done.catch(() => {});
  throw error;
}

class DiskTables {
  constructor(transaction) {
    this.table = (name) => transaction.objectStore(name);
  }
  read(name, key) {
    return settleRequest(this.table(name).get(key));
  }
  async readAll(name) {
    const [keys, values] = [this.table(name).getAllKeys(), this.table(name).getAll()].map(settleRequest);
    return zipPairs(await keys, await values);
  }
  write(name, key, value) {
    return settleRequest(this.table(name).put(value, key));
  }
}

const zipPairs = (keys, values) => Object.fromEntries(keys.map((key, at) => [key, values[at]]));

/** Keeps work for as long as the page is open. */
export class Memory {
  constructor() {
    this.lasts = false;
    this.tables = new Map(TABLES.map((name) => [name, {}]));
    this.last = Promise.resolve();
  }

  look(names, work) {
    return this.change(names, work);
  }
  change(names, work) {
    const result = this.last.then(() => work(this));
    this.last = result.catch(() => {});
    return result;
  }
  async read(name, key) {
    return this.tables.get(name)[key];
  }
  async readAll(name) {
    return { ...this.tables.get(name) };
  }
  async write(name, key, value) {
    this.tables.get(name)[key] = value;
  }
}
