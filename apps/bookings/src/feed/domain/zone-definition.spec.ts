import { readFeed } from './feed-events.js';
import { calendar, event, newYork, nightsOf, read } from './feed-events.fixture.js';

const seoul = { ...newYork, timeZone: 'Asia/Seoul' };
const paris = { ...newYork, timeZone: 'Europe/Paris' };

const zone = (id: string, ...parts: string[][]): string =>
  ['BEGIN:VTIMEZONE', `TZID:${id}`, ...parts.flat(), 'END:VTIMEZONE'].join('\r\n');
const part = (name: string, offsets: [from: string, to: string], ...lines: string[]): string[] => [
  `BEGIN:${name}`,
  ...lines,
  `TZOFFSETFROM:${offsets[0]}`,
  `TZOFFSETTO:${offsets[1]}`,
  `END:${name}`,
];
const fixed = (offset: string): string[] => part('STANDARD', [offset, offset], 'DTSTART:16010101T000000');
/** The rules of Western Europe as Outlook writes them. */
const outlook = [
  ...part(
    'STANDARD',
    ['+0200', '+0100'],
    'DTSTART:16011028T030000',
    'RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10',
  ),
  ...part(
    'DAYLIGHT',
    ['+0100', '+0200'],
    'DTSTART:16010325T020000',
    'RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3',
  ),
];
const stay = (id: string, from: string, to: string): string =>
  event('UID:1', `DTSTART;TZID=${id}:2027${from}`, `DTEND;TZID=${id}:2027${to}`);

test('a zone that only the file defines is computed from its definition', async () => {
  const id = 'Customized Time Zone';
  // 08:00 of +0900 is 18:00 of the day before in New York.
  const content = await read(calendar(zone(id, fixed('+0900')), stay(id, '0311T080000', '0313T080000')));
  expect(nightsOf(content)).toEqual(['0310..0312']);
});

test.each([
  ['a definition after the events', (times: string) => [times, zone('Home', fixed('+0900'))]],
  ['a name in quotes', (times: string) => [zone('"Home"', fixed('+0900')), times]],
  ['an offset with a colon', (times: string) => [zone('Home', fixed('+09:00')), times]],
  ['an offset with seconds', (times: string) => [zone('Home', fixed('+090000')), times]],
])('%s is read', async (_, lines) => {
  expect(nightsOf(await read(calendar(...lines(stay('Home', '0311T080000', '0313T080000')))))).toEqual([
    '0310..0312',
  ]);
});

test('standard and daylight time follow their yearly rules', async () => {
  // Local midnight of the zone in a listing of the same rules: the same date in winter and in summer.
  for (const [from, to] of [
    ['0110T003000', '0112T003000'],
    ['0610T003000', '0612T003000'],
    ['1110T003000', '1112T003000'],
  ] as const) {
    const content = await read(calendar(zone('Home', outlook), stay('Home', from, to)), paris);
    expect(nightsOf(content)).toEqual([`${from.slice(0, 4)}..${to.slice(0, 4)}`]);
  }
});

test.each([
  ['in standard time', '0327T233000', '0328T001500', ['0327..0328']],
  ['that the clocks skip', '0328T023000', '0329T023000', ['0328..0329']],
  ['that the clocks repeat', '1031T023000', '1101T023000', ['1031..1101']],
])('a time %s is that of the platform with the same rules', async (_, from, to, nights) => {
  for (const id of ['Home', 'Europe/Paris']) {
    expect(nightsOf(await read(calendar(zone('Home', outlook), stay(id, from, to)), paris))).toEqual(nights);
  }
});

test('dates of changes (RDATE) and rules that have ended are read', async () => {
  const definition = [
    ...part(
      'STANDARD',
      ['+0000', '+0000'],
      'DTSTART:19700101T000000',
      'RRULE:FREQ=YEARLY;UNTIL=19800101T000000Z',
    ),
    ...part(
      'DAYLIGHT',
      ['+0000', '+0900'],
      'DTSTART:20250601T000000',
      'RDATE:20260601T000000,20270601T000000',
    ),
    ...part('STANDARD', ['+0900', '+0000'], 'DTSTART:20251001T000000', 'RDATE:20261001T000000'),
  ];
  const nights = async (from: string, to: string) =>
    nightsOf(await read(calendar(zone('Home', definition), stay('Home', from, to)), seoul));
  expect(await nights('0510T180000', '0512T100000')).toEqual(['0511..0512']);
  expect(await nights('0610T180000', '0612T100000')).toEqual(['0610..0612']);
});

test('a series keeps its local time across a change of the clocks', async () => {
  const series = event(
    'UID:1',
    'DTSTART;TZID=Home:20270326T003000',
    'DTEND;TZID=Home:20270326T230000',
    'RRULE:FREQ=DAILY;UNTIL=20270328T223000Z',
    'EXDATE:20270326T233000Z',
    'RDATE;TZID=Home:20270401T003000',
  );
  const lisbon = { ...newYork, timeZone: 'Europe/Lisbon' };
  // 00:30 is 23:30 of the day before in Lisbon, in standard time and in daylight time.
  expect(nightsOf(await read(calendar(zone('Home', outlook), series), lisbon))).toEqual([
    '0325..0326',
    '0327..0328',
    '0328..0329',
    '0331..0401',
  ]);
});

describe('the data of the platform, or the definition in the file', () => {
  const times = ['0311T080000', '0313T080000'] as const;
  const [platform, file] = [['0311..0313'], ['0310..0312']];

  test.each([
    ['an area of the platform', 'Europe/Lisbon', [], platform],
    ['an area with a path before it', '/example.org/Europe/Lisbon', [], platform],
    ['an area in X-LIC-LOCATION', 'Home', ['X-LIC-LOCATION:Europe/Lisbon'], platform],
    ['a name of Windows', 'W. Europe Standard Time', [], file],
    ['an offset in the name', '(UTC+01:00) Amsterdam', [], file],
    ['an abbreviation', 'EST', [], file],
  ])('%s', async (_, id, location, expected) => {
    const content = await read(calendar(zone(id, location, fixed('+0900')), stay(id, ...times)));
    expect(nightsOf(content)).toEqual(expected);
  });

  test.each([
    ['no offset', part('STANDARD', ['+0900', 'later'], 'DTSTART:16010101T000000')],
    ['an offset of 24 hours', part('STANDARD', ['+0900', '+2400'], 'DTSTART:16010101T000000')],
    ['an offset of 60 minutes', part('STANDARD', ['+0900', '+0960'], 'DTSTART:16010101T000000')],
    ['no start', part('STANDARD', ['+0900', '+0900'])],
    ['no parts', []],
    ['a rule that is none', part('STANDARD', ['+0900', '+0900'], 'DTSTART:16010101T000000', 'RRULE:FREQ=X')],
  ])('a definition with %s is not used', async (_, lines) => {
    for (const id of ['W. Europe Standard Time', 'Home']) {
      expect(nightsOf(await read(calendar(zone(id, lines), stay(id, ...times))))).toEqual(platform);
    }
  });

  test('X-WR-TIMEZONE may name a definition', async () => {
    const floating = event('UID:1', 'DTSTART:20270311T080000', 'DTEND:20270313T080000');
    const content = await read(calendar('X-WR-TIMEZONE:Home', zone('Home', fixed('+0900')), floating));
    expect(nightsOf(content)).toEqual(file);
  });
});

describe('the cost of definitions is limited', () => {
  const yearly = part('STANDARD', ['+0900', '+0900'], 'DTSTART:16010101T000000', 'RRULE:FREQ=YEARLY');
  const times = ['0311T080000', '0313T080000'] as const;

  test('of all together', async () => {
    const numbers = Array.from({ length: 40 }, (_, n) => n);
    const zones = numbers.map((n) => zone(`Home ${n}`, ...Array.from({ length: 60 }, () => yearly)));
    const stays = numbers.map((n) => stay(`Home ${n}`, ...times));
    expect(await readFeed(Buffer.from(calendar(...zones, ...stays)), newYork)).toBe('too_many_events');
  });

  test.each([
    ['a rule that matches no date', ['RRULE:FREQ=DAILY;BYMONTHDAY=30;BYMONTH=2']],
    ['many rules', Array.from({ length: 2_000 }, () => 'RRULE:FREQ=DAILY;BYMONTHDAY=30;BYMONTH=2')],
  ])('%s: the definition is not used', async (_, lines) => {
    const costly = part('STANDARD', ['+0900', '+0900'], 'DTSTART:16010101T000000', ...lines);
    expect(nightsOf(await read(calendar(zone('Home', costly), stay('Home', ...times))))).toEqual([
      '0311..0313',
    ]);
  });

  test('many dates: the first ones are read', async () => {
    const dates = Array.from({ length: 20_000 }, () => 'RDATE:20260101T000000,20260601T000000');
    const costly = part('STANDARD', ['+0900', '+0900'], 'DTSTART:16010101T000000', ...dates);
    expect(nightsOf(await read(calendar(zone('Home', costly), stay('Home', ...times))))).toEqual([
      '0310..0312',
    ]);
  });
});
