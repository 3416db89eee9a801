// Seals and verifies files in a thread of its own, so that the page stays at hand however large they are.  What needs the
// page is asked of it: writing to the place that the person chose, and this browser's signature.

import { unwrapped } from "./chancery-html.mjs";
import { Chain, openSealed } from "./chancery-reader.mjs";
import { parsePublishing } from "./chancery-objects.mjs";
import { sealFile } from "./chancery-writer.mjs";

const waiting = new Map();
let asked = 0;

/** Let the page do something, and return its answer; one leaf is on its way at a time, so that memory stays small. */
function ask(act, value) {
  asked += 1;
  return new Promise((resolve, reject) => {
    waiting.set(asked, { resolve, reject });
    postMessage({ act, number: asked, value });
  });
}

const sink = { write: (bytes) => ask("write", bytes), close: () => ask("close") };
const tell = (act) => (done, total) => postMessage({ act: "tell", value: { act, done, total } });

/** Open a sealed file as a recipient would: every part is verified before the person hears of success. */
async function verify(blob, key, statement) {
  const file = await openSealed(await unwrapped(blob));
  const unlocked = await (await file.verify(await Chain.of(statement))).unlock(key);
  const progress = tell("verifying");
  let done = 0;
  for await (const leaf of unlocked.leaves()) {
    done += leaf.length;
    progress(done, unlocked.metadata.size);
  }
}

async function seal({ file, license, statement, ...settings }) {
  const sealing = { ...settings, license: await parsePublishing(license), sign: (facts) => ask("sign", facts), sink };
  const { seal: token, blob } = await sealFile(file, { ...sealing, progress: tell("sealing") });
  await verify(blob, settings.key, statement);
  return { seal: token, blob };
}

self.onmessage = ({ data: { number, job, value } }) => {
  if (number) {
    waiting.get(number).resolve(value);
    waiting.delete(number);
    return;
  }
  seal(job).then(
    (done) => postMessage({ act: "done", value: done }),
    // Of an error, messages between threads keep no member of ours.
    ({ name, message, code }) => postMessage({ act: "failed", value: { name, message, code } }),
  );
};
