// Reads policies, lines of grants and days for the test beside it: one JSON object comes in, one goes out.

import { readFileSync } from "node:fs";

import { ChanceryError } from "../../static/js/chancery-crypto.mjs";
import { readPolicy } from "./policy.mjs";
import { endOf, lastDayBefore } from "../../static/js/days.mjs";
import { read, write } from "../../static/js/grant-lines.mjs";

const { policies = [], lines = [], organization = "", days = [] } = JSON.parse(readFileSync(0, "utf8"));

function isRead(policy) {
  try {
    readPolicy(policy);
    return true;
  } catch (error) {
    if (error instanceof ChanceryError) return false;
    throw error;
  }
}

const again = (line) => {
  const entry = read(line, organization);
  return entry && write(entry, organization);
};

const ends = days.map(endOf);
const last = ends.map(lastDayBefore);
process.stdout.write(JSON.stringify({ policies: policies.map(isRead), lines: lines.map(again), ends, last }));
