import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { Feed, FeedLogEntry } from '../src/feed/feed.dto.js';
import { FeedNetwork } from '../src/feed/feed-network.js';
import { FeedSync } from '../src/feed/feed-sync.service.js';
import { startBookings, type BookingsUnderTest, type TestListing } from './bookings.fixture.js';
import { FeedServer, ical, SpecNetwork } from './feed-server.fixture.js';

/** A calendar that was honest once: what its host reads of it when it turns. Addresses refused at once are in feeds.spec.ts. */
let bookings: BookingsUnderTest;
let server: FeedServer;
let network: SpecNetwork;
let canary: Server;
let hits = 0;

beforeAll(async () => {
  [bookings, server] = await Promise.all([startBookings(), FeedServer.start()]);
  network = new SpecNetwork(
    () => [server.port],
    () => [canaryPort()],
  );
  network.takeOver(bookings.service.get(FeedNetwork));
  canary = createServer((_, response) => response.end(ical(['1', '0610', '0614'])));
  canary.on('connection', () => (hits += 1));
  await new Promise<void>((resolve) => {
    canary.listen(0, '::', resolve);
  });
});
afterAll(async () => {
  await bookings?.close();
  await server?.close();
  canary?.closeAllConnections();
  await new Promise((resolve) => canary.close(resolve));
});

const canaryPort = () => (canary.address() as AddressInfo).port;

type Behaviour = (response: ServerResponse, request: IncomingMessage) => unknown;

const to =
  (location: () => string): Behaviour =>
  (response) =>
    response.writeHead(302, { location: location() }).end();
const toCanary = (host: string) => to(() => `http://${host}:${canaryPort()}/`);

async function logOf(listing: TestListing, feed: Feed): Promise<FeedLogEntry[]> {
  const { body } = await bookings
    .as(listing.host)
    .get<{ data: FeedLogEntry[] }>(`/v1/listings/${listing.id}/calendar/feeds/${feed.id}/log`);
  return body.data;
}

async function importedNights(listing: TestListing): Promise<string[]> {
  const { body } = await bookings
    .as(listing.host)
    .get<{ data: { date: string; reason: string | null }[] }>(
      `/v1/listings/${listing.id}/calendar?from=2027-06-01&to=2027-07-01`,
    );
  return body.data.filter(({ reason }) => reason === 'import').map(({ date }) => date);
}

/** Read once while it was honest; by now it behaves as it is told. */
class TurnedFeed {
  private constructor(
    readonly listing: TestListing,
    readonly feed: Feed,
    readonly path: string,
  ) {}

  static async given(path: string, host = 'feeds.example'): Promise<TurnedFeed> {
    honest(path);
    const listing = await bookings.givenListing();
    const { body: feed } = await bookings
      .as(listing.host)
      .post<Feed>(`/v1/listings/${listing.id}/calendar/feeds`, {
        url: server.url(host, path),
        name: 'Elsewhere',
      });
    const turned = new TurnedFeed(listing, feed, path);
    // Whoever is at it already, or this one: read once.
    while ((await logOf(listing, feed)).length === 0) await turned.sync();
    expect(await logOf(listing, feed)).toMatchObject([{ outcome: 'imported', problem: null }]);
    return turned;
  }

  sync(): Promise<boolean> {
    return bookings.service.get(FeedSync).syncOne(this.feed.id);
  }

  /** What the host reads once it has been read as `behave` has it: the refusal, and all that was good as it was. */
  async isRefused(problem: string, behave?: Behaviour): Promise<void> {
    if (behave) behaviours.set(this.path, behave);
    expect(await this.sync()).toBe(true);
    expect(await logOf(this.listing, this.feed)).toMatchObject([
      { outcome: 'failed', problem },
      { outcome: 'imported', problem: null },
    ]);
    expect(await importedNights(this.listing)).toEqual(['2027-06-10', '2027-06-11']);
    expect(hits).toBe(0);
  }
}

/** By path, so that several can be read at once. */
const behaviours = new Map<string, Behaviour>();
const honest = (path: string) =>
  behaviours.set(path, (response) =>
    response.writeHead(200, { 'content-type': 'text/calendar' }).end(ical(['1', '0610', '0612'])),
  );

beforeAll(() => {
  server.answer((request, response) => behaviours.get(request.url ?? '')?.(response, request));
  network.hosts.set('loopback.example', () => ['127.0.0.1']);
  network.hosts.set('loopback6.example', () => ['::1']);
  network.hosts.set('both.example', () => ['1.1.1.1', '::1']);
  network.hosts.set('link-local.example', () => ['169.254.169.254']);
  network.hosts.set('private.example', () => ['10.0.0.7']);
});

const mebibyte = Buffer.alloc(1024 * 1024, 0x20);

test('the canary counts', async () => {
  await (await fetch(`http://127.0.0.1:${canaryPort()}/`)).text();
  expect(hits).toBeGreaterThan(0);
  hits = 0;
});

test.each<[string, string, Behaviour]>([
  ['a redirect to loopback', 'url_not_allowed', toCanary('127.0.0.1')],
  ['a redirect to loopback in decimal', 'url_not_allowed', toCanary('2130706433')],
  ['a redirect to loopback in octal', 'url_not_allowed', toCanary('0177.0.0.1')],
  ['a redirect to loopback in hexadecimal', 'url_not_allowed', toCanary('0x7f.1')],
  ['a redirect to loopback, shortened', 'url_not_allowed', toCanary('127.1')],
  ['a redirect to this host', 'url_not_allowed', toCanary('0.0.0.0')],
  ['a redirect to loopback in IPv6', 'url_not_allowed', toCanary('[::1]')],
  ['a redirect to loopback, mapped into IPv6', 'url_not_allowed', toCanary('[::ffff:127.0.0.1]')],
  ['the same in hexadecimal', 'url_not_allowed', toCanary('[::ffff:7f00:1]')],
  ['a redirect to any address', 'url_not_allowed', toCanary('[::]')],
  ['a redirect through NAT64', 'url_not_allowed', toCanary('[64:ff9b::7f00:1]')],
  ['a redirect to localhost', 'url_not_allowed', toCanary('localhost')],
  ['a redirect to a name for loopback', 'url_not_allowed', toCanary('loopback.example')],
  ['a redirect to a name for loopback in IPv6', 'url_not_allowed', toCanary('loopback6.example')],
  ['a redirect to a name of which one address is bad', 'url_not_allowed', toCanary('both.example')],
  ['a redirect to link-local', 'url_not_allowed', to(() => 'http://169.254.169.254/latest/meta-data/')],
  ['a redirect to a name for link-local', 'url_not_allowed', to(() => 'http://link-local.example/')],
  ['a redirect to a name for a private network', 'url_not_allowed', to(() => 'http://private.example/')],
  ['a redirect to another scheme', 'url_not_allowed', to(() => 'file:///etc/passwd')],
  [
    'a redirect with a password',
    'url_not_allowed',
    to(() => `http://ada:secret@feeds.example:${server.port}/`),
  ],
  ['a redirect to another port', 'url_not_allowed', to(() => 'http://feeds.example:6379/')],
  [
    'redirects without end',
    'too_many_redirects',
    (response, request) => response.writeHead(302, { location: request.url }).end(),
  ],
  [
    '100 MB, said beforehand',
    'too_large',
    (response) => response.writeHead(200, { 'content-length': 100 * 1024 * 1024 }).write('BEGIN'),
  ],
  [
    '100 MB, not said',
    'too_large',
    (response) => {
      let left = 100;
      const send = () => {
        while (left > 0 && !response.destroyed) {
          left -= 1;
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
])('%s is refused and logged, and the nights stay', async (name, problem, behave) => {
  const turned = await TurnedFeed.given(`/${encodeURIComponent(name)}.ics`);
  await turned.isRefused(problem, behave);
});

test.each<[string, string]>([
  ['loopback in IPv6', '::1'],
  ['link-local', '169.254.169.254'],
  ['a private network', '192.168.0.1'],
])('its own name, which leads to %s by now, is refused and logged', async (name, address) => {
  const host = `${name.replaceAll(/\W/g, '-').toLowerCase()}.rebound.example`;
  const turned = await TurnedFeed.given(`/rebound-${encodeURIComponent(name)}.ics`, host);
  network.hosts.set(host, () => [address]);
  await turned.isRefused('url_not_allowed');
});

test('a name that leads elsewhere with every look is read where it was looked at, or refused and logged', async () => {
  const turned = await TurnedFeed.given('/rebinding.ics', 'rebinding.example');
  let looks = 0;
  network.hosts.set('rebinding.example', () => {
    looks += 1;
    return looks === 1 ? ['127.0.0.1'] : ['::1'];
  });
  // The redirect leads to the port of the canary under the name that was good a moment ago.
  await turned.isRefused('url_not_allowed', toCanary('rebinding.example'));
  expect(looks).toBe(2);
  looks = 0;
  honest(turned.path);
  expect(await turned.sync()).toBe(true);
  expect((await logOf(turned.listing, turned.feed))[0]).toMatchObject({ problem: null });
  // Looked at once, and connected to what was looked at: the system's own resolver knows no such name.
  expect(looks).toBe(1);
  expect(hits).toBe(0);
});

test('slow ones, with never an answer or with a byte now and then, are given up and logged', async () => {
  const turned = await Promise.all(['/never.ics', '/drops.ics'].map((path) => TurnedFeed.given(path)));
  const [never, drops] = turned;
  let dropping: NodeJS.Timeout | undefined;
  await Promise.all([
    never?.isRefused('timed_out', () => undefined),
    drops?.isRefused('timed_out', (response) => {
      response.writeHead(200).write('B');
      dropping = setInterval(() => response.write('E'), 200);
    }),
  ]);
  clearInterval(dropping);
}, 60_000);
