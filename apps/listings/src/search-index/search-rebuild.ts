import type { Transactions } from '@roost/messaging';
import {
  countSearchRows,
  findRebuild,
  rebuildNext,
  type SearchRebuild,
  startRebuild,
} from './search-rebuild.queries.js';

export type { SearchIndexCounts, SearchRebuild } from './search-rebuild.queries.js';

/** The listings of a batch are locked until its commit, so changes of them wait that long. */
const BATCH_SIZE = 500;

const READ_COMMITTED = { isolation: 'read committed' } as const;

export const searchIndexStatus = (transactions: Transactions) =>
  transactions.run(
    async (em) => ({ ...(await countSearchRows(em)), rebuild: await findRebuild(em) }),
    READ_COMMITTED,
  );

/**
 * Rebuilds the search index while it is used. Continues an unfinished rebuild unless `restart` is true: each batch commits
 * with its position. Yields the state after each batch.
 */
export async function* rebuildSearchIndex(
  transactions: Transactions,
  { restart = false, batchSize = BATCH_SIZE } = {},
): AsyncGenerator<SearchRebuild> {
  await transactions.run((em) => startRebuild(em, restart, new Date()), READ_COMMITTED);
  for (;;) {
    const rebuild = await transactions.run((em) => rebuildNext(em, batchSize, new Date()), READ_COMMITTED);
    if (rebuild === null) return;
    yield rebuild;
    if (rebuild.finishedAt !== null) return;
  }
}
