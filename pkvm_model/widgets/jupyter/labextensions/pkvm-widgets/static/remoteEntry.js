// A JupyterLab extension without a build: a federated module that renders stored widgets, also in notebooks that are
// not trusted or were never run. Its rank is before ipywidgets', so a model that is gone never shows as an error.
(() => {
  const STORED = "application/vnd.pkvm.widget+json", VIEW = "application/vnd.jupyter.widget-view+json";
  const folder = document.currentScript.src;
  let shared;

  // The server lets browsers keep old copies. Asked for in this way each file is the one on disk, and all of them fit.
  const text = async (name) => (await fetch(new URL(name, folder), { cache: "no-cache" })).text();

  /** All families as one module, put together as `front_end` in pkvm_model/widgets/front_end.py does it. */
  async function load() {
    const { common, families } = JSON.parse(await text("parts.json"));
    const files = (name) => (name.endsWith(".js") ? [name] : families[name].flatMap(files));
    const names = new Set([...common.first, ...Object.keys(families).flatMap(files), ...common.last]);
    const whole = (await Promise.all([...names].map(text))).join("\n");
    const module = whole.replace(/^import [^;]*;$/gm, "").replace(/^export (?=const|class|function|async)/gm, "");
    return import(URL.createObjectURL(new Blob([module], { type: "text/javascript" })));
  }

  async function get() {
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

      // A widget looks around where it stands, to find out which of several it is; so it is drawn when it stands somewhere.
      onAfterAttach() {
        if (this.data && !this.shown) this.mount();
      }

      mount() {
        this.shown?.close();
        this.shown = mountStored(this.node, this.data[STORED], this.data[VIEW]?.model_id);
        for (const link of this.node.querySelectorAll("a[data-file]")) this.open(link);
      }

      // A file's name becomes a link that opens it here, in a tab; elsewhere it stays a name.
      async open(link) {
        const { resolver, linkHandler } = this.options, { file } = link.dataset;
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
    const extension = { id: "pkvm-widgets:mime", description: "Shows the widgets of the pKVM course.", dataType: "json", rank: -100, rendererFactory };
    return () => ({ __esModule: true, default: extension });
  }

  window._JUPYTERLAB ??= {};
  window._JUPYTERLAB["pkvm-widgets"] = { init: (scope) => { shared = scope; }, get };
})();
