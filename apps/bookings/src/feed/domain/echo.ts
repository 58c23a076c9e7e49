import { compareDates, type DateRange, mergeRanges, rangesOverlap } from '@roost/stay';

/**
 * What an imported event is to the stays here: `blocking` (no stay has its nights), `echo` (our own export coming back)
 * or `clash` (a stay has some of its nights, and the rest are news).
 */
export type EventState = 'blocking' | 'echo' | 'clash';

/**
 * `ours` is what our own export says: the stays, and what goes out beside them (preparation, blocks), since others melt
 * nights that touch into one event.
 */
export function stateOf(
  event: DateRange & { own: boolean },
  stays: readonly DateRange[],
  ours: readonly DateRange[],
): EventState {
  if (event.own) return 'echo';
  if (!stays.some((stay) => rangesOverlap(stay, event))) return 'blocking';
  const covered = mergeRanges([...stays, ...ours]).some(
    ({ from, to }) => compareDates(from, event.from) <= 0 && compareDates(event.to, to) <= 0,
  );
  return covered ? 'echo' : 'clash';
}
