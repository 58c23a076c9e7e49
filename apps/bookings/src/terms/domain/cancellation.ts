import { allocate, sum } from '@roost/money';
import { type BookedStay, nightsStayedAt } from './booked-stay.js';
import { datedTiers, NOTHING_RETAINED, type RefundTier, STAYED_RETAINED, tierAt } from './refund-tiers.js';
import { type Refund, refundOf, refundUnder, totalOf, worstRefund } from './refund.js';

/** The refunds of cancellations by guests, hosts and administrators (docs/domain.md §3). */

/**
 * The refund if the guest cancels a `confirmed` or `in_stay` booking `at` an instant of domain time. The tiers that applied
 * at earlier changes still apply if they are worse, so that moving a stay to later dates does not make it free to cancel.
 */
export function guestCancel(
  stay: BookedStay,
  confirmedAt: Date,
  at: Date,
  tiersAtChanges: readonly RefundTier[] = [],
): Refund {
  const tiers = [tierAt(datedTiers(stay, confirmedAt), at), ...tiersAtChanges] as const;
  return worstRefund(tiers, stay.price, nightsStayedAt(stay, at));
}

/** The tiers that apply after a change `at` an instant: those of earlier changes and the tier at this instant. */
export function tiersAfterChange(
  stay: BookedStay,
  confirmedAt: Date,
  at: Date,
  tiersAtChanges: readonly RefundTier[],
): RefundTier[] {
  const current = tierAt(datedTiers(stay, confirmedAt), at);
  const isListed = tiersAtChanges.some(
    ({ nightsBeyondStayed, restBps, serviceFeeReturned }) =>
      nightsBeyondStayed === current.nightsBeyondStayed &&
      restBps === current.restBps &&
      serviceFeeReturned === current.serviceFeeReturned,
  );
  return isListed ? [...tiersAtChanges] : [...tiersAtChanges, current];
}

/** The refund if the host cancels: everything before check-in, and the nights not stayed afterwards. */
export function hostCancel(stay: BookedStay, at: Date): Refund {
  const stayed = nightsStayedAt(stay, at);
  return refundUnder(stayed === 0 ? NOTHING_RETAINED : STAYED_RETAINED, stay.price, stayed);
}

/**
 * The refund that an administrator sets, divided over the lines by largest remainder. Null unless
 * `0 ≤ refundMinor ≤ refundableMinor` (captured and not yet refunded).
 */
export function adminCancel(
  stay: BookedStay,
  at: Date,
  { refundMinor, refundableMinor }: { refundMinor: number; refundableMinor: number },
): Refund | null {
  const { price } = stay;
  if (!Number.isSafeInteger(refundMinor) || refundMinor < 0) return null;
  if (refundMinor > Math.min(refundableMinor, totalOf(price))) return null;
  const [night = 0, extraGuest = 0, cleaning = 0, serviceFee = 0, ...taxes] = allocate(refundMinor, [
    sum(price.nights.map(({ amountMinor }) => amountMinor)),
    price.extraGuestMinor,
    price.cleaningMinor,
    price.serviceFeeMinor,
    ...price.taxes.map(({ amountMinor }) => amountMinor),
  ]);
  const parts = { night, extra_guest: extraGuest, cleaning, service_fee: serviceFee, tax: sum(taxes) };
  return refundOf(price, parts, nightsStayedAt(stay, at));
}
