// Policies (docs/licensing.md §5), read as strictly as the service reads them: an unknown member may be a restriction.
// Whom a name means and which addresses a network has, the service alone decides; their texts are only looked at here.

import { fail } from "../../static/js/chancery-crypto.mjs";

const RIGHTS = [
  "VIEW", "DOCEDIT", "EDIT", "COMMENT", "EXPORT", "EXTRACT", "PRINT", "FORWARD", "REPLY", "REPLYALL", "OBJMODEL",
  "VIEWRIGHTSDATA", "EDITRIGHTSDATA", "OWNER",
];
const LEVELS = ["viewer", "reviewer", "co-author", "co-owner"];
const ENTRIES = 20000;
const LAST_MOMENT = 253370851200;

const refuse = (text) => fail("invalid_policy", text);

function object(value, members) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) refuse("A part of the policy is no object.");
  const unknown = Object.keys(value).find((name) => !members.includes(name));
  if (unknown !== undefined) refuse(`The policy has an unknown member: ${unknown}.`);
  return value;
}

function list(value = []) {
  return Array.isArray(value) ? value : refuse("A member of the policy is no list.");
}

function text(value) {
  const fits = typeof value === "string" && value.length > 0 && [...value].length <= 320;
  return fits ? value : refuse("A member of the policy is no text of 1 to 320 characters.");
}

function integer(value, low, high) {
  if (value === undefined || value === null) return null;
  return Number.isInteger(value) && low <= value && value <= high ? value : refuse(`A number is not from ${low} to ${high}.`);
}

function one(value, allowed, byDefault) {
  const found = value === undefined ? byDefault : value;
  return allowed.includes(found) ? found : refuse("A member of the policy has an unknown value.");
}

function who(value) {
  const name = text(value).trim();
  const known = /^(?:address|domain|organization):.+$/.test(name) || name === "authenticated" || (name.includes("@") && !name.includes(":"));
  return known ? name : refuse("An entry names nobody.");
}

function rights(value) {
  const names = list(value).map(text);
  if (!names.every((name) => LEVELS.includes(name.toLowerCase()) || RIGHTS.includes(name.toUpperCase()))) refuse("A right is unknown.");
  return names;
}

function grant(value) {
  const found = object(value, ["who", "rights", "until"]);
  const names = rights(found.rights);
  if (!names.length) refuse("A grant needs at least one right.");
  return { who: who(found.who), rights: names, until: integer(found.until, 0, LAST_MOMENT) };
}

function conditions(value = {}) {
  const flags = ["post_quantum", "account_required"];
  const asked = object(value, ["strength", "networks", "platforms", "not_before", "not_after", ...flags, "enforced"]);
  if (asked.strength !== null) one(asked.strength, ["code", "password", "mfa", "passkey"], "code");
  [...list(asked.networks), ...list(asked.platforms)].forEach(text);
  for (const name of ["not_before", "not_after"]) integer(asked[name], 0, LAST_MOMENT);
  for (const name of flags) one(asked[name], [true, false], false);
  rights(asked.enforced);
  return asked;
}

/** Return the grants of a policy, each with its end or null; refuse what the service would not register. */
export function readPolicy(document) {
  const policy = object(document, [
    "v", "grants", "deny", "expires", "expires_after_opening_days", "offline_days", "lease", "enforcement", "watermark", "conditions",
  ]);
  one(policy.v, [1], 1);
  const [grants, deny] = [list(policy.grants), list(policy.deny)];
  if (grants.length + deny.length > ENTRIES) refuse("The policy has too many entries.");
  deny.forEach(who);
  integer(policy.expires, 0, LAST_MOMENT);
  integer(policy.expires_after_opening_days, 1, 65535);
  integer(policy.offline_days, -1, 65535);
  integer(policy.lease, 60, 30 * 86400);
  one(policy.enforcement, ["client", "viewer"], "client");
  one(policy.watermark, [true, false], false);
  conditions(policy.conditions);
  return { grants: grants.map(grant) };
}
