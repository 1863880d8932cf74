// A JupyterLab extension without a build: a federated module that renders stored benches, also in notebooks that are
// not trusted or were never run. Its rank is before ipywidgets', so a model that is gone never shows as an error.
(() => {
  const BENCH = "application/vnd.pkvm.bench+json", VIEW = "application/vnd.jupyter.widget-view+json";
  // A browser may keep an old copy after an update; a new address for each page load prevents that.
  const address = new URL(`bench.js?load=${Date.now()}`, document.currentScript.src).href;
  let shared;

  async function get() {
    const lumino = Object.values(shared["@lumino/widgets"])[0];
    const [{ Widget }, { mountStored }] = await Promise.all([lumino.get().then((make) => make()), import(address)]);

    class StoredBench extends Widget {
      async renderModel({ data }) {
        this.bench?.close();
        this.bench = mountStored(this.node, data[BENCH], data[VIEW]?.model_id);
      }

      dispose() {
        this.bench?.close();
        super.dispose();
      }
    }
    const rendererFactory = { safe: true, mimeTypes: [BENCH], createRenderer: () => new StoredBench() };
    const extension = { id: "pkvm-bench:mime", description: "Shows the benches of the pKVM course.", dataType: "json", rank: -100, rendererFactory };
    return () => ({ __esModule: true, default: extension });
  }

  window._JUPYTERLAB ??= {};
  window._JUPYTERLAB["pkvm-bench"] = { init: (scope) => { shared = scope; }, get };
})();
