import { Guests, QuoteLine } from '@roost/pricing';
import { z } from 'zod';
import { Code, Currency, Id, Instant, Minor, StayDate, topic } from './define.js';

export const calendarEvents = topic(
  { topic: 'bookings.calendar', kind: 'state', key: 'listingId' },
  {
    listingId: Id,
    /** Half-open date ranges from today on, merged and in order. */
    blocked: z.array(z.object({ from: StayDate, to: StayDate })),
  },
  { 'calendar.changed': {} },
);

const change = {
  changeId: Id,
  by: z.enum(['guest', 'host', 'admin', 'system']),
  outcome: z.enum(['declined', 'withdrawn', 'expired', 'payment_failed', 'closed']).nullable(),
  terms: z.object({ checkInDate: StayDate, checkOutDate: StayDate, guests: Guests }),
  /** The additional charge (positive) or the refund (negative) when the change is applied. */
  differenceMinor: Minor,
  expiresAt: Instant.nullable(),
  /** The totals of the booking once the change is applied. Optional: older events lack it. */
  newTotals: z
    .object({
      totalMinor: Minor,
      hostPayoutMinor: Minor,
      platformFeeMinor: Minor,
      taxMinor: Minor,
    })
    .optional(),
};

export const bookingEvents = topic(
  { topic: 'bookings.booking', kind: 'fact', key: 'bookingId' },
  {
    bookingId: Id,
    listingId: Id,
    hostId: Id,
    guestId: Id,
    state: z.enum([
      'pending_payment',
      'awaiting_host',
      'awaiting_capture',
      'confirmed',
      'in_stay',
      'completed',
      'cancelled',
      'declined',
      'expired',
    ]),
    bookingMode: z.enum(['instant', 'request']),
    checkInDate: StayDate,
    checkOutDate: StayDate,
    timeZone: z.string(),
    checkInAt: Instant,
    checkOutAt: Instant,
    guests: Guests,
    currency: Currency,
    lines: z.array(QuoteLine),
    totalMinor: Minor,
    hostPayoutMinor: Minor,
    /** The sum of the guest's service fee and the host's fee. */
    platformFeeMinor: Minor,
    taxMinor: Minor,
    payoutDueAt: Instant,
    holdExpiresAt: Instant.nullable(),
  },
  {
    'booking.created': {
      /** The country of the listing, ISO 3166-1 alpha-2. Optional: older events lack it. */
      countryCode: z.string().nullable().optional(),
    },
    'booking.requested': { respondBy: Instant },
    'booking.accepted': {},
    /** `late`: the hold had expired before the payment was authorized. */
    'booking.confirmed': { late: z.boolean() },
    'booking.declined': {},
    'booking.expired': { cause: z.enum(['hold', 'host', 'check-in', 'capture']) },
    'booking.cancelled': {
      by: z.enum(['guest', 'host', 'admin']),
      refundMinor: Minor,
      refundLines: z.array(z.object({ kind: Code, label: z.string().optional(), refundMinor: Minor })),
      hostPenaltyMinor: Minor,
      /** In domain time. Optional: older events lack it. */
      cancelledAt: Instant.optional(),
    },
    'booking.checked-in': {},
    'booking.completed': {},
    'booking.change-proposed': change,
    'booking.change-accepted': change,
    'booking.change-applied': change,
    'booking.change-closed': change,
  },
);

export type BookingEvent = keyof typeof bookingEvents;

export const BOOKING_EVENTS = Object.keys(bookingEvents) as [BookingEvent, ...BookingEvent[]];

export const feedEvents = topic(
  { topic: 'bookings.feed', kind: 'fact', key: 'feedId' },
  {
    feedId: Id,
    listingId: Id,
    hostId: Id,
    /** Why the feed can't be imported, or can only in part. */
    problem: Code,
  },
  { 'feed.problem-found': {} },
);

export const messageEvents = topic(
  { topic: 'bookings.message', kind: 'fact', key: 'threadId' },
  {
    threadId: Id,
    messageId: Id,
    /** The listing of the thread. Optional: older events lack it. */
    listingId: Id.optional(),
    /** Null for an enquiry. */
    bookingId: Id.nullable(),
    senderId: Id,
    recipientId: Id,
  },
  { 'message.sent': {} },
);

/** What a host did in the 365 days before the figures were computed. Published when they change, at most once a day. */
export const hostEvents = topic(
  { topic: 'bookings.host', kind: 'state', key: 'hostId' },
  {
    hostId: Id,
    completedStays: z.int().min(0),
    completedNights: z.int().min(0),
    /** Confirmed bookings that the host cancelled. */
    hostCancellations: z.int().min(0),
    /** Enquiries and requests to book that the host answered or had 24 hours to answer, and requests that expired earlier. */
    responsesDue: z.int().min(0),
    /** Those that the host answered within 24 hours. */
    responsesInTime: z.int().min(0),
    /** Null if the host answered none. */
    medianResponseMinutes: z.int().min(0).nullable(),
  },
  { 'host.figures-changed': {} },
);
