// What the service checks of a publishing license, its envelope and its policy before it registers them.  No page needs it, so it is
// not among the scripts of pages: it is there so that two implementations agree.

import { LABELS, concat, contentId, equal, fail, unseal, uuidBytes } from "../../static/js/chancery-crypto.mjs";
import { Claims, decodeJson, invalid, verifySignature } from "../../static/js/chancery-jws.mjs";
import { parsePublishing, verifyLicensor } from "../../static/js/chancery-objects.mjs";
import { readPolicy } from "./policy.mjs";

function readEnvelope(bytes) {
  const claims = new Claims(decodeJson(bytes), false);
  const envelope = {
    key: claims.blobUpTo("key", 4096), issuer: claims.uuid("issuer"), owner: claims.uuid("owner"),
    policy: claims.optional("policy", "object"), template: claims.optional("template", "object"),
    expires: claims.nullable("expires", "integer"), offline: claims.nullable("offline", "integer", -1),
    appData: claims.object("app_data"), title: claims.optional("title", "text"), second: claims.optional("second", "object"),
  };
  claims.done();
  if (!envelope.policy === !envelope.template) invalid("An envelope holds either a policy or a template.");
  if (envelope.policy) readPolicy(envelope.policy);
  return envelope;
}

/** Return a license with its envelope, as the service checks both before it registers them. */
export async function verifyPublishing(token, { org, tenantKeys, chain, key }) {
  const license = await parsePublishing(token);
  if (license.org !== org) fail("wrong_binding", "The license belongs to another organization.");
  const tenantKey = tenantKeys.find((one) => one.use === "enc" && equal(one.id, license.kid));
  if (!tenantKey) fail("untrusted_key", "The license is sealed to a key that is not this organization's.");
  if (tenantKey.suite !== license.suite) fail("unknown_suite", "The license names another suite than its key has.");
  const certificate = license.clc === undefined ? null : await verifyLicensor(license.clc, chain);
  let signer;
  if (certificate === null) {
    signer = (await chain.verify(license.unverified, license.org, license.iat)).id;
  } else {
    if (certificate.org !== org || !certificate.kids.some((kid) => equal(kid, license.kid))) {
      fail("wrong_binding", "The certificate does not cover the key this license is sealed to.");
    }
    await verifySignature(license.unverified, certificate.key);
    signer = certificate.key.id;
  }
  if (license.cid !== (await contentId(org, signer, license.nonce))) {
    fail("wrong_binding", "The content id was not made by the signer of this license.");
  }
  const info = concat(LABELS.plEnvelope, uuidBytes(org), uuidBytes(license.cid), license.kid);
  const envelope = readEnvelope(await unseal(key, license.env, info));
  if (certificate && envelope.issuer !== certificate.sub) fail("wrong_binding", "The envelope names another issuer.");
  const within = certificate === null || (certificate.nbf <= license.iat && license.iat <= certificate.exp);
  return { license, envelope, within };
}
