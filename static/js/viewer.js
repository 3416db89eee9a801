// Shows what the opening page hands over, inside a frame that has no origin and no network.  Content is hostile: it is
// only ever text, cells of a table, or the picture, sound or film that a blob holds; nothing in it runs.
"use strict";

const shown = document.getElementById("shown");
const TEXTS = new Set(["txt", "log", "json", "xml", "html", "htm", "svg", "yaml", "yml", "ini", "toml", "py", "js", "css", "tex", "sql", "eml"]);
const IMAGES = { png: "image/png", jpg: "image/jpeg", jpeg: "image/jpeg", gif: "image/gif", webp: "image/webp", avif: "image/avif", bmp: "image/bmp" };
const SOUNDS = { mp3: "audio/mpeg", ogg: "audio/ogg", wav: "audio/wav", m4a: "audio/mp4", flac: "audio/flac", opus: "audio/ogg" };
const FILMS = { mp4: "video/mp4", webm: "video/webm", mov: "video/mp4", ogv: "video/ogg" };
const MOST_TEXT = 5_000_000;
const MOST_ROWS = 5_000;

const element = (name, ...children) => {
  const made = document.createElement(name);
  made.append(...children);
  return made;
};

const decode = (parts) => new Response(new Blob(parts)).text();

function inBlob(tag, parts, type, name) {
  const made = element(tag);
  made.src = URL.createObjectURL(new Blob(parts, { type }));
  if (tag === "img") made.alt = name;
  else Object.assign(made, { controls: true, disablePictureInPicture: true });
  if (tag !== "img") made.setAttribute("controlslist", "nodownload noremoteplayback");
  return new Promise((resolve) => {
    made.addEventListener(tag === "img" ? "load" : "loadedmetadata", () => resolve(made), { once: true });
    made.addEventListener("error", () => resolve(null), { once: true });
  });
}

/** Split lines of comma-separated values (RFC 4180); quotes may hold separators and line ends. */
function rowsOf(text, separator) {
  const rows = [[]];
  let [cell, quoted] = ["", false];
  const endCell = () => { rows.at(-1).push(cell); cell = ""; };
  for (let at = 0; at < text.length && rows.length <= MOST_ROWS; at += 1) {
    const letter = text[at];
    if (quoted && letter === '"' && text[at + 1] === '"') { cell += '"'; at += 1; }
    else if (letter === '"') quoted = !quoted;
    else if (!quoted && letter === separator) endCell();
    else if (!quoted && letter === "\n") { endCell(); rows.push([]); }
    else if (quoted || letter !== "\r") cell += letter;
  }
  endCell();
  return rows.filter((row) => row.length > 1 || row[0] !== "");
}

function table(text) {
  const first = text.slice(0, text.indexOf("\n") + 1 || undefined);
  const separator = [",", ";", "\t"].sort((a, b) => first.split(b).length - first.split(a).length)[0];
  const [head, ...rows] = rowsOf(text, separator);
  const line = (cells, tag) => element("tr", ...cells.map((cell) => element(tag, cell)));
  return element("table", element("thead", line(head ?? [], "th")), element("tbody", ...rows.map((row) => line(row, "td"))));
}

/** Markdown as headings, lists, code and paragraphs; emphasis stays as it is written, links lead nowhere. */
function markdown(text) {
  const made = element("article");
  made.className = "markdown";
  for (const block of text.replaceAll("\r\n", "\n").split(/\n{2,}/)) {
    const heading = /^(#{1,6})\s+(.*)/.exec(block);
    const items = block.split("\n");
    if (block.startsWith("```")) made.append(element("pre", block.replace(/^```[^\n]*\n?/, "").replace(/\n?```$/, "")));
    else if (heading) {
      made.append(element(`h${heading[1].length}`, heading[2]));
      const rest = items.slice(1).join("\n");
      if (rest) made.append(element("p", rest));
    } else if (items.every((item) => /^\s*[-*+]\s/.test(item))) {
      made.append(element("ul", ...items.map((item) => element("li", item.replace(/^\s*[-*+]\s+/, "")))));
    } else if (items.every((item) => /^\s*\d+[.)]\s/.test(item))) {
      made.append(element("ol", ...items.map((item) => element("li", item.replace(/^\s*\d+[.)]\s+/, "")))));
    } else made.append(element("p", block));
  }
  return made;
}

let drawAll = async () => {};

/** Return the whole address of a module: a script of a frame without an origin has none that others could be relative to. */
const address = (name) => new URL(shown.dataset[name], location.href).href;

async function zip(parts) {
  const { showZip } = await import(address("zip"));
  const texts = JSON.parse(shown.dataset.texts);
  return showZip(parts, { library: address("zipLibrary"), texts, render });
}

async function pdf(parts) {
  const { showPdf } = await import(address("pdf"));
  const { page: title } = JSON.parse(shown.dataset.texts);
  const found = await showPdf(parts, { library: address("pdfLibrary"), worker: address("pdfWorker"), title, ask: asset });
  drawAll = found.drawAll;
  return found.made;
}

async function render({ name, parts, size }) {
  drawAll = async () => {}; // What was shown before is not printed.
  const kind = name.includes(".") ? name.split(".").at(-1).toLowerCase() : "";
  if (kind === "pdf" && shown.dataset.pdfLibrary) return pdf(parts);
  if (IMAGES[kind]) return inBlob("img", parts, IMAGES[kind], name);
  if (SOUNDS[kind]) return inBlob("audio", parts, SOUNDS[kind], name);
  if (FILMS[kind]) return inBlob("video", parts, FILMS[kind], name);
  if (kind === "zip" && shown.dataset.zipLibrary) return zip(parts);
  if (size > MOST_TEXT) return null;
  if (kind === "csv" || kind === "tsv") return table(await decode(parts));
  if (kind === "md" || kind === "markdown") return markdown(await decode(parts));
  return TEXTS.has(kind) ? element("pre", await decode(parts)) : null;
}

/** Empty places for pages that the service draws; `put` fills them as they come. */
function pages(count) {
  const { page: title } = JSON.parse(shown.dataset.texts);
  const sheets = Array.from({ length: count }, (_, index) => {
    const sheet = element("section");
    sheet.className = "sheet picture";
    sheet.setAttribute("aria-label", title.replace("{number}", index + 1).replace("{count}", count));
    return sheet;
  });
  const made = element("div", ...sheets);
  made.className = "pages";
  return made;
}

function put({ page: number, data }) {
  const sheet = shown.querySelectorAll(".sheet")[number - 1];
  const picture = element("img");
  picture.alt = sheet.getAttribute("aria-label");
  picture.src = URL.createObjectURL(new Blob([data], { type: "image/webp" }));
  picture.addEventListener("load", () => URL.revokeObjectURL(picture.src), { once: true });
  sheet.replaceChildren(picture);
}

/** Lay reader, time and document over whatever is shown; on paper each sheet has them. */
function water(lines) {
  if (!lines.length) return;
  const layer = element("div", ...Array.from({ length: 40 }, () => element("span", lines.join("\n"))));
  layer.className = "watermark";
  layer.setAttribute("aria-hidden", "true");
  document.body.append(layer);
}

let port = null;
const waiting = new Map();

/** Ask the page for a file of PDF.js, which the frame cannot fetch. */
function asset(wanted) {
  const id = crypto.randomUUID?.() ?? `${waiting.size}-${Math.random()}`;
  const answer = new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
  port.postMessage({ asset: id, ...wanted });
  return answer;
}

function receive({ asset: id, data }) {
  const { resolve, reject } = waiting.get(id);
  waiting.delete(id);
  if (data) resolve(new Uint8Array(data));
  else reject(new Error("not there"));
}

let may = { print: false, copy: false };

window.addEventListener("message", async (event) => {
  if (event.source !== window.parent || port) return;
  [port] = event.ports;
  may = event.data.may;
  document.body.classList.toggle("unprintable", !may.print);
  document.body.classList.toggle("uncopyable", !may.copy);
  port.addEventListener("message", ({ data }) => {
    if (data.asset) receive(data);
    if (data.page) put(data);
    if (data === "forget") shown.replaceChildren();
    if (data === "print" && may.print) drawAll().then(() => window.print());
  });
  port.start();
  water(event.data.watermark);
  const made = event.data.pages ? pages(event.data.pages) : await render(event.data).catch(() => null);
  if (made) shown.replaceChildren(made);
  port.postMessage(made ? "shown" : "cannot_show");
});

for (const act of ["copy", "cut", "dragstart", "contextmenu"]) {
  document.addEventListener(act, (event) => {
    if (may.copy && (act === "copy" || act === "cut")) port?.postMessage("copied");
    if (may.copy) return;
    event.preventDefault();
    port?.postMessage(act === "copy" || act === "cut" ? "copy_refused" : "act_refused");
  });
}
window.addEventListener("beforeprint", () => {
  port?.postMessage(may.print ? "printed" : "print_refused");
});
window.parent.postMessage("ready", "*");
