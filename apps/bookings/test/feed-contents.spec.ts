import { existsSync, readFileSync } from 'node:fs';
import { useBookings } from './bookings.fixture.js';
import { ical } from './feed-server.fixture.js';
import { useFeeds } from './feeds.fixture.js';

const bookings = useBookings({ at: '2026-12-01T12:00:00Z' });
const feeds = useFeeds(bookings);

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
