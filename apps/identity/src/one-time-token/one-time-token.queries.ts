import type { EntityManager } from '@mikro-orm/postgresql';
import { hashToken, Problem, randomToken } from '@roost/platform';

export type Purpose = 'verify-email' | 'reset-password' | 'email-change-old' | 'email-change-new';

/** What a registration asked for while the address belonged to nobody yet. */
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
/** So that nobody's mailbox can be flooded through us. */
const MAX_PER_HOUR = 10;

/** A new token in clear, for its mail; null when the owner has been sent enough of them for now. */
export async function issueOneTimeToken(
  em: EntityManager,
  token: { purpose: Purpose; userId: string; pending?: PendingCredentials | undefined },
  now: Date,
): Promise<string | null> {
  const clear = randomToken();
  const rows = await em.execute<unknown[]>(
    `INSERT INTO one_time_token
        (token_hash, purpose, user_id, pending_password_hash, pending_display_name, created_at, expires_at)
      SELECT ?, ?, ?, ?, ?, ?, ?
      WHERE (SELECT count(*) FROM one_time_token WHERE user_id = ? AND purpose = ? AND created_at > ?) < ?
      RETURNING purpose`,
    [
      hashToken(clear),
      token.purpose,
      token.userId,
      token.pending?.passwordHash ?? null,
      token.pending?.displayName ?? null,
      now,
      new Date(now.getTime() + TTL_SECONDS[token.purpose] * 1000),
      token.userId,
      token.purpose,
      new Date(now.getTime() - HOUR_SECONDS * 1000),
      MAX_PER_HOUR,
    ],
  );
  return rows.length > 0 ? clear : null;
}

/** Uses a token up, with all others its owner has for the same purpose; refuses one that is unknown or too old. */
export async function takeOneTimeToken(
  em: EntityManager,
  purposes: Purpose[],
  token: string,
  now: Date,
): Promise<{ userId: string; purpose: Purpose; pending: PendingCredentials | null }> {
  const [row] = await em.execute<
    { user_id: string; purpose: Purpose; hash: string | null; name: string | null }[]
  >(
    `DELETE FROM one_time_token WHERE token_hash = ? AND expires_at > ?
        AND purpose IN (${purposes.map(() => '?').join(', ')})
      RETURNING user_id, purpose, pending_password_hash AS hash, pending_display_name AS name`,
    [hashToken(token), now, ...purposes],
  );
  if (!row) throw new Problem('auth.link_invalid');
  await voidOneTimeTokens(em, row.user_id, [row.purpose], now);
  return { userId: row.user_id, purpose: row.purpose, pending: pendingOf(row) };
}

/** Tokens under way no longer work; they go on counting as mails that were sent. */
export async function voidOneTimeTokens(
  em: EntityManager,
  userId: string,
  purposes: Purpose[],
  now: Date,
): Promise<void> {
  await em.execute(
    `UPDATE one_time_token SET expires_at = ? WHERE user_id = ? AND expires_at > ?
      AND purpose IN (${purposes.map(() => '?').join(', ')})`,
    [now, userId, now, ...purposes],
  );
}

const pendingOf = (row: { hash: string | null; name: string | null }): PendingCredentials | null =>
  row.hash !== null && row.name !== null ? { passwordHash: row.hash, displayName: row.name } : null;

/** What the latest registration of an unverified address asked for, so that a mail sent again confirms the same. */
export async function latestPending(
  em: EntityManager,
  userId: string,
): Promise<PendingCredentials | undefined> {
  const [row] = await em.execute<{ hash: string | null; name: string | null }[]>(
    `SELECT pending_password_hash AS hash, pending_display_name AS name FROM one_time_token
      WHERE user_id = ? AND purpose = 'verify-email' ORDER BY created_at DESC LIMIT 1`,
    [userId],
  );
  return (row && pendingOf(row)) ?? undefined;
}
