import { existsSync, readFileSync } from 'node:fs';
import { jest } from '@jest/globals';
import { testUser, eventually, expectProblem } from '@roost/testing';
import { FeedContentService } from '../src/feed/feed-content.service.js';
import { FeedPoller } from '../src/feed/feed-poller.jobs.js';
import { useBookings } from './bookings.fixture.js';
import { ical } from './feed-server.fixture.js';
import { useFeeds } from './feeds.fixture.js';

const bookings = useBookings({ at: '2026-12-01T12:00:00Z' });
const feeds = useFeeds(bookings);

describe('the sync of a feed', () => {
  it('blocks the nights, publishes them and masks the URL', async () => {
    const listing = await bookings.givenListing();
    const feed = await feeds.given(listing, ical(['1', '0610', '0614'], ['2', '0620', '0622']));
    expect(await feeds.blocked(listing)).toBe('0610..0614 0620..0622');
    expect(await feed.read()).toMatchObject({
      name: 'Elsewhere',
      url: `http://feeds.example:${feeds.server.port}/…`,
      status: 'ok',
      problem: null,
      failures: 0,
      events: 2,
      clashes: [],
    });
    expect(await feed.log()).toEqual([
      {
        at: expect.any(String) as string,
        cause: 'host',
        outcome: 'imported',
        problem: null,
        httpStatus: null,
        added: 2,
        moved: 0,
        removed: 0,
        echoes: 0,
        clashes: [],
        ignored: [],
      },
    ]);
    const across = { checkInDate: '2027-06-13', checkOutDate: '2027-06-16' };
    expectProblem(await bookings.quote(testUser(), listing, across), 409, 'booking.dates_unavailable');
    await eventually(async () => {
      const published = await bookings.calendar.published(listing);
      expect(published.at(-1)?.blocked).toEqual([
        { from: '2027-06-10', to: '2027-06-14' },
        { from: '2027-06-20', to: '2027-06-22' },
      ]);
    });
    const rows = await bookings.service.query<{ row: string }>('SELECT f::text AS row FROM calendar_feed f');
    expect(rows.filter(({ row }) => row.includes('feeds.example'))).toEqual([]);
  });

  it('applies moved, added and removed events', async () => {
    const listing = await bookings.givenListing();
    const feed = await feeds.given(listing, ical(['1', '0610', '0614'], ['2', '0620', '0622']));
    feeds.server.serve(ical(['1', '0612', '0616'], ['3', '0701', '0702']));
    expect(await feed.sync()).toMatchObject({ outcome: 'imported', added: 1, moved: 1, removed: 1 });
    expect(await feeds.blocked(listing)).toBe('0612..0616 0701..0702');
  });

  it('releases the nights when the feed is deleted', async () => {
    const listing = await bookings.givenListing();
    const feed = await feeds.given(listing, ical(['1', '0610', '0614']));
    const other = await feeds.given(listing, ical(['1', '0612', '0616']));
    expect((await bookings.as(listing.host).delete(feed.path)).status).toBe(204);
    expect(await feeds.blocked(listing)).toBe('0612..0616');
    expectProblem(await bookings.as(listing.host).delete(feed.path), 404, 'feed.not_found');
    expect((await bookings.as(listing.host).delete(other.path)).status).toBe(204);
    expect(await feeds.blocked(listing)).toBe('');
    expect(await bookings.calendar.orphanedEntries()).toEqual([]);
  });

  it('repeats every 15 minutes with the validators of the server', async () => {
    const listing = await bookings.givenListing();
    const text = ical(['1', '0610', '0614']);
    const feed = await feeds.given(listing, text, { etag: '"a"' });
    feeds.server.respondWith((request, response) => {
      const same = request.headers['if-none-match'] === '"a"';
      response.writeHead(same ? 304 : 200).end(same ? '' : ical());
    });
    const before = feeds.server.requests.length;
    await bookings.service.clock.advance('PT10M');
    expect(feeds.server.requests.length).toBe(before);
    await bookings.service.clock.advance('PT10M');
    expect(feeds.server.requests.length).toBeGreaterThan(before);
    expect(await feed.log()).toHaveLength(1);
    expect(await feed.sync()).toMatchObject({ outcome: 'unchanged', cause: 'host' });
    expect(await feeds.blocked(listing)).toBe('0610..0614');
  });

  it('backs off after failures, keeps the nights and recovers', async () => {
    const listing = await bookings.givenListing();
    const feed = await feeds.given(listing, ical(['1', '0610', '0614']));
    feeds.server.respondWith((_, response) => response.writeHead(503).end());
    expect(await feed.sync()).toMatchObject({ outcome: 'failed', problem: 'http_error', httpStatus: 503 });
    await feed.sync();
    expect(await feed.sync()).toMatchObject({ outcome: 'failed' });
    const failing = await feed.read();
    expect(failing).toMatchObject({ status: 'failing', problem: 'http_error', failures: 3, events: 1 });
    const delay = Date.parse(failing.nextCheckAt) - Date.parse(failing.checkedAt ?? '');
    expect(delay).toBeGreaterThanOrEqual(108 * 60_000);
    expect(await feeds.blocked(listing)).toBe('0610..0614');
    feeds.server.serve(ical(['1', '0610', '0614']));
    expect(await feed.sync()).toMatchObject({ outcome: 'unchanged' });
    expect(await feed.read()).toMatchObject({ status: 'ok', problem: null, failures: 0 });
  });

  it('a feed that throws does not delay the others', async () => {
    const listing = await bookings.givenListing();
    const broken: string[] = [];
    for (let n = 0; n < 4; n += 1) broken.push((await feeds.given(listing, ical(['1', '0610', '0614']))).id);
    const good = await feeds.given(listing, ical(['2', '0701', '0702']));
    const contents = bookings.service.get(FeedContentService);
    const read = contents.read.bind(contents);
    const spy = jest
      .spyOn(contents, 'read')
      .mockImplementation((feed) =>
        broken.includes(feed.id) ? Promise.reject(new RangeError('x')) : read(feed),
      );
    const due = (id: string, at: string) =>
      bookings.service.query(`UPDATE calendar_feed SET next_poll_at = $2 WHERE id = $1`, [id, at]);
    for (const id of broken) await due(id, '2026-12-01T10:00:00Z');
    await due(good.id, '2026-12-01T11:00:00Z');
    const before = feeds.server.requests.length;
    await bookings.service.get(FeedPoller).pollDue();
    expect(feeds.server.requests.length).toBeGreaterThan(before);
    for (const id of broken) {
      const failing = await feeds.feed(listing, id).read();
      expect(failing).toMatchObject({ status: 'failing', failures: 1, events: 1 });
      expect(Date.parse(failing.nextCheckAt)).toBeGreaterThan(Date.parse('2026-12-01T12:20:00Z'));
    }
    expect(await good.read()).toMatchObject({ status: 'ok', failures: 0 });
    spy.mockRestore();
    expect(await feeds.feed(listing, broken[0] ?? '').sync()).toMatchObject({ outcome: 'imported' });
    expect(await feeds.feed(listing, broken[0] ?? '').read()).toMatchObject({ status: 'ok', failures: 0 });
  });

  it('does not start while another process has the lease', async () => {
    const listing = await bookings.givenListing();
    const feed = await feeds.given(listing, ical(['1', '0610', '0614']));
    const before = feeds.server.requests.length;
    await bookings.service.query(
      `UPDATE calendar_feed SET lease = gen_random_uuid(), lease_until = now() + interval '1 minute' WHERE id = $1`,
      [feed.id],
    );
    await bookings.as(listing.host).post(`${feed.path}/sync`);
    await bookings.service.clock.advance('PT1M');
    expect(feeds.server.requests.length).toBe(before);
    await bookings.service.query(`UPDATE calendar_feed SET lease_until = now() WHERE id = $1`, [feed.id]);
    await bookings.service.clock.advance('PT1M');
    await eventually(async () => expect(await feed.log()).toHaveLength(2));
  });
});

describe('the content of a feed', () => {
  it.each([
    ['HTML', '<!doctype html>', 'not_a_calendar'],
    ['a truncated calendar', ical(['1', '0701', '0702']).slice(0, -30), 'truncated'],
  ])('%s: keeps the last valid state', async (_, text, problem) => {
    const listing = await bookings.givenListing();
    const feed = await feeds.given(listing, ical(['1', '0610', '0614']));
    feeds.server.serve(text);
    expect(await feed.sync()).toMatchObject({ outcome: 'failed', problem });
    expect(await feeds.blocked(listing)).toBe('0610..0614');
  });

  it('suddenly empty: keeps the last valid state until a second empty read', async () => {
    const listing = await bookings.givenListing();
    const feed = await feeds.given(listing, ical(['1', '0610', '0614']));
    feeds.server.serve(ical());
    expect(await feed.sync()).toMatchObject({ outcome: 'failed', problem: 'suddenly_empty' });
    expect(await feeds.blocked(listing)).toBe('0610..0614');
    expect(await feed.sync()).toMatchObject({ outcome: 'imported', removed: 1 });
    expect(await feeds.blocked(listing)).toBe('');
    expect(await feed.read()).toMatchObject({ status: 'ok', events: 0 });
  });

  it('suddenly empty, then unchanged: resets the check for empty calendars', async () => {
    const listing = await bookings.givenListing();
    const feed = await feeds.given(listing, ical(['1', '0610', '0614']));
    feeds.server.serve(ical());
    await feed.sync();
    feeds.server.serve(ical(['1', '0610', '0614']));
    expect(await feed.sync()).toMatchObject({ outcome: 'unchanged' });
    feeds.server.serve(ical());
    expect(await feed.sync()).toMatchObject({ outcome: 'failed', problem: 'suddenly_empty' });
  });

  it('accepts a calendar that is empty at the start or by cancelled events', async () => {
    const listing = await bookings.givenListing();
    const feed = await feeds.given(listing, ical());
    expect(await feed.log()).toMatchObject([{ outcome: 'imported', problem: null }]);
    feeds.server.serve(ical(['1', '0610', '0614']));
    await feed.sync();
    feeds.server.serve(ical(['1', '0610', '0614', 'STATUS:CANCELLED']));
    expect(await feed.sync()).toMatchObject({
      outcome: 'imported',
      removed: 1,
      ignored: [{ reason: 'cancelled', count: 1 }],
    });
    expect(await feeds.blocked(listing)).toBe('');
  });
});

/** Feeds of real calendars. The expected nights are written by hand. */
const folder = new URL('../../../../shared/data/ical/', import.meta.url);

if (existsSync(folder)) {
  const readSample = (name: string) => readFileSync(new URL(name, folder));

  describe('the feeds of ../shared/data/ical', () => {
    it.each([
      ['airbnb.ics', '0309..0312 0325..0402'],
      ['booking-com-bare-lf.ics', '0408..0409 0425..0427'],
      ['vrbo-datetimes-tzid.ics', '0312..0315 0601..0604 0720..0721 0801..0804'],
      [
        'recurring.ics',
        '0104..0105 0111..0112 0126..0127 0201..0202 0208..0209 0215..0216 0222..0223 0301..0302 0308..0309',
      ],
      ['three-events-one-stay.ics', '0510..0514'],
      ['empty-but-valid.ics', ''],
    ])('%s: blocks the expected nights', async (name, nights) => {
      const listing = await bookings.givenListing();
      const feed = await feeds.given(listing, readSample(name));
      expect(await feeds.blocked(listing)).toBe(nights);
      expect(await feed.log()).toMatchObject([{ outcome: 'imported', problem: null }]);
      const rows = await bookings.service.query<{ row: string }>(
        'SELECT e::text AS row FROM calendar_feed_event e UNION ALL SELECT l::text FROM calendar_feed_log l',
      );
      expect(rows.filter(({ row }) => row.includes('4321'))).toEqual([]);
    });

    it('a day later: moves the first event and removes the second', async () => {
      const listing = await bookings.givenListing();
      const feed = await feeds.given(listing, readSample('airbnb.ics'));
      feeds.server.serve(readSample('airbnb-later.ics'));
      expect(await feed.sync()).toMatchObject({ moved: 1, removed: 1, added: 0 });
      expect(await feeds.blocked(listing)).toBe('0313..0316');
    });

    it.each([
      ['truncated.ics', 'truncated'],
      ['not-a-calendar.ics', 'not_a_calendar'],
      ['empty-but-valid.ics', 'suddenly_empty'],
    ])('%s after a valid calendar: keeps the valid state', async (name, problem) => {
      const listing = await bookings.givenListing();
      const feed = await feeds.given(listing, readSample('airbnb.ics'));
      feeds.server.serve(readSample(name));
      expect(await feed.sync()).toMatchObject({ outcome: 'failed', problem });
      expect(await feeds.blocked(listing)).toBe('0309..0312 0325..0402');
    });
  });
} else {
  describe('the feeds of ../shared/data/ical', () => {
    it.skip('skipped: ../shared/data/ical does not exist', () => undefined);
  });
}
