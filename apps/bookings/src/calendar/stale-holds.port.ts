import type { EntityManager } from '@mikro-orm/postgresql';
import { type DateRange, mergeRanges } from '@roost/stay';
import { NightsTaken } from '../booking/booking-sweeper.jobs.js';
import { findStaleHolds } from './calendar.queries.js';

/**
 * Throws `NightsTaken` when a hold that has run out is among those who have these nights: `endStaleHoldsFirst` ends it and
 * tries again, so that an import does not mistake it for a stay.
 */
export async function rejectStaleHolds(
  em: EntityManager,
  calendarListingId: number,
  ranges: readonly DateRange[],
  now: Date,
): Promise<void> {
  const runs = mergeRanges(ranges);
  const [first, last] = [runs.at(0), runs.at(-1)];
  if (!first || !last) return;
  const nights = { checkInDate: first.from, checkOutDate: last.to, preparationNights: 0 };
  const span = { calendarListingId, ...nights };
  const stale = await findStaleHolds(em, span, now);
  if (stale.length > 0) throw new NightsTaken('calendar.dates_taken', span);
}
