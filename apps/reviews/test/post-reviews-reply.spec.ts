import { randomUUID } from 'node:crypto';
import { aUser, expectProblem, type TestUser } from '@roost/testing';
import { type ReviewBody, type ReviewsUnderTest, startReviews } from './reviews.fixture.js';

describe('POST /v1/reviews/{id}/reply', () => {
  let reviews: ReviewsUnderTest;
  beforeAll(async () => {
    reviews = await startReviews();
  });
  beforeEach(() => reviews.service.clock.set('2027-05-12T16:00:00Z'));
  afterAll(() => reviews.close());

  const reply = (user: TestUser, id: string, text: unknown = 'Come again!') =>
    reviews.as(user).post<ReviewBody>(`/v1/reviews/${id}/reply`, { text });

  test('201: the host to what is said of the listing, the guest to what is said of them; everybody reads it', async () => {
    const { stay, ofListing, ofGuest } = await reviews.givenPublished();
    const answer = await reply(stay.host, ofListing.id);
    expect(answer).toMatchObject({
      status: 201,
      body: {
        id: ofListing.id,
        reply: { text: 'Come again!', writtenAt: expect.stringMatching(/^2027-05-12/) as string },
      },
    });
    expect((await reply(stay.guest, ofGuest.id)).status).toBe(201);
    expect((await reviews.ofListing(stay.listingId)).data[0]?.reply).toEqual(answer.body.reply);
    const told = (await reviews.service.published('review.replied')).filter(
      ({ bookingId }) => bookingId === stay.bookingId,
    );
    expect(told.map(({ reviewId }) => reviewId).sort()).toEqual([ofListing.id, ofGuest.id].sort());
    expect(JSON.stringify(told)).not.toContain('Come again');
  });

  test('409: once is all', async () => {
    const { stay, ofListing } = await reviews.givenPublished();
    const answers = await Promise.all([1, 2, 3].map((n) => reply(stay.host, ofListing.id, `Reply ${n}`)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    expectProblem(await reply(stay.host, ofListing.id), 409, 'review.already_replied');
  });

  test('within thirty days of the publication', async () => {
    const { stay, ofListing, ofGuest } = await reviews.givenPublished();
    const published = Date.parse(ofListing.publishedAt ?? '');
    const after = (seconds: number) => new Date(published + (30 * 86_400 + seconds) * 1000);
    await reviews.service.clock.set(after(-30));
    expect((await reply(stay.host, ofListing.id)).status).toBe(201);
    await reviews.service.clock.set(after(0));
    expectProblem(await reply(stay.guest, ofGuest.id), 409, 'review.reply_window_closed');
  });

  test('404 for everybody else, before publication and while it is hidden', async () => {
    const stay = await reviews.givenStay();
    const mine = await reviews.givenReview(stay.guest, stay);
    for (const user of [stay.guest, stay.host])
      expectProblem(await reply(user, mine.id), 404, 'review.not_found');
    await reviews.givenReview(stay.host, stay);
    for (const user of [stay.guest, aUser(), aUser({ roles: ['host'] }), reviews.admin]) {
      expectProblem(await reply(user, mine.id), 404, 'review.not_found');
    }
    expectProblem(await reply(stay.host, randomUUID()), 404, 'review.not_found');
    await reviews.as(reviews.admin).post(`/v1/admin/reviews/${mine.id}/hide`, { reason: 'Names a child' });
    expectProblem(await reply(stay.host, mine.id), 404, 'review.not_found');
  });

  test('401 for nobody, 403 for the suspended', async () => {
    const { stay, ofListing } = await reviews.givenPublished();
    const anonymous = await reviews.service.anonymous.post(`/v1/reviews/${ofListing.id}/reply`, {
      text: 'x',
    });
    expectProblem(anonymous, 401, 'auth.missing_token');
    await reviews.suspended(stay.host);
    expectProblem(await reply(stay.host, ofListing.id), 403, 'account.suspended');
  });

  test.each([
    ['', '/text'],
    [' ', '/text'],
    ['x'.repeat(5_001), '/text'],
    [null, '/text'],
    [7, '/text'],
  ])('400: %j', async (text, pointer) => {
    const { stay, ofListing } = await reviews.givenPublished();
    expectProblem(await reply(stay.host, ofListing.id, text), 400, 'request.invalid', pointer);
  });
});
