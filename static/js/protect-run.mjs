// The list of files that are being protected: what is done and what is left, progress, cancelling and going on.

import { SUFFIX } from "./chancery-licenses.mjs";
import { Unreachable } from "./chancery-service.mjs";
import { State, nameOf } from "./protect-batch.mjs";
import { protectFile } from "./protect-file.mjs";
import { sendAhead } from "./protect-licenses.mjs";
import { configuration, element, fill, find, forgetIfGone, language, service, show, texts, withDevice, wordsOf } from "./page.mjs";

const SAVE_ALL_PAUSE = 400; // Milliseconds; a browser drops downloads that follow one another at once.

const WORDS = { [State.DONE]: texts.protected, [State.LEFT_OUT]: texts.left_out };

function refusal(error) {
  if (texts.failures[error.code]) return texts.failures[error.code];
  if (["NotFoundError", "NotReadableError", "NotAllowedError"].includes(error.name)) return texts.failures.unreadable;
  if (error.name === "QuotaExceededError") return texts.failures.full;
  if (error instanceof Unreachable) return texts.failures.unreachable;
  const { title, step } = wordsOf(error);
  return `${title} ${step}`.trim();
}

/** One file of the list. */
class Row {
  constructor(entry) {
    this.entry = entry;
    this.state = element("span", { className: "soft" });
    this.acts = element("span", { className: "row" });
    this.notes = element("div", { className: "soft", hidden: true });
    this.line = element("li", {}, element("span", { className: "who" }, entry.path), this.state, this.acts, this.notes);
    this.tell(WORDS[entry.state] ?? (entry.isMissing ? texts.missing : texts.waiting));
  }

  tell(text, isBad = false) {
    this.state.textContent = text;
    this.line.classList.toggle("bad", isBad);
  }

  offer(...acts) {
    this.acts.replaceChildren(...acts);
  }

  note(...lines) {
    this.notes.hidden = !lines.length;
    this.notes.replaceChildren(...lines.map((line) => element("p", {}, line)));
  }
}

export class Run {
  /** `termsRefused(batch, error)` is called when no file can be protected as the person wanted it. */
  constructor(batch, termsRefused) {
    Object.assign(this, { batch, termsRefused });
    this.rows = new Map(batch.entries.map((entry) => [entry, new Row(entry)]));
    this.stop = null;
    find("files_done").replaceChildren(...[...this.rows.values()].map(({ line }) => line));
    find("cancel").onclick = () => this.stop?.abort();
    find("go_on").onclick = () => this.goOn();
    find("save_all").onclick = () => this.#saveAll();
    find("again_files").onchange = ({ target }) => this.#attach([...target.files]);
  }

  /** Show what was left by a page before, and go on with it after the same click as far as no file is missing. */
  async resume() {
    show("done");
    await this.#offerDone();
    this.#conclude(texts.left);
    if (!find("go_on").hidden && find("again").hidden) await this.goOn();
  }

  /** Go on after a click: the browser and the person are asked for what it takes. */
  async goOn() {
    try {
      await this.batch.askAccess();
      await withDevice();
      await this.all(await service.organization(this.batch.head.organization));
    } catch (error) {
      await forgetIfGone(error);
      show("done");
      this.#conclude(refusal(error));
    }
  }

  /** Protect one file after the other; one that fails keeps no other one from being protected. */
  async all(place) {
    show("done");
    this.stop = new AbortController();
    for (const id of ["go_on", "restart", "save_all", "next", "again"]) find(id).hidden = true;
    find("cancel").hidden = find("whole").hidden = false;
    find("outcome").textContent = texts.working;
    const leaving = (event) => event.preventDefault();
    window.addEventListener("beforeunload", leaving);
    const { signal } = this.stop;
    const entries = this.batch.open;
    let refused = null;
    for (const [number, entry] of entries.entries()) {
      if (signal.aborted) break;
      this.#progress(number, entries.length, 0);
      refused = await this.#one(entry, place, signal, (part) => this.#progress(number, entries.length, part));
      if (refused) break;
    }
    window.removeEventListener("beforeunload", leaving);
    if (refused) return this.termsRefused(this.batch, refused);
    if (this.batch.head.ahead) await this.#sendAhead(place);
    await this.#offerDone(place);
    this.#conclude(this.#outcome(signal));
  }

  /** Put licenses beside what is protected; whoever gets none opens the file by asking the service, so nothing is lost. */
  async #sendAhead(place) {
    for (const entry of this.batch.done.filter(({ kept }) => !kept.ahead)) {
      const row = this.rows.get(entry);
      row.note(texts.ahead_working);
      try {
        const { results, file } = await sendAhead(place, entry.kept.cid);
        if (file) await this.#putBeside(entry, file);
        const none = results.filter(({ licenses }) => !licenses);
        row.note(
          ...(file ? [fill(texts.ahead_done, { file: nameOf(entry.output) + SUFFIX })] : []),
          ...none.map(({ recipient, message }) => fill(texts.ahead_none, { recipient, why: message })),
          ...(results.length ? [] : [texts.ahead_nobody]),
        );
        await this.batch.set(entry, { ahead: Boolean(file) });
      } catch (error) {
        row.note(`${texts.ahead_failed} ${refusal(error)}`);
      }
    }
  }

  /** Write the licenses where the protected copy is; beside a single file that was named, the browser lets nothing be. */
  async #putBeside(entry, file) {
    const place = this.batch.head.place?.kind === "file" ? null : this.batch.place;
    if (!place) return void (entry.licenses = new Blob([file]));
    const sink = await place.sink(entry.output + SUFFIX);
    await sink.write(file);
    await sink.close();
  }

  /** Protect one file; return the error that concerns all of them, null otherwise. */
  async #one(entry, place, signal, advance) {
    const row = this.rows.get(entry);
    const tell = (act) => (done, total) => {
      const part = done / Math.max(total, 1);
      row.tell(fill(texts[act], { percent: Math.floor(100 * part) }));
      advance((part + (act === "verifying")) / 2);
    };
    try {
      await protectFile(this.batch, entry, place, { notice: texts.notice, signal, tell });
      row.tell(WORDS[entry.state]);
    } catch (error) {
      row.tell(signal.aborted ? texts.waiting : refusal(error), !signal.aborted);
      if (signal.aborted) return null;
      if (error.code === "lost") row.offer(this.#anew(entry, row));
      if (error.isOfTerms) return error;
      await forgetIfGone(error);
    }
    return null;
  }

  #progress(number, count, part) {
    find("whole_bar").value = (number + part) / count;
    find("whole_text").textContent = fill(texts.whole, { number: number + 1, count, percent: Math.floor((100 * (number + part)) / count) });
  }

  /** Offer to protect a file a second time, which nothing does unasked. */
  #anew(entry, row) {
    const button = element("button", { type: "button", className: "quiet" }, texts.anew);
    button.onclick = async () => {
      await this.batch.anew(entry);
      row.offer();
      row.tell(entry.isMissing ? texts.missing : texts.waiting);
      this.#conclude(texts.left);
    };
    return button;
  }

  #attach(files) {
    this.batch.attach(files);
    for (const [entry, row] of this.rows) if (entry.isOpen && entry.source) row.tell(texts.waiting);
    this.#conclude(find("outcome").textContent);
  }

  #outcome(signal) {
    if (signal.aborted) return texts.cancelled;
    if (this.batch.open.length) return texts.some_failed;
    if (!this.batch.done.length) return texts.none_protected;
    return this.batch.isDownloads ? texts.all_done : fill(texts.all_written, { place: this.batch.place.name });
  }

  async #offerDone(place = null) {
    for (const entry of this.batch.done) {
      const acts = this.batch.isDownloads ? [await this.#save(entry)] : [];
      if (entry.kept.ahead && (this.batch.isDownloads || entry.licenses)) acts.push(await this.#saveLicenses(entry));
      if (place) acts.push(element("a", { href: `${place.origin}/documents/${entry.kept.cid}/` }, texts.track));
      this.rows.get(entry).offer(...acts.filter(Boolean));
    }
  }

  async #save(entry) {
    const blob = await this.batch.place.file(entry.output);
    if (!blob) return null;
    const name = nameOf(entry.output);
    const save = element("a", { className: "button", href: URL.createObjectURL(blob), download: name }, texts.save);
    save.append(element("span", { className: "visually-hidden" }, ` ${name}`));
    save.addEventListener("click", () => this.batch.saved(entry));
    return save;
  }

  async #saveLicenses(entry) {
    const blob = entry.licenses ?? (await this.batch.place.file(entry.output + SUFFIX));
    if (!blob) return null;
    const name = nameOf(entry.output) + SUFFIX;
    return element("a", { className: "button quiet", href: URL.createObjectURL(blob), download: name }, texts.save_licenses);
  }

  async #saveAll() {
    for (const link of find("files_done").querySelectorAll("a[download]")) {
      link.click();
      await new Promise((resolve) => { setTimeout(resolve, SAVE_ALL_PAUSE); });
    }
  }

  /** Show what can be done next. */
  #conclude(outcome) {
    this.stop = null;
    const { open, done, isDownloads } = this.batch;
    find("outcome").textContent = outcome;
    find("cancel").hidden = find("whole").hidden = true;
    find("restart").hidden = false;
    find("again").hidden = !open.some(({ isMissing }) => isMissing);
    find("go_on").hidden = !open.some(({ isMissing }) => !isMissing);
    find("save_all").hidden = !isDownloads || done.length < 2;
    find("kept").hidden = !isDownloads || !done.length;
    find("next").hidden = !done.length;
    const names = done.flatMap(({ output, kept }) => [nameOf(output), ...(kept.ahead ? [nameOf(output) + SUFFIX] : [])]);
    const files = new Intl.ListFormat(language).format(names);
    const mail = this.batch.head.page ? texts.mail_with_pages : texts.mail;
    find("mail").value = fill(mail, { files, address: `${configuration.iss}/open/` });
  }
}
