import { Guests, QuoteLine } from '@roost/pricing';
import { Instant, Uuid } from '@roost/http';
import { z } from 'zod';
import { RefundStep } from '../terms/refund-step.dto.js';
import { StayDate } from '../terms/stay.dto.js';
import type { Quote as QuoteEntity } from './quote.entity.js';

export const CreateQuote = z
  .strictObject({
    listingId: Uuid,
    checkInDate: StayDate.meta({ description: 'The first night', examples: ['2027-05-01'] }),
    checkOutDate: StayDate.meta({ description: 'The day of departure', examples: ['2027-05-05'] }),
    guests: Guests,
  })
  .refine((quote) => quote.checkInDate < quote.checkOutDate, {
    path: ['checkOutDate'],
    error: 'Must be after checkInDate',
  })
  .meta({ id: 'CreateQuote' });
export type CreateQuote = z.output<typeof CreateQuote>;

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
    totalMinor: z.int().meta({ description: 'The sum of the lines.' }),
    chargeMinor: z.int().meta({
      description:
        'The amount that the guest pays: the total, rounded down to a multiple of 10 minor units in BHD, JOD, KWD, OMR and TND, whose cards charge no smaller amounts.',
    }),
    host: z.object({ feeMinor: z.int(), payoutMinor: z.int() }),
    refundSchedule: z.array(RefundStep),
    expiresAt: Instant,
  })
  .meta({
    id: 'Quote',
    description: 'The price of a stay, guaranteed until it expires. A quote does not hold the dates.',
  });
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
    totalMinor: terms.price.totalMinor,
    chargeMinor: terms.totalMinor,
    host: { feeMinor: terms.price.hostFeeMinor, payoutMinor: terms.hostPayoutMinor },
    refundSchedule: terms.refundSchedule,
    expiresAt: expiresAt.toISOString(),
  };
}
