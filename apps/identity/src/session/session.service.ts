import { LockMode } from '@mikro-orm/core';
import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { type AuthUser, type PageOf } from '@roost/http';
import { type ErrorCode, Problem, SystemClock, uuidv7 } from '@roost/platform';
import { currentDevice } from '../credential/login-attempt.service.js';
import type { LogInMethod } from '../credential/domain/log-in-method.js';
import { PasswordCheckService } from '../credential/password-check.service.js';
import { SecondFactorService } from '../credential/second-factor.service.js';
import { recordAccountAction } from '../account/account-log.queries.js';
import { User } from '../account/user.entity.js';
import { AccessTokenService } from './access-token.service.js';
import { decideRefresh, REFRESH_TTL_SECONDS, SESSION_TTL_SECONDS } from './domain/refresh-rules.js';
import {
  issueRefreshToken,
  lockSessionOf,
  markRefreshTokenUsed,
  decryptSuccessor,
  readRefreshToken,
} from './refresh-token.queries.js';
import { SessionEndPublisher } from './session-end.publisher.js';
import {
  type AccessToken,
  type MfaChallenge,
  type SessionDto,
  type Tokens,
  toSessionDto,
} from './session.dto.js';
import { Session, type SessionEnd } from './session.entity.js';
import { findSessions } from './session.queries.js';

interface RefreshedSession {
  user: User;
  session: Session;
  refreshToken: string;
}

/** The problem of a log-in whose proof was replaced before its session opened. */
const STALE_PROOF = {
  password: 'auth.invalid_credentials',
  passkey: 'auth.passkey_invalid',
  provider: 'auth.oidc_invalid',
} as const satisfies Record<LogInMethod, string>;

@Injectable()
export class SessionService {
  constructor(
    private readonly transactions: Transactions,
    private readonly ends: SessionEndPublisher,
    private readonly passwords: PasswordCheckService,
    private readonly factors: SecondFactorService,
    private readonly accessTokens: AccessTokenService,
    private readonly clock: SystemClock,
    private readonly em: EntityManager,
  ) {}

  /** Returns tokens, or a challenge if the user has a second factor. */
  async logIn(email: string, password: string): Promise<Tokens | MfaChallenge> {
    return this.openOrChallenge(await this.passwords.verify(email, password), 'password');
  }

  /** Opens a session for a user whose first factor is proven, or returns a challenge if the user has a second one. */
  async openOrChallenge(user: User, method: LogInMethod): Promise<Tokens | MfaChallenge> {
    if (user.status === 'suspended') throw new Problem('account.suspended');
    if (user.mfaEnabled)
      return {
        mfaToken: await this.transactions.run((em) => this.factors.createChallenge(em, user, method)),
      };
    return this.open(user, { method, mfaPassed: user.mfaExempt });
  }

  /** Opens a session for a user whose identity has just been proven. */
  async open(proven: User, how: { method: LogInMethod | null; mfaPassed: boolean }): Promise<Tokens> {
    const { user, session, refreshToken } = await this.transactions.run(async (em) => {
      const user = await this.lockUnchanged(em, proven, how.method);
      const now = this.clock.now();
      const expiresAt = expiryOf(now, now);
      const session = em.create(Session, {
        id: uuidv7(),
        userId: user.id,
        epoch: user.sessionEpoch,
        ...currentDevice(),
        ...how,
        authTime: now,
        createdAt: now,
        lastUsedAt: now,
        expiresAt,
      });
      em.persist(session);
      await em.flush();
      const details = { sessionId: session.id, ...(how.method === null ? {} : { method: how.method }) };
      await recordAccountAction(em, { userId: user.id, action: 'session.started', details }, now);
      return { user, session, refreshToken: await issueRefreshToken(em, session.id, { now, expiresAt }) };
    });
    this.passwords.markDeviceKnown(user.id);
    return this.tokens(user, session, refreshToken);
  }

  async refresh(token: string): Promise<Tokens> {
    const outcome = await this.transactions.run((em) => this.refreshOnce(em, token), {
      isolation: 'read committed',
    });
    if ('rejected' in outcome) throw new Problem(outcome.rejected);
    return this.tokens(outcome.user, outcome.session, outcome.refreshToken);
  }

  /** Ends the session of the access token, of the refresh token, or of both. Ignores unknown tokens. */
  async logOut(user: AuthUser | null, refreshToken: string | undefined): Promise<void> {
    if (!user && refreshToken === undefined) throw new Problem('auth.missing_token');
    await this.transactions.run(async (em) => {
      const family = refreshToken === undefined ? undefined : await lockSessionOf(em, refreshToken);
      const ids = [user?.sessionId, family].filter((id) => id !== undefined);
      await this.endAndRecord(em, { id: { $in: ids } }, 'logout');
    });
  }

  /**
   * Returns an access token with a new `auth_time` for the user of a session who has just proven their identity. Throws
   * 403 `auth.wrong_password` if the password was changed since the proof.
   */
  async renewAuthTime(auth: AuthUser, proven: User): Promise<AccessToken> {
    const { user, session } = await this.transactions.run(async (em) => {
      const { user, session } = await this.activeSession(auth, em);
      if (user.passwordHash !== proven.passwordHash) throw new Problem('auth.wrong_password');
      session.authTime = this.clock.now();
      return { user, session };
    });
    return {
      accessToken: await this.accessTokens.sign(user, session),
      tokenType: 'Bearer',
      expiresInSeconds: this.accessTokens.ttlSeconds,
    };
  }

  /** Returns the user of an access token. Throws 401 if its session has ended, 403 if the account is suspended. */
  async requireUser(auth: AuthUser, em: EntityManager = this.em): Promise<User> {
    const { user } = await this.activeSession(auth, em);
    return user;
  }

  async list(
    auth: AuthUser,
    query: { limit: number; cursor?: string | undefined },
  ): Promise<PageOf<SessionDto>> {
    const user = await this.requireUser(auth);
    const found = await findSessions(this.em, user, this.clock.now(), query);
    return { ...found, data: found.data.map((session) => toSessionDto(session, auth.sessionId)) };
  }

  revoke(auth: AuthUser, sessionId: string): Promise<User> {
    return this.transactions.run(async (em) => {
      const user = await this.requireUser(auth, em);
      const ended = await this.endAndRecord(em, { id: sessionId, userId: user.id }, 'revoked');
      if (ended === 0) throw new Problem('session.not_found');
      return user;
    });
  }

  /** Ends every session of a user, also one that is opened concurrently, except for `exceptId`. */
  async endAll(em: EntityManager, user: User, reason: SessionEnd, exceptId?: string): Promise<void> {
    user.sessionEpoch += 1;
    await em.flush();
    if (exceptId)
      await em.nativeUpdate(Session, { id: exceptId, userId: user.id }, { epoch: user.sessionEpoch });
    await this.end(em, { userId: user.id, epoch: { $lt: user.sessionEpoch } }, reason);
  }

  /** Records that the current session has passed the second factor. */
  async markMfaPassed(em: EntityManager, auth: AuthUser): Promise<void> {
    await em.nativeUpdate(Session, { id: auth.sessionId, userId: auth.id }, { mfaPassed: true });
  }

  /** Resets the record of all sessions after a second factor was removed. */
  async resetMfaPassed(em: EntityManager, user: User): Promise<void> {
    await em.nativeUpdate(Session, { userId: user.id, mfaPassed: true }, { mfaPassed: user.mfaExempt });
  }

  private async activeSession(auth: AuthUser, em: EntityManager): Promise<{ user: User; session: Session }> {
    const user = await em.findOne(User, { id: auth.id });
    const session = await em.findOne(Session, {
      id: auth.sessionId,
      userId: auth.id,
      revokedAt: null,
      expiresAt: { $gt: this.clock.now() },
    });
    // A change of the password was committed between the two reads, and kept this session.
    if (user && session && session.epoch > user.sessionEpoch) await em.refresh(user);
    if (user?.status === 'suspended') throw new Problem('account.suspended');
    if (user?.status !== 'active' || session?.epoch !== user.sessionEpoch)
      throw new Problem('auth.invalid_token');
    return { user, session };
  }

  /** As `end`, and records each end in the log of its account. For few sessions. */
  private async endAndRecord(em: EntityManager, where: object, reason: SessionEnd): Promise<number> {
    const ended = await this.end(em, where, reason);
    const actor = reason === 'reuse' ? 'system' : 'user';
    for (const { id: sessionId, userId } of ended) {
      const details = { sessionId, reason };
      await recordAccountAction(em, { userId, action: 'session.ended', actor, details }, this.clock.now());
    }
    return ended.length;
  }

  /** Ends the open sessions among these and publishes each end. Returns the ended ones. */
  private async end(
    em: EntityManager,
    where: object,
    reason: SessionEnd,
  ): Promise<Pick<Session, 'id' | 'userId'>[]> {
    const now = this.clock.now();
    const open = await em.find(Session, { ...where, revokedAt: null }, { fields: ['id', 'userId'] });
    const ids = open.map(({ id }) => id);
    const ended = { revokedAt: now, revokedFor: reason };
    await em.nativeUpdate(Session, { id: { $in: ids }, revokedAt: null }, ended);
    await this.ends.publish(em, open, { reason, at: now });
    return open;
  }

  private async refreshOnce(
    em: EntityManager,
    token: string,
  ): Promise<RefreshedSession | { rejected: ErrorCode }> {
    const sessionId = await lockSessionOf(em, token);
    if (sessionId === undefined) return { rejected: 'auth.refresh_invalid' };
    const session = await em.findOneOrFail(Session, { id: sessionId });
    const user = await em.findOneOrFail(User, { id: session.userId });
    const presented = await readRefreshToken(em, token);
    const now = this.clock.now();
    const valid = user.status === 'active' && session.epoch === user.sessionEpoch;
    switch (decideRefresh(presented, { ...session, valid }, now)) {
      case 'rotate': {
        const expiresAt = expiryOf(session.createdAt, now);
        const refreshToken = await issueRefreshToken(em, session.id, { now, expiresAt });
        await markRefreshTokenUsed(em, token, refreshToken, now);
        Object.assign(session, { lastUsedAt: now, expiresAt });
        return { user, session, refreshToken };
      }
      case 'repeat':
        return { user, session, refreshToken: decryptSuccessor(token, presented.successorSealed ?? '') };
      case 'reused':
        await this.endAndRecord(em, { id: session.id }, 'reuse');
        return { rejected: 'auth.refresh_reused' };
      case 'revoked_for_reuse':
        return { rejected: 'auth.refresh_reused' };
      case 'ended':
        return {
          rejected: user.status === 'suspended' ? 'account.suspended' : 'auth.refresh_invalid',
        };
    }
  }

  /** Locks the user. Throws if all sessions were ended or the account suspended since the proof. */
  private async lockUnchanged(em: EntityManager, proven: User, method: LogInMethod | null): Promise<User> {
    const user = await em.findOne(User, { id: proven.id }, { lockMode: LockMode.PESSIMISTIC_READ });
    if (user?.passwordHash !== proven.passwordHash || user.sessionEpoch !== proven.sessionEpoch)
      throw new Problem(STALE_PROOF[method ?? 'password']);
    if (user.status !== 'active') throw new Problem('account.suspended');
    return user;
  }

  private async tokens(user: User, session: Session, refreshToken: string): Promise<Tokens> {
    return {
      accessToken: await this.accessTokens.sign(user, session),
      refreshToken,
      tokenType: 'Bearer',
      expiresInSeconds: this.accessTokens.ttlSeconds,
    };
  }
}

/** Each use extends a session, up to its maximum age. */
function expiryOf(createdAt: Date, now: Date): Date {
  const extendedTo = now.getTime() + REFRESH_TTL_SECONDS * 1000;
  return new Date(Math.min(extendedTo, createdAt.getTime() + SESSION_TTL_SECONDS * 1000));
}
