import { type EntityManager, sql } from '@mikro-orm/postgresql';

export type PasskeyPurpose = 'log-in' | 'register' | 'step-up';

/** A challenge: for a log-in, or for an action of a signed-in user in their session. */
export interface PasskeyChallenge {
  hash: Buffer;
  purpose: PasskeyPurpose;
  sessionId: string | null;
}

/** Expired challenges that the insertion of another one deletes: requests without a token can't fill the table. */
const EXPIRED_PER_INSERT = 10;

export async function insertPasskeyChallenge(
  em: EntityManager,
  { hash, purpose, sessionId }: PasskeyChallenge,
  { now, expiresAt }: { now: Date; expiresAt: Date },
): Promise<void> {
  await em.execute(sql`
    WITH expired AS (
      DELETE FROM passkey_challenge WHERE challenge_hash IN
        (SELECT challenge_hash FROM passkey_challenge WHERE expires_at <= ${now}
         LIMIT ${EXPIRED_PER_INSERT} FOR UPDATE SKIP LOCKED))
    INSERT INTO passkey_challenge (challenge_hash, purpose, session_id, expires_at)
    VALUES (${hash}, ${purpose}, ${sessionId}, ${expiresAt})`);
}

/** Deletes a challenge. Returns false if it was used, has expired, or is of another purpose or session. */
export async function consumePasskeyChallenge(
  em: EntityManager,
  { hash, purpose, sessionId }: PasskeyChallenge,
  now: Date,
): Promise<boolean> {
  const rows = await em.execute<object[]>(sql`
    DELETE FROM passkey_challenge WHERE challenge_hash = ${hash} AND purpose = ${purpose}
      AND session_id IS NOT DISTINCT FROM ${sessionId}::uuid AND expires_at > ${now}
    RETURNING purpose`);
  return rows.length > 0;
}

export interface StoredPasskey {
  id: string;
  userId: string;
  credentialId: string;
  publicKey: Buffer<ArrayBuffer>;
  signCount: number;
}

export async function findPasskey(
  em: EntityManager,
  credentialId: string,
): Promise<StoredPasskey | undefined> {
  const [row] = await em.execute<(Omit<StoredPasskey, 'signCount'> & { signCount: string })[]>(sql`
    SELECT id, user_id AS "userId", credential_id AS "credentialId", public_key AS "publicKey",
      sign_count AS "signCount"
    FROM passkey WHERE credential_id = ${credentialId}`);
  return row && { ...row, signCount: Number(row.signCount) };
}

/** The credentials of a user, as the options of WebAuthn list them. */
export async function findCredentials(
  em: EntityManager,
  userId: string,
): Promise<{ id: string; transports: string[] }[]> {
  return em.execute<{ id: string; transports: string[] }[]>(sql`
    SELECT credential_id AS id, transports FROM passkey WHERE user_id = ${userId} ORDER BY id`);
}

/**
 * Stores the use of a passkey. Returns false if it was removed, or if its counter has not increased since the last use:
 * then two authenticators have the same key. Authenticators without a counter always send 0.
 */
export async function recordPasskeyUse(
  em: EntityManager,
  use: { id: string; signCount: number; backedUp: boolean; usedAt: Date },
): Promise<boolean> {
  const rows = await em.execute<object[]>(sql`
    UPDATE passkey SET sign_count = ${use.signCount}, backed_up = ${use.backedUp}, last_used_at = ${use.usedAt}
    WHERE id = ${use.id}
      AND (sign_count < ${use.signCount}::bigint OR (sign_count = 0 AND ${use.signCount}::bigint = 0))
    RETURNING id`);
  return rows.length > 0;
}
