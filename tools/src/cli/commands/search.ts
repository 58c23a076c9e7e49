import type { SearchRebuild } from '@roost/app-listings/search-rebuild';
import { Progress } from '../../import/progress.js';
import { age } from '../age.js';
import type { Call, Command } from '../command.js';
import type { Replica } from '../replica.js';
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
        'Computes all search rows again while Roost runs, and writes those that are missing, wrong or superfluous. Continues an interrupted rebuild. A listing that is changed meanwhile waits for its batch, some milliseconds.',
      options: {
        restart: { type: 'boolean', description: 'start from the first listing again' },
        ...LOCATION,
      },
      run: rebuild,
    },
  },
};

/** Starts a replica of listings, without requests and events, for the rebuild. */
async function withRebuild<T>(
  options: Call['options'],
  work: (service: RebuildService) => Promise<T>,
): Promise<T> {
  const { withReplica } = await import('../replica.js');
  const { SearchRebuildService } = await import('@roost/app-listings/search-rebuild');
  return withReplica(findSystem(options), 'listings', (replica: Replica) =>
    work(replica.get(SearchRebuildService)),
  );
}

type RebuildService = InstanceType<
  (typeof import('@roost/app-listings/search-rebuild'))['SearchRebuildService']
>;

async function status({ options, out }: Call): Promise<void> {
  const { counts, rebuild: last } = await withRebuild(options, (service) => service.status());
  const { published, rows, missing, superfluous } = counts;
  const isComplete = missing === 0 && superfluous === 0;
  out.result({ ...counts, isComplete, rebuild: last }, [
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
  const result = await withRebuild(options, async (service) => {
    const progress = new Progress(process.stderr, 'search index');
    let state: SearchRebuild | null = null;
    try {
      for await (const step of service.rebuild({ restart: options.restart === true })) {
        state = step;
        progress.update(step.position / Math.max(1, step.lastKey), step.listings);
      }
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
