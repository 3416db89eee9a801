// Primitives of the Chancery formats on WebCrypto, for browsers and Node alike: no packages.
//
// This is the second implementation of docs/format.md and docs/licensing.md. It shares no code with the first one and
// passes the same vectors. Where WebCrypto has no ML-KEM, keys of that type can be named and compared here, not used.

import { sha3 } from "./chancery-sha3.mjs";

const subtle = globalThis.crypto.subtle;
const encoder = new TextEncoder();

/** A refusal with the same stable code that every other implementation gives. */
export class ChanceryError extends Error {
  constructor(code, message) {
    super(message);
    this.name = "ChanceryError";
    this.code = code;
  }
}

export const fail = (code, message) => {
  throw new ChanceryError(code, message);
};

export const ascii = (text) => encoder.encode(text);

export function concat(...parts) {
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}

/** Compare without stopping at the first difference. */
export function equal(a, b) {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i += 1) difference |= a[i] ^ b[i];
  return difference === 0;
}

export function toBase64url(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Read base64url that encodes to itself: no padding, no foreign characters, no bits left over. */
export function fromBase64url(text) {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.endsWith("\n") || text.length % 4 === 1) {
    fail("invalid_object", "A segment is not base64url.");
  }
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  if (toBase64url(bytes) !== text) fail("invalid_object", "A segment does not encode to itself.");
  return bytes;
}

export const uuidBytes = (text) => Uint8Array.from(text.replaceAll("-", "").match(/../g), (byte) => parseInt(byte, 16));

export function uuidText(bytes) {
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

export function unsigned(value, size) {
  const bytes = new Uint8Array(size);
  for (let i = size - 1, rest = BigInt(value); i >= 0; i -= 1, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
  return bytes;
}

export const sha256 = async (...parts) => new Uint8Array(await subtle.digest("SHA-256", concat(...parts)));

const label = (name) => ascii(`chancery/v1/${name}\0`);

/** Every domain-separation label, once. */
export const LABELS = {
  keyId: label("key-id"),
  digest: label("digest"),
  contentId: label("content-id"),
  feedPair: label("feed-pair"),
  plEnvelope: label("pl-envelope"),
  ulKey: label("ul-key"),
  ulBatch: label("ul-batch"),
  carriedLicense: label("carried-license"),
  carriedTag: label("carried-tag"),
  edition: label("edition"),
  renderingPage: label("rendering-page"),
  meta: label("meta"),
  body: label("body"),
};

export const keyId = (publicBytes) => sha256(LABELS.keyId, publicBytes);

export async function contentId(org, signer, nonce) {
  const bytes = (await sha256(LABELS.contentId, uuidBytes(org), signer, nonce)).slice(0, 16);
  bytes[6] = (bytes[6] & 0x0f) | 0x80;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return uuidText(bytes);
}

// Signatures

const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const ECDSA = { name: "ECDSA", hash: "SHA-256" };
const SIGNATURES = {
  EdDSA: { size: 32, import: { name: "Ed25519" }, verify: { name: "Ed25519" } },
  ES256: { size: 65, import: { name: "ECDSA", namedCurve: "P-256" }, verify: ECDSA },
};

const toBigInt = (bytes) => bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);

/** Bring an ECDSA signature into its one accepted form; WebCrypto signs with either half. */
export function lowS(signature) {
  const s = toBigInt(signature.subarray(32));
  return s <= P256_ORDER / 2n ? signature : concat(signature.subarray(0, 32), unsigned(P256_ORDER - s, 32));
}

/** The public half of a signing key; it knows its one algorithm, so a token cannot choose another. */
export class VerifyKey {
  static async load(algorithm, raw) {
    const known = Object.hasOwn(SIGNATURES, algorithm) ? SIGNATURES[algorithm] : null;
    if (!known) fail("unknown_suite", "This version does not know the signature algorithm.");
    if (raw.length !== known.size) fail("invalid_object", "A public key has the wrong length.");
    const key = new VerifyKey();
    Object.assign(key, { algorithm, raw, id: await keyId(raw) });
    try {
      key.native = await subtle.importKey("raw", raw, known.import, true, ["verify"]);
    } catch {
      fail("invalid_object", "These bytes are not a public key.");
    }
    return key;
  }

  async verify(signature, message) {
    if (signature.length !== 64) fail("invalid_signature", "The signature has the wrong length.");
    if (this.algorithm === "ES256") {
      const [r, s] = [toBigInt(signature.subarray(0, 32)), toBigInt(signature.subarray(32))];
      if (r === 0n || r >= P256_ORDER || s === 0n || s > P256_ORDER / 2n) {
        fail("invalid_signature", "The signature is not in its one accepted form.");
      }
    }
    const method = SIGNATURES[this.algorithm].verify;
    if (!(await subtle.verify(method, this.native, signature, message))) {
      fail("invalid_signature", "The signature does not verify.");
    }
  }
}

// Sealed blobs: HPKE (RFC 9180), base mode, single shot, HKDF-SHA256, AES-256-GCM

const LATTICE = { name: "ML-KEM-768" };
const LATTICE_KEY = 1184;
const LATTICE_SEED = 64;
const LATTICE_CIPHERTEXT = 1088;
const X_WING = ascii("\\.//^\\");

export const KEMS = {
  "mlkem768-x25519": { id: 0x647a, size: 1216, encapsulated: 1120, native: { name: "X25519" }, lattice: LATTICE },
  p256: { id: 0x0010, size: 65, encapsulated: 65, native: { name: "ECDH", namedCurve: "P-256" } },
  x25519: { id: 0x0020, size: 32, encapsulated: 32, native: { name: "X25519" } },
};

export const kemNamed = (name) =>
  Object.hasOwn(KEMS, name) ? KEMS[name] : fail("unknown_suite", "This version does not know the key type.");

/** A private key that may be non-extractable: the browser keeps it, this code only agrees on secrets with it. */
export class DecryptionKey {
  /** `lattice` is the other half of a hybrid key. */
  constructor(kem, native, publicBytes, lattice = null) {
    Object.assign(this, { kem, native, publicBytes, lattice });
  }

  /** Load raw private bytes; browsers generate their keys instead and use the constructor. */
  static async load(kem, privateBytes, publicBytes) {
    if (KEMS[kem]?.lattice) {
      const seed = privateBytes.slice(0, LATTICE_SEED);
      const lattice = await subtle.importKey("raw-seed", seed, LATTICE, false, ["decapsulateBits"]);
      const half = await DecryptionKey.load("x25519", privateBytes.slice(LATTICE_SEED), publicBytes.slice(LATTICE_KEY));
      return new DecryptionKey(kem, half.native, publicBytes, lattice);
    }
    const hex = (text) => Uint8Array.from(text.match(/../g), (byte) => parseInt(byte, 16));
    const curve = hex("308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420");
    const der =
      kem === "x25519"
        ? concat(hex("302e020100300506032b656e04220420"), privateBytes)
        : concat(curve, privateBytes, hex("a144034200"), publicBytes);
    const native = await subtle.importKey("pkcs8", der, kemNamed(kem).native, false, ["deriveBits"]);
    return new DecryptionKey(kem, native, publicBytes);
  }
}

async function hmac(hash, key, ...parts) {
  const native = await subtle.importKey("raw", key, { name: "HMAC", hash }, false, ["sign"]);
  return new Uint8Array(await subtle.sign("HMAC", native, concat(...parts)));
}

async function expand(hash, key, info, length) {
  let [output, block] = [new Uint8Array(0), new Uint8Array(0)];
  for (let counter = 1; output.length < length; counter += 1) {
    block = await hmac(hash, key, block, info, new Uint8Array([counter]));
    output = concat(output, block);
  }
  return output.slice(0, length);
}

const labeledExtract = (suite, salt, name, material) =>
  hmac("SHA-256", salt.length ? salt : new Uint8Array(32), ascii("HPKE-v1"), suite, ascii(name), material);

const labeledExpand = (suite, key, name, info, length) =>
  expand("SHA-256", key, concat(unsigned(length, 2), ascii("HPKE-v1"), suite, ascii(name), info), length);

async function agree(key, encapsulated) {
  const method = KEMS[key.kem].native;
  const peer = await subtle.importKey("raw", encapsulated, method, true, []);
  const secret = await subtle.deriveBits({ name: method.name, public: peer }, key.native, 256);
  return new Uint8Array(secret);
}

/** Derive the secret of a key agreement (RFC 9180, DHKEM). */
async function derived(key, encapsulated, kemSuite) {
  const prk = await labeledExtract(kemSuite, new Uint8Array(0), "eae_prk", await agree(key, encapsulated));
  return labeledExpand(kemSuite, prk, "shared_secret", concat(encapsulated, key.publicBytes), 32);
}

/** Combine both secrets of the hybrid: whoever breaks one of the two methods learns nothing (X-Wing). */
async function combined(key, encapsulated) {
  const [ciphertext, point] = [encapsulated.slice(0, LATTICE_CIPHERTEXT), encapsulated.slice(LATTICE_CIPHERTEXT)];
  const first = new Uint8Array(await subtle.decapsulateBits(LATTICE, key.lattice, ciphertext));
  return sha3(concat(first, await agree(key, point), point, key.publicBytes.slice(LATTICE_KEY), X_WING));
}

async function openHpke(key, blob, info) {
  const kem = KEMS[key.kem];
  const encapsulated = blob.slice(0, kem.encapsulated);
  const kemSuite = concat(ascii("KEM"), unsigned(kem.id, 2));
  const none = new Uint8Array(0);
  const shared = kem.lattice ? await combined(key, encapsulated) : await derived(key, encapsulated, kemSuite);
  const suite = concat(ascii("HPKE"), unsigned(kem.id, 2), unsigned(1, 2), unsigned(2, 2));
  const pskHash = await labeledExtract(suite, none, "psk_id_hash", none);
  const context = concat(new Uint8Array(1), pskHash, await labeledExtract(suite, none, "info_hash", info));
  const secret = await labeledExtract(suite, shared, "secret", none);
  const bytes = await labeledExpand(suite, secret, "key", context, 32);
  const nonce = await labeledExpand(suite, secret, "base_nonce", context, 12);
  const aes = await subtle.importKey("raw", bytes, "AES-GCM", false, ["decrypt"]);
  const opened = await subtle.decrypt({ name: "AES-GCM", iv: nonce }, aes, blob.slice(kem.encapsulated));
  return new Uint8Array(opened);
}

/** Open a sealed blob; wrong key, wrong info and changed bytes read the same. */
export async function unseal(key, blob, info) {
  if (!key.native) fail("cannot_unseal", "WebCrypto has no key of this type.");
  if (blob.length < KEMS[key.kem].encapsulated + 16) fail("cannot_unseal", "The sealed blob is too short.");
  try {
    return await openHpke(key, blob, info);
  } catch (error) {
    if (error instanceof ChanceryError) throw error;
    return fail("cannot_unseal", "The sealed blob does not open.");
  }
}

export async function unwrap(key, blob, aad) {
  if (blob.length < 28) fail("cannot_unseal", "The wrapped key is too short.");
  const aes = await subtle.importKey("raw", key, "AES-GCM", false, ["decrypt"]);
  try {
    const method = { name: "AES-GCM", iv: blob.slice(0, 12), additionalData: aad };
    return new Uint8Array(await subtle.decrypt(method, aes, blob.slice(12)));
  } catch {
    return fail("cannot_unseal", "The wrapped key does not open.");
  }
}

// Content: Cobblestone-256

export const CHUNK = 16384;
export const SEALED_CHUNK = CHUNK + 16;
export const SEALED_LEAF = 64 * SEALED_CHUNK;
export const PREFIX = 56;

/** Return the plaintext length of a body, or refuse a length that no complete body can have. */
export function plainLength(sealed) {
  const last = sealed % SEALED_CHUNK;
  if (sealed < 16 || last < 16) fail("invalid_file", "The body was cut or extended.");
  return Math.floor(sealed / SEALED_CHUNK) * CHUNK + last - 16;
}

/** The chunks of one message under one content key. */
export class ChunkCipher {
  static async derive(key, context, salt) {
    if (key.length !== 32) fail("cannot_unseal", "A content key has 32 bytes.");
    const info = concat(ascii("c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0"), salt, context);
    const derived = await expand("SHA-512", key, info, 76);
    const cipher = new ChunkCipher();
    cipher.key = await subtle.importKey("raw", derived.slice(0, 32), "AES-GCM", false, ["encrypt", "decrypt"]);
    cipher.nonce = toBigInt(derived.slice(32, 44));
    cipher.commitment = derived.slice(44);
    return cipher;
  }

  /** Refuse a key that the message does not commit to. */
  static async forPrefix(key, context, prefix) {
    if (prefix.length !== PREFIX) fail("cannot_unseal", "The message is too short.");
    const cipher = await ChunkCipher.derive(key, context, prefix.slice(0, 24));
    if (!equal(cipher.commitment, prefix.slice(24))) fail("cannot_unseal", "The body commits to another key.");
    return cipher;
  }

  #method(number) {
    return { name: "AES-GCM", iv: unsigned(this.nonce ^ BigInt(number), 12) };
  }

  async open(number, sealed) {
    try {
      return new Uint8Array(await subtle.decrypt(this.#method(number), this.key, sealed));
    } catch {
      return fail("invalid_file", "A chunk of the body does not open.");
    }
  }

  /** Encrypt one chunk; a salt is used for one message only, a repeated one would be fatal. */
  async seal(number, plaintext) {
    return new Uint8Array(await subtle.encrypt(this.#method(number), this.key, plaintext));
  }
}

/** Open a message that fits into memory. */
export async function decryptSmall(key, context, message) {
  const cipher = await ChunkCipher.forPrefix(key, context, message.slice(0, PREFIX));
  const body = message.slice(PREFIX);
  const parts = [];
  try {
    plainLength(body.length);
    for (let at = 0; at < body.length; at += SEALED_CHUNK) {
      parts.push(await cipher.open(at / SEALED_CHUNK, body.slice(at, at + SEALED_CHUNK)));
    }
  } catch {
    fail("cannot_unseal", "The block does not open with this content key.");
  }
  return concat(...parts);
}

// RFC 6962 hashing

export const leafHash = (data) => sha256(new Uint8Array([0]), data);

export async function merkleRoot(leaves) {
  if (leaves.length === 1) return leaves[0];
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  const [left, right] = await Promise.all([merkleRoot(leaves.slice(0, split)), merkleRoot(leaves.slice(split))]);
  return sha256(new Uint8Array([1]), left, right);
}
