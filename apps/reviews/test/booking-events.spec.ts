import { expectProblem } from '@roost/testing';
import { byGuest, byHost, type ReviewsUnderTest, startReviews } from './reviews.fixture.js';

describe('bookings.booking', () => {
  let reviews: ReviewsUnderTest;
  beforeAll(async () => {
    reviews = await startReviews();
  });
  beforeEach(() => reviews.service.clock.set('2027-05-12T16:00:00Z'));
  afterAll(() => reviews.close());

  const everything = () =>
    reviews.service.query(`SELECT to_jsonb(s) AS row FROM stay s UNION ALL SELECT to_jsonb(r) FROM review r
      UNION ALL SELECT to_jsonb(a) FROM rating a ORDER BY 1`);

  test('completed before anything else of it was heard', async () => {
    const stay = await reviews.givenBooking();
    await reviews.service.query('DELETE FROM stay WHERE booking_id = $1', [stay.bookingId]);
    await reviews.completed(stay, { times: 3 });
    await reviews.givenReview(stay.guest, stay);
  });

  test('the dates of the stay as it was, not as it was booked', async () => {
    const stay = await reviews.givenBooking();
    stay.booking.checkOutDate = '2027-05-11';
    stay.booking.checkOutAt = '2027-05-11T15:00:00.000Z';
    await reviews.completed(stay);
    const pending = await reviews.as(stay.guest).get<{ data: object[] }>('/v1/me/reviews/pending');
    expect(pending.body.data).toMatchObject([
      { checkOutDate: '2027-05-11', closesAt: '2027-05-25T15:00:00.000Z' },
    ]);
  });

  test('all of it once more, as new events: nothing changes', async () => {
    const { stay } = await reviews.givenPublished();
    const before = await everything();
    await reviews.service.deliver('booking.created', stay.booking);
    await reviews.completed(stay);
    await reviews.cancelled(stay, 'guest', '2027-05-01T00:00:00Z');
    expect(await everything()).toEqual(before);
  });

  test('an event without the instant of the cancellation goes by its own', async () => {
    const stay = await reviews.givenBooking();
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
    await reviews.givenReview(stay.guest, stay);
    expectProblem(await reviews.write(stay.guest, stay, byGuest()), 409, 'review.already_written');
    expect((await reviews.write(stay.host, stay, byHost())).status).toBe(201);
  });
});
