// What JupyterLab knows and a widget does not: its cell, the cells above it, and when they run.

const STORED = "application/vnd.pkvm.widget+json";
// What the cells above define is not there before they have run.
const UNKNOWN = /^name '(\w+)' is not defined/;
let app, actions;

/** Called once JupyterLab is there. */
export function followRuns(lab, notebookActions) {
  [app, actions] = [lab, notebookActions];
  actions.executionScheduled.connect(remember);
  actions.executed.connect(follow);
  window.addEventListener("hashchange", ({ newURL }) => goToNamed(newURL));
  app.restored.then(() => goToNamed(performance.getEntriesByType("navigation")[0]?.name));
}

/** Returns the notebook that contains an element, and the number of its cell, if it is in one. */
export function findCell(node) {
  for (const panel of (actions && app?.shell.widgets("main")) ?? []) {
    const number = panel.content?.widgets?.findIndex?.((cell) => cell.node.contains(node)) ?? -1;
    if (number >= 0) return { panel, number, cell: panel.content.widgets[number] };
  }
  return undefined;
}

/** Runs the cells above an element, and then its own. */
export async function runDownTo(node) {
  const { panel, number } = findCell(node),
    { content, sessionContext } = panel;
  content.deselectAll();
  content.activeCellIndex = number;
  if (number > 0) await actions.runAllAbove(content, sessionContext);
  content.activeCellIndex = number;
  await actions.run(content, sessionContext);
}

const isWidget = ({ data }) => data?.[STORED] !== undefined;
const stored = new WeakMap();
/** The card of an exercise, by the element that shows it. */
export const cards = new WeakMap();

/** Keeps the widget that a cell shows before it runs. */
function remember(_, { cell: { model } }) {
  const widgets = model.outputs?.toJSON().filter(isWidget) ?? [];
  if (widgets.length) stored.set(model, widgets);
  else stored.delete(model);
}

/** After a run: brings a verdict into sight, and says what to do where the cells above have not run. */
function follow(_, { notebook, cell, success, error }) {
  if (cell.model.type !== "code") return;
  if (success) return void appear(cell.node);
  const [, name] = UNKNOWN.exec(error?.errorValue ?? "") ?? [],
    above = notebook.widgets.slice(0, notebook.widgets.indexOf(cell)),
    word = new RegExp(`\\b${name}\\b|import \\*`),
    names = ({ model }) => model.type === "code" && word.test(model.sharedModel.getSource());
  if (!name || !above.some(names)) return;
  const { outputs } = cell.model,
    text =
      `${name} comes from a cell above that has not run since Python was started. Choose Run > Run All Above ` +
      "Selected Cell, then run this cell again.\n";
  const kept = stored.get(cell.model) ?? outputs.toJSON();
  outputs.fromJSON([{ output_type: "stream", name: "stderr", text }, ...kept]);
}

/** Waits until the verdict of a cell is drawn, and brings it into sight. */
function appear(node, most = 60) {
  const shown = [...node.querySelectorAll(".jp-OutputArea-output")],
    card = shown.map((each) => cards.get(each)).find(Boolean);
  if (card) card.appear();
  else if (most && shown.length) requestAnimationFrame(() => appear(node, most - 1));
}

/** Scrolls to the widget that an address names: a notebook draws only the cells in sight. */
async function goToNamed(address) {
  const [, name] = /#([\w-]+)=/.exec(address ?? "") ?? [],
    panel = app.shell.currentWidget;
  if (!name || !panel?.content?.scrollToItem) return;
  await panel.context.ready;
  const isNamed = ({ data }) => data?.[STORED]?.packed?.startsWith?.(`{"name":"${name}"`),
    number = panel.content.widgets.findIndex(({ model }) => model.outputs?.toJSON().some(isNamed));
  if (number < 0) return;
  panel.content.activeCellIndex = number;
  await panel.content.scrollToItem(number, "center");
}
