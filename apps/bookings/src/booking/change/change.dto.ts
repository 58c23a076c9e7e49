import { Guests, QuoteLine } from '@roost/pricing';
import { Instant, Uuid } from '@roost/http';
import { z } from 'zod';
import { StayDate } from '../../terms/stay.dto.js';
import type { BookingChange as BookingChangeEntity } from './change.entity.js';
import { CHANGE_STATES } from './domain/change-state.js';

export const ProposeChange = z
  .strictObject({
    checkInDate: StayDate.optional(),
    checkOutDate: StayDate.optional(),
    guests: Guests.optional(),
  })
  .refine((wanted) => Object.values(wanted).some((part) => part !== undefined), {
    error: 'Must name what changes: checkInDate, checkOutDate or guests',
  })
  .meta({ id: 'ProposeChange', description: 'What is not named stays as it is' });
export type ProposeChange = z.output<typeof ProposeChange>;

export const BookingChange = z
  .object({
    id: Uuid,
    bookingId: Uuid,
    state: z.enum(CHANGE_STATES).meta({ id: 'BookingChangeState' }),
    proposedBy: z.enum(['guest', 'host']),
    terms: z
      .object({ checkInDate: StayDate, checkOutDate: StayDate, guests: Guests })
      .meta({ id: 'BookingChangeTerms' }),
    lines: z.array(QuoteLine),
    totalMinor: z.int(),
    host: z.object({ feeMinor: z.int(), payoutMinor: z.int() }),
    differenceMinor: z.int().meta({
      description: 'What the guest pays more (positive) or gets back (negative) when it is applied',
    }),
    currency: z.string(),
    expiresAt: Instant.nullable().meta({
      description: 'The time to answer, or to pay; null once it has ended',
    }),
    createdAt: Instant,
  })
  .meta({
    id: 'BookingChange',
    description: 'Other terms for a booking; the old ones stand until it is applied',
  });
export type BookingChange = z.output<typeof BookingChange>;

export function toChangeDto(change: BookingChangeEntity, currency: string): BookingChange {
  return {
    id: change.id,
    bookingId: change.bookingId,
    state: change.state,
    proposedBy: change.proposedBy,
    terms: {
      checkInDate: change.checkInDate,
      checkOutDate: change.checkOutDate,
      guests: change.guests,
    },
    lines: change.price.lines,
    totalMinor: change.totalMinor,
    host: { feeMinor: change.price.hostFeeMinor, payoutMinor: change.hostPayoutMinor },
    differenceMinor: change.differenceMinor,
    currency,
    expiresAt: change.expiresAt?.toISOString() ?? null,
    createdAt: change.createdAt.toISOString(),
  };
}
