import { randomUUID } from 'node:crypto';
import { expectProblem, golden, type TestUser, testUser } from '@roost/testing';
import { type ReviewBody, type ReviewList, type ReviewsFixture, startReviews } from './reviews.fixture.js';

describe('reading reviews', () => {
  let reviews: ReviewsFixture;
  beforeAll(async () => {
    reviews = await startReviews();
  });
  beforeEach(() => reviews.service.clock.set('2027-05-12T16:00:00Z'));
  afterAll(() => reviews.close());

  const ids = (list: ReviewList) => list.data.map(({ id }) => id);

  describe('GET /v1/listings/{id}/reviews', () => {
    test('lists reviews newest first, each once over all pages, with the rating of all reviews', async () => {
      const host = testUser({ roles: ['host'] });
      const listingId = randomUUID();
      const expected: string[] = [];
      for (const overall of [5, 4, 3, 5, 1]) {
        const { ofListing } = await reviews.createPublished({ host, listingId, guestInput: { overall } });
        expected.unshift(ofListing.id);
        await reviews.service.clock.advance('PT1M');
      }
      const paged: string[] = [];
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
        paged.push(...ids(list));
        cursor = list.nextCursor;
        pages += 1;
      } while (cursor);
      expect(pages).toBe(3);
      expect(paged).toEqual(expected);
    });

    test('lists each review once when they have equal times', async () => {
      const listingId = randomUUID();
      const rows = Array.from({ length: 5 }, (_, n) => ({
        externalId: `same-day-${n}`,
        listingId,
        authorName: 'Zoë',
        text: `Text ${n}`,
        writtenAt: '2024-02-29',
      }));
      await reviews.as(reviews.admin).post('/v1/admin/imports/reviews', { source: 'pages', rows });
      const paged: string[] = [];
      let cursor: string | null = null;
      do {
        const list: ReviewList = await reviews.ofListing(
          listingId,
          `?limit=2${cursor ? `&cursor=${cursor}` : ''}`,
        );
        paged.push(...ids(list));
        cursor = list.nextCursor;
      } while (cursor);
      expect(new Set(paged).size).toBe(5);
      expect(paged).toHaveLength(5);
    });

    describe('with external reviews', () => {
      let listingId: string;
      let external: string[];
      /** The ids of reviews with 5, 4, 5, 1 and 4 stars, from the oldest to the newest. */
      let own: string[];
      beforeAll(async () => {
        await reviews.service.clock.set('2027-05-12T16:00:00Z');
        const host = testUser({ roles: ['host'] });
        listingId = await reviews.createListing(host);
        external = await reviews.importExternal(listingId, 3);
        own = [];
        for (const overall of [5, 4, 5, 1, 4]) {
          own.push(
            (await reviews.createPublished({ host, listingId, guestInput: { overall } })).ofListing.id,
          );
          await reviews.service.clock.advance('PT1M');
        }
      });

      const at = (...indexes: number[]) => indexes.map((index) => own[index]);
      const pagesOf = async (query: string) => {
        const found: string[] = [];
        let cursor: string | null = null;
        do {
          const list: ReviewList = await reviews.ofListing(
            listingId,
            `?limit=2&${query}${cursor ? `&cursor=${cursor}` : ''}`,
          );
          found.push(...ids(list));
          cursor = list.nextCursor;
        } while (cursor);
        return found;
      };

      test.each<[string, () => (string | undefined)[]]>([
        ['sort=newest', () => [...at(4, 3, 2, 1, 0), ...external]],
        ['sort=highest_rating', () => at(2, 0, 4, 1, 3)],
        ['sort=lowest_rating', () => at(3, 4, 1, 2, 0)],
        ['overall=4', () => at(4, 1)],
        ['overall=4&sort=lowest_rating', () => at(4, 1)],
        ['overall=2', () => []],
        ['external=true', () => external],
        ['external=false', () => at(4, 3, 2, 1, 0)],
        ['external=true&sort=highest_rating', () => []],
      ])('lists over all pages: %s', async (query, expected) => {
        expect(await pagesOf(query)).toEqual(expected());
      });

      test('counts external reviews apart, and no hidden ones', async () => {
        const { rating, externalCount } = await reviews.ofListing(listingId, '?external=true');
        expect(rating).toMatchObject({ count: 5, mean: 3.8 });
        expect(externalCount).toBe(3);
        const path = `/v1/admin/reviews/${external[0]}`;
        await reviews.as(reviews.admin).post(`${path}/hide`, { reason: 'Names a neighbour' });
        expect((await reviews.ofListing(listingId)).externalCount).toBe(2);
        await reviews.as(reviews.admin).post(`${path}/restore`);
        expect((await reviews.ofListing(listingId)).externalCount).toBe(3);
      });

      test('400 for a cursor of another order', async () => {
        const { nextCursor } = await reviews.ofListing(listingId, '?limit=1&sort=highest_rating');
        for (const query of [`cursor=${nextCursor}`, `sort=newest&cursor=${nextCursor}`]) {
          const response = await reviews.service.anonymous.get(`/v1/listings/${listingId}/reviews?${query}`);
          expectProblem(response, 400, 'request.invalid', 'cursor');
        }
      });
    });

    test('hides the reviews and the rating of a suspended listing until it is reinstated', async () => {
      const { stay, ofListing, ofGuest } = await reviews.createPublished();
      const event = { ...golden('listing.published'), listingId: stay.listingId, hostId: stay.host.id };
      const list = await reviews.service.anonymous.get(`/v1/listings/${stay.listingId}/reviews`);
      // No cache may return it after the suspension without asking.
      expect(list.headers.get('cache-control')).toBe('no-cache');
      const read = async (user: TestUser | null, id = ofListing.id) =>
        (await (user ? reviews.as(user) : reviews.service.anonymous).get(`/v1/reviews/${id}`)).status;
      await reviews.service.deliver('listing.suspended', { ...event, status: 'suspended' }, { version: 5 });
      expect(await reviews.ofListing(stay.listingId)).toMatchObject({ rating: null, data: [] });
      expect(ids(await reviews.ofUser(stay.host.id))).toEqual([]);
      expect([await read(null), await read(testUser())]).toEqual([404, 404]);
      expect([await read(stay.guest), await read(stay.host), await read(reviews.admin)]).toEqual([
        200, 200, 200,
      ]);
      // The review of the guest is not about the listing.
      expect(ids(await reviews.ofUser(stay.guest.id))).toEqual([ofGuest.id]);
      expect(await read(null, ofGuest.id)).toBe(200);
      await reviews.service.deliver('listing.reinstated', { ...event, status: 'published' }, { version: 6 });
      expect(ids(await reviews.ofListing(stay.listingId))).toEqual([ofListing.id]);
      expect(await read(null)).toBe(200);
      await reviews.suspend(stay.host);
      expect(await reviews.ofListing(stay.listingId)).toMatchObject({ rating: null, data: [] });
    });

    test('shows the current names of authors, and none for erased accounts', async () => {
      const { stay } = await reviews.createPublished();
      await reviews.setDisplayName(stay.guest, 'Ada', 1);
      await reviews.setDisplayName(stay.guest, 'Ada L.', 3);
      await reviews.setDisplayName(stay.guest, 'A name that arrives late', 2);
      const authorName = async () => {
        const [review] = (await reviews.ofListing(stay.listingId)).data;
        expect(review?.authorId).toBe(stay.guest.id);
        return review?.authorName;
      };
      expect(await authorName()).toBe('Ada L.');
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
      expect(await authorName()).toBeNull();
    });

    test('accepts ids in upper case', async () => {
      const { stay } = await reviews.createPublished();
      expect(await reviews.ofListing(stay.listingId.toUpperCase())).toEqual(
        await reviews.ofListing(stay.listingId),
      );
      expect((await reviews.ofListing(stay.listingId.toUpperCase())).rating).not.toBeNull();
    });

    test('returns an empty list for a listing without reviews', async () => {
      expect(await reviews.ofListing(randomUUID())).toEqual({
        rating: null,
        externalCount: 0,
        data: [],
        nextCursor: null,
      });
    });

    test.each([
      ['?limit=0', 'limit'],
      ['?limit=101', 'limit'],
      ['?cursor=nonsense', 'cursor'],
      ['?cursor=WyJ4IiwieSJd', 'cursor'],
      ['?offset=3', 'offset'],
      ['?sort=oldest', 'sort'],
      ['?overall=0', 'overall'],
      ['?overall=6', 'overall'],
      ['?external=yes', 'external'],
    ])('400: %s', async (query, parameter) => {
      const response = await reviews.service.anonymous.get(`/v1/listings/${randomUUID()}/reviews${query}`);
      expectProblem(response, 400, 'request.invalid', parameter);
    });
  });

  describe('GET /v1/users/{id}/reviews', () => {
    test('lists the reviews of a user as a guest and as a host', async () => {
      const person = testUser({ roles: ['host'] });
      const hosted = await reviews.createPublished({ host: person });
      await reviews.service.clock.advance('PT1M');
      const visited = await reviews.createPublished({ guest: person });
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

    test('rates a host over all of their listings, without external reviews and suspended listings', async () => {
      const host = testUser({ roles: ['host'] });
      expect(await reviews.ofUser(host.id)).toMatchObject({ hostRating: null, externalCount: 0 });
      const [first, second] = [await reviews.createListing(host), await reviews.createListing(host)];
      await reviews.createListing(host);
      await reviews.createPublished({ host, listingId: first, guestInput: { overall: 5 } });
      await reviews.createPublished({ host, listingId: first, guestInput: { overall: 2 } });
      await reviews.createPublished({ host, listingId: second, guestInput: { overall: 3 } });
      await reviews.importExternal(first, 2);
      await reviews.importExternal(second, 3);
      expect(await reviews.ofUser(host.id)).toMatchObject({ rating: null, externalCount: 5 });
      expect((await reviews.ofUser(host.id)).hostRating).toEqual({
        mean: 3.33,
        count: 3,
        categories: { accuracy: 4, checkIn: 4, cleanliness: 4, communication: 4, location: 4, value: 4 },
        histogram: [0, 1, 1, 0, 1],
      });
      await reviews.suspendListing(host, first);
      const left = await reviews.ofUser(host.id);
      expect(left).toMatchObject({ hostRating: { mean: 3, count: 1 }, externalCount: 3 });
      await reviews.suspend(host);
      expect(await reviews.ofUser(host.id)).toMatchObject({ hostRating: null, externalCount: 0 });
    });

    test('sorts and filters by rating', async () => {
      const host = testUser({ roles: ['host'] });
      const published = new Map<number, string>();
      for (const overall of [4, 5, 1]) {
        published.set(
          overall,
          (await reviews.createPublished({ host, guestInput: { overall } })).ofListing.id,
        );
      }
      const inOrder = (...stars: number[]) => stars.map((star) => published.get(star));
      expect(ids(await reviews.ofUser(host.id, '?sort=highest_rating'))).toEqual(inOrder(5, 4, 1));
      expect(ids(await reviews.ofUser(host.id, '?sort=lowest_rating'))).toEqual(inOrder(1, 4, 5));
      expect(ids(await reviews.ofUser(host.id, '?overall=4'))).toEqual(inOrder(4));
    });

    test('400 for an unknown direction', async () => {
      const response = await reviews.service.anonymous.get(`/v1/users/${randomUUID()}/reviews?direction=up`);
      expectProblem(response, 400, 'request.invalid', 'direction');
    });
  });

  describe('GET /v1/reviews/{id}', () => {
    test('shows published reviews to everyone, and the booking to guest, host and administrators', async () => {
      const { stay, ofListing } = await reviews.createPublished();
      const path = `/v1/reviews/${ofListing.id}`;
      const publicView = await reviews.service.anonymous.get<ReviewBody>(path);
      expect(publicView).toMatchObject({ status: 200, body: { id: ofListing.id, bookingId: null } });
      expect((await reviews.as(testUser()).get(path)).body).toEqual(publicView.body);
      for (const user of [stay.guest, stay.host, reviews.admin]) {
        expect((await reviews.as(user).get(path)).body).toEqual({
          ...publicView.body,
          bookingId: stay.bookingId,
        });
      }
      const tag = publicView.headers.get('etag') ?? '';
      expect((await reviews.service.anonymous.get(path, { 'if-none-match': tag })).status).toBe(304);
    });

    test('404 for an unknown review, 400 for an invalid id', async () => {
      const { anonymous } = reviews.service;
      expectProblem(await anonymous.get(`/v1/reviews/${randomUUID()}`), 404, 'review.not_found');
      expectProblem(await anonymous.get('/v1/reviews/1'), 400, 'request.invalid', 'id');
    });
  });

  describe('GET /v1/bookings/{id}/reviews', () => {
    test('lists the own review to each side, and both after publication', async () => {
      const stay = await reviews.createStay();
      const path = `/v1/bookings/${stay.bookingId}/reviews`;
      const listOf = async (user = stay.guest) => (await reviews.as(user).get<ReviewList>(path)).body.data;
      const own = await reviews.createReview(stay.guest, stay);
      expect(await listOf()).toEqual([own]);
      expect(await listOf(stay.host)).toEqual([]);
      expect(await listOf(reviews.admin)).toEqual([]);
      await reviews.createReview(stay.host, stay);
      for (const user of [stay.guest, stay.host, reviews.admin]) {
        expect((await listOf(user)).map(({ direction }) => direction)).toEqual([
          'guest_to_listing',
          'host_to_guest',
        ]);
      }
    });

    test('404 for other users and unknown bookings, 401 for anonymous requests', async () => {
      const { stay } = await reviews.createPublished();
      const path = `/v1/bookings/${stay.bookingId}/reviews`;
      expectProblem(await reviews.as(testUser()).get(path), 404, 'booking.not_found');
      const unknownPath = `/v1/bookings/${randomUUID()}/reviews`;
      expectProblem(await reviews.as(stay.guest).get(unknownPath), 404, 'booking.not_found');
      expectProblem(await reviews.service.anonymous.get(path), 401, 'auth.missing_token');
    });
  });

  describe('GET /v1/me/reviews/pending', () => {
    interface Pending {
      data: { bookingId: string; direction: string; closesAt: string }[];
      nextCursor: string | null;
    }
    const pending = async (user: ReturnType<typeof testUser>, query = '') =>
      (await reviews.as(user).get<Pending>(`/v1/me/reviews/pending${query}`)).body;

    test('lists pending reviews by end of window until they are written or the window ends', async () => {
      const user = testUser({ roles: ['host'] });
      const earlierCheckOut = { checkOutDate: '2027-05-11', checkOutAt: '2027-05-11T15:00:00.000Z' };
      const asGuest = await reviews.createStay({ guest: user });
      const asHost = await reviews.createStay({ host: user, ...earlierCheckOut });
      await reviews.createBooking({ guest: user });
      const { data, nextCursor } = await pending(user);
      expect(data).toEqual([
        {
          bookingId: asHost.bookingId,
          listingId: asHost.listingId,
          hostId: user.id,
          guestId: asHost.guest.id,
          direction: 'host_to_guest',
          checkInDate: '2027-05-10',
          checkOutDate: '2027-05-11',
          closesAt: '2027-05-25T15:00:00.000Z',
        },
        expect.objectContaining({ bookingId: asGuest.bookingId, direction: 'guest_to_listing' }),
      ]);
      expect(nextCursor).toBeNull();
      const first = await pending(user, '?limit=1');
      expect(first.data).toEqual(data.slice(0, 1));
      expect(await pending(user, `?limit=1&cursor=${first.nextCursor}`)).toEqual({
        data: data.slice(1),
        nextCursor: null,
      });
      await reviews.createReview(user, asGuest);
      expect((await pending(user)).data).toEqual(data.slice(0, 1));
      await reviews.service.clock.set('2027-05-25T15:00:00Z');
      expect((await pending(user)).data).toEqual([]);
    });

    test('401 for anonymous requests', async () => {
      expectProblem(await reviews.service.anonymous.get('/v1/me/reviews/pending'), 401, 'auth.missing_token');
    });
  });
});
