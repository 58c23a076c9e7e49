import { existsSync, readFileSync } from 'node:fs';
import { Guests, PriceRules, priceStay } from './index.js';

interface QuoteCase {
  id: number;
  currency: string;
  timeZone: string;
  now: string;
  checkInDate: string;
  checkOutDate: string;
  guests: unknown;
  pricing: unknown;
  expect: {
    nights: number[];
    discountMinor: number;
    extraGuestMinor: number;
    cleaningMinor: number;
    serviceFeeMinor: number;
    taxesMinor: number[];
    totalMinor: number;
    hostFeeMinor: number;
    hostPayoutMinor: number;
  };
}

const file = new URL('../../../../shared/data/golden/quote-cases.json', import.meta.url);

if (existsSync(file)) {
  const cases = JSON.parse(readFileSync(file, 'utf8')) as QuoteCase[];

  describe('golden quotes', () => {
    it('are complete', () => expect(cases.length).toBeGreaterThanOrEqual(40));

    it.each(cases.map((quote) => [quote.id, quote] as const))('case %d', (_, quote) => {
      const priced = priceStay({
        rules: PriceRules.parse(quote.pricing),
        checkInDate: quote.checkInDate,
        checkOutDate: quote.checkOutDate,
        guests: Guests.parse(quote.guests),
        timeZone: quote.timeZone,
        now: new Date(quote.now),
      });
      expect({
        nights: priced.nights.map((night) => night.baseMinor),
        discountMinor: priced.discountMinor,
        extraGuestMinor: priced.extraGuestMinor,
        cleaningMinor: priced.cleaningMinor,
        serviceFeeMinor: priced.serviceFeeMinor,
        taxesMinor: priced.taxes.map((tax) => tax.amountMinor),
        totalMinor: priced.totalMinor,
        hostFeeMinor: priced.hostFeeMinor,
        hostPayoutMinor: priced.hostPayoutMinor,
      }).toEqual(quote.expect);
    });
  });
} else {
  describe('golden quotes', () => {
    it.skip('skipped: ../shared/data/golden/quote-cases.json does not exist', () => undefined);
  });
}
