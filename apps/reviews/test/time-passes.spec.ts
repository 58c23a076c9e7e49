import { expectProblem } from '@roost/testing';
import { byHost, type ReviewsUnderTest, startReviews, type TestStay } from './reviews.fixture.js';
import { ReviewPublisher } from '../src/review/review.publisher.js';

describe('the window closes', () => {
  let reviews: ReviewsUnderTest;
  beforeAll(async () => {
    reviews = await startReviews();
  });
  beforeEach(() => reviews.service.clock.set('2027-05-12T16:00:00Z'));
  afterAll(() => reviews.close());

  test('a review that is alone appears then, with its rating and its events, once', async () => {
    const stay = await reviews.givenStay();
    const { id } = await reviews.givenReview(stay.guest, stay, { overall: 3 });
    await reviews.service.clock.set('2027-05-26T14:59:30Z');
    expect(await reviews.ofListing(stay.listingId)).toEqual({ rating: null, data: [], nextCursor: null });
    await reviews.service.clock.set(stay.closesAt);
    const { data, rating } = await reviews.ofListing(stay.listingId);
    expect(data).toMatchObject([
      { id, overall: 3, publishedAt: expect.stringMatching(/^2027-05-26T15:00:/) as string },
    ]);
    expect(rating).toMatchObject({ mean: 3, count: 1 });
    await reviews.service.get(ReviewPublisher).publishDue();
    await reviews.service.clock.advance('P30D');
    const published = (await reviews.service.published('review.published')).filter(
      ({ reviewId }) => reviewId === id,
    );
    expect(published).toHaveLength(1);
    expect((await reviews.ofListing(stay.listingId)).rating).toEqual(rating);
    expectProblem(await reviews.write(stay.host, stay, byHost()), 409, 'review.window_closed');
  });

  test('a host’s that is alone is about the guest, and no listing’s rating changes', async () => {
    const stay = await reviews.givenStay();
    await reviews.givenReview(stay.host, stay);
    await reviews.service.clock.set(stay.closesAt);
    expect((await reviews.ofUser(stay.guest.id)).data).toHaveLength(1);
    expect(await reviews.ofListing(stay.listingId)).toMatchObject({ rating: null, data: [] });
    const rated = (await reviews.service.published('rating.changed')).filter(
      ({ listingId }) => listingId === stay.listingId,
    );
    expect(rated).toEqual([]);
  });

  test('many at once, by several sweepers: each is published once', async () => {
    const stays: TestStay[] = [];
    for (let n = 0; n < 20; n += 1) {
      const stay = await reviews.givenStay();
      await reviews.givenReview(stay.guest, stay);
      stays.push(stay);
    }
    const last = stays.at(-1);
    if (!last) throw new Error('twenty stays were given');
    const publisher = reviews.service.get(ReviewPublisher);
    await Promise.all([
      reviews.service.clock.set(last.closesAt),
      ...Array.from({ length: 4 }, () => publisher.publishDue()),
    ]);
    for (const stay of stays) {
      expect(await reviews.ofListing(stay.listingId)).toMatchObject({ rating: { count: 1 }, data: [{}] });
    }
    const events = await reviews.service.published('review.published');
    const mine = events.filter(({ bookingId }) => stays.some((stay) => stay.bookingId === bookingId));
    expect(mine).toHaveLength(20);
  });

  test('one that can not be published keeps no other waiting', async () => {
    const broken = await reviews.givenStay();
    await reviews.givenReview(broken.guest, broken);
    const sound = await reviews.givenStay();
    await reviews.givenReview(sound.guest, sound);
    // A rating that has no next version.
    await reviews.service.query(
      `INSERT INTO rating (subject_id, version, count, overall_sum, category_sums, histogram)
       VALUES ($1, 2147483647, 0, 0, '{}', '[0, 0, 0, 0, 0]')`,
      [broken.listingId],
    );
    await reviews.service.clock.set(sound.closesAt);
    expect((await reviews.ofListing(sound.listingId)).data).toHaveLength(1);
    const alone = await reviews.as(broken.guest).get(`/v1/bookings/${broken.bookingId}/reviews`);
    expect(alone.body).toMatchObject({ data: [{ publishedAt: null }] });
    await reviews.service.query('DELETE FROM rating WHERE subject_id = $1', [broken.listingId]);
    await reviews.service.get(ReviewPublisher).publishDue();
    expect((await reviews.ofListing(broken.listingId)).data).toHaveLength(1);
  });
});
