import { DEFAULT_STAY_RULES, PriceRules, type StayRules } from '@roost/pricing';
import { addDays, type IsoDate } from '@roost/stay';
import { Random } from '../check/random.js';
import { type City, pickCity } from './cities.js';
import { pickTexts } from './texts.js';

/**
 * Generated ids start with this. As the time of a UUIDv7 it is in the year 2551, so no id that Roost creates has it.
 */
export const ID_PREFIX = '10adda7a';

export type CopyValue = string | number | boolean | null | readonly string[] | object;

/** The rows of one generated listing, by table and column. */
export interface GeneratedListing {
  listing: Record<string, CopyValue>;
  rating: Record<string, CopyValue> | null;
  calendar: Record<string, CopyValue> | null;
}

export interface GeneratorOptions {
  seed: number;
  /** The number of all listings; hosts are a share of them. */
  listings: number;
  /** The first date that can be taken. */
  from: IsoDate;
}

/** The share of listings whose host has several. */
const HOST_SHARE = 0.4;
const CALENDAR_DAYS = 365;
const AMENITIES = [
  ...[
    'wifi',
    'kitchen',
    'heating',
    'essentials',
    'tv',
    'washer',
    'smoke_alarm',
    'hangers',
    'iron',
    'hair_dryer',
  ],
  ...[
    'air_conditioning',
    'dryer',
    'parking',
    'workspace',
    'elevator',
    'balcony',
    'garden',
    'crib',
    'bbq_grill',
  ],
  ...['dishwasher', 'fireplace', 'pool', 'hot_tub', 'gym', 'ev_charger', 'piano', 'sauna'],
] as const;
const PROPERTY_TYPES = { apartment: 62, house: 18, condo: 6, loft: 5, guest_house: 4, villa: 3, cabin: 2 };
const ROOM_TYPES = { entire_home: 70, private_room: 26, hotel_room: 2, shared_room: 2 };
const POLICIES = { flexible: 30, moderate: 30, limited: 10, firm: 20, strict: 10 };

export const hostCount = (listings: number) => Math.max(1, Math.ceil(listings * HOST_SHARE));

export const hostId = (seed: number, number: number) => idOf(seed, '8001', number);
export const listingId = (seed: number, number: number) => idOf(seed, '8000', number);

const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');
const idOf = (seed: number, kind: string, number: number) =>
  `${ID_PREFIX}-${hex(seed & 0xffff, 4)}-7000-${kind}-${hex(number, 12)}`;

/** Each listing has its own sequence of random numbers, so it does not depend on the order of generation. */
const randomOf = (seed: number, number: number) =>
  new Random(Math.imul(number + 1, 0x9e3779b1) ^ Math.imul(seed + 1, 0x85ebca6b));

export function generateListing(options: GeneratorOptions, number: number): GeneratedListing {
  const random = randomOf(options.seed, number);
  const { city, spreadDegrees } = pickCity(random);
  const id = listingId(options.seed, number);
  const listing = listingRow(random, { city, spreadDegrees, id, options });
  return { listing, rating: ratingRow(random, id), calendar: calendarRow(random, id, options.from) };
}

function listingRow(
  random: Random,
  {
    city,
    spreadDegrees,
    id,
    options,
  }: { city: City; spreadDegrees: number; id: string; options: GeneratorOptions },
): Record<string, CopyValue> {
  const lat = clamp(city.lat + spreadDegrees * normal(random), 89);
  const lng = wrap(city.lng + (spreadDegrees * normal(random)) / Math.cos((city.lat * Math.PI) / 180));
  const bedrooms = Math.min(8, Math.floor(-Math.log(1 - random.next()) * 1.3) + 1);
  const published = `${addDays(options.from, -random.integer(30, 1500))}T12:00:00Z`;
  const hosts = hostCount(options.listings);
  return {
    id,
    // Few hosts have many listings.
    host_id: hostId(options.seed, Math.floor(hosts * random.next() ** 2)),
    status: 'published',
    version: random.integer(2, 40),
    ...pickTexts(random, city.language, city.name),
    property_type: random.pickWeighted(PROPERTY_TYPES),
    room_type: random.pickWeighted(ROOM_TYPES),
    address: {
      line1: `${random.integer(1, 200)} Main Street`,
      city: city.name,
      region: '',
      postalCode: String(random.integer(10_000, 99_999)),
      countryCode: city.countryCode,
    },
    lat: degrees(lat),
    lng: degrees(lng),
    public_lat: degrees(clamp(lat + (random.next() - 0.5) * 0.01, 89)),
    public_lng: degrees(wrap(lng + (random.next() - 0.5) * 0.01)),
    time_zone: city.timeZone,
    currency: city.currency,
    capacity: Math.min(16, bedrooms * 2 + (random.chance(0.3) ? 1 : 0)),
    bedrooms,
    beds: bedrooms + random.integer(0, 1),
    bathrooms: Math.max(1, Math.floor(bedrooms / 2)) + (random.chance(0.2) ? 0.5 : 0),
    amenities: AMENITIES.filter((_, rank) => random.chance(Math.max(0.01, 0.97 - rank * 0.037))),
    house_rules: random.chance(0.5) ? 'No parties. No smoking.' : '',
    registration_number: null,
    max_pets: random.chance(0.25) ? random.integer(1, 2) : 0,
    booking_mode: random.chance(0.65) ? 'instant' : 'request',
    cancellation_policy: random.pickWeighted(POLICIES),
    check_in_from: '15:00',
    check_out_until: '11:00',
    pricing: prices(random, city, bedrooms, options.from),
    stay_rules: stayRules(random, options.from),
    photos: Array.from({ length: random.integer(3, 20) }, (_, photo) => ({
      id: `${ID_PREFIX}-${id.slice(9, 13)}-7000-9${hex(photo, 3)}-${id.slice(24)}`,
      width: 2048,
      height: 1365,
      widths: [320, 640, 1280, 2048],
    })),
    published_at: published,
    created_at: published,
    updated_at: published,
  };
}

function prices(random: Random, { currency }: City, bedrooms: number, from: IsoDate): PriceRules {
  const unit =
    { JPY: 150, ISK: 140, ARS: 100_000, MXN: 1_800, CZK: 2_300, DKK: 700, ZAR: 1_800 }[currency] ?? 100;
  // Log-normal: most are moderate, a few are very high.
  const base = Math.max(10, Math.round(45 * bedrooms ** 0.7 * Math.exp(0.55 * normal(random))));
  const summer = random.integer(100, 200);
  return PriceRules.parse({
    basePriceMinor: base * unit,
    weekendPriceMinor: random.chance(0.4) ? Math.round(base * 1.2) * unit : null,
    overrides: random.chance(0.3)
      ? [
          {
            from: addDays(from, summer),
            to: addDays(from, summer + 40),
            priceMinor: Math.round(base * 1.5) * unit,
          },
        ]
      : [],
    discounts: {
      weeklyBps: random.chance(0.4) ? 1_000 : 0,
      monthlyBps: random.chance(0.3) ? 2_000 : 0,
    },
    cleaningFeeMinor: random.chance(0.7) ? random.integer(10, 80) * unit : 0,
    extraGuest: random.chance(0.2) ? { above: 2, perNightMinor: 15 * unit } : undefined,
    taxes: random.chance(0.5)
      ? [{ name: 'Occupancy tax', kind: 'percent', bps: random.integer(2, 14) * 100 }]
      : [],
  });
}

function stayRules(random: Random, from: IsoDate): StayRules {
  const season = random.integer(100, 200);
  return {
    ...DEFAULT_STAY_RULES,
    minNights: random.chance(0.5) ? random.integer(1, 2) : random.integer(2, 7),
    maxNights: random.chance(0.2) ? random.integer(14, 60) : 365,
    advanceNoticeDays: random.chance(0.2) ? random.integer(1, 7) : 0,
    bookingWindowMonths: random.chance(0.3) ? 6 : 12,
    minNightsByWeekday: random.chance(0.15) ? { fri: 2, sat: 2 } : {},
    minNightsOverrides: random.chance(0.1)
      ? [{ from: addDays(from, season), to: addDays(from, season + 40), minNights: 7 }]
      : [],
    checkInWeekdays: random.chance(0.05) ? ['sat', 'sun'] : null,
  };
}

function ratingRow(random: Random, id: string): Record<string, CopyValue> | null {
  if (random.chance(0.25)) return null;
  const count = Math.ceil(-Math.log(1 - random.next()) * 30);
  const mean = Math.min(5, Math.max(1, 4.6 + 0.4 * normal(random)));
  return { listing_id: id, version: count, rating_count: count, rating_sum: Math.round(count * mean) };
}

/** Bookings of one to ten nights. How much of a year is taken differs between listings, and is higher in the next weeks. */
function calendarRow(random: Random, id: string, from: IsoDate): Record<string, CopyValue> | null {
  const demand = random.next() ** 1.5;
  if (demand < 0.02) return null;
  const taken: string[] = [];
  for (let day = random.integer(0, 3); day < CALENDAR_DAYS;) {
    const nights = random.integer(1, 10);
    if (random.chance(demand * (1.2 - day / CALENDAR_DAYS))) {
      taken.push(`[${addDays(from, day)},${addDays(from, day + nights)})`);
      day += nights;
    }
    day += random.integer(1, 6);
  }
  return { listing_id: id, version: taken.length + 1, blocked: `{${taken.join(',')}}` };
}

/** Normally distributed, with the mean 0 and the deviation 1. */
const normal = (random: Random) =>
  Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
const degrees = (value: number) => Number(value.toFixed(5));
const clamp = (value: number, most: number) => Math.max(-most, Math.min(most, value));
const wrap = (lng: number) => ((((lng + 180) % 360) + 360) % 360) - 180;
