import { type IsoDate, nightCount } from '@roost/stay';

/** Of the ranges that cover the date the shortest; of equally short ones the later in the list. */
export function shortestCovering<T extends { from: IsoDate; to: IsoDate }>(
  ranges: readonly T[],
  date: IsoDate,
): T | undefined {
  const covering = ranges.filter(({ from, to }) => from <= date && date < to);
  if (covering.length < 2) return covering[0];
  return covering
    .map((range) => ({ range, days: nightCount(range.from, range.to) }))
    .reduce((best, next) => (next.days <= best.days ? next : best)).range;
}
