// The branches: what was done from a step of the path shown, and then left. Each of their steps is a button.

import { make, settle } from "./elements.js";
import { cpuSign } from "./signs.js";
import { nameStep } from "./time.js";

const MOST_BRANCHES = 5,
  MOST_STEPS = 24;

/** A step of a branch as a button; its data names its place. */
function stepButton(at, graph) {
  const name = nameStep(at, graph);
  const go = make("button.tick", { type: "button", "aria-label": name, title: name }, cpuSign(at.edge.cpu));
  go.dataset.place = at.number;
  return make("li", {}, go);
}

const stepCount = (number) => `${number} ${number === 1 ? "step" : "steps"}`;

/** A row for `settle`: a branch with the steps that lead along it. */
function branchRow({ from, places }, graph) {
  const where = from ? `from step ${from}` : "from the beginning",
    shown = places.slice(0, MOST_STEPS),
    more = places.length - shown.length;
  const name = `Branch ${where}, ${stepCount(places.length)}`;
  const draw = () =>
    make(
      "ol.way",
      { "aria-label": name },
      make("li.track", { "aria-hidden": "true" }, where),
      ...shown.map((at) => stepButton(at, graph)),
      more > 0 && make("li.muted", {}, `and ${more} more`),
    );
  return [`${name} ${shown.map(({ number }) => number)}`, draw];
}

/** How many branches do not fit, and from which steps they are visible. */
function otherBranches(hidden) {
  const steps = [...new Set(hidden.map(({ from }) => from))]
    .sort((a, b) => a - b)
    .slice(0, 8)
    .join(", ");
  const many = `${hidden.length} more ${hidden.length === 1 ? "branch leaves" : "branches leave"}`;
  const says = `${many} from steps such as ${steps}; go there to see them.`;
  return hidden.length > 0 && [says, () => make("p.muted", {}, says)];
}

/** Draws the branches that leave nearest to the step shown. */
export function drawBranches(box, { graph, here, ways }) {
  const [, ...branches] = ways;
  const near = branches
    .map((one, age) => ({ one, age, far: Math.abs(one.from - here.step) }))
    .sort((a, b) => a.far - b.far || a.age - b.age);
  const shown = near
    .slice(0, MOST_BRANCHES)
    .sort((a, b) => a.age - b.age)
    .map(({ one }) => one);
  const none = !branches.length && ["none", () => make("p.muted", {}, "No branches: undo, then do something else.")];
  settle(box, [
    none,
    ...shown.map((one) => branchRow(one, graph)),
    otherBranches(near.slice(MOST_BRANCHES).map(({ one }) => one)),
  ]);
}
