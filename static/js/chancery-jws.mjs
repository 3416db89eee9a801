// The strict profile of Chancery's signed objects: JSON in its one form, compact JWS, and members read one by one.

import {
  LABELS, VerifyKey, ascii, fail, fromBase64url, kemNamed, sha256,
} from "./chancery-crypto.mjs";

export const KIB = 1024;
const LIMITS = {
  "chancery-org": 256 * KIB,
  "chancery-pl": 256 * KIB,
  "chancery-ul-batch": 2048 * KIB,
  "chancery-feed": 2048 * KIB,
};
const HEADERS = { "chancery-pl": [["clc"], ["kid"]], "chancery-body": [["cert", "delegation"]] };

export const invalid = (message) => fail("invalid_object", message);
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

// JSON with exactly one encoding for each content

function checkValue(value, level) {
  if (typeof value === "string" && /\p{Surrogate}/u.test(value)) invalid("A text holds half of a surrogate pair.");
  if (typeof value === "number" && !Number.isSafeInteger(value)) invalid("A number is not an integer of 53 bits.");
  if (typeof value !== "object" || value === null) return;
  if (level > 8) invalid("The JSON is nested deeper than 8 levels.");
  for (const [name, member] of Object.entries(value)) {
    if (!Array.isArray(value) && /^[0-9]+$/.test(name)) invalid("A member name must not look like a number.");
    checkValue(name, level + 1);
    checkValue(member, level + 1);
  }
}

export function decodeJson(bytes) {
  let text, value;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(text);
  } catch {
    invalid("The object is not JSON of this profile.");
  }
  if (!isObject(value)) invalid("The JSON is not an object.");
  checkValue(value, 1);
  if (JSON.stringify(value) !== text) invalid("The JSON is not in its one form.");
  return value;
}

// The JWS profile

export function parse(token, typ) {
  if (token.length > (LIMITS[typ] ?? 16 * KIB)) invalid("The object is too long.");
  const segments = token.split(".");
  if (segments.length !== 3 || segments[0].length > 64 * KIB || segments[2].length > 128) {
    invalid("The object is not a compact JWS.");
  }
  const header = decodeJson(fromBase64url(segments[0]));
  if (!Object.values(header).every((value) => typeof value === "string")) invalid("A header member is not a text.");
  if (header.typ !== typ) invalid(`The object is not of type ${typ}.`);
  const members = Object.keys(header).filter((name) => name !== "alg" && name !== "typ").sort().join();
  const allowed = HEADERS[typ] ?? [["kid"]];
  if (!("alg" in header) || !allowed.some((names) => names.join() === members)) invalid("The header is refused.");
  return {
    typ, header, token,
    claims: decodeJson(fromBase64url(segments[1])),
    input: ascii(`${segments[0]}.${segments[1]}`),
    signature: fromBase64url(segments[2]),
  };
}

export const digestOf = (token) => sha256(LABELS.digest, ascii(token.slice(0, token.lastIndexOf("."))));

export async function verifySignature(unverified, key) {
  if (unverified.header.alg !== key.algorithm) invalid("The object names another algorithm than its signer has.");
  await key.verify(unverified.signature, unverified.input);
}

/** The members of one object, each read once; what nobody asked for is refused. */
export class Claims {
  constructor(members, versioned = true) {
    this.members = members;
    this.read = new Set(versioned ? ["v", "ext"] : []);
    if (!versioned) return;
    if (members.v !== 1) invalid("The object has a version that this program does not know.");
    if ("ext" in members && !isObject(members.ext)) invalid("'ext' is not an object.");
  }

  has(name) {
    this.read.add(name);
    return Object.hasOwn(this.members, name);
  }

  take(name, accepts) {
    if (!this.has(name)) invalid(`The object lacks ${name}.`);
    const value = this.members[name];
    return accepts(value) ? value : invalid(`${name} has a wrong type or size.`);
  }

  isNull(name) {
    return this.take(name, () => true) === null;
  }

  optional(name, method, ...rest) {
    return this.has(name) ? this[method](name, ...rest) : undefined;
  }

  nullable(name, method, ...rest) {
    return this.isNull(name) ? null : this[method](name, ...rest);
  }

  text(name, limit = 1024) {
    return this.take(name, (value) => typeof value === "string" && [...value].length <= limit);
  }

  texts(name, items = 64, limit = 1024) {
    const fits = (value) => typeof value === "string" && [...value].length <= limit;
    const list = this.take(name, (value) => Array.isArray(value) && value.length <= items && value.every(fits));
    return new Set(list).size === list.length ? list : invalid(`${name} repeats a text.`);
  }

  integer(name, minimum = 0) {
    return this.take(name, (value) => Number.isSafeInteger(value) && value >= minimum);
  }

  flag(name) {
    return this.take(name, (value) => typeof value === "boolean");
  }

  uuid(name) {
    const form = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
    return this.take(name, (value) => typeof value === "string" && value.length === 36 && form.test(value));
  }

  blob(name, size) {
    const bytes = fromBase64url(this.text(name, Math.ceil((size * 4) / 3) + 4));
    return bytes.length === size ? bytes : invalid(`${name} has a wrong length.`);
  }

  blobUpTo(name, limit) {
    const bytes = fromBase64url(this.text(name, Math.ceil((limit * 4) / 3) + 4));
    return bytes.length > 0 && bytes.length <= limit ? bytes : invalid(`${name} has a wrong length.`);
  }

  blobs(name, size) {
    const list = this.texts(name).map(fromBase64url);
    return list.every((bytes) => bytes.length === size) ? list : invalid(`${name} has a wrong length.`);
  }

  object(name) {
    return this.take(name, isObject);
  }

  inner(name) {
    return new Claims(this.object(name), false);
  }

  inners(name, items) {
    const list = this.take(name, (value) => Array.isArray(value) && value.length <= items && value.every(isObject));
    return list.map((members) => new Claims(members, false));
  }

  async verifyKey(name) {
    const inner = this.inner(name);
    const [algorithm, raw] = [inner.text("alg", 32), inner.blobUpTo("public", 4096)];
    const key = await VerifyKey.load(algorithm, raw);
    inner.done();
    return key;
  }

  encryptionKey(name) {
    const inner = this.inner(name);
    const [kem, raw] = [inner.text("kem", 32), inner.blobUpTo("public", 4096)];
    if (raw.length !== kemNamed(kem).size) invalid("A public key has the wrong length.");
    inner.done();
    return { kem, raw };
  }

  done() {
    const unknown = Object.keys(this.members).filter((name) => !this.read.has(name));
    if (unknown.length) invalid(`The object has a member that this program does not know: ${unknown[0]}`);
  }
}
