import { chargeBounds, isPayable } from '@roost/money';
import { propertyTypeCode } from '@roost/app-listings/free-text';
import { amenities } from './amenities.js';
import { cityOfNeighbourhood, countryAt, currencyOf, isSwapped, timeZoneAt } from './place.js';
import { isInvisible, nameOf, oneLine, plainText, withoutContacts } from './plain-text.js';
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
/** Without these columns, each row has the fallback of an empty cell. */
export const OPTIONAL_LISTING_COLUMNS = [
  'description',
  'neighborhood_overview',
  'host_name',
  'neighbourhood',
  'neighbourhood_cleansed',
  'property_type',
  'bathrooms',
  'bathrooms_text',
  'bedrooms',
  'beds',
  'minimum_nights',
  'maximum_nights',
  'license',
  'instant_bookable',
] as const satisfies (typeof LISTING_COLUMNS)[number][];
export type ListingCells = Record<(typeof LISTING_COLUMNS)[number], string>;

/** Values that the file lacks. If an option is null, the coordinates decide where possible. */
export interface Defaults {
  city: string | null;
  country: string | null;
  timeZone: string | null;
  currency: string | null;
  instant: boolean;
  /** The country of most rows. A row that is in it only with latitude and longitude exchanged is skipped. */
  mainCountry: string | null;
}

export interface HostToImport {
  externalId: string;
  displayName: string;
}

export interface ListingToImport {
  externalId: string;
  content: Record<string, unknown> & {
    location: { lat: number; lng: number };
    timeZone: string;
    currency: string;
  };
  pricing: { basePriceMinor: number };
  stayRules: { minNights?: number; maxNights?: number };
}

export interface ReadListing {
  host: HostToImport;
  listing: ListingToImport;
  /** The modifications, for the report. */
  notes: string[];
}

/** A value that an option can set. */
export type MissingOption = 'city' | 'currency';

export interface SkippedListing {
  skipped: string;
  missingOption?: MissingOption;
}

export type ListingOutcome = ReadListing | SkippedListing;

/** The limit of Roost for a stay. */
const LONGEST_STAY = 730;
const MAX_AMENITIES = 100;
const LONGEST_LICENCE = 100;

const ROOM_TYPES: Record<string, string> = {
  'entire home/apt': 'entire_home',
  'private room': 'private_room',
  'shared room': 'shared_room',
  'hotel room': 'hotel_room',
};

/** Maps one row of `listings.csv` to a host and a listing. The services check the rules. */
export function readListing(cells: ListingCells, defaults: Defaults): ListingOutcome {
  if (cells.price.trim() === '') return { skipped: 'no price' };
  const lat = number(cells.latitude);
  const lng = number(cells.longitude);
  if (lat === null || lng === null) return { skipped: 'no coordinates' };
  if (Math.abs(lat) > 90 || Math.abs(lng) > 180) return { skipped: 'coordinates that are out of range' };
  const city = defaults.city ?? cityOfNeighbourhood(cells.neighbourhood);
  if (city === null) return { skipped: 'no city (set it with --city)', missingOption: 'city' };
  if (isSwapped(lat, lng, defaults.mainCountry)) return { skipped: 'latitude and longitude exchanged' };
  const countryCode = defaults.country ?? countryAt(lat, lng);
  if (countryCode === null) return { skipped: 'no country at its coordinates (set it with --country)' };
  const timeZone = defaults.timeZone ?? timeZoneAt(lat, lng);
  if (timeZone === null) return { skipped: 'no time zone at its coordinates (set it with --time-zone)' };
  const currency = defaults.currency ?? currencyOf(countryCode);
  if (currency === null) {
    const skipped = `no known currency of its country ${countryCode} (set it with --currency)`;
    return { skipped, missingOption: 'currency' };
  }
  const basePriceMinor = minorUnits(cells.price, currency);
  if (basePriceMinor === null) return { skipped: `a price that is not an amount in ${currency}` };
  if (!isPayable(basePriceMinor, chargeBounds(currency))) {
    return { skipped: `a price that no payment in ${currency} can have` };
  }
  const named = amenities(cells.amenities);
  if (named === null) return { skipped: 'amenities that are not a JSON array' };
  const roomType = ROOM_TYPES[cells.room_type.trim().toLowerCase()];
  if (roomType === undefined) return { skipped: `the unknown room type "${cells.room_type.slice(0, 40)}"` };

  const notes: string[] = [];
  const title = withoutContacts(oneLine(cells.name), notes);
  const description = withoutContacts(
    [plainText(cells.description), plainText(cells.neighborhood_overview)]
      .filter((text) => !isInvisible(text))
      .join('\n\n'),
    notes,
  );
  const displayName = nameOf(cells.host_name, 'Host', notes);
  const licence = oneLine(cells.license);
  if (licence.length > LONGEST_LICENCE) notes.push('registration number skipped: too long');
  if (named.length > MAX_AMENITIES) notes.push(`only the first ${MAX_AMENITIES} amenities kept`);
  return {
    host: { externalId: cells.host_id.trim(), displayName },
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
        amenities: named.slice(0, MAX_AMENITIES),
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
  if (most !== null && most > LONGEST_STAY) notes.push(`maximum stay reduced to ${LONGEST_STAY} nights`);
  return {
    ...present('minNights', minNights),
    ...present('maxNights', most === null ? null : Math.min(most, LONGEST_STAY)),
  };
}

/** "Entire rental unit" is an apartment; the room type says whether it is entire. */
function propertyType(cell: string): string {
  const kind = cell.replace(/^(?:entire|(?:private|shared) room in|room in)\s+/i, '');
  return propertyTypeCode(kind) || 'apartment';
}

/** "1.5 shared baths", "Private half-bath". */
function bathroomsIn(text: string): number | null {
  const [count] = /\d+(?:\.\d+)?/.exec(text) ?? [];
  if (count !== undefined) return Number(count);
  return /half-bath/i.test(text) ? 0.5 : null;
}

function number(cell: string): number | null {
  const text = cell.trim();
  return /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : null;
}

const present = <Name extends string>(name: Name, value: number | null): { [N in Name]?: number } =>
  (value === null ? {} : { [name]: value }) as { [N in Name]?: number };
