import { addDays } from '@roost/stay';
import {
  DEFAULT_STAY_RULES,
  Guests,
  StayRules,
  type StayToCheck,
  checkChangedStay,
  checkStay,
  minNightsOn,
} from './index.js';

type Rules = Parameters<typeof StayRules.parse>[0] & object;

/** Three nights from Thursday 2027-06-10, requested on Monday 2027-05-10 at 10:00 in London. */
function aStay(rules: Rules = {}, stay: Partial<StayToCheck> = {}): StayToCheck {
  return {
    rules: StayRules.parse(rules),
    capacity: 4,
    maxPets: 1,
    checkInDate: '2027-06-10',
    checkOutDate: '2027-06-13',
    guests: Guests.parse({ adults: 2 }),
    timeZone: 'Europe/London',
    now: new Date('2027-05-10T09:00:00Z'),
    ...stay,
  };
}

describe('checkStay', () => {
  it('allows an ordinary stay under the default rules', () => {
    expect(checkStay(aStay())).toBeNull();
    expect(DEFAULT_STAY_RULES).toEqual({
      minNights: 1,
      maxNights: 365,
      minNightsByWeekday: {},
      minNightsOverrides: [],
      advanceNoticeDays: 0,
      sameDayCutOff: '18:00',
      preparationNights: 0,
      bookingWindowMonths: 12,
      checkInWeekdays: null,
      checkOutWeekdays: null,
    });
  });

  it.each<[string, Rules, Partial<StayToCheck>, ReturnType<typeof checkStay>]>([
    ['exactly the minimum nights', { minNights: 3 }, {}, null],
    ['one night below the minimum', { minNights: 4 }, {}, { rule: 'min_nights', required: 4 }],
    ['exactly the maximum nights', { maxNights: 3 }, {}, null],
    ['one night above the maximum', { maxNights: 2 }, {}, { rule: 'max_nights', required: 2 }],
    [
      '10,000 nights',
      {},
      { checkOutDate: addDays('2027-06-10', 10_000) },
      { rule: 'max_nights', required: 365 },
    ],
    ['the last day of notice', { advanceNoticeDays: 31 }, {}, null],
    ['one day of notice too few', { advanceNoticeDays: 32 }, {}, { rule: 'advance_notice', required: 32 }],
    ['the last day of the window', { bookingWindowMonths: 1 }, {}, null],
    [
      'one day after the window',
      { bookingWindowMonths: 1 },
      { checkInDate: '2027-06-11' },
      { rule: 'booking_window', required: '2027-06-10' },
    ],
    ['an allowed weekday for check-in', { checkInWeekdays: ['thu', 'sun'] }, {}, null],
    [
      'a weekday without check-in',
      { checkInWeekdays: ['fri', 'sat'] },
      {},
      { rule: 'check_in_weekday', required: 'fri,sat' },
    ],
    ['an allowed weekday for check-out', { checkOutWeekdays: ['sun'] }, {}, null],
    [
      'a weekday without check-out',
      { checkOutWeekdays: ['mon'] },
      {},
      { rule: 'check_out_weekday', required: 'mon' },
    ],
    ['as many guests as the capacity', {}, { capacity: 2 }, null],
    ['one guest too many', {}, { capacity: 1 }, { rule: 'capacity', required: 1 }],
    [
      'children in the capacity',
      {},
      { capacity: 2, guests: Guests.parse({ adults: 2, children: [{ age: 2 }] }) },
      { rule: 'capacity', required: 2 },
    ],
    [
      'infants and pets outside the capacity',
      {},
      { capacity: 2, guests: Guests.parse({ adults: 2, children: [{ age: 1 }], infants: 2, pets: 1 }) },
      null,
    ],
    ['one pet too many', {}, { guests: Guests.parse({ adults: 1, pets: 2 }) }, { rule: 'pets', required: 1 }],
  ])('checks %s', (_, rules, stay, expected) => {
    expect(checkStay(aStay(rules, stay))).toEqual(expected);
  });

  it.each([
    ['2027-06-10T16:59:59Z', null],
    ['2027-06-10T17:00:00Z', { rule: 'advance_notice', required: '18:00' }],
  ])('allows a check-in today until the cut-off in local time (%s)', (now, expected) => {
    expect(checkStay(aStay({}, { now: new Date(now) }))).toEqual(expected);
  });

  it('ignores the cut-off for a check-in tomorrow', () => {
    expect(checkStay(aStay({}, { now: new Date('2027-06-09T21:00:00Z') }))).toBeNull();
  });

  it('uses the local date of the listing as today', () => {
    const rules = { advanceNoticeDays: 1 };
    const at = (now: string) =>
      checkStay(aStay(rules, { timeZone: 'Pacific/Kiritimati', now: new Date(now) }));
    expect(at('2027-06-09T09:59:59Z')).toBeNull();
    expect(at('2027-06-09T10:00:00Z')).toEqual({ rule: 'advance_notice', required: 1 });
  });
});

describe('minNightsOn', () => {
  const rules = StayRules.parse({
    minNights: 2,
    minNightsByWeekday: { thu: 3, sat: 1 },
    minNightsOverrides: [
      { from: '2027-06-01', to: '2027-07-01', minNights: 5 },
      { from: '2027-06-10', to: '2027-06-11', minNights: 7 },
    ],
  });

  it.each([
    ['2027-05-12', 2],
    ['2027-05-13', 3],
    ['2027-05-15', 1],
    ['2027-06-03', 5],
    ['2027-06-05', 5],
    ['2027-06-10', 7],
    ['2027-06-30', 5],
    ['2027-07-01', 3],
    ['2027-07-02', 2],
  ])('a stay from %s requires at least %d nights', (checkInDate, expected) => {
    expect(minNightsOn(rules, checkInDate)).toBe(expected);
  });
});

describe('checkChangedStay', () => {
  const before = aStay();
  const strict: Rules = {
    minNights: 5,
    advanceNoticeDays: 60,
    bookingWindowMonths: 1,
    checkInWeekdays: ['mon'],
    checkOutWeekdays: ['mon'],
  };
  const crowded = { capacity: 1, maxPets: 0 };

  it.each<[string, Partial<StayToCheck>, ReturnType<typeof checkStay>]>([
    ['no change', {}, null],
    ['changed guests', { guests: Guests.parse({ adults: 3 }) }, { rule: 'capacity', required: 1 }],
    ['changed pets', { guests: Guests.parse({ adults: 1, pets: 1 }) }, { rule: 'pets', required: 0 }],
    ['a check-out that is too early', { checkOutDate: '2027-06-14' }, { rule: 'min_nights', required: 5 }],
    ['a changed check-out', { checkOutDate: '2027-06-15' }, { rule: 'check_out_weekday', required: 'mon' }],
    ['a check-out on an allowed weekday', { checkOutDate: '2027-06-21' }, null],
    ['a check-in that is too late', { checkInDate: '2027-06-11' }, { rule: 'min_nights', required: 5 }],
    [
      'changed check-in and check-out',
      { checkInDate: '2027-06-11', checkOutDate: '2027-06-21' },
      { rule: 'advance_notice', required: 60 },
    ],
  ])('checks only the rules that depend on %s', (_name, changed, refusal) => {
    expect(checkChangedStay(aStay(strict, { ...crowded, ...changed }), before)).toEqual(refusal);
  });

  it('agrees with checkStay when every part changes', () => {
    const other = {
      checkInDate: '2027-06-18',
      checkOutDate: '2027-06-19',
      guests: Guests.parse({ adults: 9 }),
    };
    for (const rules of [{}, strict, { maxNights: 1 }, { checkInWeekdays: ['mon' as const] }]) {
      const stay = aStay(rules, other);
      expect(checkChangedStay(stay, before)).toEqual(checkStay(stay));
    }
  });
});
