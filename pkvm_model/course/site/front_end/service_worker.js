// The service worker of the browser edition: it keeps whole versions of the course on the reader's device.
//
// The builder writes a line `const COURSE = …` above this text: a version, and its files with their hashes. Files are
// kept under their hash, so versions share what is the same in both, and a half-fetched version only adds files that
// nothing asks for. A version counts as fetched when its worker is installed, and is used when the reader wants it:
// until then this worker answers from the files of the version that it found in use.

const worker = /** @type {any} */ (globalThis),
  SCOPE = worker.registration.scope,
  STORE = `pkvm-course ${SCOPE}`,
  USING = `${SCOPE}?using`;

/** What a reader is told if a version cannot be kept: `network`, `server` (which sends other files) or `room`. */
class KeepingError extends Error {
  constructor(reason, name) {
    super(`${name}: ${reason}`);
    this.reason = reason;
  }
}

/** The address under which the store has a file: its hash, and its kind, which the hash does not tell. */
const keyOf = (name, { files }) => `${SCOPE}?${files[name]}${name.slice(name.lastIndexOf("."))}`;

const listKeys = (course) => Object.keys(course.files).map((name) => keyOf(name, course));

async function hashOf(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A file as the server has it, or as the browser remembers it; which of both must be right, its hash tells. */
async function readFile(name, { files }, cache) {
  const address = new URL(encodeURI(name), SCOPE).href,
    response = await fetch(address, { cache }).catch(() => {
      throw new KeepingError("network", name);
    });
  const bytes = await response.arrayBuffer().catch(() => {
    throw new KeepingError("network", name);
  });
  if (!response.ok || (await hashOf(bytes)) !== files[name]) throw new KeepingError("server", name);
  // Without the headers of the host: a redirect, for instance, may not answer a request for a page.
  const type = response.headers.get("Content-Type") ?? "application/octet-stream";
  return new Response(bytes, { headers: { "Content-Type": type } });
}

async function keepFile(name, course, store) {
  const response = await readFile(name, course, "default").catch(() => readFile(name, course, "reload"));
  await store.put(keyOf(name, course), response.clone()).catch(() => {
    throw new KeepingError("room", name);
  });
  return response;
}

async function tellPages(message) {
  const pages = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  for (const page of pages) page.postMessage({ course: message });
}

/** Fetches what the store does not have; one file after the other, so that a page that asks for Python goes first. */
async function fetchVersion() {
  const store = await caches.open(STORE),
    had = new Set((await store.keys()).map(({ url }) => url)),
    added = [];
  try {
    for (const name of Object.keys(COURSE.files).filter((one) => !had.has(keyOf(one, COURSE)))) {
      await keepFile(name, COURSE, store);
      added.push(keyOf(name, COURSE));
    }
    if (!had.has(USING)) await useVersion(store);
  } catch (error) {
    // Room is for the reader's answers first. After any other fault the next visit goes on from here.
    if (error.reason === "room") for (const key of added) await store.delete(key);
    await tellPages({ failed: error.reason ?? "browser" });
    throw error;
  }
}

/** The version in use, read once. If a crash has lost what says so, it is this one, which is whole. */
let using = undefined;
function findUsing() {
  return (using ??= caches
    .open(STORE)
    .then((store) => store.match(USING))
    .then((kept) => kept.json())
    .catch(() => COURSE));
}

async function useVersion(store) {
  await store.put(USING, new Response(JSON.stringify(COURSE), { headers: { "Content-Type": "application/json" } }));
  using = undefined;
}

/** Removes what neither this version nor the one in use needs, unless a newer one is fetching or waiting. */
async function sweepStore() {
  const { installing, waiting } = worker.registration;
  if (installing || waiting) return;
  const needed = new Set([USING, ...listKeys(COURSE), ...listKeys(await findUsing())]),
    store = await caches.open(STORE);
  for (const { url } of await store.keys()) if (!needed.has(url)) await store.delete(url);
}

const sweepIfFree = () => navigator.locks.request(STORE, { ifAvailable: true }, (lock) => lock && sweepStore());

/** What the address of a request names below the course, or undefined if it cannot be read. */
function findPath(address) {
  const length = new URL(SCOPE).pathname.length;
  try {
    return decodeURIComponent(new URL(address).pathname.slice(length));
  } catch {
    return undefined;
  }
}

async function giveFile(name, course) {
  const store = await caches.open(STORE);
  const kept = await store.match(keyOf(name, course));
  return kept ?? keepFile(name, course, store).catch(() => sayIncomplete(name));
}

function sayIncomplete(name) {
  const words = `The course on this device has lost ${name}, and it cannot be fetched now. Try again later.`;
  return new Response(words, { status: 503, headers: { "Content-Type": "text/plain; charset=utf-8" } });
}

/** A file of the version in use; a folder without its slash leads to the one with it; the rest is the server's. */
async function answerRequest(request) {
  const course = await findUsing(),
    path = findPath(request.url);
  const has = (name) => path !== undefined && Object.hasOwn(course.files, name);
  if (has(path)) return giveFile(path, course);
  const index = `${path}index.html`;
  if (has(index) && /^$|\/$/.test(path)) return giveFile(index, course);
  if (has(`${path}/index.html`)) return Response.redirect(`${SCOPE}${path}/${new URL(request.url).search}`);
  return fetch(request);
}

worker.addEventListener("install", (event) => event.waitUntil(navigator.locks.request(STORE, fetchVersion)));

async function begin() {
  await worker.clients.claim();
  await tellPages({ using: (await findUsing()).version });
  await sweepIfFree();
}

worker.addEventListener("activate", (event) => event.waitUntil(begin()));

worker.addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  if (method === "GET" && url.startsWith(SCOPE)) event.respondWith(answerRequest(event.request));
});

/** The reader wants this version: once this worker is active, every request is answered from it and pages are told. */
async function takeOver() {
  await useVersion(await caches.open(STORE));
  if (worker.registration.waiting) worker.skipWaiting();
  else await begin();
}

worker.addEventListener("message", (event) => {
  if (event.data?.course === "take over") event.waitUntil(takeOver());
  if (event.data?.course === "describe") {
    const describe = ({ version }) => event.ports[0].postMessage({ version: COURSE.version, using: version });
    event.waitUntil(findUsing().then(describe));
  }
});
