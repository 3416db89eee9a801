// Files that are protected together: how far each of them is.  On a person's own computer that is kept in this browser, so
// that a later page goes on where a closed tab, a failure or the person stopped, and registers no file a second time.

import { inStore } from "./chancery-store.mjs";
import { Source } from "./protect-choosing.mjs";
import { downloads, hold, placeOf, removeLeftovers } from "./protect-places.mjs";

const STORE = "batches";
const entriesOf = (id) => IDBKeyRange.bound([id], [id, []]);

/** How far a file is.  From "writing" on, what stands at its place is its own; in "registering" the service may know it. */
export const State = { WAITING: "waiting", WRITING: "writing", REGISTERING: "registering", DONE: "done", LEFT_OUT: "left_out" };

/** What is written behind the name of a file that is protected. */
export const suffixOf = (page) => (page ? ".html" : ".sealed");
export const nameOf = (path) => path.split("/").at(-1);

/**
 * Return what the documents are called: the file's name, and before it as many folders as tell files of one name apart.
 * No more than that, since recipients see it too.
 */
function titlesOf(paths) {
  const titles = paths.map(nameOf);
  for (let parts = 2, isMore = true; isMore; parts += 1) {
    const counts = new Map();
    for (const title of titles) counts.set(title, (counts.get(title) ?? 0) + 1);
    isMore = false;
    for (const [number, path] of paths.entries()) {
      if (counts.get(titles[number]) === 1 || titles[number] === path) continue;
      titles[number] = path.split("/").slice(-parts).join("/");
      isMore = true;
    }
  }
  return titles;
}

class Entry {
  constructor(number, kept, source, suffix) {
    Object.assign(this, { number, kept, source, suffix });
  }

  get path() {
    return this.kept.path;
  }

  get name() {
    return nameOf(this.path);
  }

  get output() {
    return this.path + this.suffix;
  }

  get state() {
    return this.kept.state;
  }

  get isOpen() {
    return this.state !== State.DONE && this.state !== State.LEFT_OUT;
  }

  /** Whether the person has to show the file again, of which no handle could be kept. */
  get isMissing() {
    return this.isOpen && this.state !== State.REGISTERING && !this.source;
  }
}

export class Batch {
  constructor(head, entries, place) {
    Object.assign(this, { head, entries, place });
  }

  /**
   * Begin; `place` is the one that the person chose, null for downloads, and `remember` says to keep it all.  `page` is the
   * beginning of the web pages that are to carry the files, "" for sealed files; `whom` says in words who may open them,
   * `ahead` whether licenses for them are to lie beside the files.
   */
  static async begin({ person, organization, terms, whom, page, ahead, sources, place, remember }) {
    const kept = { person, organization, terms, whom, page, ahead, place: place?.handle ?? null, remember };
    const head = { id: crypto.randomUUID(), at: Date.now(), ...kept };
    await hold(head.id);
    const titles = titlesOf(sources.map(({ path }) => path));
    const entries = sources.map((source, number) => {
      const kept = { path: source.path, title: titles[number], handle: source.handle, size: source.file?.size ?? null, state: State.WAITING };
      return new Entry(number, kept, source, suffixOf(page));
    });
    const batch = new Batch(head, entries, place ?? (await downloads(head.id)));
    await batch.#keep((store) => {
      entries.forEach(({ kept, number }) => store.put(kept, [head.id, number]));
      return store.put(head, head.id);
    });
    return batch;
  }

  /** Return what this person did not finish, or did not save, in this browser, the newest first. */
  static async left(person) {
    const heads = await inStore(STORE, "readonly", (store) => store.getAll(IDBKeyRange.bound("", [], false, true)));
    await removeLeftovers(new Set(heads.map(({ id }) => id)));
    const left = [];
    for (const head of heads.filter((one) => one.person === person)) {
      if (!(await hold(head.id))) continue;
      const all = await inStore(STORE, "readonly", (store) => store.getAll(entriesOf(head.id)));
      const entries = all.map((kept, number) => new Entry(number, kept, kept.handle ? new Source(kept.path, kept) : null, suffixOf(head.page)));
      const batch = new Batch(head, entries, head.place ? placeOf(head.place) : await downloads(head.id));
      if (batch.isLeft) left.push(batch);
      else await batch.forget();
    }
    return left.sort((one, other) => other.head.at - one.head.at);
  }

  /** Keep it for a later page; a browser that keeps nothing, or no handles, protects all the same. */
  async #keep(act) {
    if (!this.head.remember) return;
    await inStore(STORE, "readwrite", act).catch(() => { this.head.remember = false; });
  }

  /** Note how far a file is. */
  async set(entry, members) {
    Object.assign(entry.kept, members);
    await this.#keep((store) => store.put(entry.kept, [this.head.id, entry.number]));
  }

  get isDownloads() {
    return this.head.place === null;
  }

  get open() {
    return this.entries.filter((entry) => entry.isOpen);
  }

  get done() {
    return this.entries.filter(({ state }) => state === State.DONE);
  }

  /** What lies in the browser's private folder alone. */
  get unsaved() {
    return this.isDownloads ? this.done.filter(({ kept }) => !kept.saved) : [];
  }

  /** Whether there is something to do: files to protect, or copies to save. */
  get isLeft() {
    return this.open.length > 0 || this.unsaved.length > 0;
  }

  saved(entry) {
    return this.set(entry, { saved: true });
  }

  /** Ask for the places of which handles were kept; the browser allows it only right after a click. */
  async askAccess() {
    const wanted = [[this.head.place, "readwrite"], ...this.open.map(({ kept }) => [kept.handle, "read"])];
    for (const [handle, mode] of wanted) if (handle) await handle.requestPermission({ mode });
  }

  /** Take files that were chosen again for those that are missing. */
  attach(files) {
    for (const entry of this.entries.filter(({ isMissing }) => isMissing)) {
      const file = files.find(({ name, size }) => name === entry.name && size === entry.kept.size);
      if (file) entry.source = new Source(entry.path, { file });
    }
  }

  /** Give the files back that are not protected, for other terms; what the service may know of stays in the batch. */
  async release() {
    const given = this.open.filter(({ state, source }) => state !== State.REGISTERING && source);
    for (const entry of given) if (entry.state === State.WRITING) await this.place.remove(entry.output);
    this.entries = this.entries.filter((entry) => !given.includes(entry));
    this.entries.forEach((entry, number) => { entry.number = number; });
    if (!this.isLeft) await this.forget();
    else {
      await this.#keep((store) => {
        store.delete(entriesOf(this.head.id));
        this.entries.forEach(({ kept, number }) => store.put(kept, [this.head.id, number]));
        return store.put(this.head, this.head.id);
      });
    }
    return given.map(({ source }) => source);
  }

  /** Let a file be protected anew whose copy is gone, although the service may know it. */
  anew(entry) {
    return this.set(entry, { state: State.WAITING });
  }

  /**
   * Forget this batch, and the copies that were not saved.  Others may still be on their way to the disk: they go with all
   * leftovers, once this tab is closed.
   */
  async forget() {
    for (const entry of this.unsaved) await this.place.remove(entry.output);
    await this.#keep((store) => {
      store.delete(entriesOf(this.head.id));
      return store.delete(this.head.id);
    });
  }
}
