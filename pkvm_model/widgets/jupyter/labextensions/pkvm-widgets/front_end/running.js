// What JupyterLab knows and a widget does not: its cell, the cells above it, and when they run.

import { holdPlace, noteCell, putBack } from "./steady.js";

const STORED = "application/vnd.pkvm.widget+json";
// What the cells above define is not there before they have run.
const UNKNOWN = /^name '(\w+)' is not defined/;
const ANSWER = "%%answer";
let app, actions;

/** Called once JupyterLab is there. */
export function followRuns(lab, notebookActions) {
  [app, actions] = [lab, notebookActions];
  actions.executionScheduled.connect(remember);
  actions.executed.connect(follow);
  keepReadersPlace();
  keepAnswersActive();
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

/** Runs the cell of an element; if it needs the cells above, and its kernel does not run them, they run first. */
export async function runCellOf(node) {
  const { panel, number, cell } = findCell(node),
    { content, sessionContext } = panel;
  // JupyterLab empties a cell that runs before its kernel is there, and says nothing.
  await sessionContext.ready;
  const runIt = () => {
    content.deselectAll();
    content.activeCellIndex = number;
    return actions.run(content, sessionContext);
  };
  if ((await runIt()) || !needy.has(cell.model)) return;
  content.activeCellIndex = number;
  await actions.runAllAbove(content, sessionContext);
  await runIt();
}

/** Run All goes to the last cell; here the reader stays where they are. */
function keepReadersPlace() {
  const { runAll } = actions;
  actions.runAll = (notebook, ...rest) => {
    const place = noteCell(notebook),
      { activeCellIndex } = notebook;
    let ended = false;
    const ran = runAll.call(actions, notebook, ...rest);
    ran.finally(() => (ended = true)).catch(() => undefined);
    notebook.deselectAll();
    notebook.activeCellIndex = activeCellIndex;
    if (place)
      holdPlace(
        notebook.node,
        () => putBack(notebook, place),
        () => ended,
      );
    return ran;
  };
}

/** Shift+Enter goes to the next cell, or makes one; after an answer the eye is on the verdict, so it stays there. */
function keepAnswersActive() {
  const { runAndAdvance } = actions;
  actions.runAndAdvance = (notebook, ...rest) => {
    const stays = notebook.activeCell?.model.sharedModel.getSource().startsWith(ANSWER);
    return (stays ? actions.run : runAndAdvance).call(actions, notebook, ...rest);
  };
}

const isWidget = ({ data }) => data?.[STORED] !== undefined;
const stored = new WeakMap(),
  needy = new WeakSet();
/** The widget on the screen, by the element that shows it. */
export const drawn = new WeakMap();
const listDrawn = (node) =>
  [...node.querySelectorAll(".jp-OutputArea-output")].map((each) => drawn.get(each)).filter(Boolean);

/** Keeps the widget that a cell shows before it runs, and what the learner has done in it without Python. */
function remember(_, { cell: { model, node } }) {
  for (const widget of listDrawn(node)) widget.carryOn();
  const widgets = model.outputs?.toJSON().filter(isWidget) ?? [];
  if (widgets.length) stored.set(model, widgets);
  else stored.delete(model);
}

/** After a run: brings a verdict into sight, and says what to do where the cells above have not run. */
function follow(_, { notebook, cell, success, error }) {
  const { model } = cell;
  if (model.type !== "code") return;
  needy.delete(model);
  if (success) return void showVerdict(notebook, cell);
  const name = findMissing(notebook, cell, error?.errorValue ?? "");
  if (!name) return;
  needy.add(model);
  const text =
    `${name} comes from a cell above that has not run since Python was started. Choose Run > Run All Above ` +
    "Selected Cell, then run this cell again.\n";
  const shown = model.outputs.toJSON(),
    said = shown.filter(({ output_type: type }) => type === "stream");
  const kept = stored.get(model) ?? shown.filter(({ output_type: type }) => type !== "stream");
  model.outputs.fromJSON([...said, { output_type: "stream", name: "stderr", text }, ...kept]);
}

/** Returns the name or magic that a cell lacks and a cell above has, undefined if that is not why it failed. */
function findMissing(notebook, cell, reason) {
  if (reason.includes(`\`${ANSWER}\` not found`)) return ANSWER;
  const [, name] = UNKNOWN.exec(reason) ?? [],
    above = notebook.widgets.slice(0, notebook.widgets.indexOf(cell)),
    word = new RegExp(`\\b${name}\\b|import \\*`),
    names = ({ model }) => model.type === "code" && word.test(model.sharedModel.getSource());
  return above.some(names) ? name : undefined;
}

/** Brings the verdict of a cell into sight once it is drawn, and keeps it there until the page stands still. */
function showVerdict(notebook, cell) {
  const { node, model } = cell;
  if (!model.sharedModel.getSource().startsWith(ANSWER)) return;
  let card;
  const move = () => {
    const found = listDrawn(node).find(({ kind }) => kind === "exercise");
    if (found && found !== card) found.announceReport();
    card = found;
    return found?.comeIntoSight();
  };
  holdPlace(notebook.node, move, () => true);
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
