// The page that protects files: who may open them, then each file is sealed here, checked, and given back.

import { openSealed } from "./chancery-reader.mjs";
import { sealFile } from "./chancery-writer.mjs";
import { RecipientsEditor } from "./recipients.mjs";
import {
  configuration, find, forgetIfGone, language, partsOfPage, sayRefusal, service, show, texts, withDevice, wordsOf,
} from "./page.mjs";

partsOfPage("form", "device", "progress", "refused", "done");

const KINDS = { txt: "text/plain", pdf: "application/pdf", png: "image/png", jpg: "image/jpeg", csv: "text/csv", json: "application/json" };
let place = null;
let files = [];

const element = (name, properties, ...children) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
};

// Who may open it

const people = new RecipientsEditor(find("people"), {
  suggest: async (text) => (await place.call("GET", `/api/v1/recipients/suggestions?${new URLSearchParams({ text })}`)).results,
});

const chosenWay = () => document.querySelector("[name=way]:checked").value;

function showWay() {
  find("by_template").hidden = chosenWay() !== "template";
  find("by_people").hidden = chosenWay() !== "people";
}

/** Return what the service is to publish, or null with the mistakes shown. */
function wanted() {
  if (chosenWay() === "template") return { template: find("template").value };
  find("people_error").textContent = "";
  if (people.hasText && !people.addTyped()) return null;
  const entries = people.entries.map(({ who, rights }) => ({ who, rights: configuration.levels[rights] }));
  find("people_error").textContent = entries.length ? "" : texts.nobody;
  if (!entries.length) return null;
  const until = find("until").value;
  const expires = until ? { expires: Math.floor(new Date(`${until}T23:59:59`).getTime() / 1000) } : {};
  return { policy: { grants: entries }, ...expires };
}

/** Ask the organization which templates it offers. */
async function enter(id) {
  place = await service.organization(id);
  const offered = await place.call("GET", "/api/v1/templates?offered=true");
  const options = offered.results.map((one) => element("option", { value: one.id }, one.name));
  find("template").replaceChildren(...options);
  find("way_template").hidden = !options.length;
  if (!options.length) find("people_way").checked = true;
  showWay();
}

// Sealing

function row(file) {
  const state = element("span", { className: "soft" }, texts.waiting);
  const line = element("li", {}, element("span", { className: "who" }, file.name), state);
  find("files_done").append(line);
  return { line, state, tell: (text) => { state.textContent = text; } };
}

/** Open the sealed file as a recipient would: every part is verified before the person hears of success. */
async function verified(blob, key) {
  const file = await openSealed(blob);
  const unlocked = await (await file.verify(place.chain)).unlock(key);
  for await (const leaf of unlocked.leaves()) void leaf;
}

async function sealOne(file, terms, { line, tell }) {
  const { license, key, sign } = await place.publish({ ...terms, title: file.name.slice(0, 255) });
  const type = KINDS[file.name.split(".").at(-1).toLowerCase()] ?? "application/octet-stream";
  const percent = (done, total) => tell(texts.sealing.replace("{percent}", String(Math.floor((100 * done) / Math.max(total, 1)))));
  const { seal, blob } = await sealFile(file, { key, license, name: file.name, type, notice: texts.notice, sign, progress: percent });
  tell(texts.verifying);
  await verified(blob, key);
  await place.register(license, seal);
  const save = element("a", { className: "button", href: URL.createObjectURL(blob), download: `${file.name}.sealed` }, texts.save);
  save.append(element("span", { className: "visually-hidden" }, ` ${file.name}.sealed`));
  const track = element("a", { href: `${place.origin}/documents/${license.cid}/` }, texts.track);
  tell(texts.protected);
  line.append(save, track);
}

async function sealAll(terms) {
  show("done");
  find("files_done").replaceChildren();
  find("outcome").textContent = texts.working;
  const rows = files.map((file) => [file, row(file)]);
  const names = [];
  for (const [file, shown] of rows) {
    try {
      await sealOne(file, terms, shown);
      names.push(`${file.name}.sealed`);
    } catch (error) {
      const { title, step } = wordsOf(error);
      shown.tell(`${title} ${step}`.trim());
      shown.line.classList.add("bad");
      await forgetIfGone(error);
    }
  }
  find("outcome").textContent = names.length < rows.length ? texts.some_failed : texts.all_done;
  find("next").hidden = !names.length;
  find("mail").value = texts.mail.replace("{files}", new Intl.ListFormat(language).format(names)).replace("{address}", `${configuration.iss}/open/`);
}

async function submit(event) {
  event.preventDefault();
  find("files_error").textContent = files.length ? "" : texts.no_file;
  const terms = wanted();
  if (!terms || !files.length) return document.querySelector(".errors:not(:empty)")?.scrollIntoView({ block: "center" });
  try {
    await withDevice();
    await sealAll(terms);
  } catch (error) {
    await forgetIfGone(error);
    sayRefusal(error);
  }
}

function choose(list) {
  files = [...list].filter((file) => file.size > 0 || file.type || file.name.includes("."));
  find("chosen").replaceChildren(...files.map((file) => element("li", {}, file.name)));
  find("files_error").textContent = "";
}

find("file").addEventListener("change", ({ target }) => choose(target.files));
const drop = find("drop");
for (const [name, over] of [["dragenter", true], ["dragover", true], ["dragleave", false], ["drop", false]]) {
  drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.toggle("over", over);
    if (name === "drop") choose(event.dataTransfer.files);
  });
}
for (const way of document.querySelectorAll("[name=way]")) way.addEventListener("change", showWay);
find("organization").addEventListener("change", ({ target }) => enter(target.value).catch(sayRefusal));
find("form").addEventListener("submit", submit);
find("copy").addEventListener("click", () => navigator.clipboard.writeText(find("mail").value));
for (const button of document.querySelectorAll("[data-restart]")) {
  button.addEventListener("click", () => {
    files = [];
    find("file").value = "";
    choose([]);
    show("form");
    find("file").focus();
  });
}
if (configuration.organizations.length) {
  enter(find("organization").value).then(() => show("form"), sayRefusal);
} else {
  find("nowhere").hidden = false;
}
