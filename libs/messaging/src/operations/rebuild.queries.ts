import { type EntityManager, sql } from '@mikro-orm/postgresql';

/** The table's copy as it was before the rebuild. */
const copyOf = (table: string): string => `was ${table}`;

/** Lifts the limits of ordinary statements for this transaction. */
export async function allowLongTransaction(em: EntityManager): Promise<void> {
  await em.execute(sql`SET LOCAL statement_timeout = 0`);
  await em.execute(sql`SET LOCAL lock_timeout = '60s'`);
  await em.execute(sql`SET LOCAL idle_in_transaction_session_timeout = '5min'`);
}

/** Waits for the running handlers and blocks new ones until the transaction ends. */
export async function lockInbox(em: EntityManager): Promise<void> {
  await em.execute(sql`LOCK TABLE inbox_event IN SHARE ROW EXCLUSIVE MODE`);
}

export async function countDeadLettersOf(em: EntityManager, topic: string): Promise<number> {
  const [row] = await em.execute<{ count: string }[]>(
    sql`SELECT count(*) AS count FROM dead_letter WHERE topic = ${topic}`,
  );
  return Number(row?.count);
}

/** The copy is a temporary table that is dropped at the commit. */
export async function copyTable(em: EntityManager, table: string): Promise<void> {
  await em.execute(
    sql`CREATE TEMPORARY TABLE ${sql.ref(copyOf(table))} ON COMMIT DROP AS TABLE ${sql.ref(table)}`,
  );
}

export async function deleteInboxRows(em: EntityManager, types: readonly string[]): Promise<void> {
  await em.execute(sql`DELETE FROM inbox_event WHERE type = ANY(ARRAY[${types}]::text[])`);
}

/** Versions of an aggregate start at 1: the service itself has created a row of version 0, before any event. */
export async function deleteMirroredRows(em: EntityManager, table: string): Promise<void> {
  await em.execute(sql`DELETE FROM ${sql.ref(table)} WHERE version > 0`);
}

export interface TableSummary {
  readonly rows: number;
  readonly checksum: string;
}

/** The checksum is the sum of the rows' hashes, so it requires no sort. */
export async function summarizeTable(em: EntityManager, table: string): Promise<TableSummary> {
  const [row] = await em.execute<{ rows: string; sum: string }[]>(sql`
    SELECT count(*) AS rows, coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text AS sum
    FROM ${sql.ref(table)} t`);
  return {
    rows: Number(row?.rows),
    checksum: BigInt.asUintN(64, BigInt(row?.sum ?? 0))
      .toString(16)
      .padStart(16, '0'),
  };
}

/** How many rows only the copy has, and how many only the table has. */
export async function compareWithCopy(
  em: EntityManager,
  table: string,
): Promise<{ onlyBefore: number; onlyAfter: number }> {
  return {
    onlyBefore: await countOnlyIn(em, copyOf(table), table),
    onlyAfter: await countOnlyIn(em, table, copyOf(table)),
  };
}

async function countOnlyIn(em: EntityManager, table: string, other: string): Promise<number> {
  const [row] = await em.execute<{ count: string }[]>(sql`
    SELECT count(*) AS count
    FROM (SELECT t::text FROM ${sql.ref(table)} t EXCEPT ALL SELECT t::text FROM ${sql.ref(other)} t) AS difference`);
  return Number(row?.count);
}
