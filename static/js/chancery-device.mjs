// This browser as a device: keys that never leave it, and the objects signed with them.
//
// "My computer" keeps the device in IndexedDB, where the browser holds the keys and no script can read them; "shared
// computer" keeps it in this tab's memory alone.  Ed25519 and the hybrid of ML-KEM-768 and X25519 where the browser has them,
// X25519 alone where it has no ML-KEM, P-256 where it has nothing else.

import {
  DecryptionKey, KEMS, ascii, concat, keyId, lowS, sha256, toBase64url,
} from "./chancery-crypto.mjs";
import { inStore } from "./chancery-store.mjs";

const subtle = globalThis.crypto.subtle;
const STORE = "devices";
const ECDSA = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const CHOICES = [
  { alg: "EdDSA", signing: { name: "Ed25519" }, kem: "mlkem768-x25519" },
  { alg: "EdDSA", signing: { name: "Ed25519" }, kem: "x25519" },
  { alg: "ES256", signing: ECDSA, kem: "p256" },
];

const rawOf = async (key) => new Uint8Array(await subtle.exportKey("raw", key));

async function generate({ alg, signing, kem }) {
  const { native, lattice } = KEMS[kem];
  const [signer, agreement, other] = await Promise.all([
    subtle.generateKey(signing, false, ["sign", "verify"]),
    subtle.generateKey(native, false, ["deriveBits"]),
    lattice ? subtle.generateKey(lattice, false, ["encapsulateBits", "decapsulateBits"]) : null,
  ]);
  const half = await rawOf(agreement.publicKey);
  const first = other && new Uint8Array(await subtle.exportKey("raw-public", other.publicKey));
  return {
    alg, kem, signing: signer.privateKey, agreement: agreement.privateKey, lattice: other?.privateKey ?? null,
    signingPublic: await rawOf(signer.publicKey), encryptionPublic: other ? concat(first, half) : half,
  };
}

// A browser that knows neither an algorithm nor what it is used for says so in different ways.
const UNKNOWN = ["NotSupportedError", "SyntaxError", "TypeError"];

/** One browser's keys, and once it is enrolled its id and its account certificate. */
export class Device {
  constructor(record) {
    this.record = record;
  }

  static async make() {
    for (const choice of CHOICES) {
      try {
        return new Device(await generate(choice));
      } catch (error) {
        if (!UNKNOWN.includes(error.name)) throw error;
      }
    }
    throw new Error("This browser has none of the keys that a device needs. Update it, or use another one.");
  }

  get id() {
    return this.record.id;
  }

  get certificate() {
    return this.record.certificate;
  }

  /** What the service is told of the keys. */
  get publicKeys() {
    const { alg, kem, signingPublic, encryptionPublic } = this.record;
    return {
      signing: { alg, public: toBase64url(signingPublic) },
      encryption: { kem, public: toBase64url(encryptionPublic) },
    };
  }

  get decryptionKey() {
    const { kem, agreement, encryptionPublic, lattice } = this.record;
    return new DecryptionKey(kem, agreement, encryptionPublic, lattice);
  }

  async #sign(bytes) {
    const { alg, signing } = this.record;
    const signature = new Uint8Array(await subtle.sign(alg === "EdDSA" ? { name: "Ed25519" } : ECDSA, signing, bytes));
    return alg === "EdDSA" ? signature : lowS(signature);
  }

  /** Sign claims in the strict profile (docs/protocol.md P8); without a header the device's key is named. */
  async jws(typ, claims, header) {
    const named = header ?? { kid: toBase64url(await keyId(this.record.signingPublic)) };
    const full = { alg: this.record.alg, typ, ...named };
    const encoded = [full, claims].map((part) => toBase64url(ascii(JSON.stringify(part)))).join(".");
    return `${encoded}.${toBase64url(await this.#sign(ascii(encoded)))}`;
  }

  /** Prove that this device sends this request with this token, now (docs/protocol.md P13). */
  async proof({ method, url, token, body, now }) {
    const [ath, bh] = await Promise.all([sha256(ascii(token)), sha256(body)]);
    return this.jws("chancery-proof", {
      v: 1, jti: crypto.randomUUID(), htm: method, htu: url, iat: now, ath: toBase64url(ath), bh: toBase64url(bh),
    });
  }
}

/** Return the device that a person has in this browser, or null. */
export async function keptDevice(person) {
  const record = await inStore(STORE, "readonly", (store) => store.get(person));
  return record ? new Device(record) : null;
}

export const keepDevice = (person, device) => inStore(STORE, "readwrite", (store) => store.put(device.record, person));
export const forgetDevice = (person) => inStore(STORE, "readwrite", (store) => store.delete(person));

