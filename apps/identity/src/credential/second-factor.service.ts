import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import type { AuthUser } from '@roost/http';
import { Transactions } from '@roost/messaging';
import { Encryption, hashToken, Problem, randomToken, SystemClock } from '@roost/platform';
import { recordAccountAction } from '../account/account-log.queries.js';
import type { User } from '../account/user.entity.js';
import { sessionCounters } from './domain/attempt-counters.js';
import type { LogInMethod } from './domain/log-in-method.js';
import { LoginAttemptService } from './login-attempt.service.js';
import {
  confirmTotpFactor,
  consumeRecoveryCode,
  consumeTotpStep,
  deleteMfaChallenge,
  deleteSecondFactors,
  findChallengedUserId,
  findTotpSecret,
  insertMfaChallenge,
  replaceRecoveryCodes,
  replaceTotpFactor,
} from './second-factor.queries.js';
import { newRecoveryCode, newTotpSecret, stepOfCode } from './totp.js';

const ENCRYPTION_CONTEXT = 'totp_factor.secret_sealed';
const RECOVERY_CODES = 10;
const CHALLENGE_TTL_SECONDS = 5 * 60;

/** Authenticators (TOTP), recovery codes and the challenges between the first and the second factor. */
@Injectable()
export class SecondFactorService {
  constructor(
    private readonly transactions: Transactions,
    private readonly attempts: LoginAttemptService,
    private readonly encryption: Encryption,
    private readonly clock: SystemClock,
  ) {}

  /** Stores and returns a new secret; replaces an unconfirmed one. */
  async enrol(em: EntityManager, user: User): Promise<string> {
    const secret = newTotpSecret();
    await replaceTotpFactor(em, {
      userId: user.id,
      secretSealed: this.encryption.encrypt(secret, ENCRYPTION_CONTEXT),
      createdAt: this.clock.now(),
    });
    return secret;
  }

  /** Whether the user has an authenticator, confirmed or not. */
  async hasAuthenticator(em: EntityManager, user: User): Promise<boolean> {
    return (await findTotpSecret(em, user.id)) !== undefined;
  }

  /** Confirms the authenticator and returns new recovery codes in clear. Only their hashes are stored. */
  async activate(em: EntityManager, user: User): Promise<string[]> {
    const codes = Array.from({ length: RECOVERY_CODES }, newRecoveryCode);
    await confirmTotpFactor(em, user.id, this.clock.now());
    await replaceRecoveryCodes(em, user.id, codes.map(hashToken));
    return codes;
  }

  async remove(em: EntityManager, user: User): Promise<void> {
    await deleteSecondFactors(em, user.id);
  }

  /**
   * Verifies a code of the authenticator or a recovery code. Each code is accepted once; wrong codes count towards a
   * lock-out: of the session of `auth`, or of the device that logs in. Throws 429 `auth.locked`, and for a wrong code 403
   * `auth.wrong_code` to a signed-in user (their access token is valid) or 401 `auth.mfa_invalid`.
   */
  async verify(userId: string, code: string, auth: AuthUser | null): Promise<void> {
    const account = secondFactorAccount(userId);
    const counters = auth
      ? sessionCounters(account, auth.sessionId)
      : await this.attempts.countersOfLogIn(account, { id: userId });
    await this.attempts.admit(counters);
    const valid = await this.transactions.run(
      async (em) =>
        /^\d{6}$/.test(code) ? this.consumeTotp(em, userId, code) : this.consumeRecovery(em, userId, code),
      { isolation: 'read committed' },
    );
    if (!valid) throw new Problem(auth ? 'auth.wrong_code' : 'auth.mfa_invalid');
    await this.attempts.reset(counters);
  }

  /** Creates a challenge for a user whose first factor is verified, and returns its token. It expires after five minutes. */
  async createChallenge(em: EntityManager, user: User, method: LogInMethod): Promise<string> {
    const token = randomToken();
    const now = this.clock.now();
    await insertMfaChallenge(em, {
      tokenHash: hashToken(token),
      userId: user.id,
      sessionEpoch: user.sessionEpoch,
      method,
      createdAt: now,
      expiresAt: new Date(now.getTime() + CHALLENGE_TTL_SECONDS * 1000),
    });
    return token;
  }

  /**
   * Returns the user of a challenge. Throws 401 `auth.mfa_invalid` if the challenge is missing, has expired, or is older
   * than the user's current password.
   */
  async challengedUserId(em: EntityManager, token: string): Promise<string> {
    const userId = await findChallengedUserId(em, hashToken(token), this.clock.now());
    if (userId === undefined) throw new Problem('auth.mfa_invalid');
    return userId;
  }

  /**
   * Deletes a challenge: it opens one session. Returns how its user proved the first factor; null if an earlier version created
   * it. Throws 401 `auth.mfa_invalid` if it is missing.
   */
  async consumeChallenge(em: EntityManager, token: string): Promise<LogInMethod | null> {
    const challenge = await deleteMfaChallenge(em, hashToken(token));
    if (!challenge) throw new Problem('auth.mfa_invalid');
    return challenge.method;
  }

  private async consumeTotp(em: EntityManager, userId: string, code: string): Promise<boolean> {
    const sealed = await findTotpSecret(em, userId);
    if (sealed === undefined) return false;
    const step = stepOfCode(this.encryption.decrypt(sealed, ENCRYPTION_CONTEXT), code, this.clock.now());
    return step !== null && (await consumeTotpStep(em, userId, step));
  }

  private async consumeRecovery(em: EntityManager, userId: string, code: string): Promise<boolean> {
    const now = this.clock.now();
    const consumed = await consumeRecoveryCode(em, userId, hashToken(code.trim().toLowerCase()), now);
    if (consumed) await recordAccountAction(em, { userId, action: 'recovery-code.used' }, now);
    return consumed;
  }
}

/** The name under which wrong codes of a user are counted. */
export const secondFactorAccount = (userId: string): string => `second factor of ${userId}`;
