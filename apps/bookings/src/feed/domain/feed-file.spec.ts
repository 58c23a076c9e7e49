import { readFeed } from './feed-events.js';
import { calendar, days, event, newYork, nightsOf, read } from './feed-events.fixture.js';

describe('the bytes of a calendar', () => {
  const text = calendar(event('UID:1', 'SUMMARY:Zoë 🏡', ...days('0309', '0312')));

  test.each<[string, Buffer]>([
    ['a byte order mark', Buffer.from(`\ufeff${text}`)],
    ['line feeds only', Buffer.from(text.replaceAll('\r\n', '\n'))],
    ['carriage returns only', Buffer.from(text.replaceAll('\r\n', '\r'))],
    ['empty lines before and between', Buffer.from(`\r\n\r\n${text.replaceAll('\r\n', '\r\n\r\n')}`)],
    ['no final line end', Buffer.from(text.trimEnd())],
    ['two calendars', Buffer.from(`${calendar()}${text}`)],
    ['a fold in each line', Buffer.from(text.replaceAll(/^(.{4})/gm, '$1\r\n '))],
  ])('reads %s', async (_, bytes) => expect(nightsOf(await read(bytes))).toEqual(['0309..0312']));

  test('reads a UID with a fold within a character', async () => {
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
    ['an empty file', '', 'not_a_calendar'],
    ['HTML', '<!doctype html><html></html>', 'not_a_calendar'],
    ['an address book', 'BEGIN:VCARD\r\nEND:VCARD\r\n', 'not_a_calendar'],
    ['a calendar without an end', text.replace('END:VCALENDAR', ''), 'truncated'],
    ['an event without an end', text.replace('END:VEVENT', ''), 'truncated'],
    ['a calendar that ends within a line', text.slice(0, -12), 'truncated'],
    [
      'too many events',
      calendar(...Array.from({ length: 5_001 }, () => event('UID:1', ...days('0309', '0312')))),
      'too_many_events',
    ],
    [
      'too many occurrences',
      calendar(
        ...Array.from({ length: 10 }, (__, n) =>
          event(`UID:${n}`, ...days('0309', '0312'), 'RRULE:FREQ=DAILY'),
        ),
      ),
      'too_many_events',
    ],
  ])('rejects %s', async (_, invalid, reason) =>
    expect(await readFeed(Buffer.from(invalid), newYork)).toBe(reason),
  );
});

describe('the identity of events', () => {
  const keys = async (...events: string[]) => (await read(calendar(...events))).events.map(({ key }) => key);

  test('an event keeps its key when it moves; other UIDs have other keys', async () => {
    const [before] = await keys(event('UID:1', ...days('0309', '0312')));
    expect(await keys(event('UID:1', ...days('0313', '0316')))).toEqual([before]);
    expect(await keys(event('UID:2', ...days('0309', '0312')))).not.toEqual([before]);
  });

  test('the highest SEQUENCE replaces older versions of an event', async () => {
    const old = event('UID:1', 'SEQUENCE:1', ...days('0309', '0312'));
    const moved = event('UID:1', 'SEQUENCE:2', ...days('0313', '0316'));
    expect(nightsOf(await read(calendar(moved, old)))).toEqual(['0313..0316']);
  });

  test('two events with the same UID are both read', async () => {
    const content = await read(
      calendar(event('UID:1', ...days('0309', '0312')), event('UID:1', ...days('0313', '0316'))),
    );
    expect(nightsOf(content)).toEqual(['0309..0312', '0313..0316']);
    expect(new Set(content.events.map(({ key }) => key)).size).toBe(2);
  });

  test.each([
    ['moved', days('0112', '0113'), ['0104..0105', '0112..0113', '0118..0119']],
    ['cancelled', [...days('0111', '0112'), 'STATUS:CANCELLED'], ['0104..0105', '0118..0119']],
    ['made transparent', [...days('0111', '0112'), 'TRANSP:TRANSPARENT'], ['0104..0105', '0118..0119']],
  ])('applies an occurrence that was %s', async (_, lines, nights) => {
    const series = event('UID:1', ...days('0104', '0105'), 'RRULE:FREQ=WEEKLY;COUNT=3');
    const exception = event('UID:1', 'RECURRENCE-ID;VALUE=DATE:20270111', ...lines);
    expect(nightsOf(await read(calendar(exception, series)))).toEqual(nights);
  });

  test('recognizes the own export of this listing, but not of another listing', async () => {
    const own = (listing: string) => event(`UID:abc@${listing}.roost`, ...days('0309', '0312'));
    const content = await read(calendar(own(newYork.listingId), own('0193f0a0-1111-7000-8000-000000000002')));
    expect(content.events.map((each) => each.own)).toEqual([true, false]);
  });
});

test.each(['le', 'be'])('reads UTF-16 with a byte order mark (%s)', async (order) => {
  const bytes = Buffer.from(`\uFEFF${calendar(event('UID:ä', ...days('0309', '0312')))}`, 'utf16le');
  expect(nightsOf(await read(order === 'le' ? bytes : bytes.swap16()))).toEqual(['0309..0312']);
});
