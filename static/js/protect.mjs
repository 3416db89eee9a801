// The page that protects files: which ones, who may open them, and where the protected copies go.

import { Batch, suffixOf } from "./protect-batch.mjs";
import { Source, chooseFiles, chooseFolder, dropped } from "./protect-choosing.mjs";
import { endOf, lastDayBefore } from "./days.mjs";
import { canChoose, choosePlace } from "./protect-places.mjs";
import { showLeft } from "./protect-left.mjs";
import { Unreachable } from "./chancery-service.mjs";
import { RecipientsEditor } from "./recipients.mjs";
import {
  configuration, element, fill, find, forgetIfGone, language, partsOfPage, progress, sayRefusal, service, show, texts, withDevice, wordsOf,
} from "./page.mjs";

partsOfPage("form", "device", "progress", "refused", "done");

const SHOWN = 20; // Names in the form; the list of a large folder would hide it.
let place = null;
let sources = [];
let goal = null;
let batch = null; // What was begun with this page's form.
let resumed = null; // What was begun by a page before.

// Who may open it

const people = new RecipientsEditor(find("people"), {
  suggest: async (text) => (await place.call("GET", `/api/v1/recipients/suggestions?${new URLSearchParams({ text })}`)).results,
  changed: () => say("people_error", ""),
});

const chosenWay = () => document.querySelector("[name=way]:checked").value;

function showWay() {
  find("by_template").hidden = chosenWay() !== "template";
  find("by_people").hidden = chosenWay() !== "people";
}

const hasPassed = (end) => end !== undefined && end * 1000 <= Date.now();

/** Return what the service is to publish, or null with the mistakes shown. */
function wanted() {
  if (chosenWay() === "template") return { template: find("template").value };
  find("people_error").textContent = "";
  if (people.hasText && !people.addTyped()) return null;
  const entries = people.entries.map(({ who, rights, until }) => ({
    who, rights: configuration.levels[rights], ...(until ? { until: endOf(until) } : {}),
  }));
  find("people_error").textContent = entries.length ? "" : texts.nobody;
  if (!entries.length) return null;
  const late = entries.find(({ until }) => hasPassed(until));
  if (late) return void people.blame(late.who, texts.past, "input");
  const day = find("until").value;
  const expires = day ? { expires: endOf(day) } : {};
  say("until_error", hasPassed(expires.expires) ? texts.past : "");
  if (hasPassed(expires.expires)) return null;
  const enforcement = find("viewer_only").checked ? "viewer" : "client";
  return { policy: { grants: entries, enforcement, watermark: find("watermark").checked }, ...expires };
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

// Which files, and where to

function say(id, text) {
  find(id).textContent = text;
}

function choose(found) {
  sources = found;
  goal = null;
  say("goal", "");
  say("files_error", "");
  find("downloads_way").checked = true;
  const more = sources.length - SHOWN;
  const names = sources.slice(0, SHOWN).map(({ path }) => path);
  if (more > 0) names.push(fill(texts.more, { number: more }));
  find("chosen").replaceChildren(...names.map((name) => element("li", {}, name)));
}

/** Take what is chosen or dropped; who closes the browser's own window changes their mind. */
async function chosenBy(act) {
  try {
    choose(await act());
  } catch (error) {
    if (error.name !== "AbortError") say("files_error", texts.failures.unreadable);
  }
}

/** Return the beginning of the web pages that are to carry the files, "" for sealed files. */
async function chosenPage() {
  if (!find("in_page").checked) return "";
  const answer = await fetch(`/protect/page-head/${place.statement.org}/`, { redirect: "error" }).catch(() => null);
  if (!answer?.ok) throw new Unreachable();
  return answer.text();
}

function aim(chosen) {
  goal = chosen;
  say("goal", goal.name);
  find("place_way").checked = true;
}

async function chooseGoal() {
  const single = sources.length === 1 && !sources[0].path.includes("/") ? sources[0].path + suffixOf(find("in_page").checked) : "";
  try {
    aim(await choosePlace(single));
  } catch (error) {
    if (error.name !== "AbortError") throw error;
    if (!goal) find("downloads_way").checked = true;
  }
}

/** Return the place that was chosen, null for downloads. */
const chosenPlace = () => (find("place_way").checked ? goal : null);

/** Say in words who may open the files. */
const whomOf = ({ template }) => (template ? find("template").selectedOptions[0].text : new Intl.ListFormat(language).format(people.names));

async function protect(terms) {
  say("terms_error", "");
  find("left").hidden = true;
  await withDevice();
  progress(texts.working);
  const { remembered } = service.device;
  batch = await Batch.begin({
    person: configuration.person, organization: place.statement.org, terms, whom: whomOf(terms), page: await chosenPage(), sources,
    ahead: find("ahead").checked && !find("in_page").checked, place: chosenPlace(), remember: remembered,
  });
  await (await runOf(batch)).all(place);
}

/** Return what protects a batch; it is loaded when it is first needed. */
async function runOf(wanted) {
  const { Run } = await import("./protect-run.mjs");
  return new Run(wanted, termsRefused);
}

/** Fill in what was wanted when a batch began. */
async function fillIn({ organization, terms, page, ahead }) {
  find("organization").value = organization;
  await enter(organization);
  find("in_page").checked = Boolean(page);
  find("ahead").checked = Boolean(ahead);
  find(terms.template ? "template_way" : "people_way").checked = true;
  showWay();
  if (terms.template) return void (find("template").value = terms.template);
  const { policy, expires } = terms;
  people.clear();
  for (const { who, rights, until } of policy.grants) {
    people.put({ who, rights: levelOf(rights), until: until ? lastDayBefore(until) : "" });
  }
  find("until").value = expires ? lastDayBefore(expires) : "";
  find("viewer_only").checked = policy.enforcement === "viewer";
  find("watermark").checked = policy.watermark;
}

/** Return the level that has these rights. */
const levelOf = (rights) =>
  Object.entries(configuration.levels).find(([, those]) => String([...those].sort()) === String([...rights].sort()))[0];

/** Go back to the form, with everything that was filled in and the same files, and say what is to be mended. */
async function termsRefused(refused, error) {
  const files = await refused.release();
  await (refused === resumed ? fillIn(refused.head) : enter(refused.head.organization));
  resumed = null;
  await begin();
  choose(files);
  if (!refused.isDownloads) aim(refused.place);
  const { title, step } = wordsOf(error);
  const isShown = people.blame(error.problem.entry, `${title} ${step}`);
  say("terms_error", isShown ? texts.mend_entry : `${title} ${step} ${texts.mend}`);
  if (!isShown) find("terms_error").scrollIntoView({ block: "center" });
}

async function submit(event) {
  event.preventDefault();
  say("files_error", sources.length ? "" : texts.no_file);
  const terms = wanted();
  if (!terms || !sources.length) return document.querySelector(".errors:not(:empty)")?.scrollIntoView({ block: "center" });
  try {
    await protect(terms);
  } catch (error) {
    await forgetIfGone(error);
    sayRefusal(error);
  }
}

async function restart() {
  await (resumed ?? batch)?.forget();
  batch = resumed = null;
  find("file").value = find("folder").value = "";
  choose([]);
  await begin();
  find("file").focus();
}

/** Show the form, and say so where something is left from another time. */
async function begin() {
  const left = await Batch.left(configuration.person).catch(() => []);
  show("form");
  showLeft(left, { goOn, forget: (one) => one.forget().then(begin) });
}

/** Go on with what was left from another time. */
async function goOn(left) {
  resumed = left;
  find("left").hidden = true;
  await (await runOf(left)).resume();
}

for (const [id, act] of [["file", chooseFiles], ["folder", chooseFolder]]) {
  find(id).addEventListener("change", ({ target }) => choose([...target.files].map(Source.ofFile)));
  find(id).addEventListener("click", (event) => {
    if (!canChoose) return;
    event.preventDefault();
    chosenBy(act);
  });
}
const drop = find("drop");
for (const [name, over] of [["dragenter", true], ["dragover", true], ["dragleave", false], ["drop", false]]) {
  drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.toggle("over", over);
    if (name === "drop") chosenBy(() => dropped(event.dataTransfer));
  });
}
find("places").hidden = !canChoose;
find("in_page").addEventListener("change", ({ target }) => {
  find("ahead").disabled = target.checked; // Licenses lie beside sealed files; a page is to be all there is.
  choose(sources);
});
find("place_way").addEventListener("change", () => goal ?? chooseGoal());
find("choose_place").addEventListener("click", chooseGoal);
for (const way of document.querySelectorAll("[name=way]")) way.addEventListener("change", showWay);
find("organization").addEventListener("change", ({ target }) => enter(target.value).catch(sayRefusal));
find("form").addEventListener("submit", submit);
find("copy").addEventListener("click", () => navigator.clipboard.writeText(find("mail").value));
for (const button of document.querySelectorAll("[data-restart]")) button.addEventListener("click", restart);
if (configuration.organizations.length) {
  enter(find("organization").value).then(begin, sayRefusal);
} else {
  find("nowhere").hidden = false;
}
