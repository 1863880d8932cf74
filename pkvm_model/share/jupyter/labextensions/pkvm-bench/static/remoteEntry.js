// A JupyterLab extension without a build: a federated module that renders stored benches, also in notebooks that are
// not trusted or were never run. Its rank is before ipywidgets', so a model that is gone never shows as an error.
(() => {
  const BENCH = "application/vnd.pkvm.bench+json", VIEW = "application/vnd.jupyter.widget-view+json";
  const folder = document.currentScript.src;
  let shared;

  // The server lets browsers keep old copies. Asked for in this way each file is the one on disk, and all of them fit.
  const text = async (name) => (await fetch(new URL(name, folder), { cache: "no-cache" })).text();

  /** The parts of the bench as one module, put together as `front_end` in pkvm_model/widgets/front_end.py does it. */
  async function load() {
    const parts = await Promise.all(JSON.parse(await text("parts.json")).map(text));
    const whole = parts.join("\n").replace(/^import [^;]*;$/gm, "").replace(/^export (?=const|class|function|async)/gm, "");
    return import(URL.createObjectURL(new Blob([whole], { type: "text/javascript" })));
  }

  async function get() {
    const lumino = Object.values(shared["@lumino/widgets"])[0];
    const [{ Widget }, { mountStored }] = await Promise.all([lumino.get().then((make) => make()), load()]);

    class StoredBench extends Widget {
      async renderModel({ data }) {
        this.data = data;
        if (this.isAttached) this.mount();
      }

      // A bench looks around where it stands, to find out which of several it is; so it is drawn when it stands somewhere.
      onAfterAttach() {
        if (this.data && !this.bench) this.mount();
      }

      mount() {
        this.bench?.close();
        this.bench = mountStored(this.node, this.data[BENCH], this.data[VIEW]?.model_id);
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
