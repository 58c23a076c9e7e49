import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { Encryption, hashToken, Problem, randomToken, SystemClock } from '@roost/platform';
import type { User } from '../user/user.entity.js';
import { AttemptLog } from './attempts.js';
import { newRecoveryCode, newTotpSecret, stepOfCode } from './totp.js';

const SEALED_AS = 'totp_factor.secret_sealed';
const RECOVERY_CODES = 10;
const CHALLENGE_TTL_SECONDS = 5 * 60;

/** Authenticators and recovery codes: made, tried, taken away. */
@Injectable()
export class SecondFactors {
  constructor(
    private readonly transactions: Transactions,
    private readonly attempts: AttemptLog,
    private readonly encryption: Encryption,
    private readonly clock: SystemClock,
  ) {}

  /** Begins with a new secret; one that was never confirmed is replaced. */
  async begin(em: EntityManager, user: User): Promise<string> {
    const secret = newTotpSecret();
    await em.execute(
      `INSERT INTO totp_factor (user_id, secret_sealed, created_at) VALUES (?, ?, ?)
        ON CONFLICT (user_id) DO UPDATE SET secret_sealed = excluded.secret_sealed,
          created_at = excluded.created_at, confirmed_at = NULL, last_step = NULL`,
      [user.id, this.encryption.encrypt(secret, SEALED_AS), this.clock.now()],
    );
    return secret;
  }

  /** Whether there is an authenticator to confirm. */
  async begun(em: EntityManager, user: User): Promise<boolean> {
    const rows = await em.execute<unknown[]>('SELECT user_id FROM totp_factor WHERE user_id = ?', [user.id]);
    return rows.length > 0;
  }

  /** Turns the factor on and gives the recovery codes in clear, for the only time. */
  async complete(em: EntityManager, user: User): Promise<string[]> {
    const codes = Array.from({ length: RECOVERY_CODES }, newRecoveryCode);
    await em.execute('UPDATE totp_factor SET confirmed_at = ? WHERE user_id = ?', [
      this.clock.now(),
      user.id,
    ]);
    await em.execute('DELETE FROM recovery_code WHERE user_id = ?', [user.id]);
    for (const code of codes)
      await em.execute('INSERT INTO recovery_code (user_id, code_hash) VALUES (?, ?)', [
        user.id,
        hashToken(code),
      ]);
    return codes;
  }

  async remove(em: EntityManager, user: User): Promise<void> {
    for (const table of ['totp_factor', 'recovery_code', 'mfa_challenge'])
      await em.execute(`DELETE FROM ${table} WHERE user_id = ?`, [user.id]);
  }

  /** Tries a code of the authenticator or a recovery code. Each is taken once; mistakes count towards a lock-out. */
  async verify(userId: string, code: string): Promise<void> {
    const subject = `second factor of ${userId}`;
    await this.attempts.admit(subject);
    const right = await this.transactions.run(
      async (em) =>
        /^\d{6}$/.test(code) ? this.takeTotp(em, userId, code) : this.takeRecoveryCode(em, userId, code),
      { isolation: 'read committed' },
    );
    if (!right) throw new Problem('auth.mfa_invalid');
    await this.attempts.forget(subject);
  }

  /** What stands between a right password and a session: good for five minutes, for this user only. */
  async challenge(em: EntityManager, user: User): Promise<string> {
    const token = randomToken();
    const now = this.clock.now();
    await em.execute(
      'INSERT INTO mfa_challenge (token_hash, user_id, session_epoch, created_at, expires_at) VALUES (?, ?, ?, ?, ?)',
      [
        hashToken(token),
        user.id,
        user.sessionEpoch,
        now,
        new Date(now.getTime() + CHALLENGE_TTL_SECONDS * 1000),
      ],
    );
    return token;
  }

  /** The user a challenge was made for, as long as neither it nor the password has had its day. */
  async challenged(em: EntityManager, token: string): Promise<string> {
    const [row] = await em.execute<{ user_id: string }[]>(
      `SELECT c.user_id FROM mfa_challenge c JOIN user_account u ON u.id = c.user_id
        WHERE c.token_hash = ? AND c.expires_at > ? AND c.session_epoch = u.session_epoch`,
      [hashToken(token), this.clock.now()],
    );
    if (!row) throw new Problem('auth.mfa_invalid');
    return row.user_id;
  }

  /** One challenge makes one session. */
  async useUp(em: EntityManager, token: string): Promise<void> {
    const rows = await em.execute<unknown[]>(
      'DELETE FROM mfa_challenge WHERE token_hash = ? RETURNING user_id',
      [hashToken(token)],
    );
    if (rows.length === 0) throw new Problem('auth.mfa_invalid');
  }

  private async takeTotp(em: EntityManager, userId: string, code: string): Promise<boolean> {
    const [factor] = await em.execute<{ secret_sealed: string }[]>(
      'SELECT secret_sealed FROM totp_factor WHERE user_id = ?',
      [userId],
    );
    if (!factor) return false;
    const secret = this.encryption.decrypt(factor.secret_sealed, SEALED_AS);
    const step = stepOfCode(secret, code, this.clock.now());
    if (step === null) return false;
    const rows = await em.execute<unknown[]>(
      `UPDATE totp_factor SET last_step = ? WHERE user_id = ? AND (last_step IS NULL OR last_step < ?)
        RETURNING user_id`,
      [step, userId, step],
    );
    return rows.length > 0;
  }

  private async takeRecoveryCode(em: EntityManager, userId: string, code: string): Promise<boolean> {
    const rows = await em.execute<unknown[]>(
      'UPDATE recovery_code SET used_at = ? WHERE user_id = ? AND code_hash = ? AND used_at IS NULL RETURNING user_id',
      [this.clock.now(), userId, hashToken(code.trim().toLowerCase())],
    );
    return rows.length > 0;
  }
}
