import { LogLines } from './log-line.js';

const entry = (fields: object) =>
  JSON.stringify({ level: 'info', time: '2027-01-01T00:00:00Z', service: 'bookings', ...fields });

describe('a line of a service', () => {
  const lines = new LogLines(['bookings', 'gateway'], false);

  test.each([
    [
      'message and fields',
      entry({ msg: 'request', status: 200, path: '/v1/me' }),
      'info  request status=200 path=/v1/me',
    ],
    [
      'an error',
      entry({ level: 'error', msg: 'lost', err: { message: 'no way', stack: 'at …' } }),
      'error lost err="no way"',
    ],
    ["pino's own numbers", '{"level":40,"name":"sandbox","pid":7,"msg":"late"}', 'warn  late'],
    ['no JSON', 'DATABASE_URL is missing', 'DATABASE_URL is missing'],
    ['broken JSON', '{"level":', '{"level":'],
    ['JSON of somebody else', '{"a":1}', '{"a":1}'],
    ['a long value', entry({ msg: 'm', what: 'x'.repeat(500) }), `info  m what=${'x'.repeat(120)}…`],
  ])('%s', (_what, line, shown) => {
    expect(lines.shown('bookings', line)).toBe(`bookings │ ${shown}`);
  });

  test('the names line up', () => {
    expect(lines.shown('gateway', 'a')).toBe('gateway  │ a');
  });

  test('has the colour of its service, and red for what went wrong', () => {
    const coloured = new LogLines(['bookings', 'gateway'], true);
    expect(coloured.shown('bookings', 'a')).not.toBe(coloured.shown('gateway ', 'a'));
    expect(coloured.shown('bookings', entry({ level: 'error', msg: 'lost' }))).toContain(
      '\u001B[31merror lost',
    );
  });
});
