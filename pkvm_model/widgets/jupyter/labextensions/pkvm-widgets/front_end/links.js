// Links: a fragment `#NAME=TEXT` behind the address of a page asks the widget of that name to open what the text says.

/** Returns what the fragment of an address asks the widget of this name to open, or null. */
function readFragment(name, url) {
  const fragment = decodeURIComponent((url ?? "").split("#")[1] ?? "");
  return fragment.startsWith(`${name}=`) ? fragment.slice(name.length + 1) : null;
}

// JupyterLab removes the fragment from the address while it starts; the navigation entry still has it.
const firstAddress = () => performance.getEntriesByType("navigation")[0]?.name;

/** Returns what an address, by default the address of this page, asks for, or null. */
export const linkHere = (name, address) =>
  address ? readFragment(name, address) : (readFragment(name, location.href) ?? readFragment(name, firstAddress()));

/** Returns the address of this page with a fragment that opens the widget there. */
export const linkTo = (name, text) => `${location.href.split("#")[0]}#${name}=${text}`;
