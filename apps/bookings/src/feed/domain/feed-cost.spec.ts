import { addDays } from '@roost/stay';
import { readFeed } from './feed-events.js';
import { calendar, days, event, newYork, nightsOf, read } from './feed-events.fixture.js';

const times = (count: number, line: (n: number) => string): string[] =>
  Array.from({ length: count }, (_, n) => line(n));
const day = (n: number): string => addDays('1901-01-01', n).replaceAll('-', '');
const past = 'DTSTART:20200101';
const series = () => event('UID:1', past, 'RDATE:20200102');
const changed = (n: number) => event('UID:1', past, `RECURRENCE-ID;RANGE=THISANDFUTURE:${day(n)}`);
const moved = (n: number) => event('UID:1', past, `RECURRENCE-ID:${day(n)}`);
const dates = (uid: number) => event(`UID:${uid}`, past, `RDATE:${'20200102,'.repeat(1_999)}20200102`);
const zone = [
  'BEGIN:VTIMEZONE',
  'TZID:Home',
  ...times(20, () =>
    [
      'BEGIN:STANDARD',
      'DTSTART:20000101T000000',
      'TZOFFSETFROM:+0900',
      'TZOFFSETTO:+0900',
      `RDATE:${'20280101,'.repeat(499)}20280101`,
      'END:STANDARD',
    ].join('\r\n'),
  ),
  'END:VTIMEZONE',
];

type Case = [name: string, events: () => string[]];
/** Files with one kind of cost each. */
const costly: Case[] = [
  ['past events', () => times(40_000, (n) => event(`UID:${n}`, past))],
  ['occurrences that moved', () => [series(), ...times(25_000, moved)]],
  ['additional dates', () => times(100, dates)],
  [
    'excluded dates',
    () => times(100, (n) => event(`UID:${n}`, past, 'RDATE:20200102', `EXDATE:${'20200102,'.repeat(1_999)}`)),
  ],
  ['names of time zones', () => times(4_000, (n) => event('UID:1', `DTSTART;TZID=a/b/${n}:20200101T000000`))],
];

const numerous: Case[] = [
  ['series with one UID and changes of them', () => [...times(201, series), ...times(10, changed)]],
  ['changes of all later occurrences', () => [series(), ...times(201, changed)]],
];

test.each([...costly, ...numerous])('rejects a feed with too many %s', async (_, events) => {
  expect(await readFeed(Buffer.from(calendar(...events())), newYork)).toBe('too_many_events');
});

test.each(costly)('yields to other work while it reads %s', async (_, events) => {
  let pauses = 0;
  const pause = () => Promise.resolve((pauses += 1));
  const half = events();
  await readFeed(Buffer.from(calendar(...half.slice(0, half.length / 2))), newYork, pause);
  expect(pauses).toBeGreaterThan(10);
});

test('yields to other work while it parses lines that are not used', async () => {
  let pauses = 0;
  const pause = () => Promise.resolve((pauses += 1));
  await readFeed(Buffer.from(calendar(...times(100_000, () => 'A:B'))), newYork, pause);
  expect(pauses).toBeGreaterThan(10);
});

test('a definition of a time zone with too many changes is not used', async () => {
  const stay = event('UID:1', 'DTSTART;TZID=Home:20270311T080000', 'DTEND;TZID=Home:20270313T080000');
  expect(nightsOf(await read(calendar(...zone, stay)))).toEqual(['0311..0313']);
});

test('rejects a feed with too many different unreadable events without a UID', async () => {
  const events = times(5_001, (n) => event(`DTSTART:${day(n)}`, 'DTEND:x'));
  expect(await readFeed(Buffer.from(calendar(...events)), newYork)).toBe('too_many_events');
  const equal = await read(calendar(...times(5_001, () => event(past, 'DTEND:x'))));
  expect(equal.unreadableWithoutUid).toEqual([{ from: '2020-01-01', to: null }]);
});

test('5,000 events with one long UID have different keys', async () => {
  const uid = `UID:${'a'.repeat(900)}`;
  const { events } = await read(calendar(...times(5_000, () => event(uid, ...days('0309', '0312')))));
  expect(new Set(events.map(({ key }) => key)).size).toBe(5_000);
  expect(events.at(-1)?.key).toBe(`${'a'.repeat(900)}\n\n5000`);
});

test('reads a long history of plain events and of exceptions to a daily series', async () => {
  const events = times(10_000, (n) =>
    event(`UID:${n}`, `DTSTART;VALUE=DATE:${day(n)}`, `DTEND;VALUE=DATE:${day(n + 2)}`),
  );
  const daily = event('UID:daily', 'DTSTART;VALUE=DATE:20250101', 'RRULE:FREQ=DAILY;UNTIL=20270101');
  const exceptions = times(500, (n) => {
    const date = addDays('2025-01-01', n).replaceAll('-', '');
    return event('UID:daily', `RECURRENCE-ID;VALUE=DATE:${date}`, `DTSTART;VALUE=DATE:${date}`);
  });
  const content = await read(calendar(...events, daily, ...exceptions));
  expect(content.events).toHaveLength(32);
});
