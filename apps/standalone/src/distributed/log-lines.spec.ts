import { LogLines } from './log-lines.js';

const entry = (fields: object) =>
  JSON.stringify({ level: 'info', time: '2027-01-01T00:00:00Z', service: 'bookings', ...fields });

describe('the line of a service', () => {
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
    ['a numeric level of pino', '{"level":40,"name":"sandbox","pid":7,"msg":"late"}', 'warn  late'],
    ['no JSON', 'DATABASE_URL is missing', 'DATABASE_URL is missing'],
    ['broken JSON', '{"level":', '{"level":'],
    ['JSON that is not a log line', '{"a":1}', '{"a":1}'],
    ['a long value', entry({ msg: 'm', what: 'x'.repeat(500) }), `info  m what=${'x'.repeat(120)}…`],
  ])('formats %s', (_case, line, formatted) => {
    expect(lines.format('bookings', line)).toBe(`bookings │ ${formatted}`);
  });

  test('aligns the names of services', () => {
    expect(lines.format('gateway', 'a')).toBe('gateway  │ a');
  });

  test('has the colour of its service, and errors are red', () => {
    const coloured = new LogLines(['bookings', 'gateway'], true);
    expect(coloured.format('bookings', 'a')).not.toBe(coloured.format('gateway ', 'a'));
    expect(coloured.format('bookings', entry({ level: 'error', msg: 'lost' }))).toContain(
      '\u001B[31merror lost',
    );
  });
});
