// Keeps the notebooks for use without a network. After it comes JupyterLite's own worker, which gives Python its files.
//
// A new version is fetched whole beside the old one, and takes over as soon as a page is opened while no other is open.
// Browsers let it only when the old one has nothing left to do, so the old one then gives up what still waits in it.

/** @type {any} */
const here = self;
/** What the builder has put here: the version, and each file's hash by its name, relative to this one. */
const { version, files } = /* COURSE */ { version: "", files: {} };
const ours = `pkvm-lab ${here.registration.scope} `;
const kept = ours + version;
const TRIES = 30,
  PAUSE = 100;
const hashes = new Map(Object.entries(files).map(([name, hash]) => [new URL(name, location.href).href, hash]));
const unanswered = new Set(),
  stop = new AbortController();
let filling;

const takeOver = here.skipWaiting.bind(here);
// JupyterLite lets a new version take over at once, below pages that were loaded by the old one.
here.skipWaiting = async () => undefined;
here.addEventListener("message", (event) => {
  if (event.data === "take over") event.waitUntil(takeOverIfAlone(event.ports[0]));
  if (event.data === "give up") giveUp();
  // A page that was loaded past its service worker, as a hard reload does, has none.
  if (event.data === "claim") event.waitUntil(here.clients.claim());
});
here.addEventListener("install", (event) => {
  if (here.registration.active) event.waitUntil(fill());
});
here.addEventListener("activate", (event) => event.waitUntil(forgetOthers()));
here.addEventListener("fetch", (event) => {
  const address = nameOf(event.request.url);
  if (event.request.method !== "GET" || !hashes.has(address)) return keepEndable(event);
  event.stopImmediatePropagation();
  event.respondWith(answer(address, event.request));
  event.waitUntil(fill());
});
here.importScripts("jupyterlite-worker.js");

/** Takes over unless the page that asks is one of several, and answers whether it does. */
async function takeOverIfAlone(port) {
  const alone = await isOnlyPage();
  port.postMessage(alone);
  if (!alone) return;
  here.registration.active?.postMessage("give up");
  await takeOver();
}

/** Lets JupyterLite's worker answer a request, until we give up: it asks pages, which may be gone by then. */
function keepEndable(event) {
  const respond = event.respondWith.bind(event);
  event.respondWith = (answer) => {
    const first = new Promise((resolve, reject) => {
      unanswered.add(resolve);
      answer.then(resolve, reject).finally(() => unanswered.delete(resolve));
    });
    respond(first);
  };
}

/** Ends what still waits for a page that is gone, or for the network. */
function giveUp() {
  stop.abort();
  for (const resolve of unanswered) resolve(Response.error());
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
  return (await cache.match(address)) ?? fetch(request, { signal: stop.signal });
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
    const response = await fetch(address, { integrity, cache: "no-cache", signal: stop.signal });
    if (!response.ok) throw Error(`${address}: ${response.status}`);
    await cache.put(address, response);
  }
}

async function forgetOthers() {
  const names = await caches.keys();
  const older = names.filter((name) => name.startsWith(ours) && name !== kept);
  await Promise.all(older.map((name) => caches.delete(name)));
}
