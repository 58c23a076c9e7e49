import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startRedis } from '@roost/embedded';
import { Metrics, REDIS, type Redis } from '@roost/platform';
import {
  captureStatements,
  eventually,
  freshRedis,
  golden,
  runFolder,
  startTestService,
  type TestService,
  TestProxy,
  type TestUser,
} from '@roost/testing';
import { PageCache } from '../src/cache/page-cache.js';
import { listingTag } from '../src/cache/page-invalidation.js';
import { listings } from '../src/service.js';
import { aHost, createPublished } from './listings.fixture.js';

let service: TestService;
/** Another process on the same database and Redis. */
let other: TestService;
let redis: TestProxy;
let host: TestUser;
let id: string;

beforeAll(async () => {
  const target = await freshRedis();
  redis = await TestProxy.to(target);
  const shared = { REDIS_PREFIX: 'roost:page-cache' };
  service = await startTestService(listings, { env: { ...shared, REDIS_URL: redis.url } });
  other = await startTestService(listings, {
    env: { ...shared, REDIS_URL: target, DATABASE_URL: service.env.DATABASE_URL! },
  });
  host = aHost();
  id = (await createPublished(service, host)).id;
});
afterEach(() => redis.mend());
afterAll(async () => {
  await other?.close();
  await service?.close();
  redis?.close();
});

interface View {
  title: string;
  address: unknown;
  location: unknown;
  rating: { count: number } | null;
}
interface Hits {
  data: { id: string; title: string }[];
}

const path = () => `/v1/listings/${id}`;
const search = '/v1/listings/search?city=Albany';
const read = async (by = service) => (await by.anonymous.get<View>(path())).body;
const hits = async (by = service) => (await by.anonymous.get<Hits>(search)).body.data;
const rename = async (title: string, by = service) =>
  expect((await by.as(host).patch(path(), { title })).status).toBe(200);
/** The loads of pages by this work. */
const loads = async (work: () => Promise<unknown>) =>
  (await captureStatements(work)).filter(({ text }) => /\bfrom "?listing(_search)?\b/i.test(text)).length;

async function reads(result: string): Promise<number> {
  const text = await service.get(Metrics).text();
  const lines = text.split('\n').filter((line) => line.startsWith('roost_cache_reads_total'));
  return lines
    .filter((line) => line.includes(`result="${result}"`))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

const page = (key: string) => ({ kind: 'listing' as const, key, tags: [`tag:${key}`], maxAgeMs: 60_000 });

function signal(): { sent: Promise<void>; send: () => void } {
  let send = (): void => undefined;
  const sent = new Promise<void>((resolve) => {
    send = resolve;
  });
  return { sent, send };
}

/** Reads until the page is found in Redis: a store is not awaited. */
async function warm(work: () => Promise<unknown>): Promise<void> {
  await eventually(async () => {
    const before = await reads('hit');
    await work();
    expect(await reads('hit')).toBe(before + 1);
  });
}

test('reads a hot page without a query, and without an exact address', async () => {
  await warm(read);
  await warm(hits);
  expect(await loads(() => read())).toBe(0);
  expect(await loads(() => hits())).toBe(0);
  expect(await read()).toMatchObject({ address: null, location: null });
  // The host's own page is another one, and is not stored.
  expect((await service.as(host).get<View>(path())).body.address).not.toBeNull();
  expect(await read()).toMatchObject({ address: null, location: null });
});

test('responds 304 to the ETag of a hot page, in every process', async () => {
  await warm(read);
  const etag = (await service.anonymous.get(path())).headers.get('etag')!;
  for (const { url } of [service, other]) {
    const { status } = await fetch(url + path(), { headers: { 'if-none-match': etag } });
    expect(status).toBe(304);
  }
});

test.each([
  ['this process', () => service],
  ['another process', () => other],
])('shows a change by %s to the next read', async (_case, by) => {
  for (let turn = 0; turn < 10; turn++) {
    await warm(read);
    await warm(hits);
    const title = `Loft ${turn} of ${_case}`;
    await rename(title, by());
    await eventually(async () => expect((await read()).title).toBe(title), { seconds: 1 });
    expect((await read()).title).toBe(title);
    expect(await hits()).toMatchObject([{ title }]);
  }
});

test('shows a rating, a suspension of the host and its end', async () => {
  await warm(read);
  const rating = { ...golden('rating.changed'), listingId: id };
  await service.deliver('rating.changed', rating, { version: 7 });
  expect((await read()).rating?.count).toBe(rating.count);
  await warm(hits);
  const user = { ...golden('user.suspended'), userId: host.id };
  await service.deliver('user.suspended', user, { version: 2 });
  expect((await service.anonymous.get(path())).status).toBe(404);
  expect(await hits()).toEqual([]);
  await service.deliver('user.reinstated', { ...golden('user.reinstated'), userId: host.id }, { version: 3 });
  expect(await hits()).toHaveLength(1);
  expect((await service.anonymous.get(path())).status).toBe(200);
});

test('loads a cold page once for 200 parallel reads in two processes', async () => {
  await rename('A cold page');
  // The close of the change is not awaited by its response; this one follows it on the same connection.
  await service.get(PageCache).close({ id: 'cold', tags: [listingTag(id)] });
  const work = () =>
    Promise.all(Array.from({ length: 200 }, (_, index) => read(index % 2 === 0 ? service : other)));
  const before = await reads('bypassed');
  expect(await loads(work)).toBe(1);
  expect(await reads('bypassed')).toBe(before);
});

describe('the cache itself', () => {
  const first = () => service.get(PageCache);
  const second = () => other.get(PageCache);

  test('loads once for parallel reads in two processes, also while a tag is open', async () => {
    for (const isOpen of [false, true]) {
      const key = `once-${isOpen}`;
      const change = isOpen ? await first().open([`tag:${key}`]) : null;
      let count = 0;
      const release = signal();
      const load = async () => {
        count += 1;
        await release.sent;
        return count;
      };
      const all = Promise.all(
        Array.from({ length: 200 }, (_, index) => (index % 2 ? first() : second()).read(page(key), load)),
      );
      await eventually(() => expect(count).toBe(1));
      release.send();
      expect(new Set(await all)).toEqual(new Set([1]));
      expect(count).toBe(1);
      if (change) await first().close(change);
    }
  });

  test('does not store a page that was read before a change', async () => {
    const begun = signal();
    const release = signal();
    const slow = first().read(page('late'), async () => {
      begun.send();
      await release.sent;
      return 'old';
    });
    await begun.sent;
    const change = await second().open(['tag:late']);
    await second().close(change);
    release.send();
    expect(await slow).toBe('old');
    expect(await second().read(page('late'), () => Promise.resolve('new'))).toBe('new');
    expect(await first().read(page('late'), () => Promise.resolve('newer'))).toMatch(/^new/);
  });

  test('does not return a page that was loaded while its tag was open after the close', async () => {
    const change = await second().open(['tag:open']);
    expect(await first().read(page('open'), () => Promise.resolve('old'))).toBe('old');
    await second().close(change);
    expect(await first().read(page('open'), () => Promise.resolve('new'))).toBe('new');
  });

  test('keeps a page of a crashed change for half a second at most', async () => {
    await second().open(['tag:crash']);
    expect(await first().read(page('crash'), () => Promise.resolve('old'))).toBe('old');
    const store = service.get<Redis>(REDIS);
    const [stored] = await store.keys('roost:page-cache:cache:listing:*:crash');
    expect(await store.pttl(stored!)).toBeLessThanOrEqual(500);
    // The tag is closed by Redis itself.
    const ttl = await store.pttl('roost:page-cache:cache:open:tag:crash');
    expect(ttl).toBeGreaterThan(0);
    expect(ttl).toBeLessThanOrEqual(5_000);
  });

  test('passes the error of a load on to all waiting reads, and loads again afterwards', async () => {
    const fail = () => Promise.reject(new Error('no database'));
    await expect(first().read(page('error'), fail)).rejects.toThrow('no database');
    expect(await first().read(page('error'), () => Promise.resolve('found'))).toBe('found');
  });

  test('does not store a large page', async () => {
    const large = 'x'.repeat(300_000);
    await first().read(page('large'), () => Promise.resolve(large));
    expect(await first().read(page('large'), () => Promise.resolve('second'))).toBe('second');
  });
});

describe.each([
  ['holds back data', () => redis.lose()],
  ['resets connections', () => redis.cut()],
])('while the network to Redis %s', (_case, fault) => {
  test('reads from the database without waiting, and then shows what changed in the meantime', async () => {
    const old = page(_case);
    await other.get(PageCache).read(old, () => Promise.resolve('before'));
    await warm(read);
    fault();
    await read();
    const begun = performance.now();
    for (let count = 0; count < 10; count++) await read();
    expect(performance.now() - begun).toBeLessThan(1_000);
    const title = `Renamed while Redis ${_case}`;
    await rename(title);
    expect((await read()).title).toBe(title);
    redis.mend();
    // From the first read that uses Redis again, in both processes.
    await eventually(async () => {
      const before = await reads('hit');
      expect((await read()).title).toBe(title);
      expect(await reads('hit')).toBe(before + 1);
    });
    expect((await read(other)).title).toBe(title);
    // Also for changes of a process that ended before it could close them.
    expect(await other.get(PageCache).read(old, () => Promise.resolve('after'))).toBe('after');
  });
});

test('is right while Redis is stopped, killed and started again', async () => {
  const dataDir = mkdtempSync(join(runFolder(), 'page-cache-'));
  let server = await startRedis({ dataDir });
  const { port } = server;
  const pid = () => Number(readFileSync(join(dataDir, 'redis.pid'), 'utf8'));
  const alone = await startTestService(listings, { env: { REDIS_URL: server.url } });
  try {
    id = (await createPublished(alone, host)).id;
    await read(alone);
    process.kill(pid(), 'SIGSTOP');
    try {
      await rename('Renamed while stopped', alone);
      expect((await read(alone)).title).toBe('Renamed while stopped');
    } finally {
      process.kill(pid(), 'SIGCONT');
    }
    expect((await read(alone)).title).toBe('Renamed while stopped');
    process.kill(pid(), 'SIGKILL');
    await server.ended;
    // Releases the folder.
    await server.stop();
    await rename('Renamed while killed', alone);
    expect((await read(alone)).title).toBe('Renamed while killed');
    server = await startRedis({ dataDir, port: port! });
    await eventually(async () => {
      const [stored] = await alone.get<Redis>(REDIS).keys('*cache:listing:*');
      expect((await read(alone)).title).toBe('Renamed while killed');
      expect(stored).toBeDefined();
    });
  } finally {
    await alone.close();
    await server.stop();
  }
});
