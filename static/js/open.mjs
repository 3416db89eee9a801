// The page that opens a sealed file: it leads through the steps, and shows what came of each.

import { openSealed } from "./chancery-reader.mjs";
import { forgetHanded, handed } from "./chancery-handed.mjs";
import { unwrapped } from "./chancery-html.mjs";
import { contentKey } from "./chancery-objects.mjs";
import { Pages } from "./chancery-pages.mjs";
import { Reports } from "./chancery-reports.mjs";
import { ServiceError, Unreachable } from "./chancery-service.mjs";
import { withPerson } from "./open-by-code.mjs";
import {
  configuration, find, forgetIfGone, keep, language, partsOfPage, progress, sayRefusal, service, show, texts, withDevice, wordsOf,
} from "./page.mjs";

const HEARTBEAT = 30_000;
const MOST_BYTES = 2 ** 31;
const REPORTED = { copied: "EXTRACT", printed: "PRINT" }; // What the frame reports, and the right that each takes.

const ATTEMPTED = { copy_refused: "copied", print_refused: "printed" }; // What the frame did not let the reader do.

/** A moment as the other pages write it, in the time zone of this browser, which it names. */
function moment(seconds) {
  const parts = { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short" };
  return new Date(seconds * 1000).toLocaleString(language === "en" ? "en-GB" : language, parts);
}

let current = null;
partsOfPage("choose", "handed", "identify", "device", "progress", "refused", "opened");

function restart() {
  current?.close();
  current = null;
  find("title").textContent = texts.title;
  find("lead").hidden = false;
  find("file").value = "";
  forgetHanded().catch(() => {}); // A browser that keeps nothing has nothing to forget.
  show("choose");
  find("file").focus();
}

function refuse(error, question = null) {
  current?.close();
  find("ask").hidden = question === null;
  find("grants").replaceChildren();
  current = question;
  sayRefusal(error);
}

/** A refused document, about which the person may ask. */
class Question {
  constructor(place, cid, level) {
    Object.assign(this, { place, cid, level });
  }

  static async of(place, cid) {
    try {
      const why = await place.call("GET", `/api/v1/documents/${cid}/why`);
      return why.may_ask ? new Question(place, cid, why.ask_level) : null;
    } catch {
      return null;
    }
  }

  async ask(note) {
    const body = this.level ? { note, level: this.level } : { note };
    await this.place.call("POST", `/api/v1/documents/${this.cid}/access-requests`, { body });
  }

  close() {}
}

// Opening

/** Fetch a table or decoder for the frame, which has no network; only PDF.js's own files, whatever the name says. */
async function giveAsset(port, { asset, kind, filename }) {
  const folder = Object.hasOwn(configuration.pdf, kind) ? configuration.pdf[kind] : null;
  const answer = folder && /^[\w-]+\.\w+$/.test(filename) ? await fetch(folder + filename).catch(() => null) : null;
  const data = answer?.ok ? await answer.arrayBuffer() : null;
  port.postMessage({ asset, data }, data ? [data] : []);
}

/** What the page says while the service draws. */
const TOLD = {
  waiting: () => texts.viewer_waiting,
  sending: (share) => texts.viewer_sending.replace("{percent}", String(Math.floor(100 * share))),
  drawing: () => texts.viewer_drawing,
};

/** A document that is decrypted here. */
class Unlocked {
  constructor(unlocked) {
    Object.assign(this, { unlocked, parts: [], name: unlocked.metadata.name, drawn: false });
  }

  /** Decrypt leaf by leaf; each is verified before it counts. */
  async prepare() {
    const total = this.unlocked.metadata.size;
    let done = 0;
    for await (const leaf of this.unlocked.leaves()) {
      this.parts.push(leaf);
      done += leaf.length;
      if (total > 2 ** 22) progress(texts.decrypting.replace("{percent}", String(Math.floor((100 * done) / total))));
    }
  }

  handOver(port, frame, more) {
    const content = { name: this.name, size: this.unlocked.metadata.size, parts: this.parts, ...more };
    // The frame has no origin that could be named; the port and the content go to this one window.
    frame.postMessage(content, "*", [port]);
  }

  forget() {
    this.parts = [];
  }
}

/** A document of which the service draws pages. */
class Drawn {
  constructor(pages, name) {
    Object.assign(this, { pages, name, drawn: true, all: pages.all() });
  }

  async prepare() {
    this.first = await this.all.next();
  }

  /** Hand over each page as it comes; what goes wrong on the way is for the page that shows all this. */
  handOver(port, frame, more) {
    frame.postMessage({ name: this.name, pages: this.pages.count, ...more }, "*", [port]);
  }

  async rest(port) {
    let number = 0;
    for (let next = this.first; !next.done && !this.forgotten; next = await this.all.next()) {
      port.postMessage({ page: (number += 1), data: next.value }, [next.value.buffer]);
    }
  }

  forget() {
    this.forgotten = true;
  }
}

class Opened {
  /** ``grant`` is the super-user grant under which it was opened, if any: its number and end. */
  constructor(place, content, use, still, grant) {
    Object.assign(this, { place, content, use, still, grant, port: null });
    this.reports = new Reports(place, use);
    this.may = (right) => use.rights.includes(right) || use.rights.includes("OWNER");
  }

  present() {
    const { name, drawn } = this.content;
    find("title").textContent = name;
    find("lead").hidden = true;
    find("from").textContent = this.place.statement.name;
    const rights = this.may("OWNER") ? ["OWNER"] : this.use.rights;
    find("rights").textContent = new Intl.ListFormat(language).format(rights.map((right) => texts.rights[right] ?? right));
    for (const row of document.querySelectorAll("#rights_here [data-right]")) {
      for (const cell of row.querySelectorAll("[data-may]")) cell.hidden = (cell.dataset.may === "yes") !== this.may(row.dataset.right);
    }
    find("ends").textContent = this.use.exp > 2 ** 40 ? texts.never : moment(this.use.exp);
    find("contact").textContent = this.use.contact;
    find("save").hidden = !this.may("EXPORT");
    find("print").hidden = !this.may("PRINT");
    find("cannot_show").hidden = find("copy_refused").hidden = true;
    find("by_code").hidden = !service.outsider;
    find("under_grant").hidden = !this.grant;
    if (this.grant) {
      const words = { number: this.grant.number, when: moment(Date.parse(this.grant.ends) / 1000) };
      find("under_grant").textContent = filled(texts.opened_under_grant, words);
    }
    find("drawn").hidden = !drawn;
    find("drawn_cut").hidden = !drawn || this.content.pages.count >= this.content.pages.of;
    for (const hold of document.querySelectorAll("#rights_here [data-program]")) {
      hold.hidden = (hold.dataset.program === "viewer") !== drawn;
    }
    show("opened");
    this.#intoFrame();
    this.beat = setInterval(() => this.#check(), HEARTBEAT);
  }

  #intoFrame() {
    const frame = find("frame");
    frame.hidden = false;
    const channel = new MessageChannel();
    this.port = channel.port1;
    this.port.onmessage = ({ data }) => {
      if (data.asset) giveAsset(this.port, data);
      if (data === "copy_refused" || data === "act_refused") find("copy_refused").hidden = false;
      if (Object.hasOwn(ATTEMPTED, data) && !this.may(REPORTED[ATTEMPTED[data]])) this.reports.add(ATTEMPTED[data], false);
      if (Object.hasOwn(REPORTED, data) && this.may(REPORTED[data])) this.reports.add(data);
      if (data !== "cannot_show") return;
      frame.hidden = true;
      find("cannot_show").hidden = false;
      find("cannot_show_save").hidden = !this.may("EXPORT");
      find("cannot_show_client").hidden = this.may("EXPORT");
    };
    const may = { print: this.may("PRINT"), copy: this.may("EXTRACT") };
    this.ready = (event) => {
      if (event.source !== frame.contentWindow || event.data !== "ready") return;
      window.removeEventListener("message", this.ready);
      this.content.handOver(channel.port2, frame.contentWindow, { may, watermark: this.#watermark() });
      this.content.rest?.(this.port).then(() => { find("drawn_cut").hidden &&= !this.content.pages.failed; }, refuse);
    };
    window.addEventListener("message", this.ready);
    frame.src = "/open/viewer/";
  }

  /** Return the lines over the content where the policy asks for them; pages that were drawn have them already. */
  #watermark() {
    if (!this.use.watermark || this.content.drawn) return [];
    const when = new Date(this.use.iat * 1000).toISOString().slice(0, 16).replace("T", " ");
    return [service.outsider?.address ?? configuration.reader, `${when} UTC`, this.content.name];
  }

  /** Ask whether access still holds, as long as the document is shown. */
  async #check() {
    this.reports.send();
    try {
      await this.place.refreshFeed();
      await this.still();
    } catch (error) {
      if (!(error instanceof Unreachable)) refuse(error);
    }
  }

  save() {
    const link = document.createElement("a");
    const blob = new Blob(this.content.parts, { type: "application/octet-stream" });
    Object.assign(link, { href: URL.createObjectURL(blob), download: this.content.name });
    link.click();
    this.reports.add("exported");
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }

  close() {
    clearInterval(this.beat);
    window.removeEventListener("message", this.ready);
    this.port?.postMessage("forget");
    this.content.forget();
    find("frame").removeAttribute("src");
    find("frame").src = "about:blank";
  }
}

/** Return why a document that only the service can show is not shown. */
function notDrawn(size) {
  const code = size > configuration.viewer_bytes ? "viewer_too_large" : "viewer_off";
  return Object.assign(new Error(code), { code });
}

/** Return what the content is called, by the name of its file; a file that was handed over may have none. */
const guessedName = ({ name = "" }) => name.replace(/\.(sealed|html)$/, "") || texts.unnamed;

/** Return a text with the words that it names. */
const filled = (text, words) => text.replace(/{(\w+)}/g, (_, name) => words[name]);

/** Offer the reader's active super-user grants for a file that is refused to them without one. */
async function offerGrants(place, source) {
  if (service.outsider) return;
  const { results } = await place.call("GET", "/api/v1/super-user-grants?mine=true&state=active");
  find("grants").replaceChildren(...results.map((grant) => {
    const button = document.createElement("button");
    const words = { number: grant.number, reason: grant.case || grant.reason };
    button.textContent = filled(texts.under_grant, words);
    button.type = "button";
    button.onclick = () => openOrSay(source, grant);
    return button;
  }));
}

async function open(source, grant) {
  if (source.size > MOST_BYTES) throw Object.assign(new Error(texts.too_large), { code: "too_large" });
  progress(texts.checking);
  const sealed = await unwrapped(source);
  const file = await openSealed(sealed);
  await withPerson(file.license);
  await withDevice();
  progress(texts.asking);
  const place = await service.organization(file.license.org);
  try {
    const authentic = await file.verify(place.chain);
    const { use, still } = await place.license(authentic, keep, grant?.id);
    const content = use.key === null
      ? new Drawn(new Pages(place, use, sealed, service.device, (what, share) => progress(TOLD[what](share))), guessedName(source))
      : new Unlocked(await authentic.unlock(await contentKey(use, service.device.decryptionKey)));
    progress(texts.decrypting.replace("{percent}", "0"));
    await content.prepare();
    current = new Opened(place, content, use, still, grant);
    current.present();
    forgetHanded().catch(() => {});
  } catch (error) {
    if (error.reason === "viewer_only") throw notDrawn(source.size);
    if (error instanceof ServiceError && error.reason) {
      refuse(error, await Question.of(place, file.license.cid));
      return offerGrants(place, source).catch(() => {}); // Whoever has none, or no network, is not bothered with it.
    }
    throw error;
  }
}

async function openOrSay(source, grant) {
  try {
    await open(source, grant);
  } catch (error) {
    await forgetIfGone(error);
    if (!(error instanceof ServiceError || error instanceof Unreachable)) await forgetHanded().catch(() => {});
    refuse(error);
  }
}

/** Ask before a file is opened that did not come from the person: opening shows its sender who they are. */
function offer(file) {
  const unit = new Intl.NumberFormat(language, { style: "unit", unit: "kilobyte", maximumFractionDigits: 0 });
  find("handed_size").textContent = unit.format(Math.ceil(file.size / 1000));
  find("take").onclick = () => openOrSay(file);
  show("handed");
}

/** Open the protected one of the files that came together; licenses beside it are for programs that ask nobody. */
function openAmong(files) {
  const found = [...files];
  const sealed = found.find(({ name }) => !name.endsWith(".licenses"));
  if (sealed) openOrSay(sealed);
  else if (found.length) refuse(Object.assign(new Error("licenses_only"), { code: "licenses_only" }));
}

find("file").addEventListener("change", ({ target }) => openAmong(target.files));
const drop = find("choose");
for (const [name, over] of [["dragenter", true], ["dragover", true], ["dragleave", false], ["drop", false]]) {
  drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.toggle("over", over);
    if (name === "drop") openAmong(event.dataTransfer.files);
  });
}
find("ask").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    await current.ask(find("note").value);
    find("ask").hidden = true;
    find("refused_step").textContent = texts.asked;
  } catch (error) {
    find("refused_step").textContent = wordsOf(error).title;
  }
});
find("save").addEventListener("click", () => current.save());
find("print").addEventListener("click", () => current.port.postMessage("print"));
for (const button of document.querySelectorAll("[data-restart]")) button.addEventListener("click", restart);
show("choose");
handed().catch(() => null).then((file) => file && offer(file));
// Keeps what the share menu hands to this site where it is installed as an app.
const WORKER = "/open/shared/worker.mjs";
const worker = window.trustedTypes?.createPolicy("share-worker", { createScriptURL: () => WORKER }).createScriptURL("") ?? WORKER;
navigator.serviceWorker?.register(worker, { type: "module" }).catch(() => {}); // Then nothing is shared.
// A sealed file that the system hands over, where this site is installed as an app.
window.launchQueue?.setConsumer(async ({ files }) => openAmong(await Promise.all(files.map((one) => one.getFile()))));
