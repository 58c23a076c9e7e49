import { addMilliseconds } from '@roost/stay';
import {
  type StayPrice,
  type StayTerms,
  checkOutAt,
  nightStarts,
  refundUnder,
  tierAt,
  tierDeadlines,
} from './cancellation.js';

/** `refundMinor` is what a guest's cancel gives back after the step before and up to and including `until`. */
export interface RefundStep {
  until: Date;
  /** Minor units. */
  refundMinor: number;
}

/**
 * The policy as dated instants, frozen at booking (DOMAIN.md §2): what a cancel would refund from
 * confirmation to check-out. It is `guestCancel` at every instant of that time. A night begins to count at
 * its start, so the step before it ends a millisecond earlier. A quote gives `now` for `confirmedAt`.
 */
export function refundSchedule(stay: {
  terms: StayTerms;
  price: StayPrice;
  confirmedAt: Date;
}): RefundStep[] {
  const { terms, price, confirmedAt } = stay;
  const starts = nightStarts(terms);
  const end = checkOutAt(terms);
  const ends = [
    ...tierDeadlines(terms, confirmedAt),
    ...starts.map((start) => addMilliseconds(start, -1)),
    end,
  ]
    .filter((until) => until >= confirmedAt && until <= end)
    .toSorted((a, b) => a.getTime() - b.getTime());

  const steps: RefundStep[] = [];
  for (const until of ends.length === 0 ? [end] : ends) {
    const stayed = starts.filter((start) => start <= until).length;
    const { refundMinor } = refundUnder(tierAt(terms, confirmedAt, until), price, stayed);
    const last = steps.at(-1);
    if (last?.refundMinor === refundMinor) last.until = until;
    else steps.push({ until, refundMinor });
  }
  return steps;
}

/** The refund that the schedule names for an instant; after its last step, that of the last. */
export function refundAt(schedule: readonly RefundStep[], at: Date): number {
  return (schedule.find(({ until }) => at <= until) ?? schedule.at(-1))?.refundMinor ?? 0;
}
