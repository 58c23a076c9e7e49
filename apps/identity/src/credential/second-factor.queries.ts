import { type EntityManager, sql } from '@mikro-orm/postgresql';
import type { LogInMethod } from './domain/log-in-method.js';

/** Stores a new, unconfirmed secret of a user; replaces an earlier one. */
export async function replaceTotpFactor(
  em: EntityManager,
  factor: { userId: string; secretSealed: string; createdAt: Date },
): Promise<void> {
  await em.execute(sql`
    INSERT INTO totp_factor (user_id, secret_sealed, created_at)
    VALUES (${factor.userId}, ${factor.secretSealed}, ${factor.createdAt})
    ON CONFLICT (user_id) DO UPDATE SET secret_sealed = excluded.secret_sealed,
      created_at = excluded.created_at, confirmed_at = NULL, last_step = NULL`);
}

/** Returns the encrypted secret of a user's authenticator, confirmed or not. */
export async function findTotpSecret(em: EntityManager, userId: string): Promise<string | undefined> {
  const [factor] = await em.execute<{ secretSealed: string }[]>(sql`
    SELECT secret_sealed AS "secretSealed" FROM totp_factor WHERE user_id = ${userId}`);
  return factor?.secretSealed;
}

export async function confirmTotpFactor(em: EntityManager, userId: string, now: Date): Promise<void> {
  await em.execute(sql`UPDATE totp_factor SET confirmed_at = ${now} WHERE user_id = ${userId}`);
}

/** Marks the code of a period as used. Returns false if that code or a later one has been used. */
export async function consumeTotpStep(em: EntityManager, userId: string, step: number): Promise<boolean> {
  const rows = await em.execute<object[]>(sql`
    UPDATE totp_factor SET last_step = ${step}
    WHERE user_id = ${userId} AND (last_step IS NULL OR last_step < ${step})
    RETURNING user_id`);
  return rows.length > 0;
}

export async function replaceRecoveryCodes(
  em: EntityManager,
  userId: string,
  codeHashes: readonly Buffer[],
): Promise<void> {
  await em.execute(sql`DELETE FROM recovery_code WHERE user_id = ${userId}`);
  for (const codeHash of codeHashes)
    await em.execute(sql`INSERT INTO recovery_code (user_id, code_hash) VALUES (${userId}, ${codeHash})`);
}

/** Marks a recovery code as used. Returns false for a code that does not exist or has been used. */
export async function consumeRecoveryCode(
  em: EntityManager,
  userId: string,
  codeHash: Buffer,
  now: Date,
): Promise<boolean> {
  const rows = await em.execute<object[]>(sql`
    UPDATE recovery_code SET used_at = ${now}
    WHERE user_id = ${userId} AND code_hash = ${codeHash} AND used_at IS NULL
    RETURNING user_id`);
  return rows.length > 0;
}

/** Deletes the authenticator, the recovery codes and the open challenges of a user. */
export async function deleteSecondFactors(em: EntityManager, userId: string): Promise<void> {
  for (const table of ['totp_factor', 'recovery_code', 'mfa_challenge'])
    await em.execute(sql`DELETE FROM ${sql.ref(table)} WHERE user_id = ${userId}`);
}

export interface MfaChallengeRow {
  tokenHash: Buffer;
  userId: string;
  sessionEpoch: number;
  method: LogInMethod | null;
  createdAt: Date;
  expiresAt: Date;
}

export async function insertMfaChallenge(em: EntityManager, challenge: MfaChallengeRow): Promise<void> {
  await em.execute(sql`
    INSERT INTO mfa_challenge (token_hash, user_id, session_epoch, method, created_at, expires_at)
    VALUES (${challenge.tokenHash}, ${challenge.userId}, ${challenge.sessionEpoch}, ${challenge.method},
      ${challenge.createdAt}, ${challenge.expiresAt})`);
}

/** Returns the user of a challenge that has not expired and was created after the user's sessions last ended. */
export async function findChallengedUserId(
  em: EntityManager,
  tokenHash: Buffer,
  now: Date,
): Promise<string | undefined> {
  const [row] = await em.execute<{ userId: string }[]>(sql`
    SELECT c.user_id AS "userId" FROM mfa_challenge c JOIN user_account u ON u.id = c.user_id
    WHERE c.token_hash = ${tokenHash} AND c.expires_at > ${now} AND c.session_epoch = u.session_epoch`);
  return row?.userId;
}

/** Returns undefined if the challenge does not exist. */
export async function deleteMfaChallenge(
  em: EntityManager,
  tokenHash: Buffer,
): Promise<Pick<MfaChallengeRow, 'method'> | undefined> {
  const [row] = await em.execute<Pick<MfaChallengeRow, 'method'>[]>(sql`
    DELETE FROM mfa_challenge WHERE token_hash = ${tokenHash} RETURNING method`);
  return row;
}
