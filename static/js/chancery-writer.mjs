// Seals files in a browser or in Node (docs/format.md): the first edition of a license that the service published.
//
// The source is a Blob or a File, read leaf by leaf; each sealed leaf goes to the sink at once, so that memory does not grow
// with the file.  A sink has `write(bytes)` and `close()`, which gives back what was written as a Blob.

import {
  CHUNK, ChunkCipher, LABELS, PREFIX, ascii, concat, leafHash, merkleRoot, toBase64url, unsigned,
} from "./chancery-crypto.mjs";
import { MAGIC, END_MAGIC, UNSAFE_NAME } from "./chancery-reader.mjs";
import { BlobSink } from "./chancery-sink.mjs";

const LEAF = 64 * CHUNK;
const MAX_NAME = 255;

/** Derive the cipher of one message under a fresh salt. */
async function freshCipher(key, context) {
  const salt = crypto.getRandomValues(new Uint8Array(24));
  const cipher = await ChunkCipher.derive(key, context, salt);
  const prefix = concat(salt, cipher.commitment);
  if (prefix.length !== PREFIX) throw new Error("The prefix of a message has another length.");
  return { cipher, prefix };
}

/** Encrypt the chunks of some plaintext; the last chunk of a message is always a short one. */
async function chunks(cipher, first, plain, isLast) {
  const count = Math.floor(plain.length / CHUNK) + (isLast ? 1 : 0);
  const sealed = Array.from({ length: count }, (_, at) =>
    cipher.seal(first + at, plain.subarray(at * CHUNK, Math.min((at + 1) * CHUNK, plain.length))));
  return concat(...(await Promise.all(sealed)));
}

async function sealSmall(key, context, plain) {
  const { cipher, prefix } = await freshCipher(key, context);
  return concat(prefix, await chunks(cipher, 0, plain, true));
}

/** Return a name that every reader accepts. */
export function sealableName(name) {
  const clean = name.normalize("NFC").replaceAll(new RegExp(UNSAFE_NAME.source, "gu"), "_").trim().slice(0, MAX_NAME);
  return ["", ".", ".."].includes(clean) ? "file" : clean;
}

async function sealLeaves(source, cipher, { sink, signal, progress }) {
  const leaves = [];
  let length = 0;
  const count = Math.floor(source.size / LEAF) + 1;
  for (let index = 0; index < count; index += 1) {
    signal?.throwIfAborted();
    const plain = new Uint8Array(await source.slice(index * LEAF, (index + 1) * LEAF).arrayBuffer());
    const expected = Math.min(LEAF, source.size - index * LEAF);
    if (plain.length !== expected) throw new Error("The file changed while it was being read.");
    const sealed = await chunks(cipher, index * 64, plain, index === count - 1);
    if (!sealed.length) continue;
    leaves.push(await leafHash(sealed));
    await sink.write(sealed);
    length += sealed.length;
    progress(index * LEAF + plain.length, source.size);
  }
  return { leaves, length };
}

/**
 * Seal a file under a content key and a publishing license; `sign` makes the body seal of what is true of the bytes.
 * Returns the sealed file as the sink gives it back, with the seal; a `signal` that is aborted ends it in between.
 */
export async function sealFile(source, settings) {
  const { key, license, name, type, notice, sign, sink = new BlobSink(), signal, progress = () => {} } = settings;
  const { cipher, prefix } = await freshCipher(key, concat(LABELS.body, license.digest));
  const mtime = Number.isFinite(source.lastModified) ? Math.floor(source.lastModified / 1000) : null;
  const metadata = { v: 1, name: sealableName(name), type, size: source.size, mtime };
  const meta = await sealSmall(key, concat(LABELS.meta, license.digest), ascii(JSON.stringify(metadata)));
  const parts = [ascii(notice), ascii(license.token), meta].flatMap((part) => [unsigned(part.length, 4), part]);
  const header = concat(MAGIC, ...parts, prefix);
  await sink.write(header);
  const { leaves, length } = await sealLeaves(source, cipher, { sink, signal, progress });
  const hdr = new Uint8Array(await crypto.subtle.digest("SHA-256", header));
  const seal = await sign({
    v: 1, hdr: toBase64url(hdr), len: length, root: toBase64url(await merkleRoot(leaves)),
    org: license.org, cid: license.cid, pl: toBase64url(license.digest), n: 1, prev: null,
  });
  const token = ascii(seal);
  const footer = concat(unsigned(token.length, 4), unsigned(length, 8), END_MAGIC);
  await sink.write(concat(...leaves, token, footer));
  return { seal, blob: await sink.close() };
}
