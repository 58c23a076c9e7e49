import { Controller } from '@nestjs/common';
import { type EventBody, USER_EVENTS, type UserEvent } from '@roost/contracts';
import { type EventMeta, OnEvent, Transactions } from '@roost/messaging';
import { mirrorHost } from './host.queries.js';

/** Whose listings are for guests to see: not those of a host who is suspended or erased. */
@Controller()
export class HostConsumer {
  constructor(private readonly transactions: Transactions) {}

  @OnEvent(...USER_EVENTS)
  async statusChanged(body: EventBody<UserEvent>, meta: EventMeta): Promise<void> {
    await this.transactions.run((em) =>
      mirrorHost(em, {
        userId: body.userId,
        version: meta.aggregateVersion ?? 0,
        active: body.status === 'active',
      }),
    );
  }
}
