import { existsSync, readFileSync } from 'node:fs';
import { EntityManager } from '@mikro-orm/postgresql';
import { aUser, eventually, expectProblem, type TestUser } from '@roost/testing';
import { lockPublications } from '../src/calendar/calendar-publisher.queries.js';
import { Feed, FeedLogEntry, Feeds } from '../src/feed/feed.dto.js';
import { FeedNetwork } from '../src/feed/feed-network.js';
import { shaped, startBookings, type BookingsUnderTest, type TestListing } from './bookings.fixture.js';
import { FeedServer, ical, SpecNetwork } from './feed-server.fixture.js';

let bookings: BookingsUnderTest;
let server: FeedServer;
const at = '2026-12-01T12:00:00Z';

beforeAll(async () => {
  [bookings, server] = await Promise.all([startBookings({ at }), FeedServer.start()]);
  new SpecNetwork(() => [server.port]).takeOver(bookings.service.get(FeedNetwork));
});
afterAll(async () => {
  await bookings?.close();
  await server?.close();
});

let calendars = 0;

class TestFeed {
  constructor(
    readonly id: string,
    readonly listing: TestListing,
  ) {}

  get path(): string {
    return `/v1/listings/${this.listing.id}/calendar/feeds/${this.id}`;
  }

  /** What came of the sync that is asked for here. */
  async sync(): Promise<FeedLogEntry> {
    const before = await this.log();
    const asked = await bookings.as(this.listing.host).post<Feed>(`${this.path}/sync`);
    expect({ status: asked.status, body: asked.body }).toMatchObject({ status: 202, body: { id: this.id } });
    return await eventually(async () => {
      const log = await this.log();
      expect(log.length).toBeGreaterThan(before.length);
      return log[0] as FeedLogEntry;
    });
  }

  async log(): Promise<FeedLogEntry[]> {
    const { body } = await bookings
      .as(this.listing.host)
      .get<{ data: FeedLogEntry[] }>(`${this.path}/log?limit=100`);
    return body.data.map((entry) => shaped(FeedLogEntry, entry));
  }

  async read(): Promise<Feed> {
    const { body } = await bookings
      .as(this.listing.host)
      .get(`/v1/listings/${this.listing.id}/calendar/feeds`);
    const found = shaped(Feeds, body).data.find(({ id }) => id === this.id);
    if (!found) throw new Error('the feed is gone');
    return found;
  }
}

const add = (listing: TestListing, body: object, host: TestUser = listing.host, headers = {}) =>
  bookings.as(host).post<Feed>(`/v1/listings/${listing.id}/calendar/feeds`, body, headers);

/** Read once. */
async function givenFeed(listing: TestListing, text: string | Buffer, headers = {}): Promise<TestFeed> {
  server.serve(text, headers);
  const { status, body } = await add(listing, {
    url: server.url('feeds.example', `/${(calendars += 1)}.ics`),
    name: 'Elsewhere',
  });
  expect({ status, body }).toMatchObject({ status: 201 });
  const feed = new TestFeed(shaped(Feed, body).id, listing);
  await eventually(async () => expect(await feed.log()).toHaveLength(1));
  return feed;
}

/** The nights that an import blocks, as the host sees them: `0610 0611`. */
async function blocked(listing: TestListing, from = '2026-12-01', to = '2028-01-01'): Promise<string> {
  const { body } = await bookings
    .as(listing.host)
    .get<{ data: { date: string; reason: string | null }[] }>(
      `/v1/listings/${listing.id}/calendar?from=${from}&to=${to}`,
    );
  return ranges(body.data.filter(({ reason }) => reason === 'import').map(({ date }) => date));
}

/** `0309..0312 0325..0402` */
function ranges(dates: string[]): string {
  const found: string[][] = [];
  const next = (date: string) => new Date(Date.parse(date) + 86_400_000).toISOString().slice(0, 10);
  for (const date of dates) {
    const last = found.at(-1);
    if (last?.[1] === date) last[1] = next(date);
    else found.push([date, next(date)]);
  }
  return found.map((range) => range.map((date) => date.slice(5).replace('-', '')).join('..')).join(' ');
}

const cancel = (booking: { id: string; guest: TestUser }) =>
  bookings.as(booking.guest).post(`/v1/bookings/${booking.id}/cancel`, { reason: 'Plans changed' });

describe('a feed', () => {
  it('blocks what it says, tells search, and shows nothing of its address', async () => {
    const listing = await bookings.givenListing();
    const feed = await givenFeed(listing, ical(['1', '0610', '0614'], ['2', '0620', '0622']));
    expect(await blocked(listing)).toBe('0610..0614 0620..0622');
    expect(await feed.read()).toMatchObject({
      name: 'Elsewhere',
      url: `http://feeds.example:${server.port}/…`,
      status: 'ok',
      problem: null,
      failures: 0,
      events: 2,
      clashes: [],
    });
    expect(await feed.log()).toEqual([
      {
        at: expect.any(String) as string,
        cause: 'host',
        outcome: 'imported',
        problem: null,
        httpStatus: null,
        added: 2,
        moved: 0,
        removed: 0,
        echoes: 0,
        clashes: [],
        ignored: [],
      },
    ]);
    const across = { checkInDate: '2027-06-13', checkOutDate: '2027-06-16' };
    expectProblem(await bookings.quote(aUser(), listing, across), 409, 'booking.dates_unavailable');
    await eventually(async () => {
      const told = (await bookings.service.published('calendar.changed')).filter(
        ({ listingId }) => listingId === listing.id,
      );
      expect(told.at(-1)?.blocked).toEqual([
        { from: '2027-06-10', to: '2027-06-14' },
        { from: '2027-06-20', to: '2027-06-22' },
      ]);
    });
    const kept = await bookings.service.query<{ row: string }>('SELECT f::text AS row FROM calendar_feed f');
    expect(kept.filter(({ row }) => row.includes('feeds.example'))).toEqual([]);
  });

  it('moved and vanished events move and vanish', async () => {
    const listing = await bookings.givenListing();
    const feed = await givenFeed(listing, ical(['1', '0610', '0614'], ['2', '0620', '0622']));
    server.serve(ical(['1', '0612', '0616'], ['3', '0701', '0702']));
    expect(await feed.sync()).toMatchObject({ outcome: 'imported', added: 1, moved: 1, removed: 1 });
    expect(await blocked(listing)).toBe('0612..0616 0701..0702');
  });

  it('removed, its nights are free at once', async () => {
    const listing = await bookings.givenListing();
    const feed = await givenFeed(listing, ical(['1', '0610', '0614']));
    const other = await givenFeed(listing, ical(['1', '0612', '0616']));
    expect((await bookings.as(listing.host).delete(feed.path)).status).toBe(204);
    expect(await blocked(listing)).toBe('0612..0616');
    expectProblem(await bookings.as(listing.host).delete(feed.path), 404, 'feed.not_found');
    expect((await bookings.as(listing.host).delete(other.path)).status).toBe(204);
    expect(await blocked(listing)).toBe('');
    expect(await bookings.leaked()).toEqual([]);
  });

  it('is read again every quarter of an hour, with what the server said of it', async () => {
    const listing = await bookings.givenListing();
    const text = ical(['1', '0610', '0614']);
    const feed = await givenFeed(listing, text, { etag: '"a"' });
    server.answer((request, response) => {
      const same = request.headers['if-none-match'] === '"a"';
      response.writeHead(same ? 304 : 200).end(same ? '' : ical());
    });
    const before = server.requests.length;
    await bookings.service.clock.advance('PT10M');
    expect(server.requests.length).toBe(before);
    await bookings.service.clock.advance('PT10M');
    expect(server.requests.length).toBeGreaterThan(before);
    expect(await feed.log()).toHaveLength(1);
    expect(await feed.sync()).toMatchObject({ outcome: 'unchanged', cause: 'host' });
    expect(await blocked(listing)).toBe('0610..0614');
  });

  it('that fails is asked ever more rarely, keeps its nights, and mends', async () => {
    const listing = await bookings.givenListing();
    const feed = await givenFeed(listing, ical(['1', '0610', '0614']));
    server.answer((_, response) => response.writeHead(503).end());
    expect(await feed.sync()).toMatchObject({ outcome: 'failed', problem: 'http_error', httpStatus: 503 });
    await feed.sync();
    expect(await feed.sync()).toMatchObject({ outcome: 'failed' });
    const failing = await feed.read();
    expect(failing).toMatchObject({ status: 'failing', problem: 'http_error', failures: 3, events: 1 });
    const pause = Date.parse(failing.nextCheckAt) - Date.parse(failing.checkedAt ?? '');
    expect(pause).toBeGreaterThanOrEqual(108 * 60_000);
    expect(await blocked(listing)).toBe('0610..0614');
    server.serve(ical(['1', '0610', '0614']));
    expect(await feed.sync()).toMatchObject({ outcome: 'unchanged' });
    expect(await feed.read()).toMatchObject({ status: 'ok', problem: null, failures: 0 });
  });

  it('of which somebody else’s process reads at the same time is read once', async () => {
    const listing = await bookings.givenListing();
    const feed = await givenFeed(listing, ical(['1', '0610', '0614']));
    const before = server.requests.length;
    await bookings.service.query(
      `UPDATE calendar_feed SET lease = gen_random_uuid(), lease_until = now() + interval '1 minute' WHERE id = $1`,
      [feed.id],
    );
    await bookings.as(listing.host).post(`${feed.path}/sync`);
    await bookings.service.clock.advance('PT1M');
    expect(server.requests.length).toBe(before);
    await bookings.service.query(`UPDATE calendar_feed SET lease_until = now() WHERE id = $1`, [feed.id]);
    await bookings.service.clock.advance('PT1M');
    await eventually(async () => expect(await feed.log()).toHaveLength(2));
  });
});

describe('stays', () => {
  it('echo: wholly covered by our own, it blocks nothing and is no news', async () => {
    const { listing } = await bookings.givenConfirmed();
    const feed = await givenFeed(listing, ical(['theirs', '0610', '0614'], ['part', '0611', '0613']));
    expect(await feed.log()).toMatchObject([{ outcome: 'imported', added: 2, echoes: 2, clashes: [] }]);
    expect(await feed.read()).toMatchObject({ events: 2, clashes: [] });
    expect(await blocked(listing)).toBe('');
  });

  it('clash: it is shown, the stay stands, and its nights are taken when the stay is cancelled', async () => {
    const { listing, ...booking } = await bookings.givenConfirmed();
    const feed = await givenFeed(listing, ical(['theirs', '0612', '0618']));
    const clash = { from: '2027-06-12', to: '2027-06-18' };
    expect(await feed.log()).toMatchObject([{ outcome: 'imported', echoes: 0, clashes: [clash] }]);
    expect((await feed.read()).clashes).toEqual([clash]);
    expect(await blocked(listing)).toBe('0614..0618');
    expect(await bookings.stateOf({ ...booking, listing })).toBe('confirmed');
    expect((await cancel(booking)).status).toBe(200);
    await eventually(async () => expect(await blocked(listing)).toBe('0612..0618'));
    expect((await feed.read()).clashes).toEqual([]);
    expect(await bookings.overlaps()).toEqual([]);
  });

  it('nights that come free while the calendar is being announced are taken, too', async () => {
    const { listing, ...booking } = await bookings.givenConfirmed();
    await givenFeed(listing, ical(['theirs', '0612', '0618']));
    const [{ id } = { id: '' }] = await bookings.service.query<{ id: string }>(
      'SELECT id FROM calendar_listing WHERE public_id = $1',
      [listing.id],
    );
    const em = bookings.service.get(EntityManager).fork();
    await em.transactional(async (announcing) => {
      await lockPublications(announcing, [Number(id)]);
      // Looked at before the cancel and announced after it, so that the marks of both are there.
      await bookings.givenBooking({ listing, checkInDate: '2027-07-01', checkOutDate: '2027-07-05' });
      await eventually(async () => expect(await bookings.service.lockWaits()).toBe(1));
      expect((await cancel(booking)).status).toBe(200);
    });
    await eventually(async () => expect(await blocked(listing)).toBe('0612..0618'));
    expect(await bookings.overlaps()).toEqual([]);
  });

  it('a hold that has run out stands in nobody’s way', async () => {
    const hold = await bookings.givenBooking();
    await bookings.givenOverdue(hold);
    await givenFeed(hold.listing, ical(['theirs', '0612', '0618']));
    expect(await blocked(hold.listing)).toBe('0612..0618');
    expect(await bookings.stateOf(hold)).toBe('expired');
  });

  it('linked: a feed of the house blocks its rooms, waits where a room has a stay, and comes along when links change', async () => {
    const house = await bookings.givenListing();
    const rooms = [
      await bookings.givenListing({ host: house.host }),
      await bookings.givenListing({ host: house.host }),
    ] as const;
    const link = (listingIds: string[]) =>
      bookings.as(house.host).put(`/v1/listings/${house.id}/links`, { listingIds });
    await link(rooms.map(({ id }) => id));
    const booking = await bookings.givenConfirmed({ listing: rooms[0] });
    const feed = await givenFeed(house, ical(['theirs', '0612', '0618']));
    expect((await feed.read()).clashes).toHaveLength(1);
    expect(await bookings.isFree(rooms[1], '2027-06-14')).toBe(false);
    await link([]);
    await eventually(async () => expect(await blocked(house)).toBe('0612..0618'));
    expect(await bookings.isFree(rooms[1], '2027-06-14')).toBe(true);
    expect((await link(rooms.map(({ id }) => id))).status).toBe(200);
    expect(await bookings.isFree(rooms[1], '2027-06-14')).toBe(false);
    await cancel(booking);
    await eventually(async () => expect(await blocked(house)).toBe('0612..0618'));
    expect(await bookings.overlaps()).toEqual([]);
  });
});

describe('our own export', () => {
  const exported = async (listing: TestListing): Promise<string> => {
    const made = await bookings
      .as(listing.host)
      .post<{ url: string }>(`/v1/listings/${listing.id}/calendar/export-url`);
    return (await bookings.service.anonymous.get<string>(new URL(made.body.url).pathname)).body;
  };
  const givenBusy = async () => {
    const listing = await bookings.givenListing({ rules: { preparationNights: 2 } });
    await bookings.givenConfirmed({ listing });
    await bookings.givenConfirmed({ listing, checkInDate: '2027-07-01', checkOutDate: '2027-07-05' });
    await bookings.as(listing.host).post(`/v1/listings/${listing.id}/calendar/blocks`, {
      from: '2027-06-15',
      to: '2027-06-20',
    });
    return listing;
  };
  const taken = async (listing: TestListing): Promise<string> => {
    const { body } = await bookings
      .as(listing.host)
      .get<{ data: { date: string; reason: string | null }[] }>(
        `/v1/listings/${listing.id}/calendar?from=2027-05-01&to=2027-08-01`,
      );
    const own = body.data.filter(({ reason }) => reason !== null && reason !== 'window');
    return ranges(own.map(({ date }) => date));
  };

  it('imported by another listing gives the same nights', async () => {
    const busy = await givenBusy();
    const other = await bookings.givenListing();
    await givenFeed(other, await exported(busy));
    expect(await taken(other)).toBe('0608..0620 0629..0707');
    expect(await taken(other)).toBe(await taken(busy));
  });

  it('imported again by the same listing raises nothing and blocks nothing', async () => {
    const busy = await givenBusy();
    const before = await taken(busy);
    const feed = await givenFeed(busy, await exported(busy));
    expect(await feed.log()).toMatchObject([{ outcome: 'imported', clashes: [] }]);
    expect((await feed.log())[0]?.echoes).toBe((await feed.read()).events);
    expect(await taken(busy)).toBe(before);
    expect(await blocked(busy)).toBe('');
  });

  it('come back with other UIDs, and with nights that touch as one event: raises nothing either', async () => {
    const busy = await givenBusy();
    const feed = await givenFeed(busy, ical(['one', '0608', '0620'], ['two', '0629', '0707']));
    expect(await feed.log()).toMatchObject([{ echoes: 2, clashes: [] }]);
    expect(await blocked(busy)).toBe('');
  });

  it('leaves out what came from feeds, unless it is asked for', async () => {
    const listing = await bookings.givenListing();
    await givenFeed(listing, ical(['1', '0610', '0614']));
    expect(await exported(listing)).not.toContain('VEVENT');
    const made = await bookings
      .as(listing.host)
      .post<{ url: string }>(`/v1/listings/${listing.id}/calendar/export-url`, { withImports: true });
    const { body } = await bookings.service.anonymous.get<string>(new URL(made.body.url).pathname);
    expect(body).toContain('DTSTART;VALUE=DATE:20270610');
  });
});

describe('refusals', () => {
  it.each([
    ['http://127.0.0.1/a.ics'],
    ['http://2130706433/a.ics'],
    ['http://[::1]/a.ics'],
    ['http://[::ffff:10.0.0.1]/a.ics'],
    ['http://169.254.169.254/latest/meta-data/'],
    ['https://localhost/a.ics'],
    ['https://8.8.8.8:22/a.ics'],
    ['ftp://feeds.example/a.ics'],
    ['https://ada:secret@feeds.example/a.ics'],
    ['not a url'],
  ])('422 for %s', async (url) => {
    const listing = await bookings.givenListing();
    expectProblem(await add(listing, { url, name: 'x' }), 422, 'feed.url_not_allowed', '/url');
  });

  it('400: no name, no url, more than that, control characters', async () => {
    const listing = await bookings.givenListing();
    const url = 'https://feeds.example/a.ics';
    expectProblem(await add(listing, { url }), 400, 'request.invalid', '/name');
    expectProblem(await add(listing, { url, name: '' }), 400, 'request.invalid', '/name');
    expectProblem(await add(listing, { url, name: '\u0007' }), 400, 'request.invalid', '/name');
    expectProblem(await add(listing, { name: 'x' }), 400, 'request.invalid', '/url');
    expectProblem(await add(listing, { url, name: 'x', ownerId: 1 }), 400, 'request.invalid', '/ownerId');
  });

  it('a name that leads to loopback is refused when it is read, and the log says so', async () => {
    const listing = await bookings.givenListing();
    const { body } = await add(listing, { url: 'http://localhost.example:8080/a.ics', name: 'x' });
    const feed = new TestFeed(body.id, listing);
    await eventually(async () =>
      expect(await feed.log()).toMatchObject([{ outcome: 'failed', problem: 'url_not_allowed' }]),
    );
    expect(await feed.read()).toMatchObject({ status: 'failing', problem: 'url_not_allowed' });
  });

  it('409: the same calendar twice, and more than twenty', async () => {
    const listing = await bookings.givenListing();
    server.serve(ical());
    const url = (n: number) => server.url('feeds.example', `/many/${n}.ics`);
    expect((await add(listing, { url: url(0), name: 'x' })).status).toBe(201);
    expectProblem(await add(listing, { url: url(0), name: 'y' }), 409, 'feed.already_added');
    const answers = await Promise.all(
      Array.from({ length: 24 }, (_, n) => add(listing, { url: url(n + 1), name: 'x' })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(19);
    const late = answers.find(({ status }) => status !== 201);
    if (late) expectProblem(late, 409, 'feed.limit_reached');
  });

  it('401, 403 and 404: nobody, a guest, another host, another listing’s feed', async () => {
    const listing = await bookings.givenListing();
    const other = await bookings.givenListing({ host: listing.host });
    const feed = await givenFeed(listing, ical());
    const path = `/v1/listings/${listing.id}/calendar/feeds`;
    expectProblem(await bookings.service.anonymous.get(path), 401, 'auth.missing_token');
    expectProblem(await bookings.as(aUser()).get(path), 403, 'auth.forbidden');
    const stranger = aUser({ roles: ['host'] });
    for (const answer of [
      await bookings.as(stranger).get(path),
      await bookings.as(stranger).get(`${feed.path}/log`),
      await bookings.as(stranger).post(`${feed.path}/sync`),
      await bookings.as(stranger).delete(feed.path),
      await add(listing, { url: 'https://feeds.example/a.ics', name: 'x' }, stranger),
    ]) {
      expectProblem(answer, 403, 'listing.forbidden');
    }
    const elsewhere = `/v1/listings/${other.id}/calendar/feeds/${feed.id}`;
    expectProblem(await bookings.as(listing.host).get(`${elsewhere}/log`), 404, 'feed.not_found');
    expectProblem(await bookings.as(listing.host).post(`${elsewhere}/sync`), 404, 'feed.not_found');
    expectProblem(await bookings.as(listing.host).delete(elsewhere), 404, 'feed.not_found');
    expectProblem(
      await bookings.as(listing.host).get(`${feed.path}/log?cursor=WyJ4Il0`),
      400,
      'request.invalid',
      'cursor',
    );
  });

  it('with an Idempotency-Key it is added once', async () => {
    const listing = await bookings.givenListing();
    server.serve(ical());
    const body = { url: server.url('feeds.example', '/once.ics'), name: 'x' };
    const first = await add(listing, body, listing.host, { 'idempotency-key': 'one' });
    const again = await add(listing, body, listing.host, { 'idempotency-key': 'one' });
    expect([first.status, again.status, again.body.id]).toEqual([201, 201, first.body.id]);
  });
});

it('by the graph', async () => {
  const listing = await bookings.givenListing();
  server.serve(ical(['1', '0610', '0614']));
  const host = bookings.as(listing.host);
  const created = await host.graphql<{ createCalendarFeed: { id: string; url: string } }>(
    `mutation ($id: ID!, $input: CreateFeedInput!) { createCalendarFeed(listingId: $id, input: $input) { id url status } }`,
    { id: listing.id, input: { url: server.url('feeds.example', '/graph.ics'), name: 'Elsewhere' } },
  );
  expect(created.errors).toEqual([]);
  const feedId = created.data?.createCalendarFeed.id;
  const log = () =>
    host.graphql<{ calendarFeedLog: { edges: { node: object }[] } }>(
      `query ($id: ID!, $feedId: ID!) { calendarFeedLog(listingId: $id, feedId: $feedId, first: 5) { edges { node { outcome added } } } }`,
      { id: listing.id, feedId },
    );
  await eventually(async () =>
    expect((await log()).data?.calendarFeedLog.edges).toEqual([{ node: { outcome: 'imported', added: 1 } }]),
  );
  const seen = (user: TestUser) =>
    bookings
      .as(user)
      .graphql<{ _entities: { calendarFeeds: object[] | null }[] }>(
        `query ($of: [_Any!]!) { _entities(representations: $of) { ... on Listing { calendarFeeds { status events } } } }`,
        { of: [{ __typename: 'Listing', id: listing.id }] },
      );
  expect((await seen(listing.host)).data?._entities).toEqual([
    { calendarFeeds: [{ status: 'ok', events: 1 }] },
  ]);
  expect((await seen(aUser())).data?._entities).toEqual([{ calendarFeeds: null }]);
  const synced = await host.graphql(
    `mutation ($id: ID!, $feedId: ID!) { syncCalendarFeed(listingId: $id, feedId: $feedId) { id } }`,
    { id: listing.id, feedId },
  );
  expect(synced.data).toEqual({ syncCalendarFeed: { id: feedId } });
  const url = await host.graphql<{ createCalendarExportUrl: { url: string } }>(
    `mutation ($id: ID!) { createCalendarExportUrl(listingId: $id) { url withImports } }`,
    { id: listing.id },
  );
  expect(url.data?.createCalendarExportUrl.url).toMatch(/\/v1\/calendars\/[\w-]{43}\.ics$/);
  const removed = await host.graphql(
    `mutation ($id: ID!, $feedId: ID!) { removeCalendarFeed(listingId: $id, feedId: $feedId) { id } }`,
    { id: listing.id, feedId },
  );
  expect(removed.data).toEqual({ removeCalendarFeed: { id: listing.id } });
  expect(await blocked(listing)).toBe('');
});

describe('what a feed may be and is kept from being', () => {
  it.each([
    ['not a calendar', '<!doctype html>', 'not_a_calendar'],
    ['cut short', ical(['1', '0701', '0702']).slice(0, -30), 'truncated'],
  ])('%s: the last good state stays', async (_, text, problem) => {
    const listing = await bookings.givenListing();
    const feed = await givenFeed(listing, ical(['1', '0610', '0614']));
    server.serve(text);
    expect(await feed.sync()).toMatchObject({ outcome: 'failed', problem });
    expect(await blocked(listing)).toBe('0610..0614');
  });

  it('suddenly empty: the last good state stays until a second good check says the same', async () => {
    const listing = await bookings.givenListing();
    const feed = await givenFeed(listing, ical(['1', '0610', '0614']));
    server.serve(ical());
    expect(await feed.sync()).toMatchObject({ outcome: 'failed', problem: 'suddenly_empty' });
    expect(await blocked(listing)).toBe('0610..0614');
    expect(await feed.sync()).toMatchObject({ outcome: 'imported', removed: 1 });
    expect(await blocked(listing)).toBe('');
    expect(await feed.read()).toMatchObject({ status: 'ok', events: 0 });
  });

  it('suddenly empty, then back: as if nothing had been', async () => {
    const listing = await bookings.givenListing();
    const feed = await givenFeed(listing, ical(['1', '0610', '0614']));
    server.serve(ical());
    await feed.sync();
    server.serve(ical(['1', '0610', '0614']));
    expect(await feed.sync()).toMatchObject({ outcome: 'unchanged' });
    server.serve(ical());
    expect(await feed.sync()).toMatchObject({ outcome: 'failed', problem: 'suddenly_empty' });
  });

  it('empty from the start, and empty by cancelling: fine', async () => {
    const listing = await bookings.givenListing();
    const feed = await givenFeed(listing, ical());
    expect(await feed.log()).toMatchObject([{ outcome: 'imported', problem: null }]);
    server.serve(ical(['1', '0610', '0614']));
    await feed.sync();
    server.serve(ical(['1', '0610', '0614', 'STATUS:CANCELLED']));
    expect(await feed.sync()).toMatchObject({
      outcome: 'imported',
      removed: 1,
      ignored: [{ reason: 'cancelled', count: 1 }],
    });
    expect(await blocked(listing)).toBe('');
  });
});

/** Feeds as hosts' calendars emit them; what becomes of each stands beside them, by hand. */
const folder = new URL('../../../../shared/data/ical/', import.meta.url);

if (existsSync(folder)) {
  const file = (name: string) => readFileSync(new URL(name, folder));

  describe('the feeds of ../shared/data/ical', () => {
    it.each([
      ['airbnb.ics', '0309..0312 0325..0402'],
      ['booking-com-bare-lf.ics', '0408..0409 0425..0427'],
      ['vrbo-datetimes-tzid.ics', '0312..0315 0601..0604 0720..0721 0801..0804'],
      [
        'recurring.ics',
        '0104..0105 0111..0112 0126..0127 0201..0202 0208..0209 0215..0216 0222..0223 0301..0302 0308..0309',
      ],
      ['three-events-one-stay.ics', '0510..0514'],
      ['empty-but-valid.ics', ''],
    ])('%s', async (name, nights) => {
      const listing = await bookings.givenListing();
      const feed = await givenFeed(listing, file(name));
      expect(await blocked(listing)).toBe(nights);
      expect(await feed.log()).toMatchObject([{ outcome: 'imported', problem: null }]);
      const rows = await bookings.service.query<{ row: string }>(
        'SELECT e::text AS row FROM calendar_feed_event e UNION ALL SELECT l::text FROM calendar_feed_log l',
      );
      expect(rows.filter(({ row }) => row.includes('4321'))).toEqual([]);
    });

    it('a day later: the first stay moved, the second vanished', async () => {
      const listing = await bookings.givenListing();
      const feed = await givenFeed(listing, file('airbnb.ics'));
      server.serve(file('airbnb-later.ics'));
      expect(await feed.sync()).toMatchObject({ moved: 1, removed: 1, added: 0 });
      expect(await blocked(listing)).toBe('0313..0316');
    });

    it.each([
      ['truncated.ics', 'truncated'],
      ['not-a-calendar.ics', 'not_a_calendar'],
      ['empty-but-valid.ics', 'suddenly_empty'],
    ])('%s after a good one: refused', async (name, problem) => {
      const listing = await bookings.givenListing();
      const feed = await givenFeed(listing, file('airbnb.ics'));
      server.serve(file(name));
      expect(await feed.sync()).toMatchObject({ outcome: 'failed', problem });
      expect(await blocked(listing)).toBe('0309..0312 0325..0402');
    });
  });
} else {
  describe('the feeds of ../shared/data/ical', () => {
    it.skip('skipped: ../shared/data/ical is not beside this checkout', () => undefined);
  });
}
