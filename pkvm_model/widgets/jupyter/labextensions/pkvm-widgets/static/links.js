// Links: a fragment `#NAME=TEXT` behind the address of a page asks the widget of that name to open what the text says.

/** What the fragment of an address asks the widget of a name to open, or null. */
function asked(name, url) {
  const fragment = decodeURIComponent((url ?? "").split("#")[1] ?? "");
  return fragment.startsWith(`${name}=`) ? fragment.slice(name.length + 1) : null;
}

// JupyterLab takes the fragment out of the address while it starts; the navigation entry still has it.
const firstAddress = () => performance.getEntriesByType("navigation")[0]?.name;

/** What the address of this page, or another one, asks for, or null. */
export const linkHere = (name, address) => (address ? asked(name, address) : asked(name, location.href) ?? asked(name, firstAddress()));

/** The address of this page with a fragment that opens it there. */
export const linkTo = (name, text) => `${location.href.split("#")[0]}#${name}=${text}`;
