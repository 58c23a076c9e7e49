import { AsyncLocalStorage } from 'node:async_hooks';

const storage = new AsyncLocalStorage<string>();
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The webhooks that `work` causes are sent as a part of the caller's trace, where the caller has named one. */
export function onBehalfOf<T>(traceparent: string | string[] | undefined, work: () => T): T {
  return typeof traceparent === 'string' && TRACEPARENT.test(traceparent)
    ? storage.run(traceparent, work)
    : work();
}

export function callersTrace(): string | null {
  return storage.getStore() ?? null;
}
