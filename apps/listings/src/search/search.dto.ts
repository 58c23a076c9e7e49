import { documentedNumber, IsoDate, ONE_LINE, PageQuery, Uuid } from '@roost/http';
import { countedGuests, type Guests } from '@roost/pricing';
import { isRealDate, nightCount } from '@roost/stay';
import { z } from 'zod';
import { RatingShape } from '../rating/rating.dto.js';
import { SearchFacets } from './facets.dto.js';
import { Currency, PointShape, RoomTypeName, Slug } from '../listing/listing.dto.js';

const MAX_NIGHTS = 730;
const MAX_RADIUS_KM = 500;
const DEFAULT_RADIUS_KM = 25;
const MAX_IDS = 100;
const MAX_CHILDREN = 20;

const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, { error: `Must be a whole number from ${min} to ${max}` })
    .transform(Number)
    .pipe(
      z
        .int()
        .min(min, { error: `Must be at least ${min}` })
        .max(max, { error: `Must be at most ${max}` }),
    )
    .meta(documentedNumber('integer', min, max));

const DEGREES = '-?\\d{1,5}(?:\\.\\d{1,15})?';
const DECIMAL = new RegExp(`^${DEGREES}$`);

const decimal = (min: number, max: number) =>
  z
    .string()
    .regex(DECIMAL, { error: `Must be a number from ${min} to ${max}` })
    .transform(Number)
    .pipe(
      z
        .number()
        .min(min, { error: `Must be at least ${min}` })
        .max(max, { error: `Must be at most ${max}` }),
    )
    .meta(documentedNumber('number', min, max));

/** `count` decimals, separated by commas. */
const decimals = (count: number, names: string) =>
  z
    .string()
    .max(200)
    .regex(new RegExp(`^${DEGREES}(?:,${DEGREES}){${count - 1}}$`), {
      error: `Must be ${names} in degrees`,
      abort: true,
    })
    .transform((text) => text.split(',').map(Number));

const BoundingBox = decimals(4, 'west,south,east,north')
  .transform(([west = NaN, south = NaN, east = NaN, north = NaN]) => ({ west, south, east, north }))
  .refine(({ west, east }) => Math.abs(west) <= 180 && Math.abs(east) <= 180, {
    error: 'West and east must be from -180 to 180',
  })
  .refine(({ south, north }) => Math.abs(south) <= 90 && Math.abs(north) <= 90, {
    error: 'South and north must be from -90 to 90',
  })
  .refine(({ south, north }) => south <= north, { error: 'South must not be above north' });

const Near = decimals(2, 'lat,lng')
  .transform(([lat = NaN, lng = NaN]) => ({ lat, lng }))
  .refine(({ lat, lng }) => Math.abs(lat) <= 90 && Math.abs(lng) <= 180, {
    error: 'Must be a latitude from -90 to 90 and a longitude from -180 to 180',
  });

const searchText = (max: number) =>
  z
    .string()
    .trim()
    .min(1, { error: 'Must not be empty' })
    .max(max, { error: `Must have at most ${max} characters` })
    .regex(ONE_LINE, { error: 'Must not contain control characters' });

const Amenities = z
  .string()
  .max(2000)
  .transform((text) => [...new Set(text.split(','))])
  .pipe(z.array(Slug).min(1).max(30, { error: 'Must have at most 30 items' }));

/** Ids, separated by commas. */
const Ids = z
  .string()
  .max(MAX_IDS * 40)
  .transform((text) => [...new Set(text.split(',').map((id) => id.toLowerCase()))])
  .pipe(z.array(Uuid).max(MAX_IDS, { error: `Must have at most ${MAX_IDS} items` }));

/** The ages of children, separated by commas. */
const Children = z
  .string()
  .max(200)
  .regex(/^(?:\d|1[0-7])(?:,(?:\d|1[0-7]))*$/, { error: 'Must be ages from 0 to 17, separated by commas' })
  .transform((text) => text.split(',').map((age) => ({ age: Number(age) })))
  .pipe(
    z
      .array(z.object({ age: z.int() }))
      .max(MAX_CHILDREN, { error: `Must have at most ${MAX_CHILDREN} items` }),
  );

export const SORTS = ['relevance', 'price', '-price', 'rating', 'distance'] as const;
const PLACES = ['bbox', 'near', 'city'] as const;
/** Facets read all hits, so the search must have an index that finds them. */
const FACET_SCOPES = [...PLACES, 'hostId', 'ids', 'q'] as const;

export const SearchQuery = z
  .strictObject({
    bbox: BoundingBox.optional().meta({
      description:
        '`west,south,east,north` in degrees. If west is greater than east, the box crosses the antimeridian.',
    }),
    near: Near.optional().meta({ description: '`lat,lng` in degrees.' }),
    radiusKm: decimal(0.1, MAX_RADIUS_KM)
      .optional()
      .meta({ description: `The radius around \`near\`, in kilometres. Defaults to ${DEFAULT_RADIUS_KM}.` }),
    city: searchText(100).optional(),
    checkIn: IsoDate.optional(),
    checkOut: IsoDate.optional(),
    guests: wholeNumber(1, 100)
      .optional()
      .meta({ description: 'All guests: adults, and the children in `children`.' }),
    children: Children.optional().meta({
      description:
        'The ages of the children among the guests, separated by commas. Children under 2 do not count towards capacity. Without `guests`, one adult is added.',
    }),
    minPrice: wholeNumber(0, 1e12)
      .optional()
      .meta({ description: 'The minimum base price per night, in minor units. Requires `currency`.' }),
    maxPrice: wholeNumber(0, 1e12).optional(),
    currency: Currency.optional(),
    roomType: RoomTypeName.optional(),
    propertyType: Slug.optional(),
    amenities: Amenities.optional().meta({
      description: 'Comma-separated amenities. Only listings with all of them are returned.',
    }),
    minBedrooms: wholeNumber(0, 100).optional(),
    minBeds: wholeNumber(0, 200).optional(),
    minBathrooms: decimal(0, 100).optional(),
    minRating: decimal(1, 5).optional().meta({ description: 'The minimum mean rating, 1 to 5.' }),
    instantBook: z
      .enum(['true', 'false'], { error: 'Must be true or false' })
      .transform((text) => text === 'true')
      .optional(),
    hostId: Uuid.optional(),
    ids: Ids.optional().meta({
      description: `Comma-separated ids of listings, at most ${MAX_IDS}. Listings that are not published are omitted.`,
    }),
    q: searchText(200).optional(),
    facets: z
      .enum(['true', 'false'], { error: 'Must be true or false' })
      .transform((text) => text === 'true')
      .optional()
      .meta({ description: `Whether to return \`facets\`. Requires one of ${FACET_SCOPES.join(', ')}.` }),
    sort: z.enum(SORTS).default('relevance'),
    ...PageQuery,
  })
  .superRefine((query, context) => {
    const addIssue = (parameter: string, message: string) =>
      context.addIssue({ code: 'custom', path: [parameter], message });
    for (const place of PLACES.filter((name) => query[name] !== undefined).slice(1)) {
      addIssue(place, 'Only one of bbox, near and city is allowed');
    }
    if (query.facets === true && FACET_SCOPES.every((name) => query[name] === undefined))
      addIssue('facets', `Requires one of ${FACET_SCOPES.join(', ')}`);
    if (query.radiusKm !== undefined && query.near === undefined) addIssue('radiusKm', 'Requires near');
    if (query.sort === 'distance' && query.near === undefined) addIssue('sort', 'distance requires near');
    if (query.checkIn !== undefined && query.checkOut === undefined)
      addIssue('checkOut', 'Required with checkIn');
    if (query.checkOut !== undefined && query.checkIn === undefined)
      addIssue('checkIn', 'Required with checkOut');
    // Also runs when other fields are invalid, so the dates must be checked before they are compared.
    const { checkIn, checkOut } = query;
    if (isRealDate(checkIn) && isRealDate(checkOut)) {
      if (checkOut <= checkIn) addIssue('checkOut', 'Must be after checkIn');
      else if (nightCount(checkIn, checkOut) > MAX_NIGHTS) {
        addIssue('checkOut', `Must be at most ${MAX_NIGHTS} nights after checkIn`);
      }
    }
    if (query.guests !== undefined && query.children !== undefined && query.children.length >= query.guests)
      addIssue('children', 'Must be fewer than guests: at least one guest is an adult');
    const hasPriceFilter = query.minPrice !== undefined || query.maxPrice !== undefined;
    if (hasPriceFilter && query.currency === undefined)
      addIssue('currency', 'Required with minPrice and maxPrice');
    if (query.minPrice !== undefined && query.maxPrice !== undefined && query.minPrice > query.maxPrice) {
      addIssue('maxPrice', 'Must not be less than minPrice');
    }
  })
  .transform((query) => ({
    ...query,
    radiusKm: query.near === undefined ? undefined : (query.radiusKm ?? DEFAULT_RADIUS_KM),
  }));
export type SearchQuery = z.output<typeof SearchQuery>;

/** The guests of the search as in a quote. */
export function guestsOf({ guests, children = [] }: Pick<SearchQuery, 'guests' | 'children'>): Guests {
  return { adults: (guests ?? children.length + 1) - children.length, children, infants: 0, pets: 0 };
}

/** The number of guests that count towards capacity; undefined if the search names no guests. */
export function capacityOf(query: Pick<SearchQuery, 'guests' | 'children'>): number | undefined {
  if (query.guests === undefined && query.children === undefined) return undefined;
  return countedGuests(guestsOf(query));
}

export const SearchHit = z
  .object({
    id: Uuid,
    title: z.string(),
    city: z.string(),
    approximateLocation: PointShape,
    coverUrl: z.string().nullable(),
    photoUrls: z.array(z.string()).meta({ description: 'The first 5 photos in display order, as JPEG.' }),
    roomType: RoomTypeName,
    capacity: z.int(),
    bedrooms: z.int().nullable(),
    beds: z.int().nullable(),
    nightlyMinor: z.int().meta({ description: 'The base price per night, in minor units.' }),
    currency: z.string(),
    stay: z.object({ nights: z.int(), totalMinor: z.int() }).nullable().meta({
      description:
        'The price of the stay, with fees and taxes. Guests without an age in `children` are priced as adults. Null for a search without dates.',
    }),
    rating: RatingShape.nullable(),
    instantBook: z.boolean(),
    hostName: z.string().nullable().meta({ description: 'Null until the name of the host has arrived.' }),
  })
  .meta({ id: 'SearchHit' });
export type SearchHit = z.output<typeof SearchHit>;

export const SearchPage = z
  .object({
    data: z.array(SearchHit),
    nextCursor: z.string().nullable(),
    facets: SearchFacets.nullable().meta({ description: 'Null unless the search has `facets=true`.' }),
  })
  .meta({ id: 'SearchHitPage' });
export type SearchPage = z.output<typeof SearchPage>;
