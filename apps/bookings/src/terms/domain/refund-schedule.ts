import { addMilliseconds } from '@roost/stay';
import { type BookedStay, nightStart } from './booked-stay.js';
import { worstRefund } from './refund.js';
import { datedTiers, type RefundTier, tierAt } from './refund-tiers.js';

/** A cancellation by the guest after the previous step and until `until` (inclusive) refunds `refundMinor`. */
export interface DatedRefund {
  /** RFC 3339, as it is stored and sent. */
  until: string;
  /** Minor units. */
  refundMinor: number;
}

/**
 * The cancellation policy as instants and amounts, frozen at booking (docs/domain.md §2): the refund of a cancellation from the
 * confirmation to the check-out. It equals `guestCancel` at each instant of that period. A night counts from its start, so
 * the previous step ends a millisecond earlier. A quote passes `now` as `confirmedAt`. The schedule of a changed booking
 * begins at its last change, and includes the tiers that applied at each change.
 */
export function refundSchedule(
  stay: BookedStay,
  confirmedAt: Date,
  changed: { at: Date; tiersAtChanges: readonly RefundTier[] } = { at: confirmedAt, tiersAtChanges: [] },
): DatedRefund[] {
  const tiers = datedTiers(stay, confirmedAt);
  const starts = stay.price.nights.map((_, night) => nightStart(stay, night));
  const end = stay.checkOutAt;
  const ends = [
    ...tiers.flatMap(({ until }) => until ?? []),
    ...starts.map((start) => addMilliseconds(start, -1)),
    end,
  ]
    .filter((until) => until >= changed.at && until <= end)
    .toSorted((a, b) => a.getTime() - b.getTime());

  const steps: DatedRefund[] = [];
  for (const until of ends.length === 0 ? [end] : ends) {
    const stayed = starts.filter((start) => start <= until).length;
    const applicable = [tierAt(tiers, until), ...changed.tiersAtChanges] as const;
    const { refundMinor } = worstRefund(applicable, stay.price, stayed);
    const last = steps.at(-1);
    if (last?.refundMinor === refundMinor) last.until = until.toISOString();
    else steps.push({ until: until.toISOString(), refundMinor });
  }
  return steps;
}

/** Limits the schedule to `restMinor`, the part that is not yet refunded as goodwill; equal steps are merged. */
export function limitSchedule(schedule: readonly DatedRefund[], restMinor: number): DatedRefund[] {
  const steps = schedule.map(({ until, refundMinor }) => ({
    until,
    refundMinor: Math.min(refundMinor, restMinor),
  }));
  return steps.filter(({ refundMinor }, order) => steps[order + 1]?.refundMinor !== refundMinor);
}

/** The refund at an instant; after the last step, the refund of the last step. */
export function refundAt(schedule: readonly DatedRefund[], at: Date): number {
  const step = schedule.find(({ until }) => at.getTime() <= Date.parse(until)) ?? schedule.at(-1);
  return step?.refundMinor ?? 0;
}
