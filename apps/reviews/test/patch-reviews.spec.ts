import { randomUUID } from 'node:crypto';
import { aUser, expectProblem } from '@roost/testing';
import {
  byGuest,
  type ReviewBody,
  type ReviewsUnderTest,
  startReviews,
  type TestStay,
} from './reviews.fixture.js';

describe('PATCH /v1/reviews/{id}', () => {
  let reviews: ReviewsUnderTest;
  let stay: TestStay;
  let review: ReviewBody;
  beforeAll(async () => {
    reviews = await startReviews();
  });
  beforeEach(async () => {
    await reviews.service.clock.set('2027-05-12T16:00:00Z');
    stay = await reviews.givenStay();
    review = await reviews.givenReview(stay.guest, stay);
  });
  afterAll(() => reviews.close());

  const edit = (body: unknown, headers: Record<string, string> = {}, user = stay.guest, id = review.id) =>
    reviews.as(user).patch<ReviewBody>(`/v1/reviews/${id}`, body, headers);

  test('200: until publication, a field or all of them', async () => {
    expect((await edit({ overall: 2 })).body).toEqual({ ...review, overall: 2 });
    const all = byGuest({ overall: 1, text: 'On second thoughts, no.' });
    expect((await edit(all)).body).toEqual({ ...review, ...all });
    await reviews.givenReview(stay.host, stay);
    const { data, rating } = await reviews.ofListing(stay.listingId);
    expect(data).toMatchObject([all]);
    expect(rating).toMatchObject({ mean: 1, count: 1 });
  });

  test('409 once it is published, by the other side or by time', async () => {
    await reviews.givenReview(stay.host, stay);
    expectProblem(await edit({ overall: 1 }), 409, 'review.already_published');
    const alone = await reviews.givenStay();
    const other = await reviews.givenReview(alone.guest, alone);
    await reviews.service.clock.set(alone.closesAt);
    expectProblem(await edit({ overall: 1 }, {}, alone.guest, other.id), 409, 'review.already_published');
  });

  test('412 with a stale If-Match; the ETag is that of the read', async () => {
    const tag = (await reviews.as(stay.guest).get(`/v1/reviews/${review.id}`)).headers.get('etag') ?? '';
    const first = await edit({ overall: 3 }, { 'if-match': tag });
    expect(first.status).toBe(200);
    expectProblem(await edit({ overall: 4 }, { 'if-match': tag }), 412, 'request.precondition_failed');
    const next = await edit({ overall: 4 }, { 'if-match': first.headers.get('etag') ?? '' });
    expect(next).toMatchObject({ status: 200, body: { overall: 4 } });
  });

  test('an edit and a publication at once: what is published is what the answer says', async () => {
    const [edited] = await Promise.all([edit({ overall: 1 }), reviews.givenReview(stay.host, stay)]);
    const { rating } = await reviews.ofListing(stay.listingId);
    if (edited.status === 200) expect(rating).toMatchObject({ mean: 1, histogram: [1, 0, 0, 0, 0] });
    else {
      expectProblem(edited, 409, 'review.already_published');
      expect(rating).toMatchObject({ mean: 5, histogram: [0, 0, 0, 0, 1] });
    }
  });

  test('404 for everybody else, published or not; 401 for nobody; 403 for the suspended', async () => {
    const others = [stay.host, aUser(), reviews.admin];
    for (const user of others) expectProblem(await edit({ overall: 1 }, {}, user), 404, 'review.not_found');
    expectProblem(await edit({ overall: 1 }, {}, stay.guest, randomUUID()), 404, 'review.not_found');
    await reviews.givenReview(stay.host, stay);
    for (const user of others) expectProblem(await edit({ overall: 1 }, {}, user), 404, 'review.not_found');
    const anonymous = await reviews.service.anonymous.patch(`/v1/reviews/${review.id}`, { overall: 1 });
    expectProblem(anonymous, 401, 'auth.missing_token');
    await reviews.suspended(stay.guest);
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
