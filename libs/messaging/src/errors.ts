import { OptimisticLockError } from '@mikro-orm/core';

/** Thrown inside a transaction that lost a race it can win on a second try (an insert that met its twin, say). */
export class RetryTransaction extends Error {
  override readonly name = 'RetryTransaction';
}

/** A handler that did not come to an end in time. */
export class HandlerTimeout extends Error {
  override readonly name = 'HandlerTimeout';
  constructor(type: string, seconds: number) {
    super(`The handler of ${type} took longer than ${seconds} s`);
  }
}

/** An event that no number of tries will make readable. */
export class MalformedEvent extends Error {
  override readonly name = 'MalformedEvent';
}

const LOST_RACE = new Set(['40001', '40P01']);

/** The connection, the server's resources, the server going down or coming up, its disk, a lock that took too long. */
const SERVER_AWAY = /^(08...|53...|57P..|58...|55P03)$/;

const NETWORK_AWAY = new Set([
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

/** What pg and ioredis say without a code when a connection went away under them. */
const CONNECTION_LOST =
  /^(Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect|Connection ended unexpectedly|Query read timeout|Cannot use a pool after calling end|driver has already been destroyed|Connection is closed|Reached the max retries per request limit)/;

interface Thrown {
  name?: unknown;
  message?: unknown;
  code?: unknown;
  cause?: unknown;
  errors?: unknown;
}

/** Not `instanceof Error`: what Node's own parts throw is of another realm in a test run. */
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

/** Another try of the whole transaction may succeed: the database chose this one as the loser of a race. */
export function isLostRace(error: unknown): boolean {
  for (const each of chain(error)) {
    if (each instanceof RetryTransaction || each instanceof OptimisticLockError) return true;
    if (typeof each.code === 'string' && LOST_RACE.has(each.code)) return true;
  }
  return false;
}

/** Nothing is wrong with the event: the database or the network is away, and will be back. */
export function isTransient(error: unknown): boolean {
  if (isLostRace(error)) return true;
  for (const { code, message } of chain(error)) {
    if (typeof code === 'string' && (NETWORK_AWAY.has(code) || SERVER_AWAY.test(code))) return true;
    if (typeof message === 'string' && CONNECTION_LOST.test(message)) return true;
  }
  return false;
}

/** What operators sort by: a problem's code, an SQLSTATE, or the error's name. */
export function errorCode(error: unknown): string {
  const thrown = asThrown(error);
  if (typeof thrown?.code === 'string') return thrown.code;
  return typeof thrown?.name === 'string' ? thrown.name : 'Unknown';
}

/** For the operator who looks at a parked event. Of a database error only what quotes no value. */
export function errorDetail(error: unknown): string {
  const thrown = asThrown(error);
  const text = thrown ? `${String(thrown.name)}: ${String(thrown.message)}` : String(error);
  // What PostgreSQL would refuse must not keep the letter from being written: a NUL, half of a character.
  return (text.split('\n')[0] ?? '').slice(0, 500).replaceAll('\0', '\uFFFD').toWellFormed();
}
