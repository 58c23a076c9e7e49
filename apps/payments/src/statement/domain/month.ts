/** A month from 2000 to 2099. */
export const MONTH = /^(20\d\d)-(0[1-9]|1[0-2])$/;

/** The half-open range of instants of a month in UTC. Null for a text that is no month from 2000 to 2099. */
export function rangeOfMonth(month: string): { from: Date; to: Date } | null {
  const [, year, ordinal] = MONTH.exec(month) ?? [];
  if (year === undefined || ordinal === undefined) return null;
  return {
    from: new Date(Date.UTC(Number(year), Number(ordinal) - 1)),
    to: new Date(Date.UTC(Number(year), Number(ordinal))),
  };
}
