import { randomUUID } from 'node:crypto';
import { golden, testUser, type TestClient, type TestResponse, type TestUser } from '@roost/testing';
import { HostFiguresService } from '../src/host-figures/host-figures.service.js';
import {
  guestReview,
  hostReview,
  type ReviewsFixture,
  startReviews,
  type TestStay,
} from './reviews.fixture.js';

/** Headers that differ in every response. */
const VARIABLE_HEADERS = new Set(['date', 'x-request-id', 'traceparent', 'keep-alive', 'connection']);

interface Operation {
  security?: unknown[];
}
interface Document {
  paths: Record<string, Record<string, Operation>>;
}

/** The observable content of a response: status, headers and body, without the trace id. */
function contentOf(response: TestResponse<unknown>) {
  const headers = [...response.headers].filter(([name]) => !VARIABLE_HEADERS.has(name)).sort();
  const body = Buffer.from(response.bytes)
    .toString()
    .replace(/"traceId":"[0-9a-f]{32}"/, '"traceId":""');
  return { status: response.status, headers, body };
}

/** Valid request bodies, so that the response depends on the review and not on the validation. */
const BODIES: Record<string, unknown> = {
  'PATCH /v1/reviews/{id}': { text: 'Changed.' },
  'POST /v1/reviews/{id}/reply': { text: 'Thank you.' },
  'POST /v1/reviews/{id}/report': { reason: 'spam' },
  'POST /v1/admin/reviews/{id}/hide': { reason: 'A reason' },
};

const REVIEW = 'id bookingId authorName overall text publishedAt author { id } booking { id }';
const REVIEWS = `edges { cursor node { ${REVIEW} } } pageInfo { hasNextPage endCursor }`;

/** The same reads and writes in GraphQL. */
const GRAPH = [
  `query ($id: ID!) { review(id: $id) { ${REVIEW} } }`,
  `query ($listing: ID!) { reviews(listingId: $listing) { ${REVIEWS} } }`,
  '{ pendingReviews { edges { cursor node { bookingId closesAt } } pageInfo { hasNextPage endCursor } } }',
  `query ($of: [_Any!]!) { _entities(representations: $of) {
     ... on Listing { reviews(first: 1) { ${REVIEWS} } ratingDetails { mean count histogram } externalReviewCount }
     ... on User { reviews(first: 1) { ${REVIEWS} } guestRating { mean count } hostRating { mean count } hostFigures { superhost evaluatedAt } }
     ... on Booking { ofBooking: reviews { ${REVIEW} } }
     ... on Review { ${REVIEW} } } }`,
  'mutation ($id: ID!) { editReview(id: $id, input: { text: "Changed." }) { id } }',
  'mutation ($id: ID!) { replyToReview(id: $id, input: { text: "Thank you." }) { id } }',
];

describe('before publication only the author can detect that a review exists', () => {
  let reviews: ReviewsFixture;
  let document: Document;
  beforeAll(async () => {
    reviews = await startReviews();
    document = (await reviews.service.anonymous.get<Document>('/openapi.json')).body;
  });
  beforeEach(() => reviews.service.clock.set('2027-05-12T16:00:00Z'));
  afterAll(() => reviews.close());

  /** Stores figures of both users, and evaluates them. Each evaluation has the same time, as its result is compared. */
  async function evaluateHosts({ guest, host }: TestStay, version: number): Promise<void> {
    for (const { id: hostId } of [guest, host]) {
      const body = { ...golden('host.figures-changed'), hostId };
      await reviews.service.deliver('host.figures-changed', body, { version });
    }
    await reviews.service.get(HostFiguresService).evaluateDue();
    await reviews.service.query(
      'UPDATE host_evaluation SET evaluated_at = $2 WHERE host_id = ANY($1) AND evaluated_at IS NOT NULL',
      [[guest.id, host.id], '2027-05-12T16:00:00Z'],
    );
  }

  /** The responses of all routes and GraphQL operations that could reveal a review of this stay, for one client. */
  async function readEverything(client: TestClient, stay: TestStay, reviewId: string) {
    const view: Record<string, unknown> = {};
    for (const [path, operations] of Object.entries(document.paths)) {
      for (const method of Object.keys(operations).map((name) => name.toUpperCase())) {
        const route = `${method} ${path}`;
        if (!isCompared(route)) continue;
        const pathname = path
          .replace('{bookingId}', stay.bookingId)
          .replace('{listingId}', stay.listingId)
          .replace('{userId}', '{person}')
          .replace('{id}', reviewId);
        for (const person of path.includes('{userId}') ? [stay.guest.id, stay.host.id] : ['']) {
          const url = pathname.replace('{person}', person);
          view[`${route} ${person}`] = contentOf(await client.send(method, url, BODIES[route]));
          if (method === 'GET' && !path.includes('{id}')) {
            view[`${route} ${person} paged`] = contentOf(await client.send(method, `${url}?limit=1`));
          }
        }
      }
    }
    for (const operation of GRAPH) {
      const variables = {
        id: reviewId,
        listing: stay.listingId,
        of: [
          { __typename: 'Listing', id: stay.listingId },
          { __typename: 'User', id: stay.guest.id },
          { __typename: 'User', id: stay.host.id },
          { __typename: 'Booking', id: stay.bookingId },
          { __typename: 'Review', id: reviewId },
        ],
      };
      view[operation] = contentOf(await client.post('/graphql', { query: operation, variables }));
    }
    return view;
  }

  /** Excludes routes that publish the review, and those that return a new id in each response. */
  const isCompared = (route: string) =>
    !['POST /v1/bookings/{bookingId}/reviews', 'POST /v1/admin/imports/reviews'].includes(route) &&
    !route.includes('review-reports/');

  const allEvents = async () =>
    await reviews.service.query(
      'SELECT type, key, aggregate_version, body FROM outbox_event ORDER BY xid, id',
    );

  const sides = [
    ['guest', 'host'],
    ['host', 'guest'],
  ] as const;

  describe.each(sides)('when the %s writes first', (author, otherSide) => {
    const body = () => (author === 'guest' ? guestReview() : hostReview());

    test.each<[string, (stay: TestStay) => TestUser | null]>([
      ['the other side', (stay) => stay[otherSide]],
      ['another guest', () => testUser()],
      ['another host', () => testUser({ roles: ['host'] })],
      ['an administrator', () => reviews.admin],
      ['an anonymous client', () => null],
    ])('returns identical responses to %s before and after', async (_, viewerOf) => {
      const stay = await reviews.createStay();
      await reviews.setDisplayName(stay.guest, 'Ada');
      await reviews.setDisplayName(stay.host, 'Bert');
      // Published reviews of both sides, so that lists and ratings are not empty.
      await reviews.createPublished({ guest: stay.guest, host: stay.host, listingId: stay.listingId });
      const viewer = viewerOf(stay);
      const client = viewer ? reviews.as(viewer) : reviews.service.anonymous;
      await evaluateHosts(stay, 1);
      const before = await readEverything(client, stay, randomUUID());
      expect(before[`GET /v1/users/{userId}/host-figures ${stay.host.id}`]).toMatchObject({
        body: expect.stringContaining('"superhost":true') as string,
      });
      const events = await allEvents();
      const { id } = await reviews.createReview(stay[author], stay, { overall: 1 });
      await evaluateHosts(stay, 2);
      const after = await readEverything(client, stay, id);

      const expected = JSON.stringify(before).replaceAll(placeholderIdIn(before), id);
      expect(JSON.parse(expected)).toEqual(after);
      expect(Object.keys(after).length).toBeGreaterThan(12);
      expect(await allEvents()).toEqual(events);
    });

    test('responds with 304 to conditional reads by the other side', async () => {
      const { stay: earlier, ofListing } = await reviews.createPublished();
      const stay = await reviews.createStay({
        guest: earlier.guest,
        host: earlier.host,
        listingId: earlier.listingId,
      });
      const client = reviews.as(stay[otherSide]);
      const tag = (await client.get(`/v1/reviews/${ofListing.id}`)).headers.get('etag') ?? '';
      await reviews.createReview(stay[author], stay);
      const again = await client.get(`/v1/reviews/${ofListing.id}`, { 'if-none-match': tag });
      expect(again.status).toBe(304);
    });

    test('treats the review by the other side as the first one', async () => {
      const stay = await reviews.createStay();
      const unreviewed = await reviews.createStay();
      await reviews.createReview(stay[author], stay);
      const other = author === 'guest' ? hostReview : guestReview;
      for (const wrong of [{ overall: 9 }, { text: '' }, { categories: {} }]) {
        const [afterReview, withoutReview] = await Promise.all([
          reviews.write(stay[otherSide], stay, other(wrong)),
          reviews.write(unreviewed[otherSide], unreviewed, other(wrong)),
        ]);
        const withoutIds = (text: string) =>
          text.replaceAll(stay.bookingId, '').replaceAll(unreviewed.bookingId, '');
        expect(withoutIds(contentOf(afterReview).body)).toBe(withoutIds(contentOf(withoutReview).body));
        expect(afterReview.status).toBe(withoutReview.status);
      }
      const pending = await reviews
        .as(stay[otherSide])
        .get<{ data: { bookingId: string }[] }>('/v1/me/reviews/pending');
      expect(pending.body.data.map(({ bookingId }) => bookingId)).toEqual([stay.bookingId]);
    });

    test('reveals no edit before publication', async () => {
      const stay = await reviews.createStay();
      const { id } = await reviews.createReview(stay[author], stay);
      const client = reviews.as(stay[otherSide]);
      const before = await readEverything(client, stay, id);
      const events = await allEvents();
      const edited = await reviews.as(stay[author]).patch(`/v1/reviews/${id}`, { overall: 1, text: 'No.' });
      expect(edited.status).toBe(200);
      expect(await readEverything(client, stay, id)).toEqual(before);
      expect(await allEvents()).toEqual(events);
    });

    test('reveals nothing until the end of the review window', async () => {
      const stay = await reviews.createStay();
      const { id } = await reviews.createReview(stay[author], stay);
      const client = reviews.as(stay[otherSide]);
      const before = await readEverything(client, stay, id);
      const events = await allEvents();
      await reviews.service.clock.set('2027-05-26T14:59:30Z');
      expect(await readEverything(client, stay, id)).toEqual(before);
      expect(await allEvents()).toEqual(events);
    });

    test('detects a published review', async () => {
      const stay = await reviews.createStay();
      const { id } = await reviews.createReview(stay[author], stay);
      const client = reviews.as(stay[otherSide]);
      const before = await readEverything(client, stay, id);
      const events = await allEvents();
      await reviews.service.clock.set(stay.closesAt);
      expect(await readEverything(client, stay, id)).not.toEqual(before);
      expect(await allEvents()).not.toEqual(events);
      expect((await reviews.as(stay[author]).get(`/v1/reviews/${id}`)).body).toMatchObject(body());
    });
  });

  /** The id that was used in the requests before the review existed. */
  function placeholderIdIn(view: Record<string, unknown>): string {
    const { body } = view['GET /v1/reviews/{id} '] as { body: string };
    return /\/v1\/reviews\/([0-9a-f-]{36})/.exec(body)?.[1] ?? '';
  }
});
