import { expectProblem } from '@roost/testing';
import { guestReview, hostReview, type ReviewsFixture, startReviews } from './reviews.fixture.js';

describe('bookings.booking', () => {
  let reviews: ReviewsFixture;
  beforeAll(async () => {
    reviews = await startReviews();
  });
  beforeEach(() => reviews.service.clock.set('2027-05-12T16:00:00Z'));
  afterAll(() => reviews.close());

  const allRows = () =>
    reviews.service
      .query(`SELECT to_jsonb(s) AS row FROM reviewable_stay s UNION ALL SELECT to_jsonb(r) FROM review r
      UNION ALL SELECT to_jsonb(a) FROM rating a ORDER BY 1`);

  test('accepts booking.completed without a previous event of the booking', async () => {
    const stay = await reviews.createBooking();
    await reviews.service.query('DELETE FROM reviewable_stay WHERE booking_id = $1', [stay.bookingId]);
    await reviews.complete(stay, { times: 3 });
    await reviews.createReview(stay.guest, stay);
  });

  test('uses the actual dates of the stay, not the booked ones', async () => {
    const stay = await reviews.createBooking();
    stay.booking.checkOutDate = '2027-05-11';
    stay.booking.checkOutAt = '2027-05-11T15:00:00.000Z';
    await reviews.complete(stay);
    const pending = await reviews.as(stay.guest).get<{ data: object[] }>('/v1/me/reviews/pending');
    expect(pending.body.data).toMatchObject([
      { checkOutDate: '2027-05-11', closesAt: '2027-05-25T15:00:00.000Z' },
    ]);
  });

  test('ignores repeated facts in new events', async () => {
    const { stay } = await reviews.createPublished();
    const before = await allRows();
    await reviews.service.deliver('booking.created', stay.booking);
    await reviews.complete(stay);
    await reviews.cancel(stay, 'guest', '2027-05-01T00:00:00Z');
    expect(await allRows()).toEqual(before);
  });

  test('uses the time of the event when cancelledAt is missing', async () => {
    const stay = await reviews.createBooking();
    const { booking } = stay;
    await reviews.service.clock.set('2027-05-10T12:00:00Z');
    await reviews.service.deliver('booking.cancelled', {
      ...booking,
      state: 'cancelled',
      by: 'host',
      refundMinor: 0,
      refundLines: [],
      hostPenaltyMinor: 0,
    });
    await reviews.createReview(stay.guest, stay);
    expectProblem(await reviews.write(stay.guest, stay, guestReview()), 409, 'review.already_written');
    expect((await reviews.write(stay.host, stay, hostReview())).status).toBe(201);
  });
});
