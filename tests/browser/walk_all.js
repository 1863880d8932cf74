/* Walks a bench through every step of its graph, each from every state, and returns what is wrong on the screen. */
(packed, most, everyEdge) => {
  const root = document.getElementById("root");
  globalThis.bench?.close();
  const bench = (globalThis.bench = globalThis.mountHere(root, "bench", packed)),
    { box, graph, walk } = bench,
    faults = [];
  const inBox = (selector) => [...box.querySelectorAll(selector)].filter((element) => !element.closest(".drawer"));
  const top = box.getBoundingClientRect().top;
  const bottom = (element) => Math.round(element.getBoundingClientRect().bottom - top);
  const places = () =>
    inBox(".go, .bar button, .bar summary, .time-bar button")
      .map((element) => ({ ...element.getBoundingClientRect().toJSON(), go: element.matches(".go") }))
      .map(({ left, top: y, width, go }) => `${Math.round(left)},${Math.round(y - top)}${go ? `+${Math.round(width)}` : ""}`)
      .join(" ");
  const CUT =
    ".bar h3, .told, .chips, .chip, .lane, .lane .h, .short, .strip, .gp.used, .told-next, .keeps, .tag, " +
    ".vm, .life, .territory th, .territory td";
  const isCut = (element) =>
    element.scrollWidth > element.clientWidth + 1 || element.scrollHeight > element.clientHeight + 1;
  const isBare = ({ className, children }) =>
    className !== "more" && [...children].every((kid) => kid.offsetWidth <= 1) && children[0].checkVisibility();
  const first = places();
  let steps = 0,
    last = 0;
  const look = (where) => {
    const marks = inBox(".says, .panic, .chip, .mv, .ghost, .wire .down").map(bottom);
    last = Math.max(last, ...marks);
    const found = [
      Math.max(0, ...marks) > most && `last mark at ${Math.max(...marks)} px`,
      places() !== first && `buttons moved to ${places()}`,
      inBox(".chip").length > 3 && "more than three chips",
      inBox(".change.calm").length > 0 && inBox(".mv").length > 0 && "yellow though nothing changed",
      document.documentElement.scrollWidth > innerWidth && "scrolls sideways",
      inBox("button").some(isBare) && "a button without words",
      ...inBox(CUT)
        .filter(isCut)
        .map((element) => `cut off: ${element.className || element.localName} ${element.textContent.slice(0, 90)}`),
    ].filter(Boolean);
    if (found.length && faults.length < 5) faults.push(`${where}: ${found.join("; ")}`);
  };
  look("start");
  const seen = new Set([graph.start]),
    open = [[graph.start, []]];
  while (open.length) {
    const [from, path] = open.shift();
    for (const edge of graph.edges[from] ?? []) {
      if (!walk.knows(edge) || (!everyEdge && seen.has(edge.to))) continue;
      walk.forget();
      for (const before of path) walk.take(before);
      walk.take(edge);
      bench.draw(walk.at - 1);
      steps += 1;
      look([...path, edge].map(({ cpu }) => cpu).join(""));
      if (!seen.has(edge.to)) open.push([edge.to, [...path, edge]]);
      seen.add(edge.to);
    }
  }
  return { steps, last, faults };
};
