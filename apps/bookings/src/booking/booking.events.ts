import type { EventBody } from '@roost/contracts';
import { sum } from '@roost/money';
import { addHours } from '@roost/stay';
import type { StayTerms } from '../terms/stay-terms.entity.js';
import type { Booking } from './booking.entity.js';

/** Payouts are due a day after check-in. */
const payoutDelayHours = 24;

type Facts = EventBody<'booking.accepted'>;

/** What every event of a booking says. Money that a cancellation gave back is no longer in it: see `keptFacts`. */
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
    payoutDueAt: addHours(terms.checkInAt, payoutDelayHours).toISOString(),
    holdExpiresAt: booking.holdExpiresAt?.toISOString() ?? null,
  };
}

/** Who gets what of the total. */
export function splitOf({
  price,
  hostPayoutMinor,
}: Pick<StayTerms, 'price' | 'hostPayoutMinor'>): Pick<
  Facts,
  'hostPayoutMinor' | 'platformFeeMinor' | 'taxMinor'
> {
  return {
    hostPayoutMinor,
    platformFeeMinor: price.serviceFeeMinor + price.hostFeeMinor,
    taxMinor: sum(price.taxes.map((tax) => tax.amountMinor)),
  };
}

/** What is left for host, platform and taxes once a refund is taken out. */
export function keptFacts(kept: {
  hostPayoutMinor: number;
  keptServiceFeeMinor: number;
  hostFeeMinor: number;
  keptTaxMinor: number;
}): Pick<Facts, 'hostPayoutMinor' | 'platformFeeMinor' | 'taxMinor'> {
  return {
    hostPayoutMinor: kept.hostPayoutMinor,
    platformFeeMinor: kept.keptServiceFeeMinor + kept.hostFeeMinor,
    taxMinor: kept.keptTaxMinor,
  };
}
