// The page that opens a sealed file: it leads through the steps, and shows what came of each.

import { openSealed } from "./chancery-reader.mjs";
import { contentKey } from "./chancery-objects.mjs";
import { Reports } from "./chancery-reports.mjs";
import { ServiceError, Unreachable } from "./chancery-service.mjs";
import { withPerson } from "./open-by-code.mjs";
import {
  configuration, find, forgetIfGone, keep, language, partsOfPage, progress, sayRefusal, service, show, texts, withDevice, wordsOf,
} from "./page.mjs";

const HEARTBEAT = 30_000;
const MOST_BYTES = 2 ** 31;
const REPORTED = { copied: "EXTRACT", printed: "PRINT" }; // What the frame reports, and the right that each takes.

/** A moment as the other pages write it, in the time zone of this browser, which it names. */
function moment(seconds) {
  const parts = { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short" };
  return new Date(seconds * 1000).toLocaleString(language === "en" ? "en-GB" : language, parts);
}

let current = null;
partsOfPage("choose", "identify", "device", "progress", "refused", "opened");

function restart() {
  current?.close();
  current = null;
  find("title").textContent = texts.title;
  find("lead").hidden = false;
  find("file").value = "";
  show("choose");
  find("file").focus();
}

function refuse(error, question = null) {
  current?.close();
  find("ask").hidden = question === null;
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

class Opened {
  constructor(place, unlocked, use, still) {
    Object.assign(this, { place, unlocked, use, still, parts: [], port: null });
    this.reports = new Reports(place, use.cid);
    this.may = (right) => use.rights.includes(right) || use.rights.includes("OWNER");
  }

  /** Decrypt leaf by leaf; each is verified before it counts. */
  async decrypt() {
    const total = this.unlocked.metadata.size;
    let done = 0;
    for await (const leaf of this.unlocked.leaves()) {
      this.parts.push(leaf);
      done += leaf.length;
      if (total > 2 ** 22) progress(texts.decrypting.replace("{percent}", String(Math.floor((100 * done) / total))));
    }
  }

  present() {
    const { name } = this.unlocked.metadata;
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
    show("opened");
    this.#intoFrame(name);
    this.beat = setInterval(() => this.#check(), HEARTBEAT);
  }

  #intoFrame(name) {
    const frame = find("frame");
    frame.hidden = false;
    const channel = new MessageChannel();
    this.port = channel.port1;
    this.port.onmessage = ({ data }) => {
      if (data.asset) giveAsset(this.port, data);
      if (data === "copy_refused") find("copy_refused").hidden = false;
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
      const content = { name, size: this.unlocked.metadata.size, parts: this.parts, may };
      // The frame has no origin that could be named; the port and the content go to this one window.
      frame.contentWindow.postMessage(content, "*", [channel.port2]);
    };
    window.addEventListener("message", this.ready);
    frame.src = "/open/viewer/";
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
    const blob = new Blob(this.parts, { type: "application/octet-stream" });
    Object.assign(link, { href: URL.createObjectURL(blob), download: this.unlocked.metadata.name });
    link.click();
    this.reports.add("exported");
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }

  close() {
    clearInterval(this.beat);
    window.removeEventListener("message", this.ready);
    this.port?.postMessage("forget");
    this.parts = [];
    find("frame").removeAttribute("src");
    find("frame").src = "about:blank";
  }
}

async function open(source) {
  if (source.size > MOST_BYTES) throw Object.assign(new Error(texts.too_large), { code: "too_large" });
  progress(texts.checking);
  const file = await openSealed(source);
  await withPerson(file.license);
  await withDevice();
  progress(texts.asking);
  const place = await service.organization(file.license.org);
  try {
    const authentic = await file.verify(place.chain);
    const { use, still } = await place.license(authentic, keep);
    const unlocked = await authentic.unlock(await contentKey(use, service.device.decryptionKey));
    const opened = new Opened(place, unlocked, use, still);
    progress(texts.decrypting.replace("{percent}", "0"));
    await opened.decrypt();
    current = opened;
    opened.present();
  } catch (error) {
    if (error instanceof ServiceError && error.reason) return refuse(error, await Question.of(place, file.license.cid));
    throw error;
  }
}

async function openOrSay(source) {
  try {
    await open(source);
  } catch (error) {
    await forgetIfGone(error);
    refuse(error);
  }
}

find("file").addEventListener("change", ({ target }) => target.files[0] && openOrSay(target.files[0]));
const drop = find("choose");
for (const [name, over] of [["dragenter", true], ["dragover", true], ["dragleave", false], ["drop", false]]) {
  drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.toggle("over", over);
    if (name === "drop" && event.dataTransfer.files[0]) openOrSay(event.dataTransfer.files[0]);
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
// A sealed file that the system hands over, where this site is installed as an app.
window.launchQueue?.setConsumer(async ({ files }) => files[0] && openOrSay(await files[0].getFile()));
