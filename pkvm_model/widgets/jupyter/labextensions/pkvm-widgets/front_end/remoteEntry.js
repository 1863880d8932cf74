// A JupyterLab extension without a build step: a federated module that renders stored widgets, also in notebooks that
// are not trusted or were never run. It ranks before ipywidgets, so a model that is gone never shows as an error.
//
// This folder must not be called `static`: JupyterLab's server lets browsers keep the files of such a folder for a
// year, and then old and new files would meet.
(() => {
  const STORED = "application/vnd.pkvm.widget+json",
    VIEW = "application/vnd.jupyter.widget-view+json";
  const folder = /** @type {HTMLScriptElement} */ (document.currentScript).src;
  let shared;

  const at = (name) => new URL(name, folder).href;
  const text = async (name) => (await fetch(at(name))).text();

  /** Loads all families and their style sheets. */
  async function load() {
    const [{ CONSTANTS }, { provide }] = await Promise.all([import(at("constants.js")), import(at("styles.js"))]);
    const sheets = CONSTANTS.styles.map(async (name) => provide(name, await text(`${name}.css`)));
    const families = Object.values(CONSTANTS.families).map((name) => import(at(name)));
    await Promise.all([...sheets, ...families]);
    return import(at("mount.js"));
  }

  async function getRenderer() {
    const lumino = Object.values(shared["@lumino/widgets"])[0];
    const [{ Widget }, { mountStored }] = await Promise.all([lumino.get().then((make) => make()), load()]),
      { drawn, findCell, runCellOf } = await import(at("running.js"));

    class StoredWidget extends Widget {
      constructor(options) {
        super();
        this.options = options;
      }

      async renderModel(model) {
        this.model = model;
        if (this.isAttached) this.mount();
      }

      // A widget looks at its surroundings to find out which of several it is, so it is drawn once it is attached.
      onAfterAttach() {
        if (this.model && !this.shown) this.mount();
      }

      mount() {
        const { model } = this;
        this.shown?.close();
        this.node.replaceChildren(...this.table());
        const { [STORED]: made, [VIEW]: view } = model.data,
          here = findCell(this.node);
        this.shown = mountStored(this.node, made, {
          key: view?.model_id,
          output: model,
          cell: here?.cell.model.id,
          run: here && (() => runCellOf(this.node)),
          open: (link, file) => this.open(link, file),
        });
        if (this.shown) drawn.set(this.node, this.shown);
      }

      /** The form without scripts, which stays where the widget cannot be drawn. */
      table() {
        const html = this.model.data["text/html"] ?? "",
          clean = this.options.sanitizer?.sanitize([html].flat().join("")) ?? "";
        return new DOMParser().parseFromString(clean, "text/html").body.childNodes;
      }

      // The name of a file becomes a link that opens it here, in a tab; elsewhere it stays a name.
      async open(link, file) {
        const { resolver, linkHandler } = this.options;
        if (!resolver || !linkHandler) return;
        link.href = file;
        linkHandler.handleLink(link, await resolver.resolveUrl(file), "");
      }

      dispose() {
        this.shown?.close();
        super.dispose();
      }
    }
    const rendererFactory = { safe: true, mimeTypes: [STORED], createRenderer: (options) => new StoredWidget(options) };
    const extension = {
      id: "pkvm-widgets:mime",
      description: "Shows the widgets of the pKVM course.",
      dataType: "json",
      rank: -100,
      rendererFactory,
    };
    return () => ({ __esModule: true, default: extension });
  }

  async function getPlugin() {
    const [{ extendNotebook }, { followRuns }, { extendLite, readVersions }] = await Promise.all(
      ["notebooks.js", "running.js", "lite.js"].map((name) => import(at(name))),
    );
    // Only JupyterLab and Jupyter Notebook have notebooks; elsewhere the widgets work as well.
    const notebook = Object.values(shared["@jupyterlab/notebook"] ?? {})[0],
      actions = notebook && (await notebook.get())().NotebookActions,
      { Widget } = (await Object.values(shared["@lumino/widgets"])[0].get())();
    const plugin = {
      id: "pkvm-widgets:notebooks",
      description: "Links that arrive, cells that say what they need, and no notebook unsaved before anybody writes.",
      autoStart: true,
      activate: (app) => {
        app.docRegistry.addWidgetExtension("Notebook", { createNew: extendNotebook });
        if (actions) followRuns(app, actions);
        const versions = readVersions();
        if (versions) app.docRegistry.addWidgetExtension("Notebook", { createNew: extendLite(app, Widget, versions) });
      },
    };
    return () => ({ __esModule: true, default: plugin });
  }

  window._JUPYTERLAB ??= {};
  window._JUPYTERLAB["pkvm-widgets"] = {
    init: (scope) => {
      shared = scope;
    },
    get: (name) => (name === "./notebooks" ? getPlugin() : getRenderer()),
  };
})();
