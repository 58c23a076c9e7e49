import { Random } from '../check/random.js';

/** A generated listing that a request is built around, so that the request has at least this hit. */
export interface Sample {
  lat: number;
  lng: number;
  city: string;
  isVillage: boolean;
  currency: string;
  priceMinor: number;
  capacity: number;
  roomType: string;
  amenities: string[];
  ratingOrder: number;
  rareWord: string | null;
  commonWord: string | null;
  /** A stay that the calendar and the stay rules of the listing allow; null if there is none. */
  checkIn: string | null;
  checkOut: string | null;
}

export interface Shape {
  name: string;
  /** How many pages lie before the measured one. */
  pagesBefore?: number;
  /** The query, or null if the sample does not suit. */
  query(sample: Sample): Record<string, string> | null;
}

const around = ({ lat, lng }: Sample, degrees: number) => ({
  bbox: [lng - degrees, lat - degrees, lng + degrees, lat + degrees]
    .map((value) => value.toFixed(4))
    .join(','),
});
const stay = ({ checkIn, checkOut }: Sample) =>
  checkIn === null || checkOut === null ? null : { checkIn, checkOut, guests: '2' };
const inCity = (sample: Sample, query: Record<string, string> | null) => (sample.isVillage ? null : query);
const withStay = (sample: Sample, query: Record<string, string>) => {
  const dates = stay(sample);
  return dates === null || sample.capacity < 2 ? null : { ...query, ...dates };
};
const RARE_AMENITIES = ['sauna', 'piano', 'ev_charger'];

/** The searches that are measured. Each has at least one hit: the sample. */
export const SHAPES: readonly Shape[] = [
  { name: 'dense viewport', query: (one) => inCity(one, around(one, 0.02)) },
  {
    name: 'dense viewport, dates, guests',
    query: (one) => inCity(one, withStay(one, around(one, 0.02))),
  },
  { name: 'sparse viewport', query: (one) => (one.isVillage ? around(one, 0.3) : null) },
  { name: 'country, dates', query: (one) => withStay(one, around(one, 4)) },
  { name: 'city', query: (one) => inCity(one, { city: one.city }) },
  { name: 'city, dates, guests', query: (one) => inCity(one, withStay(one, { city: one.city })) },
  {
    name: 'radius 5 km',
    query: (one) => inCity(one, { near: `${one.lat.toFixed(4)},${one.lng.toFixed(4)}`, radiusKm: '5' }),
  },
  {
    name: 'nearest, 3 km',
    query: (one) =>
      inCity(one, { near: `${one.lat.toFixed(4)},${one.lng.toFixed(4)}`, radiusKm: '3', sort: 'distance' }),
  },
  {
    name: 'price order, dense',
    query: (one) =>
      inCity(one, {
        ...around(one, 0.02),
        sort: 'price',
        currency: one.currency,
        minPrice: String(Math.floor(one.priceMinor / 2)),
      }),
  },
  {
    name: 'selective filters, city',
    query: (one) => {
      const rare = one.amenities.filter((amenity) => RARE_AMENITIES.includes(amenity));
      if (rare.length === 0 || one.ratingOrder < 450_000_000) return null;
      return inCity(one, {
        city: one.city,
        amenities: rare.join(','),
        minRating: '4.5',
        roomType: one.roomType,
      });
    },
  },
  { name: 'rare word', query: (one) => (one.rareWord === null ? null : { q: one.rareWord }) },
  {
    name: 'common word, dense',
    query: (one) =>
      one.commonWord === null ? null : inCity(one, { q: one.commonWord, ...around(one, 0.02) }),
  },
  { name: 'city, page 20', pagesBefore: 19, query: (one) => inCity(one, { city: one.city }) },
  { name: 'front page by rating', query: () => ({ sort: 'rating' }) },
];

/** Different paths of a shape, at most `count`; fewer if the samples do not have as many. */
export function pathsOf(shape: Shape, samples: readonly Sample[], count: number): string[] {
  const paths = new Set<string>();
  for (const sample of samples) {
    const query = shape.query(sample);
    if (query !== null) paths.add(`/v1/listings/search?${new URLSearchParams(query).toString()}`);
    if (paths.size === count) break;
  }
  return [...paths];
}

/** Statement for samples of the generated data. `$1`: keys, `$2`: the first date of a stay. */
export const SAMPLE_STATEMENT = `
  SELECT s.lat, s.lng, l.address ->> 'city' AS city, l.address ->> 'city' LIKE 'Village %' AS "isVillage", s.currency,
         s.price_minor::float8 AS "priceMinor", s.capacity, s.room_type AS "roomType", s.amenities,
         s.rating_order AS "ratingOrder",
         substring(l.description from 'There is a ([a-z]+) next door') AS "rareWord",
         lower(substring(l.description from '(kitchen|balcony|cuisine|balcon|Küche|cocina|cozinha|cucina|terrace)')) AS "commonWord",
         lower(free.range)::text AS "checkIn", (lower(free.range) + s.min_nights)::text AS "checkOut"
    FROM listing_search s JOIN listing l ON l.key = s.key
    LEFT JOIN listing_calendar c ON c.listing_id = s.listing_id
    LEFT JOIN LATERAL (
      SELECT r AS range
        FROM unnest(datemultirange(daterange($2::date, $2::date + 100)) - coalesce(c.blocked, '{}')) r
       WHERE upper(r) - lower(r) >= s.min_nights
         AND (l.stay_rules ->> 'minNights')::int = s.min_nights
         AND l.stay_rules ->> 'checkInWeekdays' IS NULL AND l.stay_rules -> 'minNightsOverrides' = '[]'
         AND l.stay_rules -> 'minNightsByWeekday' = '{}'
       LIMIT 1) free ON true
   WHERE s.key = ANY($1::bigint[])
     AND NOT EXISTS (SELECT FROM account_standing a WHERE a.user_id = s.host_id AND a.status <> 'active')
   ORDER BY array_position($1::bigint[], s.key)`;

/** Distinct keys from 1 to `most`. */
export function randomKeys(seed: number, count: number, most: number): number[] {
  const random = new Random(seed);
  const keys = new Set<number>();
  while (keys.size < Math.min(count, most)) keys.add(random.integer(1, most));
  return [...keys];
}
