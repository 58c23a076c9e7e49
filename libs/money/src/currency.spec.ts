import { CURRENCIES, decimals, formatMoney, isCurrency } from './index.js';

describe('currencies', () => {
  it.each([
    ['USD', 2],
    ['EUR', 2],
    ['JPY', 0],
    ['KWD', 3],
    ['CLP', 0],
    ['TND', 3],
    ['HUF', 2],
  ])('%s has %d decimals', (code, digits) => {
    expect(isCurrency(code)).toBe(true);
    expect(decimals(code)).toBe(digits);
  });

  it.each(['usd', 'XXX', 'US', '', 'USDX', null, 840])('%j is not a currency', (code) => {
    expect(isCurrency(code)).toBe(false);
  });

  it('rejects an unknown currency', () => {
    expect(() => decimals('XXX')).toThrow(RangeError);
  });

  it('are listed once each', () => {
    expect(new Set(CURRENCIES).size).toBe(CURRENCIES.length);
    expect(CURRENCIES.length).toBeGreaterThan(140);
  });
});

describe('formatMoney', () => {
  it.each([
    [123_456, 'USD', 'en', '$1,234.56'],
    [-5, 'USD', 'en', '-$0.05'],
    [7_500, 'JPY', 'en', '¥7,500'],
    [15_000, 'KWD', 'en', 'KWD\u00a015.000'],
    [123_456, 'EUR', 'de', '1.234,56\u00a0€'],
    [9_007_199_254_740_991, 'USD', 'en', '$90,071,992,547,409.91'],
  ])('%d %s in %s is %s', (amountMinor, currency, locale, expected) => {
    expect(formatMoney(amountMinor, currency, locale)).toBe(expected);
  });
});
