import { execFile } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DEFAULT_PORTS } from '@roost/app-standalone/composition';
import { eventually } from '@roost/testing';
import { APPS } from '../bundle/apps.js';
import { Compose } from './compose.js';
import { Docker } from './docker.js';
import { imageOf } from './standins.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../../', import.meta.url)).replace(/\/$/, '');
const TAG = process.env.ROOST_IMAGES_TAG ?? 'dev';
const PROJECT = `roost-check-${process.pid}`;
const SERVICES = ['identity', 'listings', 'bookings', 'payments', 'reviews', 'gateway'] as const;
const RUNNING = [...SERVICES, 'sandbox'] as const;
const MOST_MB_ABOVE_BASE = 80;

const script = (...args: string[]) =>
  run('node', ['--conditions=@roost/source', '--import', './tools/register.js', ...args], {
    cwd: root,
    maxBuffer: 64 * 1024 * 1024,
  });

let docker: Docker;

beforeAll(async () => {
  docker = await Docker.open(() => undefined);
  const command = 'tools/src/images/main.ts';
  await script(command, 'provide');
  await script(command, 'build', '--tag', TAG);
});

describe.each(APPS)('the image of %s', (app) => {
  const image = `roost/${app}:${TAG}`;
  const shell = (command: string) =>
    // As root, who may look into every folder.
    docker.read(
      'run',
      '--rm',
      '--user',
      '0',
      '--network',
      'none',
      '--entrypoint',
      'sh',
      image,
      '-c',
      command,
    );

  it('runs without root, and says what it is', async () => {
    const { Config } = (JSON.parse(await docker.read('image', 'inspect', image)) as [Inspected])[0];
    expect(Config.User).toBe('1000:1000');
    expect(Config.Entrypoint.at(-1)).toBe('/app/main.js');
    expect(Config.Env).toContain('NODE_ENV=production');
    expect(Config.Healthcheck.Test).toEqual(['CMD', 'node', '/app/health.js']);
    expect(Config.Labels['org.opencontainers.image.title']).toBe(`roost/${app}`);
    expect(Config.Labels['org.opencontainers.image.version']).toMatch(/^\d+\.\d+\.\d+/);
    expect(Config.Labels['org.opencontainers.image.licenses']).toBe('MIT');
  });

  it(`is at most ${MOST_MB_ABOVE_BASE} MB larger than its base`, async () => {
    const size = async (name: string) =>
      Number(await docker.read('image', 'inspect', '--format', '{{.Size}}', name));
    expect((await size(image)) - (await size(imageOf('node')))).toBeLessThan(MOST_MB_ABOVE_BASE * 1e6);
  });

  it('has no compiler, no TypeScript, no test and no history', async () => {
    const found = await shell(
      "find /app \\( -name '*.ts' -o -name '*.spec.*' -o -name '.git*' -o -name '.env*' -o -name '*.pem' -o -name '*.key' \\) ; find / -xdev -path '*/@swc/*' -o -xdev -path '*/node_modules/typescript/*'",
    );
    expect(found).toBe('');
  });

  it('lists its packages and carries their licenses', async () => {
    const { components } = JSON.parse(await shell('cat /app/sbom.cdx.json')) as {
      components: { name: string; version: string; purl: string }[];
    };
    const texts = await shell('cat /app/licenses.txt');
    expect(components.length).toBeGreaterThan(5);
    for (const { name, version } of components) expect(texts).toContain(`${name} ${version} (`);
  });
});

describe('an image with wrong settings', () => {
  const start = (...args: string[]) =>
    docker
      .read('run', '--rm', '--read-only', '--network', 'none', ...args)
      .then(() => 'started')
      .catch((error: Error) => error.message.replace(/^docker run failed: /, ''));
  const bookings = (...settings: string[]) =>
    start(...settings.flatMap((setting) => ['--env', setting]), `roost/bookings:${TAG}`);
  const key = `ENCRYPTION_KEY=${'k'.repeat(40)}`;

  it('names a missing one', async () => {
    expect(await bookings(key)).toMatch(/^DATABASE_URL is missing: .*\.$/m);
  });

  it('names a wrong one, and shows no secret', async () => {
    const text = await bookings(key, 'DATABASE_URL=ftp://user:hunter2@x/y', 'PORT=high');
    expect(text).toMatch(/^PORT is "high": it must be .*\.$/m);
    expect(text).toMatch(/^DATABASE_URL has a value that is not allowed: it must be .*\.$/m);
    expect(text).not.toContain('hunter2');
  });

  it('names what an unreadable secret file is for', async () => {
    expect(await bookings(key, 'DATABASE_URL_FILE=/run/secrets/none')).toMatch(
      /^DATABASE_URL_FILE is \/run\/secrets\/none, which can't be read: ENOENT\.$/m,
    );
  });
});

describe('the system of docker/compose.yaml', () => {
  let compose: Compose;
  let url: string;
  let mailbox: string;
  let prometheus: string;
  let alertmanager: string;
  let traces: string;

  beforeAll(async () => {
    const [gateway, sandbox, mailpit, prometheusPort, alertmanagerPort, tracingPort] = await Promise.all(
      Array.from({ length: 6 }, freePort),
    );
    url = `http://localhost:${gateway}`;
    mailbox = `http://localhost:${mailpit}`;
    prometheus = `http://localhost:${prometheusPort}`;
    alertmanager = `http://localhost:${alertmanagerPort}`;
    traces = `http://localhost:${tracingPort}`;
    compose = new Compose(docker, root, PROJECT, {
      TAG,
      COMPOSE_PROFILES: 'monitoring,tracing',
      PROMETHEUS_PORT: String(prometheusPort),
      ALERTMANAGER_PORT: String(alertmanagerPort),
      ROOST_PORT: String(gateway),
      SANDBOX_PORT: String(sandbox),
      MAILPIT_PORT: String(mailpit),
      TRACING_PORT: String(tracingPort),
      // The tour is one client, and runs several times.
      RATE_LIMIT_PER_MINUTE: '0',
    });
    await compose.up();
    await ready();
  });

  afterAll(() => compose.down());

  const ready = () =>
    eventually(
      async () => {
        const response = await fetch(`${url}/health/ready`);
        expect({ status: response.status, body: await response.text() }).toMatchObject({ status: 200 });
      },
      { seconds: 180 },
    );

  const tour = async () => {
    const { stdout } = await script('tools/src/tour/main.ts', '--url', url, '--mailbox', mailbox);
    expect(stdout).toMatch(/The tour passed: \d+ steps/);
  };

  it('works as the tour uses it', tour);

  const api = async (address: string): Promise<unknown> => (await fetch(address)).json();

  it('is watched: Prometheus scrapes every service and evaluates every rule', async () => {
    await eventually(
      async () => {
        const { data } = (await api(`${prometheus}/api/v1/targets?state=active`)) as Targets;
        const up = data.activeTargets.filter(({ health }) => health === 'up').map(({ labels }) => labels.job);
        expect(up.sort()).toEqual([...RUNNING, 'prometheus'].sort());
        const { data: rules } = (await api(`${prometheus}/api/v1/rules`)) as Rules;
        const states = rules.groups.flatMap((group) => group.rules);
        expect(states.length).toBeGreaterThan(20);
        expect(states.filter(({ health }) => health !== 'ok')).toEqual([]);
      },
      { seconds: 120 },
    );
  });

  it('is traced: Jaeger has every service of the tour, and a request with the services that it passed', async () => {
    await eventually(
      async () => {
        const { data } = (await api(`${traces}/api/services`)) as { data: string[] };
        expect(data.sort()).toEqual([...SERVICES].sort());
      },
      { seconds: 60 },
    );
    const response = await fetch(`${url}/v1/listings/search?city=Lisbon`);
    const [, traceId] = response.headers.get('traceparent')?.split('-') ?? [];
    await eventually(
      async () => {
        const { data } = (await api(`${traces}/api/traces/${traceId}`)) as Traces;
        const passed = data.flatMap(({ processes }) => Object.values(processes));
        expect(new Set(passed.map(({ serviceName }) => serviceName))).toEqual(
          new Set(['gateway', 'listings']),
        );
      },
      { seconds: 60 },
    );
  });

  it('sends an alert of a stopped service to Alertmanager, and ends it when the service is back', async () => {
    const firing = async () =>
      ((await api(`${alertmanager}/api/v2/alerts?filter=alertname=RoostServiceDown`)) as Alert[]).map(
        ({ labels }) => labels.service,
      );
    await compose.stop('reviews');
    try {
      await eventually(async () => expect(await firing()).toEqual(['reviews']), { seconds: 300 });
    } finally {
      await compose.start('reviews');
    }
    await eventually(async () => expect(await firing()).toEqual([]), { seconds: 300 });
    await ready();
  });

  it.each(RUNNING)('%s has no root, no capability and no writable file of its own', async (service) => {
    const container = await compose.container(service);
    const inside = (...command: string[]) => docker.read('exec', container, ...command);
    const status = await inside('cat', '/proc/1/status');
    expect(status).toMatch(/^Uid:\t1000\t1000\t1000\t1000$/m);
    expect(status).toMatch(/^CapPrm:\t0{16}$/m);
    expect(status).toMatch(/^CapEff:\t0{16}$/m);
    expect(status).toMatch(/^CapBnd:\t0{16}$/m);
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    await expect(inside('touch', '/app/file')).rejects.toThrow(/Read-only file system/);
    await expect(inside('touch', '/etc/file')).rejects.toThrow(/Read-only file system/);
  });

  const withDatabase = SERVICES.filter((service) => service !== 'gateway');
  it.each(withDatabase)('%s changes no table: it has the role without DDL', async (service) => {
    const container = await compose.container('postgres');
    const sql = (statement: string) =>
      docker.read(
        ...['exec', '--env', 'PGPASSWORD=development', container, 'psql', '--host=127.0.0.1'],
        ...[`--username=roost_${service}`, `--dbname=roost_${service}`, '--no-psqlrc', '-Atc', statement],
      );
    expect(await sql('SELECT count(*) FROM schema_migration')).toMatch(/^\d+$/);
    await expect(sql('CREATE TABLE intruder (id int)')).rejects.toThrow(/permission denied/);
    await expect(sql('DROP TABLE schema_migration')).rejects.toThrow(/must be owner/);
  });

  /** What a service says of itself: the gateway is ready while a service behind it is not. */
  const readiness = async (service: string, port: number) =>
    docker.read(
      ...['exec', await compose.container(service), 'node', '--eval'],
      `fetch('http://127.0.0.1:${port}/health/ready').then(({ status }) => console.log(status))`,
    );

  it.each(['postgres', 'kafka', 'redis'])('works again after a stop and a start of %s', async (part) => {
    await compose.stop(part);
    try {
      await eventually(async () => expect(await readiness('bookings', 3003)).toBe('503'), { seconds: 120 });
    } finally {
      await compose.start(part);
    }
    for (const [service, port] of Object.entries(DEFAULT_PORTS)) {
      await eventually(async () => expect(await readiness(service, port)).toBe('200'), { seconds: 180 });
    }
    await tour();
  });

  it.each(RUNNING)('%s ends within 30 s of SIGTERM while requests arrive', async (service) => {
    const load = startLoad(url);
    try {
      await eventually(() => expect(load.answers).toBeGreaterThan(50));
      const container = await compose.container(service);
      await docker.read('stop', '--time', '30', container);
      // 137 is the code after SIGKILL.
      expect(await docker.read('inspect', '--format', '{{.State.ExitCode}}', container)).toBe('0');
    } finally {
      await load.stop();
      await compose.start(service);
    }
    await ready();
  });

  it('a service with a wrong password names the server, and shows no secret', async () => {
    const text = await docker
      .read(
        ...['run', '--rm', '--read-only', '--network', compose.network],
        ...['--env', 'DATABASE_URL=postgres://roost_bookings:wrong-word@postgres:5432/roost_bookings'],
        ...[
          '--env',
          'REDIS_URL=redis://:development@redis:6379',
          '--env',
          `ENCRYPTION_KEY=${'k'.repeat(40)}`,
        ],
        `roost/bookings:${TAG}`,
      )
      .catch((error: Error) => error.message);
    expect(text).toMatch(/^.*PostgreSQL at postgres:5432 rejected the login of bookings: .*\.$/m);
    expect(text).not.toContain('wrong-word');
  });

  it('a service without its database says so', async () => {
    const text = await docker
      .read(
        ...['run', '--rm', '--read-only', '--network', compose.network],
        ...['--env', 'DATABASE_URL=postgres://roost_bookings:x@redis:5432/roost_bookings'],
        ...[
          '--env',
          'REDIS_URL=redis://:development@redis:6379',
          '--env',
          `ENCRYPTION_KEY=${'k'.repeat(40)}`,
        ],
        `roost/bookings:${TAG}`,
      )
      .catch((error: Error) => error.message);
    expect(text).toMatch(/^.*bookings can't reach PostgreSQL at redis:5432 .*\.$/m);
  });
});

interface Targets {
  data: { activeTargets: { health: string; labels: { job: string } }[] };
}

interface Rules {
  data: { groups: { rules: { name: string; health: string; lastError?: string }[] }[] };
}

interface Traces {
  data: { processes: Record<string, { serviceName: string }> }[];
}

interface Alert {
  labels: { service: string };
}

interface Inspected {
  Config: {
    User: string;
    Entrypoint: string[];
    Env: string[];
    Labels: Record<string, string>;
    Healthcheck: { Test: string[] };
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Requests that reach every service, from 20 clients. Errors are expected: a service is away. */
function startLoad(url: string): { readonly answers: number; stop(): Promise<void> } {
  const paths = ['/v1/config', '/v1/listings/search?city=Lisbon', '/openapi.json', '/health/live', '/v1/me'];
  let stopped = false;
  let answers = 0;
  const client = async (first: number) => {
    for (let turn = first; !stopped; turn++) {
      await fetch(url + paths[turn % paths.length], { signal: AbortSignal.timeout(30_000) })
        .then((response) => response.arrayBuffer())
        .then(() => answers++)
        .catch(() => undefined);
    }
  };
  const clients = Array.from({ length: 20 }, (_, number) => client(number));
  return {
    get answers() {
      return answers;
    },
    async stop() {
      stopped = true;
      await Promise.all(clients);
    },
  };
}
