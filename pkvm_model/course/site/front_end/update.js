// The course on the reader's device: kept once the first page is there, and changed for a newer one only when the
// reader says so. `service_worker.js` does the work; this is what a page says about it.

import { button, make, write } from "../../../widgets/jupyter/labextensions/pkvm-widgets/front_end/elements.js";
import { showNote } from "./notes.js";

const KEPT = "The whole course is on this device.",
  PUT_OFF = "pkvm newer course put off";
const NOT_KEPT = {
  network: "The course is not on this device yet: the network ended before all of it was here.",
  server: "The course is not on this device yet: the server is changing it. The next visit tries again.",
  room: "This device has no room for the whole course. These pages go on working with a network.",
  browser: "This browser keeps nothing for these pages. They go on working with a network.",
};

/** What must be done before a page may be left for a newer course: functions that return promises. */
export const beforeUpdate = new Set();

/** Keeps the course on this device, and says so in a line; where data are dear, a button asks first. */
export async function keepOnDevice(line) {
  const { serviceWorker, connection } = navigator;
  if (!serviceWorker || location.protocol === "file:") return;
  const root = new URL(document.documentElement.dataset.root, document.baseURI).href,
    known = await serviceWorker.getRegistration(root);
  const keep = () => registerCourse(root, line);
  if (!connection?.saveData || known?.scope === root) whenIdle(keep);
  else line.append(button("button", `Keep the course on this device, ${line.dataset.size}`, "", keep));
}

/** Calls `act` when the page is there, its widgets can be stepped, and nothing else is under way. */
function whenIdle(act) {
  const soon = () => (globalThis.requestIdleCallback ?? setTimeout)(act);
  if (document.readyState === "complete") soon();
  else addEventListener("load", soon, { once: true });
}

async function registerCourse(root, line) {
  const settings = { scope: root, updateViaCache: /** @type {const} */ ("none") };
  try {
    const registration = await navigator.serviceWorker.register(`${root}sw.js`, settings);
    new Keeper(line, registration);
    // A browser itself looks for a newer course only when the page has no request under way any more, if at all.
    if (registration.active) registration.update().catch(() => undefined);
  } catch {
    write(line, NOT_KEPT.browser);
  }
}

/** Asks a service worker which version it is, and which one is in use. */
function describeVersions(worker) {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = ({ data }) => resolve(data);
    worker.postMessage({ course: "describe" }, [port2]);
  });
}

/** The note that offers a newer course. */
function offerUpdate(version, act) {
  if (document.querySelector(".newer-course") || sessionStorage.getItem(PUT_OFF) === version) return;
  const says = make("span", { role: "status" }, "A newer course is ready. Your work stays.");
  const use = () => {
    write(says, "The newer course opens as soon as this page has nothing under way.");
    act();
  };
  const putOff = () => {
    sessionStorage.setItem(PUT_OFF, version);
    showNote("newer", null);
  };
  const ways = [button("button", "Use it now", "", use), button("button", "Later", "", putOff)];
  showNote("newer", make("div.site-note.newer-course", {}, says, " ", ...ways));
}

/** What a page knows of the service worker: which version is in use, and whether there is a newer one. */
class Keeper {
  constructor(line, registration) {
    this.line = line;
    this.registration = registration;
    this.using = "";
    const { serviceWorker } = navigator;
    serviceWorker.addEventListener("message", ({ data }) => data?.course && this.hear(data.course));
    serviceWorker.startMessages();
    registration.addEventListener("updatefound", () => this.follow());
    this.follow();
    this.look();
  }

  follow() {
    this.registration.installing?.addEventListener("statechange", () => this.look());
  }

  hear({ failed, using }) {
    if (failed && !this.registration.active) write(this.line, NOT_KEPT[failed]);
    if (using) this.look();
  }

  /** Whether this page came from the network before a newer course was on the device. */
  isOlder() {
    return navigator.serviceWorker.controller && this.using !== document.documentElement.dataset.version;
  }

  async leave() {
    await Promise.all([...beforeUpdate].map((work) => work()));
    location.reload();
  }

  /** Says what is on the device, and offers what is newer than this page. */
  async look() {
    const newest = this.registration.waiting ?? this.registration.active;
    if (!newest) return;
    const { version, using } = await describeVersions(newest);
    write(this.line, KEPT);
    // If the version in use has changed, the reader wanted it, here or in another tab.
    if (using !== (this.using ||= using)) this.leave();
    else if (version !== using) offerUpdate(version, () => newest.postMessage({ course: "take over" }));
    else if (this.isOlder()) offerUpdate(version, () => this.leave());
  }
}
