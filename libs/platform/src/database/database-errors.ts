import { Problem, storageFull, unavailable } from '../errors/problem.js';

/** Temporary SQLSTATEs: classes 08, 53 and 57, and serialization failures and locks that remain after all retries. */
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

/** Whether an error, or one of its causes, means that PostgreSQL or Redis is temporarily unavailable. */
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

const NO_SPACE_CODES = new Set(['53100', 'ENOSPC', 'EDQUOT']);
/** In errors of PostgreSQL's transaction log and of Redis's append-only file. */
const NO_SPACE_MESSAGE = /No space left on device|Disk quota exceeded/;

/** Whether an error, or one of its causes, means that a disk is full. */
export function isStorageFull(error: unknown, depth = 0): boolean {
  if (typeof error !== 'object' || error === null || depth > 4) return false;
  const { code, message, cause, previous } = error as ErrorLike;
  if (typeof code === 'string' && NO_SPACE_CODES.has(code)) return true;
  if (typeof message === 'string' && NO_SPACE_MESSAGE.test(message)) return true;
  return isStorageFull(cause, depth + 1) || isStorageFull(previous, depth + 1);
}

/**
 * The problem itself, 503 `storage.full` for a full disk, 503 `service.unavailable` for an outage, 500 `internal` for all
 * other errors.
 */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (isStorageFull(error)) return storageFull();
  return isOutage(error) ? unavailable() : new Problem('internal');
}
