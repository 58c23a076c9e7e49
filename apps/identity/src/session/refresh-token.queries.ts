import { type EntityManager, sql } from '@mikro-orm/postgresql';
import { Encryption, hashToken, randomToken } from '@roost/platform';
import type { PresentedToken } from './domain/refresh-rules.js';

/** Stores the hash of a new token of a session, and returns the token in clear. */
export async function issueRefreshToken(
  em: EntityManager,
  sessionId: string,
  times: { now: Date; expiresAt: Date },
): Promise<string> {
  const token = randomToken();
  await em.execute(sql`
    INSERT INTO refresh_token (token_hash, session_id, created_at, expires_at)
    VALUES (${hashToken(token)}, ${sessionId}, ${times.now}, ${times.expiresAt})`);
  return token;
}

/** The id of the session of a token, used or not; undefined for an unknown token. */
export async function findSessionOf(em: EntityManager, token: string): Promise<string | undefined> {
  const [row] = await em.execute<{ id: string }[]>(sql`
    SELECT session_id AS id FROM refresh_token WHERE token_hash = ${hashToken(token)}`);
  return row?.id;
}

/** Locks the session of a token: one refresh of a family at a time. Returns undefined for an unknown token. */
export async function lockSessionOf(em: EntityManager, token: string): Promise<string | undefined> {
  const [row] = await em.execute<{ id: string }[]>(sql`
    SELECT s.id FROM session s JOIN refresh_token t ON t.session_id = s.id
    WHERE t.token_hash = ${hashToken(token)} FOR UPDATE OF s`);
  return row?.id;
}

interface RefreshTokenRow {
  expiresAt: Date;
  usedAt: Date | null;
  successorSealed: string | null;
  hasSuccessor: boolean;
  successorUsedAt: Date | null;
}

/** Returns a token whose session is locked. */
export async function readRefreshToken(
  em: EntityManager,
  token: string,
): Promise<PresentedToken & { successorSealed: string | null }> {
  const [row] = await em.execute<RefreshTokenRow[]>(sql`
    SELECT t.expires_at AS "expiresAt", t.used_at AS "usedAt", t.successor_sealed AS "successorSealed",
      successor.token_hash IS NOT NULL AS "hasSuccessor", successor.used_at AS "successorUsedAt"
    FROM refresh_token t LEFT JOIN refresh_token successor ON successor.token_hash = t.successor_hash
    WHERE t.token_hash = ${hashToken(token)}`);
  if (!row) throw new Error('A refresh token was deleted while its session was locked');
  const { expiresAt, usedAt, successorSealed } = row;
  return {
    expiresAt,
    usedAt,
    successor: row.hasSuccessor ? { usedAt: row.successorUsedAt } : null,
    successorSealed,
  };
}

/**
 * Marks `token` as used and stores its successor, encrypted with a key derived from `token`: only a client that sends
 * `token` again can receive the successor; a copy of the database does not contain it. Deletes the encrypted copy of
 * `token` itself.
 */
export async function markRefreshTokenUsed(
  em: EntityManager,
  token: string,
  successor: string,
  now: Date,
): Promise<void> {
  const hash = hashToken(token);
  await em.execute(sql`UPDATE refresh_token SET successor_sealed = NULL WHERE successor_hash = ${hash}`);
  await em.execute(sql`
    UPDATE refresh_token SET used_at = ${now}, successor_hash = ${hashToken(successor)},
      successor_sealed = ${encryptionFor(token).encrypt(successor)}
    WHERE token_hash = ${hash}`);
}

export function decryptSuccessor(token: string, sealed: string): string {
  return encryptionFor(token).decrypt(sealed);
}

const encryptionFor = (token: string) => new Encryption(`refresh successor of ${token}`);
