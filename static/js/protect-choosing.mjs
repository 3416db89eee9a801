// Which files are to be protected: chosen or dropped, single ones or folders with everything in them.  Where the browser has
// handles, they are taken instead of files, since they can be kept until the person goes on another day.

/** One file to protect; `path` begins with the name of the folder that was chosen, if it was one. */
export class Source {
  constructor(path, { file = null, handle = null }) {
    Object.assign(this, { path, file, handle });
  }

  static ofFile(file) {
    return new Source(file.webkitRelativePath || file.name, { file });
  }

  /** Return the file as it is now. */
  async read() {
    return this.handle ? this.handle.getFile() : this.file;
  }
}

async function* insideHandle(handle, path) {
  if (handle.kind === "file") yield new Source(path, { handle });
  else for await (const child of handle.values()) yield* insideHandle(child, `${path}/${child.name}`);
}

const called = (act) => new Promise((resolve, reject) => act(resolve, reject));

async function* insideEntry(entry, path) {
  if (entry.isFile) {
    yield new Source(path, { file: await called((...both) => entry.file(...both)) });
    return;
  }
  const reader = entry.createReader();
  for (let some = [null]; some.length;) {
    some = await called((...both) => reader.readEntries(...both));
    for (const child of some) yield* insideEntry(child, `${path}/${child.name}`);
  }
}

async function all(iterators) {
  const found = [];
  for (const iterator of iterators) for await (const source of iterator) found.push(source);
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Return what was dropped; called while the drop is handled, after which the browser forgets it. */
export async function dropped(transfer) {
  const items = [...transfer.items].filter(({ kind }) => kind === "file").map((item) => ({
    file: item.getAsFile(), entry: item.webkitGetAsEntry?.(), handle: item.getAsFileSystemHandle?.(),
  }));
  const iterators = [];
  for (const { file, entry, handle } of items) {
    const kept = await handle;
    if (kept) iterators.push(insideHandle(kept, kept.name));
    else if (entry) iterators.push(insideEntry(entry, entry.name));
    else iterators.push([Source.ofFile(file)]);
  }
  return all(iterators);
}

/** Let the person choose files as handles. */
export async function chooseFiles() {
  const handles = await window.showOpenFilePicker({ multiple: true });
  return all(handles.map((handle) => insideHandle(handle, handle.name)));
}

/** Let the person choose a folder as a handle. */
export async function chooseFolder() {
  const folder = await window.showDirectoryPicker({ id: "originals" });
  return all([insideHandle(folder, folder.name)]);
}
