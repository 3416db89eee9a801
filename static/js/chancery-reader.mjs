// Reads and verifies sealed files in a browser or in Node: nothing is released that was not verified.
//
//   const file = await openSealed(blob);                     // structure agrees with the seal, nobody vouches yet
//   const authentic = await file.verify(await Chain.of(statement));
//   const unlocked = await authentic.unlock(contentKey);
//   for await (const leaf of unlocked.leaves()) …            // each leaf was hashed before it was decrypted
//
// The source is anything with `size` and `slice(start, end).arrayBuffer()`: a Blob or a File.

import {
  CHUNK, ChunkCipher, LABELS, PREFIX, SEALED_CHUNK, SEALED_LEAF, ascii, concat, decryptSmall, equal, fail, leafHash,
  merkleRoot, plainLength, sha256,
} from "./chancery-crypto.mjs";
import { Claims, decodeJson } from "./chancery-jws.mjs";
import { Chain, parsePublishing, parseSeal, verifySeal } from "./chancery-objects.mjs";

export const MAGIC = concat(new Uint8Array([0x93]), ascii("CHNCR\x01\n"));
export const END_MAGIC = concat(new Uint8Array([0x93]), ascii("CHEND\x01\n"));
const KIB = 1024;
const FOOTER = 20;
const MAX_SEAL = 16 * KIB;
const MAX_LEAVES = 2 ** 20;
const PARTS = [16 * KIB, 256 * KIB, 64 * KIB];
export const UNSAFE_NAME =
  /[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\u{e0000}-\u{e0fff}\/\\]/u;

const invalid = (message) => fail("invalid_file", message);

async function read(source, at, length) {
  if (at + length > source.size) invalid("The file is shorter than one of its parts.");
  const bytes = new Uint8Array(await source.slice(at, at + length).arrayBuffer());
  return bytes.length === length ? bytes : invalid("The file became shorter while it was being read.");
}

const number = (bytes) => bytes.reduce((value, byte) => value * 256 + byte, 0);

function decode(bytes, encoding) {
  if (encoding === "ascii" && bytes.some((byte) => byte > 127)) invalid("A signed object is not ASCII.");
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return invalid("The notice is not UTF-8.");
  }
}

async function readFooter(source) {
  if (source.size < MAGIC.length + FOOTER) invalid("The file is too short to be a sealed file.");
  const footer = await read(source, source.size - FOOTER, FOOTER);
  if (!equal(footer.slice(12), END_MAGIC)) invalid("The file does not end where a sealed file ends.");
  const [sealLength, length] = [number(footer.slice(0, 4)), number(footer.slice(4, 12))];
  const tooLarge = length > source.size || Math.ceil(length / SEALED_LEAF) > MAX_LEAVES;
  if (sealLength > MAX_SEAL || tooLarge) invalid("The file claims a size beyond the limits of the format.");
  plainLength(length);
  return { sealLength, length };
}

async function readHeader(source) {
  let at = MAGIC.length;
  const parts = [];
  for (const limit of PARTS) {
    const length = number(await read(source, at, 4));
    if (length > limit) invalid("A part of the header is longer than the format allows.");
    parts.push(await read(source, at + 4, length));
    at += 4 + length;
  }
  const prefix = await read(source, at, PREFIX);
  const end = at + PREFIX;
  const hdr = await sha256(await read(source, 0, end));
  return { notice: decode(parts[0], "utf-8"), license: decode(parts[1], "ascii"), meta: parts[2], prefix, end, hdr };
}

/** Parse the layout of a sealed file; the body is not read. */
export async function parseLayout(source) {
  if (source.size < MAGIC.length || !equal(await read(source, 0, MAGIC.length), MAGIC)) {
    invalid("This is not a sealed file, or it was made by another version of the format.");
  }
  const { sealLength, length } = await readFooter(source);
  const header = await readHeader(source);
  const count = Math.ceil(length / SEALED_LEAF);
  if (header.end + length + 32 * count + sealLength + FOOTER !== source.size) {
    invalid("The parts of the file do not add up to its size; it was cut or extended.");
  }
  const flat = await read(source, header.end + length, 32 * count);
  const leaves = Array.from({ length: count }, (_, i) => flat.slice(32 * i, 32 * i + 32));
  const seal = decode(await read(source, header.end + length + 32 * count, sealLength), "ascii");
  return { header, length, leaves, seal };
}

function readMetadata(bytes) {
  let metadata;
  try {
    const claims = new Claims(decodeJson(bytes));
    metadata = {
      name: claims.text("name", 255), type: claims.text("type", 255), size: claims.integer("size"),
      mtime: claims.nullable("mtime", "integer", Number.MIN_SAFE_INTEGER),
    };
    claims.done();
  } catch (error) {
    invalid(error.message);
  }
  const { name } = metadata;
  if (["", ".", ".."].includes(name) || UNSAFE_NAME.test(name)) invalid("The metadata holds an unsafe file name.");
  return metadata;
}

/** A sealed file whose parts agree with each other; nobody vouches for them yet. */
export class SealedFile {
  constructor(source, layout, license, seal) {
    Object.assign(this, { source, layout, license, seal, plainLength: plainLength(layout.length) });
  }

  async verify(chain) {
    return new AuthenticFile(this, await verifySeal(this.seal, this.license, chain));
  }
}

export class AuthenticFile {
  constructor(file, sealer) {
    Object.assign(this, { file, sealer });
  }

  /** Check that the body commits to this key, and read name and size. */
  async unlock(key) {
    const { layout, license } = this.file;
    const cipher = await ChunkCipher.forPrefix(key, concat(LABELS.body, license.digest), layout.header.prefix);
    const metadata = readMetadata(await decryptSmall(key, concat(LABELS.meta, license.digest), layout.header.meta));
    if (metadata.size !== this.file.plainLength) invalid("The metadata states another size than the body has.");
    return new UnlockedFile(this.file, cipher, metadata);
  }
}

export class UnlockedFile {
  constructor(file, cipher, metadata) {
    Object.assign(this, { file, cipher, metadata });
  }

  /** Hash and decrypt one leaf from the same buffer. */
  async leaf(index) {
    const { layout, source } = this.file;
    const start = index * SEALED_LEAF;
    const sealed = await read(source, layout.header.end + start, Math.min(SEALED_LEAF, layout.length - start));
    if (!equal(await leafHash(sealed), layout.leaves[index])) invalid("A part of the body is not the one sealed.");
    const chunks = [];
    for (let at = 0; at < sealed.length; at += SEALED_CHUNK) {
      chunks.push(this.cipher.open((start + at) / SEALED_CHUNK, sealed.subarray(at, at + SEALED_CHUNK)));
    }
    return concat(...(await Promise.all(chunks)));
  }

  async *leaves() {
    let size = 0;
    for (let index = 0; index < this.file.layout.leaves.length; index += 1) {
      const leaf = await this.leaf(index);
      size += leaf.length;
      yield leaf;
    }
    if (size !== this.metadata.size) invalid("The content has another size than its metadata states.");
  }
}

/** Check everything that needs neither key nor trust. */
export async function openSealed(source) {
  const layout = await parseLayout(source);
  const license = await parsePublishing(layout.header.license);
  const seal = await parseSeal(layout.seal);
  const root = await merkleRoot(layout.leaves);
  if (!equal(seal.hdr, layout.header.hdr) || seal.length !== layout.length || !equal(seal.root, root)) {
    invalid("Header or body are not the ones that were sealed.");
  }
  if (!equal(seal.pl, license.digest)) invalid("The body was sealed for another publishing license.");
  return new SealedFile(source, layout, license, seal);
}

export { CHUNK, Chain };
