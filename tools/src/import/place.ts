import { basename } from 'node:path';
import zoneAt from '@photostructure/tz-lookup';
import { iso1A2Code } from '@rapideditor/country-coder';

export const timeZoneAt = (lat: number, lng: number): string | null => {
  try {
    return zoneAt(lat, lng);
  } catch {
    return null;
  }
};

export const countryAt = (lat: number, lng: number): string | null => iso1A2Code([lng, lat]);

/** Whether the point is outside of the country, and inside of it with latitude and longitude exchanged. */
export const isSwapped = (lat: number, lng: number, country: string | null): boolean =>
  country !== null && countryAt(lat, lng) !== country && countryAt(lng, lat) === country;

const EURO = 'AT BE CY DE EE ES FI FR GR HR IE IT LT LU LV MT NL PT SI SK';
const CURRENCIES: Record<string, string> = {
  ...Object.fromEntries(EURO.split(' ').map((country) => [country, 'EUR'])),
  ...{ AR: 'ARS', AU: 'AUD', BR: 'BRL', BZ: 'BZD', CA: 'CAD', CH: 'CHF', CL: 'CLP', CN: 'CNY', CO: 'COP' },
  ...{ CZ: 'CZK', DK: 'DKK', GB: 'GBP', HK: 'HKD', HU: 'HUF', IN: 'INR', IS: 'ISK', JP: 'JPY', KR: 'KRW' },
  ...{ MX: 'MXN', NO: 'NOK', NZ: 'NZD', PL: 'PLN', RO: 'RON', SE: 'SEK', SG: 'SGD', TH: 'THB', TR: 'TRY' },
  ...{ TW: 'TWD', US: 'USD', ZA: 'ZAR' },
};

/** The currency of a country, for the countries of Inside Airbnb's cities; null for others. */
export const currencyOf = (country: string): string | null => CURRENCIES[country] ?? null;

/** `edinburgh_listings.csv.gz` is Edinburgh; null for `listings.csv.gz`. */
export function cityOfFile(path: string): string | null {
  const [, name] = /^([\p{L}-]+(?:_[\p{L}-]+)*)[_-]listings\b/iu.exec(basename(path)) ?? [];
  if (name === undefined) return null;
  return name
    .split(/[_-]+/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(' ');
}

/** `Albany, New York, United States` starts with the city; null for `Neighborhood highlights`. */
export function cityOfNeighbourhood(neighbourhood: string): string | null {
  const [city, ...rest] = neighbourhood.split(',').map((part) => part.trim());
  return city && rest.length > 0 ? city : null;
}
