// What a person did with an opened document in this browser, for the log of its organization: told at once, or as soon as
// the service answers again while the document is open.

const ONCE = 5_000; // Milliseconds in which the same act is one act: who copies three lines copies once.

export class Reports {
  #place; #cid; #license;
  #waiting = [];
  #last = new Map();
  #sending = false;

  constructor(place, { cid, jti }) {
    this.#place = place;
    this.#cid = cid;
    this.#license = jti;
  }

  /** Report "printed", "copied" or "exported", or that the page refused it. */
  add(action, allowed = true) {
    const now = Date.now(), act = `${action} ${allowed}`;
    if (now - (this.#last.get(act) ?? -ONCE) < ONCE) return;
    this.#last.set(act, now);
    const event = { id: crypto.randomUUID(), cid: this.#cid, action, at: Math.floor(now / 1000), allowed };
    this.#waiting.push({ ...event, license: this.#license });
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
