// Opening without an account: the panel that leads to the sign-in page, or asks for an address and the code mailed to it.
//
// What comes of a code is held by this tab's memory alone: closing the tab forgets it.

import { toBase64url } from "./chancery-crypto.mjs";
import { now } from "./chancery-service.mjs";
import { find, progress, service, show, texts, wordsOf } from "./page.mjs";

const only = (id) => ["by_mail", "enter_code"].forEach((one) => { find(one).hidden = one !== id; });

function say(id, error) {
  const { title, step } = error ? wordsOf(error) : { title: "", step: "" };
  find(id).textContent = [title, step].filter(Boolean).join(" ");
  find(id).hidden = !error;
}

/** Call an act while its button rests, and say beside the field what went wrong. */
async function attempt(form, errors, act) {
  const button = form.querySelector("[type=submit]");
  button.disabled = true;
  say(errors, null);
  try {
    return await act();
  } catch (error) {
    say(errors, error);
    return null;
  } finally {
    button.disabled = false;
  }
}

function ask(license, address) {
  return service.page("/open/code/", {
    organization: license.org, document: license.cid, digest: toBase64url(license.digest), address,
  });
}

/** Return when the code was entered; the person may ask for another one, for another address too. */
function codeEntered(license) {
  return new Promise((resolve) => {
    const [mail, code] = [find("by_mail"), find("enter_code")];
    const asked = async () => {
      if (await attempt(mail, "address_errors", () => ask(license, find("address").value))) {
        find("sent_to").textContent = find("address").value;
        find("code").value = "";
        say("code_errors", null);
        only("enter_code");
        find("code").focus();
      }
    };
    mail.onsubmit = (event) => { event.preventDefault(); asked(); };
    code.onsubmit = async (event) => {
      event.preventDefault();
      const entered = await attempt(code, "code_errors", () => service.page("/open/code/enter/", { code: find("code").value }));
      if (entered) resolve(entered);
      else find("code").select();
    };
    find("another_code").onclick = () => {
      only("by_mail");
      find("address").focus();
    };
  });
}

const isOver = (outsider, license) => outsider.organization !== license.org || outsider.ends <= now();

/** Make sure that this tab acts as somebody: the person who is signed in, or who enters a code for this document. */
export async function withPerson(license) {
  if (service.outsider && isOver(service.outsider, license)) service.leave();
  if (service.person) return;
  show("identify");
  only("by_mail");
  find("address").focus();
  const entered = await codeEntered(license);
  progress(texts.enrolling);
  service.enter({ ...entered, organization: license.org, address: find("address").value });
}
