import { chmodSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { startRedis } from '../src/index.js';
import { hasEnded } from '../src/processes.js';
import { aFolder, cleanUp, hold, endHolder, occupied } from './holding.js';

async function withRedis<T>(url: string, command: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url);
  try {
    return await command(redis);
  } finally {
    redis.disconnect();
  }
}

const pidOf = (dataDir: string) => Number(readFileSync(join(dataDir, 'redis.pid'), 'utf8'));

afterEach(cleanUp);

describe('a Redis folder', () => {
  test('stores its keys over a restart, and its server ends with stop()', async () => {
    const dataDir = aFolder();
    const first = await startRedis({ dataDir });
    await withRedis(first.url, (redis) => redis.set('stored', '42'));
    const pid = pidOf(dataDir);
    await first.stop();
    expect(await hasEnded(pid, 0)).toBe(true);

    const second = await startRedis({ dataDir });
    expect(await withRedis(second.url, (redis) => redis.get('stored'))).toBe('42');
    await second.stop();
  });

  test('is usable at once, on the same port, after kill -9 of the process that uses it', async () => {
    const dataDir = aFolder();
    const killed = await hold('redis', dataDir);
    await withRedis(killed.url, (redis) => redis.set('stored', '42'));
    await endHolder(killed, 'SIGKILL');
    const next = await hold('redis', dataDir, { port: Number(new URL(killed.url).port) });
    expect(await withRedis(next.url, (redis) => redis.get('stored'))).toBe('42');
  });

  test('loses its server soon after kill -9 of the process that uses it', async () => {
    const dataDir = aFolder();
    const killed = await hold('redis', dataDir);
    const pid = pidOf(dataDir);
    await endHolder(killed, 'SIGKILL');
    expect(await hasEnded(pid, 10_000)).toBe(true);
  });

  test('is rejected with one sentence if its content is damaged', async () => {
    const dataDir = aFolder();
    const first = await startRedis({ dataDir });
    await withRedis(first.url, (redis) => redis.set('stored', '42'));
    await first.stop();
    const log = join(dataDir, 'appendonlydir');
    const part = readdirSync(log).find((name) => name.endsWith('.incr.aof')) ?? '';
    writeFileSync(join(log, part), 'nonsense\r\nthat goes on\r\n');
    await expect(startRedis({ dataDir })).rejects.toThrow(
      /Redis does not start on .*(Bad file format|append only)/,
    );
  });
});

test('requires its password', async () => {
  const server = await startRedis({ dataDir: aFolder() });
  const redis = new Redis(`redis://127.0.0.1:${server.port}`, { enableReadyCheck: false });
  await expect(redis.ping()).rejects.toThrow(/NOAUTH/);
  redis.disconnect();
  await server.stop();
});

test('rejects a port in use with one sentence', async () => {
  await occupied(async (port) => {
    await expect(startRedis({ dataDir: aFolder(), port })).rejects.toThrow(
      `Redis can't use port ${port}: another program is listening on it`,
    );
  });
});

describe('REDIS_URL', () => {
  test('is used if it responds, and keeps running', async () => {
    const given = await startRedis({ dataDir: aFolder() });
    const used = await startRedis({ dataDir: aFolder(), url: given.url });
    expect(used.url).toBe(given.url);
    await used.stop();
    expect(await withRedis(given.url, (redis) => redis.ping())).toBe('PONG');
    await given.stop();
  });

  test('is used if the process loads code for longer than the time limit', async () => {
    const given = await startRedis({ dataDir: aFolder() });
    const used = startRedis({ dataDir: aFolder(), url: given.url });
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5_200);
    await expect(used).resolves.toMatchObject({ url: given.url });
    await given.stop();
  });

  test.each([
    ['no server', 'redis://127.0.0.1:1', /REDIS_URL \(127\.0\.0\.1:1\) does not answer/],
    ['not a URL', 'six three seven nine', /REDIS_URL is not a URL/],
    ['another protocol', 'http://127.0.0.1', /REDIS_URL is not a URL/],
  ])('rejects a start with one sentence: %s', async (_what, url, sentence) => {
    await expect(startRedis({ dataDir: aFolder(), url })).rejects.toThrow(sentence);
  });
});

describe('a machine without Redis', () => {
  const path = process.env.PATH;
  afterEach(() => {
    process.env.PATH = path;
  });

  function aPathWith(programs: Record<string, string>): string {
    const folder = join(aFolder(), 'bin');
    mkdirSync(folder);
    for (const [name, script] of Object.entries(programs)) {
      writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
      chmodSync(join(folder, name), 0o755);
    }
    for (const tool of ['ln']) symlinkSync(`/usr/bin/${tool}`, join(folder, tool));
    return folder;
  }

  test('reports how to install it', async () => {
    process.env.PATH = aPathWith({});
    await expect(startRedis({ dataDir: aFolder() })).rejects.toThrow(
      /there is no redis-server or valkey-server on PATH: install it .* or set REDIS_URL/,
    );
  });

  const whenRoot = process.getuid?.() === 0 ? test : test.skip;
  whenRoot('logs the command and installs it with apt as root', async () => {
    const bin = aPathWith({
      'apt-get': `[ "$1" = update ] && exit 100\nln -s /usr/bin/redis-server "\${0%/*}/redis-server"`,
    });
    process.env.PATH = bin;
    const logged: string[] = [];
    const server = await startRedis({ dataDir: aFolder(), log: (line) => logged.push(line) });
    expect(logged).toEqual([
      expect.stringContaining('apt-get install -y --no-install-recommends redis-server'),
    ]);
    await server.stop();
  });

  whenRoot('reports the error of apt', async () => {
    process.env.PATH = aPathWith({ 'apt-get': 'echo "E: no network" >&2; exit 100' });
    await expect(startRedis({ dataDir: aFolder() })).rejects.toThrow(
      /Redis could not be installed: .* failed \(E: no network\)/,
    );
  });
});
