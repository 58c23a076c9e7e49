import { Guests, QuoteLine } from '@roost/pricing';
import { Instant, Uuid } from '@roost/http';
import { z } from 'zod';
import { StayDate } from '../terms/stay.dto.js';
import type { Quote as QuoteEntity } from './quote.entity.js';

export const CreateQuote = z
  .strictObject({
    listingId: Uuid,
    checkInDate: StayDate.meta({ description: 'First night', examples: ['2027-05-01'] }),
    checkOutDate: StayDate.meta({ description: 'Day of departure', examples: ['2027-05-05'] }),
    guests: Guests,
  })
  .refine((quote) => quote.checkInDate < quote.checkOutDate, {
    path: ['checkOutDate'],
    error: 'Must be after checkInDate',
  })
  .meta({ id: 'CreateQuote' });
export type CreateQuote = z.output<typeof CreateQuote>;

export const RefundStep = z
  .object({
    until: Instant.meta({ description: 'Cancelled after the step before, and no later than this instant …' }),
    refundMinor: z.int().meta({ description: '… this comes back' }),
  })
  .meta({ id: 'RefundStep' });
export type RefundStep = z.output<typeof RefundStep>;

export const Quote = z
  .object({
    id: Uuid,
    listingId: Uuid,
    checkInDate: StayDate,
    checkOutDate: StayDate,
    nights: z.int(),
    guests: Guests,
    currency: z.string(),
    lines: z.array(QuoteLine),
    totalMinor: z.int(),
    host: z.object({ feeMinor: z.int(), payoutMinor: z.int() }),
    refundSchedule: z.array(RefundStep),
    expiresAt: Instant,
  })
  .meta({ id: 'Quote', description: 'The price of a stay, honoured until it expires; it holds no dates' });
export type Quote = z.output<typeof Quote>;

export function toQuoteDto({ id, terms, expiresAt }: QuoteEntity): Quote {
  return {
    id,
    listingId: terms.listingId,
    checkInDate: terms.checkInDate,
    checkOutDate: terms.checkOutDate,
    nights: terms.price.nights.length,
    guests: terms.guests,
    currency: terms.currency,
    lines: terms.price.lines,
    totalMinor: terms.totalMinor,
    host: { feeMinor: terms.price.hostFeeMinor, payoutMinor: terms.hostPayoutMinor },
    refundSchedule: terms.refundSchedule,
    expiresAt: expiresAt.toISOString(),
  };
}
