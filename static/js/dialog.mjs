// Questions before dangerous acts, over the page that they are about.  Without this script each question is a page of its
// own, and so it is wherever something is unexpected.

const dialog = document.getElementById("question");

/** Show the question of a page that the service answered; false if there is none in it. */
async function asked(response) {
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const question = page.querySelector("[data-question]");
  if (!response.ok || !question) return false;
  dialog.querySelector("h2").textContent = page.querySelector("h1").textContent;
  dialog.querySelector(".stack").replaceChildren(document.adoptNode(question));
  // A form without an address is sent to where its page was.
  for (const form of dialog.querySelectorAll("form:not([action])")) form.action = response.url;
  dialog.showModal();
  const fields = [...dialog.querySelectorAll("input:not([type=hidden]), textarea, [data-cancel]")];
  // What is folded away has no place, and cannot have the focus either.
  fields.find((field) => field.getClientRects().length)?.focus();
  return true;
}

document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-asks]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  const shown = await fetch(link.href).then(asked).catch(() => false);
  if (!shown) location.assign(link.href);
});

document.addEventListener("submit", async (event) => {
  const { target: form, submitter } = event;
  if (submitter?.hasAttribute("formaction")) return; // Leads to a page that asks more.
  const isList = form.matches(".chosen-rows");
  if (!(isList || submitter?.matches("[data-asks]")) || (isList && !new FormData(form).has("chosen"))) return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(form, submitter));
  const response = await fetch(form.action, { method: "POST", body }).catch(() => null);
  if (response && (await asked(response.clone()))) return;
  if (response?.redirected) return void location.assign(response.url); // It was done: this is what came of it.
  HTMLFormElement.prototype.submit.call(submitted(form, submitter));
}, { capture: true });

/** Return a form that sends what this button sends, asking nothing here. */
function submitted(form, submitter) {
  if (!submitter?.name) return form;
  form.append(Object.assign(document.createElement("input"), { type: "hidden", name: submitter.name, value: submitter.value }));
  return form;
}

dialog.dataset.ready = ""; // From now on questions are shown here.
dialog.addEventListener("click", (event) => {
  if (!event.target.closest("[data-cancel]")) return;
  event.preventDefault();
  dialog.close();
});
