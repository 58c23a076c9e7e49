import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Clock, SweepEvery } from '@roost/platform';
import { addDuration } from '@roost/stay';
import { deleteExpiredQuotes } from './quote.queries.js';

const RETENTION = '-P30D';
const BATCH = 10_000;

@Injectable()
export class QuoteJobs {
  constructor(
    private readonly em: EntityManager,
    private readonly clock: Clock,
  ) {}

  /** Deletes quotes a month after they have expired. A booking has its own copy of the terms. */
  @SweepEvery(3600, 'quote.prune')
  async prune(): Promise<void> {
    const before = addDuration(this.clock.now(), RETENTION);
    while ((await deleteExpiredQuotes(this.em.fork(), before, BATCH)) === BATCH);
  }
}
