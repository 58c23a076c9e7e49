import { type EntityManager, sql } from '@mikro-orm/postgresql';

/** Whether the database was restored from a backup, and has not been reconciled with the providers since. */
export async function isRestorationOpen(em: EntityManager): Promise<boolean> {
  const [row] = await em.execute<{ open: boolean }[]>(
    sql`SELECT EXISTS (SELECT FROM restoration WHERE ended_at IS NULL) AS open`,
  );
  return row?.open === true;
}

/** Ends the restorations before a run of the reconciliation that has compared everything and found no difference. */
export async function endRestorations(
  em: EntityManager,
  run: { id: string; startedAt: Date },
): Promise<void> {
  await em.execute(sql`
    UPDATE restoration SET ended_at = clock_timestamp(), ended_because = ${`reconciliation ${run.id}`}
    WHERE ended_at IS NULL AND restored_at < ${run.startedAt}`);
}
