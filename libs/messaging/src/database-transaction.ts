import type { Pool, PoolClient, QueryResult } from 'pg';

/** A query as Kysely passes it to a driver. MikroORM has escaped the values into the text; a prepared statement has parameters. */
interface Query {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

export type IsolationLevel = 'read committed' | 'repeatable read';

/**
 * A transaction on its own connection, with the interface that MikroORM requires and without a round trip for BEGIN: BEGIN
 * is sent in one message with the first statement. If a part of a message fails, PostgreSQL does not run the rest, so no
 * statement can run outside of its transaction.
 */
export class DatabaseTransaction {
  readonly #begin: string;
  #sent = false;
  #ended = false;
  #failed: { readonly error: unknown } | undefined;
  /** Concurrent statements run one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly client: PoolClient,
    isolation: IsolationLevel,
  ) {
    this.#begin = `start transaction isolation level ${isolation}`;
  }

  /**
   * Runs `work` and commits. Rolls back and rethrows if `work` or the commit throws. A connection whose rollback fails is
   * removed from the pool.
   */
  static async run<T>(
    pool: Pool,
    isolation: IsolationLevel,
    work: (transaction: DatabaseTransaction) => Promise<T>,
  ): Promise<T> {
    const client = await pool.connect();
    const transaction = new DatabaseTransaction(client, isolation);
    let rollbackError: Error | undefined;
    try {
      const result = await work(transaction);
      await transaction.#end('commit');
      return result;
    } catch (error) {
      await transaction.#end('rollback').catch((cause: Error) => (rollbackError = cause));
      throw error;
    } finally {
      client.release(rollbackError);
    }
  }

  executeQuery(query: Query): Promise<{ rows: unknown[]; numAffectedRows: bigint | undefined }> {
    const result = this.#last.then(() => this.#execute(query));
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #execute(query: Query): Promise<{ rows: unknown[]; numAffectedRows: bigint | undefined }> {
    // A handler that timed out may still be running: it must not write outside of its transaction.
    if (this.#ended) throw new Error('This transaction has ended');
    if (this.#failed) throw this.#failed.error;
    const { command, rowCount, rows } = this.#sent ? await this.#query(query) : await this.#first(query);
    const isWrite = ['INSERT', 'UPDATE', 'DELETE', 'MERGE'].includes(command);
    return { rows, numAffectedRows: isWrite ? BigInt(rowCount ?? 0) : undefined };
  }

  /** If it fails it is uncertain whether a transaction has begun, so only the rollback may follow. */
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

  async #end(command: 'commit' | 'rollback'): Promise<void> {
    this.#ended = true;
    if (!this.#sent) return;
    const { command: executed } = await this.client.query(command);
    // PostgreSQL responds to COMMIT with ROLLBACK, without an error, if a statement failed and `work` ignored that.
    if (executed.toLowerCase() !== command)
      throw new Error('A statement of this transaction failed: the transaction was rolled back');
  }
}
