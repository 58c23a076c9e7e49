import { addDays } from '@roost/stay';
import { eventually, type TestUser } from '@roost/testing';
import { FeedNetwork } from '../src/feed/feed-network.js';
import { Feed, FeedLogEntry, Feeds } from '../src/feed/feed.dto.js';
import { expectShape, type BookingsUnderTest, type TestListing } from './bookings.fixture.js';
import { FeedServer, SpecNetwork, type Canary } from './feed-server.fixture.js';

/** Starts a feed server before the tests of the file and lets the bookings service read from it. */
export function useFeeds(bookings: BookingsUnderTest, canary?: Canary): FeedsUnderTest {
  let server: FeedServer | undefined;
  const feeds = new FeedsUnderTest(
    bookings,
    () => {
      if (!server) throw new Error('The feed server has not started.');
      return server;
    },
    canary,
  );
  beforeAll(async () => {
    server = await FeedServer.start();
    feeds.network.replace(bookings.service.get(FeedNetwork));
  });
  afterAll(() => server?.close());
  return feeds;
}

/** The feeds of listings over REST, and the server that they read from. */
export class FeedsUnderTest {
  readonly network: SpecNetwork;
  private added = 0;

  constructor(
    private readonly bookings: BookingsUnderTest,
    private readonly running: () => FeedServer,
    canary?: Canary,
  ) {
    this.network = new SpecNetwork(
      () => [this.server.port],
      () => (canary ? [canary.port] : []),
    );
  }

  get server(): FeedServer {
    return this.running();
  }

  add(listing: TestListing, body: object, user: TestUser = listing.host, headers = {}) {
    return this.bookings.as(user).post<Feed>(`/v1/listings/${listing.id}/calendar/feeds`, body, headers);
  }

  /** Adds a feed that serves `text` and waits for its first sync. */
  async given(listing: TestListing, text: string | Buffer, headers = {}): Promise<TestFeed> {
    this.server.serve(text, headers);
    this.added += 1;
    const url = this.server.url('feeds.example', `/${this.added}.ics`);
    const { status, body } = await this.add(listing, { url, name: 'Elsewhere' });
    expect({ status, body }).toMatchObject({ status: 201 });
    const feed = this.feed(listing, expectShape(Feed, body).id);
    await eventually(async () => expect(await feed.log()).toHaveLength(1));
    return feed;
  }

  feed(listing: TestListing, id: string): TestFeed {
    return new TestFeed(this.bookings, listing, id);
  }

  /** The ranges of nights that imports block, as the host sees them: `0610..0612`. */
  async blocked(listing: TestListing): Promise<string> {
    const days = await this.bookings.calendar.hostDays(listing, { from: '2026-12-01', to: '2028-01-01' });
    return formatRanges(days.filter(({ reason }) => reason === 'import').map(({ date }) => date));
  }
}

export class TestFeed {
  constructor(
    private readonly bookings: BookingsUnderTest,
    readonly listing: TestListing,
    readonly id: string,
  ) {}

  get path(): string {
    return `/v1/listings/${this.listing.id}/calendar/feeds/${this.id}`;
  }

  /** Requests a sync as the host and returns its log entry. */
  async sync(): Promise<FeedLogEntry> {
    const before = await this.log();
    const { status, body } = await this.bookings.as(this.listing.host).post<Feed>(`${this.path}/sync`);
    expect({ status, body }).toMatchObject({ status: 202, body: { id: this.id } });
    return await eventually(async () => {
      const log = await this.log();
      expect(log.length).toBeGreaterThan(before.length);
      return log[0] as FeedLogEntry;
    });
  }

  /** Newest entry first. */
  async log(): Promise<FeedLogEntry[]> {
    const { body } = await this.bookings
      .as(this.listing.host)
      .get<{ data: FeedLogEntry[] }>(`${this.path}/log?limit=100`);
    return body.data.map((entry) => expectShape(FeedLogEntry, entry));
  }

  async read(): Promise<Feed> {
    const { body } = await this.bookings
      .as(this.listing.host)
      .get(`/v1/listings/${this.listing.id}/calendar/feeds`);
    const found = expectShape(Feeds, body).data.find(({ id }) => id === this.id);
    if (!found) throw new Error('The feed does not exist.');
    return found;
  }
}

/** `0309..0312 0325..0402` */
export function formatRanges(dates: string[]): string {
  const ranges: string[][] = [];
  for (const date of dates) {
    const last = ranges.at(-1);
    if (last?.[1] === date) last[1] = addDays(date, 1);
    else ranges.push([date, addDays(date, 1)]);
  }
  return ranges.map((range) => range.map((date) => date.slice(5).replace('-', '')).join('..')).join(' ');
}
