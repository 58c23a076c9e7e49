import type { EventBody, EventType } from '@roost/contracts';
import type { BookingBody } from './payments.fixture.js';

type Delivery<T extends EventType> = [type: T, body: EventBody<T>];

export const declined = (booking: BookingBody): Delivery<'booking.declined'> => [
  'booking.declined',
  { ...booking, state: 'declined' },
];

export const expired = (
  booking: BookingBody,
  cause: EventBody<'booking.expired'>['cause'] = 'host',
): Delivery<'booking.expired'> => ['booking.expired', { ...booking, state: 'expired', cause }];

export const cancelled = (
  booking: BookingBody,
  refundMinor: number,
  overrides: Partial<EventBody<'booking.cancelled'>> = {},
): Delivery<'booking.cancelled'> => [
  'booking.cancelled',
  {
    ...booking,
    state: 'cancelled',
    by: 'guest',
    refundMinor,
    refundLines: [],
    hostPenaltyMinor: 0,
    ...overrides,
  },
];
