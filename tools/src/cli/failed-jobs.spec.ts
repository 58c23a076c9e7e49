import type { JobOutcome } from '@roost/platform';
import { decideOnJobs } from './failed-jobs.js';

describe('decideOnJobs', () => {
  it('skips jobs that changed meanwhile, and records each attempt before it', async () => {
    const log: string[] = [];
    const act = async (id: string): Promise<JobOutcome> => {
      log.push(`act ${id}`);
      return id === 'runs' ? 'not-failed' : 'done';
    };
    const jobs = {
      obstacle: async (id: string) => (id === 'gone' ? ('not-found' as const) : null),
      retry: act,
      discard: act,
    };
    const record = async (id: string) => void log.push(`record ${id}`);
    expect(await decideOnJobs(jobs, 'retry', ['gone', 'runs', 'failed'], record)).toEqual({
      done: 1,
      skipped: 2,
    });
    expect(log).toEqual(['record runs', 'act runs', 'record failed', 'act failed']);
  });
});
