// Where sealed bytes go that are kept in memory; every other sink has the same methods.

/** A sink that keeps everything in the browser's own store for Blobs. */
export class BlobSink {
  #parts = [];

  async write(bytes) {
    this.#parts.push(new Blob([bytes]));
  }

  async close() {
    return new Blob(this.#parts, { type: "application/octet-stream" });
  }

  async abort() {
    this.#parts = [];
  }
}
