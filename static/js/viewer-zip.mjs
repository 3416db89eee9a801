// Lists what is in a zip file, and shows one member at a time: only that one is unpacked, and never more of it than a
// browser can bear, whatever the file says of its size.

const MOST_MEMBERS = 5_000;
const MOST_BYTES = 2 ** 29;

const element = (name, properties, ...children) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
};

/** Unpack a member into parts; a bomb ends at the limit. */
async function unpack(entry) {
  const parts = [];
  let size = 0;
  await entry.getData(
    new WritableStream({
      write(chunk) {
        size += chunk.length;
        if (size > MOST_BYTES) throw new Error("too large");
        parts.push(chunk);
      },
    }),
    { checkSignature: true },
  );
  return { parts, size };
}

const inWords = (size, language) => {
  const [value, unit] = [[2 ** 20, "megabyte"], [2 ** 10, "kilobyte"], [1, "byte"]].find(([least]) => size >= least || least === 1);
  return (size / value).toLocaleString(language, { style: "unit", unit, unitDisplay: unit === "byte" ? "long" : "short", maximumFractionDigits: 1 });
};

/** Return an element with the list; `render` shows a member as it would show a file, or returns null. */
export async function showZip(parts, { library, texts, render }) {
  const { BlobReader, ZipReader, configure } = await import(library);
  configure({ useWebWorkers: false });
  const language = document.documentElement.lang;
  const reader = new ZipReader(new BlobReader(new Blob(parts)), { filenameValidation: "tolerant" }); // Names are only shown.
  const entries = [];
  for await (const entry of reader.getEntriesGenerator()) {
    if (entries.length === MOST_MEMBERS) break;
    if (!entry.directory) entries.push(entry);
  }
  const member = element("div", { className: "member" });
  const list = element("ul", { className: "members" });

  async function choose(entry) {
    member.replaceChildren(element("p", {}, texts.unpacking));
    const shown = await unpack(entry).then((found) => render({ name: entry.filename, ...found })).catch(() => null);
    const back = element("button", { type: "button" }, texts.back);
    back.addEventListener("click", () => {
      member.replaceChildren();
      list.hidden = false;
      list.querySelector("button")?.focus();
    });
    list.hidden = true;
    member.replaceChildren(element("p", {}, back, " ", element("strong", {}, entry.filename)), shown ?? element("p", {}, texts.cannot));
    back.focus();
  }

  for (const entry of entries) {
    const size = element("span", { className: "soft" }, inWords(entry.uncompressedSize, language));
    if (entry.encrypted || entry.uncompressedSize > MOST_BYTES) {
      list.append(element("li", {}, element("span", {}, entry.filename), size));
      continue;
    }
    const open = element("button", { type: "button" }, entry.filename);
    open.addEventListener("click", () => choose(entry));
    list.append(element("li", {}, open, size));
  }
  const made = element("div", {}, list, member);
  if (entries.length === MOST_MEMBERS) made.prepend(element("p", {}, texts.cut.replace("{number}", MOST_MEMBERS.toLocaleString(language))));
  if (!entries.length) made.prepend(element("p", {}, texts.empty));
  return made;
}
