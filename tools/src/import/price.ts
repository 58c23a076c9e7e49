import { decimals, MAX_MINOR } from '@roost/money';

/**
 * Converts `$1,379.00` to minor units digit by digit, without floating-point numbers. The currency sign is ignored: every
 * city shows `$`. Null if it is not an amount of this currency.
 */
export function minorUnits(price: string, currency: string): number | null {
  const match = /^\p{Sc}?\s?(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d+))?$/u.exec(price.trim());
  if (!match) return null;
  const [, whole = '', fraction = ''] = match;
  const places = decimals(currency);
  if (/[1-9]/.test(fraction.slice(places))) return null;
  const minor = Number(whole.replaceAll(',', '') + fraction.slice(0, places).padEnd(places, '0'));
  return minor <= MAX_MINOR ? minor : null;
}
