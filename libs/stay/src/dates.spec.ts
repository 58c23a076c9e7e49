import fc from 'fast-check';
import {
  MAX_NIGHTS,
  WEEKDAYS,
  addDays,
  addMonths,
  compareDates,
  isRealDate,
  mergeRanges,
  nightCount,
  nights,
  rangesOverlap,
  weekday,
} from './index.js';

const anyDate = fc.integer({ min: 0, max: 40_000 }).map((days) => addDays('2000-01-01', days));
const anyRange = fc
  .tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 10 }))
  .map(([start, length]) => ({
    from: addDays('2027-01-01', start),
    to: addDays('2027-01-01', start + length),
  }));

describe('isRealDate', () => {
  it.each(['2028-02-29', '2027-12-31', '0001-01-01', '9999-12-31'])('accepts %s', (date) => {
    expect(isRealDate(date)).toBe(true);
  });

  it.each([
    '2028-02-31',
    '2027-02-29',
    '2100-02-29',
    '2027-13-01',
    '2027-00-10',
    '2027-01-00',
    '2027-1-01',
    '2027-01-01T00:00:00Z',
    '+002027-01-01',
    ' 2027-01-01',
    '2027-01-01\n',
    '0000-01-01',
    '',
    20_270_101,
    null,
    undefined,
  ])('rejects %j', (date) => {
    expect(isRealDate(date)).toBe(false);
  });
});

describe('nights', () => {
  it('returns the dates of the half-open range', () => {
    expect(nights('2028-02-27', '2028-03-02')).toEqual([
      '2028-02-27',
      '2028-02-28',
      '2028-02-29',
      '2028-03-01',
    ]);
    expect(nights('2027-06-10', '2027-06-10')).toEqual([]);
    expect(nights('2027-06-10', '2027-06-09')).toEqual([]);
    expect(nightCount('2027-06-10', '2027-06-09')).toBe(-1);
  });

  it('has a limit, and nightCount has none', () => {
    expect(nightCount('2027-01-01', '9999-12-31')).toBeGreaterThan(MAX_NIGHTS);
    expect(() => nights('2027-01-01', '9999-12-31')).toThrow(RangeError);
  });

  it('returns nightCount consecutive dates', () => {
    fc.assert(
      fc.property(anyDate, fc.integer({ min: 1, max: 400 }), (checkIn, length) => {
        const stay = nights(checkIn, addDays(checkIn, length));
        expect(stay).toHaveLength(length);
        expect(stay[0]).toBe(checkIn);
        stay.slice(1).forEach((night, previous) => expect(night).toBe(addDays(stay[previous] ?? '', 1)));
      }),
    );
  });
});

describe('calendar arithmetic', () => {
  it('returns existing dates only', () => {
    expect(addDays('2028-02-28', 1)).toBe('2028-02-29');
    expect(addDays('2027-03-01', -1)).toBe('2027-02-28');
    expect(addMonths('2027-01-31', 1)).toBe('2027-02-28');
    expect(addMonths('2027-01-31', 13)).toBe('2028-02-29');
    expect(() => addDays('9999-12-31', 1)).toThrow(RangeError);
    expect(() => addDays('2028-02-31', 1)).toThrow(RangeError);
  });

  it('orders dates', () => {
    fc.assert(
      fc.property(anyDate, anyDate, (a, b) => {
        expect(Math.sign(compareDates(a, b))).toBe(Math.sign(nightCount(b, a)) + 0);
        expect(addDays(a, nightCount(a, b))).toBe(b);
      }),
    );
  });

  it('returns weekdays', () => {
    expect(weekday('2027-06-10')).toBe('thu');
    expect(nights('2027-06-07', '2027-06-14').map(weekday)).toEqual([...WEEKDAYS]);
  });
});

describe('ranges', () => {
  const range = (from: string, to: string) => ({ from: `2027-01-${from}`, to: `2027-01-${to}` });

  it.each([
    [range('01', '05'), range('05', '09'), false],
    [range('01', '06'), range('05', '09'), true],
    [range('01', '09'), range('03', '04'), true],
    [range('03', '03'), range('01', '09'), false],
  ])('%j and %j overlap: %s', (a, b, expected) => {
    expect(rangesOverlap(a, b)).toBe(expected);
    expect(rangesOverlap(b, a)).toBe(expected);
  });

  it('merges overlapping and adjacent ranges', () => {
    expect(
      mergeRanges([
        range('08', '09'),
        range('01', '03'),
        range('03', '05'),
        range('02', '04'),
        range('07', '07'),
      ]),
    ).toEqual([range('01', '05'), range('08', '09')]);
  });

  it('overlap if and only if they share a night, and merging preserves the nights', () => {
    fc.assert(
      fc.property(fc.array(anyRange, { maxLength: 12 }), anyRange, anyRange, (ranges, a, b) => {
        const inB = new Set(nights(b.from, b.to));
        expect(rangesOverlap(a, b)).toBe(nights(a.from, a.to).some((night) => inB.has(night)));

        const before = [...new Set(ranges.flatMap(({ from, to }) => nights(from, to)))].sort();
        const merged = mergeRanges(ranges);
        expect(merged.flatMap(({ from, to }) => nights(from, to))).toEqual(before);
        merged
          .slice(1)
          .forEach(({ from }, previous) => expect(from > (merged[previous]?.to ?? '')).toBe(true));
      }),
    );
  });
});
