import { EntityManager } from '@mikro-orm/postgresql';
import { Controller, Injectable, Module, Optional } from '@nestjs/common';
import { type EventBody, USER_EVENTS, type UserEvent } from '@roost/contracts';
import { AccessTokens } from '@roost/http';
import { type EventMeta, OnEvent, Transactions } from '@roost/messaging';
import { SystemClock } from '@roost/platform';
import { changesStanding, mirrorAccountStanding } from './account-standing.queries.js';
import { StandingChange } from './standing-change.port.js';
import { findEndOfSession, storeEndedSession } from './ended-session.queries.js';

@Controller()
class AccountStandingConsumer {
  constructor(
    private readonly transactions: Transactions,
    private readonly clock: SystemClock,
    @Optional() private readonly standingChange?: StandingChange,
  ) {}

  @OnEvent(...USER_EVENTS)
  async changed(body: EventBody<UserEvent>, meta: EventMeta): Promise<void> {
    await this.transactions.run(async (em) => {
      if (this.standingChange && (await changesStanding(em, body)))
        await this.standingChange.changed(em, body.userId);
      await mirrorAccountStanding(em, body, meta.aggregateVersion ?? 0);
    });
  }

  @OnEvent('session.ended')
  async ended(body: EventBody<'session.ended'>): Promise<void> {
    await this.transactions.run((em) => storeEndedSession(em, body, this.clock.now()));
  }
}

/** Makes the service reject the access tokens of ended sessions. */
@Injectable()
class EndedSessionCheck {
  constructor(tokens: AccessTokens, em: EntityManager) {
    tokens.rejectEndedSessions((user) => findEndOfSession(em.fork(), user));
  }
}

/** Mirrors `identity.user` into `account_standing` and `identity.session` into `ended_session`. */
@Module({ controllers: [AccountStandingConsumer], providers: [EndedSessionCheck] })
export class AccountStandingModule {}
