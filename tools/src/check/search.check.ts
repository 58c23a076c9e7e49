import type { Difference, Sources } from './difference.js';

const DAY_MS = 86_400_000;
const SHOWN_NIGHTS = 5;
const CALENDAR_DAYS = 90;
const CALENDARS = 12;

/** Days since 1970: dates of a place, without a time of day that could go wrong. */
type Day = number;
const dayOf = (date: string): Day => Date.parse(`${date}T00:00:00Z`) / DAY_MS;
const dateOf = (day: Day): string => new Date(day * DAY_MS).toISOString().slice(0, 10);

interface ListingRow {
  id: string;
  number: string;
  status: string;
  time_zone: string;
  city: string;
  rules: Record<string, unknown>;
}

interface EntryRow {
  listing: string;
  kind: string;
  first: string;
  last: string;
}

interface Listing {
  id: string;
  status: string;
  city: string;
  rules: Record<string, unknown>;
  today: Day;
  /** Nights that nobody else can have. */
  taken: Set<Day>;
}

/** What guests are shown (search and calendars) against the calendar that decides. */
export async function checkSearch(sources: Sources, stays: readonly Stay[]): Promise<Difference[]> {
  const listings = await readListings(sources);
  return [
    ...(await checkProjection(sources, listings)),
    ...(await checkCalendars(sources, listings)),
    ...(await checkHits(sources, listings, stays)),
  ];
}

export interface Stay {
  city: string;
  checkInDate: string;
  checkOutDate: string;
}

async function readListings({ query, now }: Sources): Promise<Map<string, Listing>> {
  const rows = await query<ListingRow>(
    'bookings',
    `SELECT s.listing_id AS id, c.id AS number, s.status, s.time_zone, '' AS city, s.stay_rules AS rules
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
  const byNumber = new Map<string, Listing>();
  for (const { id, number, status, time_zone, rules } of rows) {
    const today = dayOf(new Intl.DateTimeFormat('en-CA', { timeZone: time_zone }).format(now));
    const listing = { id, status, city: cities.get(id) ?? '', rules, today, taken: new Set<Day>() };
    listings.set(id, listing);
    byNumber.set(String(number), listing);
  }
  const entries = await query<EntryRow>(
    'bookings',
    `SELECT s.listing_id AS listing, e.kind, lower(e.nights)::text AS first, upper(e.nights)::text AS last
     FROM listing_space s JOIN calendar_entry e ON e.space_id = s.space_id WHERE e.live`,
  );
  for (const { listing: number, kind, first, last } of entries) {
    const listing = byNumber.get(String(number));
    if (!listing) continue;
    // Beside a stay nobody can stay who would need these nights to prepare.
    const around = kind === 'stay' ? Number(listing.rules['preparationNights'] ?? 0) : 0;
    for (let day = dayOf(first) - around; day < dayOf(last) + around; day++) listing.taken.add(day);
  }
  return listings;
}

/** `listing_calendar` of listings says of the days to come what the calendar says. */
async function checkProjection(
  { query }: Sources,
  listings: ReadonlyMap<string, Listing>,
): Promise<Difference[]> {
  const rows = await query<{ id: string; first: string; last: string }>(
    'listings',
    `SELECT listing_id AS id, lower(r)::text AS first, upper(r)::text AS last
     FROM listing_calendar, unnest(blocked) AS r`,
  );
  const known = new Map<string, Set<Day>>();
  for (const { id, first, last } of rows) {
    const days = known.get(id) ?? new Set<Day>();
    known.set(id, days);
    for (let day = dayOf(first); day < dayOf(last); day++) days.add(day);
  }
  return [...listings.values()].flatMap(({ id, taken, today }) => {
    const shown = known.get(id) ?? new Set<Day>();
    const stale = [...shown].filter((day) => day >= today && !taken.has(day));
    const missing = [...taken].filter((day) => day >= today && !shown.has(day));
    return [
      ...differs('search.projection', id, 'search takes nights for taken that are free', stale),
      ...differs('search.projection', id, 'search takes nights for free that are taken', missing),
    ];
  });
}

/** The public calendars of the places that are booked most, and of some others. */
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
    found.push(...differs('calendar.public', id, 'the public calendar says otherwise', days));
  }
  return found;
}

/** Search gives exactly the published places of a city where every night is free; rules of a place may leave it out. */
async function checkHits(
  sources: Sources,
  listings: ReadonlyMap<string, Listing>,
  stays: readonly Stay[],
): Promise<Difference[]> {
  const found: Difference[] = [];
  for (const stay of stays) {
    const hits = await searched(sources.url, stay);
    const about = `${stay.city}, ${stay.checkInDate} to ${stay.checkOutDate}`;
    const nights: Day[] = [];
    for (let day = dayOf(stay.checkInDate); day < dayOf(stay.checkOutDate); day++) nights.push(day);
    for (const listing of listings.values()) {
      if (listing.city !== stay.city) continue;
      const free = listing.status === 'published' && nights.every((day) => !listing.taken.has(day));
      if (hits.has(listing.id) && !free)
        found.push({ rule: 'search.hit', about, what: `listing ${listing.id} is found and is not free` });
      if (!hits.has(listing.id) && free && allows(listing.rules, nights.length))
        found.push({ rule: 'search.hit', about, what: `listing ${listing.id} is free and is not found` });
    }
  }
  return found;
}

/** Only what is simple enough to be sure of; a place with other rules may be left out of the hits. */
function allows(rules: Record<string, unknown>, nights: number): boolean {
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

async function searched(url: string, { city, checkInDate, checkOutDate }: Stay): Promise<Set<string>> {
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
  const answer = await fetch(url, { signal: AbortSignal.timeout(30_000) });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`GET ${url} answered ${answer.status}: ${text.slice(0, 300)}`);
  return JSON.parse(text) as T;
}

function differs(rule: string, id: string, what: string, days: readonly Day[]): Difference[] {
  if (days.length === 0) return [];
  const shown = days.toSorted((a, b) => a - b).slice(0, SHOWN_NIGHTS);
  const more = days.length > shown.length ? ` and ${days.length - shown.length} more` : '';
  return [{ rule, about: `listing ${id}`, what: `${what}: ${shown.map(dateOf).join(', ')}${more}` }];
}
