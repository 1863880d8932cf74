// The main module of a page: draws the stored widgets over their static tables, and lets each ask Python, which starts
// when one first does. What a page cannot start it says once, in the words of `lacks`.

import { pagePort } from "../../../widgets/jupyter/labextensions/pkvm-widgets/front_end/live.js";
import { mountStored } from "../../../widgets/jupyter/labextensions/pkvm-widgets/front_end/mount.js";
import { showPythonNote } from "./notes.js";
import { askPython } from "./python.js";
import { keepOnDevice } from "./update.js";

const FROM_DISK =
  "This is not stored in the page, and a page opened from disk cannot start Python: that needs a web server.";
const WITHOUT_PYTHON = "This is not stored in the page, and this copy of the course was made without Python.";

/** Why this page cannot start Python, or "". */
const lacksPython =
  location.protocol === "file:"
    ? FROM_DISK
    : document.querySelector('meta[name="pkvm-python"][content="none"]')
      ? WITHOUT_PYTHON
      : "";

/** Draws a stored widget and gives it a port of this page; if it cannot be drawn, its table stays. */
function mountHere(box) {
  const stored = JSON.parse(box.querySelector("script").textContent),
    cell = Number(box.dataset.cell);
  const answer = ({ place, ask }) => askPython("ask", { cell, place, ask });
  const python = lacksPython ? { lacks: lacksPython } : { answer };
  return mountStored(box, stored, { port: pagePort(stored.place, python) });
}

showPythonNote();
for (const box of document.querySelectorAll(".widget-here")) {
  try {
    mountHere(box);
  } catch (error) {
    console.error(error);
  }
}
keepOnDevice(document.querySelector(".on-device"));
