// What a person did with an opened document in this browser, for the log of its organization: told at once, or as soon as
// the service answers again while the document is open.

const ONCE = 5_000; // Milliseconds in which the same act is one act: who copies three lines copies once.

export class Reports {
  #place; #cid;
  #waiting = [];
  #last = new Map();
  #sending = false;

  constructor(place, cid) {
    this.#place = place;
    this.#cid = cid;
  }

  /** Report "printed", "copied" or "exported". */
  add(action) {
    const now = Date.now();
    if (now - (this.#last.get(action) ?? -ONCE) < ONCE) return;
    this.#last.set(action, now);
    this.#waiting.push({ id: crypto.randomUUID(), cid: this.#cid, action, at: Math.floor(now / 1000) });
    this.send();
  }

  /** Send what waits; reporting again is harmless, so what got no answer is kept for the next heartbeat. */
  async send() {
    if (this.#sending) return;
    this.#sending = true;
    try {
      while (this.#waiting.length) {
        const events = [...this.#waiting];
        await this.#place.call("POST", "/api/v1/events", { body: { events } });
        this.#waiting = this.#waiting.filter((one) => !events.includes(one));
      }
    } catch {
      // What waits is sent again.
    } finally {
      this.#sending = false;
    }
  }
}
