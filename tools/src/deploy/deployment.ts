import { setTimeout as pause } from 'node:timers/promises';
import { type Manifest, phasesOf } from './manifests.js';

/** What a deployment needs of kubectl. Each call throws if kubectl fails. */
export interface Cluster {
  apply(manifests: readonly Manifest[]): Promise<void>;
  /** Resolves when the servers of a local cluster run, and secrets have been read from their store. */
  ready(manifests: readonly Manifest[]): Promise<void>;
  deleteJob(job: Manifest): Promise<void>;
  jobState(job: Manifest): Promise<'running' | 'complete' | 'failed'>;
  jobLog(job: Manifest): Promise<string>;
  /** The current revision of a Deployment; null if there is none. */
  revision(deployment: Manifest): Promise<string | null>;
  /** Resolves when all replicas of the current revision are available. */
  rollout(deployment: Manifest): Promise<void>;
  /** Without a revision: the previous one. */
  undo(deployment: Manifest, revision?: string): Promise<void>;
}

export interface DeploymentOptions {
  cluster: Cluster;
  /** Throws if the system does not work for its clients; without it that is not tried. */
  smokeTour?: () => Promise<void>;
  log: (line: string) => void;
  jobsWithinMs?: number;
  pollMs?: number;
}

/** A deployment that did not succeed. The message says what runs now. */
export class DeploymentFailed extends Error {}

/**
 * Brings a cluster to the manifests: jobs before the new version, which must work with the migrated database as the old
 * one does (expand and contract). A version that does not become available, or fails the smoke tour, is replaced by the
 * previous one.
 */
export async function deploy(manifests: readonly Manifest[], options: DeploymentOptions): Promise<void> {
  const { cluster, smokeTour, log } = options;
  const { first, jobs, deployments, last } = phasesOf(manifests);
  log(`applying ${first.length} objects that the version needs`);
  await cluster.apply(first);
  await cluster.ready(first);
  for (const job of jobs) await runJob(job, options);

  const before = new Map<Manifest, string | null>();
  for (const deployment of deployments) before.set(deployment, await cluster.revision(deployment));
  try {
    log(`rolling out ${deployments.map(({ name }) => name).join(', ')}`);
    await cluster.apply(deployments);
    await cluster.apply(last);
    for (const deployment of deployments) {
      await cluster.rollout(deployment);
      log(`${deployment.name} is available`);
    }
    if (smokeTour) {
      await smokeTour();
      log('the smoke tour passed');
    }
  } catch (error) {
    log(`failed: ${(error as Error).message}`);
    const kept = await rollBack(before, options);
    throw new DeploymentFailed(kept, { cause: error });
  }
}

/** Restores the previous revision of each Deployment. */
export async function undo(
  manifests: readonly Manifest[],
  { cluster, log }: Pick<DeploymentOptions, 'cluster' | 'log'>,
): Promise<void> {
  const { deployments } = phasesOf(manifests);
  for (const deployment of deployments) await cluster.undo(deployment);
  for (const deployment of deployments) {
    await cluster.rollout(deployment);
    log(`${deployment.name} is available in its previous version`);
  }
}

async function runJob(job: Manifest, options: DeploymentOptions): Promise<void> {
  const { cluster, log, jobsWithinMs = 600_000, pollMs = 1000 } = options;
  // The template of a Job can't be changed.
  await cluster.deleteJob(job);
  await cluster.apply([job]);
  const deadline = performance.now() + jobsWithinMs;
  for (;;) {
    const state = await cluster.jobState(job);
    if (state === 'complete') return log(`job ${job.name} is complete`);
    if (state === 'failed' || performance.now() > deadline) {
      log(await cluster.jobLog(job));
      throw new DeploymentFailed(
        `Job ${job.name} ${state === 'failed' ? 'failed' : 'did not end'}: nothing was rolled out, and the previous version serves.`,
      );
    }
    await pause(pollMs);
  }
}

/** Restores the revisions. Returns what runs now, as a sentence. */
async function rollBack(
  before: ReadonlyMap<Manifest, string | null>,
  { cluster, smokeTour, log }: DeploymentOptions,
): Promise<string> {
  const changed: [Manifest, string][] = [];
  const created: string[] = [];
  for (const [deployment, revision] of before) {
    if (revision === null) created.push(deployment.name);
    else if ((await cluster.revision(deployment)) !== revision) changed.push([deployment, revision]);
  }
  for (const [deployment, revision] of changed) {
    log(`rolling ${deployment.name} back to revision ${revision}`);
    await cluster.undo(deployment, revision);
  }
  for (const [deployment] of changed) await cluster.rollout(deployment);
  if (created.length > 0) return `There is no earlier version of ${created.join(', ')} to roll back to.`;
  if (!smokeTour) return 'The previous version serves again.';
  const works = await smokeTour().then(
    () => 'and passes the smoke tour',
    (error: Error) => `but fails the smoke tour as well: ${error.message}`,
  );
  return `The previous version serves again ${works}.`;
}
