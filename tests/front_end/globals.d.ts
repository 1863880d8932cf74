// What pages and JupyterLab add to the global scope.

interface Window {
  _JUPYTERLAB: Record<string, { init: (scope: unknown) => void; get: () => Promise<unknown> }>;
}

/** What some browsers know of the network. */
interface Navigator {
  connection?: { saveData: boolean };
}

/** Live models by key, shared by all copies of the front end in a page. */
declare var pkvmModels: EventTarget & Record<string, any>;

/** A version of the course, and the hashes of its files; the builder writes it (service_worker.py). */
declare const COURSE: { version: string; files: Record<string, string> };
