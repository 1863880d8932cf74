// The main module of a page: draws the stored widgets over their static tables, and lets each ask Python, which starts
// when one first does. What a page cannot start it says once, in the words of `lacks`.

import { pagePort } from "../../../widgets/jupyter/labextensions/pkvm-widgets/front_end/live.js";
import { mountStored } from "../../../widgets/jupyter/labextensions/pkvm-widgets/front_end/mount.js";
import { KeptPlace, answerProgress, followProgress } from "./kept.js";
import { lacksPython } from "./lacking.js";
import { keepMenu } from "./menu.js";
import { showPythonNote } from "./notes.js";
import { askPython } from "./python.js";
import { keepReading } from "./reading.js";
import { keepOnDevice } from "./update.js";
import { showYourWork } from "./yourwork.js";

/** Draws a stored widget and gives it a port of this page; if it cannot be drawn, its table stays. */
function mountHere(box) {
  const stored = JSON.parse(box.querySelector("script").textContent),
    { key, again } = box.dataset,
    kept = key && new KeptPlace(key, again);
  const keeps = kept ? { changed: (place) => kept.keep(place) } : { lasts: true };
  const widget = mountStored(box, stored, { port: pagePort(stored.place, { ...findPython(box, stored), ...keeps }) });
  if (widget && kept) kept.join(widget);
  if (widget && stored.kind === "progress") followProgress(widget);
}

/** Returns what answers the questions of a widget, or why nothing does. */
function findPython(box, stored) {
  const cell = Number(box.dataset.cell);
  if (stored.kind === "progress") return { answer: answerProgress(stored), open: openPage };
  return lacksPython ? { lacks: lacksPython } : { answer: ({ place, ask }) => askPython("ask", { cell, place, ask }) };
}

/** Makes a link open the page of a notebook. */
function openPage(link, file) {
  link.href = file.replace(/\.ipynb$/, ".html");
}

showPythonNote();
keepMenu();
for (const box of document.querySelectorAll(".widget-here")) {
  try {
    mountHere(box);
  } catch (error) {
    console.error(error);
  }
}
showYourWork();
keepReading();
keepOnDevice(document.querySelector(".on-device"));
