import { amenities, slug } from './amenities.js';
import { cityOfNeighbourhood, countryAt, currencyOf, timeZoneAt } from './place.js';
import { masked, oneLine, plainText } from './plain-text.js';
import { minorUnits } from './price.js';

export const LISTING_COLUMNS = [
  'id',
  'name',
  'description',
  'neighborhood_overview',
  'host_id',
  'host_name',
  'neighbourhood',
  'neighbourhood_cleansed',
  'latitude',
  'longitude',
  'property_type',
  'room_type',
  'accommodates',
  'bathrooms',
  'bathrooms_text',
  'bedrooms',
  'beds',
  'amenities',
  'price',
  'minimum_nights',
  'maximum_nights',
  'license',
  'instant_bookable',
] as const;
export type ListingCells = Record<(typeof LISTING_COLUMNS)[number], string>;

/** What the file does not say; each is found out from the coordinates where it can be. */
export interface Defaults {
  city: string | null;
  country: string | null;
  timeZone: string | null;
  currency: string | null;
  instant: boolean;
}

export interface HostToImport {
  externalId: string;
  displayName: string;
}

export interface ListingToImport {
  externalId: string;
  content: Record<string, unknown>;
  pricing: { basePriceMinor: number };
  stayRules: { minNights?: number; maxNights?: number };
}

export interface ReadListing {
  host: HostToImport;
  listing: ListingToImport;
  /** What was done to it on the way, to be counted. */
  notes: string[];
}

/** What a file must say by an option, since nothing else does. */
export type Unsaid = 'city' | 'currency';

export type ListingOutcome = ReadListing | { skipped: string } | { unsaid: Unsaid };

/** Roost prices no stay that is longer. */
const LONGEST_STAY = 730;
const MOST_AMENITIES = 100;
const LONGEST_LICENCE = 100;

const ROOM_TYPES: Record<string, string> = {
  'entire home/apt': 'entire_home',
  'private room': 'private_room',
  'shared room': 'shared_room',
  'hotel room': 'hotel_room',
};

const PROPERTY_TYPES: Record<string, string> = { rental_unit: 'apartment', home: 'house', room: 'house' };

/** One row of `listings.csv` as hosts and listings are described here. The rules themselves are the services'. */
export function readListing(cells: ListingCells, defaults: Defaults): ListingOutcome {
  if (cells.price.trim() === '') return { skipped: 'no price' };
  const lat = number(cells.latitude);
  const lng = number(cells.longitude);
  if (lat === null || lng === null) return { skipped: 'no coordinates' };
  const city = defaults.city ?? cityOfNeighbourhood(cells.neighbourhood);
  if (city === null) return { unsaid: 'city' };
  const countryCode = defaults.country ?? countryAt(lat, lng);
  if (countryCode === null) return { skipped: 'no country at its coordinates (--country names one)' };
  const timeZone = defaults.timeZone ?? timeZoneAt(lat, lng);
  if (timeZone === null) return { skipped: 'no time zone at its coordinates (--time-zone names one)' };
  const currency = defaults.currency ?? currencyOf(countryCode);
  if (currency === null) return { unsaid: 'currency' };
  const basePriceMinor = minorUnits(cells.price, currency);
  if (basePriceMinor === null) return { skipped: `a price that is no amount in ${currency}` };
  const named = amenities(cells.amenities);
  if (named === null) return { skipped: 'amenities that are no JSON array' };
  const roomType = ROOM_TYPES[cells.room_type.trim().toLowerCase()];
  if (roomType === undefined) return { skipped: `the unknown room type "${cells.room_type.slice(0, 40)}"` };

  const notes: string[] = [];
  const title = withoutContacts(oneLine(cells.name), notes);
  const description = withoutContacts(
    [plainText(cells.description), plainText(cells.neighborhood_overview)]
      .filter((text) => text !== '')
      .join('\n\n'),
    notes,
  );
  const displayName = withoutContacts(oneLine(cells.host_name), notes);
  const licence = oneLine(cells.license);
  if (licence.length > LONGEST_LICENCE) notes.push('registration number left out: too long');
  if (named.length > MOST_AMENITIES) notes.push(`only the first ${MOST_AMENITIES} amenities kept`);
  return {
    host: { externalId: cells.host_id.trim(), displayName: displayName || 'Host' },
    listing: {
      externalId: cells.id.trim(),
      content: {
        title,
        description,
        propertyType: propertyType(cells.property_type),
        roomType,
        address: { line1: oneLine(cells.neighbourhood_cleansed) || city, city, countryCode },
        location: { lat, lng },
        timeZone,
        currency,
        capacity: number(cells.accommodates),
        ...present('bedrooms', number(cells.bedrooms)),
        ...present('beds', number(cells.beds)),
        ...present('bathrooms', number(cells.bathrooms) ?? bathroomsIn(cells.bathrooms_text)),
        amenities: named.slice(0, MOST_AMENITIES),
        registrationNumber: licence === '' || licence.length > LONGEST_LICENCE ? null : licence,
        bookingMode: defaults.instant || cells.instant_bookable.trim() === 't' ? 'instant' : 'request',
        cancellationPolicy: 'moderate',
      },
      pricing: { basePriceMinor },
      stayRules: stayRules(cells, notes),
    },
    notes,
  };
}

function stayRules(cells: ListingCells, notes: string[]): ListingToImport['stayRules'] {
  const minNights = number(cells.minimum_nights);
  const most = number(cells.maximum_nights);
  if (most !== null && most > LONGEST_STAY) notes.push(`longest stay cut to ${LONGEST_STAY} nights`);
  return {
    ...present('minNights', minNights),
    ...present('maxNights', most === null ? null : Math.min(most, LONGEST_STAY)),
  };
}

/** "Entire rental unit" is an apartment; what is entire and what is a room, the room type says. */
function propertyType(cell: string): string {
  const kind = slug(cell.replace(/^(?:entire|(?:private|shared) room in|room in)\s+/i, ''));
  return PROPERTY_TYPES[kind] ?? (kind || 'apartment');
}

/** "1.5 shared baths", "Private half-bath". */
function bathroomsIn(text: string): number | null {
  const [count] = /\d+(?:\.\d+)?/.exec(text) ?? [];
  if (count !== undefined) return Number(count);
  return /half-bath/i.test(text) ? 0.5 : null;
}

function withoutContacts(text: string, notes: string[]): string {
  const { text: hidden, mails, phones } = masked(text);
  for (let seen = 0; seen < mails; seen += 1) notes.push('mail address hidden');
  for (let seen = 0; seen < phones; seen += 1) notes.push('phone number hidden');
  return hidden;
}

function number(cell: string): number | null {
  const text = cell.trim();
  return /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : null;
}

const present = <Name extends string>(name: Name, value: number | null): { [N in Name]?: number } =>
  (value === null ? {} : { [name]: value }) as { [N in Name]?: number };
