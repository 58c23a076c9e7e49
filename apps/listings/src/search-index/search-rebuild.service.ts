import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { Clock } from '@roost/platform';
import {
  countSearchRows,
  findRebuild,
  rebuildNext,
  type SearchIndexCounts,
  type SearchRebuild,
  startRebuild,
} from './search-rebuild.queries.js';

/** The listings of a batch are locked until its commit, so changes of them wait that long. */
const BATCH_SIZE = 500;

const READ_COMMITTED = { isolation: 'read committed' } as const;

/** Rebuilds the search index while it is used. Each batch commits with its position, so it continues after a crash. */
@Injectable()
export class SearchRebuildService {
  constructor(
    private readonly em: EntityManager,
    private readonly transactions: Transactions,
    private readonly clock: Clock,
  ) {}

  async status(): Promise<{ counts: SearchIndexCounts; rebuild: SearchRebuild | null }> {
    const em = this.em.fork();
    return { counts: await countSearchRows(em), rebuild: await findRebuild(em) };
  }

  /** Continues an unfinished rebuild unless `restart` is true. Yields the state after each batch. */
  async *rebuild({ restart = false, batchSize = BATCH_SIZE } = {}): AsyncGenerator<SearchRebuild> {
    await this.transactions.run((em) => startRebuild(em, restart, this.clock.now()), READ_COMMITTED);
    for (;;) {
      const rebuild = await this.transactions.run(
        (em) => rebuildNext(em, batchSize, this.clock.now()),
        READ_COMMITTED,
      );
      if (rebuild === null) return;
      yield rebuild;
      if (rebuild.finishedAt !== null) return;
    }
  }
}
