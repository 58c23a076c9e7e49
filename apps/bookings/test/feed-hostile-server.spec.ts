import type { IncomingMessage, ServerResponse } from 'node:http';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { FeedSync } from '../src/feed/feed-sync.service.js';
import { useBookings } from './bookings.fixture.js';
import { ical, useCanary } from './feed-server.fixture.js';
import { TestFeed, useFeeds } from './feeds.fixture.js';

const bookings = useBookings();
const canary = useCanary();
const feeds = useFeeds(bookings, canary);

type Handler = (response: ServerResponse, request: IncomingMessage) => unknown;

/** By path, so that several feeds can be read concurrently. */
const handlers = new Map<string, Handler>();
const serveValidCalendar = (path: string) =>
  handlers.set(path, (response) =>
    response.writeHead(200, { 'content-type': 'text/calendar' }).end(ical(['1', '0610', '0612'])),
  );

const redirectTo =
  (location: () => string): Handler =>
  (response) =>
    response.writeHead(302, { location: location() }).end();
const toCanary = (host: string) => redirectTo(() => `http://${host}:${canary.port}/`);

/** A feed that was imported once from a valid calendar, before its server becomes hostile. */
class ImportedFeed {
  private constructor(
    readonly feed: TestFeed,
    readonly path: string,
  ) {}

  static async given(path: string, host = 'feeds.example'): Promise<ImportedFeed> {
    serveValidCalendar(path);
    const listing = await bookings.givenListing();
    const url = feeds.server.url(host, path);
    const { body } = await feeds.add(listing, { url, name: 'Elsewhere' });
    const imported = new ImportedFeed(feeds.feed(listing, body.id), path);
    // The first sync may already run.
    while ((await imported.feed.log()).length === 0) await imported.sync();
    expect(await imported.feed.log()).toMatchObject([{ outcome: 'imported', problem: null }]);
    return imported;
  }

  sync(): Promise<boolean> {
    return bookings.service.get(FeedSync).syncOne(this.feed.id);
  }

  /** The next sync logs `problem` and keeps the imported nights; nothing reaches the canary. */
  async expectRejected(problem: string, handler?: Handler): Promise<void> {
    if (handler) handlers.set(this.path, handler);
    expect(await this.sync()).toBe(true);
    expect(await this.feed.log()).toMatchObject([
      { outcome: 'failed', problem },
      { outcome: 'imported', problem: null },
    ]);
    expect(await feeds.blocked(this.feed.listing)).toBe('0610..0612');
    expect(canary.hits).toBe(0);
  }
}

beforeAll(() => {
  feeds.server.respondWith((request, response) => handlers.get(request.url ?? '')?.(response, request));
  feeds.network.hosts.set('loopback.example', () => ['127.0.0.1']);
  feeds.network.hosts.set('loopback6.example', () => ['::1']);
  feeds.network.hosts.set('both.example', () => ['1.1.1.1', '::1']);
  feeds.network.hosts.set('link-local.example', () => ['169.254.169.254']);
  feeds.network.hosts.set('private.example', () => ['10.0.0.7']);
});

const mebibyte = Buffer.alloc(1024 * 1024, 0x20);

test('the canary counts hits', async () => {
  await (await fetch(`http://127.0.0.1:${canary.port}/`)).text();
  expect(canary.hits).toBeGreaterThan(0);
  canary.hits = 0;
});

test.each<[string, string, Handler]>([
  ['a redirect to loopback', 'url_not_allowed', toCanary('127.0.0.1')],
  ['a redirect to loopback in decimal', 'url_not_allowed', toCanary('2130706433')],
  ['a redirect to loopback in octal', 'url_not_allowed', toCanary('0177.0.0.1')],
  ['a redirect to loopback in hexadecimal', 'url_not_allowed', toCanary('0x7f.1')],
  ['a redirect to loopback in short form', 'url_not_allowed', toCanary('127.1')],
  ['a redirect to 0.0.0.0', 'url_not_allowed', toCanary('0.0.0.0')],
  ['a redirect to loopback in IPv6', 'url_not_allowed', toCanary('[::1]')],
  ['a redirect to loopback mapped to IPv6', 'url_not_allowed', toCanary('[::ffff:127.0.0.1]')],
  ['a redirect to loopback mapped to IPv6, in hexadecimal', 'url_not_allowed', toCanary('[::ffff:7f00:1]')],
  ['a redirect to the unspecified IPv6 address', 'url_not_allowed', toCanary('[::]')],
  ['a redirect through NAT64', 'url_not_allowed', toCanary('[64:ff9b::7f00:1]')],
  ['a redirect to localhost', 'url_not_allowed', toCanary('localhost')],
  ['a redirect to a name for loopback', 'url_not_allowed', toCanary('loopback.example')],
  ['a redirect to a name for loopback in IPv6', 'url_not_allowed', toCanary('loopback6.example')],
  ['a redirect to a name with one private address', 'url_not_allowed', toCanary('both.example')],
  [
    'a redirect to link-local',
    'url_not_allowed',
    redirectTo(() => 'http://169.254.169.254/latest/meta-data/'),
  ],
  ['a redirect to a name for link-local', 'url_not_allowed', redirectTo(() => 'http://link-local.example/')],
  [
    'a redirect to a name for a private network',
    'url_not_allowed',
    redirectTo(() => 'http://private.example/'),
  ],
  ['a redirect to another scheme', 'url_not_allowed', redirectTo(() => 'file:///etc/passwd')],
  [
    'a redirect with a password',
    'url_not_allowed',
    redirectTo(() => `http://ada:secret@feeds.example:${feeds.server.port}/`),
  ],
  ['a redirect to another port', 'url_not_allowed', redirectTo(() => 'http://feeds.example:6379/')],
  [
    'endless redirects',
    'too_many_redirects',
    (response, request) => response.writeHead(302, { location: request.url }).end(),
  ],
  [
    '100 MB with a content length',
    'too_large',
    (response) => response.writeHead(200, { 'content-length': 100 * 1024 * 1024 }).write('BEGIN'),
  ],
  [
    '100 MB without a content length',
    'too_large',
    (response) => {
      let remaining = 100;
      const send = () => {
        while (remaining > 0 && !response.destroyed) {
          remaining -= 1;
          if (!response.write(mebibyte)) return response.once('drain', send);
        }
        return response.end();
      };
      send();
    },
  ],
  [
    'a gzip bomb',
    'too_large',
    (response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(100 * 1024 * 1024))),
  ],
  [
    'a Brotli bomb',
    'too_large',
    (response) =>
      response
        .writeHead(200, { 'content-encoding': 'br' })
        .end(brotliCompressSync(Buffer.alloc(6 * 1024 * 1024))),
  ],
  [
    'a connection that ends early',
    'cut_short',
    (response) =>
      response.writeHead(200, { 'content-length': 1000 }).write('BEGIN:VCALENDAR', () => response.destroy()),
  ],
])('rejects and logs %s and keeps the nights', async (name, problem, handler) => {
  const imported = await ImportedFeed.given(`/${encodeURIComponent(name)}.ics`);
  await imported.expectRejected(problem, handler);
});

test.each<[string, string]>([
  ['loopback in IPv6', '::1'],
  ['link-local', '169.254.169.254'],
  ['a private network', '192.168.0.1'],
])('rejects and logs a feed whose name now resolves to %s', async (name, address) => {
  const host = `${name.replaceAll(/\W/g, '-').toLowerCase()}.rebound.example`;
  const imported = await ImportedFeed.given(`/rebound-${encodeURIComponent(name)}.ics`, host);
  feeds.network.hosts.set(host, () => [address]);
  await imported.expectRejected('url_not_allowed');
});

test('connects to the address that it has checked when a name resolves to changing addresses', async () => {
  const imported = await ImportedFeed.given('/rebinding.ics', 'rebinding.example');
  let lookups = 0;
  feeds.network.hosts.set('rebinding.example', () => {
    lookups += 1;
    return lookups === 1 ? ['127.0.0.1'] : ['::1'];
  });
  // The redirect leads to the port of the canary under the same name.
  await imported.expectRejected('url_not_allowed', toCanary('rebinding.example'));
  expect(lookups).toBe(2);
  lookups = 0;
  serveValidCalendar(imported.path);
  expect(await imported.sync()).toBe(true);
  expect((await imported.feed.log())[0]).toMatchObject({ problem: null });
  // One look-up, whose address is used for the connection: the resolver of the system cannot resolve the name.
  expect(lookups).toBe(1);
  expect(canary.hits).toBe(0);
});

test('aborts and logs reads of slow servers', async () => {
  const imported = await Promise.all(['/silent.ics', '/slow.ics'].map((path) => ImportedFeed.given(path)));
  const [silent, slow] = imported;
  let timer: NodeJS.Timeout | undefined;
  await Promise.all([
    silent?.expectRejected('timed_out', () => undefined),
    slow?.expectRejected('timed_out', (response) => {
      response.writeHead(200).write('B');
      timer = setInterval(() => response.write('E'), 200);
    }),
  ]);
  clearInterval(timer);
}, 60_000);
