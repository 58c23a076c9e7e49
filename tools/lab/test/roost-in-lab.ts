import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { eventually, TestClient } from '@roost/testing';
import { load } from '../cluster.js';
import { apply, kubectl, read, tryKubectl } from '../kubectl.js';
import { attempt, LabError } from '../run.js';
import { binaries, imageArchives, kubeconfig } from '../settings.js';

/** Roost on the lab, as its clients see it: the local overlay, and a client's way in through an ingress. */

export const namespace = 'roost';
/** The tag that `npm run images -- build` gives. */
export const tag = 'dev';
const servers = ['postgres', 'redis', 'kafka', 'mailpit', 'versitygw'];
export const STATEFUL = ['identity', 'listings', 'bookings', 'payments', 'reviews'] as const;
export const APPS = [...STATEFUL, 'gateway'] as const;

export const checkout = fileURLToPath(new URL('../../../', import.meta.url));
const inNamespace = (args: readonly string[]) => ['--namespace', namespace, ...args];

export const roost = (...args: string[]): Promise<string> => kubectl(inNamespace(args));
export const tryRoost = (...args: string[]) => tryKubectl(inNamespace(args));

/** A forwarder in a namespace with the label of an ingress controller: what it reaches, clients reach. */
const forwarder = `
const net = require('node:net');
for (const [name, port] of [['gateway', 3000], ['sandbox', 3010]]) {
  net.createServer((client) => {
    const server = net.connect(port, name + '.${namespace}.svc.cluster.local');
    for (const [from, to] of [[client, server], [server, client]]) {
      from.setNoDelay(true).pipe(to);
      from.on('error', () => to.destroy()).on('close', () => to.destroy());
    }
  }).listen(port);
}`;

/** A pod of the operators' image that runs a script, or waits. */
export const scriptPod = (
  name: string,
  where: string,
  labels: Record<string, string>,
  script = 'setInterval(() => {}, 1e9)',
) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: where, labels },
  spec: {
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: 0,
    securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
    nodeSelector: { 'kubernetes.io/hostname': 'node1' },
    containers: [
      {
        name: 'app',
        image: `roost/cli:${tag}`,
        imagePullPolicy: 'Never',
        command: ['node', '-e', script],
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
        resources: { requests: { cpu: '5m', memory: '32Mi' } },
      },
    ],
  },
});

/** Imports the images that the local overlay uses. */
export async function loadImagesOfRoost(): Promise<void> {
  const archives = [...APPS, 'sandbox', 'cli', ...servers].map((name) => join(imageArchives, `${name}.tar`));
  const missing = archives.filter((file) => !existsSync(file));
  if (missing.length > 0) {
    throw new LabError(
      `These images are missing: ${missing.join(', ')}. Run \`npm run images -- build --save\` and \`npm run images -- provide ${servers.join(' ')} --save\`.`,
    );
  }
  await load(archives);
}

/** Runs the program with which operators deploy. Without folders it deploys everything. */
export const deploy = (...folders: string[]) => {
  const overlays = folders.length > 0 ? folders.map((folder) => `local/${folder}`) : ['local'];
  return attempt(
    'npm',
    [
      ...['run', '--silent', 'deploy', '--', '--tag', tag],
      ...overlays.flatMap((overlay) => ['--overlay', `k8s/overlays/${overlay}`]),
    ],
    { cwd: checkout, env: { KUBECONFIG: kubeconfig, KUBECTL: join(binaries, 'kubectl') } },
  );
};

/** Deploys the local overlay, and an ingress. */
export async function deployRoost(): Promise<void> {
  const outcome = await deploy();
  if (outcome.code !== 0) throw new LabError(`The deployment failed:\n${outcome.stdout}${outcome.stderr}`);
  // The whole load comes from one address.
  for (const app of APPS) await roost('set', 'env', `deployment/${app}`, 'RATE_LIMIT_PER_MINUTE=0');
  await Promise.all(APPS.map(rolledOut));
  await apply([
    {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'ingress', labels: { 'roost/ingress': 'allowed' } },
    },
    scriptPod('ingress', 'ingress', {}, forwarder),
  ]);
  await kubectl(['--namespace', 'ingress', 'wait', '--for=condition=Ready', 'pod/ingress', '--timeout=120s']);
}

export async function podAddress(name: string, where: string): Promise<string> {
  return (await read<{ status: { podIP: string } }>(['pod', name, '--namespace', where])).status.podIP;
}

/** Runs `work` with an address of a port that no policy opens for clients: kubectl forwards to it. */
export async function forwarded<T>(
  target: string,
  port: number,
  work: (url: string) => Promise<T>,
): Promise<T> {
  const args = ['--kubeconfig', kubeconfig, ...inNamespace(['port-forward', target, `:${port}`])];
  const child = spawn(join(binaries, 'kubectl'), args, { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const local = await new Promise<string>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => reject(new LabError(`kubectl port-forward ended with ${code}.`)));
      createInterface({ input: child.stdout }).on('line', (line) => {
        const listening = /^Forwarding from 127\.0\.0\.1:(\d+)/.exec(line)?.[1];
        if (listening) resolve(listening);
      });
    });
    return await work(`http://127.0.0.1:${local}`);
  } finally {
    child.kill();
  }
}

/** The address of Roost for its clients. */
export const clientUrl = async (): Promise<string> => `http://${await podAddress('ingress', 'ingress')}:3000`;

interface Pod {
  metadata: { name: string; uid: string; deletionTimestamp?: string };
  spec: { nodeName: string };
  status: {
    podIP: string;
    phase: string;
    conditions?: { type: string; status: string }[];
    containerStatuses?: {
      ready: boolean;
      restartCount: number;
      lastState: { terminated?: { exitCode: number; reason: string } };
      state: { waiting?: { reason: string } };
    }[];
  };
}

/** The pods of an app that are not being deleted. */
export async function podsOf(app: string): Promise<Pod[]> {
  const selector = `app.kubernetes.io/name=${app}`;
  const { items } = await read<{ items: Pod[] }>(['pods', '--namespace', namespace, '--selector', selector]);
  return items.filter((pod) => !pod.metadata.deletionTimestamp && pod.status.phase !== 'Succeeded');
}

export const isReady = (pod: Pod): boolean => pod.status.containerStatuses?.[0]?.ready === true;

const READY_COLUMNS = [
  'EVENT:.type',
  'APP:.object.metadata.labels.app\\.kubernetes\\.io/name',
  'POD:.object.metadata.name',
  'DELETED:.object.metadata.deletionTimestamp',
  'READY:.object.status.containerStatuses[0].ready',
].join();

/**
 * Runs `work`, and returns the apps that at some moment had no ready pod, without the pods that were being deleted.
 *
 * It reads one stream of changes: asking again and again takes the CPU time that the pods need.
 */
export async function appsWithoutReadyPod(work: () => Promise<void>): Promise<string[]> {
  const output = [
    '--watch',
    '--output-watch-events',
    '--no-headers',
    '-o',
    `custom-columns=${READY_COLUMNS}`,
  ];
  const args = ['--kubeconfig', kubeconfig, ...inNamespace(['get', 'pods', ...output])];
  const child = spawn(join(binaries, 'kubectl'), args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const readyPods = new Map<string, Set<string>>(APPS.map((app) => [app, new Set()]));
  const without = new Set<string>();
  const appsWithout = () => APPS.filter((app) => readyPods.get(app)?.size === 0);
  let watching = false;
  let ended: string | null = null;
  child.once('error', (error) => (ended = error.message));
  child.once('exit', (code) => (ended = `it ended with ${code}`));
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [event, app = '', pod = '', deleted, ready] = line.trim().split(/\s+/);
    const ofApp = readyPods.get(app);
    if (!ofApp) return;
    if (event !== 'DELETED' && deleted === '<none>' && ready === 'true') ofApp.add(pod);
    else ofApp.delete(pod);
    if (watching) for (const name of appsWithout()) without.add(name);
  });
  try {
    // The stream begins with the pods that exist.
    await eventually(async () => expect(appsWithout()).toEqual([]), { seconds: 60 });
    watching = true;
    await work();
    if (ended) throw new LabError(`kubectl get pods --watch: ${ended}.`);
    return [...without];
  } finally {
    child.kill();
  }
}

/** Limits the autoscaler of an app, and waits until its replicas are within the limits. */
export async function scaledTo(app: string, minReplicas: number, maxReplicas = minReplicas): Promise<void> {
  const behavior = { scaleDown: { stabilizationWindowSeconds: 10 } };
  const spec = { minReplicas, maxReplicas, behavior };
  await roost('patch', 'hpa', app, '-p', JSON.stringify({ spec }));
  await eventually(
    async () => {
      const pods = await podsOf(app);
      expect(pods.length).toBeLessThanOrEqual(maxReplicas);
      expect(pods.filter(isReady).length).toBeGreaterThanOrEqual(minReplicas);
    },
    { seconds: 300 },
  );
}

export async function rolledOut(app: string): Promise<void> {
  await roost('rollout', 'status', `deployment/${app}`, '--timeout=600s');
}

/** Runs a script in the first ready pod of an app, and returns what it prints. */
export async function inPodOf(app: string, script: string): Promise<string> {
  const pod = (await podsOf(app)).find(isReady);
  if (!pod) throw new LabError(`No pod of ${app} is ready`);
  return roost('exec', pod.metadata.name, '--', 'node', '-e', script);
}

/** Waiting, active and failed jobs, and the number of dead letters. */
export async function unfinishedWork(): Promise<{ jobs: string[]; deadLetters: number }> {
  const keys = (await roost('exec', 'redis-0', '--', 'redis-cli', '--scan')).split('\n').filter(Boolean);
  const jobs: string[] = [];
  for (const key of keys) {
    const command = /:(wait|active)$/.test(key) ? 'llen' : /:failed$/.test(key) ? 'zcard' : null;
    if (!command) continue;
    if (Number(await roost('exec', 'redis-0', '--', 'redis-cli', command, key)) > 0) jobs.push(key);
  }
  let deadLetters = 0;
  for (const name of STATEFUL) {
    deadLetters += Number(await query(name, 'SELECT count(*) FROM dead_letter'));
  }
  return { jobs, deadLetters };
}

/** Runs SQL in the database of a service, as its administrator. */
export const query = (service: string, sql: string): Promise<string> =>
  roost('exec', 'postgres-0', '--', 'psql', '-U', 'postgres', '-d', `roost_${service}`, '-Atc', sql);

type LoadRequest = [name: string, status: number, send: () => Promise<{ status: number; body: unknown }>];

/** People of a marketplace who book and pay. */
export class Marketplace {
  readonly bookings: string[] = [];
  readonly failures: unknown[] = [];
  responses = 0;
  #journeys = 0;

  private constructor(
    readonly anyone: TestClient,
    readonly guest: TestClient,
    readonly listingId: string,
  ) {}

  static async open(publish: (host: TestClient) => Promise<string>): Promise<Marketplace> {
    const anyone = new TestClient(await clientUrl());
    const as = async (...roles: string[]): Promise<TestClient> => {
      const made = await anyone.post<{ accessToken: string }>('/dev/users', { roles, emailVerified: true });
      return anyone.with({ authorization: `Bearer ${made.body.accessToken}` });
    };
    const guest = await as('guest');
    const market = new Marketplace(anyone, guest, await publish(await as('guest', 'host')));
    await eventually(async () => expect(await market.quote(300)).toMatchObject({ status: 201 }), {
      seconds: 120,
    });
    return market;
  }

  quote(daysAhead: number) {
    const date = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
    return this.guest.post<{ id: string }>('/v1/quotes', {
      listingId: this.listingId,
      checkInDate: date(daysAhead),
      checkOutDate: date(daysAhead + 1),
      guests: { adults: 1, children: [], infants: 0, pets: 0 },
    });
  }

  async checked<T extends { status: number; body: unknown }>(
    name: string,
    expected: number,
    request: () => Promise<T>,
  ): Promise<T | null> {
    try {
      const answer = await request();
      this.responses += 1;
      if (answer.status !== expected) this.#failed({ name, status: answer.status, body: answer.body });
      return answer;
    } catch (error) {
      this.#failed({ name, error: String(error), cause: String((error as Error).cause) });
      return null;
    }
  }

  /** Printed at once: the cluster shows its cause only for a while. */
  #failed(failure: object): void {
    this.failures.push(failure);
    process.stderr.write(`${new Date().toISOString()} ${JSON.stringify(failure)}\n`);
  }

  /** Books and pays: through all services, their jobs and events, and the webhook of the provider. */
  async journey(): Promise<void> {
    const quote = await this.checked('quote', 201, () => this.quote(10 + 2 * this.#journeys++));
    const booking = await this.checked('book', 201, () =>
      this.guest.post<{ id: string }>('/v1/bookings', { quoteId: quote?.body.id }),
    );
    const id = booking?.body.id;
    // `failures` already has the failed request.
    if (!id) return;
    const payment = await eventually(
      async () => {
        const due = await this.guest.get<{ id: string }>(`/v1/bookings/${id}/payment`);
        expect(due).toMatchObject({ status: 200 });
        return due.body.id;
      },
      { seconds: 120 },
    );
    const paid = await this.checked('pay', 200, () =>
      this.guest.post(`/v1/payments/${payment}/confirm`, { paymentMethod: 'pm_card_visa' }),
    );
    if (paid?.status === 200) this.bookings.push(id);
  }

  /** Sends requests at a rate while `work` runs: to all services, or only quotes, which cost bookings the most CPU time. */
  async underLoad(
    perSecond: number,
    work: () => Promise<void>,
    requests: 'all' | 'quotes' = 'all',
  ): Promise<void> {
    const [bookingId = ''] = this.bookings;
    const quote: LoadRequest = ['quote', 201, () => this.quote(300)];
    const all: LoadRequest[] = [
      ['listing', 200, () => this.anyone.get(`/v1/listings/${this.listingId}`)],
      ['booking', 200, () => this.guest.get(`/v1/bookings/${bookingId}`)],
      quote,
      ['payment', 200, () => this.guest.get(`/v1/bookings/${bookingId}/payment`)],
      ['reviews', 200, () => this.anyone.get(`/v1/listings/${this.listingId}/reviews`)],
      ['me', 200, () => this.guest.get('/v1/me')],
    ];
    const mix = requests === 'all' ? all : [quote];
    const pending: Promise<unknown>[] = [];
    let sent = 0;
    const load = setInterval(() => {
      const [name, expected, request] = mix[sent++ % mix.length] ?? quote;
      pending.push(this.checked(name, expected, request));
    }, 1000 / perSecond);
    try {
      await work();
    } finally {
      clearInterval(load);
      await Promise.all(pending);
    }
  }

  /** Every booking that was paid is confirmed, and no job or event is left. */
  async nothingWasLost(): Promise<void> {
    await eventually(
      async () => {
        for (const id of this.bookings) {
          expect(await this.guest.get(`/v1/bookings/${id}`)).toMatchObject({ body: { state: 'confirmed' } });
        }
        expect(await unfinishedWork()).toEqual({ jobs: [], deadLetters: 0 });
      },
      { seconds: 180 },
    );
  }
}
