import { pauseBeforeRestart, supervise } from './supervise.js';

interface FakeServer {
  ended: Promise<string>;
  stop(): Promise<void>;
  fail(reason: string): void;
  stops: number;
}

function aServer(): FakeServer {
  let fail: (reason: string) => void = () => undefined;
  const ended = new Promise<string>((resolve) => (fail = resolve));
  const server: FakeServer = {
    ended,
    fail,
    stops: 0,
    stop: async () => {
      server.stops += 1;
    },
  };
  return server;
}

const options = { name: 'Redis', log: () => undefined, folder: '/', pausesMs: [1, 1, 1, 1, 1] };

describe('a supervised server', () => {
  it('is given up with one sentence after five restarts', async () => {
    const first = aServer();
    let restarts = 0;
    const supervised = supervise(first, {
      ...options,
      restart: async () => {
        restarts += 1;
        const next = aServer();
        next.fail(`Redis ended unexpectedly: failure ${restarts}.`);
        return next;
      },
    });
    first.fail('Redis ended unexpectedly: failure 0.');
    expect(await supervised.ended).toBe(
      'Redis is given up after 5 restarts within two minutes: Redis ended unexpectedly: failure 5.',
    );
    expect(restarts).toBe(5);
  });

  it('counts a restart that fails', async () => {
    const first = aServer();
    const restart = () => Promise.reject(new Error('The folder is damaged.'));
    const supervised = supervise(first, { ...options, restart });
    first.fail('Redis ended unexpectedly.');
    expect(await supervised.ended).toMatch(/after 5 restarts within two minutes: The folder is damaged\.$/);
  });

  it('waits for space on a full disk, and uses no try', async () => {
    const first = aServer();
    const next = aServer();
    const logged: string[] = [];
    const free = [0, Number.POSITIVE_INFINITY];
    const restarted = new Promise<void>((resolve) => {
      supervise(first, {
        ...options,
        log: (line) => logged.push(line),
        freeBytes: async () => free.shift() ?? 0,
        restart: async () => {
          resolve();
          return next;
        },
      });
    });
    first.fail('Redis ended unexpectedly.');
    await restarted;
    expect(logged).toContain('Redis waits: the disk of / is full');
  });

  it('is not restarted after a stop', async () => {
    const first = aServer();
    let restarts = 0;
    const supervised = supervise(first, {
      ...options,
      restart: async () => {
        restarts += 1;
        return aServer();
      },
    });
    await supervised.stop();
    first.fail('Redis ended.');
    await first.ended;
    expect(first.stops).toBeGreaterThan(0);
    expect(restarts).toBe(0);
  });
});

describe('the pause before a restart', () => {
  it.each([
    [[], 0, 200],
    [[0], 500, 1_000],
    [[0, 1, 2, 3], 500, 15_000],
    [[0, 1, 2, 3, 4], 119_999, null],
    [[0, 1, 2, 3, 4], 120_001, 8_000],
  ])('after restarts at %j, at %d ms: %p', (restartedAt, now, pauseMs) => {
    expect(pauseBeforeRestart(restartedAt, now)).toBe(pauseMs);
  });
});
