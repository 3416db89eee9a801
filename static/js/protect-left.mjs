// What was not finished, or not saved, by pages before: each batch with its files, its time and its recipients.

import { element, fill, find, language, texts } from "./page.mjs";

const NAMES = 3;

const named = (entries) => {
  const paths = entries.slice(0, NAMES).map(({ path }) => path);
  const more = entries.length - paths.length;
  return [...paths, ...(more > 0 ? [fill(texts.more, { number: more })] : [])].join(", ");
};

function about({ head, open, entries }) {
  const when = new Date(head.at).toLocaleString(language === "en" ? "en-GB" : language, { dateStyle: "medium", timeStyle: "short" });
  const left = open.length ? fill(texts.left_open, { open: open.length, count: entries.length }) : texts.left_unsaved;
  return `${fill(texts.left_begun, { when, whom: head.whom })} ${left}`;
}

/** Show these batches; `goOn(batch)` and `forget(batch)` are what can be done with each. */
export function showLeft(batches, { goOn, forget }) {
  const button = (text, files, act, className) => {
    const made = element("button", { type: "button", className, onclick: act }, text);
    made.append(element("span", { className: "visually-hidden" }, ` ${files}`));
    return made;
  };
  const rows = batches.map((batch) => {
    const files = named(batch.open.length ? batch.open : batch.unsaved);
    return element(
      "li", {}, element("strong", {}, files), element("span", {}, about(batch)),
      element("span", { className: "row" }, button(texts.go_on, files, () => goOn(batch), ""), button(texts.forget, files, () => forget(batch), "quiet")),
    );
  });
  find("left_batches").replaceChildren(...rows);
  find("left").hidden = !rows.length;
}
