import { randomUUID } from 'node:crypto';
import { aUser, eventually, expectProblem } from '@roost/testing';
import { june, startBookings, type BookingsUnderTest } from './bookings.fixture.js';

let bookings: BookingsUnderTest;

beforeAll(async () => {
  bookings = await startBookings();
});
afterAll(() => bookings?.close());

describe('201', () => {
  it('holds the dates for a quarter of an hour, at the price of the quote', async () => {
    const guest = aUser();
    const listing = await bookings.givenListing();
    const quote = await bookings.givenQuote(guest, listing);
    await bookings.tell({ ...listing.body, pricing: { ...listing.body.pricing!, basePriceMinor: 99_999 } });
    const { status, body } = await bookings
      .as(guest)
      .post('/v1/bookings', { quoteId: quote.id, message: 'We come by train.\nSee you!' });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      state: 'pending_payment',
      listingId: listing.id,
      guestId: guest.id,
      hostId: listing.host.id,
      quoteId: quote.id,
      ...june,
      guests: quote.guests,
      currency: 'USD',
      lines: quote.lines,
      totalMinor: quote.totalMinor,
      refundSchedule: quote.refundSchedule,
      holdExpiresAt: expect.stringMatching(/^2027-03-02T12:15:/),
      respondBy: null,
      paymentId: null,
      cancellation: null,
      openChange: null,
      version: 1,
      message: 'We come by train.\nSee you!',
      timeZone: 'America/New_York',
      checkInAt: '2027-06-10T19:00:00.000Z',
      checkOutAt: '2027-06-14T15:00:00.000Z',
      history: [{ by: 'guest', event: 'created', reason: null }],
    });
    const read = await bookings.as(guest).get(`/v1/bookings/${String(body.id)}`);
    expect(read.body).toEqual(body);
    expect(await bookings.isFree(listing, '2027-06-13')).toBe(false);
    expect(await bookings.isFree(listing, '2027-06-14')).toBe(true);
  });

  it('says so with all facts, in the same transaction', async () => {
    const booking = await bookings.givenBooking();
    const said = (await bookings.service.published('booking.created')).filter(
      (event) => event.bookingId === booking.id,
    );
    expect(said).toEqual([
      {
        bookingId: booking.id,
        listingId: booking.listing.id,
        hostId: booking.listing.host.id,
        guestId: booking.guest.id,
        state: 'pending_payment',
        bookingMode: 'instant',
        ...june,
        timeZone: 'America/New_York',
        checkInAt: '2027-06-10T19:00:00.000Z',
        checkOutAt: '2027-06-14T15:00:00.000Z',
        guests: booking.quote.guests,
        currency: 'USD',
        lines: booking.quote.lines,
        // 4 × 100.00 + 50.00; fees of 14 % and 3 %
        totalMinor: 51_300,
        hostPayoutMinor: 43_650,
        platformFeeMinor: 7_650,
        taxMinor: 0,
        payoutDueAt: '2027-06-11T19:00:00.000Z',
        holdExpiresAt: booking.dto.holdExpiresAt,
      },
    ]);
  });

  it('takes four round trips to the database at most', async () => {
    const guest = aUser();
    const quote = await bookings.givenQuote(guest, await bookings.givenListing());
    const database = await bookings.statementsOf(async () => {
      expect((await bookings.as(guest).post('/v1/bookings', { quoteId: quote.id })).status).toBe(201);
    });
    expect(database.map((text) => /\w+/.exec(text)?.[0]?.toLowerCase())).toEqual([
      ...['start', 'select', 'with', 'commit'],
    ]);
  });

  it('ends a hold that has run out before it gives up', async () => {
    const listing = await bookings.givenListing();
    const late = await bookings.givenBooking({ listing });
    await bookings.givenOverdue(late);
    const guest = aUser();
    const next = await bookings.givenQuote(guest, listing);
    const answer = await bookings.as(guest).post('/v1/bookings', { quoteId: next.id });
    expect(answer.status).toBe(201);
    expect(await bookings.stateOf(late)).toBe('expired');
    expect(await bookings.overlaps()).toEqual([]);
  });

  it('keeps the day of departure free for the next guest', async () => {
    const { listing } = await bookings.givenBooking();
    await bookings.givenBooking({ listing, checkInDate: '2027-06-14', checkOutDate: '2027-06-15' });
    await bookings.givenBooking({ listing, checkInDate: '2027-06-09', checkOutDate: '2027-06-10' });
    expect(await bookings.overlaps()).toEqual([]);
  });
});

describe('Idempotency-Key', () => {
  it('makes one booking of the same request twice, and refuses another body', async () => {
    const guest = aUser();
    const quote = await bookings.givenQuote(guest, await bookings.givenListing());
    const key = { 'idempotency-key': randomUUID() };
    const first = await bookings.as(guest).post('/v1/bookings', { quoteId: quote.id }, key);
    const again = await bookings.as(guest).post('/v1/bookings', { quoteId: quote.id }, key);
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.body).toEqual(first.body);
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    const other = await bookings.as(guest).post('/v1/bookings', { quoteId: quote.id, message: 'Hello' }, key);
    expectProblem(other, 422, 'idempotency.key_reused');
    const rows = await bookings.service.query('SELECT id FROM booking WHERE quote_id = $1', [quote.id]);
    expect(rows).toHaveLength(1);
  });

  it('makes one booking of the same request 20 times at once', async () => {
    const guest = aUser();
    const quote = await bookings.givenQuote(guest, await bookings.givenListing());
    const key = { 'idempotency-key': randomUUID() };
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => bookings.as(guest).post('/v1/bookings', { quoteId: quote.id }, key)),
    );
    for (const answer of answers) {
      if (answer.status !== 201) expectProblem(answer, 409, 'idempotency.in_progress');
    }
    const ids = new Set(answers.filter(({ status }) => status === 201).map(({ body }) => body.id));
    expect(ids.size).toBe(1);
  });
});

describe('400', () => {
  it.each<[string, object, string]>([
    ['no quote', {}, '/quoteId'],
    ['an id that is none', { quoteId: 'x' }, '/quoteId'],
    ['an unknown field', { quoteId: randomUUID(), totalMinor: 1 }, '/totalMinor'],
    ['a NUL byte', { quoteId: randomUUID(), message: 'a\u0000b' }, '/message'],
    ['10,000 characters', { quoteId: randomUUID(), message: 'x'.repeat(10_000) }, '/message'],
    ['a message that is a number', { quoteId: randomUUID(), message: 7 }, '/message'],
  ])('%s', async (_, body, pointer) => {
    expectProblem(await bookings.as(aUser()).post('/v1/bookings', body), 400, 'request.invalid', pointer);
  });

  it('a body that is no JSON', async () => {
    expect((await bookings.as(aUser()).post('/v1/bookings', '{"quoteId"')).status).toBe(400);
  });
});

describe('401, 403 and 404', () => {
  it('nobody', async () => {
    expectProblem(await bookings.service.anonymous.post('/v1/bookings', {}), 401, 'auth.missing_token');
  });

  it('a mail address that is not verified', async () => {
    const guest = aUser({ emailVerified: false });
    const quote = await bookings.givenQuote(guest, await bookings.givenListing());
    const answer = await bookings.as(guest).post('/v1/bookings', { quoteId: quote.id });
    expectProblem(answer, 403, 'auth.email_unverified');
  });

  it('a quote of somebody else, or none at all', async () => {
    const quote = await bookings.givenQuote(aUser(), await bookings.givenListing());
    for (const quoteId of [quote.id, randomUUID()]) {
      expectProblem(await bookings.as(aUser()).post('/v1/bookings', { quoteId }), 404, 'quote.not_found');
    }
  });
});

describe('409', () => {
  it('booking.dates_unavailable: somebody was faster', async () => {
    const listing = await bookings.givenListing();
    const guest = aUser();
    const quote = await bookings.givenQuote(guest, listing, {
      checkInDate: '2027-06-08',
      checkOutDate: '2027-06-11',
    });
    await bookings.givenBooking({ listing });
    const answer = await bookings.as(guest).post('/v1/bookings', { quoteId: quote.id });
    expectProblem(answer, 409, 'booking.dates_unavailable');
    const rows = await bookings.service.query('SELECT id FROM booking WHERE quote_id = $1', [quote.id]);
    expect(rows).toEqual([]);
    // Nothing of the refused one stays: its own first nights are free.
    expect(await bookings.isFree(listing, '2027-06-08')).toBe(true);
  });

  it('quote.used: one quote makes one booking, also when it is sent twice at once', async () => {
    const guest = aUser();
    const quote = await bookings.givenQuote(guest, await bookings.givenListing());
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => bookings.as(guest).post('/v1/bookings', { quoteId: quote.id })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    for (const answer of answers) if (answer.status !== 201) expectProblem(answer, 409, 'quote.used');
  });

  it('quote.expired: a quarter of an hour later', async () => {
    const guest = aUser();
    const listing = await bookings.givenListing();
    const inTime = await bookings.givenQuote(guest, listing);
    const tooLate = await bookings.givenQuote(guest, listing);
    await bookings.service.clock.set(new Date(Date.parse(inTime.expiresAt) - 5_000));
    const stay = await bookings.as(guest).post('/v1/bookings', { quoteId: inTime.id });
    expect(stay.status).toBe(201);
    await bookings.service.clock.set(tooLate.expiresAt);
    expectProblem(
      await bookings.as(guest).post('/v1/bookings', { quoteId: tooLate.id }),
      409,
      'quote.expired',
    );
  });

  it('booking.listing_unavailable: paused since', async () => {
    const guest = aUser();
    const listing = await bookings.givenListing();
    const quote = await bookings.givenQuote(guest, listing);
    await bookings.tell({ ...listing.body, status: 'paused' });
    const answer = await bookings.as(guest).post('/v1/bookings', { quoteId: quote.id });
    expectProblem(answer, 409, 'booking.listing_unavailable');
  });
});

it('tells search that the nights are gone', async () => {
  const { listing } = await bookings.givenBooking();
  await eventually(async () => {
    const said = (await bookings.service.published('calendar.changed')).filter(
      (event) => event.listingId === listing.id,
    );
    expect(said.at(-1)?.blocked).toEqual([{ from: '2027-06-10', to: '2027-06-14' }]);
  });
});
