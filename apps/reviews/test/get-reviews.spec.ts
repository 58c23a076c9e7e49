import { randomUUID } from 'node:crypto';
import { aUser, expectProblem } from '@roost/testing';
import { type ReviewBody, type ReviewList, type ReviewsUnderTest, startReviews } from './reviews.fixture.js';

describe('reading reviews', () => {
  let reviews: ReviewsUnderTest;
  beforeAll(async () => {
    reviews = await startReviews();
  });
  beforeEach(() => reviews.service.clock.set('2027-05-12T16:00:00Z'));
  afterAll(() => reviews.close());

  const ids = (list: ReviewList) => list.data.map(({ id }) => id);

  describe('GET /v1/listings/{id}/reviews', () => {
    test('newest first, page by page, without gap or repetition, with the rating of all of them', async () => {
      const host = aUser({ roles: ['host'] });
      const listingId = randomUUID();
      const expected: string[] = [];
      for (const overall of [5, 4, 3, 5, 1]) {
        const { ofListing } = await reviews.givenPublished({ host, listingId, guestWrites: { overall } });
        expected.unshift(ofListing.id);
        await reviews.service.clock.advance('PT1M');
      }
      const seen: string[] = [];
      let cursor: string | null = null;
      let pages = 0;
      do {
        const list: ReviewList = await reviews.ofListing(
          listingId,
          `?limit=2${cursor ? `&cursor=${cursor}` : ''}`,
        );
        expect(list.rating).toEqual({
          mean: 3.6,
          count: 5,
          categories: { accuracy: 4, checkIn: 4, cleanliness: 4, communication: 4, location: 4, value: 4 },
          histogram: [1, 0, 1, 1, 2],
        });
        seen.push(...ids(list));
        cursor = list.nextCursor;
        pages += 1;
      } while (cursor);
      expect(pages).toBe(3);
      expect(seen).toEqual(expected);
    });

    test('of one moment, too', async () => {
      const listingId = randomUUID();
      const rows = Array.from({ length: 5 }, (_, n) => ({
        externalId: `same-day-${n}`,
        listingId,
        authorName: 'Zoë',
        text: `Text ${n}`,
        writtenAt: '2024-02-29',
      }));
      await reviews.as(reviews.admin).post('/v1/admin/imports/reviews', { source: 'pages', rows });
      const seen: string[] = [];
      let cursor: string | null = null;
      do {
        const list: ReviewList = await reviews.ofListing(
          listingId,
          `?limit=2${cursor ? `&cursor=${cursor}` : ''}`,
        );
        seen.push(...ids(list));
        cursor = list.nextCursor;
      } while (cursor);
      expect(new Set(seen).size).toBe(5);
      expect(seen).toHaveLength(5);
    });

    test('authors by the names they have now; the erased have none', async () => {
      const { stay } = await reviews.givenPublished();
      await reviews.named(stay.guest, 'Ada', 1);
      await reviews.named(stay.guest, 'Ada L.', 3);
      await reviews.named(stay.guest, 'Somebody else, late', 2);
      const author = async () => {
        const [review] = (await reviews.ofListing(stay.listingId)).data;
        expect(review?.authorId).toBe(stay.guest.id);
        return review?.authorName;
      };
      expect(await author()).toBe('Ada L.');
      await reviews.service.deliver(
        'user.erased',
        {
          userId: stay.guest.id,
          displayName: 'Ada L.',
          locale: 'en',
          roles: ['guest'],
          emailVerified: true,
          status: 'erased',
        },
        { version: 4 },
      );
      expect(await author()).toBeNull();
    });

    test('an id in capitals is the same id', async () => {
      const { stay } = await reviews.givenPublished();
      expect(await reviews.ofListing(stay.listingId.toUpperCase())).toEqual(
        await reviews.ofListing(stay.listingId),
      );
      expect((await reviews.ofListing(stay.listingId.toUpperCase())).rating).not.toBeNull();
    });

    test('a listing that nobody has reviewed, or nobody knows', async () => {
      expect(await reviews.ofListing(randomUUID())).toEqual({ rating: null, data: [], nextCursor: null });
    });

    test.each([
      ['?limit=0', 'limit'],
      ['?limit=101', 'limit'],
      ['?cursor=nonsense', 'cursor'],
      ['?cursor=WyJ4IiwieSJd', 'cursor'],
      ['?offset=3', 'offset'],
    ])('400: %s', async (query, parameter) => {
      const answer = await reviews.service.anonymous.get(`/v1/listings/${randomUUID()}/reviews${query}`);
      expectProblem(answer, 400, 'request.invalid', parameter);
    });
  });

  describe('GET /v1/users/{id}/reviews', () => {
    test('what others say of a person, as a guest and as a host', async () => {
      const person = aUser({ roles: ['host'] });
      const hosted = await reviews.givenPublished({ host: person });
      await reviews.service.clock.advance('PT1M');
      const visited = await reviews.givenPublished({ guest: person });
      expect(ids(await reviews.ofUser(person.id))).toEqual([visited.ofGuest.id, hosted.ofListing.id]);
      expect(ids(await reviews.ofUser(person.id, '?direction=host_to_guest'))).toEqual([visited.ofGuest.id]);
      expect(ids(await reviews.ofUser(person.id, '?direction=guest_to_listing'))).toEqual([
        hosted.ofListing.id,
      ]);
      expect((await reviews.ofUser(person.id)).rating).toEqual({
        mean: 4,
        count: 1,
        categories: { cleanliness: 5, communication: 5, rules: 5 },
        histogram: [0, 0, 0, 1, 0],
      });
    });

    test('400 for another direction', async () => {
      const answer = await reviews.service.anonymous.get(`/v1/users/${randomUUID()}/reviews?direction=up`);
      expectProblem(answer, 400, 'request.invalid', 'direction');
    });
  });

  describe('GET /v1/reviews/{id}', () => {
    test('anybody reads the published; the booking is for its two sides', async () => {
      const { stay, ofListing } = await reviews.givenPublished();
      const path = `/v1/reviews/${ofListing.id}`;
      const stranger = await reviews.service.anonymous.get<ReviewBody>(path);
      expect(stranger).toMatchObject({ status: 200, body: { id: ofListing.id, bookingId: null } });
      expect((await reviews.as(aUser()).get(path)).body).toEqual(stranger.body);
      for (const user of [stay.guest, stay.host, reviews.admin]) {
        expect((await reviews.as(user).get(path)).body).toEqual({
          ...stranger.body,
          bookingId: stay.bookingId,
        });
      }
      const tag = stranger.headers.get('etag') ?? '';
      expect((await reviews.service.anonymous.get(path, { 'if-none-match': tag })).status).toBe(304);
    });

    test('404 for what there is not; 400 for what is no id', async () => {
      const { anonymous } = reviews.service;
      expectProblem(await anonymous.get(`/v1/reviews/${randomUUID()}`), 404, 'review.not_found');
      expectProblem(await anonymous.get('/v1/reviews/1'), 400, 'request.invalid', 'id');
    });
  });

  describe('GET /v1/bookings/{id}/reviews', () => {
    test('each side sees its own, and both once they are published', async () => {
      const stay = await reviews.givenStay();
      const path = `/v1/bookings/${stay.bookingId}/reviews`;
      const listOf = async (user = stay.guest) => (await reviews.as(user).get<ReviewList>(path)).body.data;
      const mine = await reviews.givenReview(stay.guest, stay);
      expect(await listOf()).toEqual([mine]);
      expect(await listOf(stay.host)).toEqual([]);
      expect(await listOf(reviews.admin)).toEqual([]);
      await reviews.givenReview(stay.host, stay);
      for (const user of [stay.guest, stay.host, reviews.admin]) {
        expect((await listOf(user)).map(({ direction }) => direction)).toEqual([
          'guest_to_listing',
          'host_to_guest',
        ]);
      }
    });

    test('404 for strangers and unknown bookings, 401 for nobody', async () => {
      const { stay } = await reviews.givenPublished();
      const path = `/v1/bookings/${stay.bookingId}/reviews`;
      expectProblem(await reviews.as(aUser()).get(path), 404, 'booking.not_found');
      const unknown = `/v1/bookings/${randomUUID()}/reviews`;
      expectProblem(await reviews.as(stay.guest).get(unknown), 404, 'booking.not_found');
      expectProblem(await reviews.service.anonymous.get(path), 401, 'auth.missing_token');
    });
  });

  describe('GET /v1/me/reviews/pending', () => {
    interface Pending {
      data: { bookingId: string; direction: string; closesAt: string }[];
      nextCursor: string | null;
    }
    const pending = async (user: ReturnType<typeof aUser>, query = '') =>
      (await reviews.as(user).get<Pending>(`/v1/me/reviews/pending${query}`)).body;

    test('the soonest to close first, on both sides, until written or closed', async () => {
      const me = aUser({ roles: ['host'] });
      const late = { checkOutDate: '2027-05-11', checkOutAt: '2027-05-11T15:00:00.000Z' };
      const asGuest = await reviews.givenStay({ guest: me });
      const asHost = await reviews.givenStay({ host: me, ...late });
      await reviews.givenBooking({ guest: me });
      const { data, nextCursor } = await pending(me);
      expect(data).toEqual([
        {
          bookingId: asHost.bookingId,
          listingId: asHost.listingId,
          hostId: me.id,
          guestId: asHost.guest.id,
          direction: 'host_to_guest',
          checkInDate: '2027-05-10',
          checkOutDate: '2027-05-11',
          closesAt: '2027-05-25T15:00:00.000Z',
        },
        expect.objectContaining({ bookingId: asGuest.bookingId, direction: 'guest_to_listing' }),
      ]);
      expect(nextCursor).toBeNull();
      const first = await pending(me, '?limit=1');
      expect(first.data).toEqual(data.slice(0, 1));
      expect(await pending(me, `?limit=1&cursor=${first.nextCursor}`)).toEqual({
        data: data.slice(1),
        nextCursor: null,
      });
      await reviews.givenReview(me, asGuest);
      expect((await pending(me)).data).toEqual(data.slice(0, 1));
      await reviews.service.clock.set('2027-05-25T15:00:00Z');
      expect((await pending(me)).data).toEqual([]);
    });

    test('401 for nobody', async () => {
      expectProblem(await reviews.service.anonymous.get('/v1/me/reviews/pending'), 401, 'auth.missing_token');
    });
  });
});
