// Elements without markup: whatever a graph says becomes text nodes and attributes, never HTML.

const FOCUSABLE = ["button", "input", "select", "textarea", "summary"];

/** Gives an element attributes and children; what is missing is left out. */
export function fill(element, attributes, kids) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  // Jupyter Notebook sees a key before any widget does; this keeps it from deleting the cell for two d's.
  if ("tabindex" in attributes || FOCUSABLE.includes(element.localName)) element.setAttribute("data-lm-suppress-shortcuts", "true");
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
  const [tag, ...classes] = spec.split("."), element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  if (classes.length) element.setAttribute("class", classes.join(" "));
  return fill(element, attributes, kids);
}

/** A sentence in which an error code never breaks at its minus. */
export function prose(text) {
  const parts = text.split(/(-E[A-Z0-9]+)/);
  return make("span", {}, ...parts.map((part, at) => (at % 2 ? make("span.code", {}, part) : part)));
}

/** Writes a text where it is not there yet. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const keys = new WeakMap();

/**
 * Gives an element children that say by a key what they show: [key, draw, fill]. Where the key is the same, the child stays, so that
 * a click costs only what it changes; `fill`, where there is one, then goes on inside of it. What is no row is left out.
 */
export function settle(element, rows) {
  const old = keys.get(element) ?? [], shown = rows.filter(Boolean);
  shown.forEach(([key, draw, fillIn], at) => {
    let kid = element.childNodes[at];
    if (!kid) element.append(kid = draw());
    else if (old[at] !== key) {
      const next = draw();
      kid.replaceWith(next);
      kid = next;
    }
    fillIn?.(kid);
  });
  while (element.childNodes.length > shown.length) element.lastChild.remove();
  keys.set(element, shown.map(([key]) => key));
}

export const hiddenWords = (text) => make("span.hidden-words", {}, text);

/** A button with its key, as in "Undo u". */
export function button(spec, text, key, act) {
  const element = make(spec, { type: "button" }, make("span", {}, text), key && make("kbd", {}, key));
  element.addEventListener("click", act);
  return element;
}

export function enable(element, on) {
  if (element.ariaDisabled !== String(!on)) element.ariaDisabled = String(!on);
}
