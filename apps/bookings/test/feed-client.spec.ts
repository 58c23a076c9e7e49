import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { FeedClient, type FetchResult } from '../src/feed/feed.client.js';
import { FeedServer, ical, SpecNetwork, useCanary } from './feed-server.fixture.js';

const canary = useCanary();
let server: FeedServer;
let network: SpecNetwork;
const noValidators = { etag: null, lastModified: null };
const { signal: noStop } = new AbortController();

beforeAll(async () => {
  server = await FeedServer.start();
});
beforeEach(() => {
  network = new SpecNetwork(
    () => [server.port],
    () => [canary.port],
  );
});
afterAll(() => server.close());

const fetchFeed = (url: string, stop = noStop): Promise<FetchResult> =>
  new FeedClient(network).fetch(url, noValidators, stop);
const failed = (problem: string, status?: number) => ({
  kind: 'failed',
  problem,
  ...(status === undefined ? {} : { status }),
});

test('the canary counts hits', async () => {
  await (await fetch(`http://127.0.0.1:${canary.port}/`)).text();
  expect(canary.hits).toBe(2);
  canary.hits = 0;
});

describe('successful reads', () => {
  const text = ical(['1', '0610', '0614']);

  test.each<[string, Buffer | string, Record<string, string>]>([
    ['plain text', text, {}],
    ['gzip', gzipSync(text), { 'content-encoding': 'gzip' }],
    ['x-gzip in capitals', gzipSync(text), { 'content-encoding': 'X-GZIP' }],
    ['deflate', deflateSync(text), { 'content-encoding': 'deflate' }],
    ['deflate without the header of zlib', deflateRawSync(text), { 'content-encoding': 'deflate' }],
    ['br', brotliCompressSync(text), { 'content-encoding': 'br' }],
    ['zstd', zstdCompressSync(text), { 'content-encoding': 'zstd' }],
    ['identity', text, { 'content-encoding': 'identity' }],
    ['codings one after the other', brotliCompressSync(gzipSync(text)), { 'content-encoding': 'gzip, br' }],
    [
      'three codings, with an empty element',
      zstdCompressSync(deflateSync(gzipSync(text))),
      { 'content-encoding': 'gzip,, deflate ,identity, zstd' },
    ],
    ['gzip of several members', Buffer.concat([gzipSync(text.slice(0, 9)), gzipSync(text.slice(9))]), {}],
    ['a gzip file without a coding', gzipSync(text), {}],
    [
      'a gzip file that the server compresses',
      brotliCompressSync(gzipSync(text)),
      { 'content-encoding': 'br' },
    ],
    ['another content type', text, { 'content-type': 'text/html' }],
  ])('reads %s', async (_, body, headers) => {
    server.serve(body, { etag: '"1"', 'last-modified': 'Tue, 02 Mar 2027 12:00:00 GMT', ...headers });
    expect(await fetchFeed(server.url())).toEqual({
      kind: 'content',
      bytes: Buffer.from(text),
      validators: { etag: '"1"', lastModified: 'Tue, 02 Mar 2027 12:00:00 GMT' },
    });
  });

  test('follows up to five redirects', async () => {
    let remaining = 5;
    server.respondWith((request, response) => {
      remaining -= 1;
      if (remaining >= 0) response.writeHead(302, { location: `/again?${request.url}` }).end();
      else response.end(text);
    });
    expect(await fetchFeed(server.url())).toMatchObject({ kind: 'content' });
    remaining = 6;
    expect(await fetchFeed(server.url())).toEqual(failed('too_many_redirects'));
  });

  test('reports unchanged content', async () => {
    server.respondWith((request, response) => {
      const { 'if-none-match': tag, 'if-modified-since': since } = request.headers;
      response.writeHead(tag === '"1"' && since === 'yesterday' ? 304 : 200).end(text);
    });
    const validators = { etag: '"1"', lastModified: 'yesterday' };
    expect(await new FeedClient(network).fetch(server.url(), validators, noStop)).toEqual({
      kind: 'unchanged',
    });
  });
});

describe('addresses that are not public are rejected', () => {
  test.each([
    ['loopback', '127.0.0.1'],
    ['decimal', '2130706433'],
    ['octal', '0177.0.0.1'],
    ['hexadecimal', '0x7f.1'],
    ['short', '127.1'],
    ['0.0.0.0', '0.0.0.0'],
    ['IPv6 loopback', '[::1]'],
    ['IPv6-mapped', '[::ffff:127.0.0.1]'],
    ['IPv6-mapped, in hexadecimal', '[::ffff:7f00:1]'],
    ['the unspecified IPv6 address', '[::]'],
    ['NAT64', '[64:ff9b::7f00:1]'],
    ['cloud metadata', '169.254.169.254'],
    ['localhost', 'localhost'],
    ['a name for loopback', 'localtest.example'],
  ])('%s', async (_, host) => {
    network.hosts.set('localtest.example', () => ['127.0.0.1']);
    expect(await fetchFeed(`http://${host}:${canary.port}/`)).toEqual(failed('url_not_allowed'));
    expect(canary.hits).toBe(0);
  });

  test('a name with one private address', async () => {
    network.hosts.set('both.example', () => ['1.1.1.1', '::1']);
    expect(await fetchFeed(`http://both.example:${canary.port}/`)).toEqual(failed('url_not_allowed'));
    expect(canary.hits).toBe(0);
  });

  test('a name that resolves to changing addresses: connects to the address that was checked', async () => {
    let lookups = 0;
    network.hosts.set('rebind.example', () => {
      lookups += 1;
      return lookups === 1 ? ['127.0.0.1'] : ['::1'];
    });
    server.serve(ical(['1', '0610', '0614']));
    // The resolver of the system cannot resolve the name, so the connection used the address of the look-up.
    expect(await fetchFeed(server.url('rebind.example'))).toMatchObject({ kind: 'content' });
    expect(lookups).toBe(1);
    expect(server.requests.at(-1)?.headers.host).toBe(`rebind.example:${server.port}`);
    server.respondWith((_, response) =>
      response.writeHead(302, { location: `http://rebind.example:${canary.port}/` }).end(),
    );
    lookups = 0;
    expect(await fetchFeed(server.url('rebind.example'))).toEqual(failed('url_not_allowed'));
    expect(lookups).toBe(2);
    expect(canary.hits).toBe(0);
  });
});

describe('failed reads', () => {
  const megabyte = Buffer.alloc(1024 * 1024, 0x20);

  test('rejects 100 MB without a content length', async () => {
    let sent = 0;
    server.respondWith((_, response) => {
      const send = () => {
        while (sent < 100 && !response.destroyed) {
          sent += 1;
          if (!response.write(megabyte)) return response.once('drain', send);
        }
        return response.end();
      };
      send();
    });
    expect(await fetchFeed(server.url())).toEqual(failed('too_large'));
    expect(sent).toBeLessThan(40);
  });

  test('rejects 100 MB with a content length', async () => {
    server.respondWith((_, response) => {
      response.writeHead(200, { 'content-length': 100 * 1024 * 1024 }).write('BEGIN');
    });
    expect(await fetchFeed(server.url())).toEqual(failed('too_large'));
  });

  const bomb = Buffer.alloc(100 * 1024 * 1024);
  test.each<[string, () => Buffer, string]>([
    ['gzip', () => gzipSync(bomb), 'gzip'],
    ['deflate', () => deflateSync(bomb), 'deflate'],
    ['br', () => brotliCompressSync(bomb), 'br'],
    ['zstd', () => zstdCompressSync(bomb), 'zstd'],
    ['gzip without a coding', () => gzipSync(bomb), ''],
    ['gzip in br', () => brotliCompressSync(gzipSync(bomb)), 'gzip, br'],
    // Its second form is small: the first one is the bomb.
    ['br of a bomb in gzip', () => gzipSync(brotliCompressSync(bomb)), 'br, gzip'],
    ['a bomb between two codings', () => gzipSync(Buffer.concat([gzipSync(''), bomb])), 'gzip, gzip'],
  ])('rejects a bomb of %s', async (_, bytes, coding) => {
    const body = bytes();
    expect(body.length).toBeLessThan(200_000);
    server.serve(body, coding === '' ? {} : { 'content-encoding': coding });
    expect(await fetchFeed(server.url())).toEqual(failed('too_large'));
  });

  test.each([
    ['unknown', 'sdch'],
    ['one of which is unknown', 'gzip, sdch'],
    ['too many', Array.from({ length: 6 }, () => 'identity').join()],
  ])('rejects codings: %s', async (_, coding) => {
    server.serve(ical(['1', '0610', '0614']), { 'content-encoding': coding });
    expect(await fetchFeed(server.url())).toEqual(failed('cut_short'));
  });

  test('reports a connection that ends early', async () => {
    server.respondWith((_, response) => {
      response.writeHead(200, { 'content-length': 1000 }).write('BEGIN:VCALENDAR', () => response.destroy());
    });
    expect(await fetchFeed(server.url())).toEqual(failed('cut_short'));
  });

  test.each(['gzip', 'deflate', 'br', 'zstd'])('reports invalid %s', async (coding) => {
    server.serve('BEGIN:VCALENDAR', { 'content-encoding': coding });
    expect(await fetchFeed(server.url())).toEqual(failed('cut_short'));
  });

  test.each<[string, Buffer]>([
    ['gzip', gzipSync(ical(['1', '0610', '0614']))],
    ['br', brotliCompressSync(ical(['1', '0610', '0614']))],
    ['zstd', zstdCompressSync(ical(['1', '0610', '0614']))],
  ])('reports %s that ends early', async (coding, bytes) => {
    server.serve(bytes.subarray(0, -12), { 'content-encoding': coding });
    expect(await fetchFeed(server.url())).toEqual(failed('cut_short'));
  });

  test.each([401, 404, 410, 429, 500])('reports the status %i', async (status) => {
    server.respondWith((_, response) => response.writeHead(status).end('no'));
    expect(await fetchFeed(server.url())).toEqual(failed('http_error', status));
  });

  test('reports a redirect without a location', async () => {
    server.respondWith((_, response) => response.writeHead(302).end());
    expect(await fetchFeed(server.url())).toEqual(failed('http_error', 302));
  });

  test('reports an unreachable server and an unknown name', async () => {
    network.hosts.set('nowhere.example', () => {
      throw Object.assign(new Error('unknown name'), { code: 'ENOTFOUND' });
    });
    expect(await fetchFeed(server.url('nowhere.example'))).toEqual(failed('unreachable'));
    const closed = await FeedServer.start();
    await closed.close();
    network = new SpecNetwork(() => [closed.port]);
    expect(await fetchFeed(closed.url())).toEqual(failed('unreachable'));
  });

  test('aborts immediately when the service stops', async () => {
    server.respondWith(() => undefined);
    const stop = new AbortController();
    const reading = fetchFeed(server.url(), stop.signal);
    stop.abort(new Error('stopping'));
    await expect(reading).rejects.toThrow('stopping');
  });
});
