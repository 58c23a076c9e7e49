import { cityOfFile, cityOfNeighbourhood, countryAt, currencyOf, timeZoneAt } from './place.js';

test.each<[string, number, number, string, string, string]>([
  ['Albany', 42.65, -73.75, 'US', 'America/New_York', 'USD'],
  ['Edinburgh', 55.95, -3.19, 'GB', 'Europe/London', 'GBP'],
  ['Lisbon', 38.71, -9.14, 'PT', 'Europe/Lisbon', 'EUR'],
  ['Tokyo', 35.68, 139.76, 'JP', 'Asia/Tokyo', 'JPY'],
  ['Buenos Aires', -34.6, -58.38, 'AR', 'America/Argentina/Buenos_Aires', 'ARS'],
])('%s', (_, lat, lng, country, timeZone, currency) => {
  expect([countryAt(lat, lng), timeZoneAt(lat, lng), currencyOf(country)]).toEqual([
    country,
    timeZone,
    currency,
  ]);
});

test('returns null for the open sea', () => {
  expect(countryAt(-40, -20)).toBeNull();
  expect(timeZoneAt(91, 0)).toBeNull();
  expect(currencyOf('XX')).toBeNull();
});

test.each<[string, string | null]>([
  ['/data/albany_listings.csv.gz', 'Albany'],
  ['new-york-city_listings.csv', 'New York City'],
  ['/data/albany/listings.csv.gz', null],
  ['export.csv', null],
])('the city of %s', (path, city) => {
  expect(cityOfFile(path)).toBe(city);
});

test('reads the city of a neighbourhood', () => {
  expect(cityOfNeighbourhood('Albany, New York, United States')).toBe('Albany');
  expect(cityOfNeighbourhood('Neighborhood highlights')).toBeNull();
  expect(cityOfNeighbourhood('')).toBeNull();
});
