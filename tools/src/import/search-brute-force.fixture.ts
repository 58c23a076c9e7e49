import { addDays, addMonths } from '@roost/stay';

/** A listing as hosts and events wrote it. */
export interface Row {
  key: number;
  id: string;
  hostId: string;
  lat: number;
  lng: number;
  city: string;
  description: string;
  amenities: string[];
  photos: number;
  bookingMode: string;
  currency: string;
  roomType: string;
  propertyType: string;
  capacity: number;
  bedrooms: number | null;
  beds: number | null;
  bathrooms: number | null;
  timeZone: string;
  pricing: {
    basePriceMinor: number;
    weekendPriceMinor: number | null;
    cleaningFeeMinor: number;
    extraGuest: { above: number; perNightMinor: number };
    taxes: { amountMinor: number }[];
  };
  stayRules: {
    minNights: number;
    maxNights: number;
    advanceNoticeDays: number;
    bookingWindowMonths: number;
    checkInWeekdays: string[] | null;
    checkOutWeekdays: string[] | null;
  };
  ratingCount: number;
  ratingSum: number;
  blocked: { from: string; to: string }[];
}

/** The parameters of a search, before they are written into a query. */
export interface Wanted {
  bbox?: readonly [west: number, south: number, east: number, north: number];
  near?: readonly [lat: number, lng: number];
  radiusKm?: number;
  city?: string;
  checkIn?: string;
  checkOut?: string;
  guests?: number;
  children?: number[];
  minPrice?: number;
  maxPrice?: number;
  currency?: string;
  amenities?: string[];
  roomType?: string;
  propertyType?: string;
  minBedrooms?: number;
  minBeds?: number;
  minBathrooms?: number;
  minRating?: number;
  instantBook?: boolean;
  hostId?: string;
  ids?: string[];
  sort?: string | undefined;
  limit?: number;
}

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const weekdayOf = (date: string) => DAYS[new Date(`${date}T00:00:00Z`).getUTCDay()] ?? '';
const plain = (text: string) =>
  text
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .trim();

/** The angle between the two vectors from the centre of the earth, times its radius. */
function kilometres(row: Row, [lat, lng]: readonly [number, number]): number {
  const vector = (a: number, b: number) => {
    const [phi, lambda] = [(a * Math.PI) / 180, (b * Math.PI) / 180];
    return [Math.cos(phi) * Math.cos(lambda), Math.cos(phi) * Math.sin(lambda), Math.sin(phi)] as const;
  };
  const [a, b] = [vector(row.lat, row.lng), vector(lat, lng)];
  const chord = Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
  return 2 * 6371.0088 * Math.asin(chord / 2);
}

const atLeast = (value: number | null, minimum: number | undefined) =>
  minimum === undefined || (value !== null && value >= minimum);
const equals = <T>(value: T, wanted: T | undefined) => wanted === undefined || value === wanted;
const mean = (row: Row) => (row.ratingCount === 0 ? 0 : Math.round((row.ratingSum * 100) / row.ratingCount));

function isInPlace(row: Row, { bbox, near, radiusKm, city }: Wanted): boolean {
  if (bbox !== undefined) {
    const [west, south, east, north] = bbox;
    const between = west <= east ? row.lng >= west && row.lng <= east : row.lng >= west || row.lng <= east;
    if (!between || row.lat < south || row.lat > north) return false;
  }
  if (near !== undefined && kilometres(row, near) > (radiusKm ?? 25)) return false;
  return city === undefined || plain(row.city) === plain(city);
}

/** Guests who count: children from 2 years on, and the adults. */
function counted({ guests, children = [] }: Wanted): number {
  return (guests ?? children.length + 1) - children.filter((age) => age < 2).length;
}

function nightsOf({ checkIn, checkOut }: Wanted): string[] {
  if (checkIn === undefined || checkOut === undefined) return [];
  const nights = [];
  for (let night = checkIn; night < checkOut; night = addDays(night, 1)) nights.push(night);
  return nights;
}

function isFree(row: Row, wanted: Wanted, now: Date): boolean {
  const nights = nightsOf(wanted);
  const [checkIn, checkOut] = [wanted.checkIn ?? '', wanted.checkOut ?? ''];
  const { stayRules: rules } = row;
  const today = new Intl.DateTimeFormat('en-CA', { timeZone: row.timeZone }).format(now);
  if (nights.some((night) => row.blocked.some(({ from, to }) => night >= from && night < to))) return false;
  if (nights.length < rules.minNights || nights.length > rules.maxNights) return false;
  if (checkIn < addDays(today, rules.advanceNoticeDays)) return false;
  if (checkIn > addMonths(today, rules.bookingWindowMonths)) return false;
  if (rules.checkInWeekdays !== null && !rules.checkInWeekdays.includes(weekdayOf(checkIn))) return false;
  return rules.checkOutWeekdays === null || rules.checkOutWeekdays.includes(weekdayOf(checkOut));
}

function matches(row: Row, wanted: Wanted, now: Date): boolean {
  const price = row.pricing.basePriceMinor;
  const namesGuests = wanted.guests !== undefined || wanted.children !== undefined;
  return (
    isInPlace(row, wanted) &&
    (!namesGuests || row.capacity >= counted(wanted)) &&
    equals(row.currency, wanted.currency) &&
    atLeast(price, wanted.minPrice) &&
    (wanted.maxPrice === undefined || price <= wanted.maxPrice) &&
    (wanted.amenities ?? []).every((amenity) => row.amenities.includes(amenity)) &&
    equals(row.roomType, wanted.roomType) &&
    equals(row.propertyType, wanted.propertyType) &&
    atLeast(row.bedrooms, wanted.minBedrooms) &&
    atLeast(row.beds, wanted.minBeds) &&
    atLeast(row.bathrooms, wanted.minBathrooms) &&
    (wanted.minRating === undefined || mean(row) >= Math.round(wanted.minRating * 100)) &&
    equals(row.bookingMode === 'instant', wanted.instantBook) &&
    equals(row.hostId, wanted.hostId) &&
    (wanted.ids === undefined || wanted.ids.includes(row.id)) &&
    (wanted.checkIn === undefined || isFree(row, wanted, now))
  );
}

/** The numbers by which hits are ordered; all ascending. */
function position(row: Row, { sort, near }: Wanted): number[] {
  const price = row.pricing.basePriceMinor;
  if (sort === 'price') return [price, row.key];
  if (sort === '-price') return [-price, -row.key];
  if (sort === 'rating') return [-mean(row), -row.ratingCount, -row.key];
  // In micrometres: distances of points on opposite sides differ by errors of rounding only.
  if (sort === 'distance' && near !== undefined) return [Math.round(kilometres(row, near) * 1e9), row.key];
  const completeness =
    4 * Math.min(10, row.photos) +
    Math.min(20, row.amenities.length) +
    Math.min(20, Math.floor(row.description.length / 50)) +
    (row.bookingMode === 'instant' ? 20 : 0);
  return [-completeness, -row.key];
}

/** All listings that match, in the order of the search: every row is compared with every parameter. */
export function orderedMatches(rows: readonly Row[], wanted: Wanted, now: Date): Row[] {
  return rows
    .filter((row) => matches(row, wanted, now))
    .map((row) => ({ row, at: position(row, wanted) }))
    .sort((a, b) => {
      const different = a.at.findIndex((value, i) => value !== b.at[i]);
      return different === -1 ? 0 : (a.at[different] ?? 0) - (b.at[different] ?? 0);
    })
    .map(({ row }) => row);
}

/** The hits with those at one distance in the order of their keys. No other hit changes its place. */
export function settleTies<Hit extends { id: string }>(
  hits: readonly Hit[],
  matching: readonly Row[],
  wanted: Wanted,
): Hit[] {
  if (wanted.sort !== 'distance') return [...hits];
  const positions = new Map(matching.map((row) => [row.id, position(row, wanted)]));
  const settled: Hit[] = [];
  for (const hit of hits) {
    const [distance, key = 0] = positions.get(hit.id) ?? [];
    const isBehind = (other: Hit) => {
      const [otherDistance, otherKey = 0] = positions.get(other.id) ?? [];
      return otherDistance === distance && otherKey > key;
    };
    let at = settled.length;
    for (let before = settled[at - 1]; before && isBehind(before); before = settled[at - 1]) at -= 1;
    settled.splice(at, 0, hit);
  }
  return settled;
}

/** Half to even, of a product of whole numbers. */
function fourteenPercent(amount: number): number {
  const hundredths = amount * 14;
  const [whole, rest] = [Math.floor(hundredths / 100), hundredths % 100];
  if (rest === 50) return whole + (whole % 2);
  return rest > 50 ? whole + 1 : whole;
}

/** What the hit of a listing contains about the price. */
export function expectedHit({ id, pricing }: Row, wanted: Wanted) {
  const nights = nightsOf(wanted);
  const hit = { id, nightlyMinor: pricing.basePriceMinor };
  if (nights.length === 0) return { ...hit, stay: null };
  const guests = counted(wanted);
  const weekend = pricing.weekendPriceMinor ?? pricing.basePriceMinor;
  const forNights = nights
    .map((night) => (['fri', 'sat'].includes(weekdayOf(night)) ? weekend : pricing.basePriceMinor))
    .reduce((sum, price) => sum + price, 0);
  const { above, perNightMinor } = pricing.extraGuest;
  const base =
    forNights + pricing.cleaningFeeMinor + Math.max(0, guests - above) * perNightMinor * nights.length;
  const tax = pricing.taxes.reduce((sum, { amountMinor }) => sum + amountMinor * guests * nights.length, 0);
  return { ...hit, stay: { nights: nights.length, totalMinor: base + fourteenPercent(base) + tax } };
}
