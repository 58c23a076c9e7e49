import { testUser, eventually, expectProblem, type TestUser } from '@roost/testing';
import { useBookings } from './bookings.fixture.js';
import { ical } from './feed-server.fixture.js';
import { useFeeds } from './feeds.fixture.js';

const bookings = useBookings({ at: '2026-12-01T12:00:00Z' });
const feeds = useFeeds(bookings);

describe('rejections', () => {
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
  ])('422: rejects %s', async (url) => {
    const listing = await bookings.givenListing();
    expectProblem(await feeds.add(listing, { url, name: 'x' }), 422, 'feed.url_not_allowed', '/url');
  });

  it('400: rejects a missing name or url, control characters and unknown fields', async () => {
    const listing = await bookings.givenListing();
    const url = 'https://feeds.example/a.ics';
    expectProblem(await feeds.add(listing, { url }), 400, 'request.invalid', '/name');
    expectProblem(await feeds.add(listing, { url, name: '' }), 400, 'request.invalid', '/name');
    expectProblem(
      await feeds.add(listing, { url, name: '\u200b\u2060\u3164' }),
      400,
      'request.invalid',
      '/name',
    );
    expectProblem(await feeds.add(listing, { url, name: '\u0007' }), 400, 'request.invalid', '/name');
    expectProblem(await feeds.add(listing, { name: 'x' }), 400, 'request.invalid', '/url');
    expectProblem(
      await feeds.add(listing, { url, name: 'x', ownerId: 1 }),
      400,
      'request.invalid',
      '/ownerId',
    );
  });

  it('logs a failed sync of a name that resolves to loopback', async () => {
    const listing = await bookings.givenListing();
    const { body } = await feeds.add(listing, { url: 'http://localhost.example:8080/a.ics', name: 'x' });
    const feed = feeds.feed(listing, body.id);
    await eventually(async () =>
      expect(await feed.log()).toMatchObject([{ outcome: 'failed', problem: 'url_not_allowed' }]),
    );
    expect(await feed.read()).toMatchObject({ status: 'failing', problem: 'url_not_allowed' });
  });

  it('409: rejects a duplicate URL and more than 20 feeds', async () => {
    const listing = await bookings.givenListing();
    feeds.server.serve(ical());
    const url = (n: number) => feeds.server.url('feeds.example', `/many/${n}.ics`);
    expect((await feeds.add(listing, { url: url(0), name: 'x' })).status).toBe(201);
    expectProblem(await feeds.add(listing, { url: url(0), name: 'y' }), 409, 'feed.already_added');
    const responses = await Promise.all(
      Array.from({ length: 24 }, (_, n) => feeds.add(listing, { url: url(n + 1), name: 'x' })),
    );
    expect(responses.filter(({ status }) => status === 201)).toHaveLength(19);
    const rejected = responses.find(({ status }) => status !== 201);
    if (rejected) expectProblem(rejected, 409, 'feed.limit_reached');
  });

  it('401, 403, 404: rejects users other than the host, and feeds of other listings', async () => {
    const listing = await bookings.givenListing();
    const other = await bookings.givenListing({ host: listing.host });
    const feed = await feeds.given(listing, ical());
    const path = `/v1/listings/${listing.id}/calendar/feeds`;
    expectProblem(await bookings.service.anonymous.get(path), 401, 'auth.missing_token');
    expectProblem(await bookings.as(testUser()).get(path), 403, 'auth.forbidden');
    const stranger = testUser({ roles: ['host'] });
    for (const response of [
      await bookings.as(stranger).get(path),
      await bookings.as(stranger).get(`${feed.path}/log`),
      await bookings.as(stranger).post(`${feed.path}/sync`),
      await bookings.as(stranger).delete(feed.path),
      await feeds.add(listing, { url: 'https://feeds.example/a.ics', name: 'x' }, stranger),
    ]) {
      expectProblem(response, 403, 'listing.forbidden');
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

  it('adds one feed for two requests with the same Idempotency-Key', async () => {
    const listing = await bookings.givenListing();
    feeds.server.serve(ical());
    const body = { url: feeds.server.url('feeds.example', '/once.ics'), name: 'x' };
    const first = await feeds.add(listing, body, listing.host, { 'idempotency-key': 'one' });
    const again = await feeds.add(listing, body, listing.host, { 'idempotency-key': 'one' });
    expect([first.status, again.status, again.body.id]).toEqual([201, 201, first.body.id]);
  });
});

it('GraphQL: creates, reads, syncs and removes a feed', async () => {
  const listing = await bookings.givenListing();
  feeds.server.serve(ical(['1', '0610', '0614']));
  const host = bookings.as(listing.host);
  const created = await host.graphql<{ createCalendarFeed: { id: string; url: string } }>(
    `mutation ($id: ID!, $input: CreateFeedInput!) { createCalendarFeed(listingId: $id, input: $input) { id url status } }`,
    { id: listing.id, input: { url: feeds.server.url('feeds.example', '/graph.ics'), name: 'Elsewhere' } },
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
  const feedsSeenBy = (user: TestUser) =>
    bookings
      .as(user)
      .graphql<{ _entities: { calendarFeeds: object[] | null }[] }>(
        `query ($of: [_Any!]!) { _entities(representations: $of) { ... on Listing { calendarFeeds { status events } } } }`,
        { of: [{ __typename: 'Listing', id: listing.id }] },
      );
  expect((await feedsSeenBy(listing.host)).data?._entities).toEqual([
    { calendarFeeds: [{ status: 'ok', events: 1 }] },
  ]);
  expect((await feedsSeenBy(testUser())).data?._entities).toEqual([{ calendarFeeds: null }]);
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
  expect(await feeds.blocked(listing)).toBe('');
});
