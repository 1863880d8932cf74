// Keeps the notebooks for use without a network. After it comes JupyterLite's own worker, which gives Python its files.
//
// A new version is fetched whole beside the old one, and takes over as soon as a page is opened while no other is open.

/** @type {any} */
const here = self;
/** What the builder has put here: the version, and each file's hash by its name, relative to this one. */
const { version, files } = /* COURSE */ { version: "", files: {} };
const ours = `pkvm-lab ${here.registration.scope} `;
const kept = ours + version;
const TRIES = 30,
  PAUSE = 100;
const hashes = new Map(Object.entries(files).map(([name, hash]) => [new URL(name, location.href).href, hash]));
let filling;

const takeOver = here.skipWaiting.bind(here);
// JupyterLite lets a new version take over at once, below pages that were loaded by the old one.
here.skipWaiting = async () => undefined;
here.addEventListener("message", (event) => {
  if (event.data === "take over") event.waitUntil(takeOverIfAlone(event.ports[0]));
});
here.addEventListener("install", (event) => {
  if (here.registration.active) event.waitUntil(fill());
});
here.addEventListener("activate", (event) => event.waitUntil(forgetOthers()));
here.addEventListener("fetch", (event) => {
  const address = nameOf(event.request.url);
  if (event.request.method !== "GET" || !hashes.has(address)) return;
  event.stopImmediatePropagation();
  event.respondWith(answer(address, event.request));
  event.waitUntil(fill());
});
here.importScripts("jupyterlite-worker.js");

/** Takes over unless the page that asks is one of several, and answers whether it does. */
async function takeOverIfAlone(port) {
  const alone = await isOnlyPage();
  port.postMessage(alone);
  if (alone) await takeOver();
}

/** Returns whether one page has notebooks; one that was just closed may still be there for a moment. */
async function isOnlyPage() {
  for (let tries = 0; tries < TRIES; tries++) {
    const pages = await here.clients.matchAll({ type: "window", includeUncontrolled: true });
    if (pages.filter(({ url }) => url.startsWith(here.registration.scope)).length === 1) return true;
    await new Promise((then) => setTimeout(then, PAUSE));
  }
  return false;
}

/** Returns the address of a file; that of a folder is its index. */
function nameOf(url) {
  const address = url.split(/[?#]/)[0];
  return address.endsWith("/") ? `${address}index.html` : address;
}

async function answer(address, request) {
  const cache = await caches.open(kept);
  return (await cache.match(address)) ?? fetch(request);
}

/** Fetches what is missing, one file after the other: what the page itself asks for comes first. */
function fill() {
  filling ??= fetchMissing().catch((error) => {
    filling = undefined;
    throw error;
  });
  return filling;
}

async function fetchMissing() {
  const cache = await caches.open(kept);
  for (const [address, integrity] of hashes) {
    if (await cache.match(address)) continue;
    const response = await fetch(address, { integrity, cache: "no-cache" });
    if (!response.ok) throw Error(`${address}: ${response.status}`);
    await cache.put(address, response);
  }
}

async function forgetOthers() {
  const names = await caches.keys();
  const older = names.filter((name) => name.startsWith(ours) && name !== kept);
  await Promise.all(older.map((name) => caches.delete(name)));
}
