// Python for a page: one worker, made when somebody first asks.

/**
 * Asks Python; `seconds` limits the work.
 * @returns {Promise<any>}
 */
export const askPython = (call, given, { seconds } = /** @type {{seconds?: number}} */ ({})) =>
  Promise.reject(Error("Python cannot start in this page yet."));

/** Calls `listener` with {words, loaded, total} while Python is fetched, {words: ""} when it is ready, {failed}. */
export const onPython = (listener) => undefined;

/**
 * Asks the clerk.
 * @returns {Promise<any>}
 */
export const askClerk = (call, given) => Promise.reject(Error("Python cannot start in this page yet."));

/** Ends the worker. */
export const endPython = (words) => undefined;
