import { type Cluster, deploy, undo } from './deployment.js';
import { type Manifest, parseManifests, withImages } from './manifests.js';

const YAML = `apiVersion: v1
data:
  text: |
    kind: Nothing
    ---
kind: ConfigMap
metadata:
  labels:
    name: another
  name: bookings-7h2k
  namespace: roost
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: bookings
  namespace: roost
spec:
  template:
    metadata:
      name: inner
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: bookings
  namespace: roost
---
apiVersion: batch/v1
kind: Job
metadata:
  name: bookings-migrate
  namespace: roost
`;

/** Records calls; a Deployment gets a new revision with each apply. */
class FakeCluster implements Cluster {
  readonly calls: string[] = [];
  readonly revisions = new Map<string, number>([['bookings', 4]]);
  job: 'running' | 'complete' | 'failed' = 'complete';
  brokenRevision: number | undefined;

  async apply(manifests: readonly Manifest[]): Promise<void> {
    for (const { kind, name } of manifests) {
      this.calls.push(`apply ${kind} ${name}`);
      if (kind === 'Deployment') this.revisions.set(name, (this.revisions.get(name) ?? 0) + 1);
    }
  }
  async ready(): Promise<void> {
    this.calls.push('ready');
  }
  async deleteJob({ name }: Manifest): Promise<void> {
    this.calls.push(`delete job ${name}`);
  }
  async jobState(): Promise<'running' | 'complete' | 'failed'> {
    return this.job;
  }
  async jobLog(): Promise<string> {
    return 'column "note" already exists';
  }
  async revision({ name }: Manifest): Promise<string | null> {
    return this.revisions.get(name)?.toString() ?? null;
  }
  async rollout({ name }: Manifest): Promise<void> {
    if (this.revisions.get(name) === this.brokenRevision) throw new Error('exceeded its progress deadline');
    this.calls.push(`available ${name}`);
  }
  async undo({ name }: Manifest, revision = 'previous'): Promise<void> {
    this.calls.push(`undo ${name} to ${revision}`);
    this.revisions.set(name, (this.revisions.get(name) ?? 0) + 1);
  }
}

const manifests = parseManifests(YAML);
let cluster: FakeCluster;
let lines: string[];
beforeEach(() => {
  cluster = new FakeCluster();
  lines = [];
});
const deployWith = (smokeTour: () => Promise<void> = async () => void cluster.calls.push('smoke tour')) =>
  deploy(manifests, { cluster, smokeTour, log: (line) => lines.push(line), jobsWithinMs: 0, pollMs: 0 });

test('reads kind, name and namespace of each object', () => {
  expect(manifests.map(({ kind, name, namespace }) => [kind, name, namespace])).toEqual([
    ['ConfigMap', 'bookings-7h2k', 'roost'],
    ['Deployment', 'bookings', 'roost'],
    ['HorizontalPodAutoscaler', 'bookings', 'roost'],
    ['Job', 'bookings-migrate', 'roost'],
  ]);
});

test('runs the jobs before the new version, and the smoke tour after it', async () => {
  await deployWith();
  expect(cluster.calls).toEqual([
    'apply ConfigMap bookings-7h2k',
    'ready',
    'delete job bookings-migrate',
    'apply Job bookings-migrate',
    'apply Deployment bookings',
    'apply HorizontalPodAutoscaler bookings',
    'available bookings',
    'smoke tour',
  ]);
});

test.each(['failed', 'running'] as const)('rolls nothing out while a job is %s', async (state) => {
  cluster.job = state;
  await expect(deployWith()).rejects.toThrow(/^Job bookings-migrate .* the previous version serves\.$/);
  expect(cluster.calls).not.toContain('apply Deployment bookings');
  expect(lines).toContain('column "note" already exists');
});

test('restores the previous version after a failed smoke tour', async () => {
  let tours = 0;
  const failsOnce = async () => {
    tours += 1;
    if (tours === 1) throw new Error('GET /v1/listings/search is 500');
  };
  await expect(deployWith(failsOnce)).rejects.toThrow(
    /^The previous version serves again and passes the smoke tour\.$/,
  );
  expect(cluster.calls.slice(-2)).toEqual(['undo bookings to 4', 'available bookings']);
  expect(lines).toContain('failed: GET /v1/listings/search is 500');
});

test('restores the previous version if the new one does not become available', async () => {
  cluster.brokenRevision = 5;
  await expect(deployWith()).rejects.toThrow('The previous version serves again');
  expect(cluster.calls).toContain('undo bookings to 4');
});

test('says so if the previous version fails the smoke tour as well', async () => {
  const fails = () => Promise.reject(new Error('no answer'));
  await expect(deployWith(fails)).rejects.toThrow('but fails the smoke tour as well: no answer');
});

test('says so if there is no previous version', async () => {
  cluster.revisions.clear();
  await expect(deployWith(() => Promise.reject(new Error('no answer')))).rejects.toThrow(
    'There is no earlier version of bookings to roll back to.',
  );
  expect(cluster.calls.join()).not.toContain('undo');
});

test('restores the previous version on request', async () => {
  await undo(manifests, { cluster, log: (line) => lines.push(line) });
  expect(cluster.calls).toEqual(['undo bookings to previous', 'available bookings']);
});

test('replaces registry, tag and digest of our images only', () => {
  const yaml = `
      - image: postgres:18-bookworm
      - image: roost/bookings
        image: registry.example.com/roost/cli:1.0.0
`;
  expect(withImages(yaml, { tag: '2.0.0' })).toBe(`
      - image: postgres:18-bookworm
      - image: roost/bookings:2.0.0
        image: registry.example.com/roost/cli:2.0.0
`);
  expect(withImages(yaml, { registry: 'ghcr.io/us/roost', digests: { cli: 'sha256:abc' } })).toBe(`
      - image: postgres:18-bookworm
      - image: ghcr.io/us/roost/bookings
        image: ghcr.io/us/roost/cli@sha256:abc
`);
});
