import type { Difference, Sources } from './difference.js';

const DAY_MS = 86_400_000;
/** The number of nights that a difference lists. */
const LISTED_NIGHTS = 5;
const CALENDAR_DAYS = 90;
const CALENDARS = 12;

/** A local date of a listing, as days since 1970-01-01. */
type Day = number;
const dayOf = (date: string): Day => Date.parse(`${date}T00:00:00Z`) / DAY_MS;
const dateOf = (day: Day): string => new Date(day * DAY_MS).toISOString().slice(0, 10);

interface ListingRow {
  id: string;
  calendarId: string;
  status: string;
  time_zone: string;
  city: string;
  rules: Record<string, unknown>;
}

interface EntryRow {
  calendarId: string;
  kind: string;
  from: string;
  to: string;
}

interface Listing {
  id: string;
  status: string;
  city: string;
  rules: Record<string, unknown>;
  today: Day;
  /** The nights that are not available. */
  taken: Set<Day>;
}

/** Compares search and the public calendars with the calendar of bookings. */
export async function checkSearch(
  sources: Sources,
  searches: readonly SearchRequest[],
): Promise<Difference[]> {
  const listings = await readListings(sources);
  return [
    ...(await checkProjection(sources, listings)),
    ...(await checkCalendars(sources, listings)),
    ...(await checkHits(sources, listings, searches)),
  ];
}

/** A search for available listings of a city. */
export interface SearchRequest {
  city: string;
  checkInDate: string;
  checkOutDate: string;
}

async function readListings({ query, now }: Sources): Promise<Map<string, Listing>> {
  const rows = await query<ListingRow>(
    'bookings',
    `SELECT s.listing_id AS id, c.id AS "calendarId", s.status, s.time_zone, '' AS city, s.stay_rules AS rules
     FROM listing_snapshot s JOIN calendar_listing c ON c.public_id = s.listing_id WHERE s.time_zone IS NOT NULL`,
  );
  const cities = new Map(
    (
      await query<{ id: string; city: string | null }>(
        'listings',
        `SELECT id, address ->> 'city' AS city FROM listing`,
      )
    ).map(({ id, city }) => [id, city ?? '']),
  );
  const listings = new Map<string, Listing>();
  const byCalendarId = new Map<string, Listing>();
  for (const { id, calendarId, status, time_zone, rules } of rows) {
    const today = dayOf(new Intl.DateTimeFormat('en-CA', { timeZone: time_zone }).format(now));
    const listing = { id, status, city: cities.get(id) ?? '', rules, today, taken: new Set<Day>() };
    listings.set(id, listing);
    byCalendarId.set(String(calendarId), listing);
  }
  const entries = await query<EntryRow>(
    'bookings',
    `SELECT s.listing_id AS "calendarId", e.kind, lower(e.nights)::text AS "from", upper(e.nights)::text AS "to"
     FROM listing_space s JOIN calendar_entry e ON e.space_id = s.space_id WHERE e.live`,
  );
  for (const { calendarId, kind, from, to } of entries) {
    const listing = byCalendarId.get(String(calendarId));
    if (!listing) continue;
    // A stay that starts or ends next to this stay needs these nights for preparation.
    const preparation = kind === 'stay' ? Number(listing.rules['preparationNights'] ?? 0) : 0;
    for (let day = dayOf(from) - preparation; day < dayOf(to) + preparation; day++) listing.taken.add(day);
  }
  return listings;
}

/** `listing_calendar` of listings and the calendar agree on all nights from today. */
async function checkProjection(
  { query }: Sources,
  listings: ReadonlyMap<string, Listing>,
): Promise<Difference[]> {
  const rows = await query<{ id: string; from: string; to: string }>(
    'listings',
    `SELECT listing_id AS id, lower(r)::text AS "from", upper(r)::text AS "to"
     FROM listing_calendar, unnest(blocked) AS r`,
  );
  const blockedByListing = new Map<string, Set<Day>>();
  for (const { id, from, to } of rows) {
    const days = blockedByListing.get(id) ?? new Set<Day>();
    blockedByListing.set(id, days);
    for (let day = dayOf(from); day < dayOf(to); day++) days.add(day);
  }
  return [...listings.values()].flatMap(({ id, taken, today }) => {
    const blocked = blockedByListing.get(id) ?? new Set<Day>();
    const stale = [...blocked].filter((day) => day >= today && !taken.has(day));
    const missing = [...taken].filter((day) => day >= today && !blocked.has(day));
    return [
      ...differenceOfNights('search.projection', id, 'search shows available nights as taken', stale),
      ...differenceOfNights('search.projection', id, 'search shows taken nights as available', missing),
    ];
  });
}

/** Checks the public calendars of the listings with the most bookings and of a sample of all listings. */
async function checkCalendars(
  sources: Sources,
  listings: ReadonlyMap<string, Listing>,
): Promise<Difference[]> {
  const booked = await sources.query<{ id: string }>(
    'bookings',
    `SELECT listing_id AS id FROM booking GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT ${CALENDARS}`,
  );
  const all = [...listings.keys()].toSorted();
  const step = Math.max(1, Math.floor(all.length / CALENDARS));
  const chosen = new Set([...booked.map(({ id }) => id), ...all.filter((_, index) => index % step === 0)]);
  const found: Difference[] = [];
  for (const id of chosen) {
    const listing = listings.get(id);
    if (listing?.status !== 'published') continue;
    const { taken, today } = listing;
    const path = `/v1/listings/${id}/calendar?from=${dateOf(today)}&to=${dateOf(today + CALENDAR_DAYS)}`;
    const { data } = await get<{ data: { date: string; available: boolean }[] }>(sources.url + path);
    const wrong = data.filter(({ date, available }) => available === taken.has(dayOf(date)));
    const days = wrong.map(({ date }) => dayOf(date));
    found.push(
      ...differenceOfNights('calendar.public', id, 'the public calendar shows another availability', days),
    );
  }
  return found;
}

/** Search returns all published listings of a city whose nights are all available, except by stay rules. */
async function checkHits(
  sources: Sources,
  listings: ReadonlyMap<string, Listing>,
  searches: readonly SearchRequest[],
): Promise<Difference[]> {
  const found: Difference[] = [];
  for (const search of searches) {
    const hits = await searchListings(sources.url, search);
    const subject = `${search.city}, ${search.checkInDate} to ${search.checkOutDate}`;
    const nights: Day[] = [];
    for (let day = dayOf(search.checkInDate); day < dayOf(search.checkOutDate); day++) nights.push(day);
    for (const listing of listings.values()) {
      if (listing.city !== search.city) continue;
      const available = listing.status === 'published' && nights.every((day) => !listing.taken.has(day));
      if (hits.has(listing.id) && !available)
        found.push({
          rule: 'search.hit',
          subject,
          description: `listing ${listing.id} is found and not available`,
        });
      if (!hits.has(listing.id) && available && rulesAllow(listing.rules, nights.length))
        found.push({
          rule: 'search.hit',
          subject,
          description: `listing ${listing.id} is available and not found`,
        });
    }
  }
  return found;
}

/** True when simple rules allow the stay. False for a listing with other rules: search may leave it out. */
function rulesAllow(rules: Record<string, unknown>, nights: number): boolean {
  const {
    minNights,
    maxNights,
    minNightsByWeekday,
    minNightsOverrides,
    checkInWeekdays,
    checkOutWeekdays,
    advanceNoticeDays,
  } = rules as Record<string, number | object | null | undefined>;
  const isEmpty = (value: unknown) => value == null || Object.keys(value as object).length === 0;
  const simple = [minNightsByWeekday, minNightsOverrides, checkInWeekdays, checkOutWeekdays].every(isEmpty);
  return (
    simple && !advanceNoticeDays && Number(minNights ?? 1) <= nights && nights <= Number(maxNights ?? 365)
  );
}

async function searchListings(
  url: string,
  { city, checkInDate, checkOutDate }: SearchRequest,
): Promise<Set<string>> {
  const found = new Set<string>();
  for (let cursor: string | null = ''; cursor !== null;) {
    const query = new URLSearchParams({ city, checkIn: checkInDate, checkOut: checkOutDate, limit: '100' });
    if (cursor) query.set('cursor', cursor);
    const page: { data: { id: string }[]; nextCursor: string | null } = await get(
      `${url}/v1/listings/search?${query}`,
    );
    for (const { id } of page.data) found.add(id);
    cursor = page.nextCursor;
  }
  return found;
}

async function get<T>(url: string): Promise<T> {
  const response = await fetch(url, { signal: AbortSignal.timeout(30_000) });
  const text = await response.text();
  if (response.status !== 200)
    throw new Error(`GET ${url} responded with ${response.status}: ${text.slice(0, 300)}`);
  return JSON.parse(text) as T;
}

function differenceOfNights(
  rule: string,
  listingId: string,
  problem: string,
  days: readonly Day[],
): Difference[] {
  if (days.length === 0) return [];
  const listed = days.toSorted((a, b) => a - b).slice(0, LISTED_NIGHTS);
  const more = days.length > listed.length ? ` and ${days.length - listed.length} more` : '';
  return [
    {
      rule,
      subject: `listing ${listingId}`,
      description: `${problem}: ${listed.map(dateOf).join(', ')}${more}`,
    },
  ];
}
