import { addDays, localDate } from '@roost/stay';
import { Marketplace, type Person } from './graph.fixture.js';

const market = new Marketplace();
let host: Person;
let otherHost: Person;
let guest: Person;
let stranger: Person;
let house: string;
let barn: string;
const booked: string[] = [];

const day = (days: number) => addDays(localDate(new Date(), 'Europe/Lisbon'), days);

beforeAll(async () => {
  await market.open();
  [host, otherHost, guest, stranger] = (await Promise.all([
    market.createPerson(['host']),
    market.createPerson(['host']),
    market.createPerson(),
    market.createPerson(),
  ])) as [Person, Person, Person, Person];
  house = await market.publishListing(host, 'White house by the harbour');
  barn = await market.publishListing(otherHost, 'Barn with a view');
  booked.push(await market.createBooking(guest, house, day(30), day(32)));
  booked.push(await market.createBooking(guest, house, day(40), day(42)));
  booked.push(await market.createBooking(guest, barn, day(50), day(52)));
}, 90_000);
afterAll(() => market.close());

const ALL = `query ($listing: ID!, $booking: ID!) {
  listing(id: $listing) {
    title
    rating { mean count }
    host { id displayName }
    reviews(first: 5) { edges { node { text author { displayName } } } }
  }
  booking(id: $booking) {
    state
    listing { title }
    guest { displayName }
    payment { status amountMinor currency }
  }
}`;

interface AllFields {
  listing: { title: string; host: { id: string } | null; reviews: { edges: unknown[] } | null } | null;
  booking: { state: string; listing: { title: string } | null; payment: { status: string } | null } | null;
}

/** The number of `_entities` operations by service. */
function entityLookups(
  operations: { service: string; query: string; entities: number }[],
): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { service, query } of operations)
    if (query.includes('_entities')) counts[service] = (counts[service] ?? 0) + 1;
  return counts;
}

describe('a query across all services', () => {
  it('requests the entities of each service once', async () => {
    const { data, errors, operations } = await market.graphql<AllFields>(market.as(guest), ALL, {
      listing: house,
      booking: booked[0],
    });
    expect(errors).toEqual([]);
    expect(data).toMatchObject({
      listing: {
        title: 'White house by the harbour',
        rating: null,
        host: { id: host.id },
        reviews: { edges: [] },
      },
      booking: {
        state: 'pending_payment',
        listing: { title: 'White house by the harbour' },
        payment: { status: 'requires_payment_method', currency: 'EUR' },
      },
    });
    expect(entityLookups(operations)).toEqual({ identity: 1, listings: 1, payments: 1, reviews: 1 });
  });

  it('requests the entities of a list once', async () => {
    const { data, errors, operations } = await market.graphql<{
      bookings: { edges: { node: { listing: { host: unknown; reviews: unknown }; payment: unknown } }[] };
    }>(
      market.as(guest),
      `{ bookings(first: 10) { edges { node {
        id payment { status } guest { displayName }
        listing { title host { displayName } reviews(first: 3) { edges { node { text } } } }
      } } } }`,
    );
    expect(errors).toEqual([]);
    expect(data?.bookings.edges).toHaveLength(3);
    for (const { node } of data?.bookings.edges ?? [])
      expect(node).toMatchObject({
        payment: { status: 'requires_payment_method' },
        listing: { host: { displayName: expect.any(String) as string }, reviews: { edges: [] } },
      });
    const counts = entityLookups(operations);
    // The ids of guests arrive before those of hosts, so identity may get two operations, but never one per entity.
    expect(counts).toMatchObject({ listings: 1, payments: 1, reviews: 1 });
    expect(counts.identity).toBeLessThanOrEqual(2);
    expect(
      operations.filter(({ service, query }) => service === 'payments' && query.includes('_entities'))[0]
        ?.entities,
    ).toBe(3);
  });

  it('returns the fields of each entity of a lookup', async () => {
    const { data } = await market.graphql<{ _entities: unknown[] }>(
      market.as(guest, market.service('payments')),
      'query ($of: [_Any!]!) { _entities(representations: $of) { ... on Booking { payment { id } } } }',
      { of: booked.map((id) => ({ __typename: 'Booking', id })) },
    );
    expect(new Set(data?._entities.map((entity) => JSON.stringify(entity))).size).toBe(3);
  });

  it('forwards token, request id and trace to the services', async () => {
    const { operations } = await market.graphql(
      market
        .as(guest)
        .with({ 'x-request-id': 'graph-1', traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` }),
      '{ me { id bookings(first: 1) { edges { node { id } } } } }',
    );
    expect(operations.map(({ service }) => service)).toEqual(['identity', 'bookings']);
    for (const { headers } of operations)
      expect(headers).toMatchObject({
        authorization: `Bearer ${guest.accessToken}`,
        'x-request-id': 'graph-1',
        traceparent: expect.stringContaining('a'.repeat(32)) as string,
      });
  });
});

describe('an unavailable service', () => {
  it('makes only its own fields null', async () => {
    const { data, errors, status } = await market.without('reviews', () =>
      market.as(guest).graphql<AllFields>(ALL, { listing: house, booking: booked[0] }),
    );
    expect(status).toBe(200);
    expect(data).toMatchObject({
      listing: { title: 'White house by the harbour', host: { id: host.id }, reviews: null },
      booking: { payment: { status: 'requires_payment_method' } },
    });
    expect(errors).toMatchObject([
      { path: ['listing'], extensions: { code: 'service.unavailable', status: 503 } },
    ]);
  });

  it('makes its root fields null and keeps the others', async () => {
    const { data, errors } = await market.without('listings', () =>
      market.as(guest).graphql<AllFields>(ALL, { listing: house, booking: booked[0] }),
    );
    expect(data).toMatchObject({
      listing: null,
      booking: { state: 'pending_payment', payment: {}, listing: null },
    });
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(errors.map(() => 'service.unavailable'));
    expect(JSON.stringify(errors)).not.toMatch(/ECONN|127\.0\.0\.1|at \//);
  });
});

describe('access', () => {
  const READ = 'query ($id: ID!) { booking(id: $id) { id payment { id } } }';
  const REFERENCE = `query ($of: [_Any!]!) { _entities(representations: $of) { ... on Booking { id state } } }`;
  const PAYMENT = `query ($of: [_Any!]!) { _entities(representations: $of) { ... on Booking { payment { id } } } }`;
  const reference = () => ({ of: [{ __typename: 'Booking', id: booked[0] }] });

  it('returns a booking only to its guest and its host, as over REST', async () => {
    for (const person of [guest, host]) {
      const { data } = await market.as(person).graphql(READ, { id: booked[0] });
      expect(data?.booking).toMatchObject({ id: booked[0] });
    }
    for (const person of [stranger, otherHost]) {
      const { data, errors } = await market.as(person).graphql(READ, { id: booked[0] });
      expect(data?.booking).toBeNull();
      expect(errors).toMatchObject([
        { path: ['booking'], extensions: { code: 'booking.not_found', status: 404 } },
      ]);
    }
    const { errors } = await market.gateway.anonymous.graphql(READ, { id: booked[0] });
    expect(errors).toMatchObject([{ extensions: { code: 'auth.missing_token', status: 401 } }]);
  });

  it('resolves a reference to a booking of another guest to null, and its payment too', async () => {
    const bookings = market.service('bookings');
    const own = await market.as(guest, bookings).graphql<{ _entities: unknown[] }>(REFERENCE, reference());
    expect(own.data?._entities).toMatchObject([{ id: booked[0] }]);
    const othersView = await market
      .as(stranger, bookings)
      .graphql<{ _entities: unknown[] }>(REFERENCE, reference());
    expect(othersView).toMatchObject({ data: { _entities: [null] }, errors: [] });
    const anonymousView = await bookings.anonymous.graphql<{ _entities: unknown[] }>(REFERENCE, reference());
    expect(anonymousView).toMatchObject({
      data: { _entities: [null] },
      errors: [{ extensions: { code: 'auth.missing_token' } }],
    });

    const payments = market.service('payments');
    const paid = await market.as(guest, payments).graphql<{ _entities: unknown[] }>(PAYMENT, reference());
    expect(paid.data?._entities).toMatchObject([{ payment: { id: expect.any(String) as string } }]);
    for (const client of [market.as(stranger, payments), market.as(host, payments), payments.anonymous]) {
      const { data } = await client.graphql<{ _entities: unknown[] }>(PAYMENT, reference());
      expect(data?._entities).toEqual([{ payment: null }]);
    }
  });

  it('returns bookings and the mail address of a user only to that user', async () => {
    const READ_USER =
      'query ($id: ID!) { user(id: $id) { displayName email bookings { edges { node { id } } } } }';
    const own = await market
      .as(guest)
      .graphql<{ user: { bookings: { edges: unknown[] } } }>(READ_USER, { id: guest.id });
    expect(own.data?.user.bookings.edges).toHaveLength(3);
    for (const client of [market.as(host), market.gateway.anonymous]) {
      const { data, errors } = await client.graphql(READ_USER, { id: guest.id });
      expect(errors).toEqual([]);
      expect(data?.user).toMatchObject({ email: null, bookings: null });
    }
  });

  it('returns a draft only to its host', async () => {
    const created = await market
      .as(host)
      .graphql<{ createListing: { id: string } }>(
        'mutation { createListing(input: { title: "Draft" }) { id status } }',
      );
    const id = created.data?.createListing.id;
    const drafts = '{ me { listings(first: 50) { edges { node { id status } } } } }';
    const own = await market.as(host).graphql(drafts);
    expect(JSON.stringify(own.data)).toContain(id);
    const profile = 'query ($id: ID!) { user(id: $id) { listings(first: 50) { edges { node { id } } } } }';
    const publicView = await market.as(guest).graphql(profile, { id: host.id });
    expect(JSON.stringify(publicView.data)).toContain(house);
    expect(JSON.stringify(publicView.data)).not.toContain(id);
    const { errors } = await market.as(guest).graphql('query ($id: ID!) { listing(id: $id) { id } }', { id });
    expect(errors).toMatchObject([{ extensions: { code: 'listing.not_found', status: 404 } }]);
  });
});

it('rejects a mutation that breaks a rule with the error code and the extra fields of REST', async () => {
  const { errors } = await market
    .as(guest)
    .graphql('mutation ($input: CreateQuoteInput!) { createQuote(input: $input) { id } }', {
      input: { listingId: house, checkInDate: day(60), checkOutDate: day(62), guests: { adults: 5 } },
    });
  expect(errors).toMatchObject([
    {
      path: ['createQuote'],
      extensions: { code: 'quote.stay_rule', status: 422, rule: 'capacity', required: 4 },
    },
  ]);
});
