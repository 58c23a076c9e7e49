import { admitCode, CODE_LIMITS, type CodeCounts } from './code-limits.js';

const none = { hour: 0, day: 0 };
const counts = (more: Partial<CodeCounts> = {}): CodeCounts => ({
  user: none,
  network: none,
  phone: none,
  ...more,
});

test.each(['user', 'network'] as const)(
  'a %s gets the last code of an hour and of a day, and no more',
  (subject) => {
    const { hour, day } = CODE_LIMITS[subject];
    const admit = (count: { hour: number; day: number }) => admitCode(counts({ [subject]: count }));
    expect(admit({ hour: hour - 1, day: day - 1 })).toBe('send');
    expect(admit({ hour, day: hour })).toBe('refuse');
    expect(admit({ hour: 0, day })).toBe('refuse');
  },
);

test('the limit of a number is not shown', () => {
  const phone = { hour: CODE_LIMITS.phone.hour, day: CODE_LIMITS.phone.hour };
  expect(admitCode(counts({ phone }))).toBe('silent');
  expect(admitCode(counts({ phone: { hour: 0, day: CODE_LIMITS.phone.day } }))).toBe('silent');
});
