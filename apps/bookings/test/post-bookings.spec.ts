import { randomUUID } from 'node:crypto';
import { jest } from '@jest/globals';
import { testUser, eventually, expectProblem } from '@roost/testing';
import { StaleHolds } from '../src/calendar/stale-holds.port.js';
import { bookingStatements } from './booking-statements.fixture.js';
import { juneStay, juneTotalMinor, useBookings } from './bookings.fixture.js';

const bookings = useBookings();

describe('201', () => {
  it('holds the nights for 15 minutes at the price of the quote', async () => {
    const guest = testUser();
    const listing = await bookings.givenListing();
    const quote = await bookings.givenQuote(guest, listing);
    await bookings.publishListing({
      ...listing.body,
      pricing: { ...listing.body.pricing!, basePriceMinor: 99_999 },
    });
    const { status, body } = await bookings
      .as(guest)
      .post('/v1/bookings', { quoteId: quote.id, message: 'We arrive by train.\nSee you!' });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      state: 'pending_payment',
      listingId: listing.id,
      guestId: guest.id,
      hostId: listing.host.id,
      quoteId: quote.id,
      ...juneStay,
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
      message: 'We arrive by train.\nSee you!',
      timeZone: 'America/New_York',
      checkInAt: '2027-06-10T19:00:00.000Z',
      checkOutAt: '2027-06-14T15:00:00.000Z',
      history: [{ by: 'guest', event: 'created', reason: null }],
    });
    const read = await bookings.as(guest).get(`/v1/bookings/${String(body.id)}`);
    expect(read.body).toEqual(body);
    expect(await bookings.calendar.isFree(listing, '2027-06-13')).toBe(false);
    expect(await bookings.calendar.isFree(listing, '2027-06-14')).toBe(true);
  });

  it('publishes booking.created with all facts', async () => {
    const booking = await bookings.givenBooking();
    expect(await bookings.publishedFor('booking.created', booking)).toEqual([
      {
        bookingId: booking.id,
        listingId: booking.listing.id,
        hostId: booking.listing.host.id,
        guestId: booking.guest.id,
        state: 'pending_payment',
        bookingMode: 'instant',
        ...juneStay,
        timeZone: 'America/New_York',
        checkInAt: '2027-06-10T19:00:00.000Z',
        checkOutAt: '2027-06-14T15:00:00.000Z',
        guests: booking.quote.guests,
        countryCode: 'US',
        currency: 'USD',
        lines: booking.quote.lines,
        // Fees of 14 % for the guest and 3 % for the host, of 450.00.
        totalMinor: juneTotalMinor,
        hostPayoutMinor: 43_650,
        platformFeeMinor: 7_650,
        taxMinor: 0,
        payoutDueAt: '2027-06-11T19:00:00.000Z',
        holdExpiresAt: booking.dto.holdExpiresAt,
      },
    ]);
  });

  it('takes at most four round trips to the database', async () => {
    const guest = testUser();
    const quote = await bookings.givenQuote(guest, await bookings.givenListing());
    const statements = await bookingStatements(async () => {
      expect((await bookings.book(guest, quote.id)).status).toBe(201);
    });
    expect(statements.map((text) => /\w+/.exec(text)?.[0]?.toLowerCase())).toEqual([
      ...['start', 'select', 'with', 'commit'],
    ]);
  });

  it('expires an overdue hold of the nights and succeeds', async () => {
    const listing = await bookings.givenListing();
    const overdue = await bookings.givenBooking({ listing });
    await bookings.makeOverdue(overdue);
    const guest = testUser();
    const next = await bookings.givenQuote(guest, listing);
    const response = await bookings.book(guest, next.id);
    expect(response.status).toBe(201);
    expect(await bookings.stateOf(overdue)).toBe('expired');
    expect(await bookings.calendar.overlaps()).toEqual([]);
  });

  it('succeeds if a sweep expires the overdue hold meanwhile', async () => {
    const listing = await bookings.givenListing();
    await bookings.makeOverdue(await bookings.givenBooking({ listing }));
    const guest = testUser();
    const quote = await bookings.givenQuote(guest, listing);
    const holds = bookings.service.get(StaleHolds);
    const end = holds.end.bind(holds);
    jest.spyOn(holds, 'end').mockImplementationOnce(async (nights) => {
      await bookings.sweep();
      return await end(nights);
    });
    expect((await bookings.book(guest, quote.id)).status).toBe(201);
  });

  it('leaves the check-out day available for the next guest', async () => {
    const { listing } = await bookings.givenBooking();
    await bookings.givenBooking({ listing, checkInDate: '2027-06-14', checkOutDate: '2027-06-15' });
    await bookings.givenBooking({ listing, checkInDate: '2027-06-09', checkOutDate: '2027-06-10' });
    expect(await bookings.calendar.overlaps()).toEqual([]);
  });
});

describe('Idempotency-Key', () => {
  it('creates one booking for two identical requests and rejects another body', async () => {
    const guest = testUser();
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

  it('creates one booking for 20 identical concurrent requests', async () => {
    const guest = testUser();
    const quote = await bookings.givenQuote(guest, await bookings.givenListing());
    const key = { 'idempotency-key': randomUUID() };
    const responses = await Promise.all(
      Array.from({ length: 20 }, () => bookings.as(guest).post('/v1/bookings', { quoteId: quote.id }, key)),
    );
    for (const response of responses) {
      if (response.status !== 201) expectProblem(response, 409, 'idempotency.in_progress');
    }
    const ids = new Set(responses.filter(({ status }) => status === 201).map(({ body }) => body.id));
    expect(ids.size).toBe(1);
  });
});

describe('400', () => {
  it.each<[string, object, string]>([
    ['no quote', {}, '/quoteId'],
    ['an invalid quote id', { quoteId: 'x' }, '/quoteId'],
    ['an unknown field', { quoteId: randomUUID(), totalMinor: 1 }, '/totalMinor'],
    ['a NUL byte in the message', { quoteId: randomUUID(), message: 'a\u0000b' }, '/message'],
    ['a message of 10,000 characters', { quoteId: randomUUID(), message: 'x'.repeat(10_000) }, '/message'],
    ['a number as message', { quoteId: randomUUID(), message: 7 }, '/message'],
  ])('rejects %s', async (_, body, pointer) => {
    expectProblem(await bookings.as(testUser()).post('/v1/bookings', body), 400, 'request.invalid', pointer);
  });

  it('rejects a body that is not JSON', async () => {
    expect((await bookings.as(testUser()).post('/v1/bookings', '{"quoteId"')).status).toBe(400);
  });
});

describe('401, 403 and 404', () => {
  it('401: rejects a request without a token', async () => {
    expectProblem(await bookings.service.anonymous.post('/v1/bookings', {}), 401, 'auth.missing_token');
  });

  it('403: rejects a guest without a verified mail address', async () => {
    const guest = testUser({ emailVerified: false });
    const quote = await bookings.givenQuote(guest, await bookings.givenListing());
    const response = await bookings.book(guest, quote.id);
    expectProblem(response, 403, 'auth.email_unverified');
  });

  it('404: rejects the quote of another guest and an unknown quote', async () => {
    const quote = await bookings.givenQuote(testUser(), await bookings.givenListing());
    for (const quoteId of [quote.id, randomUUID()]) {
      expectProblem(await bookings.as(testUser()).post('/v1/bookings', { quoteId }), 404, 'quote.not_found');
    }
  });
});

describe('409', () => {
  it('booking.dates_unavailable: rejects nights of another booking', async () => {
    const listing = await bookings.givenListing();
    const guest = testUser();
    const quote = await bookings.givenQuote(guest, listing, {
      checkInDate: '2027-06-08',
      checkOutDate: '2027-06-11',
    });
    await bookings.givenBooking({ listing });
    const response = await bookings.book(guest, quote.id);
    expectProblem(response, 409, 'booking.dates_unavailable');
    const rows = await bookings.service.query('SELECT id FROM booking WHERE quote_id = $1', [quote.id]);
    expect(rows).toEqual([]);
    // The rejected booking holds none of its nights.
    expect(await bookings.calendar.isFree(listing, '2027-06-08')).toBe(true);
  });

  it('quote.used: creates one booking per quote for ten concurrent requests', async () => {
    const guest = testUser();
    const quote = await bookings.givenQuote(guest, await bookings.givenListing());
    const responses = await Promise.all(Array.from({ length: 10 }, () => bookings.book(guest, quote.id)));
    expect(responses.filter(({ status }) => status === 201)).toHaveLength(1);
    for (const response of responses) if (response.status !== 201) expectProblem(response, 409, 'quote.used');
  });

  it('quote.expired: rejects a quote after 15 minutes', async () => {
    const guest = testUser();
    const listing = await bookings.givenListing();
    const inTime = await bookings.givenQuote(guest, listing);
    const tooLate = await bookings.givenQuote(guest, listing);
    await bookings.service.clock.set(new Date(Date.parse(inTime.expiresAt) - 60_000));
    const stay = await bookings.book(guest, inTime.id);
    expect(stay.status).toBe(201);
    await bookings.service.clock.set(tooLate.expiresAt);
    expectProblem(await bookings.book(guest, tooLate.id), 409, 'quote.expired');
  });

  it('booking.listing_unavailable: rejects a paused listing', async () => {
    const guest = testUser();
    const listing = await bookings.givenListing();
    const quote = await bookings.givenQuote(guest, listing);
    await bookings.publishListing({ ...listing.body, status: 'paused' });
    const response = await bookings.book(guest, quote.id);
    expectProblem(response, 409, 'booking.listing_unavailable');
  });
});

it('publishes the held nights in calendar.changed', async () => {
  const { listing } = await bookings.givenBooking();
  await eventually(async () => {
    const published = await bookings.calendar.published(listing);
    expect(published.at(-1)?.blocked).toEqual([{ from: '2027-06-10', to: '2027-06-14' }]);
  });
});
