import { randomUUID } from 'node:crypto';
import { testUser, expectProblem } from '@roost/testing';
import { useBookings, type TestListing } from './bookings.fixture.js';

const bookings = useBookings();
let listing: TestListing;
beforeEach(async () => {
  listing = await bookings.givenListing({ bookingMode: 'request', rules: { preparationNights: 1 } });
});
/** After each test, active bookings and blocks hold their nights and nothing else does. Reads the tables. */
afterEach(() => bookings.calendar.expectConsistent());

const isFree = () => bookings.calendar.isFree(listing, '2027-06-10');

describe('a rejected quote', () => {
  it.each([
    ['no nights', { checkOutDate: '2027-06-10' }, 400, 'request.invalid', undefined],
    ['reversed dates', { checkOutDate: '2027-06-09' }, 400, 'request.invalid', undefined],
    ['10,000 nights', { checkOutDate: '2054-10-26' }, 422, 'quote.stay_rule', 'max_nights'],
    [
      'dates after the booking window',
      { checkInDate: '2029-06-10', checkOutDate: '2029-06-12' },
      422,
      'quote.stay_rule',
      'booking_window',
    ],
    ['more guests than the capacity', { guests: { adults: 5 } }, 422, 'quote.stay_rule', 'capacity'],
    ['pets', { guests: { adults: 1, pets: 1 } }, 422, 'quote.stay_rule', 'pets'],
    ['an invalid date', { checkInDate: '2027-02-30' }, 400, 'request.invalid', undefined],
    ['a date in the past', { checkInDate: '2027-03-01' }, 400, 'request.invalid', undefined],
  ] as const)('%s', async (_, stay, status, code, rule) => {
    const response = await bookings.quote(testUser(), listing, stay);
    expectProblem(response, status, code);
    if (rule) expect(response.body).toMatchObject({ rule });
    expect(await isFree()).toBe(true);
  });
});

describe('a rejected booking', () => {
  it('404: the quote of another guest, an unknown quote', async () => {
    const quote = await bookings.givenQuote(testUser(), listing);
    expectProblem(await bookings.book(testUser(), quote.id), 404, 'quote.not_found');
    expectProblem(await bookings.book(testUser(), randomUUID()), 404, 'quote.not_found');
    expect(await isFree()).toBe(true);
  });

  it('409: a used quote, also in two concurrent requests', async () => {
    const guest = testUser();
    const quote = await bookings.givenQuote(guest, listing);
    const responses = await Promise.all([bookings.book(guest, quote.id), bookings.book(guest, quote.id)]);
    expect(responses.map(({ status }) => status).toSorted()).toEqual([201, 409]);
    expectProblem(
      responses.find(({ status }) => status === 409)!,
      409,
      'quote.used',
    );
    expectProblem(await bookings.book(guest, quote.id), 409, 'quote.used');
  });

  it('409: an expired quote', async () => {
    const guest = testUser();
    const quote = await bookings.givenQuote(guest, listing);
    await bookings.service.query(`UPDATE quote SET expires_at = $2::timestamptz WHERE id = $1`, [
      quote.id,
      bookings.now(),
    ]);
    expectProblem(await bookings.book(guest, quote.id), 409, 'quote.expired');
    expect(await isFree()).toBe(true);
  });

  it('409: nights of another booking', async () => {
    const guest = testUser();
    const quote = await bookings.givenQuote(guest, listing);
    await bookings.givenBooking({ listing });
    expectProblem(await bookings.book(guest, quote.id), 409, 'booking.dates_unavailable');
  });

  it('409: a block of held nights', async () => {
    await bookings.givenBooking({ listing });
    const response = await bookings.calendar.block(listing, { from: '2027-06-12', to: '2027-06-20' });
    expectProblem(response, 409, 'calendar.dates_taken');
    expect(await bookings.calendar.isFree(listing, '2027-06-16')).toBe(true);
  });
});

describe('an ended booking releases its nights', () => {
  it('when its hold expires', async () => {
    await bookings.makeOverdue(await bookings.givenBooking({ listing }));
    await bookings.sweep();
    expect(await isFree()).toBe(true);
  });

  it('when the host does not respond, declines, or the capture fails', async () => {
    await bookings.makeOverdue(await bookings.givenRequest({ listing }));
    await bookings.sweep();
    expect(await isFree()).toBe(true);
    const declined = await bookings.givenRequest({ listing });
    await bookings.as(listing.host).post(`/v1/bookings/${declined.id}/decline`, { reason: 'Full' });
    expect(await isFree()).toBe(true);
    const failed = await bookings.givenRequest({ listing });
    await bookings.as(listing.host).post(`/v1/bookings/${failed.id}/accept`);
    await bookings.payments.failed(failed);
    expect(await bookings.stateOf(failed)).toBe('expired');
    expect(await isFree()).toBe(true);
  });

  it('when the guest cancels twice concurrently: one 200, one 409', async () => {
    const booking = await bookings.givenRequest({ listing });
    const cancel = () => bookings.cancel(booking);
    const responses = await Promise.all([cancel(), cancel()]);
    expect(responses.map(({ status }) => status).toSorted()).toEqual([200, 409]);
    expectProblem(
      responses.find(({ status }) => status === 409)!,
      409,
      'booking.transition_not_allowed',
    );
    expect(await isFree()).toBe(true);
    expect(
      (await bookings.read(booking)).history.filter(({ event }) => event === 'guest_cancelled'),
    ).toHaveLength(1);
  });

  it('when guest and host cancel concurrently: one 200; a cancellation by the host blocks the nights', async () => {
    const instant = await bookings.givenListing();
    const booking = await bookings.givenConfirmed({ listing: instant });
    const responses = await Promise.all(
      [booking.guest, instant.host].map((user) =>
        bookings.as(user).post(`/v1/bookings/${booking.id}/cancel`, { reason: 'No' }),
      ),
    );
    expect(responses.map(({ status }) => status).toSorted()).toEqual([200, 409]);
    const { cancellation } = await bookings.read(booking);
    expect(await bookings.calendar.isFree(instant, '2027-06-10')).toBe(cancellation?.by === 'guest');
  });
});

it('moves a check-in time that the clock change skips to one hour later', async () => {
  const skipped = await bookings.givenListing({ checkInFrom: '02:30' });
  const booking = await bookings.givenBooking({
    listing: skipped,
    checkInDate: '2027-03-14',
    checkOutDate: '2027-03-16',
  });
  expect(booking.dto.checkInAt).toBe('2027-03-14T07:30:00.000Z');
});
