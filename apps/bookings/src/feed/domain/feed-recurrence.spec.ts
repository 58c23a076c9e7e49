import { type FeedContent, readFeed } from './feed-events.js';
import { calendar, days, event, expectNights, newYork, nightsOf, read } from './feed-events.fixture.js';

test.each<[string, string[], string[], FeedContent['ignored']]>([
  [
    'a rule with an excluded date',
    ['UID:1', ...days('0104', '0105'), 'RRULE:FREQ=WEEKLY;COUNT=3', 'EXDATE;VALUE=DATE:20270111'],
    ['0104..0105', '0118..0119'],
    {},
  ],
  [
    'a rule with times across a clock change',
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
    'a rule that ends at a date',
    ['UID:1', ...days('0104', '0106'), 'RRULE:FREQ=WEEKLY;UNTIL=20270112'],
    ['0104..0106', '0111..0113'],
    {},
  ],
  [
    'additional dates and a period',
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
    'periods with an end, with a duration, and with an invalid end',
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
    'an excluded evening whose UTC date is the next day',
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
    'midnight to midnight on a day of 25 hours',
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
    'the first occurrence of an unreadable rule',
    ['UID:1', ...days('0104', '0105'), 'RRULE:FREQ=SOMETIMES'],
    ['0104..0105'],
    { unreadable_rule: 1 },
  ],
  [
    'the first occurrence of a rule for every second',
    ['UID:1', ...days('0104', '0105'), 'RRULE:FREQ=SECONDLY'],
    ['0104..0105'],
    { unreadable_rule: 1 },
  ],
  [
    'a rule that ends at a time with colons',
    ['UID:1', ...days('0104', '0106'), 'RRULE:FREQ=WEEKLY;UNTIL=2027-01-12T00:00:00Z'],
    ['0104..0106', '0111..0113'],
    {},
  ],
  [
    'a rule that ends at a date with dashes',
    ['UID:1', ...days('0104', '0106'), 'RRULE:FREQ=WEEKLY;UNTIL=2027-01-12'],
    ['0104..0106', '0111..0113'],
    {},
  ],
  [
    'a rule that ends at a time with an offset',
    [
      'UID:1',
      'DTSTART:20270104T200000Z',
      'DTEND:20270105T150000Z',
      'RRULE:FREQ=DAILY;UNTIL=20270105T230000+0300',
    ],
    ['0104..0105', '0105..0106'],
    {},
  ],
  [
    'a rule that names the Gregorian calendar, a part without a meaning, and spaces',
    ['UID:1', ...days('0104', '0106'), 'RRULE:RSCALE=GREGORIAN;FREQ=WEEKLY;X-A=1;BYDAY=MO, WE;COUNT=2'],
    ['0104..0106', '0106..0108'],
    {},
  ],
])('reads %s', async (_, lines, nights, ignored) => {
  await expectNights(lines, nights, ignored);
});

test.each([
  ...['NaN', '', '0', '-3', '1e3', '1.5'].flatMap((number) => [
    `COUNT=${number}`,
    `INTERVAL=${number};COUNT=2`,
  ]),
  ...['', 'NaN', '20270103', '00010101', '20270131T000000+9900', '2027-01-XX'].map((end) => `UNTIL=${end}`),
  ...['BYMONTH=13', 'BYMONTH=0', 'BYMONTHDAY=99', 'BYMONTHDAY=NaN', 'BYWEEKNO=60', 'BYYEARDAY=367'],
  ...['BYSETPOS=0', 'BYDAY=XX', 'BYDAY=', 'BYDAY=MO,XX', 'BYDAY=54MO', 'WKST=ZZ', 'EASTER=1'],
  ...['RSCALE=CHINESE', 'RSCALE=HEBREW', 'SKIP=FORWARD', 'RSCALE=GREGORIAN;SKIP=OMIT'],
])('%s is an unreadable rule: the first night is read, and the event is named', async (part) => {
  const content = await read(calendar(event('UID:1', ...days('0104', '0105'), `RRULE:FREQ=YEARLY;${part}`)));
  expect(nightsOf(content)).toEqual(['0104..0105']);
  expect(content).toMatchObject({ ignored: { unreadable_rule: 1 }, unreadable: new Set(['1']) });
});

test('an end of a rule before its first start on the same day is unreadable', async () => {
  const times = ['DTSTART:20270104T200000Z', 'DTEND:20270105T150000Z'];
  const content = await read(calendar(event('UID:1', ...times, 'RRULE:FREQ=DAILY;UNTIL=20270104T190000Z')));
  expect(nightsOf(content)).toEqual(['0104..0105']);
  expect(content.unreadable).toEqual(new Set(['1']));
});

test('ends a rule without an end at the horizon', async () => {
  const content = await read(calendar(event('UID:1', ...days('0104', '0105'), 'RRULE:FREQ=DAILY')));
  expect(content.events).toHaveLength(1_066);
  expect(content.events.at(-1)).toMatchObject({ from: '2029-12-04', to: '2029-12-05' });
});

test('keeps a long occurrence that began before today', async () => {
  const content = await read(
    calendar(event('UID:1', 'DTSTART;VALUE=DATE:20261101', 'DURATION:P20D', 'RRULE:FREQ=MONTHLY;COUNT=2')),
    { ...newYork, today: '2026-12-10' },
  );
  expect(content.events).toMatchObject([{ from: '2026-12-01', to: '2026-12-21' }]);
});

test('finds a moved occurrence by its instant in any time zone', async () => {
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

test('applies the highest SEQUENCE of a moved occurrence, in any order of the file', async () => {
  const moved = (sequence: number, from: string, to: string) =>
    event('UID:1', 'RECURRENCE-ID;VALUE=DATE:20270111', `SEQUENCE:${sequence}`, ...days(from, to));
  const series = event('UID:1', ...days('0104', '0105'), 'RRULE:FREQ=WEEKLY;COUNT=2');
  const content = await read(calendar(moved(2, '0201', '0203'), series, moved(1, '0113', '0115')));
  expect(nightsOf(content)).toEqual(['0104..0105', '0201..0203']);
});

describe('an occurrence that changes all later ones', () => {
  const weekly = event('UID:1', ...days('0301', '0302'), 'RRULE:FREQ=WEEKLY;COUNT=4');
  const from = (day: string, ...lines: string[]) =>
    event('UID:1', `RECURRENCE-ID;RANGE=THISANDFUTURE;VALUE=DATE:2027${day}`, ...lines);

  test.each<[string, string[], string[]]>([
    [
      'moves them by the same days and gives them its length',
      [from('0315', ...days('0316', '0318'))],
      ['0301..0302', '0308..0309', '0316..0318', '0323..0325'],
    ],
    [
      'ends the series',
      [from('0315', ...days('0315', '0316'), 'STATUS:CANCELLED')],
      ['0301..0302', '0308..0309'],
    ],
    [
      'applies until the next change',
      [from('0308', ...days('0309', '0310')), from('0322', ...days('0321', '0322'))],
      ['0301..0302', '0309..0310', '0316..0317', '0321..0322'],
    ],
    [
      'leaves single occurrences that have changed',
      [
        from('0308', ...days('0309', '0310')),
        event('UID:1', 'RECURRENCE-ID;VALUE=DATE:20270308', ...days('0311', '0312')),
        event('UID:1', 'RECURRENCE-ID;VALUE=DATE:20270315', ...days('0301', '0302'), 'STATUS:CANCELLED'),
      ],
      ['0301..0302', '0311..0312', '0323..0324'],
    ],
    [
      'leaves them where they were if its start is unreadable',
      [from('0308', 'DTSTART:2027-03-09T::')],
      ['0301..0302', '0315..0316', '0322..0323'],
    ],
  ])('%s', async (_, changes, nights) => {
    expect(nightsOf(await read(calendar(...changes, weekly)))).toEqual(nights);
  });

  test('moves occurrences with times across a clock change', async () => {
    const zone = 'TZID=America/New_York';
    const content = await read(
      calendar(
        event('UID:1', `DTSTART;${zone}:20270306T230000`, 'DURATION:PT10H', 'RRULE:FREQ=WEEKLY;COUNT=3'),
        event(
          'UID:1',
          `RECURRENCE-ID;RANGE="THISANDFUTURE";${zone}:20270313T230000`,
          `DTSTART;${zone}:20270314T003000`,
          'DURATION:P1DT10H',
        ),
      ),
    );
    expect(nightsOf(content)).toEqual(['0306..0307', '0314..0315', '0321..0322']);
  });

  test('finds the occurrences that it moves across today and across the horizon', async () => {
    const monthly = event('UID:1', 'DTSTART;VALUE=DATE:20261001', 'RRULE:FREQ=MONTHLY');
    const move = event('UID:1', 'RECURRENCE-ID;RANGE=THISANDFUTURE:20261001', 'DTSTART;VALUE=DATE:20261110');
    const content = await read(calendar(monthly, move));
    expect(content.events[0]).toMatchObject({ from: '2026-12-11', to: '2026-12-12' });
    const back = event('UID:1', 'RECURRENCE-ID;RANGE=THISANDFUTURE:20270101', 'DTSTART;VALUE=DATE:20261203');
    const moved = await read(
      calendar(event('UID:1', 'DTSTART;VALUE=DATE:20270101', 'RRULE:FREQ=YEARLY'), back),
    );
    expect(moved.events.map(({ from }) => from).sort()).toEqual([
      '2026-12-03',
      '2027-12-03',
      '2028-12-03',
      '2029-12-03',
    ]);
  });
});

describe('times in a series of whole days', () => {
  const series = (...lines: string[]) => ['UID:1', ...days('0104', '0105'), ...lines];
  const daily = 'RRULE:FREQ=DAILY;COUNT=3';
  const moved = (id: string) => event('UID:1', `RECURRENCE-ID:${id}`, ...days('0201', '0202'));

  test.each<[string, string, string, string[]]>([
    [
      'UTC east of Greenwich is the local day',
      'Asia/Tokyo',
      '20270104T150000Z',
      ['0104..0105', '0106..0107'],
    ],
    ['an hour of the day east of Greenwich', 'Asia/Tokyo', '20270105T030000Z', ['0104..0105', '0106..0107']],
    [
      'UTC west of Greenwich is the local day',
      'America/New_York',
      '20270105T050000Z',
      ['0104..0105', '0106..0107'],
    ],
    ['an evening west of Greenwich', 'America/New_York', '20270106T030000Z', ['0104..0105', '0106..0107']],
    ['midnight in UTC is that day', 'America/New_York', '20270105T000000Z', ['0104..0105', '0106..0107']],
    ['an offset', 'Asia/Tokyo', '20270104T160000+0100', ['0104..0105', '0106..0107']],
    ['a local time', 'Asia/Tokyo', '20270105T000000', ['0104..0105', '0106..0107']],
  ])('%s', async (_, timeZone, time, nights) => {
    const place = { ...newYork, timeZone };
    const excluded = calendar(event(...series(daily, `EXDATE:${time}`)));
    expect(nightsOf(await read(excluded, place))).toEqual(nights);
    const changed = calendar(event(...series(daily)), moved(time));
    expect(nightsOf(await read(changed, place))).toEqual([...nights, '0201..0202']);
    const added = calendar(event(...series(`RDATE:${time}`)));
    expect(nightsOf(await read(added, place))).toEqual(['0104..0105', '0105..0106']);
    const ends = calendar(event(...series(`RRULE:FREQ=DAILY;UNTIL=${time}`)));
    if (time.endsWith('Z')) expect(nightsOf(await read(ends, place))).toEqual(['0104..0105', '0105..0106']);
  });
});

test('reads any number of rules within the limits of the feed', async () => {
  const rule = (n: number) => event(`UID:${n}`, ...days('0104', '0105'), 'RRULE:FREQ=DAILY;COUNT=2');
  const content = await read(calendar(...Array.from({ length: 1_000 }, (_, n) => rule(n))));
  expect(content.ignored).toEqual({});
  expect(content.events).toHaveLength(2_000);
});

test('rejects a feed whose rules cost too much', async () => {
  const rule = (n: number) => event(`UID:${n}`, ...days('0104', '0105'), `RRULE:${rare}`);
  const rare = 'FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30';
  expect(nightsOf(await read(calendar(rule(0))))).toEqual(['0104..0105']);
  const many = Array.from({ length: 200 }, (_, n) => rule(n));
  expect(await readFeed(Buffer.from(calendar(...many)), newYork)).toBe('too_many_events');
});

test('yields to other work while it expands the rules of one event', async () => {
  const rules = Array.from({ length: 50 }, () => 'RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30');
  let pauses = 0;
  const pause = () => Promise.resolve((pauses += 1));
  await readFeed(Buffer.from(calendar(event('UID:1', ...days('0104', '0105'), ...rules))), newYork, pause);
  expect(pauses).toBeGreaterThan(20);
});

test('an occurrence that moves by years does not hide the others', async () => {
  const content = await read(
    calendar(
      event('UID:1', 'DTSTART;VALUE=DATE:20200101', 'RRULE:FREQ=DAILY'),
      event('UID:1', 'RECURRENCE-ID;RANGE=THISANDFUTURE:20290101', 'DTSTART;VALUE=DATE:19290101'),
    ),
  );
  expect(content.events).toHaveLength(762);
});

test('limits the number of additional dates', async () => {
  const dates = `RDATE;VALUE=DATE:${'20270104,'.repeat(20_000)}20270201`;
  expect(nightsOf(await read(calendar(event('UID:1', ...days('0104', '0105'), dates))))).toEqual([
    '0104..0105',
  ]);
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
])('limits the cost of %.40s', async (rule) => {
  const content = await read(calendar(event('UID:1', ...days('0104', '0105'), `RRULE:${rule}`)));
  expect(content.events.length).toBeLessThanOrEqual(1_200);
});
