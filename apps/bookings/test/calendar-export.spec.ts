import { testUser, eventually, expectProblem } from '@roost/testing';
import { useBookings, type TestListing } from './bookings.fixture.js';

const bookings = useBookings({ resetClock: true });

async function givenUrl(listing: TestListing, body?: object): Promise<string> {
  const response = await bookings
    .as(listing.host)
    .post<{ url: string }>(`/v1/listings/${listing.id}/calendar/export-url`, body);
  expect(response).toMatchObject({ status: 201 });
  return new URL(response.body.url).pathname;
}

const read = (path: string, headers = {}) => bookings.service.anonymous.get<string>(path, headers);

/** `0610-0614`; parsed without code of the service. */
function rangesOf(ical: string): string[] {
  const unfolded = ical.replaceAll(/\r\n[ \t]/g, '');
  const starts = [...unfolded.matchAll(/^DTSTART;VALUE=DATE:2027(\d{4})\r$/gm)].map(([, day]) => day ?? '');
  const ends = [...unfolded.matchAll(/^DTEND;VALUE=DATE:2027(\d{4})\r$/gm)].map(([, day]) => day ?? '');
  return starts.map((start, index) => `${start}-${ends[index]}`);
}
const uidsOf = (ical: string) => [...ical.matchAll(/^UID:(.*)\r$/gm)].map(([, uid]) => uid);

describe('200', () => {
  it('exports stays with preparation nights, holds and blocks, without data of guests', async () => {
    const listing = await bookings.givenListing({ rules: { preparationNights: 1 } });
    const guest = testUser();
    const booking = await bookings.givenConfirmed({ listing, guest });
    await bookings.givenBooking({ listing, checkInDate: '2027-06-20', checkOutDate: '2027-06-22' });
    await bookings.calendar.block(listing, {
      from: '2027-06-25',
      to: '2027-06-27',
      note: 'Grandmother visits',
    });
    const response = await read(await givenUrl(listing));
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/calendar; charset=utf-8');
    expect(rangesOf(response.body).sort()).toEqual([
      '0609-0610',
      '0610-0614',
      '0614-0615',
      '0619-0620',
      '0620-0622',
      '0622-0623',
      '0625-0627',
    ]);
    expect(response.body.split('\r\n').every((line) => Buffer.byteLength(line) <= 75)).toBe(true);
    expect(response.body).not.toMatch(/[^\r]\n/);
    for (const secret of [guest.id, booking.id, 'Grandmother', 'booking', 'preparation']) {
      expect(response.body).not.toContain(secret);
    }
  });

  it('responds 304 until a night changes; UIDs do not change', async () => {
    const { listing } = await bookings.givenConfirmed();
    // The file contains the time of the publication.
    await eventually(async () => expect(await bookings.calendar.published(listing)).toHaveLength(1));
    const path = await givenUrl(listing);
    const first = await read(path);
    const etag = first.headers.get('etag') ?? '';
    const again = await read(path, { 'if-none-match': etag });
    expect([again.status, again.body]).toEqual([304, '']);
    await bookings.givenConfirmed({ listing, checkInDate: '2027-07-01', checkOutDate: '2027-07-03' });
    const changed = await read(path, { 'if-none-match': etag });
    expect(changed.status).toBe(200);
    expect(rangesOf(changed.body)).toEqual(['0610-0614', '0701-0703']);
    expect(uidsOf(changed.body)[0]).toBe(uidsOf(first.body)[0]);
    expect(new Set(uidsOf(changed.body)).size).toBe(2);
  });

  it('exports all nights of a stay in progress and omits a past stay', async () => {
    const { listing } = await bookings.givenConfirmed();
    const path = await givenUrl(listing);
    await bookings.service.clock.set('2027-06-12T16:00:00Z');
    expect(rangesOf((await read(path)).body)).toEqual(['0610-0614']);
    await bookings.service.clock.set('2027-06-14T16:00:00Z');
    expect(rangesOf((await read(path)).body)).toEqual([]);
  });

  it('exports the nights of a booked room in the calendar of its house', async () => {
    const house = await bookings.givenListing();
    const room = await bookings.givenListing({ host: house.host });
    await bookings.calendar.link(house, [room]);
    await bookings.givenConfirmed({ listing: room });
    const [ofHouse, ofRoom] = [await read(await givenUrl(house)), await read(await givenUrl(room))];
    expect([rangesOf(ofHouse.body), rangesOf(ofRoom.body)]).toEqual([['0610-0614'], ['0610-0614']]);
    expect(uidsOf(ofHouse.body)).not.toEqual(uidsOf(ofRoom.body));
  });

  it('exports the nights of an import by an administrator', async () => {
    const listing = await bookings.givenListing();
    const blocked = [
      { from: '2027-06-01', to: '2027-06-03' },
      { from: '2027-06-05', to: '2027-06-06' },
    ];
    await bookings.as(testUser({ roles: ['admin'] })).post('/v1/admin/imports/blocks', {
      source: 'elsewhere',
      rows: [{ externalId: 'a', listingId: listing.id, blocked }],
    });
    const { body } = await read(await givenUrl(listing));
    expect(rangesOf(body)).toEqual(['0601-0603', '0605-0606']);
    expect(new Set(uidsOf(body)).size).toBe(2);
  });
});

describe('the export URL', () => {
  it('is new each time; the previous URL is revoked', async () => {
    const listing = await bookings.givenListing();
    const [first, second] = [await givenUrl(listing), await givenUrl(listing, { withImports: true })];
    expect(first).toMatch(/^\/v1\/calendars\/[\w-]{43}\.ics$/);
    expect(second).not.toBe(first);
    expectProblem(await read(first), 404, 'calendar.not_found');
    expect((await read(second)).status).toBe(200);
  });

  it('is stored as a hash only, also with an Idempotency-Key', async () => {
    const listing = await bookings.givenListing();
    const create = () =>
      bookings
        .as(listing.host)
        .post<{ url: string }>(
          `/v1/listings/${listing.id}/calendar/export-url`,
          {},
          { 'idempotency-key': 'once' },
        );
    const first = await create();
    const again = await create();
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(again.body).toEqual(first.body);
    const token = /([\w-]{43})\.ics$/.exec(first.body.url)?.[1] ?? 'none';
    for (const table of ['calendar_export', 'idempotency_key', 'outbox_event']) {
      const rows = await bookings.service.query<{ row: string }>(`SELECT t::text AS row FROM ${table} t`);
      expect(rows.filter(({ row }) => row.includes(token))).toEqual([]);
    }
    expect((await read(`/v1/calendars/${token}.ics`)).status).toBe(200);
  });

  it.each(['nobody', 'a'.repeat(43), '%00', "' OR 1=1"])('404: rejects the token %s', async (token) => {
    expectProblem(await read(`/v1/calendars/${encodeURIComponent(token)}.ics`), 404, 'calendar.not_found');
  });

  it('is created for the host of the listing only', async () => {
    const listing = await bookings.givenListing();
    const path = `/v1/listings/${listing.id}/calendar/export-url`;
    expectProblem(await bookings.service.anonymous.post(path), 401, 'auth.missing_token');
    expectProblem(await bookings.as(testUser()).post(path), 403, 'auth.forbidden');
    expectProblem(await bookings.as(testUser({ roles: ['host'] })).post(path), 403, 'listing.forbidden');
    expectProblem(
      await bookings.as(listing.host).post(path, { withImports: 'yes' }),
      400,
      'request.invalid',
      '/withImports',
    );
  });
});
