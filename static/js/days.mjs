// Days as moments: access lasts on its last day, until the midnight that ends it where this browser is.

/** Return the end of a day, "2027-01-31", in seconds since 1970. */
export function endOf(day) {
  const [year, month, date] = day.split("-").map(Number);
  return Math.floor(new Date(year, month - 1, date + 1).getTime() / 1000);
}

/** Return the last day before an end. */
export const lastDayBefore = (end) => new Date((end - 1) * 1000).toLocaleDateString("sv"); // The form of ISO 8601.
