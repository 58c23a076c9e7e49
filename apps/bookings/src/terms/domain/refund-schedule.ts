import { addMilliseconds } from '@roost/stay';
import {
  type BookedStay,
  datedTiers,
  nightStart,
  type RefundTier,
  tierAt,
  worstRefund,
} from './cancellation.js';

/** `refundMinor` is what a guest's cancel gives back after the step before and up to and including `until`. */
export interface DatedRefund {
  /** RFC 3339, so that it is kept and sent as it is. */
  until: string;
  /** Minor units. */
  refundMinor: number;
}

/**
 * The policy as dated instants, frozen at booking (DOMAIN.md §2): what a cancel would refund from
 * confirmation to check-out. It is `guestCancel` at every instant of that time. A night begins to count at
 * its start, so the step before it ends a millisecond earlier. A quote gives `now` for `confirmedAt`. Of a
 * changed booking the schedule begins at its last change, and knows the tiers that held at each.
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
    const counting = [tierAt(tiers, until), ...changed.tiersAtChanges] as const;
    const { refundMinor } = worstRefund(counting, stay.price, stayed);
    const last = steps.at(-1);
    if (last?.refundMinor === refundMinor) last.until = until.toISOString();
    else steps.push({ until: until.toISOString(), refundMinor });
  }
  return steps;
}

/** The schedule when goodwill has left no more than `leftMinor` of what was paid; steps that become the same are one. */
export function limitSchedule(schedule: readonly DatedRefund[], leftMinor: number): DatedRefund[] {
  const steps = schedule.map(({ until, refundMinor }) => ({
    until,
    refundMinor: Math.min(refundMinor, leftMinor),
  }));
  return steps.filter(({ refundMinor }, order) => steps[order + 1]?.refundMinor !== refundMinor);
}

/** The refund that the schedule names for an instant; after its last step, that of the last. */
export function refundAt(schedule: readonly DatedRefund[], at: Date): number {
  const step = schedule.find(({ until }) => at.getTime() <= Date.parse(until)) ?? schedule.at(-1);
  return step?.refundMinor ?? 0;
}
