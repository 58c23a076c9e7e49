import { Registry } from 'prom-client';
import { scrapedGauges } from './scraped-gauges.js';

interface State {
  jobs: number;
  byKind: [{ kind: string }, number][];
}

function gaugesOf(read: () => Promise<State>): Registry {
  const registry = new Registry();
  scrapedGauges(registry, read, [
    { name: 'jobs', help: 'Jobs', of: ({ jobs }) => jobs },
    { name: 'jobs_by_kind', help: 'Jobs', labelNames: ['kind'], of: ({ byKind }) => byKind },
  ]);
  return registry;
}

test('reads once per scrape for all gauges, and again for the next scrape', async () => {
  let reads = 0;
  const registry = gaugesOf(() => Promise.resolve({ jobs: ++reads, byKind: [[{ kind: 'mail' }, 2]] }));
  const first = await registry.metrics();
  expect(first).toContain('jobs 1\n');
  expect(first).toContain('jobs_by_kind{kind="mail"} 2');
  expect(await registry.metrics()).toContain('jobs 2\n');
});

test('has no values after a failed read, and no series of labels that are gone', async () => {
  const reads = [
    () => Promise.resolve<State>({ jobs: 1, byKind: [[{ kind: 'mail' }, 2]] }),
    () => Promise.reject(new Error('the database is down')),
    () => Promise.resolve<State>({ jobs: 3, byKind: [[{ kind: 'sweep' }, 1]] }),
  ];
  const registry = gaugesOf(() => reads.shift()!());
  await registry.metrics();
  const failed = await registry.metrics();
  expect(failed).toContain('jobs Nan\n');
  expect(failed).not.toContain('kind=');
  const recovered = await registry.metrics();
  expect(recovered).toContain('jobs 3\n');
  expect(recovered).not.toContain('mail');
});
