import { maskContacts } from '@roost/contacts';
import { Guests, QuoteLine } from '@roost/pricing';
import { Instant, PageQuery, PlainText, RequiredText, Uuid } from '@roost/http';
import { z } from 'zod';
import { BookingChange, toChangeDto } from './change/change.dto.js';
import type { BookingChange as ChangeEntity } from './change/change.entity.js';
import { RefundStep } from '../terms/refund-step.dto.js';
import { StayDate } from '../terms/stay.dto.js';
import { type Booking as BookingEntity, refundScheduleOf } from './booking.entity.js';
import { BOOKING_STATES } from './domain/booking-state.js';

export const BookingState = z.enum(BOOKING_STATES).meta({ id: 'BookingState' });

export const CreateBooking = z
  .strictObject({
    quoteId: Uuid,
    message: PlainText(2000).optional().meta({ description: 'A message to the host' }),
  })
  .meta({ id: 'CreateBooking' });
export type CreateBooking = z.output<typeof CreateBooking>;

const reason = RequiredText(1000);

export const GiveReason = z.strictObject({ reason }).meta({ id: 'GiveReason' });
export type GiveReason = z.output<typeof GiveReason>;

export const AdminCancel = z
  .strictObject({ reason, refundMinor: z.int().min(0).max(Number.MAX_SAFE_INTEGER) })
  .meta({ id: 'AdminCancel' });
export type AdminCancel = z.output<typeof AdminCancel>;

export const ListBookings = z
  .strictObject({
    role: z.enum(['guest', 'host']).default('guest'),
    state: BookingState.optional(),
    from: StayDate.optional().meta({ description: 'Only stays that end after this date' }),
    to: StayDate.optional().meta({ description: 'Only stays that begin before this date' }),
    ...PageQuery,
  })
  .meta({ id: 'ListBookings' });
export type ListBookings = z.output<typeof ListBookings>;

export const AdminBookings = z
  .strictObject({
    id: Uuid.optional(),
    guestId: Uuid.optional(),
    hostId: Uuid.optional(),
    listingId: Uuid.optional(),
    state: BookingState.optional(),
    checkInFrom: StayDate.optional().meta({ description: 'Check-in on or after this date.' }),
    checkInTo: StayDate.optional().meta({ description: 'Check-in before this date.' }),
    createdFrom: Instant.optional().meta({ description: 'Created at or after this instant.' }),
    createdTo: Instant.optional().meta({ description: 'Created before this instant.' }),
    ...PageQuery,
  })
  .meta({ id: 'AdminBookings' });
export type AdminBookings = z.output<typeof AdminBookings>;

export const RefundLine = z
  .object({ kind: z.string(), label: z.string().optional(), refundMinor: z.int() })
  .meta({ id: 'RefundLine' });

export const CancellationPreview = z
  .object({
    refundMinor: z.int(),
    currency: z.string(),
    lines: z.array(RefundLine),
    hostPenaltyMinor: z.int().optional().meta({ description: 'The penalty for a cancellation by the host' }),
    schedule: z.array(RefundStep),
  })
  .meta({ id: 'CancellationPreview', description: 'The refund of a cancellation now, and at later dates' });
export type CancellationPreview = z.output<typeof CancellationPreview>;

const HistoryEntry = z
  .object({
    at: Instant,
    by: z.enum(['guest', 'host', 'admin', 'payment', 'system']),
    event: z.string(),
    reason: z
      .string()
      .nullable()
      .meta({ description: 'Contact details are masked in the same way as in the message' }),
  })
  .meta({ id: 'HistoryEntry' });
export type HistoryEntry = z.output<typeof HistoryEntry>;

export const Booking = z
  .object({
    id: Uuid,
    state: BookingState,
    listingId: Uuid,
    guestId: Uuid,
    hostId: Uuid,
    quoteId: Uuid,
    bookingMode: z.enum(['instant', 'request']),
    checkInDate: StayDate,
    checkOutDate: StayDate,
    timeZone: z.string(),
    checkInAt: Instant,
    checkOutAt: Instant,
    guests: Guests,
    currency: z.string(),
    lines: z.array(QuoteLine),
    totalMinor: z.int().meta({ description: 'The sum of the lines.' }),
    chargeMinor: z.int().meta({
      description:
        'The amount that the guest pays: the total, rounded down to a multiple of 10 minor units in BHD, JOD, KWD, OMR and TND, whose cards charge no smaller amounts.',
    }),
    host: z.object({ feeMinor: z.int(), payoutMinor: z.int() }),
    cancellationPolicy: z.string(),
    refundSchedule: z.array(RefundStep),
    message: z.string().nullable().meta({
      description:
        'Contact details are masked until the booking is confirmed. Null while an administrator hides the message.',
    }),
    threadId: Uuid,
    holdExpiresAt: Instant.nullable(),
    respondBy: Instant.nullable(),
    paymentId: Uuid.nullable(),
    expiredCause: z.enum(['hold', 'host', 'check-in', 'capture']).nullable(),
    cancellation: z
      .object({
        by: z.enum(['guest', 'host', 'admin']),
        reason: z.string(),
        at: Instant,
        refundMinor: z.int(),
        lines: z.array(RefundLine),
      })
      .nullable(),
    openChange: BookingChange.nullable().meta({
      description: 'The change that is proposed, or accepted and not yet paid',
    }),
    version: z.int(),
    createdAt: Instant,
    history: z.array(HistoryEntry),
  })
  .meta({ id: 'Booking' });
export type Booking = z.output<typeof Booking>;

/** The fields of a booking that its response contains. */
export type BookingSummary = Omit<
  BookingEntity,
  'ownerId' | 'dueAt' | 'authorizedMinor' | 'capturedMinor' | 'openChangeId' | 'tiersAtChanges' | 'updatedAt'
>;

export function toBookingDto(
  booking: BookingSummary,
  history: HistoryEntry[],
  openChange: ChangeEntity | null,
): Booking {
  const { terms, cancellation } = booking;
  const masked = (text: string) => (booking.confirmedAt ? text : maskContacts(text).text);
  return {
    id: booking.id,
    state: booking.state,
    listingId: terms.listingId,
    guestId: terms.guestId,
    hostId: terms.hostId,
    quoteId: booking.quoteId,
    bookingMode: terms.bookingMode,
    checkInDate: terms.checkInDate,
    checkOutDate: terms.checkOutDate,
    timeZone: terms.timeZone,
    checkInAt: terms.checkInAt.toISOString(),
    checkOutAt: terms.checkOutAt.toISOString(),
    guests: terms.guests,
    currency: terms.currency,
    lines: terms.price.lines,
    totalMinor: terms.price.totalMinor,
    chargeMinor: terms.totalMinor,
    host: { feeMinor: terms.price.hostFeeMinor, payoutMinor: terms.hostPayoutMinor },
    cancellationPolicy: terms.cancellationPolicy,
    refundSchedule: refundScheduleOf(booking),
    message: booking.messageModerated ? null : booking.message && masked(booking.message),
    threadId: booking.id,
    holdExpiresAt: booking.holdExpiresAt?.toISOString() ?? null,
    respondBy: booking.respondBy?.toISOString() ?? null,
    paymentId: booking.paymentId,
    expiredCause: booking.expiredCause,
    cancellation: cancellation && {
      by: cancellation.by,
      reason: masked(cancellation.reason),
      at: cancellation.at,
      refundMinor: cancellation.refundMinor,
      lines: cancellation.refundLines,
    },
    openChange: openChange && toChangeDto(openChange, terms.currency),
    version: booking.version,
    createdAt: terms.createdAt.toISOString(),
    history: history.map((entry) => ({ ...entry, reason: entry.reason && masked(entry.reason) })),
  };
}
