import { Controller, Module } from '@nestjs/common';
import { type EventBody, USER_EVENTS, type UserEvent } from '@roost/contracts';
import { type EventMeta, OnEvent, Transactions } from '@roost/messaging';
import { mirrorAccountStanding } from './account-standing.queries.js';

@Controller()
class AccountStandingConsumer {
  constructor(private readonly transactions: Transactions) {}

  @OnEvent(...USER_EVENTS)
  async changed(body: EventBody<UserEvent>, meta: EventMeta): Promise<void> {
    await this.transactions.run((em) => mirrorAccountStanding(em, body, meta.aggregateVersion ?? 0));
  }
}

/** Mirrors `identity.user` into `account_standing`. */
@Module({ controllers: [AccountStandingConsumer] })
export class AccountStandingModule {}
