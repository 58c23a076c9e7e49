import { sum } from '@roost/money';
import { addDays, addSeconds, localInstant, nightCount } from '@roost/stay';
import fc from 'fast-check';
import { type BookedPrice, type BookedStay, CANCELLATION_POLICIES } from './booked-stay.js';

type Overrides = Partial<Omit<BookedStay, 'checkInAt' | 'checkOutAt'>>;

/** 4 nights at 100.00 from Thursday 2027-06-10, 15:00 to 11:00 in London, with every kind of fee and tax; 580.00 in total. */
export function aBookedStay(overrides: Overrides = {}): BookedStay {
  const stay = {
    cancellationPolicy: 'flexible' as const,
    timeZone: 'Europe/London',
    checkInDate: '2027-06-10',
    checkOutDate: '2027-06-14',
    checkInFrom: '15:00',
    currency: 'GBP',
    ...overrides,
  };
  const count = nightCount(stay.checkInDate, stay.checkOutDate);
  const price: BookedPrice = {
    nights: Array.from({ length: count }, () => ({ amountMinor: 10_000 })),
    extraGuestMinor: 0,
    cleaningMinor: 5_000,
    serviceFeeMinor: 6_300,
    taxes: [
      { kind: 'percent', amountMinor: (count * 10_000 + 5_000) / 10 },
      { kind: 'per_night', amountMinor: count * 400 },
      { kind: 'per_guest', amountMinor: 600 },
    ],
    hostFeeBps: 300,
  };
  return {
    price,
    ...stay,
    checkInAt: localInstant(stay.checkInDate, stay.checkInFrom, stay.timeZone),
    checkOutAt: localInstant(stay.checkOutDate, '11:00', stay.timeZone),
  };
}

export function totalOf({ price }: BookedStay): number {
  return sum([
    ...price.nights.map((night) => night.amountMinor),
    price.extraGuestMinor,
    price.cleaningMinor,
    price.serviceFeeMinor,
    ...price.taxes.map((tax) => tax.amountMinor),
  ]);
}

const minor = fc.integer({ min: 0, max: 5_000_000 });

/** Stays around the clock changes of four time zones, confirmed from 60 days before to 6 hours after check-in. */
export const anyBookedStay: fc.Arbitrary<{ stay: BookedStay; confirmedAt: Date }> = fc
  .record({
    cancellationPolicy: fc.constantFrom(...CANCELLATION_POLICIES),
    timeZone: fc.constantFrom(
      'Europe/London',
      'America/New_York',
      'Australia/Lord_Howe',
      'Pacific/Kiritimati',
    ),
    checkInFrom: fc.constantFrom('00:00', '01:30', '02:15', '02:30', '15:00', '23:59'),
    firstDay: fc.constantFrom(
      '2027-03-10',
      '2027-03-28',
      '2027-04-02',
      '2027-10-01',
      '2027-10-29',
      '2027-11-05',
    ),
    offset: fc.integer({ min: 0, max: 20 }),
    nights: fc.oneof(
      fc.array(minor, { minLength: 1, maxLength: 12 }),
      fc.array(minor, { minLength: 26, maxLength: 70 }),
    ),
    extraPerNight: fc.integer({ min: 0, max: 5_000 }),
    cleaningMinor: minor,
    serviceFeeMinor: minor,
    percentTaxes: fc.array(minor, { maxLength: 3 }),
    perNightTax: fc.integer({ min: 0, max: 3_000 }),
    perGuestTax: minor,
    taxedShare: fc.option(fc.integer({ min: 1, max: 100 }), { nil: undefined }),
    noticeSeconds: fc.integer({ min: -6 * 3_600, max: 60 * 86_400 }),
  })
  .map((drawn) => {
    const checkInDate = addDays(drawn.firstDay, drawn.offset);
    const taxed = drawn.taxedShare
      ? { taxedNights: Math.ceil((drawn.nights.length * drawn.taxedShare) / 100) }
      : {};
    const stay = aBookedStay({
      cancellationPolicy: drawn.cancellationPolicy,
      timeZone: drawn.timeZone,
      checkInFrom: drawn.checkInFrom,
      checkInDate,
      checkOutDate: addDays(checkInDate, drawn.nights.length),
      price: {
        nights: drawn.nights.map((amountMinor) => ({ amountMinor })),
        extraGuestMinor: drawn.extraPerNight * drawn.nights.length,
        cleaningMinor: drawn.cleaningMinor,
        serviceFeeMinor: drawn.serviceFeeMinor,
        taxes: [
          ...drawn.percentTaxes.map((amountMinor) => ({ kind: 'percent' as const, amountMinor, ...taxed })),
          {
            kind: 'per_guest_night',
            amountMinor: drawn.perNightTax * (taxed.taxedNights ?? drawn.nights.length),
            ...taxed,
          },
          { kind: 'per_guest', amountMinor: drawn.perGuestTax },
        ],
        hostFeeBps: 300,
      },
    });
    return { stay, confirmedAt: addSeconds(stay.checkInAt, -drawn.noticeSeconds) };
  });
