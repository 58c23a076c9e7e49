import { LockMode } from '@mikro-orm/core';
import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { type AuthUser, currentRequest, type PageOf } from '@roost/http';
import { type ErrorCode, Problem, SystemClock, uuidv7 } from '@roost/platform';
import { PasswordCheck } from '../credential/password-check.service.js';
import { SecondFactors } from '../credential/second-factors.js';
import { User } from '../user/user.entity.js';
import { AccessTokens } from './access-token.js';
import { decideRefresh, REFRESH_TTL_SECONDS, SESSION_TTL_SECONDS } from './domain/refresh-rules.js';
import {
  issueRefreshToken,
  lockSessionOf,
  markUsed,
  openSuccessor,
  readRefreshToken,
} from './refresh-token.queries.js';
import {
  type AccessToken,
  type MfaChallenge,
  type SessionDto,
  type StepUpProof,
  type Tokens,
  toSessionDto,
} from './session.dto.js';
import { Session, type SessionEnd } from './session.entity.js';
import { findSessions } from './session.queries.js';

const MAX_USER_AGENT = 200;

interface Refreshed {
  user: User;
  session: Session;
  refreshToken: string;
}

@Injectable()
export class Sessions {
  constructor(
    private readonly transactions: Transactions,
    private readonly passwords: PasswordCheck,
    private readonly factors: SecondFactors,
    private readonly accessTokens: AccessTokens,
    private readonly clock: SystemClock,
    private readonly em: EntityManager,
  ) {}

  /** Tokens, or what it takes to get them with a second factor. */
  async logIn(email: string, password: string): Promise<Tokens | MfaChallenge> {
    const user = await this.passwords.verify(email, password);
    if (user.status === 'suspended') throw new Problem('account.suspended');
    if (user.mfaEnabled)
      return { mfaToken: await this.transactions.run((em) => this.factors.challenge(em, user)) };
    return this.open(user, { mfaPassed: user.mfaExempt });
  }

  /** Begins a session for a user who has just proved who they are. */
  async open(proven: User, how: { mfaPassed: boolean }): Promise<Tokens> {
    const { user, session, refreshToken } = await this.transactions.run(async (em) => {
      const user = await this.stillAsProven(em, proven);
      const now = this.clock.now();
      const expiresAt = endAfter(now, now);
      const session = em.create(Session, {
        id: uuidv7(),
        userId: user.id,
        epoch: user.sessionEpoch,
        userAgent: currentRequest()?.request.headers['user-agent']?.slice(0, MAX_USER_AGENT) ?? null,
        mfaPassed: how.mfaPassed,
        authTime: now,
        createdAt: now,
        lastUsedAt: now,
        expiresAt,
      });
      em.persist(session);
      await em.flush();
      return { user, session, refreshToken: await issueRefreshToken(em, session.id, { now, expiresAt }) };
    });
    return this.tokens(user, session, refreshToken);
  }

  async refresh(token: string): Promise<Tokens> {
    const outcome = await this.transactions.run((em) => this.refreshOnce(em, token), {
      isolation: 'read committed',
    });
    if ('refused' in outcome) throw new Problem(outcome.refused);
    return this.tokens(outcome.user, outcome.session, outcome.refreshToken);
  }

  /** Ends the session of the access token, of the refresh token, or of both; unknown ones are as good as ended. */
  async logOut(user: AuthUser | null, refreshToken: string | undefined): Promise<void> {
    if (!user && refreshToken === undefined) throw new Problem('auth.missing_token');
    await this.transactions.run(async (em) => {
      const family = refreshToken === undefined ? undefined : await lockSessionOf(em, refreshToken);
      const ids = [user?.sessionId, family].filter((id) => id !== undefined);
      await this.end(em, { id: { $in: ids } }, 'logout');
    });
  }

  /** A new access token for this session, fresh enough for what must be confirmed. */
  async stepUp(auth: AuthUser, proof: StepUpProof): Promise<AccessToken> {
    const owner = await this.ownerOf(auth);
    let proven = owner;
    if (proof.password !== undefined) proven = await this.passwords.verify(owner.email, proof.password);
    else if (proof.code !== undefined && owner.mfaEnabled) await this.factors.verify(owner.id, proof.code);
    else throw new Problem('auth.mfa_invalid');
    const { user, session } = await this.transactions.run(async (em) => {
      const { user, session } = await this.liveSession(auth, em);
      if (user.passwordHash !== proven.passwordHash) throw new Problem('auth.invalid_credentials');
      session.authTime = this.clock.now();
      return { user, session };
    });
    return {
      accessToken: await this.accessTokens.sign(user, session),
      tokenType: 'Bearer',
      expiresInSeconds: this.accessTokens.ttlSeconds,
    };
  }

  /** The account behind an access token, as long as the session that the token belongs to is alive. */
  async ownerOf(auth: AuthUser, em: EntityManager = this.em): Promise<User> {
    const { user } = await this.liveSession(auth, em);
    return user;
  }

  async list(
    auth: AuthUser,
    query: { limit: number; cursor?: string | undefined },
  ): Promise<PageOf<SessionDto>> {
    const user = await this.ownerOf(auth);
    const found = await findSessions(this.em, user, this.clock.now(), query);
    return { ...found, data: found.data.map((session) => toSessionDto(session, auth.sessionId)) };
  }

  async revoke(user: AuthUser, sessionId: string): Promise<void> {
    await this.transactions.run(async (em) => {
      await this.ownerOf(user, em);
      const ended = await this.end(em, { id: sessionId, userId: user.id }, 'revoked');
      if (ended === 0) throw new Problem('session.not_found');
    });
  }

  /** Ends every session of a user, also one that is being opened right now; perhaps not the one that asks. */
  async endAll(em: EntityManager, user: User, reason: SessionEnd, exceptId?: string): Promise<void> {
    user.sessionEpoch += 1;
    await em.flush();
    if (exceptId)
      await em.nativeUpdate(Session, { id: exceptId, userId: user.id }, { epoch: user.sessionEpoch });
    await this.end(em, { userId: user.id, epoch: { $lt: user.sessionEpoch } }, reason);
  }

  /** This session has shown the second factor. */
  async markMfaPassed(em: EntityManager, auth: AuthUser): Promise<void> {
    await em.nativeUpdate(Session, { id: auth.sessionId, userId: auth.id }, { mfaPassed: true });
  }

  /** Without a second factor no session has passed one. */
  async forgetMfa(em: EntityManager, user: User): Promise<void> {
    await em.nativeUpdate(Session, { userId: user.id, mfaPassed: true }, { mfaPassed: user.mfaExempt });
  }

  private async liveSession(auth: AuthUser, em: EntityManager): Promise<{ user: User; session: Session }> {
    const user = await em.findOne(User, { id: auth.id });
    if (user?.status === 'suspended') throw new Problem('account.suspended');
    const session = await em.findOne(Session, {
      id: auth.sessionId,
      userId: auth.id,
      revokedAt: null,
      expiresAt: { $gt: this.clock.now() },
    });
    if (user?.status !== 'active' || session?.epoch !== user.sessionEpoch)
      throw new Problem('auth.invalid_token');
    return { user, session };
  }

  private end(em: EntityManager, which: object, reason: SessionEnd): Promise<number> {
    const ended = { revokedAt: this.clock.now(), revokedFor: reason };
    return em.nativeUpdate(Session, { ...which, revokedAt: null }, ended);
  }

  private async refreshOnce(em: EntityManager, token: string): Promise<Refreshed | { refused: ErrorCode }> {
    const sessionId = await lockSessionOf(em, token);
    if (sessionId === undefined) return { refused: 'auth.refresh_invalid' };
    const session = await em.findOneOrFail(Session, { id: sessionId });
    const user = await em.findOneOrFail(User, { id: session.userId });
    const presented = await readRefreshToken(em, token);
    const now = this.clock.now();
    const stands = user.status === 'active' && session.epoch === user.sessionEpoch;
    switch (decideRefresh(presented, { ...session, stands }, now)) {
      case 'rotate': {
        const expiresAt = endAfter(session.createdAt, now);
        const refreshToken = await issueRefreshToken(em, session.id, { now, expiresAt });
        await markUsed(em, token, refreshToken, now);
        Object.assign(session, { lastUsedAt: now, expiresAt });
        return { user, session, refreshToken };
      }
      case 'repeat':
        return { user, session, refreshToken: openSuccessor(token, presented.successorSealed ?? '') };
      case 'reused':
        await this.end(em, { id: session.id }, 'reuse');
        return { refused: 'auth.refresh_reused' };
      case 'dead':
        return { refused: 'auth.refresh_reused' };
      case 'ended':
        return {
          refused: user.status === 'suspended' ? 'account.suspended' : 'auth.refresh_invalid',
        };
    }
  }

  /** Between the proof and the session the password may have been changed, or the account suspended. */
  private async stillAsProven(em: EntityManager, proven: User): Promise<User> {
    const user = await em.findOne(User, { id: proven.id }, { lockMode: LockMode.PESSIMISTIC_READ });
    if (!user || user.passwordHash !== proven.passwordHash) throw new Problem('auth.invalid_credentials');
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

/** A session slides with use, up to its end. */
function endAfter(createdAt: Date, now: Date): Date {
  const slidesTo = now.getTime() + REFRESH_TTL_SECONDS * 1000;
  return new Date(Math.min(slidesTo, createdAt.getTime() + SESSION_TTL_SECONDS * 1000));
}
