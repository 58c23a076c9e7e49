import { Controller } from '@nestjs/common';
import type { EventBody } from '@roost/contracts';
import { type EventMeta, OnEvent, Transactions } from '@roost/messaging';
import { mirrorHost } from './host.queries.js';

/** Whose listings are for guests to see: not those of a host who is suspended or erased. */
@Controller()
export class HostConsumer {
  constructor(private readonly transactions: Transactions) {}

  /** All of them: of a topic that is compacted only the last one is left, whatever its type. */
  @OnEvent(
    'user.registered',
    'user.email-verified',
    'user.became-host',
    'user.profile-changed',
    'user.suspended',
    'user.reinstated',
    'user.erased',
  )
  async statusChanged(body: EventBody<'user.profile-changed'>, meta: EventMeta): Promise<void> {
    await this.transactions.run((em) =>
      mirrorHost(em, {
        userId: body.userId,
        version: meta.aggregateVersion ?? 0,
        active: body.status === 'active',
      }),
    );
  }
}
