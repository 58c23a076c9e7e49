import { type EntityManager, sql } from '@mikro-orm/postgresql';
import { hashToken, Problem, randomToken } from '@roost/platform';

export type Purpose = 'verify-email' | 'reset-password' | 'email-change-old' | 'email-change-new';

/** The credentials of a registration whose mail address is not verified yet. */
export interface PendingCredentials {
  passwordHash: string;
  displayName: string;
}

const HOUR_SECONDS = 60 * 60;
const TTL_SECONDS: Record<Purpose, number> = {
  'verify-email': 24 * HOUR_SECONDS,
  'reset-password': HOUR_SECONDS,
  'email-change-old': 24 * HOUR_SECONDS,
  'email-change-new': 24 * HOUR_SECONDS,
};
/** Limits the mails to one mailbox. */
const MAX_PER_HOUR = 10;

/** Issues a token and returns it in clear, for its mail. Returns null over the limit of the user and purpose. */
export async function issueOneTimeToken(
  em: EntityManager,
  {
    purpose,
    userId,
    pending,
  }: { purpose: Purpose; userId: string; pending?: PendingCredentials | undefined },
  now: Date,
): Promise<string | null> {
  const token = randomToken();
  const expiresAt = new Date(now.getTime() + TTL_SECONDS[purpose] * 1000);
  const hourAgo = new Date(now.getTime() - HOUR_SECONDS * 1000);
  const rows = await em.execute<object[]>(sql`
    INSERT INTO one_time_token
      (token_hash, purpose, user_id, pending_password_hash, pending_display_name, created_at, expires_at)
    SELECT ${hashToken(token)}, ${purpose}, ${userId}, ${pending?.passwordHash ?? null},
      ${pending?.displayName ?? null}, ${now}, ${expiresAt}
    WHERE (SELECT count(*) FROM one_time_token
      WHERE user_id = ${userId} AND purpose = ${purpose} AND created_at > ${hourAgo}) < ${MAX_PER_HOUR}
    RETURNING purpose`);
  return rows.length > 0 ? token : null;
}

export interface ConsumedToken {
  userId: string;
  purpose: Purpose;
  pending: PendingCredentials | null;
}

/**
 * Consumes a token and revokes the other tokens of its user and purpose. Throws 400 `auth.link_invalid` if the token is
 * missing, has expired, or has another purpose.
 */
export async function consumeOneTimeToken(
  em: EntityManager,
  purposes: readonly Purpose[],
  token: string,
  now: Date,
): Promise<ConsumedToken> {
  const [row] = await em.execute<(PendingRow & { userId: string; purpose: Purpose })[]>(sql`
    DELETE FROM one_time_token WHERE token_hash = ${hashToken(token)} AND expires_at > ${now}
      AND purpose = ANY(ARRAY[${purposes}]::text[])
    RETURNING user_id AS "userId", purpose, pending_password_hash AS "passwordHash",
      pending_display_name AS "displayName"`);
  if (!row) throw new Problem('auth.link_invalid');
  await revokeOneTimeTokens(em, row.userId, [row.purpose], now);
  return { userId: row.userId, purpose: row.purpose, pending: pendingOf(row) };
}

/** Expires the valid tokens of a user. They still count towards the limit of mails. */
export async function revokeOneTimeTokens(
  em: EntityManager,
  userId: string,
  purposes: readonly Purpose[],
  now: Date,
): Promise<void> {
  await em.execute(sql`
    UPDATE one_time_token SET expires_at = ${now}
    WHERE user_id = ${userId} AND expires_at > ${now} AND purpose = ANY(ARRAY[${purposes}]::text[])`);
}

interface PendingRow {
  passwordHash: string | null;
  displayName: string | null;
}

const pendingOf = ({ passwordHash, displayName }: PendingRow): PendingCredentials | null =>
  passwordHash !== null && displayName !== null ? { passwordHash, displayName } : null;

/** Returns the credentials of the latest verification mail, so that a resent mail confirms the same credentials. */
export async function findLatestPending(
  em: EntityManager,
  userId: string,
): Promise<PendingCredentials | undefined> {
  const [row] = await em.execute<PendingRow[]>(sql`
    SELECT pending_password_hash AS "passwordHash", pending_display_name AS "displayName" FROM one_time_token
    WHERE user_id = ${userId} AND purpose = 'verify-email' ORDER BY created_at DESC LIMIT 1`);
  return (row && pendingOf(row)) ?? undefined;
}
