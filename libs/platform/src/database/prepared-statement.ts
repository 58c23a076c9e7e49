import { type EntityManager, isRaw, type RawQueryFragment } from '@mikro-orm/postgresql';
import pg from 'pg';

type Executor = ReturnType<ReturnType<EntityManager['getConnection']>['getClient']>;
type CompiledQuery = Parameters<Executor['executeQuery']>[0];

const names = new Map<string, string>();

/**
 * Runs a statement that each connection parses and plans once, in the transaction of `em` if there is one. For the few
 * statements on the hot path: `em.execute` writes values into the text, which PostgreSQL then plans every time (ADR 16).
 *
 * - `name` is unique in the service; operators see it in `pg_prepared_statements`.
 * - The text must be the same each time: a list is one array value (`= ANY(${ids}::uuid[])`).
 * - Name the columns of the result: a `*` breaks running services when a migration adds a column.
 *
 * Throws PostgreSQL's own errors, with their SQLSTATE as `code`.
 */
export async function executePrepared<Row extends object>(
  em: EntityManager,
  name: string,
  statement: RawQueryFragment,
): Promise<Row[]> {
  const values: unknown[] = [];
  return await execute(em, name, numbered(statement, values), values);
}

async function execute<Row extends object>(
  em: EntityManager,
  name: string,
  text: string,
  values: readonly unknown[],
): Promise<Row[]> {
  names.set(text, name);
  const executor: Executor = em.getTransactionContext() ?? em.getConnection().getClient();
  const query: CompiledQuery = {
    sql: text,
    parameters: values,
    query: { kind: 'RawNode', sqlFragments: [text], parameters: [] },
    queryId: { queryId: text },
  };
  return (await executor.executeQuery(query)).rows as Row[];
}

/** The text with `$1`, `$2`, … as placeholders of the values, which are appended to `values`. Nested fragments are inlined. */
function numbered({ sql, params }: RawQueryFragment, values: unknown[]): string {
  let next = 0;
  return sql.replace(/\\\?|\?/g, (mark) => {
    if (mark === '\\?') return '?';
    const value = params[next++];
    if (isRaw(value)) return numbered(value, values);
    return `$${values.push(value)}`;
  });
}

/** Makes the connections of a pool send these statements with their names: MikroORM and Kysely have no such option. */
export function prepareStatements(pool: pg.Pool): void {
  pool.on('connect', (client) => {
    const query = (text: unknown, ...rest: unknown[]): unknown => {
      const name = typeof text === 'string' ? names.get(text) : undefined;
      const [values] = rest;
      const args = name === undefined ? [text, ...rest] : [{ name, text, values }];
      return Reflect.apply(pg.Client.prototype.query, client, args);
    };
    client.query = query as typeof client.query;
  });
}
