import { Controller } from '@nestjs/common';
import { type EventBody, USER_EVENTS, type UserEvent } from '@roost/contracts';
import { type EventMeta, OnEvent, Transactions } from '@roost/messaging';
import { PageInvalidation } from '../cache/page-invalidation.js';
import { mirrorHostName } from './host-name.queries.js';

/** Mirrors the display names of all users: each can become a host later. */
@Controller()
export class HostNameConsumer {
  constructor(
    private readonly transactions: Transactions,
    private readonly pages: PageInvalidation,
  ) {}

  @OnEvent(...USER_EVENTS)
  async changed(body: EventBody<UserEvent>, meta: EventMeta): Promise<void> {
    await this.transactions.run(async (em) => {
      await this.pages.invalidateHost(em, body.userId);
      await mirrorHostName(em, body, meta.aggregateVersion ?? 0);
    });
  }
}
