import { randomUUID } from 'node:crypto';
import { testUser, expectProblem, type TestUser } from '@roost/testing';
import { type ReviewBody, type ReviewsFixture, startReviews } from './reviews.fixture.js';

describe('POST /v1/reviews/{id}/reply', () => {
  let reviews: ReviewsFixture;
  beforeAll(async () => {
    reviews = await startReviews();
  });
  beforeEach(() => reviews.service.clock.set('2027-05-12T16:00:00Z'));
  afterAll(() => reviews.close());

  const reply = (user: TestUser, id: string, text: unknown = 'Come again!') =>
    reviews.as(user).post<ReviewBody>(`/v1/reviews/${id}/reply`, { text });

  test('201: the host replies to the review of the listing, the guest to the review of the guest, publicly', async () => {
    const { stay, ofListing, ofGuest } = await reviews.createPublished();
    const response = await reply(stay.host, ofListing.id);
    expect(response).toMatchObject({
      status: 201,
      body: {
        id: ofListing.id,
        reply: { text: 'Come again!', writtenAt: expect.stringMatching(/^2027-05-12/) as string },
      },
    });
    expect((await reply(stay.guest, ofGuest.id)).status).toBe(201);
    expect((await reviews.ofListing(stay.listingId)).data[0]?.reply).toEqual(response.body.reply);
    const events = (await reviews.service.published('review.replied')).filter(
      ({ bookingId }) => bookingId === stay.bookingId,
    );
    expect(events.map(({ reviewId }) => reviewId).sort()).toEqual([ofListing.id, ofGuest.id].sort());
    expect(JSON.stringify(events)).not.toContain('Come again');
  });

  test('409: accepts only one reply', async () => {
    const { stay, ofListing } = await reviews.createPublished();
    const responses = await Promise.all([1, 2, 3].map((n) => reply(stay.host, ofListing.id, `Reply ${n}`)));
    expect(responses.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    expectProblem(await reply(stay.host, ofListing.id), 409, 'review.already_replied');
  });

  test('accepts replies within thirty days of publication', async () => {
    const { stay, ofListing, ofGuest } = await reviews.createPublished();
    const published = Date.parse(ofListing.publishedAt ?? '');
    const after = (seconds: number) => new Date(published + (30 * 86_400 + seconds) * 1000);
    await reviews.service.clock.set(after(-30));
    expect((await reply(stay.host, ofListing.id)).status).toBe(201);
    await reviews.service.clock.set(after(0));
    expectProblem(await reply(stay.guest, ofGuest.id), 409, 'review.reply_window_closed');
  });

  test('404 for everyone except the recipient, before publication, and while the review is hidden', async () => {
    const stay = await reviews.createStay();
    const review = await reviews.createReview(stay.guest, stay);
    for (const user of [stay.guest, stay.host])
      expectProblem(await reply(user, review.id), 404, 'review.not_found');
    await reviews.createReview(stay.host, stay);
    for (const user of [stay.guest, testUser(), testUser({ roles: ['host'] }), reviews.admin]) {
      expectProblem(await reply(user, review.id), 404, 'review.not_found');
    }
    expectProblem(await reply(stay.host, randomUUID()), 404, 'review.not_found');
    await reviews.as(reviews.admin).post(`/v1/admin/reviews/${review.id}/hide`, { reason: 'Names a child' });
    expectProblem(await reply(stay.host, review.id), 404, 'review.not_found');
  });

  test('401 for anonymous requests, 403 for suspended users', async () => {
    const { stay, ofListing } = await reviews.createPublished();
    const anonymous = await reviews.service.anonymous.post(`/v1/reviews/${ofListing.id}/reply`, {
      text: 'x',
    });
    expectProblem(anonymous, 401, 'auth.missing_token');
    await reviews.suspend(stay.host);
    expectProblem(await reply(stay.host, ofListing.id), 403, 'account.suspended');
  });

  test.each([
    ['', '/text'],
    [' ', '/text'],
    ['x'.repeat(5_001), '/text'],
    [null, '/text'],
    [7, '/text'],
    ['\u200b\u2060\u3164', '/text'],
  ])('400: %j', async (text, pointer) => {
    const { stay, ofListing } = await reviews.createPublished();
    expectProblem(await reply(stay.host, ofListing.id, text), 400, 'request.invalid', pointer);
  });
});
