import fc from 'fast-check';
import {
  addDays,
  addDuration,
  addHours,
  addMilliseconds,
  addMinutes,
  addSeconds,
  isLocalTime,
  isTimeZone,
  localDate,
  localInstant,
  localTime,
} from './index.js';

const zones = ['Europe/London', 'America/New_York', 'Australia/Lord_Howe', 'Pacific/Kiritimati'];

describe('localInstant', () => {
  it.each([
    // ordinary days
    ['2027-06-10', '15:00', 'Europe/London', '2027-06-10T14:00:00.000Z'],
    ['2027-06-10', '15:00', 'Pacific/Kiritimati', '2027-06-10T01:00:00.000Z'],
    ['2027-06-10', '15:00', 'Australia/Lord_Howe', '2027-06-10T04:30:00.000Z'],
    ['2027-12-10', '15:00', 'Australia/Lord_Howe', '2027-12-10T04:00:00.000Z'],
    // gaps: the time moves forward by the skipped duration
    ['2027-03-28', '01:30', 'Europe/London', '2027-03-28T01:30:00.000Z'],
    ['2027-03-14', '02:30', 'America/New_York', '2027-03-14T07:30:00.000Z'],
    ['2027-10-03', '02:15', 'Australia/Lord_Howe', '2027-10-02T15:45:00.000Z'],
    // folds: the first of the two instants
    ['2027-10-31', '01:30', 'Europe/London', '2027-10-31T00:30:00.000Z'],
    ['2027-11-07', '01:30', 'America/New_York', '2027-11-07T05:30:00.000Z'],
    ['2027-04-04', '01:45', 'Australia/Lord_Howe', '2027-04-03T14:45:00.000Z'],
  ])('%s %s in %s is %s', (date, time, timeZone, expected) => {
    expect(localInstant(date, time, timeZone).toISOString()).toBe(expected);
  });

  it.each([
    ['2028-02-31', '15:00', 'Europe/London'],
    ['2027-06-10', '24:00', 'Europe/London'],
    ['2027-06-10', '15:00:00', 'Europe/London'],
    ['2027-06-10', '15:00', 'Europe/Nowhere'],
  ])('rejects %s %s in %s', (date, time, timeZone) => {
    expect(() => localInstant(date, time, timeZone)).toThrow(RangeError);
  });

  it('has that local date and time, unless the clock skips them', () => {
    const days = fc.integer({ min: 0, max: 1_500 });
    const minutes = fc.integer({ min: 0, max: 1_439 });
    fc.assert(
      fc.property(fc.constantFrom(...zones), days, minutes, (timeZone, day, minute) => {
        const date = addDays('2026-01-01', day);
        const time = `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
        const instant = localInstant(date, time, timeZone);
        expect(localDate(instant, timeZone)).toBe(date);
        const shown = localTime(instant, timeZone);
        if (shown === time) return;
        // Skipped: the local time is later by the gap of an hour or half an hour.
        expect(shown > time).toBe(true);
        // Two hours earlier may be on the previous date.
        const before = addHours(instant, -2);
        const localBefore = `${localDate(before, timeZone)} ${localTime(before, timeZone)}`;
        expect(localBefore < `${date} ${time}`).toBe(true);
      }),
      { numRuns: 4_000, examples: [['Europe/London', 815, 60]] },
    );
  });
});

it('returns the same result with a cold, warm and cleared cache', () => {
  const result = () => localInstant('2027-06-10', '15:00', 'Europe/London').toISOString();
  const first = result();
  localInstant('2027-06-10', '15:00', 'Europe/London').setTime(0);
  for (let day = 0; day < 5_000; day += 1) localInstant(addDays('2027-01-01', day), '15:00', 'UTC');
  expect(result()).toBe(first);
});

describe('localDate and localTime', () => {
  it('are those of the time zone', () => {
    const instant = new Date('2027-06-10T10:30:59.999Z');
    expect([localDate(instant, 'Pacific/Kiritimati'), localTime(instant, 'Pacific/Kiritimati')]).toEqual([
      '2027-06-11',
      '00:30',
    ]);
    expect([localDate(instant, 'Pacific/Pago_Pago'), localTime(instant, 'Pacific/Pago_Pago')]).toEqual([
      '2027-06-09',
      '23:30',
    ]);
  });

  it.each(['00:00', '09:59', '23:59'])('%s is a time of day', (time) => {
    expect(isLocalTime(time)).toBe(true);
  });

  it.each(['24:00', '9:00', '12:60', '12:00:00', '', null])('%j is not a time of day', (time) => {
    expect(isLocalTime(time)).toBe(false);
  });

  it.each(['Europe/London', 'America/Argentina/Buenos_Aires', 'UTC', 'Pacific/Kiritimati'])(
    '%s is a time zone',
    (timeZone) => {
      expect(isTimeZone(timeZone)).toBe(true);
    },
  );

  it.each(['+02:00', 'Europe/Nowhere', '', 'GMT+2; drop', 'x'.repeat(100), 7, null])(
    '%j is not a time zone',
    (timeZone) => {
      expect(isTimeZone(timeZone)).toBe(false);
    },
  );
});

describe('adding to an instant', () => {
  const instant = new Date('2027-03-27T12:00:00Z');

  it('is absolute for hours, minutes and seconds', () => {
    expect(addHours(instant, 24).toISOString()).toBe('2027-03-28T12:00:00.000Z');
    expect(addHours(instant, -24).toISOString()).toBe('2027-03-26T12:00:00.000Z');
    expect(addMinutes(instant, 15).toISOString()).toBe('2027-03-27T12:15:00.000Z');
    expect(addMilliseconds(instant, -1).toISOString()).toBe('2027-03-27T11:59:59.999Z');
    expect(addSeconds(instant, -1).toISOString()).toBe('2027-03-27T11:59:59.000Z');
  });

  it('keeps the local time for the days of an ISO 8601 duration', () => {
    expect(addDuration(instant, 'P1D').toISOString()).toBe('2027-03-28T12:00:00.000Z');
    expect(addDuration(instant, 'P1D', 'Europe/London').toISOString()).toBe('2027-03-28T11:00:00.000Z');
    expect(addDuration(instant, 'PT15M').toISOString()).toBe('2027-03-27T12:15:00.000Z');
    expect(addDuration(instant, '-P1M').toISOString()).toBe('2027-02-27T12:00:00.000Z');
    expect(() => addDuration(instant, '3 days')).toThrow(RangeError);
  });

  it('does not change the argument', () => {
    addHours(instant, 5);
    expect(instant.toISOString()).toBe('2027-03-27T12:00:00.000Z');
  });
});
