// What is in the picture. A scene names the pages and the details that its chapter has explained so far.

/** Returns true if a detail is shown: `locks`, `vmid`, `memo`, `caches` or `back`. */
export const showsDetail = ({ shows }, detail) => !shows || shows.includes(detail);

/** The structs that somebody still uses although they have been given back, by name. */
export const staleStructs = ({ vms }) =>
  new Set(vms.filter(({ holders }) => holders.some(({ stale }) => stale)).map(({ vm }) => vm));

/** The numbers of the pages in the picture: those that are named, and each that somebody still uses without a right. */
export function shownPages({ graph, state }) {
  const { pages = [], shows } = graph,
    stale = staleStructs(state);
  return new Set(pages.flatMap(([name], page) => (!shows || shows.includes(name) || stale.has(name) ? [page] : [])));
}

const DETAILS = ["memo", "caches", "back"];

/** The changes that the picture shows; the words show those of all pages. */
export function shownChanges(view) {
  const { graph, changes } = view;
  if (!graph.shows) return changes;
  const pages = shownPages(view);
  const isShown = (key) => {
    const [kind, at, part] = key.split(" ");
    return kind === "page" ? pages.has(Number(at)) : !DETAILS.includes(part) || showsDetail(graph, part);
  };
  return new Map([...changes].filter(([key]) => isShown(key)));
}
