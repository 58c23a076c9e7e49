import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { FeedClient, type Fetched } from '../src/feed/feed.client.js';
import { FeedServer, ical, SpecNetwork } from './feed-server.fixture.js';

/** What a hostile server may try, and a canary on loopback that must see nobody. */
let hostile: FeedServer;
let canary: Server;
let canaryPort: number;
let hits = 0;
let network: SpecNetwork;
const none = { etag: null, lastModified: null };
const never = new AbortController().signal;

beforeAll(async () => {
  hostile = await FeedServer.start();
  canary = createServer((_, response) => {
    hits += 1;
    response.end(ical(['1', '0610', '0614']));
  });
  canary.on('connection', () => (hits += 1));
  await new Promise<void>((resolve) => {
    canary.listen(0, '::', resolve);
  });
  canaryPort = (canary.address() as AddressInfo).port;
});
beforeEach(() => {
  network = new SpecNetwork(
    () => [hostile.port],
    () => [canaryPort],
  );
});
afterAll(async () => {
  await hostile.close();
  canary.closeAllConnections();
  await new Promise((resolve) => canary.close(resolve));
});

const fetch = (url: string, stop = never): Promise<Fetched> =>
  new FeedClient(network).fetch(url, none, stop);
const refused = (problem: string, status?: number) => ({
  kind: 'failed',
  problem,
  ...(status === undefined ? {} : { status }),
});

test('the canary counts', async () => {
  await (await globalThis.fetch(`http://127.0.0.1:${canaryPort}/`)).text();
  expect(hits).toBe(2);
  hits = 0;
});

describe('what is read', () => {
  const text = ical(['1', '0610', '0614']);

  test.each<[string, Buffer | string, Record<string, string>]>([
    ['plain', text, {}],
    ['gzip', gzipSync(text), { 'content-encoding': 'gzip' }],
    ['whatever it calls itself', text, { 'content-type': 'text/html' }],
  ])('%s', async (_, body, headers) => {
    hostile.serve(body, { etag: '"1"', 'last-modified': 'Tue, 02 Mar 2027 12:00:00 GMT', ...headers });
    expect(await fetch(hostile.url())).toEqual({
      kind: 'content',
      bytes: Buffer.from(text),
      validators: { etag: '"1"', lastModified: 'Tue, 02 Mar 2027 12:00:00 GMT' },
    });
  });

  test('over redirects, up to five of them', async () => {
    let left = 5;
    hostile.answer((request, response) => {
      left -= 1;
      if (left >= 0) response.writeHead(302, { location: `/again?${request.url}` }).end();
      else response.end(text);
    });
    expect(await fetch(hostile.url())).toMatchObject({ kind: 'content' });
    left = 6;
    expect(await fetch(hostile.url())).toEqual(refused('too_many_redirects'));
  });

  test('only what is new', async () => {
    hostile.answer((request, response) => {
      const { 'if-none-match': tag, 'if-modified-since': since } = request.headers;
      response.writeHead(tag === '"1"' && since === 'yesterday' ? 304 : 200).end(text);
    });
    const known = { etag: '"1"', lastModified: 'yesterday' };
    expect(await new FeedClient(network).fetch(hostile.url(), known, never)).toEqual({ kind: 'unchanged' });
  });
});

describe('addresses that are not public', () => {
  test.each([
    ['loopback', '127.0.0.1'],
    ['decimal', '2130706433'],
    ['octal', '0177.0.0.1'],
    ['hexadecimal', '0x7f.1'],
    ['short', '127.1'],
    ['this host', '0.0.0.0'],
    ['IPv6 loopback', '[::1]'],
    ['mapped', '[::ffff:127.0.0.1]'],
    ['mapped, in hexadecimal', '[::ffff:7f00:1]'],
    ['any', '[::]'],
    ['NAT64', '[64:ff9b::7f00:1]'],
    ['metadata', '169.254.169.254'],
    ['localhost', 'localhost'],
    ['a name for loopback', 'localtest.example'],
  ])('%s', async (_, host) => {
    network.hosts.set('localtest.example', () => ['127.0.0.1']);
    expect(await fetch(`http://${host}:${canaryPort}/`)).toEqual(refused('url_not_allowed'));
    expect(hits).toBe(0);
  });

  test('one bad address among good ones', async () => {
    network.hosts.set('both.example', () => ['1.1.1.1', '::1']);
    expect(await fetch(`http://both.example:${canaryPort}/`)).toEqual(refused('url_not_allowed'));
    expect(hits).toBe(0);
  });

  test('a name that leads elsewhere a moment later: what was looked at is what is connected to', async () => {
    let looks = 0;
    network.hosts.set('rebind.example', () => {
      looks += 1;
      return looks === 1 ? ['127.0.0.1'] : ['::1'];
    });
    hostile.serve(ical(['1', '0610', '0614']));
    // The system's own resolver knows no such name, so the connection can only have gone where the look-up said.
    expect(await fetch(hostile.url('rebind.example'))).toMatchObject({ kind: 'content' });
    expect(looks).toBe(1);
    expect(hostile.requests.at(-1)?.headers.host).toBe(`rebind.example:${hostile.port}`);
    hostile.answer((_, response) =>
      response.writeHead(302, { location: `http://rebind.example:${canaryPort}/` }).end(),
    );
    looks = 0;
    expect(await fetch(hostile.url('rebind.example'))).toEqual(refused('url_not_allowed'));
    expect(looks).toBe(2);
    expect(hits).toBe(0);
  });
});

describe('too much, too slow, too little', () => {
  const megabyte = Buffer.alloc(1024 * 1024, 0x20);

  test('100 MB', async () => {
    let sent = 0;
    hostile.answer((_, response) => {
      const send = () => {
        while (sent < 100 && !response.destroyed) {
          sent += 1;
          if (!response.write(megabyte)) return response.once('drain', send);
        }
        return response.end();
      };
      send();
    });
    expect(await fetch(hostile.url())).toEqual(refused('too_large'));
    expect(sent).toBeLessThan(40);
  });

  test('100 MB, said beforehand', async () => {
    hostile.answer((_, response) => {
      response.writeHead(200, { 'content-length': 100 * 1024 * 1024 }).write('BEGIN');
    });
    expect(await fetch(hostile.url())).toEqual(refused('too_large'));
  });

  test('a gzip bomb', async () => {
    const bomb = gzipSync(Buffer.alloc(100 * 1024 * 1024));
    expect(bomb.length).toBeLessThan(200_000);
    hostile.serve(bomb, { 'content-encoding': 'gzip' });
    expect(await fetch(hostile.url())).toEqual(refused('too_large'));
  });

  test('a connection that ends early', async () => {
    hostile.answer((_, response) => {
      response.writeHead(200, { 'content-length': 1000 }).write('BEGIN:VCALENDAR', () => response.destroy());
    });
    expect(await fetch(hostile.url())).toEqual(refused('cut_short'));
  });

  test('gzip that is none', async () => {
    hostile.serve('BEGIN:VCALENDAR', { 'content-encoding': 'gzip' });
    expect(await fetch(hostile.url())).toEqual(refused('cut_short'));
  });

  test.each([401, 404, 410, 429, 500])('%i', async (status) => {
    hostile.answer((_, response) => response.writeHead(status).end('no'));
    expect(await fetch(hostile.url())).toEqual(refused('http_error', status));
  });

  test('a redirect to nowhere', async () => {
    hostile.answer((_, response) => response.writeHead(302).end());
    expect(await fetch(hostile.url())).toEqual(refused('http_error', 302));
  });

  test('nobody there, and no such name', async () => {
    network.hosts.set('nowhere.example', () => {
      throw Object.assign(new Error('no such name'), { code: 'ENOTFOUND' });
    });
    expect(await fetch(hostile.url('nowhere.example'))).toEqual(refused('unreachable'));
    const closed = await FeedServer.start();
    await closed.close();
    network = new SpecNetwork(() => [closed.port]);
    expect(await fetch(closed.url())).toEqual(refused('unreachable'));
  });

  test('gives up at once when the service stops', async () => {
    hostile.answer(() => undefined);
    const stop = new AbortController();
    const reading = fetch(hostile.url(), stop.signal);
    stop.abort(new Error('stopping'));
    await expect(reading).rejects.toThrow('stopping');
  });
});

afterAll(() => expect(hits).toBe(0));
