// Forms that hold recipients as lines of text, one "who: what" in each (grant-lines.mjs): with a script, the lines become a list to choose
// from.  The text stays what is sent, so that both ways mean the same.

import { read, write } from "./grant-lines.mjs";
import { RecipientsEditor } from "./recipients.mjs";

async function suggestions(address, text, signal) {
  const answer = await fetch(`${address}?${new URLSearchParams({ text })}`, { signal, headers: { Accept: "application/json" } });
  return answer.ok ? (await answer.json()).results : [];
}

/** Put whom the page has chosen already into the list, such as a group that was just made. */
function takeChoice({ add_who: choice, add_level: level }, organization, editor) {
  if (!choice?.value) return;
  editor.put(read(`${choice.value}: ${level.value}`, organization));
  editor.tell();
  choice.value = "";
}

function enhance(root) {
  const { suggest, organization } = root.dataset;
  const text = document.getElementById(root.dataset.text);
  const lines = text.value.split("\n").map((line) => line.trim()).filter(Boolean);
  const entries = lines.map((line) => read(line, organization));
  const twice = new Set(entries.map((entry) => entry?.who)).size < entries.length;
  // A mistake in a line, or two lines about one recipient, is mended where the line is.
  if (text.getAttribute("aria-invalid") === "true" || entries.includes(null) || twice) return;
  const editor = new RecipientsEditor(root, {
    suggest: (typed, signal) => suggestions(suggest, typed, signal),
    changed: () => { text.value = editor.entries.map((entry) => write(entry, organization)).join("\n"); },
  });
  for (const entry of entries) editor.put(entry);
  takeChoice(text.form.elements, organization, editor);
  const plain = document.querySelectorAll(`[data-plain-for="${text.id}"]`);
  for (const one of plain) one.hidden = true;
  root.querySelector("[data-as-text]").addEventListener("click", () => {
    root.hidden = true;
    for (const one of plain) one.hidden = false;
    text.focus();
  });
  text.form.addEventListener("submit", (event) => {
    if (!root.hidden && editor.hasText && !event.submitter?.formNoValidate && !editor.addTyped()) event.preventDefault();
  });
}

document.querySelectorAll("[data-recipients-editor][data-text]").forEach(enhance);
