import { Controller } from '@nestjs/common';
import type { EventBody } from '@roost/contracts';
import { type EventMeta, OnEvent, Transactions } from '@roost/messaging';
import { mirrorHost } from './host.queries.js';

type UserEvent = 'user.became-host' | 'user.suspended' | 'user.reinstated' | 'user.erased';

/** Whose listings are for guests to see: not those of a host who is suspended or erased. */
@Controller()
export class HostConsumer {
  constructor(private readonly transactions: Transactions) {}

  @OnEvent('user.became-host', 'user.suspended', 'user.reinstated', 'user.erased')
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
