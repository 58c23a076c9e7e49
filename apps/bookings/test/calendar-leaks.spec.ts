import { randomUUID } from 'node:crypto';
import { aUser, expectProblem, type TestResponse } from '@roost/testing';
import { startBookings, type BookingsUnderTest, type TestListing } from './bookings.fixture.js';

let bookings: BookingsUnderTest;
let listing: TestListing;
beforeAll(async () => {
  bookings = await startBookings();
});
beforeEach(async () => {
  listing = await bookings.givenListing({ bookingMode: 'request', rules: { preparationNights: 1 } });
});
afterAll(() => bookings.close());

/** After each of these, nights are held by what is alive and by nothing else: asked of the tables themselves. */
afterEach(async () => {
  expect(await bookings.leaked()).toEqual([]);
  expect(await bookings.unheld()).toEqual([]);
  expect(await bookings.overlaps()).toEqual([]);
});

const book = (user: ReturnType<typeof aUser>, quoteId: string): Promise<TestResponse> =>
  bookings.as(user).post('/v1/bookings', { quoteId });
const isFree = () => bookings.isFree(listing, '2027-06-10');

describe('a quote that is refused', () => {
  it.each([
    ['no nights', { checkOutDate: '2027-06-10' }, 400, 'request.invalid', undefined],
    ['reversed', { checkOutDate: '2027-06-09' }, 400, 'request.invalid', undefined],
    ['10,000 nights', { checkOutDate: '2054-10-26' }, 422, 'quote.stay_rule', 'max_nights'],
    [
      'beyond the window',
      { checkInDate: '2029-06-10', checkOutDate: '2029-06-12' },
      422,
      'quote.stay_rule',
      'booking_window',
    ],
    ['over capacity', { guests: { adults: 5 } }, 422, 'quote.stay_rule', 'capacity'],
    ['pets', { guests: { adults: 1, pets: 1 } }, 422, 'quote.stay_rule', 'pets'],
    ['a date that is none', { checkInDate: '2027-02-30' }, 400, 'request.invalid', undefined],
    ['the past', { checkInDate: '2027-03-01' }, 400, 'request.invalid', undefined],
  ] as const)('%s', async (_, wish, status, code, rule) => {
    const answer = await bookings.quote(aUser(), listing, wish);
    expectProblem(answer, status, code);
    if (rule) expect(answer.body).toMatchObject({ rule });
    expect(await isFree()).toBe(true);
  });
});

describe('a booking that is refused', () => {
  it('another guest’s quote, and one that does not exist: 404', async () => {
    const quote = await bookings.givenQuote(aUser(), listing);
    expectProblem(await book(aUser(), quote.id), 404, 'quote.not_found');
    expectProblem(await book(aUser(), randomUUID()), 404, 'quote.not_found');
    expect(await isFree()).toBe(true);
  });

  it('a used quote, also in two requests at once: 409', async () => {
    const guest = aUser();
    const quote = await bookings.givenQuote(guest, listing);
    const answers = await Promise.all([book(guest, quote.id), book(guest, quote.id)]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409]);
    expectProblem(
      answers.find(({ status }) => status === 409)!,
      409,
      'quote.used',
    );
    expectProblem(await book(guest, quote.id), 409, 'quote.used');
  });

  it('an expired quote: 409', async () => {
    const guest = aUser();
    const quote = await bookings.givenQuote(guest, listing);
    await bookings.service.query(`UPDATE quote SET expires_at = $2::timestamptz WHERE id = $1`, [
      quote.id,
      bookings.service.clock.now().toISOString(),
    ]);
    expectProblem(await book(guest, quote.id), 409, 'quote.expired');
    expect(await isFree()).toBe(true);
  });

  it('nights that somebody else has: 409', async () => {
    const guest = aUser();
    const quote = await bookings.givenQuote(guest, listing);
    await bookings.givenBooking({ listing });
    expectProblem(await book(guest, quote.id), 409, 'booking.dates_unavailable');
  });

  it('a block over a live hold: 409', async () => {
    await bookings.givenBooking({ listing });
    const answer = await bookings
      .as(listing.host)
      .post(`/v1/listings/${listing.id}/calendar/blocks`, { from: '2027-06-12', to: '2027-06-20' });
    expectProblem(answer, 409, 'calendar.dates_taken');
    expect(await bookings.isFree(listing, '2027-06-16')).toBe(true);
  });
});

describe('a booking that ends', () => {
  it('by its hold', async () => {
    await bookings.givenOverdue(await bookings.givenBooking({ listing }));
    await bookings.sweep();
    expect(await isFree()).toBe(true);
  });

  it('unanswered, declined, or with a capture that fails', async () => {
    await bookings.givenOverdue(await bookings.givenRequest({ listing }));
    await bookings.sweep();
    expect(await isFree()).toBe(true);
    const declined = await bookings.givenRequest({ listing });
    await bookings.as(listing.host).post(`/v1/bookings/${declined.id}/decline`, { reason: 'Full' });
    expect(await isFree()).toBe(true);
    const failed = await bookings.givenRequest({ listing });
    await bookings.as(listing.host).post(`/v1/bookings/${failed.id}/accept`);
    await bookings.failed(failed);
    expect(await bookings.stateOf(failed)).toBe('expired');
    expect(await isFree()).toBe(true);
  });

  it('by its guest, twice at once: one 200, one 409', async () => {
    const booking = await bookings.givenRequest({ listing });
    const cancel = () =>
      bookings.as(booking.guest).post(`/v1/bookings/${booking.id}/cancel`, { reason: 'Ill' });
    const answers = await Promise.all([cancel(), cancel()]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409]);
    expectProblem(
      answers.find(({ status }) => status === 409)!,
      409,
      'booking.transition_not_allowed',
    );
    expect(await isFree()).toBe(true);
    expect(
      (await bookings.read(booking)).history.filter(({ event }) => event === 'guest_cancelled'),
    ).toHaveLength(1);
  });

  it('by its guest and its host at once: one of them; the nights are free, or the host’s', async () => {
    const instant = await bookings.givenListing();
    const booking = await bookings.givenConfirmed({ listing: instant });
    const answers = await Promise.all(
      [booking.guest, instant.host].map((user) =>
        bookings.as(user).post(`/v1/bookings/${booking.id}/cancel`, { reason: 'No' }),
      ),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409]);
    const { cancellation } = await bookings.read(booking);
    expect(await bookings.isFree(instant, '2027-06-10')).toBe(cancellation?.by === 'guest');
  });
});

it('check-in at a time that the clock skips is the hour after it', async () => {
  const skipped = await bookings.givenListing({ checkInFrom: '02:30' });
  const booking = await bookings.givenBooking({
    listing: skipped,
    checkInDate: '2027-03-14',
    checkOutDate: '2027-03-16',
  });
  expect(booking.dto.checkInAt).toBe('2027-03-14T07:30:00.000Z');
});
