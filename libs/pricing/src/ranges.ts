import { type IsoDate, nightCount } from '@roost/stay';

/** Of the ranges that cover the date the shortest; of equally short ones the later in the list. */
export function shortestCovering<T extends { from: IsoDate; to: IsoDate }>(
  ranges: readonly T[],
  date: IsoDate,
): T | undefined {
  let best: { range: T; days: number } | undefined;
  for (const range of ranges) {
    if (date < range.from || date >= range.to) continue;
    const days = nightCount(range.from, range.to);
    if (best === undefined || days <= best.days) best = { range, days };
  }
  return best?.range;
}
