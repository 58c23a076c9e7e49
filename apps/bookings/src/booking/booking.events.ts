import type { EventBody } from '@roost/contracts';
import { addHours } from '@roost/stay';
import { sharesOf } from '../terms/domain/charge.js';
import type { StayTerms } from '../terms/stay-terms.entity.js';
import type { Booking } from './booking.entity.js';

/** Payouts are due a day after check-in. */
const PAYOUT_DELAY_HOURS = 24;

type Facts = EventBody<'booking.accepted'>;

/** The facts in each event of a booking. They do not include a cancellation's refund: see `retainedFacts`. */
export function bookingFacts(booking: {
  id: string;
  state: Booking['state'];
  holdExpiresAt: Date | null;
  terms: StayTerms;
}): Facts {
  const { terms } = booking;
  return {
    bookingId: booking.id,
    listingId: terms.listingId,
    hostId: terms.hostId,
    guestId: terms.guestId,
    state: booking.state,
    bookingMode: terms.bookingMode,
    checkInDate: terms.checkInDate,
    checkOutDate: terms.checkOutDate,
    timeZone: terms.timeZone,
    checkInAt: terms.checkInAt.toISOString(),
    checkOutAt: terms.checkOutAt.toISOString(),
    guests: terms.guests,
    currency: terms.currency,
    lines: terms.price.lines,
    totalMinor: terms.totalMinor,
    ...splitOf(terms),
    payoutDueAt: addHours(terms.checkInAt, PAYOUT_DELAY_HOURS).toISOString(),
    holdExpiresAt: booking.holdExpiresAt?.toISOString() ?? null,
  };
}

/** The shares of host, platform and taxes in the total. */
export function splitOf({
  price,
  totalMinor,
}: Pick<StayTerms, 'price' | 'totalMinor'>): Pick<
  Facts,
  'hostPayoutMinor' | 'platformFeeMinor' | 'taxMinor'
> {
  const { serviceFeeMinor, hostFeeMinor, hostPayoutMinor, taxMinor } = sharesOf(price, totalMinor);
  return { hostPayoutMinor, platformFeeMinor: serviceFeeMinor + hostFeeMinor, taxMinor };
}

/** The shares of host, platform and taxes after a refund. */
export function retainedFacts(refund: {
  hostPayoutMinor: number;
  keptServiceFeeMinor: number;
  hostFeeMinor: number;
  keptTaxMinor: number;
}): Pick<Facts, 'hostPayoutMinor' | 'platformFeeMinor' | 'taxMinor'> {
  return {
    hostPayoutMinor: refund.hostPayoutMinor,
    platformFeeMinor: refund.keptServiceFeeMinor + refund.hostFeeMinor,
    taxMinor: refund.keptTaxMinor,
  };
}
