import { type EntityManager, sql } from '@mikro-orm/postgresql';
import { type Attempts, NO_ATTEMPTS } from './domain/lock-out.js';

/** Locks and returns the attempts of a subject; creates the row if it is missing. */
export async function lockAttempts(em: EntityManager, subjectHash: Buffer): Promise<Attempts> {
  await em.execute(sql`
    INSERT INTO login_attempt (subject, failures) VALUES (${subjectHash}, 0) ON CONFLICT DO NOTHING`);
  const [row] = await em.execute<Attempts[]>(sql`
    SELECT failures, locked_until AS "lockedUntil", last_failed_at AS "lastFailedAt"
    FROM login_attempt WHERE subject = ${subjectHash} FOR UPDATE`);
  return row ?? NO_ATTEMPTS;
}

export async function saveAttempts(
  em: EntityManager,
  subjectHash: Buffer,
  { failures, lockedUntil, lastFailedAt }: Attempts,
): Promise<void> {
  await em.execute(sql`
    INSERT INTO login_attempt (subject, failures, locked_until, last_failed_at)
    VALUES (${subjectHash}, ${failures}, ${lockedUntil}, ${lastFailedAt})
    ON CONFLICT (subject) DO UPDATE SET failures = excluded.failures,
      locked_until = excluded.locked_until, last_failed_at = excluded.last_failed_at`);
}

export async function deleteAttempts(em: EntityManager, subjectHash: Buffer): Promise<void> {
  await em.execute(sql`DELETE FROM login_attempt WHERE subject = ${subjectHash}`);
}
