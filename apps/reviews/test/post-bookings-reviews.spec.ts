import { randomUUID } from 'node:crypto';
import { testUser, expectProblem, type TestUser } from '@roost/testing';
import {
  guestReview,
  hostReview,
  CHECK_OUT,
  type ReviewBody,
  type ReviewsFixture,
  startReviews,
  type TestStay,
} from './reviews.fixture.js';

const HTML = '<script>alert(1)</script> <b>bold</b> & <img src=x onerror=alert(1)>';

describe('POST /v1/bookings/{id}/reviews', () => {
  let reviews: ReviewsFixture;
  beforeAll(async () => {
    reviews = await startReviews();
  });
  beforeEach(() => reviews.service.clock.set('2027-05-12T16:00:00Z'));
  afterAll(() => reviews.close());

  test('201: stores the review of the guest, visible only to the guest', async () => {
    const stay = await reviews.createStay();
    await reviews.setDisplayName(stay.guest, 'Ada');
    const response = await reviews.write(stay.guest, stay, guestReview());
    expect(response.status).toBe(201);
    expect(response.body).toEqual({
      id: expect.any(String) as string,
      direction: 'guest_to_listing',
      external: false,
      bookingId: stay.bookingId,
      listingId: stay.listingId,
      subjectId: stay.listingId,
      authorId: stay.guest.id,
      authorName: 'Ada',
      ...guestReview(),
      reply: null,
      writtenAt: expect.stringMatching(/^2027-05-12T16:/) as string,
      publishedAt: null,
      hidden: null,
    });
    const read = await reviews.as(stay.guest).get(`/v1/reviews/${response.body.id}`);
    expect(read.body).toEqual(response.body);
    expect(read.headers.get('etag')).toBe(response.headers.get('etag'));
    expectProblem(
      await reviews.as(stay.host).get(`/v1/reviews/${response.body.id}`),
      404,
      'review.not_found',
    );
    expect(await reviews.ofListing(stay.listingId)).toEqual({
      rating: null,
      externalCount: 0,
      data: [],
      nextCursor: null,
    });
  });

  test.each([
    ['host first', ['host', 'guest']],
    ['guest first', ['guest', 'host']],
  ] as const)('201: the second review publishes both (%s)', async (_, order) => {
    const stay = await reviews.createStay();
    const first = await reviews.createReview(stay[order[0]], stay);
    expect(first.publishedAt).toBeNull();
    const second = await reviews.createReview(stay[order[1]], stay);
    expect(second.publishedAt).toMatch(/^2027-05-12T16:/);
    const { data, rating } = await reviews.ofListing(stay.listingId);
    expect(data.map(({ authorId }) => authorId)).toEqual([stay.guest.id]);
    expect(data[0]).toMatchObject({ ...guestReview(), bookingId: null });
    expect(rating).toEqual({
      mean: 5,
      count: 1,
      categories: guestReview().categories,
      histogram: [0, 0, 0, 0, 1],
    });
    const aboutGuest = await reviews.ofUser(stay.guest.id);
    expect(aboutGuest.data.map(({ authorId }) => authorId)).toEqual([stay.host.id]);
    expect(aboutGuest.rating).toMatchObject({ mean: 4, count: 1, categories: hostReview().categories });
    const events = (await reviews.service.published('review.published')).filter(
      (body) => body.bookingId === stay.bookingId,
    );
    expect(events).toHaveLength(2);
    expect(events).toContainEqual({
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
        categorySums: guestReview().categories,
        histogram: [0, 0, 0, 0, 1],
      },
    ]);
  });

  test('publishes both reviews when both sides write at the same time', async () => {
    const stays: TestStay[] = [];
    for (let n = 0; n < 10; n += 1) stays.push(await reviews.createStay());
    const responses = await Promise.all(
      stays.flatMap((stay) => [
        reviews.write(stay.guest, stay, guestReview()),
        reviews.write(stay.host, stay, hostReview()),
      ]),
    );
    expect(responses.map(({ status }) => status)).toEqual(responses.map(() => 201));
    for (const stay of stays) {
      expect((await reviews.ofListing(stay.listingId)).data).toHaveLength(1);
      expect((await reviews.ofUser(stay.guest.id)).data).toHaveLength(1);
    }
  });

  test('stores one review for ten concurrent requests by one user', async () => {
    const stay = await reviews.createStay();
    const responses = await Promise.all(
      Array.from({ length: 10 }, () => reviews.write(stay.guest, stay, guestReview())),
    );
    expect(responses.filter(({ status }) => status === 201)).toHaveLength(1);
    for (const response of responses.filter(({ status }) => status !== 201)) {
      expectProblem(response, 409, 'review.already_written');
    }
  });

  test('stores one review per idempotency key', async () => {
    const stay = await reviews.createStay();
    const key = { 'idempotency-key': randomUUID() };
    const first = await reviews.write(stay.guest, stay, guestReview(), key);
    const second = await reviews.write(stay.guest, stay, guestReview(), key);
    expect(second).toMatchObject({ status: 201, body: first.body });
    expect(second.headers.get('idempotent-replayed')).toBe('true');
  });

  test('accepts 5,000 code points, keeps lines and trims the text', async () => {
    const stay = await reviews.createStay();
    const text = '🏠'.repeat(5_000);
    expect((await reviews.createReview(stay.guest, stay, { text })).text).toBe(text);
    const response = await reviews.createReview(stay.host, stay, { text: '  One.\r\nTwo.\n\t– Three  ' });
    expect(response.text).toBe('One.\nTwo.\n\t– Three');
  });

  test('accepts HTML as text, which readers get as it was written', async () => {
    const { ofListing, stay } = await reviews.createPublished({ guestInput: { text: HTML } });
    expect(ofListing.text).toBe(HTML);
    const response = await reviews.service.anonymous.get(`/v1/listings/${stay.listingId}/reviews`);
    expect(response.body).toMatchObject({ data: [{ text: HTML }] });
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  });

  describe('review window', () => {
    test('accepts reviews until the end of the window in the time zone of the listing', async () => {
      const stay = await reviews.createStay();
      await reviews.service.clock.set('2027-05-26T14:59:30Z');
      await reviews.createReview(stay.guest, stay);
      await reviews.service.clock.set(stay.closesAt);
      expectProblem(await reviews.write(stay.host, stay, hostReview()), 409, 'review.window_closed');
    });

    test('counts local days across a clock change', async () => {
      const stay = await reviews.createStay({
        checkInDate: '2027-10-29',
        checkOutDate: '2027-10-31',
        checkInAt: '2027-10-29T19:00:00.000Z',
        checkOutAt: '2027-10-31T15:00:00.000Z',
      });
      await reviews.service.clock.set('2027-11-14T15:59:30Z');
      await reviews.createReview(stay.guest, stay);
      await reviews.service.clock.set('2027-11-14T16:00:00Z');
      expectProblem(await reviews.write(stay.host, stay, hostReview()), 409, 'review.window_closed');
    });

    test('accepts reviews of a stay that its host cancelled on the check-in date', async () => {
      const stay = await reviews.createBooking();
      await reviews.cancel(stay, 'host', '2027-05-10T04:00:00Z');
      await reviews.createReview(stay.guest, stay);
    });

    test.each([
      ['a booking before check-out', null, ''],
      ['a stay that its host cancelled the evening before', 'host', '2027-05-10T03:59:59Z'],
      ['a stay that the guest cancelled after check-in', 'guest', '2027-05-11T12:00:00Z'],
      ['a stay that an administrator cancelled after check-in', 'admin', '2027-05-11T12:00:00Z'],
    ] as const)('409 for %s', async (_, by, at) => {
      const stay = await reviews.createBooking();
      if (by) await reviews.cancel(stay, by, at);
      for (const [user, body] of [
        [stay.guest, guestReview()],
        [stay.host, hostReview()],
      ] as const) {
        expectProblem(await reviews.write(user, stay, body), 409, 'review.not_eligible');
      }
    });
  });

  describe('authors', () => {
    let stay: TestStay;
    beforeAll(async () => {
      await reviews.service.clock.set('2027-05-12T16:00:00Z');
      stay = await reviews.createStay();
    });

    test('401 for anonymous requests', async () => {
      const path = `/v1/bookings/${stay.bookingId}/reviews`;
      expectProblem(await reviews.service.anonymous.post(path, guestReview()), 401, 'auth.missing_token');
    });

    test('404 for other users, other hosts and administrators, as for an unknown booking', async () => {
      const otherUsers: TestUser[] = [testUser(), testUser({ roles: ['host'] }), reviews.admin];
      for (const user of otherUsers) {
        expectProblem(await reviews.write(user, stay, guestReview()), 404, 'booking.not_found');
        const unknownBooking = { ...stay, bookingId: randomUUID() };
        expectProblem(await reviews.write(user, unknownBooking, guestReview()), 404, 'booking.not_found');
      }
    });

    test('403 for suspended users', async () => {
      const other = await reviews.createStay();
      await reviews.suspend(other.guest);
      expectProblem(await reviews.write(other.guest, other, guestReview()), 403, 'account.suspended');
    });

    test('409 for a second review by the same user', async () => {
      const other = await reviews.createStay();
      await reviews.createReview(other.guest, other);
      expectProblem(await reviews.write(other.guest, other, guestReview()), 409, 'review.already_written');
      await reviews.createReview(other.host, other);
      expectProblem(await reviews.write(other.guest, other, guestReview()), 409, 'review.already_written');
    });
  });

  describe('400', () => {
    let stay: TestStay;
    beforeAll(async () => {
      stay = await reviews.createStay();
    });
    const { accuracy: _, ...withoutAccuracy } = guestReview().categories as Record<string, number>;

    test.each<[string, unknown, string]>([
      ['zero stars', guestReview({ overall: 0 }), '/overall'],
      ['six stars', guestReview({ overall: 6 }), '/overall'],
      ['a fractional number of stars', guestReview({ overall: 4.5 }), '/overall'],
      ['stars as text', guestReview({ overall: '5' }), '/overall'],
      ['a missing category', guestReview({ categories: withoutAccuracy }), '/categories/accuracy'],
      [
        'a category of the other side',
        guestReview({ categories: { ...guestReview().categories, rules: 5 } }),
        '/categories/rules',
      ],
      [
        'an unknown category',
        guestReview({ categories: { ...guestReview().categories, charm: 5 } }),
        '/categories/charm',
      ],
      [
        'a category out of range',
        guestReview({ categories: { ...guestReview().categories, value: 9 } }),
        '/categories/value',
      ],
      ['an empty text', guestReview({ text: ' \n ' }), '/text'],
      ['invisible characters', guestReview({ text: '\u200b\u2060\u3164' }), '/text'],
      ['5,001 characters', guestReview({ text: 'x'.repeat(5_001) }), '/text'],
      ['5,001 emoji', guestReview({ text: '🏠'.repeat(5_001) }), '/text'],
      ['a NUL byte', guestReview({ text: 'a\0b' }), '/text'],
      ['an escape sequence', guestReview({ text: '\u001b[2J' }), '/text'],
      ['a publication time', guestReview({ publishedAt: CHECK_OUT }), '/publishedAt'],
      ['another author', guestReview({ authorId: randomUUID() }), '/authorId'],
      ['an array', [], ''],
    ])('rejects %s', async (_name, body, pointer) => {
      expectProblem(await reviews.write(stay.guest, stay, body), 400, 'request.invalid', pointer);
    });

    test('rejects the categories of the other side', async () => {
      const response = await reviews.write(stay.host, stay, guestReview());
      expectProblem(response, 400, 'request.invalid', '/categories/accuracy');
    });

    test('rejects an invalid id', async () => {
      const response = await reviews.as(stay.guest).post<ReviewBody>('/v1/bookings/1/reviews', guestReview());
      expectProblem(response, 400, 'request.invalid', 'bookingId');
    });
  });
});
