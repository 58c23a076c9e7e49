import { AsyncLocalStorage } from 'node:async_hooks';
import { EntityManager } from '@mikro-orm/postgresql';
import pg from 'pg';
import type { TestService } from './test-service.js';

export interface Statement {
  /** The connection. */
  client: unknown;
  text: string;
  values: unknown[];
  /** Whether the work itself sent it: not a sweep, nor a request, which the server handles in a context of its own. */
  own: boolean;
}

const ownContext = new AsyncLocalStorage<true>();

/** All statements that this process sends to PostgreSQL during `work`, including those of concurrent work. */
export async function captureStatements(work: () => Promise<unknown>): Promise<Statement[]> {
  const statements: Statement[] = [];
  const query = pg.Client.prototype.query;
  pg.Client.prototype.query = function (this: unknown, ...args: unknown[]) {
    const [first, second] = args as [string | { text?: string; values?: unknown }, unknown];
    const text = typeof first === 'string' ? first : (first.text ?? '');
    const values = typeof first === 'string' ? second : first.values;
    const own = ownContext.getStore() === true;
    statements.push({ client: this, text, values: Array.isArray(values) ? values : [], own });
    return Reflect.apply(query, this, args) as unknown;
  } as typeof query;
  try {
    await ownContext.run(true, work);
  } finally {
    pg.Client.prototype.query = query;
  }
  return statements;
}

/**
 * The plans of the statements that `work` itself sends and that match `about`. `generic` returns the plans for any values,
 * which PostgreSQL may use for a named statement.
 */
export async function queryPlans(
  service: TestService,
  about: RegExp,
  work: (em: EntityManager) => Promise<unknown>,
  { generic = false } = {},
): Promise<string> {
  const statements = await captureStatements(() => work(service.get(EntityManager).fork()));
  const matching = statements.filter(({ own, text }) => own && about.test(text));
  if (matching.length === 0) throw new Error(`No statement matches ${String(about)}`);
  const plans: string[] = [];
  for (const { text, values } of matching) {
    const rows = await (generic
      ? service.query<{ 'QUERY PLAN': string }>(`EXPLAIN (GENERIC_PLAN) ${text}`)
      : service.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${text}`, values));
    plans.push(rows.map((row) => row['QUERY PLAN']).join('\n'));
  }
  return plans.join('\n\n');
}

/** The estimated rows of the largest sort of a plan. */
export function largestSortRows(plan: string): number {
  const sorts = plan.matchAll(/\bSort\b.*\brows=(\d+)/g);
  return Math.max(0, ...[...sorts].map(([, rows]) => Number(rows)));
}
