import { randomUUID } from 'node:crypto';
import { aUser } from '@roost/testing';
import pg from 'pg';
import { byGuest, byHost, type ReviewsUnderTest, startReviews } from './reviews.fixture.js';

const REVIEW = `id direction external bookingId listingId subjectId authorId authorName overall text
  categories { accuracy checkIn cleanliness communication location value rules }
  reply { text } publishedAt author { id } listing { id } booking { id }`;
const WRITE = `mutation ($booking: ID!, $input: WriteReviewInput!) {
  writeReview(bookingId: $booking, input: $input) { ${REVIEW} }
}`;
const LOOK_UP = `query ($of: [_Any!]!) { _entities(representations: $of) {
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
  let reviews: ReviewsUnderTest;
  beforeAll(async () => {
    reviews = await startReviews();
  });
  beforeEach(() => reviews.service.clock.set('2027-05-12T16:00:00Z'));
  afterAll(() => reviews.close());

  const of = (__typename: string, id: string) => ({ __typename, id });
  const look = async (representations: object[], viewer: ReturnType<typeof aUser> | null = null) => {
    const client = viewer ? reviews.as(viewer) : reviews.service.anonymous;
    const { data, errors } = await client.graphql<Entities>(LOOK_UP, { of: representations });
    expect(errors).toEqual([]);
    return data?._entities ?? [];
  };

  test('the circle: write, edit, publish by the second, reply', async () => {
    const stay = await reviews.givenStay();
    const written = await reviews.as(stay.guest).graphql<{ writeReview: Node }>(WRITE, {
      booking: stay.bookingId,
      input: byGuest({ categories: { ...byGuest().categories, rules: null } }),
    });
    expect(written.errors).toEqual([]);
    const mine = written.data?.writeReview;
    expect(mine).toMatchObject({
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
        id: mine?.id,
      });
    expect(edited.data?.editReview).toEqual({ overall: 3, text: byGuest().text });
    const second = await reviews
      .as(stay.host)
      .graphql<{ writeReview: Node }>(WRITE, { booking: stay.bookingId, input: byHost() });
    expect(second.data?.writeReview.publishedAt).not.toBeNull();
    const reply = `mutation ($id: ID!) { replyToReview(id: $id, input: { text: "Thanks" }) { reply { text } } }`;
    const replied = await reviews.as(stay.host).graphql(reply, { id: mine?.id });
    expect(replied.data?.replyToReview).toEqual({ reply: { text: 'Thanks' } });
    const read = await reviews.service.anonymous.graphql<{ review: object; reviews: { edges: object[] } }>(
      `query ($id: ID!, $listing: ID!) { review(id: $id) { overall booking { id } author { id } }
        reviews(listingId: $listing) { edges { node { id } } } }`,
      { id: mine?.id, listing: stay.listingId },
    );
    expect(read.data).toEqual({
      review: { overall: 3, booking: null, author: { id: stay.guest.id } },
      reviews: { edges: [{ node: { id: mine?.id } }] },
    });
  });

  test('the refusals of the routes', async () => {
    const stay = await reviews.givenBooking();
    const write = async (user: ReturnType<typeof aUser>, input: object) => {
      const { errors } = await reviews.as(user).graphql(WRITE, { booking: stay.bookingId, input });
      return errors[0]?.extensions;
    };
    expect(await write(stay.guest, byGuest())).toMatchObject({ code: 'review.not_eligible', status: 409 });
    expect(await write(aUser(), byGuest())).toMatchObject({ code: 'booking.not_found', status: 404 });
    await reviews.completed(stay);
    expect(await write(stay.guest, byHost())).toMatchObject({
      code: 'request.invalid',
      errors: [{ pointer: '/categories/accuracy' }],
    });
    expect(await write(stay.guest, byGuest({ text: '' }))).toMatchObject({ code: 'request.invalid' });
    const nobody = await reviews.service.anonymous.graphql(
      '{ pendingReviews { edges { node { bookingId } } } }',
    );
    expect(nobody.errors).toMatchObject([{ extensions: { code: 'auth.missing_token' } }]);
    const unknown = await reviews.service.anonymous.graphql(`query ($id: ID!) { review(id: $id) { id } }`, {
      id: randomUUID(),
    });
    expect(unknown.errors).toMatchObject([{ extensions: { code: 'review.not_found', status: 404 } }]);
  });

  test('what others own, many at once: each gets its own, a page of it, and what its viewer may see', async () => {
    const host = aUser({ roles: ['host'] });
    const listingId = randomUUID();
    const three: string[] = [];
    for (const overall of [5, 4, 3]) {
      three.unshift(
        (await reviews.givenPublished({ host, listingId, guestWrites: { overall } })).ofListing.id,
      );
      await reviews.service.clock.advance('PT1M');
    }
    const one = await reviews.givenPublished();
    const blind = await reviews.givenStay();
    const { id: unseen } = await reviews.givenReview(blind.guest, blind);
    const asked = [
      of('Listing', listingId),
      of('Listing', one.stay.listingId),
      of('Listing', randomUUID()),
      of('User', one.stay.guest.id),
      of('Booking', one.stay.bookingId),
      of('Booking', blind.bookingId),
      of('Review', one.ofListing.id),
      of('Review', unseen),
    ];
    const stranger = await look(asked);
    expect(stranger[0]).toMatchObject({
      reviews: {
        edges: three.slice(0, 2).map((id) => ({ node: { id } })),
        pageInfo: { hasNextPage: true },
      },
      ratingDetails: { mean: 4, count: 3, histogram: [0, 0, 1, 1, 1], categories: { value: 4, rules: null } },
    });
    expect(stranger.slice(1)).toMatchObject([
      {
        reviews: { edges: [{ node: { id: one.ofListing.id, bookingId: null } }] },
        ratingDetails: { count: 1 },
      },
      { reviews: { edges: [] }, ratingDetails: null },
      {
        received: { edges: [{ node: { id: one.ofGuest.id } }] },
        asGuest: { edges: [{ node: { id: one.ofGuest.id } }] },
        guestRating: { mean: 4, count: 1 },
      },
      { ofBooking: null },
      { ofBooking: null },
      { id: one.ofListing.id, booking: null },
      null,
    ]);
    expect((await look(asked, one.stay.host)).slice(4)).toMatchObject([
      { ofBooking: [{ direction: 'guest_to_listing' }, { direction: 'host_to_guest' }] },
      { ofBooking: null },
      { booking: { id: one.stay.bookingId } },
      null,
    ]);
    expect((await look(asked, blind.guest)).slice(5)).toMatchObject([
      { ofBooking: [{ id: unseen }] },
      { booking: null },
      { id: unseen, publishedAt: null },
    ]);
    expect((await look(asked, blind.host)).slice(5)).toMatchObject([
      { ofBooking: [] },
      { booking: null },
      null,
    ]);

    const next = await reviews.service.anonymous.graphql<Entities>(
      `query ($of: [_Any!]!, $after: String) { _entities(representations: $of) {
        ... on Listing { reviews(first: 2, after: $after) { edges { cursor node { id } } pageInfo { hasNextPage endCursor } } } } }`,
      { of: [of('Listing', listingId)], after: stranger[0]?.reviews.pageInfo.endCursor },
    );
    expect(next.data?._entities[0]).toMatchObject({
      reviews: { edges: [{ node: { id: three[2] } }], pageInfo: { hasNextPage: false } },
    });
  });

  test('a hundred listings are one look-up', async () => {
    const host = aUser({ roles: ['host'] });
    const listings: string[] = [];
    for (let n = 0; n < 3; n += 1) listings.push((await reviews.givenPublished({ host })).stay.listingId);
    const many = [...listings, ...Array.from({ length: 97 }, () => randomUUID())];
    const said: string[] = [];
    const query = pg.Client.prototype.query;
    pg.Client.prototype.query = function (this: unknown, ...args: unknown[]) {
      const [first] = args as [string | { text?: string }];
      said.push(typeof first === 'string' ? first : (first.text ?? ''));
      return Reflect.apply(query, this, args) as unknown;
    } as typeof query;
    const found = await look(many.map((id) => of('Listing', id))).finally(() => {
      pg.Client.prototype.query = query;
    });
    expect(said.filter((text) => text.includes('FROM review WHERE'))).toHaveLength(1);
    expect(said.filter((text) => /from "rating"/i.test(text))).toHaveLength(1);
    expect(found).toHaveLength(100);
    expect(found.filter((listing) => listing.reviews.edges.length === 1)).toHaveLength(3);
  });
});
