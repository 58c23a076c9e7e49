import { Controller } from '@nestjs/common';
import { isErasedAccount } from '@roost/accounts';
import type { EventBody } from '@roost/contracts';
import { type EventMeta, OnEvent, Transactions } from '@roost/messaging';
import { Clock } from '@roost/platform';
import { mirrorHostFigures } from './host-figures.queries.js';

/** Mirrors the figures of hosts, except of those who are erased. */
@Controller()
export class HostFiguresConsumer {
  constructor(
    private readonly transactions: Transactions,
    private readonly clock: Clock,
  ) {}

  @OnEvent('host.figures-changed')
  async changed(body: EventBody<'host.figures-changed'>, meta: EventMeta): Promise<void> {
    await this.transactions.run(async (em) => {
      if (await isErasedAccount(em, body.hostId)) return;
      await mirrorHostFigures(em, body, { version: meta.aggregateVersion ?? 0, now: this.clock.now() });
    });
  }
}
