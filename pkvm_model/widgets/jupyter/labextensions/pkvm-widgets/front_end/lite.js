// What the course adds to JupyterLite, the notebooks of the browser edition: there a saved notebook stays as it was
// saved whatever the course gives out, and Python cannot be interrupted.

import { make } from "./elements.js";

const ASIDE = "put-aside";
const LONG = 10;
const NEWER = "The course has a newer version of this notebook. This is yours, as you saved it.";
const REPLACE = "Put mine aside and open the new one";
const BUSY = `Python has been at work for ${LONG} seconds. `;
const RESTART = "Restart Python";
const ONLY_RESTART =
  "In a browser it cannot be interrupted, but it can be restarted: your text and outputs stay, and what the cells " +
  "have defined is gone. ";
const INTERRUPTS = ["notebook:interrupt-kernel", "kernelmenu:interrupt"];

/** Returns the version of each notebook that the course gives out, undefined where this is not JupyterLite. */
export function readVersions() {
  const settings = document.getElementById("jupyter-config-data")?.textContent;
  return settings ? JSON.parse(settings).courseVersions : undefined;
}

/** Called once for JupyterLite; the returned function is called for each notebook that is opened. */
export function extendLite(app, Widget, versions) {
  const watches = new Map();
  app.commands.commandExecuted.connect((_, { id }) => {
    if (INTERRUPTS.includes(id)) watches.get(app.shell.currentWidget)?.offer("");
  });
  return (panel, context) => {
    const watch = new Watch(panel, Widget);
    watches.set(panel, watch);
    panel.disposed.connect(() => {
      watch.end();
      watches.delete(panel);
    });
    context.ready.then(() => offerNewer(app, panel, context, Widget, versions));
  };
}

/** Shows a line above a notebook, with a button; returns what takes it away. */
function showLine(panel, Widget, text, label, act) {
  const node = make("div", { role: "status", style: "padding: 4px 12px; min-height: 36px; line-height: 28px" }),
    button = make("button.jp-Button.jp-mod-styled.jp-mod-accept", { type: "button" }, label),
    line = new Widget({ node });
  button.addEventListener("click", () => {
    line.dispose();
    act();
  });
  panel.contentHeader.addWidget(line);
  node.append(`${text} `, button);
  return line;
}

/** Says so where a notebook was saved from another version than the course gives out now. */
function offerNewer(app, panel, context, Widget, versions) {
  const given = versions[context.path];
  if (!given || context.model.getMetadata("course") === given) return;
  showLine(panel, Widget, NEWER, REPLACE, () => replace(app.serviceManager.contents, context));
}

/** Keeps the learner's notebook under another name, and only then opens the course's in its place. */
async function replace(contents, context) {
  const { path } = context;
  await context.save();
  const mine = await contents.get(path, { content: true });
  if (!(await isThere(contents, ASIDE))) await makeFolder(contents, ASIDE);
  await contents.save(await findFreeName(contents, path), { ...mine, path: undefined, name: undefined });
  await contents.delete(path);
  await context.revert();
}

const isThere = (contents, path) =>
  contents.get(path, { content: false }).then(
    () => true,
    () => false,
  );

async function makeFolder(contents, path) {
  const { path: made } = await contents.newUntitled({ type: "directory" });
  await contents.rename(made, path);
}

/** Returns a path among what was put aside that no notebook has yet. */
async function findFreeName(contents, path) {
  const name = path
    .split("/")
    .at(-1)
    .replace(/\.ipynb$/, "");
  for (let number = 1; ; number++) {
    const free = `${ASIDE}/${name}${number > 1 ? `-${number}` : ""}.ipynb`;
    if (!(await isThere(contents, free))) return free;
  }
}

/** Watches the Python of a notebook, and offers to restart it if it works for long or somebody interrupts it. */
class Watch {
  constructor(panel, Widget) {
    this.panel = panel;
    this.Widget = Widget;
    this.line = this.timer = undefined;
    panel.sessionContext.statusChanged.connect((_, status) => this.follow(status));
  }

  follow(status) {
    clearTimeout(this.timer);
    if (status === "busy") this.timer = setTimeout(() => this.offer(BUSY), 1000 * LONG);
    else this.end();
  }

  offer(reason) {
    const { panel, Widget } = this;
    this.end();
    if (panel.sessionContext.session?.kernel?.status !== "busy") return;
    this.line = showLine(panel, Widget, reason + ONLY_RESTART, RESTART, () => panel.sessionContext.restartKernel());
  }

  end() {
    clearTimeout(this.timer);
    this.line?.dispose();
    this.line = undefined;
  }
}
