// A sealed file inside a web page (docs/format.md, section 9): made, and taken out again.

import { ascii, equal, fail } from "./chancery-crypto.mjs";

const MAGIC = ascii("<!doctype html><!-- chancery-sealed-html-1 -->\n");
const MARK = '<script type="application/vnd.chancery.sealed" id="sealed">\n';
const END = "</script>\n</body>\n</html>\n";
const MIB = 1024 ** 2;
const MAX_HEAD = MIB / 16;
const MAX_SEALED = 12 * MIB;
const WIDTH = 76; // Letters in a line.
const LINE = 57; // Bytes in it.
const MAX_PAYLOAD = Math.ceil(MAX_SEALED / LINE) * (WIDTH + 1);
const STEP = 512 * LINE; // How many bytes are encoded at once.

export const MAX_CONTENT = MAX_SEALED - MIB / 2;

const refuse = () => fail("invalid_file", "This page carries no protected document, or was changed.");
const bytesIn = async (blob) => new Uint8Array(await blob.arrayBuffer());

function linesOf(bytes) {
  const letters = btoa(String.fromCharCode(...bytes));
  let lines = "";
  for (let at = 0; at < letters.length; at += WIDTH) lines += `${letters.slice(at, at + WIDTH)}\n`;
  return lines;
}

/** Return the page that carries a sealed file; `head` comes with the page that protects. */
export async function wrapped(sealed, head) {
  if (sealed.size > MAX_SEALED) fail("too_large", "A page carries less.");
  const bytes = await bytesIn(sealed);
  const parts = [head];
  for (let at = 0; at < bytes.length; at += STEP) parts.push(linesOf(bytes.subarray(at, at + STEP)));
  return new Blob([...parts, END], { type: "text/html" });
}

/** Decode one run of whole lines; other spellings of the same bytes are refused. */
function decoded(lines) {
  let letters = "";
  try {
    letters = atob(lines);
  } catch {
    refuse();
  }
  const bytes = new Uint8Array(letters.length);
  for (let at = 0; at < letters.length; at += 1) bytes[at] = letters.charCodeAt(at);
  return linesOf(bytes) === lines ? bytes : refuse();
}

/** Whether a file is a page that carries a sealed one, by its first bytes. */
export const isHtmlForm = async (source) => equal(await bytesIn(source.slice(0, MAGIC.length)), MAGIC);

/** Return the sealed file that a page carries; anything else is returned as it is. */
export async function unwrapped(source) {
  if (!(await isHtmlForm(source))) return source;
  if (source.size > MAX_HEAD + MAX_PAYLOAD + END.length) refuse();
  // Each byte is one letter: what is not ASCII before the payload does not shift it, and in the payload it is refused.
  const page = new TextDecoder("latin1").decode(await bytesIn(source));
  const start = page.slice(0, MAX_HEAD).indexOf(MARK) + MARK.length;
  if (start < MARK.length || !page.endsWith(END)) refuse();
  const payload = page.slice(start, page.length - END.length);
  const step = (STEP / LINE) * (WIDTH + 1);
  const parts = [];
  for (let at = 0; at < payload.length; at += step) {
    if (parts.length && parts.at(-1).length !== STEP) refuse(); // Padding in between.
    parts.push(decoded(payload.slice(at, at + step)));
  }
  return new Blob(parts);
}
