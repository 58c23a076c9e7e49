import { Problem, unavailable } from '../errors/problem.js';

/** Classes 08, 53 and 57, and what a lost race that outlasted its tries leaves: come back later. */
const TRANSIENT_STATE = /^(?:08...|53...|57P0.|57014|55P03|40001|40P01|25P03|25P04)$/;
const TRANSIENT_SOCKET = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
]);
const TRANSIENT_MESSAGE =
  /^(?:Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Connection ended unexpectedly|Cannot use a pool after calling end|Query read timeout|Connection is closed|Reached the max retries per request limit)/;

interface ErrorLike {
  code?: unknown;
  errno?: unknown;
  syscall?: unknown;
  message?: unknown;
  cause?: unknown;
  previous?: unknown;
  errors?: unknown;
}

/** Whether an error says that PostgreSQL or Redis is not there at the moment, rather than that something is wrong. */
export function isOutage(error: unknown, depth = 0): boolean {
  if (typeof error !== 'object' || error === null || depth > 4) return false;
  const { code, syscall, message, cause, previous, errors } = error as ErrorLike;
  if (typeof code === 'string') {
    if (TRANSIENT_STATE.test(code)) return true;
    if (TRANSIENT_SOCKET.has(code) && (code !== 'ENOENT' || syscall === 'connect')) return true;
  }
  if (typeof message === 'string' && TRANSIENT_MESSAGE.test(message)) return true;
  if (Array.isArray(errors) && errors.length > 0 && errors.every((one) => isOutage(one, depth + 1)))
    return true;
  return isOutage(cause, depth + 1) || isOutage(previous, depth + 1);
}

export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return isOutage(error) ? unavailable() : new Problem('internal');
}

/** What a log may say of an error: never the SQL, its parameters or PostgreSQL's detail, which quotes values. */
export function loggable(error: unknown): Record<string, unknown> {
  // Not `instanceof Error`: specs run in a realm of their own, and so do the errors of Node's parts.
  if (typeof error !== 'object' || error === null) return { type: typeof error };
  const { name, message, stack, code, constraint, table, cause } = error as Record<string, unknown>;
  const isSqlState = typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code);
  const frames = (typeof stack === 'string' ? stack : '').split('\n').filter((line) => /^\s+at /.test(line));
  return {
    type: name,
    message: isSqlState ? `PostgreSQL ${code}` : String(message).split('\n')[0]?.slice(0, 500),
    ...(code === undefined ? {} : { code }),
    ...(constraint === undefined ? {} : { constraint }),
    ...(table === undefined ? {} : { table }),
    stack: frames.slice(0, 12).join('\n'),
    ...(cause == null ? {} : { cause: loggable(cause) }),
  };
}
