// Links: a fragment `#NAME=TEXT` behind the address of a page asks the widget of that name to open what the text says.

/** Decodes what can be decoded; a sequence that a link lost the end of stays as it is. */
export function decode(text) {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => {
    try {
      return decodeURIComponent(run);
    } catch {
      return run;
    }
  });
}

/** Returns what the fragment of an address asks the widget of this name to open, or null. */
export function readFragment(name, url) {
  const fragment = decode((url ?? "").split("#")[1] ?? "");
  return fragment.startsWith(`${name}=`) ? fragment.slice(name.length + 1) : null;
}

/** Returns why a link cannot be followed, or "": a whole link has nothing left to decode. */
export function refuseDamaged(text) {
  const damaged = /%(?:[0-9a-f]{2}|[0-9a-f]?$)/i.exec(text);
  return damaged ? `This link is cut or damaged at “${damaged[0]}”. Copy it again; nothing was opened.` : "";
}

// JupyterLab removes the fragment from the address while it starts; the navigation entry still has it.
const firstAddress = () => performance.getEntriesByType("navigation")[0]?.name;

/** Returns what an address, by default the address of this page, asks for, or null. */
export const linkHere = (name, address) =>
  address ? readFragment(name, address) : (readFragment(name, location.href) ?? readFragment(name, firstAddress()));

/** Returns the address of this page with a fragment that opens the widget there. */
export const linkTo = (name, text) => `${location.href.split("#")[0]}#${name}=${text}`;
