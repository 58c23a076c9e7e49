import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { exportedNights, fold, isOwnUid, writeIcal } from './ical-export.js';

const listingId = '0193f0a0-1111-7000-8000-000000000001';
const at = new Date('2027-03-02T12:00:00.987Z');
const stay = { ownerId: '17', kind: 'stay', from: '2027-06-10', to: '2027-06-14' };
type Owned = Omit<typeof stay, 'kind'> & { kind: string };
const digest = (text: string) => createHash('sha256').update(text).digest('hex');
const write = (nights: Owned[], writtenAt = at, listing = listingId) =>
  writeIcal(exportedNights(listing, nights, digest), writtenAt);

test('writes a complete calendar', () => {
  expect(write([stay])).toBe(
    [
      'BEGIN:VCALENDAR',
      'VERSION:2.0',
      'PRODID:-//Roost//Calendar//EN',
      'CALSCALE:GREGORIAN',
      'METHOD:PUBLISH',
      'REFRESH-INTERVAL;VALUE=DURATION:PT15M',
      'X-PUBLISHED-TTL:PT15M',
      'BEGIN:VEVENT',
      // sha256 of "0193f0a0-1111-7000-8000-000000000001/17/stay"
      'UID:12f6843c021084c594657eac@0193f0a0-1111-7000-8000-000000000001.roost',
      'DTSTAMP:20270302T120000Z',
      'DTSTART;VALUE=DATE:20270610',
      'DTEND;VALUE=DATE:20270614',
      'SUMMARY:Not available',
      'CLASS:PRIVATE',
      'TRANSP:OPAQUE',
      'END:VEVENT',
      'END:VCALENDAR',
      '',
    ].join('\r\n'),
  );
});

test('writes a calendar without events when no night is taken', () => {
  expect(write([])).toMatch(/^BEGIN:VCALENDAR\r\n(.*\r\n)+END:VCALENDAR\r\n$/);
  expect(write([])).not.toContain('VEVENT');
});

test('a UID does not change when nights move, differs between owners and listings, and is recognized as own', () => {
  const uid = (text: string) => /^UID:(.*(?:\r\n .*)?)/m.exec(text)?.[1]?.replace('\r\n ', '') ?? '';
  const own = uid(write([stay]));
  expect(uid(write([{ ...stay, from: '2027-06-11' }], new Date(0)))).toBe(own);
  expect(uid(write([{ ...stay, ownerId: '18' }]))).not.toBe(own);
  const other = '0193f0a0-1111-7000-8000-000000000002';
  expect(uid(write([stay], at, other))).not.toBe(own);
  const again = { ...stay, from: '2027-07-10', to: '2027-07-14' };
  const [one, two] = exportedNights(listingId, [stay, again], digest);
  expect(one?.uid).toBe(own);
  expect(two?.uid).not.toBe(own);
  expect(isOwnUid(own, listingId)).toBe(true);
  expect(isOwnUid(own.toUpperCase(), listingId)).toBe(true);
  expect(isOwnUid(own, other)).toBe(false);
  expect(isOwnUid('1418fb94e984@airbnb.com', listingId)).toBe(false);
});

test('the UID of preparation after a stay does not change when earlier nights are past', () => {
  const [before, after] = [
    { ...stay, kind: 'prep', from: '2027-06-09', to: '2027-06-10' },
    { ...stay, kind: 'prep', from: '2027-06-14', to: '2027-06-15' },
  ];
  const uids = (nights: Owned[]) => exportedNights(listingId, nights, digest).map(({ uid }) => uid);
  const all = uids([before, stay, after]);
  expect(new Set(all).size).toBe(3);
  expect(uids([stay, after])).toEqual(all.slice(1));
  expect(uids([after])).toEqual(all.slice(2));
  const next = { ...stay, ownerId: '18', from: '2027-06-15', to: '2027-06-18' };
  expect(uids([after, next])[0]).toBe(all[2]);
});

describe('folding', () => {
  test.each([
    ['a short line', 'A'.repeat(75), 'A'.repeat(75)],
    ['a line with one octet too many', 'A'.repeat(76), `${'A'.repeat(75)}\r\n A`],
    ['a character across the limit', `${'A'.repeat(74)}é`, `${'A'.repeat(74)}\r\n é`],
    ['a character of four octets', `${'A'.repeat(72)}🏡B`, `${'A'.repeat(72)}\r\n 🏡B`],
  ])('folds %s', (_, line, folded) => expect(fold(line)).toBe(folded));

  test('limits lines to 75 octets, never splits a character, and can be unfolded', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
        fc.pre(!/[\r\n]/.test(text));
        const folded = fold(text);
        for (const line of folded.split('\r\n')) {
          expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75);
          expect(line).not.toMatch(/^ ?[\uDC00-\uDFFF]|[\uD800-\uDBFF]$/);
        }
        expect(folded.replaceAll('\r\n ', '')).toBe(text);
      }),
      { numRuns: 500 },
    );
  });
});
