import type { EventBody } from '@roost/contracts';
import { uuidv7 } from '@roost/platform';

/** The fields that all booking events have. */
export function aBooking(
  other: Partial<EventBody<'booking.created'>> = {},
): Omit<EventBody<'booking.created'>, 'state'> {
  return {
    bookingId: uuidv7(),
    listingId: uuidv7(),
    hostId: uuidv7(),
    guestId: uuidv7(),
    bookingMode: 'instant',
    checkInDate: '2027-05-01',
    checkOutDate: '2027-05-04',
    timeZone: 'America/New_York',
    checkInAt: '2027-05-01T19:00:00.000Z',
    checkOutAt: '2027-05-04T15:00:00.000Z',
    guests: { adults: 2, children: [], infants: 0, pets: 0 },
    currency: 'USD',
    lines: [],
    totalMinor: 45_600,
    hostPayoutMinor: 38_800,
    platformFeeMinor: 6_800,
    taxMinor: 0,
    payoutDueAt: '2027-05-02T19:00:00.000Z',
    holdExpiresAt: null,
    ...other,
  };
}
