import { type EntityManager, sql } from '@mikro-orm/postgresql';
import type { EventBody } from '@roost/contracts';
import type { AuthUser } from '@roost/http';

const PRUNE_BATCH = 100;
/** Services accept expired tokens for a few seconds, because clocks differ. */
const KEPT_AFTER_EXPIRY_MS = 60_000;

/** Stores the end of a session, unless its tokens have expired, and deletes rows whose tokens have. */
export async function storeEndedSession(
  em: EntityManager,
  { sessionId, reason, tokensExpireAt }: EventBody<'session.ended'>,
  now: Date,
): Promise<void> {
  const expiredBefore = new Date(now.getTime() - KEPT_AFTER_EXPIRY_MS);
  if (new Date(tokensExpireAt) <= expiredBefore) return;
  await em.execute(sql`
    INSERT INTO ended_session (session_id, reason, tokens_expire_at)
    VALUES (${sessionId}, ${reason}, ${tokensExpireAt}) ON CONFLICT DO NOTHING`);
  await em.execute(sql`
    DELETE FROM ended_session WHERE session_id IN
      (SELECT session_id FROM ended_session WHERE tokens_expire_at < ${expiredBefore}
       LIMIT ${PRUNE_BATCH} FOR UPDATE SKIP LOCKED)`);
}

/**
 * `suspended` while the account is suspended, also before the end of its sessions has arrived: they are events of two
 * topics. `ended` for an ended session and for an erased user, whose sessions have all ended; otherwise null. The stored
 * reason of an end does not decide: a suspension that ended the session may be over, and then a new log-in is possible.
 */
export async function findEndOfSession(
  em: EntityManager,
  { id, sessionId }: AuthUser,
): Promise<'ended' | 'suspended' | null> {
  const [row] = await em.execute<[{ suspended: boolean; ended: boolean }]>(sql`
    SELECT EXISTS (SELECT FROM account_standing WHERE user_id = ${id} AND status = 'suspended') AS suspended,
           EXISTS (SELECT FROM ended_session WHERE session_id = ${sessionId})
        OR EXISTS (SELECT FROM account_erasure WHERE user_id = ${id}) AS ended`);
  if (row.suspended) return 'suspended';
  return row.ended ? 'ended' : null;
}
