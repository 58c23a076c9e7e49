import { addKnownDates, type KnownDates, mayBeOneOf, withKeptNights } from './unreadable-events.js';

const event = (key: string, from: string, to: string) => ({
  key,
  from: `2027-03-${from}`,
  to: `2027-03-${to}`,
});
const keep = (before: ReturnType<typeof event>[], read: ReturnType<typeof event>[]) =>
  withKeptNights(before, read, { isUnreadable: ({ key }) => key.startsWith('a'), today: '2027-03-01' });

test('an unreadable event keeps its nights; a readable one that is gone does not', () => {
  const before = [event('a', '10', '14'), event('b', '20', '22')];
  expect(keep(before, [])).toEqual([event('a', '10', '14')]);
});

test('the first night of an unreadable event is added unless its earlier nights contain it', () => {
  const before = [event('a', '10', '14')];
  expect(keep(before, [event('a first', '10', '11')])).toEqual(before);
  const moved = [event('a first', '20', '21'), event('a', '10', '14')];
  expect(keep(before, [event('a first', '20', '21')])).toEqual(moved);
  expect(keep(moved, [event('a first', '21', '22')])).toEqual([
    event('a first', '21', '22'),
    event('a', '10', '14'),
  ]);
});

test('what can be read of a series replaces its earlier nights', () => {
  expect(keep([event('a1', '10', '12'), event('a2', '17', '19')], [event('a1', '10', '13')])).toEqual([
    event('a1', '10', '13'),
    event('a2', '17', '19'),
  ]);
});

test('nights before today are not kept', () => {
  const past = { ...event('a', '10', '14'), from: '2027-02-20', to: '2027-03-01' };
  expect(keep([past], [])).toEqual([]);
});

test.each([
  ['its start', { from: '2027-03-10', to: null }, true],
  ['another start', { from: '2027-03-11', to: null }, false],
  ['its end', { from: null, to: '2027-03-14' }, true],
  ['another end', { from: null, to: '2027-03-13' }, false],
  ['no date', { from: null, to: null }, true],
])('an event without a UID may be an unreadable one with %s', (_, known, expected) => {
  expect(mayBeOneOf([known])({ from: '2027-03-10', to: '2027-03-14' })).toBe(expected);
});

test('an event of one day may be an unreadable one that ends at its start', () => {
  const earlier = { from: '2027-03-10', to: '2027-03-11' };
  expect(mayBeOneOf([{ from: null, to: '2027-03-10' }])(earlier)).toBe(true);
  expect(mayBeOneOf([{ from: '2027-03-10', to: '2027-03-10' }])(earlier)).toBe(true);
});

test('past and equal dates of unreadable events are not collected', () => {
  const all = new Map<string, KnownDates>();
  const add = (from: string | null, to: string | null) => addKnownDates(all, { from, to }, '2027-03-01');
  add('2027-03-10', null);
  add('2027-03-10', null);
  add(null, '2027-02-28');
  add(null, '2027-03-01');
  expect([...all.values()]).toEqual([
    { from: '2027-03-10', to: null },
    { from: null, to: '2027-03-01' },
  ]);
});
