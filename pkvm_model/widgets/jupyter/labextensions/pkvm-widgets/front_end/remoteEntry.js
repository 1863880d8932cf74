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
    const [{ Widget }, { mountStored }] = await Promise.all([lumino.get().then((make) => make()), load()]);

    class StoredWidget extends Widget {
      constructor(options) {
        super();
        this.options = options;
      }

      async renderModel({ data }) {
        this.data = data;
        if (this.isAttached) this.mount();
      }

      // A widget looks at its surroundings to find out which of several it is, so it is drawn once it is attached.
      onAfterAttach() {
        if (this.data && !this.shown) this.mount();
      }

      mount() {
        this.shown?.close();
        this.shown = mountStored(this.node, this.data[STORED], this.data[VIEW]?.model_id);
        for (const link of this.node.querySelectorAll("a[data-file]")) this.open(link);
      }

      // The name of a file becomes a link that opens it here, in a tab; elsewhere it stays a name.
      async open(link) {
        const { resolver, linkHandler } = this.options,
          { file } = link.dataset;
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
    const { extendNotebook } = await import(at("notebooks.js"));
    const plugin = {
      id: "pkvm-widgets:notebooks",
      description: "Links to headings that arrive, and no notebook unsaved before anybody writes.",
      autoStart: true,
      activate: (app) => void app.docRegistry.addWidgetExtension("Notebook", { createNew: extendNotebook }),
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
