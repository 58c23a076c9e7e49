import { randomUUID } from 'node:crypto';
import { testUser, expectProblem, type TestUser } from '@roost/testing';
import { Calendar, type CalendarDay } from '../src/calendar/calendar.dto.js';
import { expectShape, useBookings, type TestListing } from './bookings.fixture.js';

const bookings = useBookings();

async function days(listing: TestListing, from: string, to: string, user?: TestUser): Promise<CalendarDay[]> {
  const client = user ? bookings.as(user) : bookings.service.anonymous;
  const response = await client.get<Calendar>(`/v1/listings/${listing.id}/calendar?from=${from}&to=${to}`);
  expect({ status: response.status, body: response.body }).toMatchObject({
    status: 200,
    body: { currency: 'USD' },
  });
  return expectShape(Calendar, response.body).data;
}

describe('200', () => {
  it('returns the price and minimum nights of each day', async () => {
    const listing = await bookings.givenListing({
      price: {
        weekendPriceMinor: 15_000,
        overrides: [{ from: '2027-06-13', to: '2027-06-14', priceMinor: 33_000 }],
      },
      rules: { minNights: 2, minNightsByWeekday: { sat: 3 } },
    });
    expect(await days(listing, '2027-06-11', '2027-06-15')).toEqual([
      { date: '2027-06-11', available: true, minNights: 2, priceMinor: 15_000 },
      { date: '2027-06-12', available: true, minNights: 3, priceMinor: 15_000 },
      { date: '2027-06-13', available: true, minNights: 2, priceMinor: 33_000 },
      { date: '2027-06-14', available: true, minNights: 2, priceMinor: 10_000 },
    ]);
  });

  it('shows the reason for unavailable nights to the host only', async () => {
    const listing = await bookings.givenListing({ rules: { preparationNights: 1 } });
    const booking = await bookings.givenConfirmed({ listing });
    await bookings.givenBooking({ listing, checkInDate: '2027-06-16', checkOutDate: '2027-06-17' });
    const block = await bookings.calendar.block(listing, {
      from: '2027-06-18',
      to: '2027-06-19',
      note: 'Painting',
    });
    expect(block.status).toBe(201);

    const shown = await days(listing, '2027-06-08', '2027-06-20', booking.guest);
    expect(JSON.stringify(shown)).not.toMatch(/reason|bookingId|blockId/);
    expect(shown.filter(({ available }) => available).map(({ date }) => date)).toEqual([
      '2027-06-08',
      '2027-06-19',
    ]);

    const own = await days(listing, '2027-06-08', '2027-06-20', listing.host);
    expect(own.map(({ reason }) => reason)).toEqual([
      ...[null, 'preparation', 'booking', 'booking', 'booking', 'booking'],
      ...['preparation', 'preparation', 'hold', 'preparation', 'block', null],
    ]);
    expect(own[2]?.bookingId).toBe(booking.id);
    expect(own[10]?.blockId).toBe(block.body.id);
  });

  it('marks days before today and after the booking window as unavailable', async () => {
    const listing = await bookings.givenListing({ rules: { bookingWindowMonths: 1 } });
    const own = await days(listing, '2027-03-01', '2027-04-04', listing.host);
    expect(own[0]).toMatchObject({ date: '2027-03-01', available: false, reason: 'past' });
    expect(own[1]).toMatchObject({ date: '2027-03-02', available: true });
    expect(own.at(-2)).toMatchObject({ date: '2027-04-02', available: true });
    expect(own.at(-1)).toMatchObject({ date: '2027-04-03', available: false, reason: 'window' });
  });

  it('returns the calendar of a paused listing to its host only', async () => {
    const listing = await bookings.givenListing({ status: 'paused' });
    expect(await days(listing, '2027-06-01', '2027-06-02', listing.host)).toHaveLength(1);
    const response = await bookings.service.anonymous.get(
      `/v1/listings/${listing.id}/calendar?from=2027-06-01&to=2027-06-02`,
    );
    expectProblem(response, 404, 'listing.not_found');
  });

  it('returns at most 24 months', async () => {
    const listing = await bookings.givenListing();
    expect(await days(listing, '2027-06-01', '2029-06-01')).toHaveLength(731);
    const response = await bookings.service.anonymous.get(
      `/v1/listings/${listing.id}/calendar?from=2027-06-01&to=2029-06-02`,
    );
    expectProblem(response, 400, 'request.invalid', 'to');
  });
});

describe('rejections', () => {
  it.each([
    ['', 'from'],
    ['?from=2027-06-01', 'to'],
    ['?from=2027-06-02&to=2027-06-02', 'to'],
    ['?from=2027-06-31&to=2027-07-02', 'from'],
    ['?from=9999-12-30&to=9999-12-31', 'to'],
    ['?from=2027-06-01&to=2027-06-02&days=3', 'days'],
    ['?from=2027-06-01&from=2027-06-01&to=2027-06-02', 'from'],
  ])('400: rejects the query "%s"', async (query, parameter) => {
    const listing = await bookings.givenListing();
    const response = await bookings.service.anonymous.get(`/v1/listings/${listing.id}/calendar${query}`);
    expectProblem(response, 400, 'request.invalid', parameter);
  });

  it('401: rejects an invalid token; 404: rejects an unknown listing', async () => {
    const path = `/v1/listings/${randomUUID()}/calendar?from=2027-06-01&to=2027-06-02`;
    expectProblem(await bookings.as(testUser({ claims: { exp: 1 } })).get(path), 401, 'auth.invalid_token');
    expectProblem(await bookings.service.anonymous.get(path), 404, 'listing.not_found');
  });
});
