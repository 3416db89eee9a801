// What the pages share whose script is a client of the API: configuration, words for what went wrong, and the device.

import { forgetDevice, keepDevice, keptDevice } from "./chancery-device.mjs";
import { Service, ServiceError, Unreachable } from "./chancery-service.mjs";

export const find = (id) => document.getElementById(id);
/** Make an element of the page. */
export const element = (name, properties, ...children) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
};

/** Fill values into a text. */
export const fill = (text, values) => Object.entries(values).reduce((filled, [name, value]) => filled.replace(`{${name}}`, () => String(value)), text);

const read = (id) => JSON.parse(find(id).textContent);
export const texts = read("texts");
export const configuration = read("configuration");
export const language = document.documentElement.lang;
const csrf = document.querySelector("[name=csrfmiddlewaretoken]").value;
export const service = new Service(configuration, csrf, language);

let parts = [];

/** Show some of the page's parts and hide all others; called once with all of them. */
export const partsOfPage = (...ids) => { parts = ids; };
export function show(...ids) {
  for (const id of parts) find(id).hidden = !ids.includes(id);
}

export function progress(text) {
  find("progress").textContent = text;
  show("progress");
}

/** Return what a person reads about an error: what happened, what to do, whom to ask. */
export function wordsOf(error) {
  if (error instanceof ServiceError) {
    return { title: error.message, step: error.problem.next_step ?? "", contact: error.problem.contact ?? "" };
  }
  if (error instanceof Unreachable) return { title: texts.unreachable, step: texts.unreachable_step, contact: "" };
  const known = texts.errors[error.code];
  return known ? { title: known[0], step: known[1], contact: "" } : { title: error.message, step: "", contact: "" };
}

/** Show what a revocation says beside: the message, and the document that replaces this one. */
function sayRevocation({ message_to_recipients: message, successor }) {
  find("refused_message").textContent = message ? fill(texts.revocation_message, { message }) : "";
  const place = find("refused_successor");
  place.replaceChildren();
  if (!successor) return;
  if (!successor.page) place.textContent = texts.successor_unknown;
  else place.append(`${texts.successor} `, element("a", { href: successor.page, textContent: successor.title || successor.page }));
}

/** Tell the person why it goes no further. */
export function sayRefusal(error) {
  const { title, step, contact } = wordsOf(error);
  find("refused_title").textContent = title;
  const pause = error instanceof ServiceError ? error.problem.page_of_pause : "";
  // The step of a paused person ends with the address of the page where they go on.
  if (pause) find("refused_step").replaceChildren(step.replace(pause, ""), element("a", { href: pause, textContent: pause }));
  else find("refused_step").textContent = step;
  sayRevocation(error instanceof ServiceError ? error.problem : {});
  find("refused_contact").textContent = contact ? texts.contact.replace("{contact}", contact) : "";
  const stale = error instanceof ServiceError && (error.status === 401 || error.code === "fresh_sign_in_required");
  find("again").hidden = !stale || Boolean(service.outsider);
  show("refused");
  find("refused").scrollIntoView({ block: "nearest" });
}

// The device

const chosen = () =>
  new Promise((resolve) => {
    show("device");
    find("own").addEventListener("click", () => resolve(true), { once: true });
    find("shared").addEventListener("click", () => resolve(false), { once: true });
    find("own").focus();
  });

function systemName() {
  const system = navigator.userAgentData?.platform || /\(([^;)]+)/.exec(navigator.userAgent)?.[1] || "";
  const brand = navigator.userAgentData?.brands?.find(({ brand: name }) => !/Not.?A.?Brand/i.test(name))?.brand;
  const browser = brand ?? /(Firefox|Edg|Chrome|Safari)\//.exec(navigator.userAgent)?.[1] ?? "Browser";
  return [browser, system].filter(Boolean).join(", ").slice(0, 100);
}

/** Make sure that this browser is a device of the person; asks whose computer it is the first time. */
export async function withDevice() {
  if (service.device) return;
  if (service.outsider) {
    await service.enroll(systemName(), "browser");
    return;
  }
  const kept = await keptDevice(configuration.person).catch(() => null);
  if (kept) {
    kept.remembered = true;
    return void service.use(kept);
  }
  const before = sharedBefore();
  const remember = before ? false : await chosen();
  progress(texts.enrolling);
  const name = remember ? systemName() : fill(texts.shared_name, { browser: systemName() });
  const device = await service.enroll(name, "browser");
  device.remembered = remember;
  await keep(device);
  if (!remember) await noteShared({ device: device.id, name }, before);
}

// On a shared computer the keys are gone with each page.  The tab keeps the answer, so that a reload does not ask again, and
// which device it was, which the next one takes out of service: nothing can use it any more.

const SHARED = "shared";
const ofPerson = () => `${SHARED} ${configuration.person}`;
const tabOf = (device, act, options = {}) => navigator.locks.request(`chancery-${SHARED}-${device}`, options, act);

function sharedBefore() {
  const noted = sessionStorage.getItem(ofPerson());
  return noted && JSON.parse(noted);
}

async function noteShared(noted, before) {
  sessionStorage.setItem(ofPerson(), JSON.stringify(noted));
  tabOf(noted.device, () => new Promise(() => {}));
  if (!before) return;
  const revoke = () => service.call("DELETE", service.iss, `/api/v1/devices/${before.device}`, { body: { confirm: before.name } });
  // Another tab may be a copy of this one and still hold its keys; a device that cannot be revoked stays in the list.
  await tabOf(before.device, (lock) => lock && revoke().catch(() => {}), { ifAvailable: true });
}

/** Forget a device that the service does not know any more, so that the next file makes a new one. */
export async function forgetIfGone(error) {
  const gone = error instanceof ServiceError && (error.code === "not_found" || error.status === 422);
  if (!gone || !service.device) return;
  service.use(null);
  await forgetDevice(configuration.person).catch(() => {});
}

/** Keep a device in this browser, unless the computer is a shared one. */
export const keep = async (device) => device.remembered && keepDevice(configuration.person, device);
