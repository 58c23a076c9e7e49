import { Guests, QuoteLine } from '@roost/pricing';
import { Instant, Uuid } from '@roost/http';
import { z } from 'zod';
import type { RequestedStay } from '../terms/domain/requested-stay.js';
import { RefundStep } from '../terms/refund-step.dto.js';
import { StayDate } from '../terms/stay.dto.js';
import type { Quote as QuoteEntity } from './quote.entity.js';
import type { QuotedTerms } from './stay-pricing.service.js';

/** The stay that a guest asks for. */
const requested = {
  checkInDate: StayDate.meta({ description: 'The first night', examples: ['2027-05-01'] }),
  checkOutDate: StayDate.meta({ description: 'The day of departure', examples: ['2027-05-05'] }),
  guests: Guests,
};
const isForward = (stay: RequestedStay): boolean => stay.checkInDate < stay.checkOutDate;
const MUST_BE_FORWARD = { path: ['checkOutDate'], error: 'Must be after checkInDate' };

export const CreateQuote = z
  .strictObject({ listingId: Uuid, ...requested })
  .refine(isForward, MUST_BE_FORWARD)
  .meta({ id: 'CreateQuote' });
export type CreateQuote = z.output<typeof CreateQuote>;

export const PriceStay = z
  .strictObject(requested)
  .refine(isForward, MUST_BE_FORWARD)
  .meta({ id: 'PriceStay' });
export type PriceStay = z.output<typeof PriceStay>;

/** What everyone sees of the price of a stay. */
const priced = {
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
  refundSchedule: z.array(RefundStep),
};

export const StayPrice = z.object(priced).meta({
  id: 'StayPrice',
  description:
    'The price of a stay now. It is not guaranteed and can not be booked: create a quote to book the stay.',
});
export type StayPrice = z.output<typeof StayPrice>;

export const Quote = z
  .object({
    id: Uuid,
    ...priced,
    host: z.object({ feeMinor: z.int(), payoutMinor: z.int() }),
    expiresAt: Instant,
  })
  .meta({
    id: 'Quote',
    description: 'The price of a stay, guaranteed until it expires. A quote does not hold the dates.',
  });
export type Quote = z.output<typeof Quote>;

export function toStayPriceDto(terms: QuotedTerms): StayPrice {
  return {
    listingId: terms.listingId,
    checkInDate: terms.checkInDate,
    checkOutDate: terms.checkOutDate,
    nights: terms.price.nights.length,
    guests: terms.guests,
    currency: terms.currency,
    lines: terms.price.lines,
    totalMinor: terms.price.totalMinor,
    chargeMinor: terms.totalMinor,
    refundSchedule: terms.refundSchedule,
  };
}

export function toQuoteDto({ id, terms, expiresAt }: QuoteEntity): Quote {
  return {
    id,
    ...toStayPriceDto(terms),
    host: { feeMinor: terms.price.hostFeeMinor, payoutMinor: terms.hostPayoutMinor },
    expiresAt: expiresAt.toISOString(),
  };
}
