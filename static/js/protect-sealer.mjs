// The thread that seals: made when it is first needed, and made anew after it was ended in the middle of a file.

const ADDRESS = new URL("./seal-worker.mjs", import.meta.url).href;
const policy = window.trustedTypes?.createPolicy("seal-worker", { createScriptURL: () => ADDRESS });
let thread = null;

/**
 * Seal a file there and verify the copy; return the body seal and the copy.  `job` holds what both threads can have: file,
 * key, license, statement, name, type, notice.  The page does the rest: `sign`, `sink`, and `tell(act)(done, total)`.
 */
export function sealThere(job, { sign, sink, signal, tell }) {
  thread ??= new Worker(policy?.createScriptURL("") ?? ADDRESS, { type: "module" });
  const mine = thread; // Another one may have taken its place when a part is written.
  const acts = { write: (bytes) => sink.write(bytes), close: () => sink.close(), sign };
  const over = new AbortController();
  const sealed = new Promise((resolve, reject) => {
    const fail = (error) => {
      mine.terminate();
      if (thread === mine) thread = null;
      reject(error);
    };
    mine.onerror = () => fail(Object.assign(new Error("The thread that seals could not be started."), { code: "unreachable" }));
    mine.onmessage = async ({ data: { act, number, value } }) => {
      if (act === "done") resolve(value);
      else if (act === "failed") fail(Object.assign(new Error(value.message), value));
      else if (act === "tell") tell(value.act)(value.done, value.total);
      else {
        try {
          mine.postMessage({ number, value: await acts[act](value) });
        } catch (error) {
          fail(error);
        }
      }
    };
    signal.throwIfAborted();
    signal.addEventListener("abort", () => fail(signal.reason), { signal: over.signal });
    mine.postMessage({ job });
  });
  return sealed.finally(() => over.abort());
}
