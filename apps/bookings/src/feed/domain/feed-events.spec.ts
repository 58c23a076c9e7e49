import { type FeedContent } from './feed-events.js';
import { calendar, days, event, expectNights, nightsOf, read } from './feed-events.fixture.js';

test.each<[string, string[], string[], FeedContent['ignored']]>([
  ['whole days', ['UID:1', ...days('0309', '0312')], ['0309..0312'], {}],
  [
    'names in lower case',
    ['uid:1', 'dtstart;value=date:20270309', 'dtend;value=date:20270312'],
    ['0309..0312'],
    {},
  ],
  ['days without VALUE=DATE', ['UID:1', 'DTSTART:20270309', 'DTEND:20270312'], ['0309..0312'], {}],
  ['days with dashes', ['UID:1', 'DTSTART:2027-03-09', 'DTEND:2027-03-12'], ['0309..0312'], {}],
  ['no end as one day', ['UID:1', 'DTSTART;VALUE=DATE:20270309'], ['0309..0310'], {}],
  ['a time without an end as one day', ['UID:1', 'DTSTART:20270309T170000Z'], ['0309..0310'], {}],
  ['a duration in days', ['UID:1', 'DTSTART;VALUE=DATE:20270309', 'DURATION:P3D'], ['0309..0312'], {}],
  ['a duration in weeks', ['UID:1', 'DTSTART;VALUE=DATE:20270309', 'DURATION:P1W'], ['0309..0316'], {}],
  ['a duration in hours', ['UID:1', 'DTSTART:20270309T200000Z', 'DURATION:PT20H'], ['0309..0310'], {}],
  [
    'UTC times as local dates',
    ['UID:1', 'DTSTART:20270310T030000Z', 'DTEND:20270312T030000Z'],
    ['0309..0311'],
    {},
  ],
  [
    'a time zone',
    ['UID:1', 'DTSTART;TZID=Europe/Lisbon:20270310T030000', 'DTEND;TZID=Europe/Lisbon:20270312T120000'],
    ['0309..0312'],
    {},
  ],
  [
    'a quoted Windows time zone',
    [
      'UID:1',
      'DTSTART;TZID="W. Europe Standard Time":20270310T030000',
      'DTEND;TZID="W. Europe Standard Time":20270312T120000',
    ],
    ['0309..0312'],
    {},
  ],
  [
    'a time zone with a colon, quoted and unquoted',
    [
      'UID:1',
      'DTSTART;TZID="(UTC+01:00) Amsterdam":20270310T030000',
      'DTEND;TZID=(UTC+01:00) Amsterdam:20270312T120000',
    ],
    ['0309..0312'],
    {},
  ],
  [
    'a time zone with a path prefix',
    [
      'UID:1',
      'DTSTART;TZID=/freeassociation.sourceforge.net/Europe/Lisbon:20270310T030000',
      'DTEND:20270312T120000Z',
    ],
    ['0309..0312'],
    {},
  ],
  [
    'an unknown time zone as that of the listing',
    ['UID:1', 'DTSTART;TZID=Atlantis:20270309T160000', 'DTEND;TZID=Atlantis:20270312T110000'],
    ['0309..0312'],
    {},
  ],
  [
    'floating times in the time zone of the listing',
    ['UID:1', 'DTSTART:20270309T233000', 'DTEND:20270312T003000'],
    ['0309..0312'],
    {},
  ],
  [
    'a time that a clock change skips',
    ['UID:1', 'DTSTART;TZID=America/New_York:20270314T023000', 'DTEND;TZID=America/New_York:20270316T100000'],
    ['0314..0316'],
    {},
  ],
  ['an end before the start', ['UID:1', ...days('0312', '0309')], [], { no_length: 1 }],
  ['an end at the start', ['UID:1', ...days('0312', '0312')], [], { no_length: 1 }],
  [
    'a time range within one day',
    ['UID:1', 'DTSTART:20270309T150000Z', 'DTEND:20270309T190000Z'],
    [],
    { no_length: 1 },
  ],
  ['a negative duration', ['UID:1', 'DTSTART;VALUE=DATE:20270309', 'DURATION:-P3D'], [], { no_length: 1 }],
  ['a cancelled event', ['UID:1', ...days('0309', '0312'), 'STATUS:CANCELLED'], [], { cancelled: 1 }],
  ['a transparent event', ['UID:1', ...days('0309', '0312'), 'TRANSP:transparent'], [], { transparent: 1 }],
  [
    'an opaque and confirmed event',
    ['UID:1', ...days('0309', '0312'), 'TRANSP:OPAQUE', 'STATUS:CONFIRMED'],
    ['0309..0312'],
    {},
  ],
  ['a day that does not exist', ['UID:1', ...days('0231', '0312')], [], { unreadable_date: 1 }],
  ['an end that does not exist', ['UID:1', ...days('0228', '0230')], [], { unreadable_date: 1 }],
  ['no start', ['UID:1', 'SUMMARY:Reserved'], [], { unreadable_date: 1 }],
  ['an invalid duration', ['UID:1', 'DTSTART;VALUE=DATE:20270309', 'DURATION:P'], [], { unreadable_date: 1 }],
  ['no UID', days('0309', '0312'), ['0309..0312'], {}],
  [
    'an event with an alarm that has a duration',
    ['UID:1', 'BEGIN:VALARM', 'TRIGGER:-PT15M', 'DURATION:P9D', 'END:VALARM', ...days('0309', '0312')],
    ['0309..0312'],
    {},
  ],
  ['a past event', ['UID:1', 'DTSTART;VALUE=DATE:20261120', 'DTEND;VALUE=DATE:20261201'], [], { past: 1 }],
  ['an event after the horizon', ['UID:1', 'DTSTART;VALUE=DATE:20350101'], [], { too_far: 1 }],
])('reads %s', async (_, lines, nights, ignored) => {
  await expectNights(lines, nights, ignored);
});

test('keeps an event that began before today and ends it at the horizon', async () => {
  const content = await read(
    calendar(event('UID:1', 'DTSTART;VALUE=DATE:20261120', 'DTEND;VALUE=DATE:20500101')),
  );
  expect(content.events).toMatchObject([{ from: '2026-11-20', to: '2029-12-05' }]);
});

test('reads floating times in X-WR-TIMEZONE', async () => {
  const floating = event('UID:1', 'DTSTART:20270310T030000', 'DTEND:20270312T120000');
  expect(nightsOf(await read(calendar('X-WR-TIMEZONE:Europe/Lisbon', floating)))).toEqual(['0309..0312']);
  expect(nightsOf(await read(calendar('X-WR-TIMEZONE:Nowhere', floating)))).toEqual(['0310..0312']);
});

test('reads the time zone of a VTIMEZONE', async () => {
  const zone = ['BEGIN:VTIMEZONE', 'TZID:Home', 'X-LIC-LOCATION:Europe/Lisbon', 'END:VTIMEZONE'];
  const times = event('UID:1', 'DTSTART;TZID=Home:20270310T030000', 'DTEND;TZID=Home:20270312T120000');
  expect(nightsOf(await read(calendar(...zone, times)))).toEqual(['0309..0312']);
});

test('distinguishes an empty calendar from ignored events', async () => {
  expect((await read(calendar())).empty).toBe(true);
  expect((await read(calendar(event('UID:1', ...days('0309', '0312'), 'STATUS:CANCELLED')))).empty).toBe(
    false,
  );
});
