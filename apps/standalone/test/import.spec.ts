import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { jest } from '@jest/globals';
import { addDays, localDate } from '@roost/stay';
import { eventually, expectProblem, TestClient } from '@roost/testing';
import { freshEnvironment, stopAll, type Env, run } from './launcher.js';

jest.setTimeout(300_000);

const data = new URL('../../../../shared/data/inside-airbnb/', import.meta.url);
const file = (name: string): string => new URL(name, data).pathname;
const root = new URL('../../../', import.meta.url);

interface Import {
  code: number | null;
  output: string;
}

/** Today's date in Albany when the spec began. */
const TODAY = localDate(new Date(), 'America/New_York');
/** Noon in Albany, 13:00 in summer: the import and Roost begin at it, so that midnight never comes between two runs. */
const NOON = `${TODAY}T17:00:00.000Z`;
/** Begins the clock of a process at noon. */
const BEGIN_AT_NOON = `data:text/javascript,${encodeURIComponent(`
  const ahead = Date.parse('${NOON}') - Date.now();
  globalThis.Date = class extends Date {
    constructor(...args) { super(...(args.length > 0 ? args : [Date.now()])); }
    static now() { return super.now() + ahead; }
  };
`)}`;

/** Runs the command as an operator does. */
async function runImport(env: Env, ...options: string[]): Promise<Import> {
  const child = spawn(
    process.execPath,
    [
      '--conditions=@roost/source',
      '--import',
      BEGIN_AT_NOON,
      '--import',
      new URL('tools/register.js', root).href,
      new URL('tools/src/import/main.ts', root).pathname,
      ...options,
    ],
    { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const [out, err, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.once('close', resolve)),
  ]);
  return { code, output: out + err };
}

/** A line of the summary: created, updated, unchanged, skipped, refused. */
function counts(output: string, kind: string): number[] {
  const [, numbers = ''] = new RegExp(`^${kind} +([\\d, ]+)$`, 'm').exec(output) ?? [];
  return numbers
    .trim()
    .split(/ +/)
    .map((number) => Number(number.replaceAll(',', '')));
}

interface Hit {
  id: string;
  instantBook: boolean;
}

interface Listing {
  id: string;
  version: number;
  hostId: string;
}

describe('options', () => {
  test.each<[string, string[], number, RegExp]>([
    ['a missing format', [], 2, /The only format is inside-airbnb/],
    ['a missing file', ['inside-airbnb'], 2, /--listings FILE/],
    ['an unknown option', ['inside-airbnb', '--listing', 'x'], 2, /--listing/],
    ['an invalid currency', ['inside-airbnb', '--listings', 'x', '--currency', 'XXL'], 2, /ISO 4217/],
    [
      'an address without Roost',
      ['inside-airbnb', '--listings', 'x', '--url', 'http://127.0.0.1:9'],
      1,
      /Nothing responds at/,
    ],
  ])('rejects %s with one sentence and an exit code', async (_, options, code, sentence) => {
    const result = await runImport({}, ...options);
    expect(result).toMatchObject({ code, output: expect.stringMatching(sentence) as string });
    expect(result.output).not.toMatch(/^\s+at /m);
  });

  test('--help lists the options', async () => {
    const { code, output } = await runImport({}, '--help');
    expect(code).toBe(0);
    for (const option of ['--listings', '--calendar', '--reviews', '--shift-to-today', '--token']) {
      expect(output).toContain(option);
    }
  });
});

if (existsSync(data)) {
  describe('Albany', () => {
    const albany = [
      ...['inside-airbnb', '--shift-to-today'],
      ...['--listings', file('albany_listings.csv.gz')],
      ...['--calendar', file('albany_calendar.csv.gz')],
      ...['--reviews', file('albany_reviews.csv.gz')],
    ];
    let url: string;
    let anyone: TestClient;
    let first: Import;

    beforeAll(async () => {
      const env = await freshEnvironment();
      const roost = run({ ...env, RATE_LIMIT_PER_MINUTE: '0', LOG_LEVEL: 'error' });
      await roost.prints('Roost is ready');
      url = `http://127.0.0.1:${env.PORT}`;
      anyone = new TestClient(url);
      expect(await anyone.post('/dev/clock', { set: NOON })).toMatchObject({ status: 200 });
      first = await runImport({}, ...albany, '--url', url);
    });
    afterAll(stopAll);

    const createGuest = async (): Promise<TestClient> => {
      const made = await anyone.post<{ accessToken: string }>('/dev/users', { emailVerified: true });
      return anyone.with({ authorization: `Bearer ${made.body.accessToken}` });
    };

    /** A date in Albany, in days from today. */
    const night = (days: number): string => addDays(TODAY, days);

    test('imports all rows except those without a price', () => {
      expect(first).toMatchObject({ code: 0 });
      expect(counts(first.output, 'hosts')).toEqual([178, 0, 0, 0, 0]);
      expect(counts(first.output, 'listings')).toEqual([384, 0, 0, 37, 0]);
      expect(counts(first.output, 'calendars')).toEqual([384, 0, 0, 37, 0]);
      expect(counts(first.output, 'reviews')).toEqual([24_298, 0, 0, 1_015, 0]);
      expect(first.output).toMatch(/ 37 {2}listings, skipped: no price, for example listing \d+/);
    });

    test('changes nothing and creates no duplicates in a second run', async () => {
      const second = await runImport({}, ...albany, '--url', url);
      expect(second).toMatchObject({ code: 0 });
      expect(counts(second.output, 'hosts')).toEqual([0, 0, 178, 0, 0]);
      expect(counts(second.output, 'listings')).toEqual([0, 0, 384, 37, 0]);
      expect(counts(second.output, 'calendars')).toEqual([0, 0, 384, 37, 0]);
      expect(counts(second.output, 'reviews')).toEqual([0, 0, 24_298, 1_015, 0]);
      const ids = new Set<string>();
      for (let cursor = ''; ;) {
        const page = await anyone.get<{ data: Hit[]; nextCursor: string | null }>(
          `/v1/listings/search?city=Albany&limit=100${cursor}`,
        );
        for (const { id } of page.body.data) ids.add(id);
        if (page.body.nextCursor === null) break;
        cursor = `&cursor=${encodeURIComponent(page.body.nextCursor)}`;
      }
      expect(ids.size).toBe(384);
    });

    test('an imported listing is found, rejects a quote for a taken night, and can be booked for free nights', async () => {
      const stay = `checkIn=${night(60)}&checkOut=${night(63)}`;
      const search = `/v1/listings/search?city=Albany&instantBook=true&limit=100`;
      const guest = await createGuest();
      // Two listings with instant booking: one is free on these nights, the other is not.
      const { free, taken } = await eventually(async () => {
        const all = await anyone.get<{ data: Hit[] }>(search);
        const open = await anyone.get<{ data: Hit[] }>(`${search}&${stay}`);
        const ids = new Set(open.body.data.map(({ id }) => id));
        const candidates: string[] = [];
        for (const { id } of all.body.data.filter((hit) => !ids.has(hit.id))) {
          const days = await anyone.get<{ data: { available: boolean; minNights: number }[] }>(
            `/v1/listings/${id}/calendar?from=${night(60)}&to=${night(63)}`,
          );
          const blocked = days.body.data.some(({ available }) => !available);
          if (blocked && days.body.data.every(({ minNights }) => minNights <= 3)) candidates.push(id);
        }
        expect(open.body.data.length).toBeGreaterThan(0);
        expect(candidates.length).toBeGreaterThan(0);
        return { free: open.body.data[0]?.id ?? '', taken: candidates[0] ?? '' };
      });
      const quote = (listingId: string) =>
        guest.post<{ id: string; totalMinor: number }>('/v1/quotes', {
          listingId,
          checkInDate: night(60),
          checkOutDate: night(63),
          guests: { adults: 1 },
        });
      expectProblem(await quote(taken), 409, 'booking.dates_unavailable');
      const offered = await quote(free);
      expect(offered.status).toBe(201);
      const booked = await guest.post<{ id: string; state: string }>('/v1/bookings', {
        quoteId: offered.body.id,
      });
      expect(booked.body).toMatchObject({ state: 'pending_payment', totalMinor: offered.body.totalMinor });
      const payment = await eventually(async () => {
        const due = await guest.get<{ id: string }>(`/v1/bookings/${booked.body.id}/payment`);
        expect(due.status).toBe(200);
        return due.body;
      });
      await guest.post(`/v1/payments/${payment.id}/confirm`, { paymentMethod: 'pm_card_visa' });
      await eventually(async () => {
        const now = await guest.get(`/v1/bookings/${booked.body.id}`);
        expect(now.body).toMatchObject({ state: 'confirmed' });
      });
    });

    test('the host of an imported listing is public, and imported reviews do not count for the rating', async () => {
      const found = await anyone.get<{ data: Hit[] }>('/v1/listings/search?city=Albany&limit=100');
      const reviewed = await Promise.all(
        found.body.data.map(async ({ id }) => {
          const reviews = await anyone.get<{ rating: unknown; data: { text: string; rating?: unknown }[] }>(
            `/v1/listings/${id}/reviews?limit=100`,
          );
          expect(reviews.status).toBe(200);
          expect(reviews.body.rating).toBeNull();
          return { id, texts: reviews.body.data.map(({ text: words }) => words) };
        }),
      );
      const texts = reviewed.flatMap((listing) => listing.texts);
      expect(texts.length).toBeGreaterThan(1_000);
      expect(texts.filter((words) => /<br\s*\/?>/.test(words))).toEqual([]);
      expect(texts.some((words) => words.includes('\n'))).toBe(true);
      const [one] = reviewed.filter((listing) => listing.texts.length > 0);
      const listing = await anyone.get<Listing & { rating: unknown }>(`/v1/listings/${one?.id}`);
      expect(listing.body.rating).toBeNull();
      const host = await anyone.get(`/v1/users/${listing.body.hostId}`);
      expect(host.body).toMatchObject({ isHost: true });
    });

    test('imports nothing without the token of an administrator', async () => {
      const made = await anyone.post<{ accessToken: string }>('/dev/users', { roles: ['host'] });
      const asHost = await runImport({ ROOST_ADMIN_TOKEN: made.body.accessToken }, ...albany, '--url', url);
      expect(asHost).toMatchObject({
        code: 1,
        output: expect.stringMatching(/does not belong to an administrator/) as string,
      });
      const withInvalidToken = await runImport({}, ...albany, '--url', url, '--token', 'a.b.c');
      expect(withInvalidToken).toMatchObject({
        code: 1,
        output: expect.stringMatching(/does not accept the operator's token/) as string,
      });
    });
  });
} else {
  test.skip('imports Albany (needs ../shared/data)', () => undefined);
}
