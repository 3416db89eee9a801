// One file that is protected: sealed under a license that the service published, verified, and made known to the service.
// Loaded when files are protected, since it brings reader and writer of the format.

import { equal } from "./chancery-crypto.mjs";
import { MAX_CONTENT, isHtmlForm, unwrapped, wrapped } from "./chancery-html.mjs";
import { MAGIC, openSealed } from "./chancery-reader.mjs";
import { ServiceError } from "./chancery-service.mjs";
import { BlobSink } from "./chancery-sink.mjs";
import { State } from "./protect-batch.mjs";
import { sealThere } from "./protect-sealer.mjs";

const KINDS = { txt: "text/plain", pdf: "application/pdf", png: "image/png", jpg: "image/jpeg", csv: "text/csv", json: "application/json" };
const TERMS_REFUSED = ["invalid_policy", "invalid", "not_found"]; // The last one of a template that is no longer published.

const failure = (code) => Object.assign(new Error(code), { code });

async function isProtected(file) {
  const first = new Uint8Array(await file.slice(0, MAGIC.length).arrayBuffer());
  return equal(first, MAGIC) || isHtmlForm(file);
}

/** A sink that keeps the sealed file, which is small, and writes the page that carries it in the end. */
class PageSink extends BlobSink {
  constructor(sink, page) {
    super();
    Object.assign(this, { sink, page });
  }

  async close() {
    await this.sink.write(await wrapped(await super.close(), this.page));
    return this.sink.close();
  }

  abort() {
    return this.sink.abort();
  }
}

async function seal(batch, entry, place, { notice, signal, tell }) {
  const { head } = batch;
  if (!entry.source) throw failure("missing");
  const file = await entry.source.read();
  if (await isProtected(file)) return batch.set(entry, { state: State.LEFT_OUT });
  if (head.page && file.size > MAX_CONTENT) throw failure("too_large_for_page");
  if (entry.state === State.WAITING && !(head.place?.kind === "file") && (await batch.place.file(entry.output))) {
    throw failure("taken");
  }
  const wanted = { ...head.terms, title: entry.kept.title.slice(-255) };
  const { license, key, sign } = await place.publish(wanted).catch((error) => {
    error.isOfTerms = error instanceof ServiceError && TERMS_REFUSED.includes(error.code);
    throw error;
  });
  await batch.set(entry, { state: State.WRITING });
  const written = await batch.place.sink(entry.output);
  const sink = head.page ? new PageSink(written, head.page) : written;
  try {
    const type = KINDS[entry.name.split(".").at(-1).toLowerCase()] ?? "application/octet-stream";
    const { org, tenantKeys } = place.statement;
    const job = { file, key, license: license.token, statement: { org, tenantKeys }, name: entry.name, type, notice };
    const { seal: token } = await sealThere(job, { sign, sink, signal, tell });
    return batch.set(entry, { state: State.REGISTERING, license: license.token, seal: token, cid: license.cid });
  } catch (error) {
    await sink.abort();
    await batch.set(entry, { state: State.WAITING });
    throw error;
  }
}

async function isThere(batch, { output, kept }) {
  const blob = await batch.place.file(output);
  const file = blob && (await unwrapped(blob).then(openSealed).catch(() => null));
  return file?.seal.unverified.token === kept.seal;
}

/** Tell the service; the same license a second time changes nothing, so this may be repeated where no answer came. */
async function register(batch, entry, place) {
  try {
    await place.register(entry.kept.license, entry.kept.seal);
  } catch (error) {
    if (error instanceof ServiceError && error.status < 500) {
      await batch.place.remove(entry.output);
      await batch.set(entry, { state: State.WAITING });
    }
    throw error;
  }
  await batch.set(entry, { state: State.DONE });
}

/** Protect one file of a batch, or finish what was begun. */
export async function protectFile(batch, entry, place, { notice, signal, tell }) {
  if (entry.state !== State.REGISTERING) await seal(batch, entry, place, { notice, signal, tell });
  else if (!(await isThere(batch, entry))) throw failure("lost");
  if (entry.state === State.REGISTERING) await register(batch, entry, place);
}
