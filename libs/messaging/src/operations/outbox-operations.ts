import { MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import type { Position } from '../relay.queries.js';
import { Transactions } from '../transactions.js';
import { type OutboxStatus, readOutboxStatus } from './outbox-status.queries.js';
import {
  discardRefused,
  listRefused,
  type RefusedEvent,
  type RefusedFilter,
  resendRefused,
} from './refused-events.queries.js';

/** The events that a service has still to publish, and those that the broker refused. For operators. */
@Injectable()
export class OutboxOperations {
  constructor(
    @Inject(MikroORM) private readonly orm: MikroORM,
    private readonly transactions: Transactions,
  ) {}

  async status(): Promise<OutboxStatus> {
    return readOutboxStatus(this.orm.em.fork());
  }

  /** In the order of the outbox, from the first one after the position `after`. */
  async listRefused(filter: RefusedFilter, limit: number, after?: Position): Promise<RefusedEvent[]> {
    return listRefused(this.orm.em.fork(), filter, limit, after);
  }

  /** Publishes refused events again, after later events. Returns the number of events. */
  async resend(filter: RefusedFilter = {}): Promise<number> {
    return this.transactions.run(
      async (em) => {
        const resent = await resendRefused(em, filter);
        if (resent > 0) this.transactions.registerPublication();
        return resent;
      },
      { isolation: 'read committed' },
    );
  }

  /** Refused events that are discarded are never published. Returns the number of events. */
  async discard(filter: RefusedFilter = {}): Promise<number> {
    return this.transactions.run((em) => discardRefused(em, filter), { isolation: 'read committed' });
  }
}
