import type { EntityManager } from '@mikro-orm/postgresql';
import { Problem } from '@roost/platform';
import { type DateRange, mergeRanges } from '@roost/stay';
import { findStaleHolds, type StayNights } from './calendar.queries.js';

/** Another owner has some of the requested nights. */
export class NightsTaken extends Problem {
  constructor(
    code: 'booking.dates_unavailable' | 'calendar.dates_taken',
    readonly nights: StayNights,
    /** A stale hold has them. */
    readonly byStaleHold = false,
  ) {
    super(code);
  }
}

/**
 * Stale holds: bookings whose hold has expired but that still have nights, because no sweep has ended them yet. The
 * calendar claims nights for any owner and does not know bookings, so the booking module implements this port.
 */
export abstract class StaleHolds {
  /** Ends the stale holds that have some of these nights. Returns false if there were none and the nights are taken. */
  abstract end(nights: StayNights): Promise<boolean>;

  /** Runs `attempt`; if it throws `NightsTaken` only because of stale holds, ends these and runs it once more. */
  async retryAfterEnding<T>(attempt: () => Promise<T>): Promise<T> {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof NightsTaken)) throw error;
      const ended = await this.end(error.nights);
      if (!ended && !error.byStaleHold) throw error;
      return await attempt();
    }
  }
}

/**
 * Throws `NightsTaken` if a stale hold has some of these nights, so that an import does not treat it as a stay:
 * `StaleHolds.retryAfterEnding` ends it and tries again.
 */
export async function rejectStaleHolds(
  em: EntityManager,
  calendarListingId: number,
  ranges: readonly DateRange[],
  now: Date,
): Promise<void> {
  const merged = mergeRanges(ranges);
  const [first, last] = [merged.at(0), merged.at(-1)];
  if (!first || !last) return;
  const nights = {
    calendarListingId,
    checkInDate: first.from,
    checkOutDate: last.to,
    preparationNights: 0,
  };
  const stale = await findStaleHolds(em, nights, now);
  if (stale.length > 0) throw new NightsTaken('calendar.dates_taken', nights, true);
}
