// The menu in the bar of a chapter: its exercises.

import { letClose } from "../../../widgets/jupyter/labextensions/pkvm-widgets/front_end/elements.js";

/** Closes the menu on Escape, and on a press or the focus elsewhere. */
export function keepMenu() {
  const menu = /** @type {HTMLDetailsElement | null} */ (document.querySelector(".site-bar .menu"));
  if (!menu) return;
  const closeMenu = () => (menu.open = false);
  letClose(menu, closeMenu);
  document.addEventListener("pointerdown", ({ target }) => menu.contains(/** @type {Node} */ (target)) || closeMenu());
}
