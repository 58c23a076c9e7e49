import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import type { Cluster } from './deployment.js';
import type { Manifest } from './manifests.js';

const ROLLOUT_WITHIN = '10m';
const READY_WITHIN = '5m';

/** A cluster through the `kubectl` of the PATH (or KUBECTL), with its KUBECONFIG. */
export class Kubectl implements Cluster {
  async apply(manifests: readonly Manifest[]): Promise<void> {
    if (manifests.length === 0) return;
    // A server-side apply keeps the replicas that an autoscaler has set.
    const options = [
      '--server-side',
      '--force-conflicts',
      '--field-manager=roost-deploy',
      '--validate=strict',
    ];
    await kubectl(['apply', ...options, '-f', '-'], manifests.map((one) => one.text).join('---\n'));
  }

  async ready(manifests: readonly Manifest[]): Promise<void> {
    for (const manifest of manifests) {
      const limit = `--timeout=${READY_WITHIN}`;
      if (manifest.kind === 'StatefulSet')
        await kubectl(['rollout', 'status', ...reference(manifest), limit]);
      if (manifest.kind === 'ExternalSecret')
        await kubectl(['wait', '--for=condition=Ready', ...reference(manifest), limit]);
    }
  }

  async deleteJob(job: Manifest): Promise<void> {
    await kubectl([
      'delete',
      ...reference(job),
      '--ignore-not-found',
      '--cascade=foreground',
      '--wait',
      '--timeout=2m',
    ]);
  }

  async jobState(job: Manifest): Promise<'running' | 'complete' | 'failed'> {
    const { status } = JSON.parse(await kubectl(['get', ...reference(job), '-o', 'json'])) as {
      status?: { conditions?: { type: string; status: string }[] };
    };
    const is = (type: string) => status?.conditions?.some((it) => it.type === type && it.status === 'True');
    if (is('Complete')) return 'complete';
    return is('Failed') ? 'failed' : 'running';
  }

  async jobLog(job: Manifest): Promise<string> {
    // The pods of a failed job may be gone: its events are all that is left then.
    return kubectl(['logs', ...reference(job), '--all-pods', '--tail=50']).catch(() =>
      kubectl(['describe', ...reference(job)]),
    );
  }

  async revision(deployment: Manifest): Promise<string | null> {
    const found = await kubectl(['get', ...reference(deployment), '--ignore-not-found', '-o', 'json']);
    if (found === '') return null;
    const { metadata } = JSON.parse(found) as { metadata: { annotations?: Record<string, string> } };
    return metadata.annotations?.['deployment.kubernetes.io/revision'] ?? null;
  }

  async rollout(deployment: Manifest): Promise<void> {
    try {
      await kubectl(['rollout', 'status', ...reference(deployment), `--timeout=${ROLLOUT_WITHIN}`]);
    } catch (error) {
      throw new Error([(error as Error).message, ...(await reasons(deployment))].join('\n  '), {
        cause: error,
      });
    }
  }

  async undo(deployment: Manifest, revision?: string): Promise<void> {
    const to = revision === undefined ? [] : [`--to-revision=${revision}`];
    await kubectl(['rollout', 'undo', ...reference(deployment), ...to]);
  }
}

const reference = ({ kind, name, namespace }: Manifest) => [
  `${kind.toLowerCase()}/${name}`,
  ...(namespace ? ['-n', namespace] : []),
];

interface Pod {
  metadata: { name: string; creationTimestamp: string };
  status: {
    containerStatuses?: { ready: boolean; state: { waiting?: { reason: string; message?: string } } }[];
    conditions?: { type: string; status: string; message?: string }[];
  };
}

/** Why the newest pod of a Deployment is not ready: its state, and the end of its log. */
async function reasons({ name, namespace }: Manifest): Promise<string[]> {
  const where = namespace ? ['-n', namespace] : [];
  try {
    const found = await kubectl([
      'get',
      'pods',
      ...where,
      '-l',
      `app.kubernetes.io/name=${name}`,
      '-o',
      'json',
    ]);
    const pod = (JSON.parse(found) as { items: Pod[] }).items
      .filter(({ status }) => status.containerStatuses?.[0]?.ready !== true)
      .toSorted((a, b) => b.metadata.creationTimestamp.localeCompare(a.metadata.creationTimestamp))[0];
    if (!pod) return [];
    const { containerStatuses, conditions } = pod.status;
    const waiting = containerStatuses?.[0]?.state.waiting;
    const unscheduled = conditions?.find(({ type, status }) => type === 'PodScheduled' && status === 'False');
    const logs = (options: string[]) =>
      kubectl(['logs', ...where, pod.metadata.name, '--tail=3', ...options]);
    // A container that has just been restarted has written nothing yet.
    const log = (await logs([]).catch(() => '')) || (await logs(['--previous']).catch(() => ''));
    return [
      ...(unscheduled ? [unscheduled.message ?? 'no node takes it'] : []),
      ...(waiting ? [`${waiting.reason} ${waiting.message ?? ''}`.trim()] : []),
      ...(log === '' ? [] : log.trim().split('\n')),
    ];
  } catch {
    // The failure of the rollout is reported all the same.
    return [];
  }
}

/** Returns the output; throws its last line of errors. */
export async function kubectl(args: readonly string[], input = ''): Promise<string> {
  const program = process.env.KUBECTL ?? 'kubectl';
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', ({ message, code }: NodeJS.ErrnoException) =>
      reject(
        new Error(
          code === 'ENOENT' ? `There is no ${program}: install it, or set KUBECTL to its path.` : message,
        ),
      ),
    );
    child.once('close', resolve);
  });
  // kubectl may end before it has read everything; its exit code says why.
  child.stdin.on('error', () => undefined).end(input);
  const [output, errors, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (code === 0) return output;
  throw new Error(errors.trim().split('\n').at(-1) || `kubectl ${args[0]} ended with exit code ${code}`);
}
