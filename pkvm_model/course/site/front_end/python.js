// Python for a page: one worker, made when somebody first asks.

/** Asks Python; `seconds` limits the work. */
export const askPython = (call, given, { seconds } = /** @type {{seconds?: number}} */ ({})) =>
  Promise.reject(Error("Python cannot start in this page yet."));

/** Calls `listener` with {words, loaded, total} while Python is fetched, {words: ""} when it is ready, {failed}. */
export const onPython = (listener) => undefined;
