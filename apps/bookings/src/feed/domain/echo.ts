import { compareDates, type DateRange, mergeRanges, rangesOverlap } from '@roost/stay';

/**
 * The state of an imported event: `blocking` (no stay has its nights), `echo` (it comes from our own export) or `clash` (a
 * stay has some of its nights, and the other nights do not come from our export).
 */
export type EventState = 'blocking' | 'echo' | 'clash';

/**
 * `exported`: the nights in our own export: stays, preparation and blocks. Other marketplaces merge adjacent nights into one
 * event.
 */
export function stateOf(
  event: DateRange & { own: boolean },
  stays: readonly DateRange[],
  exported: readonly DateRange[],
): EventState {
  if (event.own) return 'echo';
  if (!stays.some((stay) => rangesOverlap(stay, event))) return 'blocking';
  const covered = mergeRanges([...stays, ...exported]).some(
    ({ from, to }) => compareDates(from, event.from) <= 0 && compareDates(event.to, to) <= 0,
  );
  return covered ? 'echo' : 'clash';
}
