import { captureStatements, eventually, expectProblem, testUser, type TestUser } from '@roost/testing';
import { Blocks, Links, ListingCalendars } from '../src/calendar/calendar.dto.js';
import { MaskedExportUrl } from '../src/calendar/calendar-export.dto.js';
import { BookingChanges } from '../src/booking/change/change.dto.js';
import { Feed } from '../src/feed/feed.dto.js';
import { expectShape, useBookings, type TestListing } from './bookings.fixture.js';
import { longerStay, shorterStay } from './changes.fixture.js';
import { ical } from './feed-server.fixture.js';
import { useFeeds } from './feeds.fixture.js';

const bookings = useBookings({ resetClock: true });
const feeds = useFeeds(bookings);

const get = (user: TestUser, path: string) => bookings.as(user).get(path);

/** Other users, and the response that each gets for a route of the host of a published listing. */
async function expectHostOnly(path: string): Promise<void> {
  expectProblem(await bookings.service.anonymous.get(path), 401, 'auth.missing_token');
  expectProblem(await get(testUser(), path), 403, 'auth.forbidden');
  expectProblem(await get(testUser({ roles: ['host'] }), path), 403, 'listing.forbidden');
}

describe('GET /v1/listings/{id}/links', () => {
  it('200: returns the rooms of a house, with the ETag that PUT accepts', async () => {
    const { house, host, rooms } = await bookings.givenHouse();
    const path = `/v1/listings/${house.id}/links`;
    expect((await get(host, path)).body).toEqual({ listingIds: [] });
    await bookings.calendar.link(house, rooms);
    const linked = await get(host, path);
    expect(new Set(expectShape(Links, linked.body).listingIds)).toEqual(new Set(rooms.map(({ id }) => id)));
    expect((await get(host, `/v1/listings/${rooms[0].id}/links`)).body).toEqual({ listingIds: [] });
    const etag = linked.headers.get('etag') ?? '';
    const put = (ids: string[]) => bookings.as(host).put(path, { listingIds: ids }, { 'if-match': etag });
    expect((await put([rooms[0].id])).status).toBe(200);
    expectProblem(await put([]), 412, 'request.precondition_failed');
    const { data } = await bookings
      .as(host)
      .graphql('query ($id: ID!) { listingLinks(listingId: $id) { listingIds } }', { id: house.id });
    expect(data).toEqual({ listingLinks: { listingIds: [rooms[0].id] } });
  });

  it('401, 403: rejects users other than the host', async () => {
    await expectHostOnly(`/v1/listings/${(await bookings.givenListing()).id}/links`);
  });
});

describe('GET /v1/listings/{id}/calendar/blocks', () => {
  const blocksOf = async (listing: TestListing, query = '') =>
    expectShape(Blocks, (await get(listing.host, `/v1/listings/${listing.id}/calendar/blocks${query}`)).body);

  it('200: pages through the blocks by their first night, also from a date on', async () => {
    const listing = await bookings.givenListing();
    const ranges = [
      { from: '2027-08-01', to: '2027-08-03', note: 'Family' },
      { from: '2027-07-01', to: '2027-07-03', note: '' },
      { from: '2027-08-01', to: '2027-08-09', note: '' },
    ];
    for (const range of ranges) await bookings.calendar.block(listing, range);
    const first = await blocksOf(listing, '?limit=2');
    const rest = await blocksOf(listing, `?limit=2&cursor=${first.nextCursor}`);
    expect([...first.data, ...rest.data].map(({ from, to, note }) => ({ from, to, note }))).toEqual([
      ranges[1],
      ranges[0],
      ranges[2],
    ]);
    expect(rest.nextCursor).toBeNull();
    expect((await blocksOf(listing, '?from=2027-08-03')).data).toMatchObject([{ to: '2027-08-09' }]);
    const { data } = await bookings.as(listing.host).graphql(
      `query ($id: ID!) { calendarBlocks(listingId: $id, from: "2027-07-03", first: 1) {
        edges { node { note } } pageInfo { hasNextPage } } }`,
      { id: listing.id },
    );
    expect(data).toEqual({
      calendarBlocks: { edges: [{ node: { note: 'Family' } }], pageInfo: { hasNextPage: true } },
    });
  });

  it('400: rejects a cursor of another list', async () => {
    const listing = await bookings.givenListing();
    const response = await get(listing.host, `/v1/listings/${listing.id}/calendar/blocks?cursor=WyJ4Il0`);
    expectProblem(response, 400, 'request.invalid', 'cursor');
  });

  it('401, 403: rejects users other than the host', async () => {
    await expectHostOnly(`/v1/listings/${(await bookings.givenListing()).id}/calendar/blocks`);
  });
});

describe('GET /v1/listings/{id}/calendar/export-url', () => {
  it('200: returns the URL without its token; 404 before it is created', async () => {
    const listing = await bookings.givenListing();
    const path = `/v1/listings/${listing.id}/calendar/export-url`;
    expectProblem(await get(listing.host, path), 404, 'calendar.not_found');
    const created = await bookings.as(listing.host).post<{ url: string }>(path, { withImports: true });
    const { body } = await get(listing.host, path);
    expect(expectShape(MaskedExportUrl, body)).toMatchObject({ withImports: true });
    const token = /calendars\/(.+)\.ics$/.exec(created.body.url)?.[1] ?? '';
    expect(JSON.stringify(body)).not.toContain(token);
    expect((body as MaskedExportUrl).url).toBe(created.body.url.replace(token, '…'));
    const { data } = await bookings
      .as(listing.host)
      .graphql('query ($id: ID!) { calendarExportUrl(listingId: $id) { withImports } }', { id: listing.id });
    expect(data).toEqual({ calendarExportUrl: { withImports: true } });
  });

  it('401, 403: rejects users other than the host', async () => {
    await expectHostOnly(`/v1/listings/${(await bookings.givenListing()).id}/calendar/export-url`);
  });
});

describe('PATCH /v1/listings/{id}/calendar/feeds/{feedId}', () => {
  it('200: renames a feed and keeps its nights', async () => {
    const listing = await bookings.givenListing();
    const feed = await feeds.given(listing, ical(['1', '0610', '0614']));
    const { status, body } = await bookings.as(listing.host).patch(feed.path, { name: 'The other site' });
    expect(status).toBe(200);
    expect(expectShape(Feed, body)).toMatchObject({ id: feed.id, name: 'The other site', events: 1 });
    expect(await feed.log()).toHaveLength(1);
    expect(await feeds.blocked(listing)).toBe('0610..0614');
  });

  it('200: reads a new URL at once, even if its validators equal those of the previous one', async () => {
    const listing = await bookings.givenListing();
    const feed = await feeds.given(listing, ical(['1', '0610', '0614']), { etag: '"same"' });
    feeds.server.serve(ical(['1', '0701', '0703']), { etag: '"same"' });
    const url = feeds.server.url('feeds.example', '/moved.ics');
    const edit =
      'mutation ($id: ID!, $feedId: ID!, $input: EditFeedInput!) { editCalendarFeed(listingId: $id, feedId: $feedId, input: $input) { id name } }';
    const { data } = await bookings
      .as(listing.host)
      .graphql(edit, { id: listing.id, feedId: feed.id, input: { url } });
    expect(data).toEqual({ editCalendarFeed: { id: feed.id, name: 'Elsewhere' } });
    await eventually(async () => expect(await feeds.blocked(listing)).toBe('0701..0703'));
  });

  it('400, 403, 404, 409, 422: rejects wrong fields, other users, unknown feeds and URLs', async () => {
    const listing = await bookings.givenListing();
    const feed = await feeds.given(listing, ical());
    const url = feeds.server.url('feeds.example', '/second.ics');
    expect((await feeds.add(listing, { url, name: 'Second' })).status).toBe(201);
    const host = bookings.as(listing.host);
    expectProblem(await host.patch(feed.path, { name: '' }), 400, 'request.invalid', '/name');
    expectProblem(await host.patch(feed.path, { status: 'ok' }), 400, 'request.invalid', '/status');
    const stranger = bookings.as(testUser({ roles: ['host'] }));
    expectProblem(await stranger.patch(feed.path, { name: 'x' }), 403, 'listing.forbidden');
    const other = await bookings.givenListing({ host: listing.host });
    const elsewhere = `/v1/listings/${other.id}/calendar/feeds/${feed.id}`;
    expectProblem(await host.patch(elsewhere, { name: 'x' }), 404, 'feed.not_found');
    expectProblem(await host.patch(feed.path, { url }), 409, 'feed.already_added');
    expectProblem(await host.patch(feed.path, { url: 'http://localhost/' }), 422, 'feed.url_not_allowed');
    expect((await feed.read()).name).toBe('Elsewhere');
  });
});

describe('GET /v1/me/calendar', () => {
  const range = 'from=2027-06-09&to=2027-06-12';

  it('200: pages through the calendars of all listings but archived ones, with the reasons', async () => {
    const host = testUser({ roles: ['host'] });
    const booked = await bookings.givenListing({ host });
    const draft = await bookings.givenListing({ host, status: 'draft' });
    await bookings.givenListing({ host, status: 'archived' });
    await bookings.givenListing({ host, status: 'draft', pricing: null });
    await bookings.givenListing();
    const booking = await bookings.givenConfirmed({ listing: booked });
    const first = expectShape(ListingCalendars, (await get(host, `/v1/me/calendar?${range}&limit=1`)).body);
    const rest = expectShape(
      ListingCalendars,
      (await get(host, `/v1/me/calendar?${range}&limit=1&cursor=${first.nextCursor}`)).body,
    );
    expect(rest.nextCursor).toBeNull();
    const calendars = new Map([...first.data, ...rest.data].map(({ listingId, data }) => [listingId, data]));
    expect(new Set(calendars.keys())).toEqual(new Set([booked.id, draft.id]));
    expect(calendars.get(booked.id)).toMatchObject([
      { date: '2027-06-09', available: true, reason: null },
      { date: '2027-06-10', available: false, reason: 'booking', bookingId: booking.id },
      { date: '2027-06-11', available: false, reason: 'booking' },
    ]);
    expect(calendars.get(draft.id)).toHaveLength(3);
  });

  it('200: takes as many statements for five listings as for one', async () => {
    const count = async (listings: number) => {
      const host = testUser({ roles: ['host'] });
      for (let made = 0; made < listings; made += 1) await bookings.givenListing({ host });
      const statements = await captureStatements(() => get(host, `/v1/me/calendar?${range}`));
      // The calendar publisher reads the same tables concurrently.
      return statements.filter(({ text }) => /"stayRules"|"blockId"/.test(text)).length;
    };
    expect([await count(1), await count(5)]).toEqual([2, 2]);
  });

  it('400: rejects a range of 25 months, reversed dates and too many nights', async () => {
    const host = testUser({ roles: ['host'] });
    const of = (query: string) => get(host, `/v1/me/calendar?${query}`);
    expectProblem(await of('from=2027-01-01&to=2029-02-01'), 400, 'request.invalid', 'to');
    expectProblem(await of('from=2027-02-01&to=2027-01-01'), 400, 'request.invalid', 'to');
    expectProblem(await of('from=2027-01-01&to=2028-01-01&limit=100'), 400, 'request.invalid', 'limit');
  });

  it('401, 403: rejects requests without a token and guests', async () => {
    const path = `/v1/me/calendar?${range}`;
    expectProblem(await bookings.service.anonymous.get(path), 401, 'auth.missing_token');
    expectProblem(await get(testUser(), path), 403, 'auth.forbidden');
  });
});

describe('GET /v1/bookings/{id}/changes', () => {
  it('200: lists the changes for guest, host and administrators, newest first', async () => {
    const booking = await bookings.givenConfirmed();
    const path = `/v1/bookings/${booking.id}/changes`;
    expect((await get(booking.guest, path)).body).toEqual({ data: [], nextCursor: null });
    const longer = await bookings.changes.givenProposed(booking, longerStay);
    await bookings.changes.respond(booking, longer, 'decline');
    const shorter = await bookings.changes.givenProposed(booking, shorterStay, booking.listing.host);
    for (const user of [booking.guest, booking.listing.host, testUser({ roles: ['admin'] })]) {
      const { data } = expectShape(BookingChanges, (await get(user, path)).body);
      expect(data).toMatchObject([
        { id: shorter.id, state: 'proposed', proposedBy: 'host', differenceMinor: -11_400 },
        { id: longer.id, state: 'declined', proposedBy: 'guest' },
      ]);
    }
    const first = expectShape(BookingChanges, (await get(booking.guest, `${path}?limit=1`)).body);
    const next = await get(booking.guest, `${path}?limit=1&cursor=${first.nextCursor}`);
    expect(next.body).toMatchObject({ data: [{ id: longer.id }], nextCursor: null });
    const { data } = await bookings
      .as(booking.guest)
      .graphql('query ($id: ID!) { bookingChanges(bookingId: $id) { edges { node { id } } } }', {
        id: booking.id,
      });
    expect(data).toEqual({
      bookingChanges: { edges: [{ node: { id: shorter.id } }, { node: { id: longer.id } }] },
    });
  });

  it('404: rejects other users', async () => {
    const booking = await bookings.givenConfirmed();
    expectProblem(
      await get(testUser({ roles: ['host'] }), `/v1/bookings/${booking.id}/changes`),
      404,
      'booking.not_found',
    );
  });
});
