import type { EntityManager } from '@mikro-orm/postgresql';
import { Encryption, hashToken, randomToken } from '@roost/platform';
import type { PresentedToken } from './domain/refresh-rules.js';

/** Stores a new token of a session and gives it in clear, for the only time. */
export async function issueRefreshToken(
  em: EntityManager,
  sessionId: string,
  times: { now: Date; expiresAt: Date },
): Promise<string> {
  const token = randomToken();
  await em.execute(
    'INSERT INTO refresh_token (token_hash, session_id, created_at, expires_at) VALUES (?, ?, ?, ?)',
    [hashToken(token), sessionId, times.now, times.expiresAt],
  );
  return token;
}

/** Locks the session of a token: one refresh of a family at a time. Undefined for a token nobody issued. */
export async function lockSessionOf(em: EntityManager, token: string): Promise<string | undefined> {
  const [row] = await em.execute<{ id: string }[]>(
    `SELECT s.id FROM session s JOIN refresh_token t ON t.session_id = s.id WHERE t.token_hash = ? FOR UPDATE OF s`,
    [hashToken(token)],
  );
  return row?.id;
}

export async function readRefreshToken(
  em: EntityManager,
  token: string,
): Promise<PresentedToken & { successorSealed: string | null }> {
  const [row] = await em.execute<
    {
      expires_at: Date;
      used_at: Date | null;
      successor_sealed: string | null;
      successor: boolean;
      successor_used_at: Date | null;
    }[]
  >(
    `SELECT t.expires_at, t.used_at, t.successor_sealed, n.token_hash IS NOT NULL AS successor,
        n.used_at AS successor_used_at
      FROM refresh_token t LEFT JOIN refresh_token n ON n.token_hash = t.successor_hash WHERE t.token_hash = ?`,
    [hashToken(token)],
  );
  if (!row) throw new Error('A refresh token vanished while its session was locked');
  return {
    expiresAt: row.expires_at,
    usedAt: row.used_at,
    successor: row.successor ? { usedAt: row.successor_used_at } : null,
    successorSealed: row.successor_sealed,
  };
}

/**
 * Marks `token` as used, followed by `successor`. The successor is sealed with a key made from the token itself:
 * whoever sends the token again can be given it, and nobody who only reads the database. The seal before it goes.
 */
export async function markUsed(
  em: EntityManager,
  token: string,
  successor: string,
  now: Date,
): Promise<void> {
  const hash = hashToken(token);
  await em.execute('UPDATE refresh_token SET successor_sealed = NULL WHERE successor_hash = ?', [hash]);
  await em.execute(
    'UPDATE refresh_token SET used_at = ?, successor_hash = ?, successor_sealed = ? WHERE token_hash = ?',
    [now, hashToken(successor), sealFor(token).encrypt(successor), hash],
  );
}

export function openSuccessor(token: string, sealed: string): string {
  return sealFor(token).decrypt(sealed);
}

const sealFor = (token: string) => new Encryption(`refresh successor of ${token}`);
