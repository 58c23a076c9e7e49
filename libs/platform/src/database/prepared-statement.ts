import type { EntityManager } from '@mikro-orm/postgresql';
import pg from 'pg';

type Executor = ReturnType<ReturnType<EntityManager['getConnection']>['getClient']>;
type CompiledQuery = Parameters<Executor['executeQuery']>[0];

const names = new Map<string, string>();

/**
 * A statement that each connection parses and plans once, for the few that everything waits for: MikroORM writes values
 * into the text, which PostgreSQL then plans every time. Each `?` is a value, in order; name the columns that it gives
 * (a `*` breaks running services when a migration adds one).
 */
export class PreparedStatement<Row extends object> {
  private readonly text: string;

  /** `name` is unique in the service; the operators see it in `pg_prepared_statements`. */
  constructor(name: string, text: string) {
    let values = 0;
    this.text = text.replaceAll('?', () => `$${(values += 1)}`);
    names.set(this.text, name);
  }

  /** In the transaction of `em`, if there is one. Errors are PostgreSQL's own, with their SQLSTATE as `code`. */
  async execute(em: EntityManager, values: readonly unknown[]): Promise<Row[]> {
    const executor: Executor = em.getTransactionContext() ?? em.getConnection().getClient();
    const query: CompiledQuery = {
      sql: this.text,
      parameters: values,
      query: { kind: 'RawNode', sqlFragments: [this.text], parameters: [] },
      queryId: { queryId: this.text },
    };
    return (await executor.executeQuery(query)).rows as Row[];
  }
}

/** Makes the connections of a pool prepare these statements: neither MikroORM nor Kysely can name one. */
export function prepareStatements(pool: pg.Pool): void {
  pool.on('connect', (client) => {
    const query = (text: unknown, ...rest: unknown[]): unknown => {
      const name = typeof text === 'string' ? names.get(text) : undefined;
      const [values] = rest;
      const said = name === undefined ? [text, ...rest] : [{ name, text, values }];
      return Reflect.apply(pg.Client.prototype.query, client, said);
    };
    client.query = query as typeof client.query;
  });
}
