// Licenses sent ahead for a file that was just protected: asked of the service, and put together for a file beside it.

import { fromBase64url } from "./chancery-crypto.mjs";
import { encodeLicenses } from "./chancery-licenses.mjs";

/** Have licenses issued for all recipients; return what each got, and the licenses file, null where nobody got one. */
export async function sendAhead(place, cid) {
  const results = [];
  const licenses = [];
  let cursor = "";
  do {
    const answer = await place.call("POST", `/api/v1/documents/${cid}/prelicenses`, { body: { cursor } });
    results.push(...answer.results);
    licenses.push(...answer.licenses.map(fromBase64url));
    cursor = answer.next;
  } while (cursor);
  return { results, file: licenses.length ? encodeLicenses([[place.statement.org, place.token]], licenses) : null };
}
