import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { aPublishedListing, eventually } from '@roost/testing';
import { apply, kubectl, read, tryKubectl } from '../kubectl.js';
import { attempt } from '../run.js';
import { manifestRoot } from './kustomize.js';
import {
  APPS,
  appsWithoutReadyPod,
  checkout,
  clientUrl,
  deploy,
  forwarded,
  inPodOf,
  isReady,
  Marketplace,
  namespace,
  podsOf,
  query,
  rolledOut,
  scaledTo,
  roost,
  scriptPod,
  tryRoost,
} from './roost-in-lab.js';

const REQUESTS_A_SECOND = 50;

interface Autoscaler {
  status: { currentMetrics?: { resource?: { current: { averageUtilization: number } } }[] };
}

interface Budget {
  status: { disruptionsAllowed: number };
}

describe('Roost in a cluster', () => {
  let market: Marketplace;

  beforeAll(async () => {
    // The processors of the lab are shared by all apps: more replicas would only be slower.
    await Promise.all(APPS.map((app) => scaledTo(app, 1)));
    market = await Marketplace.open(aPublishedListing);
    await market.journey();
  });
  afterEach(() => {
    expect(market.failures.splice(0)).toEqual([]);
  });

  test('the tour passes through the ingress, the policies and the Services', async () => {
    const url = await clientUrl();
    const tour = await forwarded('service/mailpit', 8025, (mailbox) =>
      attempt('npm', ['run', '--silent', 'tour', '--', '--url', url, '--mailbox', mailbox], {
        cwd: checkout,
      }),
    );
    expect({ ...tour, stdout: tour.stdout.slice(-2000) }).toMatchObject({ code: 0 });
  });

  test('every container runs as user 1000 or that of its server, without capabilities, on a read-only root', async () => {
    for (const app of [...APPS, 'sandbox']) {
      const script = `
        const fs = require('node:fs');
        const status = fs.readFileSync('/proc/1/status', 'utf8');
        let root = 'writable';
        try { fs.writeFileSync('/app/x', ''); } catch (error) { root = error.code; }
        console.log(JSON.stringify({
          user: /^Uid:\\s+(\\d+)/m.exec(status)[1],
          capabilities: /^CapEff:\\s+(\\w+)/m.exec(status)[1],
          privileges: /^NoNewPrivs:\\s+(\\d)/m.exec(status)[1],
          root,
        }));`;
      expect({ app, ...(JSON.parse(await inPodOf(app, script)) as object) }).toEqual({
        app,
        user: '1000',
        capabilities: '0000000000000000',
        privileges: '1',
        root: 'EROFS',
      });
    }
  });

  test.each(APPS)('a rolling restart of %s under load fails no request and loses no job', async (app) => {
    const before = (await podsOf(app)).map((pod) => pod.metadata.uid);
    const responses = market.responses;
    await market.underLoad(REQUESTS_A_SECOND, async () => {
      await roost('rollout', 'restart', `deployment/${app}`);
      const journey = market.journey();
      await rolledOut(app);
      await eventually(
        async () => {
          const now = (await podsOf(app)).map((pod) => pod.metadata.uid);
          expect(now.filter((uid) => before.includes(uid))).toEqual([]);
        },
        { seconds: 120 },
      );
      await journey;
    });
    expect(market.responses - responses).toBeGreaterThan(REQUESTS_A_SECOND);
    await market.nothingWasLost();
  });

  describe('a version that can not work', () => {
    /** Changes the pods of bookings, expects that the new one is not ready for a reason, and that the old one serves. */
    async function refused(
      patch: object,
      reason: RegExp,
      evidence: (pod: string) => Promise<string>,
    ): Promise<void> {
      const before = (await podsOf('bookings')).map((pod) => pod.metadata.uid);
      const spec = { template: { spec: { containers: [{ name: 'app', ...patch }] } } };
      await roost('patch', 'deployment/bookings', '-p', JSON.stringify({ spec }));
      try {
        await eventually(
          async () => {
            const fresh = (await podsOf('bookings')).filter((pod) => !before.includes(pod.metadata.uid));
            expect(fresh.length).toBeGreaterThan(0);
            expect(fresh.map(isReady)).not.toContain(true);
            expect(await evidence(fresh[0]?.metadata.name ?? '')).toMatch(reason);
          },
          { seconds: 180 },
        );
        expect(
          (await podsOf('bookings')).filter((pod) => before.includes(pod.metadata.uid)).map(isReady),
        ).toContain(true);
        expect(await market.quote(300)).toMatchObject({ status: 201 });
      } finally {
        await roost('rollout', 'undo', 'deployment/bookings');
        await rolledOut('bookings');
      }
      expect(await market.quote(300)).toMatchObject({ status: 201 });
    }

    const lines = async (pod: string) => {
      const current = await tryRoost('logs', pod, '--tail=20');
      const previous = await tryRoost('logs', pod, '--tail=20', '--previous');
      return `${current.stdout}\n${previous.stdout}`;
    };
    const waiting = (pod: string) =>
      roost('get', 'pod', pod, '-o', 'jsonpath={.status.containerStatuses[0].state.waiting.reason}');

    test('an image that does not exist', async () => {
      await refused(
        { image: 'roost/bookings:missing' },
        /ErrImage|ImagePullBackOff|ErrImageNeverPull/,
        waiting,
      );
    });

    test('a wrong password of the database', async () => {
      const env = [
        { name: 'DATABASE_URL', value: 'postgres://roost_bookings:wrong@postgres:5432/roost_bookings' },
      ];
      await refused(
        { env: [...env, { name: 'DATABASE_URL_FILE', value: '' }] },
        /password|authentication|DATABASE_URL/i,
        lines,
      );
    });

    test('a database that does not respond', async () => {
      const env = [
        { name: 'DATABASE_URL', value: 'postgres://roost_bookings:development@postgres:5999/roost_bookings' },
      ];
      await refused(
        { env: [...env, { name: 'DATABASE_URL_FILE', value: '' }] },
        /database|DATABASE_URL|5999/i,
        lines,
      );
    });

    test('a setting that has no valid value', async () => {
      await refused({ env: [{ name: 'PORT', value: 'none' }] }, /PORT/, lines);
    });

    test('too little memory: it is killed with 137, and starts again', async () => {
      const resources = { requests: { memory: '24Mi' }, limits: { memory: '24Mi' } };
      await refused({ resources }, /OOMKilled|137|StartError/, (pod) =>
        roost('get', 'pod', pod, '-o', 'jsonpath={.status.containerStatuses[0]}'),
      );
    });
  });

  test('a migration that fails stops a deployment before any version changes', async () => {
    const before = await roost('get', 'deployment', 'bookings', '-o', 'jsonpath={.metadata.generation}');
    await query('bookings', "ALTER ROLE roost_bookings_owner PASSWORD 'changed'");
    try {
      const outcome = await deploy('bookings');
      expect(outcome).toMatchObject({ code: 1 });
      expect(`${outcome.stdout}${outcome.stderr}`).toMatch(/nothing was rolled out/);
      expect(await roost('get', 'deployment', 'bookings', '-o', 'jsonpath={.metadata.generation}')).toBe(
        before,
      );
      expect(await market.quote(300)).toMatchObject({ status: 201 });
    } finally {
      await query('bookings', "ALTER ROLE roost_bookings_owner PASSWORD 'development'");
    }
  });

  test('a process that is killed for its memory loses nothing', async () => {
    const [pod] = await podsOf('bookings');
    const name = pod?.metadata.name ?? '';
    const restarts = pod?.status.containerStatuses?.[0]?.restartCount ?? 0;
    const journeys = Promise.allSettled(Array.from({ length: 5 }, () => market.journey()));
    // The app itself must take the memory: the kernel may kill the largest process only, and not the container.
    const script = `
      process.kill(1, 'SIGUSR1');
      const leak = 'globalThis.blocks = []; setInterval(() => blocks.push(Buffer.alloc(16 << 20, 1)), 20)';
      const attach = async () => {
        const [target] = await (await fetch('http://127.0.0.1:9229/json/list')).json();
        const debuggee = new WebSocket(target.webSocketDebuggerUrl);
        debuggee.onopen = () =>
          debuggee.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression: leak } }));
      };
      const again = () => attach().catch(() => setTimeout(again, 100));
      again();`;
    await tryRoost('exec', name, '--', 'node', '-e', script);
    await eventually(
      async () => {
        const now = (await podsOf('bookings')).find((one) => one.metadata.name === name)?.status
          .containerStatuses?.[0];
        expect(now?.restartCount).toBeGreaterThan(restarts);
        expect(now?.lastState.terminated).toMatchObject({ reason: 'OOMKilled', exitCode: 137 });
        expect(now?.ready).toBe(true);
      },
      { seconds: 180 },
    );
    await journeys;
    // Requests may fail while the only replica is down: clients try again.
    market.failures.length = 0;
    await market.journey();
    await market.nothingWasLost();
  });

  describe('network policies', () => {
    interface Arrow {
      from: string;
      to: string;
      port: number;
    }
    const arrows = JSON.parse(readFileSync(join(manifestRoot, 'arrows.json'), 'utf8')) as Arrow[];
    const outside = ['internet', 'collector', 'ingress', 'prometheus'];
    const monitoring = 'monitoring-of-test';

    test('every arrow passes, and everything else is blocked', async () => {
      const label = (name: string) => ({ 'app.kubernetes.io/name': name });
      const names = [...new Set(arrows.map(({ from }) => from))].filter((name) => !outside.includes(name));
      const sources = new Map<string, [string, string]>([
        ...names.map((name) => [name, [`probe-${name}`, namespace]] as [string, [string, string]]),
        ['nobody', ['probe-nobody', namespace]],
        ['ingress', ['ingress', 'ingress']],
        ['prometheus', ['probe', monitoring]],
        ['another namespace', ['probe', 'default']],
      ]);
      // Never ready, so that no Service sends requests to a probe with the labels of an app.
      const probe = (name: string, where: string, labels: Record<string, string>) => {
        const pod = scriptPod(name, where, labels);
        const [container] = pod.spec.containers;
        return {
          ...pod,
          spec: {
            ...pod.spec,
            containers: [{ ...container, readinessProbe: { exec: { command: ['false'] } } }],
          },
        };
      };
      await apply([
        {
          apiVersion: 'v1',
          kind: 'Namespace',
          metadata: { name: monitoring, labels: { 'roost/monitoring': 'allowed' } },
        },
        probe('probe', monitoring, label('prometheus')),
        probe('probe', 'default', {}),
        probe('probe-nobody', namespace, {}),
        ...names.map((name) => probe(`probe-${name}`, namespace, label(name))),
      ]);
      const targets = new Map<string, string>();
      for (const { to } of arrows) {
        if (outside.includes(to) || targets.has(to)) continue;
        const pod = (await podsOf(to)).find((one) => isReady(one) && one.spec.nodeName);
        if (!pod) throw new Error(`No pod of ${to} is ready`);
        targets.set(to, pod.status.podIP);
      }
      const doors = [
        ...new Set(arrows.filter(({ to }) => targets.has(to)).map(({ to, port }) => `${to}:${port}`)),
      ];
      const addresses = doors.map((door) => {
        const [name = '', port] = door.split(':');
        return [door, targets.get(name), Number(port)];
      });
      const script = `
        const net = require('node:net');
        const results = {};
        const one = ([door, host, port]) => new Promise((resolve) => {
          const socket = net.connect({ host, port, timeout: 5000 });
          const end = (result) => { results[door] = result; socket.destroy(); resolve(); };
          // Every port has a server, so a refusal is that of a policy: some networks drop such packets, others reject them.
          socket.on('connect', () => end('open')).on('timeout', () => end('blocked')).on('error', () => end('blocked'));
        });
        Promise.all(${JSON.stringify(addresses)}.map(one)).then(() => console.log(JSON.stringify(results)));`;
      const isAllowed = (from: string, door: string) =>
        arrows.some((arrow) => arrow.from === from && `${arrow.to}:${arrow.port}` === door);
      let checked = 0;
      await eventually(
        async () => {
          const wrong: string[] = [];
          checked = 0;
          for (const [from, [pod, where]] of sources) {
            const output = await kubectl(['exec', pod, '--namespace', where, '--', 'node', '-e', script]);
            for (const [door, result] of Object.entries(JSON.parse(output) as Record<string, string>)) {
              checked += 1;
              const expected = isAllowed(from, door) ? 'open' : 'blocked';
              if (result !== expected) wrong.push(`${from} → ${door} is ${result}, not ${expected}`);
            }
          }
          expect(wrong).toEqual([]);
        },
        { seconds: 240 },
      );
      console.info(`${checked} connections were tried: ${sources.size} sources, ${doors.length} ports.`);
      expect(checked).toBe(sources.size * doors.length);
    });

    afterAll(async () => {
      await tryKubectl(['delete', 'namespace', monitoring, '--wait=false']);
      await tryKubectl(['delete', 'pod', 'probe', '--namespace', 'default', '--wait=false']);
      const { items } = await read<{ items: { metadata: { name: string } }[] }>([
        'pods',
        '--namespace',
        namespace,
      ]);
      const probes = items.map(({ metadata }) => metadata.name).filter((name) => name.startsWith('probe-'));
      if (probes.length > 0) await roost('delete', 'pod', ...probes, '--force');
    });
  });

  test('bookings gets replicas under real load, and gives them back', async () => {
    await scaledTo('bookings', 1, 3);
    const autoscaler = async () => {
      const { status } = await read<Autoscaler>(['hpa', 'bookings', '--namespace', namespace]);
      const usage = status.currentMetrics?.[0]?.resource?.current.averageUtilization;
      const pods = await podsOf('bookings');
      return { usage, pods: pods.length, ready: pods.filter(isReady).length };
    };
    // A start takes much CPU time as well.
    await eventually(
      async () => {
        const { usage, pods } = await autoscaler();
        expect(pods).toBe(1);
        expect(usage).toBeLessThan(50);
      },
      { seconds: 300 },
    );
    await market.underLoad(
      REQUESTS_A_SECOND,
      () => eventually(async () => expect(await autoscaler()).toMatchObject({ ready: 3 }), { seconds: 300 }),
      'quotes',
    );
    await eventually(async () => expect(await autoscaler()).toMatchObject({ pods: 1 }), { seconds: 600 });
    await market.nothingWasLost();
  });

  test('a drained node keeps one pod of each app ready, and fails no request', async () => {
    await Promise.all(APPS.map((app) => scaledTo(app, 2)));
    const used = await Promise.all(APPS.map(podsOf));
    expect(new Set(used.flat().map((pod) => pod.spec.nodeName))).toEqual(new Set(['node1', 'node2']));
    const drain = [
      ...['drain', 'node2', '--ignore-daemonsets', '--delete-emptydir-data', '--timeout=600s'],
      ...['--pod-selector', `app.kubernetes.io/name in (${APPS.join(',')})`],
    ];
    let withoutReadyPod: string[];
    try {
      withoutReadyPod = await appsWithoutReadyPod(() =>
        market.underLoad(REQUESTS_A_SECOND, async () => void (await kubectl(drain))),
      );
    } finally {
      await kubectl(['uncordon', 'node2']);
    }
    expect(withoutReadyPod).toEqual([]);
    const after = (await Promise.all(APPS.map(podsOf))).flat();
    expect(after.filter((pod) => pod.spec.nodeName === 'node2')).toEqual([]);
    await market.nothingWasLost();
  });

  test('an eviction that a budget forbids is refused', async () => {
    // The pods may still be new, and their budget is computed after they are ready.
    await scaledTo('reviews', 2);
    await eventually(
      async () => {
        const { status } = await read<Budget>(['pdb', 'reviews', '--namespace', namespace]);
        expect(status.disruptionsAllowed).toBe(1);
      },
      { seconds: 60 },
    );
    await kubectl(['cordon', 'node1', 'node2']);
    try {
      const evict = async (pod: string) =>
        tryKubectl(['create', '--raw', `/api/v1/namespaces/${namespace}/pods/${pod}/eviction`, '-f', '-'], {
          input: JSON.stringify({
            apiVersion: 'policy/v1',
            kind: 'Eviction',
            metadata: { name: pod, namespace },
          }),
        });
      const [first, second] = await podsOf('reviews');
      expect(await evict(first?.metadata.name ?? '')).toMatchObject({ code: 0 });
      expect(await evict(second?.metadata.name ?? '')).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/disruption budget/),
      });
    } finally {
      await kubectl(['uncordon', 'node1', 'node2']);
      await rolledOut('reviews');
    }
    await market.nothingWasLost();
  });
});
