import { AsyncLocalStorage } from 'node:async_hooks';
import type { EntityManager } from '@mikro-orm/postgresql';
import { runWithoutTrace } from '@roost/tracing';

/** The part of a request that the database needs. `@roost/http` extends it with the request and the reply. */
export interface RequestScope {
  readonly service: string;
  /** Created by the first read of the request. */
  em: EntityManager | null;
}

const storage = new AsyncLocalStorage<RequestScope>();

/** Makes `scope` the current scope during `work` and everything that `work` starts. */
export function runInScope<T>(scope: RequestScope, work: () => T): T {
  return storage.run(scope, work);
}

/** The scope of the current request; undefined in event handlers and jobs. */
export function currentScope(): RequestScope | undefined {
  return storage.getStore();
}

/** Runs background work outside of the request and the trace that triggered it. */
export function runWithoutRequestContext<T>(work: () => T): T {
  return runWithoutTrace(() => storage.exit(work));
}
