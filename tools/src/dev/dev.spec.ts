import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { reservePort, eventually } from '@roost/testing';
import { RestartingProcess } from './restarting-process.js';
import { isSource, watchSources } from './watch-sources.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'roost-dev-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the watched sources', () => {
  test.each([
    ['apps/bookings/src/quote/quote.service.ts', true],
    ['src/index.ts', true],
    ['apps/bookings/migrations/Migration0001Bookings.ts', true],
    ['apps/bookings/test/quotes.spec.ts', false],
    ['libs/money/src/money.spec.ts', false],
    ['apps/bookings/README.md', false],
    ['apps/gateway/release/bookings.openapi.json', false],
  ])('%s: %s', (path, expected) => {
    expect(isSource(path)).toBe(expected);
  });

  test('reports one change for several writes, and none after the end', async () => {
    const changes: string[] = [];
    mkdirSync(join(folder, 'src'));
    const stop = watchSources({ folders: [folder], changed: (file) => changes.push(file) });
    for (const text of ['a', 'b', 'c']) writeFileSync(join(folder, 'src/a.ts'), text);
    await eventually(() => expect(changes).toEqual([join(folder, 'src/a.ts')]));
    stop();
  });
});

describe('a restarting process', () => {
  const started = () => {
    const lines: string[] = [];
    const script = `
      process.once('message', () => process.send('ready'));
      process.on('SIGTERM', () => {});
      setInterval(() => {}, 1000);`;
    const restarting = new RestartingProcess({
      arguments: ['-e', script],
      cwd: folder,
      env: process.env,
      log: (line) => lines.push(line),
    });
    restarting.start();
    return { lines, restarting, ready: () => lines.filter((line) => line.startsWith('ready')).length };
  };

  test('replaces a process that ignores SIGTERM, once for several changes', async () => {
    const { lines, restarting, ready } = started();
    await eventually(() => expect(ready()).toBe(1));
    for (let change = 0; change < 5; change += 1) restarting.restart('a.ts changed');
    await eventually(() => expect(ready()).toBe(2));
    expect(lines.filter((line) => line.endsWith('restarting'))).toEqual(['a.ts changed; restarting']);
    await restarting.stop({ withinMs: 0 });
  });
});

describe('the command', () => {
  const run = (args: string[], env: NodeJS.ProcessEnv = {}): ChildProcess & { text: () => string } => {
    const child = spawn(
      process.execPath,
      ['--conditions=@roost/source', '--import', './tools/register.js', 'tools/src/dev/main.ts', ...args],
      { cwd: root, env: { ...process.env, ...env } },
    );
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (text += String(part)));
    return Object.assign(child, { text: () => text });
  };

  test('rejects an unknown service in one sentence', async () => {
    const child = run(['hotels']);
    expect(await once(child, 'close')).toEqual([2, null]);
    expect(child.text().trim()).toBe(
      'There is no service "hotels": use identity, listings, bookings, payments, reviews, gateway.',
    );
  });

  test('runs a service, restarts it after a change and stops', async () => {
    const [port, postgresPort, redisPort] = [await reservePort(), await reservePort(), await reservePort()];
    const child = run(['reviews'], {
      ROOST_DATA_DIR: folder,
      POSTGRES_PORT: String(postgresPort),
      REDIS_PORT: String(redisPort),
      REVIEWS_URL: `http://127.0.0.1:${port}`,
      ROOST_DEMO: 'off',
    });
    const ready = () => child.text().match(/^dev: ready/gm)?.length ?? 0;
    await eventually(() => expect(ready()).toBe(1), { seconds: 60 });
    const now = new Date();
    utimesSync(join(root, 'apps/reviews/src/service.ts'), now, now);
    await eventually(() => expect(ready()).toBe(2), { seconds: 60 });
    // Without identity it has no keys.
    const response = await fetch(`http://127.0.0.1:${port}/health/ready`);
    expect(await response.json()).toMatchObject({ parts: { database: 'up', redis: 'up' } });
    child.kill('SIGINT');
    expect(await once(child, 'close')).toEqual([0, null]);
  }, 120_000);
});
