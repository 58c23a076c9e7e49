import { startTimer } from './timer.js';

/** The work did not finish within the time limit. */
export class TimeoutError extends Error {
  constructor(milliseconds: number) {
    super(`not finished within ${milliseconds} ms`);
    this.name = 'TimeoutError';
  }
}

/**
 * The result of `work`, if it finishes within the limit: a number of milliseconds in which the event loop runs, or a signal.
 *
 * Rejects with the error of `work`, with `TimeoutError`, or with the reason of the signal. The work itself is not
 * cancelled; its later result or error is ignored.
 */
export async function withTimeout<T>(work: Promise<T>, limit: number | AbortSignal): Promise<T> {
  let end: () => void = () => undefined;
  const expired = new Promise<never>((_, reject) => {
    if (typeof limit === 'number') {
      end = startTimer(limit, () => reject(new TimeoutError(limit)));
      return;
    }
    const abort = () => reject(limit.reason as Error);
    if (limit.aborted) return abort();
    limit.addEventListener('abort', abort, { once: true });
    end = () => limit.removeEventListener('abort', abort);
  });
  try {
    return await Promise.race([expired, work]);
  } finally {
    end();
  }
}
