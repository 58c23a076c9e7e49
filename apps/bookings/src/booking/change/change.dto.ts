import { Guests, QuoteLine } from '@roost/pricing';
import { Instant, Page, PageQuery, Uuid } from '@roost/http';
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
  .refine((change) => Object.values(change).some((value) => value !== undefined), {
    error: 'Must contain checkInDate, checkOutDate or guests',
  })
  .meta({ id: 'ProposeChange', description: 'Omitted fields do not change.' });
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
    totalMinor: z.int().meta({ description: 'The sum of the lines.' }),
    chargeMinor: z.int().meta({
      description:
        'The amount that the guest pays: the total, rounded down to a multiple of 10 minor units in BHD, JOD, KWD, OMR and TND, whose cards charge no smaller amounts.',
    }),
    host: z.object({ feeMinor: z.int(), payoutMinor: z.int() }),
    differenceMinor: z.int().meta({
      description:
        'The amount that the guest pays (positive) or is refunded (negative) when the change is applied.',
    }),
    currency: z.string(),
    expiresAt: Instant.nullable().meta({
      description: 'The deadline for the response or the payment; null after the change has ended.',
    }),
    createdAt: Instant,
  })
  .meta({
    id: 'BookingChange',
    description: 'Other terms for a booking. The current terms apply until the change is applied.',
  });
export type BookingChange = z.output<typeof BookingChange>;

export const ListChanges = z.strictObject(PageQuery).meta({ id: 'ListChanges' });
export type ListChanges = z.output<typeof ListChanges>;
export const BookingChanges = Page(BookingChange);

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
    totalMinor: change.price.totalMinor,
    chargeMinor: change.totalMinor,
    host: { feeMinor: change.price.hostFeeMinor, payoutMinor: change.hostPayoutMinor },
    differenceMinor: change.differenceMinor,
    currency,
    expiresAt: change.expiresAt?.toISOString() ?? null,
    createdAt: change.createdAt.toISOString(),
  };
}
