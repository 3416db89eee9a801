// Runs the vectors against the JavaScript implementation: `node tests/interop/run.mjs`.
// Prints one JSON object with the number of vectors that passed and a line for each that did not.

import { readFileSync } from "node:fs";

import * as crypto from "../../static/js/chancery-crypto.mjs";
import * as objects from "../../static/js/chancery-objects.mjs";
import { readPolicy } from "./policy.mjs";
import { verifyPublishing } from "./publishing.mjs";
import { decodeLicenses, encodeLicenses, openCarried } from "../../static/js/chancery-licenses.mjs";
import { openSealed } from "../../static/js/chancery-reader.mjs";

const { fromBase64url: un64, toBase64url: b64 } = crypto;
const load = (name) => JSON.parse(readFileSync(new URL(`../vectors/${name}`, import.meta.url), "utf8"));
const unfold = (text, pool) => text.replaceAll(/\{([^}]+)\}/g, (_, name) => pool[name]);
const verifyKey = (described) => crypto.VerifyKey.load(described.alg, un64(described.public));
const decryptionKey = ({ kem, private: secret, public: open }) =>
  crypto.KEMS[kem].lattice === undefined ? crypto.DecryptionKey.load(kem, un64(secret), un64(open)) : { kem };

const failures = [];
let passed = 0;
let beyond = 0;

async function expect(name, expected, run) {
  let found;
  let result = {};
  try {
    result = (await run()) ?? {};
    found = "ok";
  } catch (error) {
    if (!(error instanceof crypto.ChanceryError)) {
      failures.push(`${name}: ${error.stack}`);
      return;
    }
    found = error.code;
  }
  const right = expected.outcome === "refused" ? found !== "ok" : found === expected.outcome;
  const differs = Object.entries(expected.result ?? {}).filter(
    ([key, value]) => JSON.stringify(result[key]) !== JSON.stringify(value),
  );
  if (right && !differs.length) passed += 1;
  else failures.push(`${name}: expected ${expected.outcome}, found ${found} ${JSON.stringify(differs)}`);
}

class World {
  constructor(document, test) {
    Object.assign(this, { document, test, described: document.worlds[test.world] });
    this.now = test.now ?? this.described.now;
  }

  token(name) {
    const reference = this.test[name] ?? this.described[name];
    return unfold(this.document.tokens[reference], this.document.pool);
  }

  tokens(name) {
    return (this.test[name] ?? []).map((reference) => unfold(this.document.tokens[reference], this.document.pool));
  }

  pinned() {
    return verifyKey(this.described.pinned);
  }

  async statement(token = this.token("statement"), now = this.described.now) {
    return objects.verifyStatement(token, { pinned: await this.pinned(), iss: this.described.iss, now });
  }

  async trust() {
    return objects.Chain.of(await this.statement());
  }

  async chain() {
    return (await this.trust()).learn(this.token("delegation"));
  }

  async feed(chain, name) {
    let state = objects.newFeed(this.described.org);
    for (const token of this.tokens(name)) state = objects.advanceFeed(state, await objects.verifyFeed(token, chain));
    return state;
  }
}

const CHECKS = {
  statement: (world, token) => world.statement(token, world.now).then(() => ({})),
  delegation: async (world, token) => void (await (await world.trust()).learn(token)),
  account: async (world, token) =>
    void (await objects.verifyAccount(token, { pinned: await world.pinned(), dev: world.described.dev, now: world.now })),
  licensor: async (world, token) => void (await objects.verifyLicensor(token, await world.chain())),
  edit: async (world, token) =>
    void (await objects.verifyEdit(token, await world.chain(), await objects.digestOf(world.token("license")))),
  async publishing(world, token) {
    const { license, envelope, within } = await verifyPublishing(token, {
      org: world.described.org,
      tenantKeys: (await world.statement()).tenantKeys,
      chain: await world.chain(),
      key: await decryptionKey(world.described.tenant_encryption),
    });
    return {
      cid: license.cid, digest: b64(license.digest), within_certificate: within, issuer: envelope.issuer,
      content_key: b64(envelope.key),
    };
  },
  async use(world, token) {
    const { sub, dev, device_encryption: key } = world.described;
    const use = await objects.verifyUse(token, { chain: await world.chain(), sub, dev });
    return { content_key: b64(await objects.contentKey(use, await decryptionKey(key))) };
  },
  async opening(world, token) {
    const chain = await world.chain();
    const account = await objects.verifyAccount(world.token("account"), {
      pinned: await world.pinned(), dev: world.described.dev, now: world.described.now,
    });
    const license = await objects.parsePublishing(world.token("license"));
    const seal = await objects.parseSeal(world.token("seal"));
    const sealer = await objects.verifySeal(seal, license, await world.trust());
    const feed = await world.feed(chain, "feed");
    const use = await objects.acceptUse(token, {
      chain, account, license, seal, sealer, now: world.now, feed, stored: world.test.stored,
    });
    return { content_key: b64(await objects.contentKey(use, await decryptionKey(world.described.device_encryption))) };
  },
  async batch(world, token) {
    const { sub, dev, device_encryption: key } = world.described;
    const batch = await objects.verifyBatch(token, { chain: await world.chain(), sub, dev });
    return { keys: (await objects.batchKeys(batch, await decryptionKey(key))).map(b64) };
  },
  async seal(world, token) {
    const license = await objects.parsePublishing(world.token("license"));
    const sealer = await objects.verifySeal(await objects.parseSeal(token), license, await world.trust());
    return { by_edit: sealer.byEdit };
  },
  async feed(world, token) {
    const chain = await world.chain();
    const state = objects.advanceFeed(await world.feed(chain, "statements"), await objects.verifyFeed(token, chain));
    return { seq: state.seq, as_of: state.asOf };
  },
  async proof(world, token) {
    const { method, url, token: access, body } = world.test.request;
    const request = { method, url, token: access, body: un64(body) };
    await objects.verifyProof(token, { key: await verifyKey(world.described.device_signing), request, now: world.now });
  },
};

async function runObjects() {
  const document = load("objects.json");
  for (const test of document.cases) {
    const world = new World(document, test);
    if (test.world === "hybrid" && test.object === "publishing") {
      beyond += 1; // the tenant key is ML-KEM, which WebCrypto does not have
      continue;
    }
    await expect(test.name, { outcome: test.expect, result: test.result }, () =>
      CHECKS[test.object](world, world.token("token")),
    );
  }
}

async function runPolicies() {
  for (const test of load("policies.json").cases) {
    await expect(`policy/${test.name}`, { outcome: test.expect, result: test.result }, async () => ({
      ends: readPolicy(test.policy).grants.map(({ until }) => until),
    }));
  }
}

async function runProfile() {
  for (const test of load("jws.json").cases) {
    await expect(`profile/${test.name}`, { outcome: test.expect }, async () =>
      objects.verifySignature(objects.parse(test.token, test.typ), await verifyKey(test.key)),
    );
  }
}

const joined = (pieces, pool) =>
  crypto.concat(
    ...pieces.map((piece) =>
      piece.startsWith("{") ? crypto.ascii(unfold(piece, pool)) : new Uint8Array(Buffer.from(piece, "base64")),
    ),
  );

async function original(described, key, pool) {
  if (described.bytes) return joined(described.bytes, pool);
  const [head, tail] = [joined(described.head, pool), joined(described.tail, pool)];
  const view = new DataView(head.buffer);
  const start = 12 + view.getUint32(8);
  const license = new TextDecoder().decode(head.slice(start + 4, start + 4 + view.getUint32(start)));
  const context = crypto.concat(crypto.LABELS.body, await objects.digestOf(license));
  const cipher = await crypto.ChunkCipher.derive(key, context, head.slice(-56, -32));
  const plain = Uint8Array.from({ length: described.plain_length }, (_, i) => i % 251);
  const chunks = [];
  for (let at = 0; at <= plain.length; at += crypto.CHUNK) {
    chunks.push(await cipher.seal(at / crypto.CHUNK, plain.slice(at, at + crypto.CHUNK)));
  }
  return crypto.concat(head, ...chunks, tail);
}

function apply(data, change) {
  if (change.swap) {
    const [first, second, length] = change.swap;
    const copy = data.slice();
    copy.set(data.subarray(second, second + length), first);
    copy.set(data.subarray(first, first + length), second);
    return copy;
  }
  if (change.flip) {
    const copy = data.slice();
    copy[change.flip] ^= 1;
    return copy;
  }
  if (change.twice) return crypto.concat(data, data);
  const insert = new Uint8Array(Buffer.from(change.insert, "base64"));
  return crypto.concat(data.subarray(0, change.at), insert, data.subarray(change.at + change.remove));
}

async function openFile(data, chain, key) {
  const unlocked = await (await (await openSealed(new Blob([data]))).verify(chain)).unlock(key);
  const leaves = [];
  for await (const leaf of unlocked.leaves()) leaves.push(leaf);
  return { ...unlocked.metadata, sha256: b64(await crypto.sha256(...leaves)) };
}

async function runFiles() {
  const document = load("files.json");
  const key = un64(document.content_key);
  const worlds = load("objects.json");
  const originals = {};
  for (const test of document.cases) {
    const chain = await new World(worlds, { world: test.world }).trust();
    originals[test.file] ??= await original(document.files[test.file], key, worlds.pool);
    const data = test.changes.reduce(apply, originals[test.file]);
    await expect(`files/${test.name}`, { outcome: test.expect, result: test.result }, () => openFile(data, chain, key));
  }
}

const check = (name, right) => expect(name, { outcome: "ok", result: { right: true } }, async () => ({ right }));

async function runPrimitives() {
  const document = load("primitives.json");
  for (const test of document.signatures) {
    await expect(`signatures/${test.name}`, { outcome: test.expect }, async () =>
      (await verifyKey(test)).verify(un64(test.signature), un64(test.message)),
    );
  }
  for (const test of document.sealed) {
    if (crypto.KEMS[test.kem].lattice) {
      beyond += 1;
      continue;
    }
    const result = test.expect === "ok" ? { plaintext: test.plaintext } : undefined;
    await expect(`sealed/${test.name}`, { outcome: test.expect, result }, async () => ({
      plaintext: b64(await crypto.unseal(await decryptionKey(test), un64(test.blob), un64(test.info))),
    }));
  }
  for (const test of document.wrapped) {
    const result = test.expect === "ok" ? { plaintext: test.plaintext } : undefined;
    await expect(`wrapped/${test.name}`, { outcome: test.expect, result }, async () => ({
      plaintext: b64(await crypto.unwrap(un64(test.key), un64(test.blob), un64(test.aad))),
    }));
  }
  for (const [i, test] of document.json.entries()) {
    await expect(`json/${i}`, { outcome: test.expect }, async () => void objects.decodeJson(un64(test.text)));
  }
  for (const test of document.keys) {
    await check(`keys/${test.name}`, b64(await crypto.keyId(un64(test.public))) === test.key_id);
  }
  await runHashes(document.hashes);
  for (const test of document.messages) {
    const plain = Uint8Array.from({ length: test.length }, (_, i) => i % 251);
    const [key, context] = [un64(test.key), un64(test.context)];
    const cipher = await crypto.ChunkCipher.derive(key, context, un64(test.salt));
    const parts = [un64(test.salt), cipher.commitment];
    for (let at = 0; at <= plain.length; at += crypto.CHUNK) {
      parts.push(await cipher.seal(at / crypto.CHUNK, plain.slice(at, at + crypto.CHUNK)));
    }
    const message = crypto.concat(...parts);
    await check(`messages/${test.length}`, b64(await crypto.sha256(message)) === test.sha256);
    const again = await crypto.decryptSmall(key, context, message);
    await check(`messages/${test.length} opened`, crypto.equal(again, plain));
  }
}

async function runLicensesFiles() {
  const document = load("licenses.json");
  const { device, organization } = document;
  const key = await decryptionKey(device);
  const keyId = await crypto.keyId(un64(device.public));
  for (const test of document.cases) {
    await expect(`licenses/${test.name}`, { outcome: test.expect, result: test.result }, async () => {
      const data = (test.changes ?? []).reduce(apply, un64(test.file ?? document.file));
      const file = decodeLicenses(data);
      const rows = file.licenses.map(({ nonce, tag, sealed }) => crypto.concat(nonce, tag, sealed));
      await check(`licenses/${test.name} again`, crypto.equal(encodeLicenses(file.statements, rows), data));
      const found = await openCarried(file, { key, keyId, org: organization, pl: un64(test.pl ?? document.pl) });
      return found ? { license: found.token, delegation: found.delegation } : { license: null };
    });
  }
}

async function runHashes({ content_id: made, digest, pair, roots }) {
  await check("content-id", (await crypto.contentId(made.org, un64(made.signer), un64(made.nonce))) === made.cid);
  await check("digest", b64(await objects.digestOf(digest.token)) === digest.digest);
  const id = await crypto.sha256(crypto.LABELS.feedPair, un64(pair.document), un64(pair.person));
  await check("feed pair", b64(id.slice(0, 16)) === pair.id);
  const leaves = await Promise.all(roots.map((_, i) => crypto.leafHash(new Uint8Array([i]))));
  for (const [i, root] of roots.entries()) {
    await check(`root of ${i + 1}`, b64(await crypto.merkleRoot(leaves.slice(0, i + 1))) === root);
  }
}

await runPrimitives();
await runProfile();
await runPolicies();
await runObjects();
await runFiles();
await runLicensesFiles();
console.log(JSON.stringify({ passed, beyond, failures }));
process.exitCode = failures.length ? 1 : 0;
