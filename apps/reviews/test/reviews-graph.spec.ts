import { randomUUID } from 'node:crypto';
import { testUser, captureStatements } from '@roost/testing';
import { guestReview, hostReview, type ReviewsFixture, startReviews } from './reviews.fixture.js';

const REVIEW = `id direction external bookingId listingId subjectId authorId authorName overall text
  categories { accuracy checkIn cleanliness communication location value rules }
  reply { text } publishedAt author { id } listing { id } booking { id }`;
const WRITE = `mutation ($booking: ID!, $input: WriteReviewInput!) {
  writeReview(bookingId: $booking, input: $input) { ${REVIEW} }
}`;
const ENTITIES = `query ($of: [_Any!]!) { _entities(representations: $of) {
  ... on Listing { reviews(first: 2) { edges { cursor node { ${REVIEW} } } pageInfo { hasNextPage endCursor } }
    ratingDetails { mean count histogram categories { value rules } } }
  ... on User { received: reviews { edges { node { id } } } asGuest: reviews(direction: host_to_guest) { edges { node { id } } }
    guestRating { mean count } }
  ... on Booking { ofBooking: reviews { id direction } }
  ... on Review { ${REVIEW} }
} }`;

interface Node {
  id: string;
  publishedAt: string | null;
  booking: { id: string } | null;
}
interface Entities {
  _entities: (Record<string, never> & {
    reviews: {
      edges: { cursor: string; node: Node }[];
      pageInfo: { hasNextPage: boolean; endCursor: string };
    };
    ofBooking: Node[] | null;
  })[];
}

describe('reviews in the graph', () => {
  let reviews: ReviewsFixture;
  beforeAll(async () => {
    reviews = await startReviews();
  });
  beforeEach(() => reviews.service.clock.set('2027-05-12T16:00:00Z'));
  afterAll(() => reviews.close());

  const of = (__typename: string, id: string) => ({ __typename, id });
  const readEntities = async (
    representations: object[],
    viewer: ReturnType<typeof testUser> | null = null,
  ) => {
    const client = viewer ? reviews.as(viewer) : reviews.service.anonymous;
    const { data, errors } = await client.graphql<Entities>(ENTITIES, { of: representations });
    expect(errors).toEqual([]);
    return data?._entities ?? [];
  };

  test('rejects texts of invisible characters only', async () => {
    const stay = await reviews.createStay();
    const { errors } = await reviews
      .as(stay.guest)
      .graphql(WRITE, { booking: stay.bookingId, input: guestReview({ text: '\u200b\u2060\u3164' }) });
    expect(errors).toMatchObject([{ extensions: { code: 'request.invalid', status: 400 } }]);
  });

  test('writes, edits, publishes and replies', async () => {
    const stay = await reviews.createStay();
    const written = await reviews.as(stay.guest).graphql<{ writeReview: Node }>(WRITE, {
      booking: stay.bookingId,
      input: guestReview({ categories: { ...guestReview().categories, rules: null } }),
    });
    expect(written.errors).toEqual([]);
    const own = written.data?.writeReview;
    expect(own).toMatchObject({
      publishedAt: null,
      overall: 5,
      author: { id: stay.guest.id },
      listing: { id: stay.listingId },
      booking: { id: stay.bookingId },
      categories: { accuracy: 4, rules: null },
    });
    const edited = await reviews
      .as(stay.guest)
      .graphql(`mutation ($id: ID!) { editReview(id: $id, input: { overall: 3 }) { overall text } }`, {
        id: own?.id,
      });
    expect(edited.data?.editReview).toEqual({ overall: 3, text: guestReview().text });
    const second = await reviews
      .as(stay.host)
      .graphql<{ writeReview: Node }>(WRITE, { booking: stay.bookingId, input: hostReview() });
    expect(second.data?.writeReview.publishedAt).not.toBeNull();
    const reply = `mutation ($id: ID!) { replyToReview(id: $id, input: { text: "Thanks" }) { reply { text } } }`;
    const replied = await reviews.as(stay.host).graphql(reply, { id: own?.id });
    expect(replied.data?.replyToReview).toEqual({ reply: { text: 'Thanks' } });
    const read = await reviews.service.anonymous.graphql<{ review: object; reviews: { edges: object[] } }>(
      `query ($id: ID!, $listing: ID!) { review(id: $id) { overall booking { id } author { id } }
        reviews(listingId: $listing) { edges { node { id } } } }`,
      { id: own?.id, listing: stay.listingId },
    );
    expect(read.data).toEqual({
      review: { overall: 3, booking: null, author: { id: stay.guest.id } },
      reviews: { edges: [{ node: { id: own?.id } }] },
    });
  });

  test('returns the errors of the REST routes', async () => {
    const stay = await reviews.createBooking();
    const write = async (user: ReturnType<typeof testUser>, input: object) => {
      const { errors } = await reviews.as(user).graphql(WRITE, { booking: stay.bookingId, input });
      return errors[0]?.extensions;
    };
    expect(await write(stay.guest, guestReview())).toMatchObject({
      code: 'review.not_eligible',
      status: 409,
    });
    expect(await write(testUser(), guestReview())).toMatchObject({ code: 'booking.not_found', status: 404 });
    await reviews.complete(stay);
    expect(await write(stay.guest, hostReview())).toMatchObject({
      code: 'request.invalid',
      errors: [{ pointer: '/categories/accuracy' }],
    });
    expect(await write(stay.guest, guestReview({ text: '' }))).toMatchObject({ code: 'request.invalid' });
    const anonymous = await reviews.service.anonymous.graphql(
      '{ pendingReviews { edges { node { bookingId } } } }',
    );
    expect(anonymous.errors).toMatchObject([{ extensions: { code: 'auth.missing_token' } }]);
    const unknown = await reviews.service.anonymous.graphql(`query ($id: ID!) { review(id: $id) { id } }`, {
      id: randomUUID(),
    });
    expect(unknown.errors).toMatchObject([{ extensions: { code: 'review.not_found', status: 404 } }]);
  });

  test('resolves the visible reviews of many entities of other services in one request', async () => {
    const host = testUser({ roles: ['host'] });
    const listingId = randomUUID();
    const newestFirst: string[] = [];
    for (const overall of [5, 4, 3]) {
      newestFirst.unshift(
        (await reviews.createPublished({ host, listingId, guestInput: { overall } })).ofListing.id,
      );
      await reviews.service.clock.advance('PT1M');
    }
    const other = await reviews.createPublished();
    const unpublished = await reviews.createStay();
    const { id: unpublishedId } = await reviews.createReview(unpublished.guest, unpublished);
    const representations = [
      of('Listing', listingId),
      of('Listing', other.stay.listingId),
      of('Listing', randomUUID()),
      of('User', other.stay.guest.id),
      of('Booking', other.stay.bookingId),
      of('Booking', unpublished.bookingId),
      of('Review', other.ofListing.id),
      of('Review', unpublishedId),
    ];
    const publicView = await readEntities(representations);
    expect(publicView[0]).toMatchObject({
      reviews: {
        edges: newestFirst.slice(0, 2).map((id) => ({ node: { id } })),
        pageInfo: { hasNextPage: true },
      },
      ratingDetails: { mean: 4, count: 3, histogram: [0, 0, 1, 1, 1], categories: { value: 4, rules: null } },
    });
    expect(publicView.slice(1)).toMatchObject([
      {
        reviews: { edges: [{ node: { id: other.ofListing.id, bookingId: null } }] },
        ratingDetails: { count: 1 },
      },
      { reviews: { edges: [] }, ratingDetails: null },
      {
        received: { edges: [{ node: { id: other.ofGuest.id } }] },
        asGuest: { edges: [{ node: { id: other.ofGuest.id } }] },
        guestRating: { mean: 4, count: 1 },
      },
      { ofBooking: null },
      { ofBooking: null },
      { id: other.ofListing.id, booking: null },
      null,
    ]);
    expect((await readEntities(representations, other.stay.host)).slice(4)).toMatchObject([
      { ofBooking: [{ direction: 'guest_to_listing' }, { direction: 'host_to_guest' }] },
      { ofBooking: null },
      { booking: { id: other.stay.bookingId } },
      null,
    ]);
    expect((await readEntities(representations, unpublished.guest)).slice(5)).toMatchObject([
      { ofBooking: [{ id: unpublishedId }] },
      { booking: null },
      { id: unpublishedId, publishedAt: null },
    ]);
    expect((await readEntities(representations, unpublished.host)).slice(5)).toMatchObject([
      { ofBooking: [] },
      { booking: null },
      null,
    ]);

    const next = await reviews.service.anonymous.graphql<Entities>(
      `query ($of: [_Any!]!, $after: String) { _entities(representations: $of) {
        ... on Listing { reviews(first: 2, after: $after) { edges { cursor node { id } } pageInfo { hasNextPage endCursor } } } } }`,
      { of: [of('Listing', listingId)], after: publicView[0]?.reviews.pageInfo.endCursor },
    );
    expect(next.data?._entities[0]).toMatchObject({
      reviews: { edges: [{ node: { id: newestFirst[2] } }], pageInfo: { hasNextPage: false } },
    });
  });

  test('sorts, filters and counts the reviews of a listing and of a host', async () => {
    const host = testUser({ roles: ['host'] });
    const listingId = await reviews.createListing(host);
    const [externalId] = await reviews.importExternal(listingId, 1);
    for (const overall of [4, 5, 1]) {
      await reviews.createPublished({ host, listingId, guestInput: { overall } });
    }
    const stars = '{ edges { node { id overall } } }';
    const read = `query ($of: [_Any!]!, $listing: ID!) {
      _entities(representations: $of) {
        ... on Listing { externalReviewCount
          best: reviews(sort: highest_rating) ${stars} four: reviews(overall: 4) ${stars}
          external: reviews(external: true) ${stars} }
        ... on User { hostRating { mean count } externalReviewCount worst: reviews(sort: lowest_rating, first: 1) ${stars} } }
      reviews(listingId: $listing, external: false, sort: lowest_rating) ${stars} }`;
    const { data, errors } = await reviews.service.anonymous.graphql(read, {
      of: [of('Listing', listingId), of('User', host.id)],
      listing: listingId,
    });
    expect(errors).toEqual([]);
    const edges = (...ratings: number[]) => ({ edges: ratings.map((overall) => ({ node: { overall } })) });
    expect(data).toMatchObject({
      _entities: [
        {
          externalReviewCount: 1,
          best: edges(5, 4, 1),
          four: edges(4),
          external: { edges: [{ node: { id: externalId, overall: null } }] },
        },
        { hostRating: { mean: 3.33, count: 3 }, externalReviewCount: 1, worst: edges(1) },
      ],
      reviews: edges(1, 4, 5),
    });
    const outOfRange = await reviews.service.anonymous.graphql(
      `query ($listing: ID!) { reviews(listingId: $listing, overall: 6) { edges { node { id } } } }`,
      { listing: listingId },
    );
    expect(outOfRange.errors).toMatchObject([{ extensions: { code: 'request.invalid' } }]);
  });

  test('reads the reviews of a hundred listings in one statement', async () => {
    const host = testUser({ roles: ['host'] });
    const listings: string[] = [];
    for (let n = 0; n < 3; n += 1) listings.push((await reviews.createPublished({ host })).stay.listingId);
    const many = [...listings, ...Array.from({ length: 97 }, () => randomUUID())];
    let found: Awaited<ReturnType<typeof readEntities>> = [];
    const statements = await captureStatements(async () => {
      found = await readEntities(many.map((id) => of('Listing', id)));
    });
    expect(statements.filter(({ text }) => text.includes('FROM review WHERE'))).toHaveLength(1);
    expect(statements.filter(({ text }) => /from "rating"/i.test(text))).toHaveLength(1);
    expect(found).toHaveLength(100);
    expect(found.filter((listing) => listing.reviews.edges.length === 1)).toHaveLength(3);
  });
});
