// The pages of a viewer-only document: the sealed file goes to the service by parts, drawn pages come back, each sealed to
// this browser's device.  The service decrypts the document for it; its key never comes here.

import { LABELS, concat, fromBase64url, toBase64url, unseal, unsigned, uuidBytes } from "./chancery-crypto.mjs";
import { ServiceError } from "./chancery-service.mjs";

const POLL = 300; // Milliseconds between two looks.
const PATIENCE = 30_000; // In this time a worker takes the document, or there is none.

const pause = () => new Promise((resolve) => setTimeout(resolve, POLL));

/** Call the service about one rendering; its refusals are about the document, not about this browser. */
async function call(place, ...request) {
  try {
    return await place.call(...request);
  } catch (error) {
    if (!(error instanceof ServiceError) || error.status === 401) throw error;
    throw new ServiceError(0, { ...error.problem, code: "viewer" });
  }
}

export class Pages {
  /** `told` hears what happens: "waiting", "sending" with a share from 0 to 1, "drawing". */
  constructor(place, use, source, device, told) {
    Object.assign(this, { place, use, source, device, told, count: 0, of: 0, failed: false });
    this.path = `/api/v1/renderings/${use.jti}`;
  }

  async #state() {
    const state = await call(this.place, "GET", this.path);
    this.failed = state.stage === "failed";
    if (this.failed && !state.ready) throw new ServiceError(0, { detail: state.message, next_step: state.next_step });
    [this.count, this.of] = [state.pages, state.of];
    return state;
  }

  async #taken() {
    this.told("waiting");
    for (const end = Date.now() + PATIENCE; Date.now() < end; await pause()) {
      const state = await this.#state();
      if (state.stage !== "waiting") return state.part_size;
    }
    throw Object.assign(new Error("Nothing draws the document."), { code: "viewer_silent" });
  }

  async #send(size) {
    for (let at = 0, number = 1; at < this.source.size; at += size, number += 1) {
      this.told("sending", at / this.source.size);
      const part = new Uint8Array(await this.source.slice(at, at + size).arrayBuffer());
      await call(this.place, "POST", `${this.path}/parts/${number}`, { body: { part: toBase64url(part) } });
    }
  }

  async #page(number) {
    const { page } = await call(this.place, "GET", `${this.path}/pages/${number}`);
    const ids = [this.use.org, this.use.dev, this.use.jti].map(uuidBytes);
    return unseal(this.device.decryptionKey, fromBase64url(page), concat(LABELS.renderingPage, ...ids, unsigned(number, 4)));
  }

  /** Yield each page as it is drawn, as the bytes of a picture; `count` is known with the first.  `failed` says at the
   *  end that further ones could not be drawn. */
  async *all() {
    await this.#send(await this.#taken());
    this.told("drawing");
    for (let number = 1; !this.count || number <= this.count; ) {
      const { ready } = await this.#state();
      for (; number <= ready; number += 1) yield await this.#page(number);
      if (this.failed) return;
      if (!this.count || number <= this.count) await pause();
    }
  }
}
