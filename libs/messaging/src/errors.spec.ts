import { createConnection } from 'node:net';
import { once } from 'node:events';
import { OptimisticLockError } from '@mikro-orm/core';
import {
  errorCode,
  errorDetail,
  HandlerTimeout,
  isLostRace,
  isTransient,
  MalformedEvent,
  RetryTransaction,
} from './errors.js';

const withCode = (code: string, message = 'x'): Error => Object.assign(new Error(message), { code });

test.each([
  ['a lost race', withCode('40001')],
  ['a deadlock', withCode('40P01')],
  ['a stale version', new OptimisticLockError('stale')],
  ['a requested retry', new RetryTransaction('concurrent insert')],
  ['a lost race inside another error', new Error('failed', { cause: withCode('40001') })],
])('%s is a lost race and transient', (_, error) => {
  expect(isLostRace(error)).toBe(true);
  expect(isTransient(error)).toBe(true);
});

test.each([
  ['the server going down', withCode('57P01')],
  ['too many connections', withCode('53300')],
  ['a lock that took too long', withCode('55P03')],
  ['a refused connection', withCode('ECONNREFUSED')],
  ['a fetch without a server', new TypeError('fetch failed', { cause: withCode('ECONNREFUSED') })],
  ['every address refused', new AggregateError([withCode('ECONNREFUSED'), withCode('ECONNREFUSED')])],
  ['a connection cut under a query', new Error('Connection terminated unexpectedly')],
  ['a pool that is closing', new Error('Cannot use a pool after calling end on the pool')],
])('%s is transient', (_, error) => {
  expect(isTransient(error)).toBe(true);
  expect(isLostRace(error)).toBe(false);
});

test.each([
  ['a TypeError', new TypeError('Cannot read properties of undefined')],
  ['a constraint violation', withCode('23505')],
  ['a statement timeout', withCode('57014')],
  ['a problem', withCode('booking.not_found')],
  ['a handler timeout', new HandlerTimeout('booking.created', 30)],
  ['an unreadable event', new MalformedEvent('no')],
  ['a message that mentions connections', new Error('No booking for "Connection terminated"')],
  ['a thrown string', 'ECONNREFUSED'],
  ['undefined', undefined],
])('%s is not transient', (_, error) => {
  expect(isTransient(error)).toBe(false);
});

test("recognises errors of Node's built-in modules", async () => {
  const socket = createConnection({ host: '127.0.0.1', port: 1 });
  const [error] = (await once(socket, 'error')) as [unknown];
  expect(isTransient(error)).toBe(true);
  expect(errorCode(error)).toBe('ECONNREFUSED');
});

test('errorCode is a code for operators, and errorDetail is one short line', () => {
  expect(errorCode(withCode('booking.not_found'))).toBe('booking.not_found');
  expect(errorCode(new RangeError('x'))).toBe('RangeError');
  expect(errorCode('oops')).toBe('Unknown');
  expect(errorDetail(new RangeError(`x${'y'.repeat(900)}\nsecond line`))).toHaveLength(500);
  expect(errorDetail(new RangeError('first\nsecond'))).toBe('RangeError: first');
  expect(errorDetail('oops')).toBe('oops');
});
