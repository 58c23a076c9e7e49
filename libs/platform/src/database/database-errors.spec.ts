import { serializeError } from '../logging/error-serializer.js';
import { isOutage } from './database-errors.js';

const failed = (code: string, message = 'x') => Object.assign(new Error(message), { code });

describe('isOutage', () => {
  test.each(['57P01', '57P03', '08006', '53300', '57014', '40001', 'ECONNREFUSED', 'ECONNRESET'])(
    'is true for %s, also as a cause',
    (code) => {
      expect(isOutage(failed(code))).toBe(true);
      expect(isOutage(new Error('wrapped', { cause: failed(code) }))).toBe(true);
    },
  );

  test.each(['23505', '42P01', '22P02', '22021', 'ENOENT'])('is false for %s', (code) => {
    expect(isOutage(failed(code))).toBe(false);
  });
});

test('serializeError omits the statement and the values of a database error', () => {
  const error = Object.assign(
    failed('23505', 'insert into "user" ("email") - Key (email)=(ann@example.com) exists'),
    {
      detail: 'Key (email)=(ann@example.com)',
      constraint: 'user_email',
    },
  );
  expect(serializeError(error)).toMatchObject({ message: 'PostgreSQL 23505', constraint: 'user_email' });
  expect(JSON.stringify(serializeError(error))).not.toContain('ann@');
});
