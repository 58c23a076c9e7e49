import { type IsoDate, nightCount } from '@roost/stay';

/** The shortest range that covers the date; of equally short ones the last in the list. */
export function shortestCovering<T extends { from: IsoDate; to: IsoDate }>(
  ranges: readonly T[],
  date: IsoDate,
): T | undefined {
  const covering = ranges.filter(({ from, to }) => from <= date && date < to);
  if (covering.length < 2) return covering[0];
  return covering
    .map((range) => ({ range, days: nightCount(range.from, range.to) }))
    .reduce((shortest, next) => (next.days <= shortest.days ? next : shortest)).range;
}
