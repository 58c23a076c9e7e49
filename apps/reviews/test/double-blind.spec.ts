import { randomUUID } from 'node:crypto';
import { aUser, type TestClient, type TestResponse, type TestUser } from '@roost/testing';
import { byGuest, byHost, type ReviewsUnderTest, startReviews, type TestStay } from './reviews.fixture.js';

/** Made anew for each request, whatever it is about. */
const PER_REQUEST = new Set(['date', 'x-request-id', 'traceparent', 'keep-alive', 'connection']);

interface Operation {
  security?: unknown[];
}
interface Document {
  paths: Record<string, Record<string, Operation>>;
}

/** All that an answer tells: status, headers, and every byte of the body but the trace of the request. */
function tells(answer: TestResponse<unknown>) {
  const headers = [...answer.headers].filter(([name]) => !PER_REQUEST.has(name)).sort();
  const body = Buffer.from(answer.bytes)
    .toString()
    .replace(/"traceId":"[0-9a-f]{32}"/, '"traceId":""');
  return { status: answer.status, headers, body };
}

/** Bodies that each route takes, so that it is the review that is asked for and not the form of the request. */
const BODIES: Record<string, unknown> = {
  'PATCH /v1/reviews/{id}': { text: 'Mine now.' },
  'POST /v1/reviews/{id}/reply': { text: 'Thank you.' },
  'POST /v1/reviews/{id}/report': { reason: 'spam' },
  'POST /v1/admin/reviews/{id}/hide': { reason: 'Let me see' },
};

const REVIEW = 'id bookingId authorName overall text publishedAt author { id } booking { id }';
const REVIEWS = `edges { cursor node { ${REVIEW} } } pageInfo { hasNextPage endCursor }`;

/** The same once more, as the graph tells it. */
const GRAPH = [
  `query ($id: ID!) { review(id: $id) { ${REVIEW} } }`,
  `query ($listing: ID!) { reviews(listingId: $listing) { ${REVIEWS} } }`,
  '{ pendingReviews { edges { cursor node { bookingId closesAt } } pageInfo { hasNextPage endCursor } } }',
  `query ($of: [_Any!]!) { _entities(representations: $of) {
     ... on Listing { reviews(first: 1) { ${REVIEWS} } ratingDetails { mean count histogram } }
     ... on User { reviews(first: 1) { ${REVIEWS} } guestRating { mean count } }
     ... on Booking { ofBooking: reviews { ${REVIEW} } }
     ... on Review { ${REVIEW} } } }`,
  'mutation ($id: ID!) { editReview(id: $id, input: { text: "Mine now." }) { id } }',
  'mutation ($id: ID!) { replyToReview(id: $id, input: { text: "Thank you." }) { id } }',
];

describe('until publication only its author can see that a review exists', () => {
  let reviews: ReviewsUnderTest;
  let document: Document;
  beforeAll(async () => {
    reviews = await startReviews();
    document = (await reviews.service.anonymous.get<Document>('/openapi.json')).body;
  });
  beforeEach(() => reviews.service.clock.set('2027-05-12T16:00:00Z'));
  afterAll(() => reviews.close());

  /** Every route of the document that a view of this stay can come from, asked for by one person. */
  async function wholeView(client: TestClient, stay: TestStay, reviewId: string) {
    const view: Record<string, unknown> = {};
    for (const [path, operations] of Object.entries(document.paths)) {
      for (const method of Object.keys(operations).map((name) => name.toUpperCase())) {
        const route = `${method} ${path}`;
        if (!asked(route)) continue;
        const at = path
          .replace('{bookingId}', stay.bookingId)
          .replace('{listingId}', stay.listingId)
          .replace('{userId}', '{person}')
          .replace('{id}', reviewId);
        for (const person of path.includes('{userId}') ? [stay.guest.id, stay.host.id] : ['']) {
          const url = at.replace('{person}', person);
          view[`${route} ${person}`] = tells(await client.send(method, url, BODIES[route]));
          if (method === 'GET' && !path.includes('{id}')) {
            view[`${route} ${person} paged`] = tells(await client.send(method, `${url}?limit=1`));
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
      view[operation] = tells(await client.post('/graphql', { query: operation, variables }));
    }
    return view;
  }

  /** Writing the other review is what publishes; a report of somebody else's is answered with a new id each time. */
  const asked = (route: string) =>
    !['POST /v1/bookings/{bookingId}/reviews', 'POST /v1/admin/imports/reviews'].includes(route) &&
    !route.includes('review-reports/');

  const told = async () =>
    await reviews.service.query(
      'SELECT type, key, aggregate_version, body FROM outbox_event ORDER BY xid, id',
    );

  const sides = [
    ['guest', 'host'],
    ['host', 'guest'],
  ] as const;

  describe.each(sides)('the %s writes first', (author, subject) => {
    const body = () => (author === 'guest' ? byGuest() : byHost());

    test.each<[string, (stay: TestStay) => TestUser | null]>([
      ['the other side', (stay) => stay[subject]],
      ['a stranger', () => aUser()],
      ['another host', () => aUser({ roles: ['host'] })],
      ['an administrator', () => reviews.admin],
      ['nobody', () => null],
    ])('%s sees byte for byte what was there before', async (_, viewerOf) => {
      const stay = await reviews.givenStay();
      await reviews.named(stay.guest, 'Ada');
      await reviews.named(stay.host, 'Bert');
      // There are published reviews of both, too: a list that is not empty, a rating that counts.
      await reviews.givenPublished({ guest: stay.guest, host: stay.host, listingId: stay.listingId });
      const viewer = viewerOf(stay);
      const client = viewer ? reviews.as(viewer) : reviews.service.anonymous;
      const before = await wholeView(client, stay, randomUUID());
      const events = await told();
      const { id } = await reviews.givenReview(stay[author], stay);
      const after = await wholeView(client, stay, id);

      const named = JSON.stringify(before).replaceAll(idIn(before), id);
      expect(JSON.parse(named)).toEqual(after);
      expect(Object.keys(after).length).toBeGreaterThan(12);
      expect(await told()).toEqual(events);
    });

    test('conditional reads of the other side stay 304', async () => {
      const { stay: earlier, ofListing } = await reviews.givenPublished();
      const stay = await reviews.givenStay({
        guest: earlier.guest,
        host: earlier.host,
        listingId: earlier.listingId,
      });
      const client = reviews.as(stay[subject]);
      const tag = (await client.get(`/v1/reviews/${ofListing.id}`)).headers.get('etag') ?? '';
      await reviews.givenReview(stay[author], stay);
      const again = await client.get(`/v1/reviews/${ofListing.id}`, { 'if-none-match': tag });
      expect(again.status).toBe(304);
    });

    test('the other side’s own try is refused, taken and pending as if it were the first', async () => {
      const stay = await reviews.givenStay();
      const blind = await reviews.givenStay();
      await reviews.givenReview(stay[author], stay);
      const other = author === 'guest' ? byHost : byGuest;
      for (const wrong of [{ overall: 9 }, { text: '' }, { categories: {} }]) {
        const [seen, unseen] = await Promise.all([
          reviews.write(stay[subject], stay, other(wrong)),
          reviews.write(blind[subject], blind, other(wrong)),
        ]);
        const neutral = (text: string) => text.replaceAll(stay.bookingId, '').replaceAll(blind.bookingId, '');
        expect(neutral(tells(seen).body)).toBe(neutral(tells(unseen).body));
        expect(seen.status).toBe(unseen.status);
      }
      const pending = await reviews
        .as(stay[subject])
        .get<{ data: { bookingId: string }[] }>('/v1/me/reviews/pending');
      expect(pending.body.data.map(({ bookingId }) => bookingId)).toEqual([stay.bookingId]);
    });

    test('edits before publication tell nothing either', async () => {
      const stay = await reviews.givenStay();
      const { id } = await reviews.givenReview(stay[author], stay);
      const client = reviews.as(stay[subject]);
      const before = await wholeView(client, stay, id);
      const events = await told();
      const edited = await reviews.as(stay[author]).patch(`/v1/reviews/${id}`, { overall: 1, text: 'No.' });
      expect(edited.status).toBe(200);
      expect(await wholeView(client, stay, id)).toEqual(before);
      expect(await told()).toEqual(events);
    });

    test('nor does time, up to the last second of the window', async () => {
      const stay = await reviews.givenStay();
      const { id } = await reviews.givenReview(stay[author], stay);
      const client = reviews.as(stay[subject]);
      const before = await wholeView(client, stay, id);
      const events = await told();
      await reviews.service.clock.set('2027-05-26T14:59:30Z');
      expect(await wholeView(client, stay, id)).toEqual(before);
      expect(await told()).toEqual(events);
    });

    test('the check sees what is published: this view does differ', async () => {
      const stay = await reviews.givenStay();
      const { id } = await reviews.givenReview(stay[author], stay);
      const client = reviews.as(stay[subject]);
      const before = await wholeView(client, stay, id);
      const events = await told();
      await reviews.service.clock.set(stay.closesAt);
      expect(await wholeView(client, stay, id)).not.toEqual(before);
      expect(await told()).not.toEqual(events);
      expect((await reviews.as(stay[author]).get(`/v1/reviews/${id}`)).body).toMatchObject(body());
    });
  });

  /** The id that stood for the review before there was one. */
  function idIn(view: Record<string, unknown>): string {
    const { body } = view['GET /v1/reviews/{id} '] as { body: string };
    return /\/v1\/reviews\/([0-9a-f-]{36})/.exec(body)?.[1] ?? '';
  }
});
