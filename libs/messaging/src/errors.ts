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

/** Classes 08, 53 and 57P: the connection, the server's resources, the server going down or coming up. */
const SERVER_AWAY = /^(08|53|57P|58)/;

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

/** pg reports a connection that went away under a query without a code. */
const CONNECTION_LOST =
  /Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect|Connection ended unexpectedly/;

function* chain(error: unknown): Generator<Error & { code?: unknown }> {
  let current = error;
  for (let depth = 0; current instanceof Error && depth < 5; depth += 1) {
    yield current;
    if (current instanceof AggregateError) yield* current.errors.flatMap((each) => [...chain(each)]);
    current = current.cause;
  }
}

/** Another try of the whole transaction may succeed: the database chose this one as the loser of a race. */
export function isLostRace(error: unknown): boolean {
  for (const each of chain(error)) {
    if (each instanceof RetryTransaction || each instanceof OptimisticLockError) return true;
    if (LOST_RACE.has(String(each.code))) return true;
  }
  return false;
}

/** Nothing is wrong with the event: the database or the network is away, and will be back. */
export function isTransient(error: unknown): boolean {
  if (isLostRace(error)) return true;
  for (const each of chain(error)) {
    if (each instanceof HandlerTimeout) return false;
    const code = String(each.code);
    if (NETWORK_AWAY.has(code) || (code.length === 5 && SERVER_AWAY.test(code))) return true;
    if (CONNECTION_LOST.test(each.message)) return true;
  }
  return false;
}

/** What operators sort by: a problem's code, an SQLSTATE, or the error's name. */
export function errorCode(error: unknown): string {
  if (!(error instanceof Error)) return 'Unknown';
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : error.name;
}
