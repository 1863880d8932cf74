// The three tables in which a learner's work is kept, on disk (IndexedDB) or, where a browser keeps nothing, in memory.
// `change(names, work)` runs `work(tables)` as one transaction: all of it is kept, or nothing. `look` only reads.

const DATABASE = "pkvm-course",
  SPARE = "pkvm-course-spare",
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
async function openDatabase(factory, gone) {
  const request = factory.open(DATABASE, 1);
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
class Disk {
  constructor(factory) {
    this.factory = factory;
    this.lasts = true;
    /** @type {Disk | null} */
    this.spare = null;
  }

  /** Opens the tables, again if they were closed. */
  connect() {
    return (this.opening ??= openDatabase(this.factory, () => (this.opening = undefined)));
  }

  look(names, work) {
    return this.run(names, work, "readonly");
  }

  /** Runs work on tables and returns its result once that is on the disk, where a sudden end cannot harm it. */
  change(names, work) {
    return this.run(names, work, "readwrite");
  }

  async run(names, work, mode) {
    const transaction = (await this.connect()).transaction(names, mode, { durability: "strict" }),
      tables = new DiskTables(transaction);
    const done = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error ?? Error("the browser has stopped it"));
    });
    const result = await commit(() => work(tables), transaction).catch((error) => abandon(transaction, done, error));
    await done;
    if (tables.rows.length) await this.spare?.copy(tables.rows).catch(() => {}); // all of it is on the disk once
    return result;
  }

  /** Writes rows of another disk, each [table, key, value]. */
  copy(rows) {
    if (!rows.length) return Promise.resolve();
    return this.change(TABLES, (tables) => Promise.all(rows.map((row) => tables.write(...row))));
  }

  /** Returns the rows of all tables. */
  readRows() {
    return this.look(TABLES, async (tables) => {
      const all = await Promise.all(TABLES.map((name) => tables.readAll(name)));
      return all.flatMap((rows, at) => Object.entries(rows).map(([key, value]) => [TABLES[at], key, value]));
    });
  }
}

/** Runs work in a transaction, which then needs nothing more from the page. */
async function commit(work, transaction) {
  const result = await work();
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
    this.rows = [];
  }
  read(name, key) {
    return settleRequest(this.table(name).get(key));
  }
  async readAll(name) {
    const [keys, values] = [this.table(name).getAllKeys(), this.table(name).getAll()].map(settleRequest);
    return zipPairs(await keys, await values);
  }
  write(name, key, value) {
    this.rows.push([name, key, value]);
    return settleRequest(this.table(name).put(value, key));
  }
}

const zipPairs = (keys, values) => Object.fromEntries(keys.map((key, at) => [key, values[at]]));

/**
 * Opens the disk of this page. Chromium keeps all databases of a site in one log. If it is killed in the middle of an
 * entry, it goes on behind that one; a later start then finds the log damaged and begins an empty one, without a word.
 * So there is a spare in a bucket of its own, with a log of its own: what is lost in one place is in the other.
 */
export async function openDisk() {
  const disk = new Disk(indexedDB);
  await disk.connect();
  disk.spare = await openSpare(disk).catch(() => null);
  return disk;
}

async function openSpare(disk) {
  const buckets = /** @type {any} */ (navigator).storageBuckets;
  if (!buckets) return null;
  const spare = new Disk((await buckets.open(SPARE, { persisted: true, durability: "strict" })).indexedDB),
    [mine, theirs] = await Promise.all([disk.readRows(), spare.readRows()]);
  if (mine.length) await spare.copy(chooseRows(mine, theirs));
  else await disk.copy(theirs);
  return spare;
}

/** Returns the rows that others do not have. */
function chooseRows(rows, others) {
  const known = new Set(others.map((row) => JSON.stringify(row)));
  return rows.filter((row) => !known.has(JSON.stringify(row)));
}

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
