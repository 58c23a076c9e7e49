import { admitCode, CODE_LIMITS, type CodeCounts } from './code-limits.js';

const PER_DAY = 1000;
const none = { hour: 0, day: 0 };
const counts = (more: Partial<CodeCounts> = {}): CodeCounts => ({
  user: none,
  network: none,
  phone: none,
  sentInDay: 0,
  ...more,
});

test.each(['user', 'network'] as const)(
  'a %s gets the last code of an hour and of a day, and no more',
  (subject) => {
    const { hour, day } = CODE_LIMITS[subject];
    const admit = (count: { hour: number; day: number }) => admitCode(counts({ [subject]: count }), PER_DAY);
    expect(admit({ hour: hour - 1, day: day - 1 })).toBe('send');
    expect(admit({ hour, day: hour })).toBe('refuse');
    expect(admit({ hour: 0, day })).toBe('refuse');
  },
);

test('the limit of a number is not shown', () => {
  const phone = { hour: CODE_LIMITS.phone.hour, day: CODE_LIMITS.phone.hour };
  expect(admitCode(counts({ phone }), PER_DAY)).toBe('silent');
  expect(admitCode(counts({ phone: { hour: 0, day: CODE_LIMITS.phone.day } }), PER_DAY)).toBe('silent');
});

test('no message is sent above the limit of all users', () => {
  expect(admitCode(counts({ sentInDay: PER_DAY - 1 }), PER_DAY)).toBe('send');
  expect(admitCode(counts({ sentInDay: PER_DAY }), PER_DAY)).toBe('refuse');
});
