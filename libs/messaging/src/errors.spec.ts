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
  ['a flagged race', new RetryTransaction('twin')],
  ['a lost race inside another error', new Error('failed', { cause: withCode('40001') })],
])('%s is run again, and counts as transient', (_, error) => {
  expect(isLostRace(error)).toBe(true);
  expect(isTransient(error)).toBe(true);
});

test.each([
  ['the server going down', withCode('57P01')],
  ['too many connections', withCode('53300')],
  ['a lock that took too long', withCode('55P03')],
  ['a refused connection', withCode('ECONNREFUSED')],
  ['a fetch that found nobody', new TypeError('fetch failed', { cause: withCode('ECONNREFUSED') })],
  ['every address refused', new AggregateError([withCode('ECONNREFUSED'), withCode('ECONNREFUSED')])],
  ['a connection cut under a query', new Error('Connection terminated unexpectedly')],
  ['a pool that is being closed', new Error('Cannot use a pool after calling end on the pool')],
])('%s passes', (_, error) => {
  expect(isTransient(error)).toBe(true);
  expect(isLostRace(error)).toBe(false);
});

test.each([
  ['a TypeError', new TypeError('Cannot read properties of undefined')],
  ['a broken constraint', withCode('23505')],
  ['a statement that is too slow', withCode('57014')],
  ['a problem', withCode('booking.not_found')],
  ['a handler that takes too long', new HandlerTimeout('booking.created', 30)],
  ['an event that can not be read', new MalformedEvent('no')],
  ['a message about connections', new Error('No booking for "Connection terminated"')],
  ['a thrown string', 'ECONNREFUSED'],
  ['nothing', undefined],
])('%s does not', (_, error) => {
  expect(isTransient(error)).toBe(false);
});

test("what Node's own parts throw is understood", async () => {
  const socket = createConnection({ host: '127.0.0.1', port: 1 });
  const [error] = (await once(socket, 'error')) as [unknown];
  expect(isTransient(error)).toBe(true);
  expect(errorCode(error)).toBe('ECONNREFUSED');
});

test('a code names the fault for operators, and the detail is one short line', () => {
  expect(errorCode(withCode('booking.not_found'))).toBe('booking.not_found');
  expect(errorCode(new RangeError('x'))).toBe('RangeError');
  expect(errorCode('oops')).toBe('Unknown');
  expect(errorDetail(new RangeError(`x${'y'.repeat(900)}\nsecond line`))).toHaveLength(500);
  expect(errorDetail(new RangeError('first\nsecond'))).toBe('RangeError: first');
  expect(errorDetail('oops')).toBe('oops');
});
