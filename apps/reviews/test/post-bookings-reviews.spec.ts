import { randomUUID } from 'node:crypto';
import { aUser, expectProblem, type TestUser } from '@roost/testing';
import {
  byGuest,
  byHost,
  CHECK_OUT,
  type ReviewBody,
  type ReviewsUnderTest,
  startReviews,
  type TestStay,
} from './reviews.fixture.js';

describe('POST /v1/bookings/{id}/reviews', () => {
  let reviews: ReviewsUnderTest;
  beforeAll(async () => {
    reviews = await startReviews();
  });
  beforeEach(() => reviews.service.clock.set('2027-05-12T16:00:00Z'));
  afterAll(() => reviews.close());

  test('201: the guest’s, for nobody but the guest', async () => {
    const stay = await reviews.givenStay();
    await reviews.named(stay.guest, 'Ada');
    const answer = await reviews.write(stay.guest, stay, byGuest());
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      id: expect.any(String) as string,
      direction: 'guest_to_listing',
      external: false,
      bookingId: stay.bookingId,
      listingId: stay.listingId,
      subjectId: stay.listingId,
      authorId: stay.guest.id,
      authorName: 'Ada',
      ...byGuest(),
      reply: null,
      writtenAt: expect.stringMatching(/^2027-05-12T16:/) as string,
      publishedAt: null,
      hidden: null,
    });
    const read = await reviews.as(stay.guest).get(`/v1/reviews/${answer.body.id}`);
    expect(read.body).toEqual(answer.body);
    expect(read.headers.get('etag')).toBe(answer.headers.get('etag'));
    expectProblem(await reviews.as(stay.host).get(`/v1/reviews/${answer.body.id}`), 404, 'review.not_found');
    expect(await reviews.ofListing(stay.listingId)).toEqual({ rating: null, data: [], nextCursor: null });
  });

  test.each([
    ['host first', ['host', 'guest']],
    ['guest first', ['guest', 'host']],
  ] as const)('201: the second one publishes both (%s)', async (_, order) => {
    const stay = await reviews.givenStay();
    const first = await reviews.givenReview(stay[order[0]], stay);
    expect(first.publishedAt).toBeNull();
    const second = await reviews.givenReview(stay[order[1]], stay);
    expect(second.publishedAt).toMatch(/^2027-05-12T16:/);
    const { data, rating } = await reviews.ofListing(stay.listingId);
    expect(data.map(({ authorId }) => authorId)).toEqual([stay.guest.id]);
    expect(data[0]).toMatchObject({ ...byGuest(), bookingId: null });
    expect(rating).toEqual({
      mean: 5,
      count: 1,
      categories: byGuest().categories,
      histogram: [0, 0, 0, 0, 1],
    });
    const aboutGuest = await reviews.ofUser(stay.guest.id);
    expect(aboutGuest.data.map(({ authorId }) => authorId)).toEqual([stay.host.id]);
    expect(aboutGuest.rating).toMatchObject({ mean: 4, count: 1, categories: byHost().categories });
    const told = (await reviews.service.published('review.published')).filter(
      (body) => body.bookingId === stay.bookingId,
    );
    expect(told).toHaveLength(2);
    expect(told).toContainEqual({
      reviewId: data[0]?.id,
      bookingId: stay.bookingId,
      listingId: stay.listingId,
      authorId: stay.guest.id,
      subjectId: stay.listingId,
      direction: 'guest_to_listing',
    });
    const ratings = (await reviews.service.published('rating.changed')).filter(
      (body) => body.listingId === stay.listingId,
    );
    expect(ratings).toEqual([
      {
        listingId: stay.listingId,
        count: 1,
        overallSum: 5,
        categorySums: byGuest().categories,
        histogram: [0, 0, 0, 0, 1],
      },
    ]);
  });

  test('both at the same moment: both are published, always', async () => {
    const stays: TestStay[] = [];
    for (let n = 0; n < 10; n += 1) stays.push(await reviews.givenStay());
    const answers = await Promise.all(
      stays.flatMap((stay) => [
        reviews.write(stay.guest, stay, byGuest()),
        reviews.write(stay.host, stay, byHost()),
      ]),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
    for (const stay of stays) {
      expect((await reviews.ofListing(stay.listingId)).data).toHaveLength(1);
      expect((await reviews.ofUser(stay.guest.id)).data).toHaveLength(1);
    }
  });

  test('ten at once by one person are one review', async () => {
    const stay = await reviews.givenStay();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => reviews.write(stay.guest, stay, byGuest())),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    for (const answer of answers.filter(({ status }) => status !== 201)) {
      expectProblem(answer, 409, 'review.already_written');
    }
  });

  test('one idempotency key is one review', async () => {
    const stay = await reviews.givenStay();
    const key = { 'idempotency-key': randomUUID() };
    const first = await reviews.write(stay.guest, stay, byGuest(), key);
    const second = await reviews.write(stay.guest, stay, byGuest(), key);
    expect(second).toMatchObject({ status: 201, body: first.body });
    expect(second.headers.get('idempotent-replayed')).toBe('true');
  });

  test('5,000 characters, counted as people do; lines stay, what surrounds the text goes', async () => {
    const stay = await reviews.givenStay();
    const text = '🏠'.repeat(5_000);
    expect((await reviews.givenReview(stay.guest, stay, { text })).text).toBe(text);
    const answer = await reviews.givenReview(stay.host, stay, { text: '  One.\r\nTwo.\n\t– Three  ' });
    expect(answer.text).toBe('One.\nTwo.\n\t– Three');
  });

  describe('when', () => {
    test('until the last moment of the window, by the clock of the place', async () => {
      const stay = await reviews.givenStay();
      await reviews.service.clock.set('2027-05-26T14:59:30Z');
      await reviews.givenReview(stay.guest, stay);
      await reviews.service.clock.set(stay.closesAt);
      expectProblem(await reviews.write(stay.host, stay, byHost()), 409, 'review.window_closed');
    });

    test('fourteen days over a change of clocks are fourteen days of the place', async () => {
      const stay = await reviews.givenStay({
        checkInDate: '2027-10-29',
        checkOutDate: '2027-10-31',
        checkInAt: '2027-10-29T19:00:00.000Z',
        checkOutAt: '2027-10-31T15:00:00.000Z',
      });
      await reviews.service.clock.set('2027-11-14T15:59:30Z');
      await reviews.givenReview(stay.guest, stay);
      await reviews.service.clock.set('2027-11-14T16:00:00Z');
      expectProblem(await reviews.write(stay.host, stay, byHost()), 409, 'review.window_closed');
    });

    test('a stay that its host cancelled on check-in day', async () => {
      const stay = await reviews.givenBooking();
      await reviews.cancelled(stay, 'host', '2027-05-10T04:00:00Z');
      await reviews.givenReview(stay.guest, stay);
    });

    test.each([
      ['a booking before check-out', null, ''],
      ['one that its host cancelled the evening before', 'host', '2027-05-10T03:59:59Z'],
      ['one that the guest cancelled in stay', 'guest', '2027-05-11T12:00:00Z'],
      ['one that an administrator cancelled in stay', 'admin', '2027-05-11T12:00:00Z'],
    ] as const)('409: not %s', async (_, by, at) => {
      const stay = await reviews.givenBooking();
      if (by) await reviews.cancelled(stay, by, at);
      for (const [user, body] of [
        [stay.guest, byGuest()],
        [stay.host, byHost()],
      ] as const) {
        expectProblem(await reviews.write(user, stay, body), 409, 'review.not_eligible');
      }
    });
  });

  describe('who', () => {
    let stay: TestStay;
    beforeAll(async () => {
      await reviews.service.clock.set('2027-05-12T16:00:00Z');
      stay = await reviews.givenStay();
    });

    test('401 for nobody', async () => {
      const path = `/v1/bookings/${stay.bookingId}/reviews`;
      expectProblem(await reviews.service.anonymous.post(path, byGuest()), 401, 'auth.missing_token');
    });

    test('404 for strangers, other hosts and administrators: as for a booking that there is not', async () => {
      const strangers: TestUser[] = [aUser(), aUser({ roles: ['host'] }), reviews.admin];
      for (const user of strangers) {
        expectProblem(await reviews.write(user, stay, byGuest()), 404, 'booking.not_found');
        const nowhere = { ...stay, bookingId: randomUUID() };
        expectProblem(await reviews.write(user, nowhere, byGuest()), 404, 'booking.not_found');
      }
    });

    test('403 for the suspended', async () => {
      const other = await reviews.givenStay();
      await reviews.suspended(other.guest);
      expectProblem(await reviews.write(other.guest, other, byGuest()), 403, 'account.suspended');
    });

    test('409 for a second one', async () => {
      const other = await reviews.givenStay();
      await reviews.givenReview(other.guest, other);
      expectProblem(await reviews.write(other.guest, other, byGuest()), 409, 'review.already_written');
      await reviews.givenReview(other.host, other);
      expectProblem(await reviews.write(other.guest, other, byGuest()), 409, 'review.already_written');
    });
  });

  describe('400', () => {
    let stay: TestStay;
    beforeAll(async () => {
      stay = await reviews.givenStay();
    });
    const { accuracy: _, ...withoutAccuracy } = byGuest().categories as Record<string, number>;

    test.each<[string, unknown, string]>([
      ['no stars', byGuest({ overall: 0 }), '/overall'],
      ['six stars', byGuest({ overall: 6 }), '/overall'],
      ['half a star', byGuest({ overall: 4.5 }), '/overall'],
      ['stars as text', byGuest({ overall: '5' }), '/overall'],
      ['a category left out', byGuest({ categories: withoutAccuracy }), '/categories/accuracy'],
      [
        'a category of the other side',
        byGuest({ categories: { ...byGuest().categories, rules: 5 } }),
        '/categories/rules',
      ],
      [
        'an unknown category',
        byGuest({ categories: { ...byGuest().categories, charm: 5 } }),
        '/categories/charm',
      ],
      [
        'a category out of range',
        byGuest({ categories: { ...byGuest().categories, value: 9 } }),
        '/categories/value',
      ],
      ['no text', byGuest({ text: ' \n ' }), '/text'],
      ['5,001 characters', byGuest({ text: 'x'.repeat(5_001) }), '/text'],
      ['5,001 houses', byGuest({ text: '🏠'.repeat(5_001) }), '/text'],
      ['a NUL byte', byGuest({ text: 'a\0b' }), '/text'],
      ['an escape sequence', byGuest({ text: '\u001b[2J' }), '/text'],
      ['a publication of its own', byGuest({ publishedAt: CHECK_OUT }), '/publishedAt'],
      ['another author', byGuest({ authorId: randomUUID() }), '/authorId'],
      ['a list', [], ''],
    ])('%s', async (_name, body, pointer) => {
      expectProblem(await reviews.write(stay.guest, stay, body), 400, 'request.invalid', pointer);
    });

    test('a host is asked other things', async () => {
      const answer = await reviews.write(stay.host, stay, byGuest());
      expectProblem(answer, 400, 'request.invalid', '/categories/accuracy');
    });

    test('an id that is none', async () => {
      const answer = await reviews.as(stay.guest).post<ReviewBody>('/v1/bookings/1/reviews', byGuest());
      expectProblem(answer, 400, 'request.invalid', 'bookingId');
    });
  });
});
