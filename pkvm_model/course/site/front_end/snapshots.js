// The memory of a Python that has just started, kept in this browser: the next start goes on from it.
//
// It is made before any learner's code runs. It fits only the files and the browser with which it was made, so its
// address names both. It is never sent, and a browser without room for it starts Python anew each time.

const SNAPSHOTS = "pkvm-course python";

function addressOf(files) {
  const hashes = Object.values(files).map(([integrity]) => integrity);
  return new URL(`?${encodeURIComponent([...hashes, navigator.userAgent].join())}`, location.origin).href;
}

/** Returns the memory that fits these files, or null. */
export async function readSnapshot(files) {
  try {
    const kept = await (await caches.open(SNAPSHOTS)).match(addressOf(files));
    return kept ? new Uint8Array(await kept.arrayBuffer()) : null;
  } catch {
    return null;
  }
}

/** Keeps a memory in place of all others, as far as the browser lets it. */
export async function keepSnapshot(files, bytes) {
  try {
    await dropSnapshots();
    await (await caches.open(SNAPSHOTS)).put(addressOf(files), new Response(bytes));
  } catch {
    /* the next start takes longer */
  } finally {
    freeBytes(bytes);
  }
}

/** Forgets all memories. */
export const dropSnapshots = () => caches.delete(SNAPSHOTS);

/** Gives many bytes back now, and not when the browser next looks for what nobody needs. */
const freeBytes = ({ buffer }) => buffer.transfer?.(0);
