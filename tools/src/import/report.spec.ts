import { Report } from './report.js';

test('counts every row once, and each reason with a few examples', () => {
  const report = new Report();
  expect(report.isEmpty).toBe(true);
  for (let n = 1; n <= 1_200; n += 1) {
    report.result(
      'listings',
      { id: `${n}`, outcome: 'created', code: null, pointer: null, detail: null },
      `${n}`,
    );
  }
  for (const n of [1, 2, 3, 4]) report.skip('listings', 'no price', `listing ${n}`);
  const refusal = {
    id: null,
    outcome: 'refused' as const,
    code: 'request.invalid',
    detail: 'Must be a real date',
  };
  report.result('calendars', { ...refusal, pointer: '/blocked/0/to' }, 'listing 8');
  report.result('calendars', { ...refusal, pointer: '/blocked/17/to' }, 'listing 9');
  report.note('listings', 'mail address masked', 'listing 7');
  expect(report.lines()).toEqual([
    '             created   updated unchanged   skipped   refused',
    'listings       1,200         0         0         4         0',
    'calendars          0         0         0         0         2',
    '',
    '        4  listings, skipped: no price, for example listing 1, listing 2, listing 3',
    '        1  listings, mail address masked, for example listing 7',
    '        2  calendars, rejected: Must be a real date (request.invalid at /blocked/*/to), for example listing 8, listing 9',
  ]);
  expect(report.of('listings', 'created')).toBe(1_200);
});

test('reports what an imported row lacks', () => {
  const report = new Report();
  const row = { id: '1', outcome: 'created' as const, code: 'listing.incomplete', pointer: '/content/title' };
  report.result('listings', { ...row, detail: 'It stays a draft: publishing needs this' }, 'listing 1');
  expect(report.lines().at(-1)).toBe(
    '        1  listings, It stays a draft: publishing needs this (listing.incomplete at /content/title), for example listing 1',
  );
});
