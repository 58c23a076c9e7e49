import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Outbox, Transactions } from '@roost/messaging';
import { StreamSignal } from '../stream-signal/stream-signal.js';
import { AccessTokenService } from './access-token.service.js';
import type { Session, SessionEnd } from './session.entity.js';

/** Publishes the ends of sessions: to the other services, and to the streams of events of their users, which end at once. */
@Injectable()
export class SessionEndPublisher {
  constructor(
    private readonly transactions: Transactions,
    private readonly outbox: Outbox,
    private readonly streams: StreamSignal,
    private readonly accessTokens: AccessTokenService,
  ) {}

  /** Call it in the transaction that ends the sessions. */
  async publish(
    em: EntityManager,
    ended: readonly Pick<Session, 'id' | 'userId'>[],
    { reason, at }: { reason: SessionEnd; at: Date },
  ): Promise<void> {
    if (ended.length === 0) return;
    const tokensExpireAt = new Date(at.getTime() + this.accessTokens.ttlSeconds * 1000).toISOString();
    await this.outbox.addAll(
      em,
      'session.ended',
      ended.map(({ id, userId }) => ({ body: { sessionId: id, userId, reason, tokensExpireAt } })),
    );
    const userIds = [...new Set(ended.map(({ userId }) => userId))];
    this.transactions.afterCommit(() => this.streams.send(userIds));
  }
}
