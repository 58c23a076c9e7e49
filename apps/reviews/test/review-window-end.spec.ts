import { Sweeper } from '@roost/platform';
import { expectProblem } from '@roost/testing';
import { hostReview, type ReviewsFixture, startReviews, type TestStay } from './reviews.fixture.js';
import { ReviewPublisherService } from '../src/review/review-publisher.service.js';

describe('end of the review window', () => {
  let reviews: ReviewsFixture;
  beforeAll(async () => {
    reviews = await startReviews();
  });
  beforeEach(() => reviews.service.clock.set('2027-05-12T16:00:00Z'));
  afterAll(() => reviews.close());

  test('publishes a single review once, with its rating and event', async () => {
    const stay = await reviews.createStay();
    const { id } = await reviews.createReview(stay.guest, stay, { overall: 3 });
    await reviews.service.clock.set('2027-05-26T14:59:30Z');
    expect(await reviews.ofListing(stay.listingId)).toEqual({
      rating: null,
      externalCount: 0,
      data: [],
      nextCursor: null,
    });
    await reviews.service.clock.set(stay.closesAt);
    const { data, rating } = await reviews.ofListing(stay.listingId);
    expect(data).toMatchObject([
      { id, overall: 3, publishedAt: expect.stringMatching(/^2027-05-26T15:00:/) as string },
    ]);
    expect(rating).toMatchObject({ mean: 3, count: 1 });
    await reviews.service.get(ReviewPublisherService).publishDue();
    await reviews.service.clock.advance('P30D');
    const published = (await reviews.service.published('review.published')).filter(
      ({ reviewId }) => reviewId === id,
    );
    expect(published).toHaveLength(1);
    expect((await reviews.ofListing(stay.listingId)).rating).toEqual(rating);
    expectProblem(await reviews.write(stay.host, stay, hostReview()), 409, 'review.window_closed');
  });

  test('publishes a single review by a host without a change to the rating of the listing', async () => {
    const stay = await reviews.createStay();
    await reviews.createReview(stay.host, stay);
    await reviews.service.clock.set(stay.closesAt);
    expect((await reviews.ofUser(stay.guest.id)).data).toHaveLength(1);
    expect(await reviews.ofListing(stay.listingId)).toMatchObject({ rating: null, data: [] });
    const ratingEvents = (await reviews.service.published('rating.changed')).filter(
      ({ listingId }) => listingId === stay.listingId,
    );
    expect(ratingEvents).toEqual([]);
  });

  test('publishes each review once when several sweepers run at the same time', async () => {
    const stays: TestStay[] = [];
    for (let n = 0; n < 20; n += 1) {
      const stay = await reviews.createStay();
      await reviews.createReview(stay.guest, stay);
      stays.push(stay);
    }
    const last = stays.at(-1);
    if (!last) throw new Error('no stay was created');
    const publisher = reviews.service.get(ReviewPublisherService);
    await Promise.all([
      reviews.service.clock.set(last.closesAt),
      ...Array.from({ length: 4 }, () => publisher.publishDue()),
    ]);
    for (const stay of stays) {
      expect(await reviews.ofListing(stay.listingId)).toMatchObject({ rating: { count: 1 }, data: [{}] });
    }
    const events = await reviews.service.published('review.published');
    const eventsOfStays = events.filter(({ bookingId }) =>
      stays.some((stay) => stay.bookingId === bookingId),
    );
    expect(eventsOfStays).toHaveLength(20);
  });

  test('publishes the other reviews when one can not be published, and retries it', async () => {
    const broken = await reviews.createStay();
    await reviews.createReview(broken.guest, broken);
    const valid = await reviews.createStay();
    await reviews.createReview(valid.guest, valid);
    // The largest version: the next update of this rating fails.
    await reviews.service.query(
      `INSERT INTO rating (subject_id, version, count, overall_sum, category_sums, histogram)
       VALUES ($1, 2147483647, 0, 0, '{}', '[0, 0, 0, 0, 0]')`,
      [broken.listingId],
    );
    await reviews.service.clock.set(valid.closesAt);
    expect((await reviews.ofListing(valid.listingId)).data).toHaveLength(1);
    const unpublished = await reviews.as(broken.guest).get(`/v1/bookings/${broken.bookingId}/reviews`);
    expect(unpublished.body).toMatchObject({ data: [{ publishedAt: null }] });
    await reviews.service.query('DELETE FROM rating WHERE subject_id = $1', [broken.listingId]);
    // Also waits for a periodic sweep, which may have locked the stay.
    await reviews.service.get(Sweeper).runAll();
    expect((await reviews.ofListing(broken.listingId)).data).toHaveLength(1);
  });
});
