// Signed objects of Chancery: the readers of every object, and the chain of trust.

import {
  LABELS, VerifyKey, ascii, concat, equal, fail, fromBase64url, keyId, sha256, toBase64url, unseal, uuidBytes,
} from "./chancery-crypto.mjs";
import { Claims, KIB, decodeJson, digestOf, invalid, parse, verifySignature } from "./chancery-jws.mjs";

const DAY = 86400;
const ISSUED = ["chancery-clc", "chancery-pl", "chancery-ul", "chancery-ul-batch", "chancery-edit", "chancery-feed"];
const SUITES = { hybrid: { kem: "mlkem768-x25519", signature: "EdDSA" }, p256: { kem: "p256", signature: "ES256" } };

const oneOf = (value, allowed) => (allowed.includes(value) ? value : invalid("A value is unknown."));

// Organization statement, delegation, chain

async function readTenantKey(claims) {
  const key = {
    use: oneOf(claims.text("use", 16), ["enc", "sig"]),
    status: oneOf(claims.text("status", 16), ["active", "archived", "compromised", "destroyed"]),
    suite: claims.text("suite", 32),
    raw: claims.blobUpTo("public", 4096),
  };
  key.id = await keyId(key.raw);
  if (!equal(claims.blob("kid", 32), key.id)) invalid("A tenant key does not have the id it claims.");
  claims.done();
  return key;
}

function checkLife(from, to, longest) {
  if (!(from < to && to <= from + longest)) invalid("The object is valid for too long, or not at all.");
}

async function byPinnedKey(token, typ, pinned) {
  const unverified = parse(token, typ);
  if (unverified.header.kid !== toBase64url(pinned.id)) fail("untrusted_key", "Not signed by the pinned installation.");
  await verifySignature(unverified, pinned);
  return new Claims(unverified.claims);
}

export async function verifyStatement(token, { pinned, iss, now }) {
  const claims = await byPinnedKey(token, "chancery-org", pinned);
  const statement = {
    iss: claims.text("iss"), aliases: claims.texts("aliases"), org: claims.uuid("org"), name: claims.text("name", 200),
    origins: claims.texts("origins"),
    tenantKeys: await Promise.all(claims.inners("tenant_keys", 512).map(readTenantKey)),
    logKey: claims.text("log_key"), iat: claims.integer("iat"), exp: claims.integer("exp"),
    successor: claims.has("successor") ? await claims.verifyKey("successor") : undefined,
  };
  claims.done();
  if (statement.iss !== iss) fail("wrong_binding", "The statement names another installation.");
  checkLife(statement.iat, statement.exp, DAY);
  if (now >= statement.exp) fail("expired", "The statement has expired.");
  return statement;
}

/** Everything a reader believes about the keys of one organization. */
export class Chain {
  static async of(statement) {
    const chain = new Chain();
    chain.org = statement.org;
    chain.delegations = [];
    const counting = statement.tenantKeys.filter(
      (key) => key.use === "sig" && key.status !== "compromised" && Object.hasOwn(SUITES, key.suite),
    );
    chain.signers = await Promise.all(counting.map((key) => VerifyKey.load(SUITES[key.suite].signature, key.raw)));
    return chain;
  }

  async learn(token) {
    const chain = Object.assign(new Chain(), this);
    chain.delegations = [...this.delegations, await this.#delegation(token)];
    return chain;
  }

  async #delegation(token) {
    const unverified = parse(token, "chancery-delegation");
    const kid = fromBase64url(unverified.header.kid);
    const signer = this.signers.find((key) => equal(key.id, kid));
    if (!signer) fail("untrusted_key", "The delegation is not signed by a key of this organization.");
    await verifySignature(unverified, signer);
    const claims = new Claims(unverified.claims);
    const uses = claims.texts("uses");
    if (!uses.every((use) => ISSUED.includes(use))) invalid("The delegation covers a type that it must not.");
    const delegation = {
      uses, org: claims.uuid("org"), key: await claims.verifyKey("key"), nbf: claims.integer("nbf"), exp: claims.integer("exp"),
    };
    claims.done();
    if (delegation.org !== this.org) fail("wrong_binding", "The delegation was made for another organization.");
    checkLife(delegation.nbf, delegation.exp, DAY);
    return delegation;
  }

  /** Check an object of an issuing key: organization, delegated type and time, signature. */
  async verify(unverified, org, at) {
    if (org !== this.org) fail("wrong_binding", "The object belongs to another organization.");
    const kid = fromBase64url(unverified.header.kid);
    const fit = this.delegations.filter((one) => equal(one.key.id, kid) && one.uses.includes(unverified.typ));
    if (!fit.length) fail("untrusted_key", "No key of this organization lets this signer make such objects.");
    const covering = fit.find((one) => one.nbf <= at && at <= one.exp);
    if (!covering) fail("expired", "The object was made outside of its signer's delegation.");
    await verifySignature(unverified, covering.key);
    return covering.key;
  }
}

// Certificates

export async function verifyAccount(token, { pinned, dev, now }) {
  const claims = await byPinnedKey(token, "chancery-rac", pinned);
  const account = {
    iss: claims.text("iss"), jti: claims.uuid("jti"), sub: claims.uuid("sub"), dev: claims.uuid("dev"),
    signing: await claims.verifyKey("sig"), encryption: claims.encryptionKey("enc"),
    platform: claims.text("platform", 64), iat: claims.integer("iat"), exp: claims.integer("exp"),
  };
  claims.done();
  if (account.dev !== dev) fail("wrong_binding", "The certificate belongs to another device.");
  checkLife(account.iat, account.exp, 31 * DAY);
  if (now >= account.exp) fail("expired", "The certificate of this device has expired.");
  return account;
}

export async function verifyLicensor(token, chain) {
  const unverified = parse(token, "chancery-clc");
  const claims = new Claims(unverified.claims);
  const may = claims.texts("may");
  if (!may.every((name) => ["ad_hoc", "owner_other"].includes(name))) invalid("The certificate grants the unknown.");
  const certificate = {
    may, org: claims.uuid("org"), jti: claims.uuid("jti"), sub: claims.uuid("sub"), dev: claims.uuid("dev"),
    key: await claims.verifyKey("key"), kids: claims.blobs("kids", 32), nbf: claims.integer("nbf"), exp: claims.integer("exp"),
  };
  claims.done();
  await chain.verify(unverified, certificate.org, certificate.nbf);
  checkLife(certificate.nbf, certificate.exp, 31 * DAY);
  return certificate;
}

export async function verifyEdit(token, chain, pl) {
  const unverified = parse(token, "chancery-edit");
  const claims = new Claims(unverified.claims);
  const certificate = {
    org: claims.uuid("org"), cid: claims.uuid("cid"), pl: claims.blob("pl", 32), sub: claims.uuid("sub"),
    dev: claims.uuid("dev"), key: await claims.verifyKey("key"), rev: claims.integer("rev"), nbf: claims.integer("iat"),
    exp: claims.integer("exp"),
  };
  claims.done();
  await chain.verify(unverified, certificate.org, certificate.nbf);
  if (!equal(certificate.pl, pl)) fail("wrong_binding", "The edit certificate was made for another document.");
  return certificate;
}

// Publishing license

export async function parsePublishing(token) {
  const unverified = parse(token, "chancery-pl");
  const claims = new Claims(unverified.claims);
  const license = {
    unverified, token, clc: unverified.header.clc, digest: await digestOf(token),
    iss: claims.text("iss"), org: claims.uuid("org"), cid: claims.uuid("cid"), nonce: claims.blob("nonce", 16),
    kid: claims.blob("kid", 32), suite: claims.text("suite", 32), iat: claims.integer("iat"),
    env: claims.blobUpTo("env", 192 * KIB),
  };
  claims.done();
  return license;
}

// Body seal

export async function parseSeal(token) {
  const unverified = parse(token, "chancery-body");
  const claims = new Claims(unverified.claims);
  const seal = {
    unverified, digest: await digestOf(token), certificate: unverified.header.cert, delegation: unverified.header.delegation,
    hdr: claims.blob("hdr", 32), length: claims.integer("len", 1), root: claims.blob("root", 32), org: claims.uuid("org"),
    cid: claims.uuid("cid"), pl: claims.blob("pl", 32), n: claims.integer("n", 1), prev: claims.nullable("prev", "blob", 32),
    iat: claims.integer("iat"), env: claims.optional("env", "blobUpTo", 4096),
  };
  claims.done();
  if ((seal.n === 1) !== (seal.prev === null)) invalid("A first edition has no previous seal, and every later one has.");
  return seal;
}

async function sealerOf(seal, license, chain) {
  if (license.clc !== undefined && seal.n === 1) {
    if (seal.certificate !== license.clc) fail("wrong_binding", "A first edition is sealed under the license's own certificate.");
    return { ...(await verifyLicensor(seal.certificate, chain)), byEdit: false };
  }
  const edit = await verifyEdit(seal.certificate, chain, license.digest);
  if (edit.cid !== license.cid) fail("wrong_binding", "The edit certificate was made for another document.");
  return { ...edit, byEdit: true };
}

/** Prove who sealed a body; the chain comes from the organization's statement. */
export async function verifySeal(seal, license, chain) {
  const sealer = await sealerOf(seal, license, await chain.learn(seal.delegation));
  await verifySignature(seal.unverified, sealer.key);
  if (!(sealer.nbf <= seal.iat && seal.iat <= sealer.exp)) fail("expired", "Sealed outside the life of its certificate.");
  if (!equal(seal.pl, license.digest) || seal.org !== license.org || seal.cid !== license.cid) {
    fail("wrong_binding", "The body seal belongs to another document.");
  }
  return sealer;
}

// Feed

function readEntry(claims) {
  const entry = { rev: claims.optional("rev", "integer"), before: claims.optional("before", "integer"), id: claims.blob("id", 16) };
  claims.done();
  if ((entry.rev === undefined) === (entry.before === undefined)) invalid("An entry has either a revision or a time.");
  return entry;
}

export async function verifyFeed(token, chain) {
  const unverified = parse(token, "chancery-feed");
  const claims = new Claims(unverified.claims);
  const statement = {
    org: claims.uuid("org"), seq: claims.integer("seq"), asOf: claims.integer("as_of"), fromSeq: claims.integer("from_seq"),
    entries: claims.inners("entries", 30000).map(readEntry), checkpoint: claims.nullable("checkpoint", "text", 4096),
  };
  claims.done();
  await chain.verify(unverified, statement.org, statement.asOf);
  return statement;
}

export const newFeed = (org) => ({ org, seq: 0, asOf: 0, entries: [] });

export function advanceFeed(state, statement) {
  if (statement.org !== state.org) fail("wrong_binding", "The statement belongs to another organization.");
  if (statement.seq < state.seq) invalid("The statement is older than the last one.");
  if (statement.fromSeq > state.seq + 1) fail("feed_gap", "Statements are missing.");
  if (statement.asOf < state.asOf) invalid("The statement goes back in time.");
  const kept = statement.fromSeq === 0 ? [] : state.entries;
  return { org: state.org, seq: statement.seq, asOf: statement.asOf, entries: [...kept, ...statement.entries] };
}

// Use license

const COMMON = (claims) => ({
  iss: claims.text("iss"), org: claims.uuid("org"), sub: claims.uuid("sub"), dev: claims.uuid("dev"), iat: claims.integer("iat"),
});

function readStatus(claims) {
  const status = { n: claims.integer("n", 1), status: claims.text("status", 32), signer: claims.optional("signer", "text") };
  claims.done();
  oneOf(status.status, ["current", "superseded", "unregistered", "refused"]);
  return status;
}

function readLicense(claims, common, withKey) {
  const ext = claims.optional("ext", "object") ?? {};
  const license = {
    ...common, jti: claims.uuid("jti"), cid: claims.uuid("cid"), pl: claims.blob("pl", 32),
    edition: claims.nullable("edition", "blob", 32), rights: claims.texts("rights", 64, 32), rev: claims.integer("rev"),
    exp: claims.integer("exp"), offlineUntil: claims.integer("offline_until"), lease: claims.nullable("lease", "integer"),
    feed: claims.blobs("feed", 16), enforcement: claims.text("enforcement", 32), obligations: claims.object("obligations"),
    key: withKey ? claims.nullable("key", "blobUpTo", 6 * KIB) : null, body: claims.isNull("body") ? null : readStatus(claims.inner("body")),
    contact: claims.text("contact"), edit: claims.optional("edit", "text", 8192), rekey: claims.optional("rekey", "flag") ?? false,
    second: claims.optional("second", "object"), watermark: ext.watermark === true,
    decided: Number.isSafeInteger(ext.seq) && ext.seq >= 0 ? ext.seq : null,
  };
  if (!license.rights.length || license.exp < license.iat) invalid("A license grants something and ends after its beginning.");
  claims.done();
  return license;
}

function checkOwner(owner, sub, dev) {
  if (owner.sub !== sub || owner.dev !== dev) fail("wrong_binding", "Issued to somebody else or for another device.");
}

export async function verifyUse(token, { chain, sub, dev }) {
  const unverified = parse(token, "chancery-ul");
  const claims = new Claims(unverified.claims);
  const license = readLicense(claims, COMMON(claims), true);
  await chain.verify(unverified, license.org, license.iat);
  checkOwner(license, sub, dev);
  return license;
}

function checkUseTime(use, { now, feed, stored }) {
  if (feed.org !== use.org) fail("wrong_binding", "The feed belongs to another organization.");
  if (now > use.exp) fail("expired", "The license has expired.");
  if (stored && (use.offlineUntil <= use.iat || now > use.offlineUntil)) fail("expired", "Ask the service again.");
  // A license that names the feed's number under which it was decided is a heartbeat of its own.
  const heard = use.decided === null ? feed.asOf : Math.max(feed.asOf, use.iat);
  if (stored && use.lease !== null && now > heard + use.lease) fail("expired", "The lease was not renewed.");
  const mine = feed.entries.filter((entry) => use.feed.some((id) => equal(id, entry.id)));
  const kills = (entry) => (entry.rev === undefined ? use.iat < entry.before : use.rev < entry.rev);
  if (mine.some(kills)) fail("revoked", "Access was taken back after this license was issued.");
}

/** Check a use license for a file that is being opened, completely and in the order of the specification. */
export async function acceptUse(token, { chain, account, license, seal, sealer, now, feed, stored }) {
  const use = await verifyUse(token, { chain, sub: account.sub, dev: account.dev });
  if (now >= account.exp) fail("expired", "The certificate of this device has expired.");
  if (!equal(use.pl, license.digest) || use.org !== license.org || use.cid !== license.cid) {
    fail("wrong_binding", "The use license was issued for another document.");
  }
  if (use.edition === null || !equal(use.edition, seal.digest)) {
    fail("wrong_binding", "The use license was issued for another edition of this document.");
  }
  checkUseTime(use, { now, feed, stored });
  const status = use.body?.status ?? "refused";
  if (status === "refused") fail("wrong_binding", "The service refused this edition of the document.");
  if (stored && status === "unregistered" && now > sealer.exp) fail("expired", "This edition was never registered.");
  return use;
}

export function contentKey(use, key) {
  if (use.key === null) fail("cannot_unseal", "The content key is not released to devices.");
  const info = concat(LABELS.ulKey, ...[use.org, use.cid, use.dev, use.jti].map(uuidBytes));
  return unseal(key, use.key, info);
}

export async function verifyBatch(token, { chain, sub, dev }) {
  const unverified = parse(token, "chancery-ul-batch");
  const claims = new Claims(unverified.claims);
  const common = COMMON(claims);
  const batch = { ...common, jti: claims.uuid("jti"), results: [], keys: null };
  for (const result of claims.inners("results", 1000)) {
    if (result.has("license")) {
      batch.results.push({ license: readLicense(result.inner("license"), common, false) });
    } else {
      const inner = result.inner("refusal");
      const refusal = { pl: inner.blob("pl", 32), jti: inner.uuid("jti"), reason: inner.text("reason", 64), details: inner.object("details") };
      inner.done();
      batch.results.push({ refusal });
    }
    result.done();
  }
  batch.keys = claims.blobUpTo("keys", 256 * KIB);
  claims.done();
  await chain.verify(unverified, common.org, common.iat);
  checkOwner(common, sub, dev);
  return batch;
}

export async function batchKeys(batch, key) {
  const info = concat(LABELS.ulBatch, ...[batch.org, batch.dev, batch.jti].map(uuidBytes));
  const data = await unseal(key, batch.keys, info);
  const keys = [];
  for (let at = 0; at < data.length; ) {
    const length = data.length - at < 2 ? 0 : data[at] * 256 + data[at + 1];
    if (length === 0 || at + 2 + length > data.length) invalid("The keys of the batch are cut.");
    keys.push(data.slice(at + 2, at + 2 + length));
    at += 2 + length;
  }
  const granted = batch.results.filter((result) => result.license).length;
  return keys.length === granted ? keys : invalid("The batch does not hold one key for each license.");
}

// Device proof

export async function verifyProof(token, { key, request, now }) {
  const unverified = parse(token, "chancery-proof");
  if (unverified.header.kid !== toBase64url(key.id)) fail("untrusted_key", "Not made with the key of this device.");
  await verifySignature(unverified, key);
  const claims = new Claims(unverified.claims);
  const proof = {
    jti: claims.uuid("jti"), iat: claims.integer("iat"), method: claims.text("htm", 16), url: claims.text("htu", 4096),
    ath: claims.blob("ath", 32), bh: claims.blob("bh", 32),
  };
  claims.done();
  const [ath, bh] = await Promise.all([sha256(ascii(request.token)), sha256(request.body)]);
  const same = proof.method === request.method && proof.url === request.url && equal(proof.ath, ath) && equal(proof.bh, bh);
  if (!same) fail("wrong_binding", "The proof was made for another request.");
  if (Math.abs(now - proof.iat) > 300) fail("expired", "The proof is not from the last five minutes.");
  return proof;
}

export { decodeJson, digestOf, parse, verifySignature };
