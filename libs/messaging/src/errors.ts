import { OptimisticLockError } from '@mikro-orm/core';

/** Thrown inside a transaction to have it retried, e.g. after an insert that conflicted with a concurrent one. */
export class RetryTransaction extends Error {
  override readonly name = 'RetryTransaction';
}

/** A handler exceeded its time limit. */
export class HandlerTimeout extends Error {
  override readonly name = 'HandlerTimeout';
  constructor(type: string, seconds: number) {
    super(`The handler of ${type} took longer than ${seconds} s`);
  }
}

/** An event that can't be parsed; it is not retried. */
export class MalformedEvent extends Error {
  override readonly name = 'MalformedEvent';
}

/** serialization_failure, deadlock_detected */
const LOST_RACE = new Set(['40001', '40P01']);

/** SQLSTATEs: connection, insufficient resources, shutdown or startup of the server, I/O, lock timeout. */
const SERVER_UNAVAILABLE = /^(08...|53...|57P..|58...|55P03)$/;

const NETWORK_UNAVAILABLE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Messages of pg and ioredis errors that have no code and mean a lost connection. */
const CONNECTION_LOST =
  /^(Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect|Connection ended unexpectedly|Query read timeout|Cannot use a pool after calling end|driver has already been destroyed|Connection is closed|Reached the max retries per request limit)/;

interface Thrown {
  name?: unknown;
  message?: unknown;
  code?: unknown;
  cause?: unknown;
  errors?: unknown;
}

/** Not `instanceof Error`: in a test run, errors of Node's built-in modules are of another realm. */
function asThrown(error: unknown): Thrown | undefined {
  return typeof error === 'object' && error !== null ? error : undefined;
}

function* chain(error: unknown, depth = 0): Generator<Thrown> {
  const thrown = asThrown(error);
  if (!thrown || depth > 4) return;
  yield thrown;
  yield* chain(thrown.cause, depth + 1);
  if (Array.isArray(thrown.errors)) {
    for (const each of thrown.errors) yield* chain(each, depth + 1);
  }
}

/** A serialization failure, a deadlock or a stale version: a retry of the whole transaction may succeed. */
export function isLostRace(error: unknown): boolean {
  for (const each of chain(error)) {
    if (each instanceof RetryTransaction || each instanceof OptimisticLockError) return true;
    if (typeof each.code === 'string' && LOST_RACE.has(each.code)) return true;
  }
  return false;
}

/** A failure that does not depend on the event: a lost race, or a database or network that is unavailable. */
export function isTransient(error: unknown): boolean {
  if (isLostRace(error)) return true;
  for (const { code, message } of chain(error)) {
    if (typeof code === 'string' && (NETWORK_UNAVAILABLE.has(code) || SERVER_UNAVAILABLE.test(code)))
      return true;
    if (typeof message === 'string' && CONNECTION_LOST.test(message)) return true;
  }
  return false;
}

/** A code to group failures by: a problem's code, an SQLSTATE, or the error's name. */
export function errorCode(error: unknown): string {
  const thrown = asThrown(error);
  if (typeof thrown?.code === 'string') return thrown.code;
  return typeof thrown?.name === 'string' ? thrown.name : 'Unknown';
}

/** The first line of an error, ≤ 500 characters, for operators. Later lines of a database error may quote values. */
export function errorDetail(error: unknown): string {
  const thrown = asThrown(error);
  const text = thrown ? `${String(thrown.name)}: ${String(thrown.message)}` : String(error);
  // PostgreSQL rejects NUL and lone surrogates; the dead letter must be stored all the same.
  return (text.split('\n')[0] ?? '').slice(0, 500).replaceAll('\0', '\uFFFD').toWellFormed();
}
