// Runs before JupyterLite: its service worker has to be in charge of this page, and no other.
//
// JupyterLite takes any service worker that controls its page for its own, and a version that it does not know for a
// reason to unregister all workers of the address, those of the course's pages too.

const worker = new URL("service-worker.js", import.meta.url).href;

/** Waits until the notebooks' service worker is in charge of this page; one that is newer may take over now. */
async function takeCharge() {
  const registration = await navigator.serviceWorker.register(worker),
    { waiting } = registration;
  // Browsers look for a newer version some time after a page has opened; without a network there is none.
  registration.update().catch(() => undefined);
  const changed = changeOfWorker();
  if (waiting && (await takesOver(waiting))) {
    await changed;
    location.reload();
    await new Promise(() => undefined);
  }
  if (!isInCharge()) registration.active?.postMessage("claim");
  while (!isInCharge()) await changeOfWorker();
}

const isInCharge = () => navigator.serviceWorker.controller?.scriptURL === worker;

const changeOfWorker = () =>
  new Promise((then) => navigator.serviceWorker.addEventListener("controllerchange", then, { once: true }));

/** Asks a newer version to take over; it does so if this is the only page with notebooks. */
function takesOver(waiting) {
  const { port1, port2 } = new MessageChannel();
  waiting.postMessage("take over", [port2]);
  return new Promise((then) => (port1.onmessage = ({ data }) => then(data)));
}

const root = new URL("jupyter-lite.json", import.meta.url);
const { appVersion } = (await (await fetch(root)).json())["jupyter-config-data"];
try {
  localStorage.setItem(`${worker}-version`, appVersion);
  await takeCharge();
} catch {
  // Private windows of some browsers have no service workers: everything runs, but Python cannot reach files.
}
