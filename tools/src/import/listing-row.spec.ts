import { type Defaults, LISTING_COLUMNS, type ListingCells, readListing } from './listing-row.js';

const albany: ListingCells = {
  ...(Object.fromEntries(LISTING_COLUMNS.map((column) => [column, ''])) as ListingCells),
  id: '2992450',
  name: 'Luxury 2 bedroom apartment',
  description: 'Quiet.<br />Two blocks from downtown',
  neighborhood_overview: 'Brownstones',
  host_id: '4621559',
  host_name: 'Kenneth',
  neighbourhood: 'Neighborhood highlights',
  neighbourhood_cleansed: 'THIRD WARD',
  latitude: '42.65789',
  longitude: '-73.7537',
  property_type: 'Entire rental unit',
  room_type: 'Entire home/apt',
  accommodates: '4',
  bathrooms: '1.0',
  bathrooms_text: '1 bath',
  bedrooms: '2',
  beds: '2',
  amenities: '["Wifi", "TV with standard cable", "Dishes and silverware"]',
  price: '$1,070.00',
  minimum_nights: '28',
  maximum_nights: '1125',
  instant_bookable: 'f',
};
const defaults: Defaults = {
  city: 'Albany',
  country: null,
  timeZone: null,
  currency: null,
  instant: false,
  mainCountry: null,
};

const read = (cells: Partial<ListingCells> = {}, other: Partial<Defaults> = {}) =>
  readListing({ ...albany, ...cells }, { ...defaults, ...other });

function content(cells: Partial<ListingCells> = {}, other: Partial<Defaults> = {}): Record<string, unknown> {
  const outcome = read(cells, other);
  if (!('listing' in outcome)) throw new Error(`not read: ${JSON.stringify(outcome)}`);
  return outcome.listing.content;
}

test('maps a row to a host and a listing, with zone, country and currency of its coordinates', () => {
  expect(read()).toEqual({
    host: { externalId: '4621559', displayName: 'Kenneth' },
    listing: {
      externalId: '2992450',
      content: {
        title: 'Luxury 2 bedroom apartment',
        description: 'Quiet.\nTwo blocks from downtown\n\nBrownstones',
        propertyType: 'apartment',
        roomType: 'entire_home',
        address: { line1: 'THIRD WARD', city: 'Albany', countryCode: 'US' },
        location: { lat: 42.65789, lng: -73.7537 },
        timeZone: 'America/New_York',
        currency: 'USD',
        capacity: 4,
        bedrooms: 2,
        beds: 2,
        bathrooms: 1,
        amenities: ['wifi', 'tv', 'dishes_and_silverware'],
        registrationNumber: null,
        bookingMode: 'request',
        cancellationPolicy: 'moderate',
      },
      pricing: { basePriceMinor: 107_000 },
      stayRules: { minNights: 28, maxNights: 730 },
    },
    notes: ['maximum stay reduced to 730 nights'],
  });
});

test.each<[string, Partial<ListingCells>, string]>([
  ['no price', { price: '' }, 'no price'],
  ['a price in words', { price: 'cheap' }, 'a price that is not an amount in USD'],
  ['a price that is too small', { price: '$0.49' }, 'a price that no payment in USD can have'],
  ['a price that is too large', { price: '$1,000,000.00' }, 'a price that no payment in USD can have'],
  ['no point', { latitude: '' }, 'no coordinates'],
  [
    'the open sea',
    { latitude: '-40', longitude: '-20' },
    'no country at its coordinates (set it with --country)',
  ],
  ['a point outside of the map', { latitude: '142.65' }, 'coordinates that are out of range'],
  [
    'a country without a known currency',
    { latitude: '33.513', longitude: '36.292' },
    'no known currency of its country SY (set it with --currency)',
  ],
  ['amenities in words', { amenities: 'Wifi, Kitchen' }, 'amenities that are not a JSON array'],
  ['a tent', { room_type: 'Tent' }, 'the unknown room type "Tent"'],
])('skips a row with %s', (_, cells, skipped) => {
  expect(read(cells)).toMatchObject({ skipped });
});

test('skips a price that is too small or too large for a payment in the currency of the row', () => {
  const skipped = 'a price that no payment in JPY can have';
  expect(read({ price: '$49' }, { currency: 'JPY' })).toEqual({ skipped });
  expect(read({ price: '$100,000,000' }, { currency: 'JPY' })).toEqual({ skipped });
  expect(read({ price: '$50' }, { currency: 'JPY' })).toMatchObject({ listing: {} });
  expect(read({ price: '$0.049' }, { currency: 'KWD' })).toEqual({
    skipped: 'a price that no payment in KWD can have',
  });
});

test('skips a row without a city and reads one whose neighbourhood names it', () => {
  expect(read({ neighbourhood: '' }, { city: null })).toEqual({
    skipped: 'no city (set it with --city)',
    missingOption: 'city',
  });
  expect(read({ neighbourhood: 'Troy, New York, United States' }, { city: null })).toMatchObject({
    listing: { content: { address: { city: 'Troy' } } },
  });
});

test('skips a row in the main country only with latitude and longitude exchanged', () => {
  const cells = { latitude: '-73.75', longitude: '42.65' };
  const options = { mainCountry: 'US', currency: 'USD', country: 'US' };
  expect(read(cells, options)).toEqual({ skipped: 'latitude and longitude exchanged' });
  expect(content({}, options)).toMatchObject({ currency: 'USD' });
});

test('prefers options', () => {
  const options = { country: 'GB', timeZone: 'Europe/London', currency: 'GBP', instant: true };
  expect(content({}, options)).toMatchObject({
    address: { countryCode: 'GB' },
    timeZone: 'Europe/London',
    currency: 'GBP',
    bookingMode: 'instant',
  });
});

test.each<[string, Partial<ListingCells>, Record<string, unknown>]>([
  ['instant', { instant_bookable: 't' }, { bookingMode: 'instant' }],
  [
    'Edinburgh',
    { latitude: '55.9533', longitude: '-3.1883' },
    { timeZone: 'Europe/London', currency: 'GBP' },
  ],
  ['baths in words', { bathrooms: '', bathrooms_text: '1.5 shared baths' }, { bathrooms: 1.5 }],
  ['half a bath', { bathrooms: '', bathrooms_text: 'Private half-bath' }, { bathrooms: 0.5 }],
  ['a licence', { license: 'EH-67739-F' }, { registrationNumber: 'EH-67739-F' }],
  ['a room', { property_type: 'Private room in bed and breakfast' }, { propertyType: 'bed_and_breakfast' }],
  [
    'a hotel',
    { property_type: 'Room in hotel', room_type: 'Hotel room' },
    { propertyType: 'hotel', roomType: 'hotel_room' },
  ],
  [
    'no neighbourhood',
    { neighbourhood_cleansed: '' },
    { address: { line1: 'Albany', city: 'Albany', countryCode: 'US' } },
  ],
])('%s', (_, cells, expected) => {
  expect(content(cells)).toMatchObject(expected);
});

test('leaves out missing numbers', () => {
  const bare = content({ bedrooms: '', beds: '', bathrooms: '', bathrooms_text: '' });
  expect(Object.keys(bare)).toEqual(expect.not.arrayContaining(['bedrooms', 'beds', 'bathrooms']));
});

test('imports a description of only invisible characters as empty', () => {
  const outcome = read({ description: '\u200b\u2060', neighborhood_overview: '' });
  expect(outcome).toMatchObject({ listing: { content: { description: '' } } });
});

test('masks and counts contact data in the texts of hosts', () => {
  const outcome = read({ description: 'Call 07940313023', host_name: 'ken@example.org' });
  expect(outcome).toMatchObject({
    host: { displayName: '[mail address hidden]' },
    listing: { content: { description: expect.stringContaining('Call [phone number hidden]') as string } },
    notes: ['phone number masked', 'mail address masked', 'maximum stay reduced to 730 nights'],
  });
});
