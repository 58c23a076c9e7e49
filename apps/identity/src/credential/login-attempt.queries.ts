import { type EntityManager, sql } from '@mikro-orm/postgresql';
import { type Attempts, NO_ATTEMPTS } from './domain/lock-out.js';

/** The hashes that identify a count: neither addresses nor networks are stored in clear. */
export interface HashedCounter {
  subject: Buffer;
  account: Buffer;
}

/** Locks and returns the attempts of a counter; creates the row if it is missing, with the instant by which it is deleted. */
export async function lockAttempts(
  em: EntityManager,
  { subject, account }: HashedCounter,
  now: Date,
): Promise<Attempts> {
  await em.execute(sql`
    INSERT INTO login_attempt (subject, account, failures, last_failed_at) VALUES (${subject}, ${account}, 0, ${now})
    ON CONFLICT DO NOTHING`);
  const [row] = await em.execute<Attempts[]>(sql`
    SELECT failures, locked_until AS "lockedUntil", last_failed_at AS "lastFailedAt"
    FROM login_attempt WHERE subject = ${subject} FOR UPDATE`);
  return row ?? NO_ATTEMPTS;
}

export async function saveAttempts(
  em: EntityManager,
  { subject, account }: HashedCounter,
  { failures, lockedUntil, lastFailedAt }: Attempts,
): Promise<void> {
  await em.execute(sql`
    INSERT INTO login_attempt (subject, account, failures, locked_until, last_failed_at)
    VALUES (${subject}, ${account}, ${failures}, ${lockedUntil}, ${lastFailedAt})
    ON CONFLICT (subject) DO UPDATE SET failures = excluded.failures,
      locked_until = excluded.locked_until, last_failed_at = excluded.last_failed_at`);
}

export async function deleteAttempts(em: EntityManager, subject: Buffer): Promise<void> {
  await em.execute(sql`DELETE FROM login_attempt WHERE subject = ${subject}`);
}

export async function deleteAttemptsOfAccount(em: EntityManager, account: Buffer): Promise<void> {
  await em.execute(sql`DELETE FROM login_attempt WHERE account = ${account}`);
}

/** Whether the account with this mail address or id is that of this user. */
export async function isAccountOf(
  em: EntityManager,
  account: { email: string } | { id: string },
  userId: string,
): Promise<boolean> {
  if ('id' in account) return account.id === userId;
  const [row] = await em.execute<[{ same: boolean }]>(sql`
    SELECT EXISTS (SELECT FROM user_account WHERE email = ${account.email} AND id = ${userId}) AS same`);
  return row.same;
}

/** Whether the account with this mail address or id has opened a session in this network, and with this user agent. */
export async function findKnownOrigin(
  em: EntityManager,
  account: { email: string } | { id: string },
  { network, userAgent }: { network: string; userAgent: string | null },
): Promise<'device' | 'network' | 'no'> {
  const isOwner = 'id' in account ? sql`u.id = ${account.id}` : sql`u.email = ${account.email}`;
  const [row] = await em.execute<[{ device: boolean | null }]>(sql`
    SELECT bool_or(s.user_agent IS NOT DISTINCT FROM ${userAgent}) AS device
      FROM session s JOIN user_account u ON u.id = s.user_id
     WHERE ${isOwner} AND s.network = ${network}`);
  if (row.device === null) return 'no';
  return row.device ? 'device' : 'network';
}
