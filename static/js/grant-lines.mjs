// Grants as people write them, one in a line: "rita@partner.example: viewer until 2027-01-31".  The service reads and
// writes the same lines (portal/web/grant_lines.py).

const EVERYBODY = "everybody";
const ENDING = /^(?<given>.*?)(?: until (?<until>.*))?$/u;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** Return what a line says in the words of a policy, with its last day or "", or null for a line that says something else. */
export function read(line, organization) {
  const { given, until } = ENDING.exec(line)?.groups ?? { given: "" };
  const [split, last] = [given.lastIndexOf(":"), until?.trim() ?? ""];
  const [name, rights] = [given.slice(0, split).trim().toLowerCase(), given.slice(split + 1).trim()];
  if (split < 1 || !name || !rights || (until !== undefined && !DAY.test(last))) return null;
  if (name === EVERYBODY) return { who: `organization:${organization}`, rights, until: last };
  if (name.includes(":") || name === "authenticated") return { who: name, rights, until: last };
  return name.includes("@") ? { who: `address:${name}`, rights, until: last } : null;
}

/** Return an entry as a line. */
export function write({ who, rights, until }, organization) {
  const name = who === `organization:${organization}` ? EVERYBODY : who.replace(/^address:/, "");
  return until ? `${name}: ${rights} until ${until}` : `${name}: ${rights}`;
}
