import {
  rebuildSearchIndex,
  type SearchRebuild,
  searchIndexStatus,
} from '@roost/app-listings/search-rebuild';
import type { EventOperations } from '@roost/messaging';
import { Progress } from '../../import/progress.js';
import { age } from '../age.js';
import type { Call, Command } from '../command.js';
import { recordAttempt, withEventOperations } from '../event-operations.js';
import { findSystem, LOCATION } from '../system.js';

export const command: Command = {
  summary: 'The search index of listings: whether it is complete, and its rebuild.',
  actions: {
    status: {
      summary:
        'The published listings, the search rows, those that are missing or superfluous, and the last rebuild. Reads the keys of all listings.',
      options: LOCATION,
      run: status,
    },
    rebuild: {
      summary:
        'Computes all search rows again while Roost runs, and writes those that are missing, wrong or superfluous. Continues an interrupted rebuild. A change of a listing waits for the batch of that listing, some milliseconds.',
      options: {
        restart: { type: 'boolean', description: 'start from the first listing again' },
        ...LOCATION,
      },
      run: rebuild,
    },
  },
};

function withListings<T>(
  options: Call['options'],
  work: (listings: EventOperations) => Promise<T>,
): Promise<T> {
  return withEventOperations(findSystem(options), ['listings'], async (services) => {
    const listings = services.get('listings');
    if (!listings) throw new Error('listings is not open');
    return work(listings);
  });
}

async function status({ options, out }: Call): Promise<void> {
  const index = await withListings(options, ({ transactions }) => searchIndexStatus(transactions));
  const { published, rows, missing, superfluous, rebuild: last } = index;
  const isComplete = missing === 0 && superfluous === 0;
  out.result({ ...index, isComplete }, [
    { published, rows, missing, superfluous, 'last rebuild': last === null ? 'none' : describe(last) },
  ]);
  if (!isComplete) out.progress('Run "roost search rebuild" to repair the index.');
}

function describe({ position, lastKey, repaired, startedAt, finishedAt }: SearchRebuild): string {
  const seconds = (Date.now() - new Date(finishedAt ?? startedAt).getTime()) / 1000;
  if (finishedAt !== null) return `finished ${age(seconds)} ago, ${repaired} repaired`;
  return `not finished: ${Math.floor((100 * position) / Math.max(1, lastKey))} %, started ${age(seconds)} ago`;
}

async function rebuild({ options, out }: Call): Promise<void> {
  const result = await withListings(options, async (listings) => {
    await recordAttempt(listings, {
      action: 'search.rebuild',
      subject: { type: 'service', id: 'listings' },
      reason: 'roost search rebuild',
    });
    const progress = new Progress(process.stderr, 'search index');
    let state: SearchRebuild | null = null;
    try {
      for await (state of rebuildSearchIndex(listings.transactions, { restart: options.restart === true }))
        progress.update(state.position / Math.max(1, state.lastKey), state.listings);
    } catch (error) {
      progress.abandon();
      throw error;
    }
    progress.done(state?.listings ?? 0);
    return state;
  });
  // Null: another process has finished it meanwhile.
  const { listings = 0, repaired = 0, startedAt = null, finishedAt = null } = result ?? {};
  out.result({ listings, repaired, startedAt, finishedAt }, [{ listings, repaired }]);
}
