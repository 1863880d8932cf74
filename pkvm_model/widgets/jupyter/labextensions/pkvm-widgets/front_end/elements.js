// Elements without markup: text from a graph becomes text nodes and attributes, never HTML.

const FOCUSABLE = ["button", "input", "select", "textarea", "summary"];

/** Sets attributes and appends children; missing children are skipped. */
export function fill(element, attributes, kids) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  // Jupyter Notebook sees keys before any widget does; without this, typing d twice would delete the cell.
  if ("tabindex" in attributes || FOCUSABLE.includes(element.localName))
    element.setAttribute("data-lm-suppress-shortcuts", "true");
  element.append(...kids.filter((kid) => kid !== null && kid !== undefined && kid !== false && kid !== ""));
  return element;
}

/** An element from "tag.class.class", its attributes and its children (strings become text). */
export function make(spec, attributes = {}, ...kids) {
  const [tag, ...classes] = spec.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(" ");
  return fill(element, attributes, kids);
}

/** The same for a drawing: an SVG element. */
export function shape(spec, attributes = {}, ...kids) {
  const [tag, ...classes] = spec.split("."),
    element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  if (classes.length) element.setAttribute("class", classes.join(" "));
  return fill(element, attributes, kids);
}

/** Closes a menu, a details element, on Escape and when the focus goes elsewhere. */
export function letClose(menu, close) {
  menu.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape") return;
    close();
    menu.querySelector("summary").focus();
  });
  menu.addEventListener("focusout", ({ relatedTarget }) => relatedTarget && !menu.contains(relatedTarget) && close());
}

/** A sentence whose error codes never wrap after the minus sign. */
export function prose(text) {
  const parts = text.split(/(-E[A-Z0-9]+)/);
  return make("span", {}, ...parts.map((part, at) => (at % 2 ? make("span.code", {}, part) : part)));
}

/** Sets the text of an element if it differs. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const keys = new WeakMap();

/**
 * Sets the children of an element from rows [key, draw, fill]. A child stays while its key stays the same, so that a
 * click costs only what it changes; `fill`, if given, then updates the inside of the child. Falsy rows are skipped.
 */
export function settle(element, rows) {
  const old = keys.get(element) ?? [],
    shown = rows.filter(Boolean);
  shown.forEach(([key, draw, fillIn], at) => {
    let kid = element.childNodes[at];
    if (!kid) element.append((kid = draw()));
    else if (old[at] !== key) {
      const next = draw();
      kid.replaceWith(next);
      kid = next;
    }
    fillIn?.(kid);
  });
  while (element.childNodes.length > shown.length) element.lastChild.remove();
  keys.set(
    element,
    shown.map(([key]) => key),
  );
}

export const hiddenWords = (text) => make("span.hidden-words", {}, text);

/** A button with its key beside its name, which the key is no part of. */
export function button(spec, text, key, act) {
  const shortcut = key ? { "aria-keyshortcuts": key.replace("⇧", "Shift+") } : {};
  const kbd = key && make("kbd", { "aria-hidden": "true" }, key);
  const element = make(spec, { type: "button", ...shortcut }, make("span", {}, text), kbd);
  element.addEventListener("click", act);
  return element;
}

export function enable(element, on) {
  if (element.ariaDisabled !== String(!on)) element.ariaDisabled = String(!on);
}
