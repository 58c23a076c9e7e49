import { type FeedContent, readFeed } from './feed-events.js';
import { calendar, days, event, expectNights, newYork, nightsOf, read } from './feed-events.fixture.js';

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
  [
    'the first night before an end in the year 1',
    ['UID:1', 'DTSTART;VALUE=DATE:20270312', 'DTEND;VALUE=DATE:00010101'],
    ['0312..0313'],
    { unreadable_date: 1 },
  ],
  [
    'the first night of an end before the start',
    ['UID:1', ...days('0312', '0309')],
    ['0312..0313'],
    { unreadable_date: 1 },
  ],
  [
    'the first night of times that end before they start',
    ['UID:1', 'DTSTART:20270312T200000Z', 'DTEND:20270312T150000Z'],
    ['0312..0313'],
    { unreadable_date: 1 },
  ],
  ['a day that ends at its start as that day', ['UID:1', ...days('0312', '0312')], ['0312..0313'], {}],
  [
    'a time that ends at its start',
    ['UID:1', 'DTSTART:20270312T150000Z', 'DTEND:20270312T150000Z'],
    [],
    { no_length: 1 },
  ],
  [
    'a time range within one day',
    ['UID:1', 'DTSTART:20270309T150000Z', 'DTEND:20270309T190000Z'],
    [],
    { no_length: 1 },
  ],
  [
    'the first night of a negative duration',
    ['UID:1', 'DTSTART;VALUE=DATE:20270309', 'DURATION:-P3D'],
    ['0309..0310'],
    { unreadable_date: 1 },
  ],
  ['a cancelled event', ['UID:1', ...days('0309', '0312'), 'STATUS:CANCELLED'], [], { cancelled: 1 }],
  ['a transparent event', ['UID:1', ...days('0309', '0312'), 'TRANSP:transparent'], [], { transparent: 1 }],
  [
    'an event that is marked as free',
    ['UID:1', ...days('0309', '0312'), 'X-MICROSOFT-CDO-BUSYSTATUS:FREE'],
    [],
    { transparent: 1 },
  ],
  [
    'an opaque and confirmed event',
    ['UID:1', ...days('0309', '0312'), 'TRANSP:OPAQUE', 'STATUS:CONFIRMED'],
    ['0309..0312'],
    {},
  ],
  [
    'the first night before an end that does not exist',
    ['UID:1', ...days('0228', '0230')],
    ['0228..0301'],
    { unreadable_date: 1 },
  ],
  [
    'the first night before an unreadable end',
    ['UID:1', 'DTSTART;VALUE=DATE:20270310', 'DTEND:0NaNaNaNTaNaNaN'],
    ['0310..0311'],
    { unreadable_date: 1 },
  ],
  [
    'the first night before an empty end',
    ['UID:1', 'DTSTART;VALUE=DATE:20270310', 'DTEND:'],
    ['0310..0311'],
    { unreadable_date: 1 },
  ],
  [
    'the first night of an invalid duration',
    ['UID:1', 'DTSTART;VALUE=DATE:20270309', 'DURATION:P'],
    ['0309..0310'],
    { unreadable_date: 1 },
  ],
  ['an end beside an invalid duration', ['UID:1', ...days('0309', '0312'), 'DURATION:P'], ['0309..0312'], {}],
  [
    'a duration beside an invalid end',
    ['UID:1', 'DTSTART;VALUE=DATE:20270309', 'DTEND:never', 'DURATION:P3D'],
    ['0309..0312'],
    {},
  ],
  [
    'a path after the times',
    ['UID:1', 'DTSTART:20270310T160000Z/x1/principal/', 'DTEND:20270314T160000Z/x1/principal/'],
    ['0310..0314'],
    {},
  ],
  [
    'times with colons',
    ['UID:1', 'DTSTART:2027-03-10T15:00:00Z', 'DTEND;TZID=Asia/Tokyo:2027-03-14T15:00:00.000'],
    ['0310..0314'],
    {},
  ],
  [
    'times with an offset',
    ['UID:1', 'DTSTART:20270310T030000+0200', 'DTEND:2027-03-14T03:00:00+02:00'],
    ['0309..0313'],
    {},
  ],
  [
    'the hour 24 as the midnight after',
    ['UID:1', 'DTSTART:20270310T120000', 'DTEND:20270313T240000'],
    ['0310..0314'],
    {},
  ],
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

test.each(['20500101', '99991231'])(
  'keeps an event that began before today and ends it at the horizon, not on %s',
  async (end) => {
    const content = await read(
      calendar(event('UID:1', 'DTSTART;VALUE=DATE:20261120', `DTEND;VALUE=DATE:${end}`)),
    );
    expect(content.events).toMatchObject([{ from: '2026-11-20', to: '2029-12-05' }]);
  },
);

describe('unreadable dates', () => {
  test('of the occurrence that moved: the event is named, and its nights and the series are read', async () => {
    const moved = event('UID:3', 'RECURRENCE-ID:2027-03-XX', ...days('0320', '0321'));
    const content = await read(calendar(event('UID:3', ...days('0309', '0312')), moved));
    expect(nightsOf(content)).toEqual(['0309..0312', '0320..0321']);
    expect(content.unreadable).toEqual(new Set(['3']));
  });

  const readable = event('UID:1', ...days('0309', '0312'));

  test.each([
    ['a start that does not exist', days('0231', '0312')],
    ['no start', ['SUMMARY:Reserved']],
    ['no numbers', ['DTSTART:0NaNaNaNTaNaNaN', 'DTEND:0NaNaNaNTaNaNaN']],
    ['no hours', ['DTSTART:2027-03-10T::', 'DTEND:2027-03-14T::']],
    ['an hour that does not exist', ['DTSTART:20270310T250000Z', 'DTEND:20270314T250000Z']],
    ['an offset of 99 hours', ['DTSTART:20270310T150000+9900', 'DTEND;VALUE=DATE:20270314']],
    ['an offset of 24 hours', ['DTSTART:2027-03-10T15:00:00+24:00', 'DTEND;VALUE=DATE:20270314']],
    ['an offset of 60 minutes', ['DTSTART:20270310T150000-2360', 'DTEND;VALUE=DATE:20270314']],
  ])('%s: the event is named, and a file without another event is rejected', async (_, lines) => {
    const content = await read(calendar(readable, event('UID:2', ...lines)));
    expect(nightsOf(content)).toEqual(['0309..0312']);
    expect(content).toMatchObject({ unreadable: new Set(['2']), ignored: { unreadable_date: 1 } });
    expect(await readFeed(Buffer.from(calendar(event('UID:2', ...lines))), newYork)).toBe('unreadable_dates');
  });

  test.each(['+9900', '+2400', '-2360'])(
    'the offset %s of an end and of an occurrence that moved',
    async (offset) => {
      const moved = event('UID:3', `RECURRENCE-ID:20270320T150000${offset}`, ...days('0320', '0321'));
      const series = event('UID:3', 'DTSTART;VALUE=DATE:20270309', `DTEND:20270312T110000${offset}`);
      const content = await read(calendar(series, moved));
      expect(nightsOf(content)).toEqual(['0309..0310', '0320..0321']);
      expect(content.unreadable).toEqual(new Set(['3']));
    },
  );

  test.each([
    ['an occurrence', ['RDATE;VALUE=DATE:2027-03-XX']],
    ['an occurrence with an offset', ['RDATE:20270310T150000+2400']],
    ['an exception with an offset', ['RRULE:FREQ=WEEKLY;COUNT=1', 'EXDATE:20270310T150000+2360']],
    ['an exception', ['RRULE:FREQ=WEEKLY;COUNT=1', 'EXDATE;VALUE=DATE:2027-03-XX']],
    ['a rule', ['RRULE:FREQ=SOMETIMES']],
  ])('of %s: the event is named, and its first occurrence is read', async (_, lines) => {
    const content = await read(calendar(event('UID:3', ...days('0309', '0312'), ...lines)));
    expect(nightsOf(content)).toEqual(['0309..0312']);
    expect(content.unreadable).toEqual(new Set(['3']));
  });
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

test('ignores the events of a calendar that cancels them', async () => {
  const content = await read(calendar('METHOD:CANCEL', event('UID:1', ...days('0309', '0312'))));
  expect(content).toMatchObject({ events: [], ignored: { cancelled: 1 }, empty: false });
});

test('counts events from today on for the limit', async () => {
  const past = Array.from({ length: 5_001 }, (_, n) => event(`UID:${n}`, 'DTSTART;VALUE=DATE:20260101'));
  const content = await read(calendar(...past, event('UID:now', ...days('0309', '0312'))));
  expect(nightsOf(content)).toEqual(['0309..0312']);
});

test('distinguishes an empty calendar from ignored events', async () => {
  expect((await read(calendar())).empty).toBe(true);
  expect((await read(calendar(event('UID:1', ...days('0309', '0312'), 'STATUS:CANCELLED')))).empty).toBe(
    false,
  );
});
