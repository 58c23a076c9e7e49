import { readFeed, type FeedContent } from './feed-events.js';

const newYork = {
  listingId: '0193f0a0-1111-7000-8000-000000000001',
  timeZone: 'America/New_York',
  today: '2026-12-01',
};

const calendar = (...lines: string[]): string =>
  ['BEGIN:VCALENDAR', 'VERSION:2.0', ...lines, 'END:VCALENDAR', ''].join('\r\n');
const event = (...lines: string[]): string => ['BEGIN:VEVENT', ...lines, 'END:VEVENT'].join('\r\n');
const days = (from: string, to: string): string[] => [
  `DTSTART;VALUE=DATE:2027${from}`,
  `DTEND;VALUE=DATE:2027${to}`,
];

async function read(text: string | Buffer, place = newYork): Promise<FeedContent> {
  const content = await readFeed(Buffer.from(text as string), place);
  if (typeof content === 'string') throw new Error(content);
  return content;
}

/** `0309-0312` */
const nightsOf = (content: FeedContent): string[] =>
  content.events.map(({ from, to }) => `${from}..${to}`.replaceAll(/2027-|-/g, '')).sort();

test.each<[string, string[], string[], FeedContent['ignored']]>([
  ['whole days', ['UID:1', ...days('0309', '0312')], ['0309..0312'], {}],
  [
    'names in small letters',
    ['uid:1', 'dtstart;value=date:20270309', 'dtend;value=date:20270312'],
    ['0309..0312'],
    {},
  ],
  ['days without VALUE=DATE', ['UID:1', 'DTSTART:20270309', 'DTEND:20270312'], ['0309..0312'], {}],
  ['days with dashes', ['UID:1', 'DTSTART:2027-03-09', 'DTEND:2027-03-12'], ['0309..0312'], {}],
  ['no end: one day', ['UID:1', 'DTSTART;VALUE=DATE:20270309'], ['0309..0310'], {}],
  ['a time without an end: one day', ['UID:1', 'DTSTART:20270309T170000Z'], ['0309..0310'], {}],
  ['a length in days', ['UID:1', 'DTSTART;VALUE=DATE:20270309', 'DURATION:P3D'], ['0309..0312'], {}],
  ['a length in weeks', ['UID:1', 'DTSTART;VALUE=DATE:20270309', 'DURATION:P1W'], ['0309..0316'], {}],
  ['a length in hours', ['UID:1', 'DTSTART:20270309T200000Z', 'DURATION:PT20H'], ['0309..0310'], {}],
  [
    'UTC: the local date of the start and of the end',
    ['UID:1', 'DTSTART:20270310T030000Z', 'DTEND:20270312T030000Z'],
    ['0309..0311'],
    {},
  ],
  [
    'a zone',
    ['UID:1', 'DTSTART;TZID=Europe/Lisbon:20270310T030000', 'DTEND;TZID=Europe/Lisbon:20270312T120000'],
    ['0309..0312'],
    {},
  ],
  [
    'a quoted zone of Windows',
    [
      'UID:1',
      'DTSTART;TZID="W. Europe Standard Time":20270310T030000',
      'DTEND;TZID="W. Europe Standard Time":20270312T120000',
    ],
    ['0309..0312'],
    {},
  ],
  [
    'a zone with a colon, quoted and not',
    [
      'UID:1',
      'DTSTART;TZID="(UTC+01:00) Amsterdam":20270310T030000',
      'DTEND;TZID=(UTC+01:00) Amsterdam:20270312T120000',
    ],
    ['0309..0312'],
    {},
  ],
  [
    'a zone with a path before it',
    [
      'UID:1',
      'DTSTART;TZID=/freeassociation.sourceforge.net/Europe/Lisbon:20270310T030000',
      'DTEND:20270312T120000Z',
    ],
    ['0309..0312'],
    {},
  ],
  [
    'a zone that nobody knows: the listing’s',
    ['UID:1', 'DTSTART;TZID=Atlantis:20270309T160000', 'DTEND;TZID=Atlantis:20270312T110000'],
    ['0309..0312'],
    {},
  ],
  [
    'floating: the listing’s zone',
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
  ['hours of one day', ['UID:1', 'DTSTART:20270309T150000Z', 'DTEND:20270309T190000Z'], [], { no_length: 1 }],
  ['a negative length', ['UID:1', 'DTSTART;VALUE=DATE:20270309', 'DURATION:-P3D'], [], { no_length: 1 }],
  ['cancelled', ['UID:1', ...days('0309', '0312'), 'STATUS:CANCELLED'], [], { cancelled: 1 }],
  ['transparent', ['UID:1', ...days('0309', '0312'), 'TRANSP:transparent'], [], { transparent: 1 }],
  [
    'opaque and confirmed',
    ['UID:1', ...days('0309', '0312'), 'TRANSP:OPAQUE', 'STATUS:CONFIRMED'],
    ['0309..0312'],
    {},
  ],
  ['a day that does not exist', ['UID:1', ...days('0231', '0312')], [], { unreadable_date: 1 }],
  ['an end that does not exist', ['UID:1', ...days('0228', '0230')], [], { unreadable_date: 1 }],
  ['no start', ['UID:1', 'SUMMARY:Reserved'], [], { unreadable_date: 1 }],
  [
    'a length that is none',
    ['UID:1', 'DTSTART;VALUE=DATE:20270309', 'DURATION:P'],
    [],
    { unreadable_date: 1 },
  ],
  ['no UID', days('0309', '0312'), ['0309..0312'], {}],
  [
    'an alarm inside, with a length of its own',
    ['UID:1', 'BEGIN:VALARM', 'TRIGGER:-PT15M', 'DURATION:P9D', 'END:VALARM', ...days('0309', '0312')],
    ['0309..0312'],
    {},
  ],
  [
    'an occurrence of a rule that is gone, and one that has moved',
    ['UID:1', ...days('0104', '0105'), 'RRULE:FREQ=WEEKLY;COUNT=3', 'EXDATE;VALUE=DATE:20270111'],
    ['0104..0105', '0118..0119'],
    {},
  ],
  [
    'a rule with times, across a clock change',
    [
      'UID:1',
      'DTSTART;TZID=America/New_York:20270313T230000',
      'DTEND;TZID=America/New_York:20270314T110000',
      'RRULE:FREQ=DAILY;COUNT=3;BYHOUR=23',
    ],
    ['0313..0314', '0314..0315', '0315..0316'],
    {},
  ],
  [
    'a rule that ends by a date',
    ['UID:1', ...days('0104', '0106'), 'RRULE:FREQ=WEEKLY;UNTIL=20270112'],
    ['0104..0106', '0111..0113'],
    {},
  ],
  [
    'dates beside a rule, a period among them',
    [
      'UID:1',
      ...days('0104', '0105'),
      'RDATE;VALUE=DATE:20270201,20270203',
      'RDATE;VALUE=PERIOD:20270205/P1D',
    ],
    ['0104..0105', '0201..0202', '0203..0204', '0205..0206'],
    {},
  ],
  [
    'periods with an end or a length of their own, and one that ends never',
    [
      'UID:1',
      'DTSTART:20270104T200000Z',
      'DTEND:20270105T150000Z',
      'RDATE;VALUE=PERIOD:20270205T200000Z/20270208T150000Z,20270305T200000Z/P2D,20270401T200000Z/NEVER',
    ],
    ['0104..0105', '0205..0208', '0305..0307'],
    { unreadable_date: 1 },
  ],
  [
    'an evening that is gone, said in UTC, where it is the next day',
    [
      'UID:1',
      'DTSTART;TZID=America/New_York:20270310T200000',
      'DTEND;TZID=America/New_York:20270311T100000',
      'RRULE:FREQ=DAILY;COUNT=3',
      'EXDATE:20270312T010000Z',
    ],
    ['0310..0311', '0312..0313'],
    {},
  ],
  [
    'from midnight to midnight, on a day of 25 hours and beside it',
    [
      'UID:1',
      'DTSTART;TZID=America/New_York:20271031T000000',
      'DTEND;TZID=America/New_York:20271101T000000',
      'RRULE:FREQ=WEEKLY;COUNT=3',
    ],
    ['1031..1101', '1107..1108', '1114..1115'],
    {},
  ],
  [
    'a rule that nobody can read: its first occurrence is not in doubt',
    ['UID:1', ...days('0104', '0105'), 'RRULE:FREQ=SOMETIMES'],
    ['0104..0105'],
    { unreadable_rule: 1 },
  ],
  [
    'a rule for every second',
    ['UID:1', ...days('0104', '0105'), 'RRULE:FREQ=SECONDLY'],
    ['0104..0105'],
    { unreadable_rule: 1 },
  ],
  ['past', ['UID:1', 'DTSTART;VALUE=DATE:20261120', 'DTEND;VALUE=DATE:20261201'], [], { past: 1 }],
  ['too far', ['UID:1', 'DTSTART;VALUE=DATE:20350101'], [], { too_far: 1 }],
])('%s', async (_, lines, nights, ignored) => {
  const content = await read(calendar(event(...lines)));
  expect(nightsOf(content)).toEqual(nights);
  expect(content.ignored).toEqual(ignored);
});

test('what began before today and lasts counts; what lasts beyond the horizon ends there', async () => {
  const content = await read(
    calendar(event('UID:1', 'DTSTART;VALUE=DATE:20261120', 'DTEND;VALUE=DATE:20500101')),
  );
  expect(content.events).toMatchObject([{ from: '2026-11-20', to: '2029-12-05' }]);
});

test('a rule without an end stops at the horizon', async () => {
  const content = await read(calendar(event('UID:1', ...days('0104', '0105'), 'RRULE:FREQ=DAILY')));
  expect(content.events).toHaveLength(1_066);
  expect(content.events.at(-1)).toMatchObject({ from: '2029-12-04', to: '2029-12-05' });
});

test('a long occurrence that began before today counts', async () => {
  const content = await read(
    calendar(event('UID:1', 'DTSTART;VALUE=DATE:20261101', 'DURATION:P20D', 'RRULE:FREQ=MONTHLY;COUNT=2')),
    { ...newYork, today: '2026-12-10' },
  );
  expect(content.events).toMatchObject([{ from: '2026-12-01', to: '2026-12-21' }]);
});

test('an occurrence that has moved is found by its instant, in whatever zone it is said', async () => {
  const [began, moved] = ['20270310', '20270320'].map((day) => [
    `DTSTART;TZID=America/New_York:${day}T200000`,
    'DURATION:PT14H',
  ]);
  const content = await read(
    calendar(
      event('UID:1', ...(began ?? []), 'RRULE:FREQ=DAILY;COUNT=3'),
      event('UID:1', 'RECURRENCE-ID:20270312T010000Z', ...(moved ?? [])),
    ),
  );
  expect(nightsOf(content)).toEqual(['0310..0311', '0312..0313', '0320..0321']);
});

test('an occurrence that has moved twice is where the highest SEQUENCE says, wherever that stands in the file', async () => {
  const moved = (sequence: number, from: string, to: string) =>
    event('UID:1', 'RECURRENCE-ID;VALUE=DATE:20270111', `SEQUENCE:${sequence}`, ...days(from, to));
  const series = event('UID:1', ...days('0104', '0105'), 'RRULE:FREQ=WEEKLY;COUNT=2');
  const content = await read(calendar(moved(2, '0201', '0203'), series, moved(1, '0113', '0115')));
  expect(nightsOf(content)).toEqual(['0104..0105', '0201..0203']);
});

test('floating times are where X-WR-TIMEZONE says', async () => {
  const floating = event('UID:1', 'DTSTART:20270310T030000', 'DTEND:20270312T120000');
  expect(nightsOf(await read(calendar('X-WR-TIMEZONE:Europe/Lisbon', floating)))).toEqual(['0309..0312']);
  expect(nightsOf(await read(calendar('X-WR-TIMEZONE:Nowhere', floating)))).toEqual(['0310..0312']);
});

test('a zone may be explained by its VTIMEZONE', async () => {
  const zone = ['BEGIN:VTIMEZONE', 'TZID:Home', 'X-LIC-LOCATION:Europe/Lisbon', 'END:VTIMEZONE'];
  const times = event('UID:1', 'DTSTART;TZID=Home:20270310T030000', 'DTEND;TZID=Home:20270312T120000');
  expect(nightsOf(await read(calendar(...zone, times)))).toEqual(['0309..0312']);
});

describe('bytes', () => {
  const text = calendar(event('UID:1', 'SUMMARY:Zoë 🏡', ...days('0309', '0312')));

  test.each<[string, Buffer]>([
    ['a byte order mark', Buffer.from(`\ufeff${text}`)],
    ['bare line feeds', Buffer.from(text.replaceAll('\r\n', '\n'))],
    ['bare carriage returns', Buffer.from(text.replaceAll('\r\n', '\r'))],
    ['empty lines before and between', Buffer.from(`\r\n\r\n${text.replaceAll('\r\n', '\r\n\r\n')}`)],
    ['no line end at the end', Buffer.from(text.trimEnd())],
    ['two calendars', Buffer.from(`${calendar()}${text}`)],
    ['a fold in each line', Buffer.from(text.replaceAll(/^(.{4})/gm, '$1\r\n '))],
  ])('%s', async (_, bytes) => expect(nightsOf(await read(bytes))).toEqual(['0309..0312']));

  test('a fold inside a character of a UID gives the UID', async () => {
    const uid = async (fold: string) => {
      const [before = '', after = ''] = calendar(event('UID:🏡', ...days('0309', '0312'))).split('🏡');
      const house = Buffer.from('🏡');
      const bytes = [
        Buffer.from(before),
        house.subarray(0, 2),
        Buffer.from(fold),
        house.subarray(2),
        Buffer.from(after),
      ];
      return (await read(Buffer.concat(bytes))).events[0]?.key;
    };
    expect(await uid('\r\n ')).toBe(await uid(''));
    expect(await uid('\n\t')).toBe(await uid(''));
  });

  test.each([
    ['nothing', '', 'not_a_calendar'],
    ['a page', '<!doctype html><html></html>', 'not_a_calendar'],
    ['an address book', 'BEGIN:VCARD\r\nEND:VCARD\r\n', 'not_a_calendar'],
    ['no end', text.replace('END:VCALENDAR', ''), 'truncated'],
    ['an event without an end', text.replace('END:VEVENT', ''), 'truncated'],
    ['cut inside of a line', text.slice(0, -12), 'truncated'],
    [
      'too much',
      calendar(...Array.from({ length: 5_001 }, () => event('UID:1', ...days('0309', '0312')))),
      'too_many_events',
    ],
    [
      'too much of rules',
      calendar(
        ...Array.from({ length: 10 }, (__, n) =>
          event(`UID:${n}`, ...days('0309', '0312'), 'RRULE:FREQ=DAILY'),
        ),
      ),
      'too_many_events',
    ],
  ])('%s is refused', async (_, bad, reason) =>
    expect(await readFeed(Buffer.from(bad), newYork)).toBe(reason),
  );
});

test('the costs of a feed have a limit: rules, and the dates beside them', async () => {
  const rule = (n: number) => event(`UID:${n}`, ...days('0104', '0105'), 'RRULE:FREQ=DAILY;COUNT=2');
  const content = await read(calendar(...Array.from({ length: 102 }, (_, n) => rule(n))));
  expect(content.ignored).toEqual({ unreadable_rule: 2 });
  expect(content.events).toHaveLength(202);
  const dates = `RDATE;VALUE=DATE:${'20270104,'.repeat(20_000)}20270201`;
  expect(nightsOf(await read(calendar(event('UID:1', ...days('0104', '0105'), dates))))).toEqual([
    '0104..0105',
  ]);
});

describe('what is the same event', () => {
  const keys = async (...events: string[]) => (await read(calendar(...events))).events.map(({ key }) => key);

  test('a UID keeps its key wherever it moves; others have others', async () => {
    const [before] = await keys(event('UID:1', ...days('0309', '0312')));
    expect(await keys(event('UID:1', ...days('0313', '0316')))).toEqual([before]);
    expect(await keys(event('UID:2', ...days('0309', '0312')))).not.toEqual([before]);
  });

  test('a changed event that comes along with the old one counts alone', async () => {
    const old = event('UID:1', 'SEQUENCE:1', ...days('0309', '0312'));
    const moved = event('UID:1', 'SEQUENCE:2', ...days('0313', '0316'));
    expect(nightsOf(await read(calendar(moved, old)))).toEqual(['0313..0316']);
  });

  test('two stays under one UID both count', async () => {
    const content = await read(
      calendar(event('UID:1', ...days('0309', '0312')), event('UID:1', ...days('0313', '0316'))),
    );
    expect(nightsOf(content)).toEqual(['0309..0312', '0313..0316']);
    expect(new Set(content.events.map(({ key }) => key)).size).toBe(2);
  });

  test.each([
    ['moved', days('0112', '0113'), ['0104..0105', '0112..0113', '0118..0119']],
    ['cancelled', [...days('0111', '0112'), 'STATUS:CANCELLED'], ['0104..0105', '0118..0119']],
    ['made free', [...days('0111', '0112'), 'TRANSP:TRANSPARENT'], ['0104..0105', '0118..0119']],
  ])('an occurrence that was %s', async (_, lines, nights) => {
    const series = event('UID:1', ...days('0104', '0105'), 'RRULE:FREQ=WEEKLY;COUNT=3');
    const exception = event('UID:1', 'RECURRENCE-ID;VALUE=DATE:20270111', ...lines);
    expect(nightsOf(await read(calendar(exception, series)))).toEqual(nights);
  });

  test('our own export of this listing is known by its UID, that of another one is not', async () => {
    const own = (listing: string) => event(`UID:abc@${listing}.roost`, ...days('0309', '0312'));
    const content = await read(calendar(own(newYork.listingId), own('0193f0a0-1111-7000-8000-000000000002')));
    expect(content.events.map((each) => each.own)).toEqual([true, false]);
  });
});

test('no event at all is told from events that don’t count', async () => {
  expect((await read(calendar())).empty).toBe(true);
  expect((await read(calendar(event('UID:1', ...days('0309', '0312'), 'STATUS:CANCELLED')))).empty).toBe(
    false,
  );
});

test.each([
  'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30',
  'FREQ=DAILY;INTERVAL=999999999999',
  `FREQ=YEARLY;BYMONTHDAY=${Array.from({ length: 31 }, (_, day) => day + 1).join(',')};BYSETPOS=-366`,
  'FREQ=WEEKLY;BYDAY=MO,MO,MO,XX;WKST=ZZ',
  'FREQ=DAILY;UNTIL=00000000',
  'FREQ=DAILY;COUNT=-5',
  'FREQ=DAILY;COUNT=99999999',
  `FREQ=DAILY;X-${'A'.repeat(10_000)}=1`,
  'FREQ=YEARLY;BYWEEKNO=53;BYDAY=SU;BYSETPOS=1',
])('a rule made to hurt ends: %.40s', async (rule) => {
  const content = await read(calendar(event('UID:1', ...days('0104', '0105'), `RRULE:${rule}`)));
  expect(content.events.length).toBeLessThanOrEqual(1_200);
});
