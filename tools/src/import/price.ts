import { decimals, MAX_MINOR } from '@roost/money';

/**
 * `$1,379.00` in minor units, digit by digit: no float comes near it. The sign says nothing, every city shows `$`.
 * Null when it is no amount, or not one of this currency.
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
