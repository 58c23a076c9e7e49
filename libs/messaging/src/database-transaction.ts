import type { Pool, PoolClient, QueryResult } from 'pg';

/** As Kysely hands it to a driver; MikroORM has written the values into the text, a prepared statement has not. */
interface Query {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

export type IsolationLevel = 'read committed' | 'repeatable read';

/**
 * A transaction of its own connection: what MikroORM needs of one, and no round trip for BEGIN. It travels in the message
 * of the first statement; where a part of a message fails PostgreSQL runs none of the rest, so that no statement can be
 * run without its transaction.
 */
export class DatabaseTransaction {
  readonly #begin: string;
  #sent = false;
  #ended = false;
  #failed: { readonly error: unknown } | undefined;
  /** Statements that are given side by side run one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly client: PoolClient,
    isolation: IsolationLevel,
  ) {
    this.#begin = `start transaction isolation level ${isolation}`;
  }

  /**
   * Commits what `work` did, or rolls it back and throws what `work` or the commit threw. A connection that can't even
   * roll back is not given to anybody again.
   */
  static async run<T>(
    pool: Pool,
    isolation: IsolationLevel,
    work: (transaction: DatabaseTransaction) => Promise<T>,
  ): Promise<T> {
    const client = await pool.connect();
    const transaction = new DatabaseTransaction(client, isolation);
    let broken: Error | undefined;
    try {
      const result = await work(transaction);
      await transaction.#end('commit');
      return result;
    } catch (error) {
      await transaction.#end('rollback').catch((why: Error) => (broken = why));
      throw error;
    } finally {
      client.release(broken);
    }
  }

  executeQuery(query: Query): Promise<{ rows: unknown[]; numAffectedRows: bigint | undefined }> {
    const result = this.#last.then(() => this.#execute(query));
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #execute(query: Query): Promise<{ rows: unknown[]; numAffectedRows: bigint | undefined }> {
    // Work that outlives its rolled back transaction (a handler that timed out) must not write outside of it.
    if (this.#ended) throw new Error('This transaction has ended');
    if (this.#failed) throw this.#failed.error;
    const { command, rowCount, rows } = this.#sent ? await this.#query(query) : await this.#first(query);
    const counts = ['INSERT', 'UPDATE', 'DELETE', 'MERGE'].includes(command);
    return { rows, numAffectedRows: counts ? BigInt(rowCount ?? 0) : undefined };
  }

  /** When it fails nobody knows whether there is a transaction: nothing may follow but the rollback. */
  async #first({ sql, parameters }: Query): Promise<QueryResult> {
    this.#sent = true;
    try {
      if (parameters.length > 0) {
        await this.client.query(this.#begin);
        return await this.#query({ sql, parameters });
      }
      const results = (await this.client.query(`${this.#begin};${sql}`)) as unknown as QueryResult[];
      return results.at(-1) as QueryResult;
    } catch (error) {
      this.#failed = { error };
      throw error;
    }
  }

  #query({ sql, parameters }: Query): Promise<QueryResult> {
    return this.client.query(sql, [...parameters]);
  }

  async #end(how: 'commit' | 'rollback'): Promise<void> {
    this.#ended = true;
    if (!this.#sent) return;
    const { command } = await this.client.query(how);
    // PostgreSQL's answer, and no error, where a statement failed and nobody let it end the work.
    if (command.toLowerCase() !== how)
      throw new Error('A statement of this transaction has failed: nothing was kept');
  }
}
