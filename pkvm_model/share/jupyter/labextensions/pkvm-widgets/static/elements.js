// Elements without markup: whatever a graph says becomes text nodes and attributes, never HTML.

/** Gives an element attributes and children; what is missing is left out. */
export function fill(element, attributes, kids) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
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

/** Gives an element these children, leaving alone what stands there already: the page then has less to lay out. */
export function settle(element, kids) {
  const made = kids.filter(Boolean);
  made.forEach((kid, at) => {
    const old = element.childNodes[at];
    if (!old) element.append(kid);
    else if (!old.isEqualNode(kid)) old.replaceWith(kid);
  });
  while (element.childNodes.length > made.length) element.lastChild.remove();
}

export const hiddenWords = (text) => make("span.hidden-words", {}, text);

const keys = new WeakMap();

/** The same for children that say by a key what they show: where the key is the same, the child is not even made. */
export function settleRows(element, rows) {
  const old = keys.get(element) ?? [];
  rows.forEach(([key, draw], at) => {
    const kid = element.childNodes[at];
    if (!kid) element.append(draw());
    else if (old[at] !== key || key === null) kid.replaceWith(draw());
  });
  while (element.childNodes.length > rows.length) element.lastChild.remove();
  keys.set(element, rows.map(([key]) => key));
}

/** A button with its key, as in "Undo u". */
export function button(spec, text, key, act) {
  const element = make(spec, { type: "button" }, make("span", {}, text), key && make("kbd", {}, key));
  element.addEventListener("click", act);
  return element;
}

export const enable = (element, on) => element.setAttribute("aria-disabled", String(!on));
