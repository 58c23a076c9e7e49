import { rangeOfMonth } from './month.js';

test.each([
  ['2030-05', '2030-05-01T00:00:00.000Z', '2030-06-01T00:00:00.000Z'],
  ['2030-12', '2030-12-01T00:00:00.000Z', '2031-01-01T00:00:00.000Z'],
  ['2028-02', '2028-02-01T00:00:00.000Z', '2028-03-01T00:00:00.000Z'],
])('%s is from %s to %s', (month, from, to) => {
  expect(rangeOfMonth(month)).toEqual({ from: new Date(from), to: new Date(to) });
});

test.each(['2030-13', '2030-00', '2030-5', '1999-12', '2100-01', '2030-05-01', '', 'x2030-05', '٢٠٣٠-٠٥'])(
  '"%s" is no month',
  (month) => {
    expect(rangeOfMonth(month)).toBeNull();
  },
);
