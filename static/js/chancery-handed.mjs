// One file that another page or program handed over, until the person says on the page whether to open it.
//
// It is a sealed file, or hostile: nothing is done with it unasked.

import { inStore } from "./chancery-store.mjs";

const [STORE, SLOT] = ["handed", "file"];
const LASTS = 3_600_000; // Milliseconds in which somebody signs in.

export const keepHanded = (blob) => inStore(STORE, "readwrite", (store) => store.put({ blob, at: Date.now() }, SLOT));
export const forgetHanded = () => inStore(STORE, "readwrite", (store) => store.delete(SLOT));

/** Return the file that waits, or null. */
export async function handed() {
  const kept = await inStore(STORE, "readonly", (store) => store.get(SLOT));
  if (!kept) return null;
  if (Date.now() - kept.at < LASTS) return kept.blob;
  await forgetHanded();
  return null;
}
