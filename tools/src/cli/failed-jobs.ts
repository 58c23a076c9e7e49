import type { JobOperations } from '@roost/platform';

/**
 * Retries or discards failed jobs. `record` is called before each. Jobs that are not failed any more are skipped: another
 * operator may have retried or discarded them.
 */
export async function decideOnJobs(
  jobs: Pick<JobOperations, 'obstacle' | 'retry' | 'discard'>,
  action: 'retry' | 'discard',
  ids: readonly string[],
  record: (id: string) => Promise<void>,
): Promise<{ done: number; skipped: number }> {
  let done = 0;
  for (const id of ids) {
    if ((await jobs.obstacle(id)) !== null) continue;
    await record(id);
    if ((await jobs[action](id)) === 'done') done += 1;
  }
  return { done, skipped: ids.length - done };
}
