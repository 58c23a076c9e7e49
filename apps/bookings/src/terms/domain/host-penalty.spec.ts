import { CURRENCIES } from '@roost/money';
import { addSeconds } from '@roost/stay';
import { hostPenalty, minimumHostPenalty } from './host-penalty.js';
import { aBookedStay } from './booked-stay.fixture.js';

describe('the penalty of a host who cancels', () => {
  // Nights and cleaning: 450.00 for 4 nights.
  const stay = aBookedStay({ currency: 'USD' });
  const penalty = (instant: string, seconds: number) =>
    hostPenalty(stay, addSeconds(new Date(instant), seconds));

  it.each([
    ['2027-05-11T14:00:00Z', -1, 5_000],
    ['2027-05-11T14:00:00Z', 0, 11_250],
    ['2027-06-08T14:00:00Z', 0, 11_250],
    ['2027-06-08T14:00:00Z', 1, 22_500],
    ['2027-06-11T00:00:00Z', 0, 22_500],
  ])('at %s plus %d s is %d', (instant, seconds, expected) => {
    expect(penalty(instant, seconds)).toBe(expected);
  });

  it('is a share of nights, extra guests and cleaning above the minimum', () => {
    const price = { ...stay.price, nights: [{ amountMinor: 90_000 }], extraGuestMinor: 5_000 };
    expect(hostPenalty({ ...stay, price }, new Date('2027-01-01T00:00:00Z'))).toBe(10_000);
  });

  it.each([
    ['USD', 5_000],
    ['EUR', 5_000],
    ['GBP', 5_000],
    ['JPY', 7_500],
    ['KWD', 15_000],
  ])('in %s is at least %d', (currency, minimum) => {
    expect(minimumHostPenalty(currency)).toBe(minimum);
    const price = { ...stay.price, nights: [{ amountMinor: 1 }], cleaningMinor: 0 };
    expect(hostPenalty({ ...stay, currency, price }, new Date('2027-01-01T00:00:00Z'))).toBe(minimum);
  });

  it('has a minimum for every currency', () => {
    for (const currency of CURRENCIES) expect(minimumHostPenalty(currency)).toBeGreaterThan(0);
    expect(() => minimumHostPenalty('XXX')).toThrow(RangeError);
  });
});
