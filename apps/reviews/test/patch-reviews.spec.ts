import { randomUUID } from 'node:crypto';
import { testUser, expectProblem } from '@roost/testing';
import {
  guestReview,
  type ReviewBody,
  type ReviewsFixture,
  startReviews,
  type TestStay,
} from './reviews.fixture.js';

describe('PATCH /v1/reviews/{id}', () => {
  let reviews: ReviewsFixture;
  let stay: TestStay;
  let review: ReviewBody;
  beforeAll(async () => {
    reviews = await startReviews();
  });
  beforeEach(async () => {
    await reviews.service.clock.set('2027-05-12T16:00:00Z');
    stay = await reviews.createStay();
    review = await reviews.createReview(stay.guest, stay);
  });
  afterAll(() => reviews.close());

  const edit = (body: unknown, headers: Record<string, string> = {}, user = stay.guest, id = review.id) =>
    reviews.as(user).patch<ReviewBody>(`/v1/reviews/${id}`, body, headers);

  test('200: changes one or all fields before publication', async () => {
    expect((await edit({ overall: 2 })).body).toEqual({ ...review, overall: 2 });
    const allFields = guestReview({ overall: 1, text: 'On second thoughts, no.' });
    expect((await edit(allFields)).body).toEqual({ ...review, ...allFields });
    await reviews.createReview(stay.host, stay);
    const { data, rating } = await reviews.ofListing(stay.listingId);
    expect(data).toMatchObject([allFields]);
    expect(rating).toMatchObject({ mean: 1, count: 1 });
  });

  test('409 after publication by the second review or by the end of the window', async () => {
    await reviews.createReview(stay.host, stay);
    expectProblem(await edit({ overall: 1 }), 409, 'review.already_published');
    const single = await reviews.createStay();
    const other = await reviews.createReview(single.guest, single);
    await reviews.service.clock.set(single.closesAt);
    expectProblem(await edit({ overall: 1 }, {}, single.guest, other.id), 409, 'review.already_published');
  });

  test('412 with a stale If-Match, 200 with the ETag of the last response', async () => {
    const tag = (await reviews.as(stay.guest).get(`/v1/reviews/${review.id}`)).headers.get('etag') ?? '';
    const first = await edit({ overall: 3 }, { 'if-match': tag });
    expect(first.status).toBe(200);
    expectProblem(await edit({ overall: 4 }, { 'if-match': tag }), 412, 'request.precondition_failed');
    const next = await edit({ overall: 4 }, { 'if-match': first.headers.get('etag') ?? '' });
    expect(next).toMatchObject({ status: 200, body: { overall: 4 } });
  });

  test('publishes the edited review if a concurrent edit succeeds', async () => {
    const [edited] = await Promise.all([edit({ overall: 1 }), reviews.createReview(stay.host, stay)]);
    const { rating } = await reviews.ofListing(stay.listingId);
    if (edited.status === 200) expect(rating).toMatchObject({ mean: 1, histogram: [1, 0, 0, 0, 0] });
    else {
      expectProblem(edited, 409, 'review.already_published');
      expect(rating).toMatchObject({ mean: 5, histogram: [0, 0, 0, 0, 1] });
    }
  });

  test('404 for everyone except the author, 401 for anonymous requests, 403 for suspended users', async () => {
    const others = [stay.host, testUser(), reviews.admin];
    for (const user of others) expectProblem(await edit({ overall: 1 }, {}, user), 404, 'review.not_found');
    expectProblem(await edit({ overall: 1 }, {}, stay.guest, randomUUID()), 404, 'review.not_found');
    await reviews.createReview(stay.host, stay);
    for (const user of others) expectProblem(await edit({ overall: 1 }, {}, user), 404, 'review.not_found');
    const anonymous = await reviews.service.anonymous.patch(`/v1/reviews/${review.id}`, { overall: 1 });
    expectProblem(anonymous, 401, 'auth.missing_token');
    await reviews.suspend(stay.guest);
    expectProblem(await edit({ overall: 1 }), 403, 'account.suspended');
  });

  test.each<[unknown, string]>([
    [{ overall: 0 }, '/overall'],
    [{ text: '' }, '/text'],
    [{ categories: { rules: 5 } }, '/categories/accuracy'],
    [{ bookingId: randomUUID() }, '/bookingId'],
    [{ publishedAt: null }, '/publishedAt'],
  ])('400: %j', async (body, pointer) => {
    expectProblem(await edit(body), 400, 'request.invalid', pointer);
  });
});
