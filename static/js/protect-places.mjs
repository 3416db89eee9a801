// Where protected copies are written, part by part: a folder or file that the person chose, where the browser lets pages
// write to one, or the browser's own private folder, from which they are saved like downloads.

import { BlobSink } from "./chancery-sink.mjs";

const PRIVATE = "protected";
const lockName = (id) => `chancery-protecting-${id}`;

/** Writes one file; what is not closed leaves nothing behind. */
class FileSink {
  constructor(writable, handle, remove) {
    Object.assign(this, { writable, handle, remove });
  }

  write(bytes) {
    return this.writable.write(bytes);
  }

  async close() {
    await this.writable.close();
    return this.handle.getFile();
  }

  async abort() {
    await this.writable.abort().catch(() => {}); // It may have failed, or be closed already.
    await this.remove();
  }
}

/** A folder: files keep their paths below it. */
export class Folder {
  constructor(handle) {
    this.handle = handle;
  }

  get name() {
    return this.handle.name;
  }

  async #below(path, create) {
    const names = path.split("/");
    const name = names.pop();
    let folder = this.handle;
    for (const one of names) folder = await folder.getDirectoryHandle(one, { create });
    return { folder, name };
  }

  /** Return the file of this path, or null. */
  async file(path) {
    try {
      const { folder, name } = await this.#below(path, false);
      return await (await folder.getFileHandle(name)).getFile();
    } catch (error) {
      if (error.name === "NotFoundError") return null;
      throw error;
    }
  }

  async remove(path) {
    // Nobody needs it; somebody may have removed it.
    await this.#below(path, false).then(({ folder, name }) => folder.removeEntry(name)).catch(() => {});
  }

  /** Begin a file, in the place of what may be there. */
  async sink(path) {
    const { folder, name } = await this.#below(path, true);
    const handle = await folder.getFileHandle(name, { create: true });
    return new FileSink(await handle.createWritable(), handle, () => this.remove(path));
  }
}

/** One file that the person named themselves; the browser asked them before it replaces another one. */
export class NamedFile {
  constructor(handle) {
    this.handle = handle;
  }

  get name() {
    return this.handle.name;
  }

  /** Return what was written; what stood there before does not count. */
  async file() {
    const file = await this.handle.getFile();
    return file.size ? file : null;
  }

  async remove() {
    await this.handle.remove?.().catch(() => {}); // Not every browser can, and nobody needs it.
  }

  async sink() {
    return new FileSink(await this.handle.createWritable(), this.handle, () => this.remove());
  }
}

class MemorySink extends BlobSink {
  constructor(keep) {
    super();
    this.keep = keep;
  }

  async close() {
    const blob = await super.close();
    this.keep(blob);
    return blob;
  }
}

/** The memory of this tab, where the browser has no private folder. */
class Memory {
  #files = new Map();

  async file(path) {
    return this.#files.get(path) ?? null;
  }

  async remove(path) {
    this.#files.delete(path);
  }

  async sink(path) {
    return new MemorySink((blob) => this.#files.set(path, blob));
  }
}

const privateRoot = async () => (await navigator.storage.getDirectory()).getDirectoryHandle(PRIVATE, { create: true });

/** Return the folder for copies that the person saves one by one: sealed files only ever lie in it. */
export async function downloads(id) {
  try {
    return new Folder(await (await privateRoot()).getDirectoryHandle(id, { create: true }));
  } catch {
    return new Memory();
  }
}

/** Remove what tabs that are gone left in the private folder, except what is still to be saved. */
export async function removeLeftovers(kept) {
  const root = await privateRoot().catch(() => null);
  if (!root) return;
  for await (const id of root.keys()) {
    if (kept.has(id)) continue;
    await ifUnused(id, () => root.removeEntry(id, { recursive: true }).catch(() => {})); // Tried again next time.
  }
}

const LETTING_GO = 500; // Milliseconds.
const held = new Set();

/**
 * Hold a batch for as long as this tab lives, so that no other tab goes on with it; false if another one does.  The page
 * before, in this tab, lets go a moment after it was left.
 */
export function hold(id) {
  if (held.has(id)) return true;
  return new Promise((resolve) => {
    const forever = () => {
      held.add(id);
      resolve(true);
      return new Promise(() => {});
    };
    navigator.locks.request(lockName(id), { signal: AbortSignal.timeout(LETTING_GO) }, forever).catch(() => resolve(false));
  });
}

/** Do something unless a tab holds this batch. */
export const ifUnused = (id, act) => navigator.locks.request(lockName(id), { ifAvailable: true }, (lock) => (lock ? act() : null));

/** Whether the browser lets pages write to places that people choose. */
export const canChoose = "showDirectoryPicker" in window && "showSaveFilePicker" in window;

/** Ask the person for a place; `single` is the name of the only file, "" for several. */
export async function choosePlace(single) {
  if (single) return new NamedFile(await window.showSaveFilePicker({ suggestedName: single }));
  return new Folder(await window.showDirectoryPicker({ mode: "readwrite", id: "protected" }));
}

/** Make a place again of the handle that was kept. */
export const placeOf = (handle) => (handle.kind === "directory" ? new Folder(handle) : new NamedFile(handle));
