import { existsSync, readFileSync } from 'node:fs';
import { type TestListing, useBookings } from './bookings.fixture.js';
import { useFeeds } from './feeds.fixture.js';

const bookings = useBookings({ at: '2026-12-01T12:00:00Z' });
const feeds = useFeeds(bookings);

const cases = new URL('../../../../shared/cases/ical/', import.meta.url);
const good = ['UID:a', 'DTSTART;VALUE=DATE:20270310', 'DTEND;VALUE=DATE:20270314'];
const calendar = (...events: string[][]): string =>
  [
    'BEGIN:VCALENDAR',
    ...events.flatMap((lines) => ['BEGIN:VEVENT', ...lines, 'END:VEVENT']),
    'END:VCALENDAR',
  ].join('\r\n');

test('an event whose dates become unreadable keeps its nights, the others are imported, and the feed shows a problem', async () => {
  const listing = await bookings.givenListing();
  const feed = await feeds.given(listing, calendar(good), { etag: '"a"' });
  const unreadable = ['UID:a', 'DTSTART:2027-03-10T::', 'DTEND:2027-03-14T::'];
  const other = ['UID:b', 'DTSTART;VALUE=DATE:20270320', 'DTEND;VALUE=DATE:20270322'];
  feeds.server.serve(calendar(unreadable, other), { etag: '"b"' });
  expect(await feed.sync()).toMatchObject({
    outcome: 'imported',
    problem: 'unreadable_dates',
    added: 1,
    removed: 0,
    ignored: [{ reason: 'unreadable_date', count: 1 }],
  });
  expect(await feeds.blocked(listing)).toBe('0310..0314 0320..0322');
  expect(await feed.read()).toMatchObject({ status: 'failing', problem: 'unreadable_dates', events: 2 });

  // The problem is shown until the file is readable, even if the server would answer that it has not changed.
  expect(await feed.sync()).toMatchObject({ outcome: 'unchanged', problem: 'unreadable_dates' });
  expect(feeds.server.requests.at(-1)?.headers['if-none-match']).toBeUndefined();
  expect(await feed.read()).toMatchObject({ problem: 'unreadable_dates' });

  feeds.server.serve(calendar(other));
  expect(await feed.sync()).toMatchObject({ outcome: 'imported', problem: null, removed: 1 });
  expect(await feeds.blocked(listing)).toBe('0320..0322');
  expect(await feed.read()).toMatchObject({ status: 'ok', problem: null });
});

test('an event that moves and has an unreadable end takes its first night and keeps its earlier nights', async () => {
  const listing = await bookings.givenListing();
  const feed = await feeds.given(listing, calendar(good));
  feeds.server.serve(calendar(['UID:a', 'DTSTART;VALUE=DATE:20270320', 'DTEND:0NaNaNaNTaNaNaN']));
  await feed.sync();
  expect(await feeds.blocked(listing)).toBe('0310..0314 0320..0321');
  feeds.server.serve(calendar(['UID:a', 'DTSTART;VALUE=DATE:20270320', 'DTEND;VALUE=DATE:20270322']));
  await feed.sync();
  expect(await feeds.blocked(listing)).toBe('0320..0322');
});

test('the host is notified once when the dates become unreadable, and again after a check without a problem', async () => {
  const listing = await bookings.givenListing();
  const feed = await feeds.given(listing, calendar(good));
  const found = async () =>
    (await bookings.service.published('feed.problem-found')).filter(({ feedId }) => feedId === feed.id);
  const problem = {
    feedId: feed.id,
    listingId: listing.id,
    hostId: listing.host.id,
    problem: 'unreadable_dates',
  };
  const unreadable = ['UID:a', 'DTSTART:2027-03-10T::', 'DTEND:2027-03-14T::'];
  const other = ['UID:b', 'DTSTART;VALUE=DATE:20270320', 'DTEND;VALUE=DATE:20270322'];
  const check = async (text: string | null) => {
    if (text === null) feeds.server.respondWith((_, response) => response.writeHead(503).end());
    else feeds.server.serve(text);
    await feed.sync();
    return await found();
  };
  expect(await check(null)).toEqual([]);
  expect(await check(calendar(unreadable, other))).toEqual([problem]);
  // A part, the whole and a failure in between are the same problem.
  expect(await check(calendar(unreadable))).toEqual([problem]);
  expect(await check(null)).toEqual([problem]);
  expect(await check(calendar(unreadable, other))).toEqual([problem]);
  expect(await check(calendar(good, other))).toEqual([problem]);
  expect(await check(calendar(unreadable))).toEqual([problem, problem]);
});

test('an unreadable event without a UID keeps the nights with its readable date; with none, those that are missing', async () => {
  const dates = (from: string, to: string) => [
    `DTSTART;VALUE=DATE:2027${from}`,
    `DTEND;VALUE=DATE:2027${to}`,
  ];
  const [first, second, third] = [dates('0310', '0314'), dates('0320', '0322'), dates('0325', '0327')];
  const sync = async (listing: TestListing, ...events: string[][]) => {
    const feed = await feeds.given(listing, calendar(first, second, third));
    feeds.server.serve(calendar(...events));
    await feed.sync();
    expect(await feed.read()).toMatchObject({ problem: 'unreadable_dates' });
    return await feeds.blocked(listing);
  };
  const given = () => bookings.givenListing();
  const end = ['DTSTART;VALUE=DATE:20270310', 'DTEND:NaN'];
  expect(await sync(await given(), end, third)).toBe('0310..0314 0325..0327');
  const start = ['DTSTART:NaN', 'DTEND;VALUE=DATE:20270314'];
  expect(await sync(await given(), start, third)).toBe('0310..0314 0325..0327');
  expect(await sync(await given(), ['DTSTART:NaN', 'DTEND:NaN'], third)).toBe(
    '0310..0314 0320..0322 0325..0327',
  );
});

test('a series with an unreadable rule keeps its nights', async () => {
  const listing = await bookings.givenListing();
  const weekly = [...good, 'RRULE:FREQ=WEEKLY;COUNT=2'];
  const feed = await feeds.given(listing, calendar(weekly));
  feeds.server.serve(calendar([...good, 'RRULE:FREQ=SOMETIMES']));
  await feed.sync();
  expect(await feeds.blocked(listing)).toBe('0310..0314 0317..0321');
  expect(await feed.read()).toMatchObject({ problem: 'unreadable_dates' });
});

if (existsSync(cases)) {
  test.each([
    ['feed-1-dtend-nan.ics', '0310..0314', 'unreadable_dates'],
    ['feed-2-dtend-9999.ics', '0310..20291205', null],
    ['feed-3-t-colon-colon.ics', '0310..0314', 'unreadable_dates'],
    ['feed-4-slash-suffix.ics', '0310..0314', null],
    ['feed-5-this-and-future.ics', '0301..0302 0308..0309 0316..0317 0323..0324', null],
  ])('%s after a good file blocks %s, with the problem %s', async (file, nights, problem) => {
    const listing = await bookings.givenListing();
    const read = (name: string) => readFileSync(new URL(name, cases));
    const feed = await feeds.given(listing, read('feed-0-good.ics'));
    expect(await feeds.blocked(listing)).toBe('0310..0314');
    feeds.server.serve(read(file));
    await feed.sync();
    expect(await feed.read()).toMatchObject({ problem, status: problem ? 'failing' : 'ok' });
    const [events] = await bookings.service.query<{ nights: string }>(
      `SELECT string_agg(to_char(from_date, 'MMDD') || '..' || to_char(to_date, CASE WHEN to_date > '2028-01-01'
         THEN 'YYYYMMDD' ELSE 'MMDD' END), ' ' ORDER BY from_date) AS nights FROM calendar_feed_event WHERE feed_id = $1`,
      [feed.id],
    );
    expect(events?.nights).toBe(nights);
  });
} else {
  it.skip('skipped: ../shared/cases/ical does not exist', () => undefined);
}
