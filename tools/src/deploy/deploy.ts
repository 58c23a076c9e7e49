import { setTimeout as delay } from 'node:timers/promises';
import { type Kubectl, KubectlError } from './kubectl.js';
import { type Manifest, type Release, toYaml } from './release.js';

/** The release was not deployed. The message says what serves now. */
export class DeployFailed extends Error {
  override readonly name = 'DeployFailed';
}

export interface DeployOptions {
  kubectl: Kubectl;
  /** The limit of each wait: for a server, a job, a rollout. */
  timeoutSeconds: number;
  log: (line: string) => void;
  /** Checks the new versions when all are ready. If it throws, they are undone. */
  accept?: () => void;
}

interface Job {
  metadata: { name: string };
  status?: { conditions?: { type: string; status: string; message?: string }[] };
}

interface Deployment {
  metadata: { name: string; annotations?: Record<string, string> };
}

const POLL_MS = 1_000;
const REVISION = 'deployment.kubernetes.io/revision';

/**
 * Applies a release in its order: settings and policies, then the jobs that prepare topics and tables, then the new versions.
 * A job that fails ends it before any version changes. If a new version does not become ready or is not accepted,
 * every version that this release changed is undone. Throws a `DeployFailed`.
 */
export async function deploy(release: Release, options: DeployOptions): Promise<void> {
  const { kubectl, log } = options;
  log(`Settings, secrets and policies: ${release.base.length} objects`);
  await apply(kubectl, release.base);
  await waitForBase(release, options);
  await runJobs(release, options);

  const before = await revisions(release, kubectl);
  log(`New versions: ${release.deployments.map(describe).join(', ') || 'none'}`);
  await apply(kubectl, release.deployments);
  await apply(kubectl, release.scalers);
  try {
    await waitForRollouts(release, options);
    options.accept?.();
  } catch (error) {
    await undoTo(before, release, options);
    throw new DeployFailed(`${(error as Error).message}\nThe previous versions serve.`, { cause: error });
  }
  log('Deployed.');
}

/** Returns each Deployment to its previous revision. */
export async function undo(release: Release, options: DeployOptions): Promise<void> {
  for (const { metadata } of release.deployments) {
    options.log(`Undo ${metadata.name}`);
    await options.kubectl.run([
      'rollout',
      'undo',
      `deployment/${metadata.name}`,
      `--namespace=${release.namespace}`,
    ]);
  }
  await waitForRollouts(release, options);
  options.log('Undone. Migrations are not undone: they fit the previous version too.');
}

function describe({ metadata, spec }: Manifest): string {
  const image = spec?.template?.spec?.containers?.[0]?.image ?? '';
  return `${metadata.name} (${image.slice(image.lastIndexOf('/') + 1)})`;
}

/** An undo makes kubectl the owner of the image, so the next release takes its fields back. */
async function apply(kubectl: Kubectl, manifests: readonly Manifest[]): Promise<void> {
  if (manifests.length === 0) return;
  await kubectl.run(
    ['apply', '--server-side', '--force-conflicts', '--field-manager=roost-deploy', '--filename=-'],
    toYaml(manifests),
  );
}

/** The servers of a local cluster, and the secrets that come from a store. */
async function waitForBase({ base, namespace }: Release, options: DeployOptions): Promise<void> {
  const { kubectl, timeoutSeconds, log } = options;
  const limit = `--timeout=${timeoutSeconds}s`;
  const names = (wanted: string) =>
    base.flatMap(({ kind, metadata }) => (kind === wanted ? metadata.name : []));
  for (const server of names('StatefulSet')) {
    await kubectl.run(['rollout', 'status', `statefulset/${server}`, `--namespace=${namespace}`, limit]);
    log(`  ${server} is ready`);
  }
  const secrets = names('ExternalSecret');
  if (secrets.length === 0) return;
  const objects = secrets.map((name) => `externalsecret/${name}`);
  await kubectl.run(['wait', '--for=condition=Ready', ...objects, `--namespace=${namespace}`, limit]);
  log(`  ${secrets.length} secrets are synchronized`);
}

/** A job can't be changed, so one of the previous release is replaced. */
async function runJobs({ jobs, namespace }: Release, options: DeployOptions): Promise<void> {
  if (jobs.length === 0) return;
  const { kubectl, log } = options;
  const names = jobs.map(({ metadata }) => metadata.name);
  log(`Jobs: ${names.join(', ')}`);
  await kubectl.run(['delete', 'job', ...names, `--namespace=${namespace}`, '--ignore-not-found', '--wait']);
  await apply(kubectl, jobs);
  const waiting = new Set(names);
  const deadline = performance.now() + options.timeoutSeconds * 1000;
  while (waiting.size > 0) {
    const { items } = await kubectl.json<{ items: Job[] }>(['get', 'job', `--namespace=${namespace}`]);
    for (const { metadata, status } of items) {
      const { name } = metadata;
      const ended = status?.conditions?.find(
        (condition) => ['Complete', 'Failed'].includes(condition.type) && condition.status === 'True',
      );
      if (!ended || !waiting.delete(name)) continue;
      if (ended.type === 'Failed')
        throw await jobFailed(name, ended.message ?? 'failed', { kubectl, namespace });
      log(`  ${name} is done`);
    }
    if (waiting.size === 0) break;
    if (performance.now() > deadline)
      throw await jobFailed([...waiting][0] ?? '', `not done in ${options.timeoutSeconds} s`, {
        kubectl,
        namespace,
      });
    await delay(POLL_MS);
  }
}

async function jobFailed(
  job: string,
  reason: string,
  { kubectl, namespace }: { kubectl: Kubectl; namespace: string },
): Promise<DeployFailed> {
  const lines = await kubectl
    .run(['logs', `job/${job}`, `--namespace=${namespace}`, '--tail=5'])
    .catch((error: unknown) => (error as Error).message);
  return new DeployFailed(`The job ${job} failed (${reason}):\n${lines.trim()}\nNo version was changed.`);
}

/** The revision of each Deployment that exists. */
async function revisions(
  { deployments, namespace }: Release,
  kubectl: Kubectl,
): Promise<Map<string, string>> {
  const { items } = await kubectl.json<{ items: Deployment[] }>([
    'get',
    'deployment',
    `--namespace=${namespace}`,
  ]);
  const wanted = new Set(deployments.map(({ metadata }) => metadata.name));
  return new Map(
    items
      .filter(({ metadata }) => wanted.has(metadata.name))
      .map(({ metadata }) => [metadata.name, metadata.annotations?.[REVISION] ?? '']),
  );
}

async function waitForRollouts({ deployments, namespace }: Release, options: DeployOptions): Promise<void> {
  const { kubectl, timeoutSeconds, log } = options;
  const results = await Promise.allSettled(
    deployments.map(async ({ metadata: { name } }) => {
      await kubectl
        .run([
          'rollout',
          'status',
          `deployment/${name}`,
          `--namespace=${namespace}`,
          `--timeout=${timeoutSeconds}s`,
        ])
        .catch(async (error: unknown) => {
          throw new KubectlError(
            `${name} is not ready: ${(error as Error).message}${await lastWords(name, { kubectl, namespace })}`,
          );
        });
      log(`  ${name} is ready`);
    }),
  );
  const failures = results.flatMap((result) =>
    result.status === 'rejected' ? [(result.reason as Error).message] : [],
  );
  if (failures.length > 0) throw new DeployFailed(failures.join('\n'));
}

interface Pod {
  metadata: { name: string; creationTimestamp: string };
  status: {
    containerStatuses?: { ready: boolean; state: { waiting?: { reason: string; message?: string } } }[];
  };
}

/** Why the newest pod that is not ready is not: its state, and the end of its log. */
async function lastWords(
  name: string,
  { kubectl, namespace }: { kubectl: Kubectl; namespace: string },
): Promise<string> {
  try {
    const selector = `--selector=app.kubernetes.io/name=${name}`;
    const { items } = await kubectl.json<{ items: Pod[] }>([
      'get',
      'pod',
      `--namespace=${namespace}`,
      selector,
    ]);
    const pod = items
      .filter(({ status }) => status.containerStatuses?.[0]?.ready !== true)
      .toSorted((a, b) => b.metadata.creationTimestamp.localeCompare(a.metadata.creationTimestamp))[0];
    if (!pod) return '';
    const waiting = pod.status.containerStatuses?.[0]?.state.waiting;
    const log = await kubectl
      .run(['logs', pod.metadata.name, `--namespace=${namespace}`, '--tail=3'])
      .catch(() => '');
    return [waiting ? `${waiting.reason} ${waiting.message ?? ''}`.trim() : '', log.trim()]
      .flatMap((line) => (line === '' ? [] : [`\n  ${line}`]))
      .join('');
  } catch {
    // The failed rollout is reported all the same.
    return '';
  }
}

async function undoTo(
  before: ReadonlyMap<string, string>,
  release: Release,
  options: DeployOptions,
): Promise<void> {
  const now = await revisions(release, options.kubectl);
  for (const [name, revision] of before) {
    if (revision === '' || now.get(name) === revision) continue;
    options.log(`Undo ${name} to revision ${revision}`);
    await options.kubectl.run([
      'rollout',
      'undo',
      `deployment/${name}`,
      `--to-revision=${revision}`,
      `--namespace=${release.namespace}`,
    ]);
  }
  const undone = release.deployments.filter(({ metadata }) => before.has(metadata.name));
  await waitForRollouts({ ...release, deployments: undone }, options);
}
