import { Controller } from '@nestjs/common';
import { type EventBody, USER_EVENTS, type UserEvent } from '@roost/contracts';
import { type EventMeta, OnEvent, Transactions } from '@roost/messaging';
import { mirrorAuthor } from './author.queries.js';

/** Mirrors the display names of users. */
@Controller()
export class AuthorConsumer {
  constructor(private readonly transactions: Transactions) {}

  @OnEvent(...USER_EVENTS)
  async changed(body: EventBody<UserEvent>, meta: EventMeta): Promise<void> {
    await this.transactions.run((em) => mirrorAuthor(em, body, meta.aggregateVersion ?? 0));
  }
}
