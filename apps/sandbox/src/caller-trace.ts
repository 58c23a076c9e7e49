import { AsyncLocalStorage } from 'node:async_hooks';

const storage = new AsyncLocalStorage<string>();
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Runs `work` in the caller's trace: its webhooks carry the caller's `traceparent`, if the request has a valid one. */
export function runInCallerTrace<T>(traceparent: string | string[] | undefined, work: () => T): T {
  return typeof traceparent === 'string' && TRACEPARENT.test(traceparent)
    ? storage.run(traceparent, work)
    : work();
}

export function callerTraceparent(): string | null {
  return storage.getStore() ?? null;
}
