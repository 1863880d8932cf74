// What pages and JupyterLab add to the global scope.

interface Window {
  _JUPYTERLAB: Record<string, { init: (scope: unknown) => void; get: () => Promise<unknown> }>;
}

/** Live models by key, shared by all copies of the front end in a page. */
declare var pkvmModels: EventTarget & Record<string, any>;
