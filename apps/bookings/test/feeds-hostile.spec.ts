import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { Feed, FeedLogEntry } from '../src/feed/feed.dto.js';
import { FeedNetwork } from '../src/feed/feed.network.js';
import { FeedSync } from '../src/feed/feed.sync.js';
import { startBookings, type BookingsUnderTest, type TestListing } from './bookings.fixture.js';
import { FeedServer, ical, SpecNetwork } from './feed-server.fixture.js';

/** A calendar that was honest once; what the fetcher refuses is in feed-fetcher.spec.ts, here what a host gets to see. */
let bookings: BookingsUnderTest;
let server: FeedServer;
let network: SpecNetwork;
let canary: Server;
let hits = 0;

beforeAll(async () => {
  [bookings, server] = await Promise.all([startBookings(), FeedServer.start()]);
  network = new SpecNetwork(() => [server.port]);
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
const to = (location: () => string) => (response: ServerResponse) =>
  response.writeHead(302, { location: location() }).end();

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

test.each<[string, string, (response: ServerResponse) => unknown]>([
  ['a redirect to loopback', 'url_not_allowed', to(() => `http://127.0.0.1:${canaryPort()}/`)],
  ['a redirect to loopback in decimal', 'url_not_allowed', to(() => `http://2130706433:${canaryPort()}/`)],
  ['a redirect to loopback in IPv6', 'url_not_allowed', to(() => `http://[::1]:${canaryPort()}/`)],
  ['a redirect to link-local', 'url_not_allowed', to(() => 'http://169.254.169.254/latest/meta-data/')],
  [
    'a name that leads to loopback by now',
    'url_not_allowed',
    to(() => `http://rebind.example:${canaryPort()}/`),
  ],
  [
    '100 MB',
    'too_large',
    (response) => response.writeHead(200, { 'content-length': 100 * 1024 * 1024 }).write('BEGIN'),
  ],
  [
    'a gzip bomb',
    'too_large',
    (response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(100 * 1024 * 1024))),
  ],
])('%s is refused and logged, and the nights stay', async (name, problem, behave) => {
  network.hosts.set('rebind.example', () => ['::1']);
  server.serve(ical(['1', '0610', '0612']));
  const listing = await bookings.givenListing();
  const { body: feed } = await bookings
    .as(listing.host)
    .post<Feed>(`/v1/listings/${listing.id}/calendar/feeds`, {
      url: server.url('feeds.example', `/${encodeURIComponent(name)}.ics`),
      name: 'Elsewhere',
    });
  const sync = bookings.service.get(FeedSync);
  // Whoever is at it already, or this one: read once.
  while ((await logOf(listing, feed)).length === 0) await sync.syncOne(feed.id);
  expect(await logOf(listing, feed)).toMatchObject([{ outcome: 'imported', problem: null }]);

  server.answer((_, response) => behave(response));
  expect(await sync.syncOne(feed.id)).toBe(true);
  expect(await logOf(listing, feed)).toMatchObject([
    { outcome: 'failed', problem },
    { outcome: 'imported', problem: null },
  ]);
  expect(await importedNights(listing)).toEqual(['2027-06-10', '2027-06-11']);
  expect(hits).toBe(0);
});
