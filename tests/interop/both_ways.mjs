// Seals and opens files for the test beside it, one JSON object in each line: what to do, then what came of it.  The body
// seal is signed by whoever asks: a line with `facts` is answered by one with `token`.

import { openAsBlob } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";

import * as crypto from "../../static/js/chancery-crypto.mjs";
import * as objects from "../../static/js/chancery-objects.mjs";
import { unwrapped, wrapped } from "../../static/js/chancery-html.mjs";
import { openSealed } from "../../static/js/chancery-reader.mjs";
import { sealFile } from "../../static/js/chancery-writer.mjs";

const { fromBase64url: un64, toBase64url: b64 } = crypto;
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const next = async () => JSON.parse((await lines.next()).value);
const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);

async function trustOf({ statement, pinned, iss, now }) {
  const key = await crypto.VerifyKey.load(pinned.alg, un64(pinned.public));
  return objects.Chain.of(await objects.verifyStatement(statement, { pinned: key, iss, now }));
}

const DO = {
  async seal({ source, target, key, license, name, type, mtime }) {
    const blob = await openAsBlob(source);
    Object.defineProperty(blob, "lastModified", { value: mtime * 1000 });
    const sign = async (facts) => {
      say({ facts });
      return (await next()).token;
    };
    const settings = { key: un64(key), license: await objects.parsePublishing(license), name, type, notice: "Protected", sign };
    const sealed = await sealFile(blob, settings);
    await writeFile(target, new Uint8Array(await sealed.blob.arrayBuffer()));
    return {};
  },
  async wrap({ source, target, head }) {
    await writeFile(target, new Uint8Array(await (await wrapped(await openAsBlob(source), head)).arrayBuffer()));
    return {};
  },
  async open({ path, key }) {
    const file = await openSealed(await unwrapped(await openAsBlob(path)));
    const unlocked = await (await file.verify(trust)).unlock(un64(key));
    const leaves = [];
    for await (const leaf of unlocked.leaves()) leaves.push(leaf);
    return { ...unlocked.metadata, sha256: b64(await crypto.sha256(...leaves)), n: file.seal.n };
  },
};

const trust = await trustOf(await next());
for await (const line of { [Symbol.asyncIterator]: () => lines }) {
  const asked = JSON.parse(line);
  try {
    say({ code: "ok", ...(await DO[asked.do](asked)) });
  } catch (error) {
    if (!(error instanceof crypto.ChanceryError)) throw error;
    say({ code: error.code });
  }
}
