// The licenses file: use licenses that were issued ahead and lie beside sealed files (docs/format.md §10).

import { LABELS, ascii, concat, equal, fail, sha256, unsigned, unseal, uuidBytes, uuidText } from "./chancery-crypto.mjs";

export const MAGIC = concat(new Uint8Array([0x93]), ascii("CHLIC\x01\n"));
export const SUFFIX = ".licenses";

const KIB = 1024;
const ID = 16;
const LIMITS = { file: 64 * KIB * KIB, organizations: 64, licenses: 20000, statement: 256 * KIB, license: 48 * KIB };

const invalid = (message) => fail("invalid_object", message);
const number = (bytes) => bytes.reduce((value, byte) => value * 256 + byte, 0);
const isAscii = (bytes) => bytes.every((byte) => byte < 128);
const text = (bytes) => new TextDecoder().decode(bytes);

/** Tell which of two rows of bytes of one length comes first. */
function order(one, two) {
  const at = one.findIndex((byte, place) => byte !== two[place]);
  return at < 0 ? 0 : one[at] - two[at];
}

const ascends = (rows) => rows.every((row, place) => place === 0 || order(rows[place - 1], row) < 0);

/** Write a file: `statements` are pairs of an organization's id and its statement, `licenses` as the API answers them. */
export function encodeLicenses(statements, licenses) {
  const organizations = statements.map(([org, statement]) => [uuidBytes(org), ascii(statement)]);
  organizations.sort(([one], [two]) => order(one, two));
  const sorted = [...licenses].sort((one, two) => order(one.subarray(0, ID), two.subarray(0, ID)));
  return concat(
    MAGIC, unsigned(BigInt(organizations.length), 2),
    ...organizations.flatMap(([org, statement]) => [org, unsigned(BigInt(statement.length), 4), statement]),
    unsigned(BigInt(sorted.length), 4),
    ...sorted.flatMap((one) => [one.subarray(0, 2 * ID), unsigned(BigInt(one.length - 2 * ID), 4), one.subarray(2 * ID)]),
  );
}

/** Read a file strictly: one content has one encoding, and no byte is left over. */
export function decodeLicenses(data) {
  let at = 0;
  const take = (size) => {
    at += size;
    return at <= data.length ? data.subarray(at - size, at) : invalid("The licenses file is cut off.");
  };
  const count = (size, most) => {
    const found = number(take(size));
    return found <= most ? found : invalid("The licenses file holds more than it may.");
  };
  const part = (limit) => {
    const size = count(4, limit);
    return size ? take(size) : invalid("A part of the licenses file is empty.");
  };
  const several = (most, size, one) => Array.from({ length: count(size, most) }, one);
  if (data.length > LIMITS.file || !equal(take(MAGIC.length), MAGIC)) invalid("This is no licenses file.");
  const statements = several(LIMITS.organizations, 2, () => ({ org: take(ID), statement: part(LIMITS.statement) }));
  const licenses = several(LIMITS.licenses, 4, () => ({ nonce: take(ID), tag: take(ID), sealed: part(LIMITS.license) }));
  const canonical = at === data.length && ascends(statements.map(({ org }) => org)) && ascends(licenses.map(({ nonce }) => nonce));
  if (!canonical || !statements.every(({ statement }) => isAscii(statement))) invalid("The licenses file is not in its one form.");
  return { statements: statements.map(({ org, statement }) => [uuidText(org), text(statement)]), licenses };
}

/** Unseal the license of a file for one device key and one document, given as the digest of its publishing license. */
export async function openCarried({ licenses }, { key, keyId, org, pl }) {
  for (const { nonce, tag, sealed } of licenses) {
    const mine = await sha256(LABELS.carriedTag, nonce, keyId, pl);
    if (!equal(mine.subarray(0, ID), tag)) continue;
    const plain = await unseal(key, sealed, concat(LABELS.carriedLicense, uuidBytes(org), pl, nonce));
    const first = plain.indexOf(10);
    const second = plain.indexOf(10, first + 1);
    const rest = plain.subarray(second + 1);
    const right = first >= 0 && second > first && plain.length === Math.ceil((second + 1) / KIB) * KIB && rest.every((byte) => byte === 0);
    if (!right || !isAscii(plain)) invalid("A license that was sent ahead is not in its one form.");
    return { token: text(plain.subarray(0, first)), delegation: text(plain.subarray(first + 1, second)) };
  }
  return null;
}
