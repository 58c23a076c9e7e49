import type { TestService, TestUser } from '@roost/testing';
import { aGuest, aHost, createDraft, createPublished, startListings } from './listings.fixture.js';

let service: TestService;
let host: TestUser;
const guest = aGuest();
const ids: string[] = [];

beforeAll(async () => {
  service = await startListings();
  host = aHost();
  for (const basePriceMinor of [9_000, 15_000, 12_000])
    ids.push((await createPublished(service, host, { maxPets: 1 }, { pricing: { basePriceMinor } })).id);
});
afterAll(() => service.close());

const SEARCH = `query ($filter: ListingFilterInput, $first: Int, $after: String) {
  listings(filter: $filter, first: $first, after: $after) {
    edges { stay { nights totalMinor } node { id nightlyMinor address { line1 } approximateLocation { lat } host { id } } }
    pageInfo { hasNextPage endCursor }
  }
}`;

interface SearchData {
  listings: {
    edges: { node: { id: string; nightlyMinor: number; address: unknown; host: { id: string } } }[];
    pageInfo: { hasNextPage: boolean; endCursor: string | null };
  };
}

const search = (filter: object, paging: object = {}) =>
  service.anonymous.graphql<SearchData>(SEARCH, { filter, ...paging });
const prices = (data: SearchData | null) => data?.listings.edges.map(({ node }) => node.nightlyMinor);

describe('Query.listings', () => {
  it('returns the results of the REST route in the requested order, without the address', async () => {
    const ascending = await search({
      city: 'Albany',
      sort: 'price',
      instantBook: true,
      amenities: ['wifi', 'kitchen'],
    });
    expect(ascending.errors).toEqual([]);
    expect(prices(ascending.data)).toEqual([9_000, 12_000, 15_000]);
    for (const { node } of ascending.data?.listings.edges ?? [])
      expect(node).toMatchObject({ address: null, host: { id: host.id } });
    expect(prices((await search({ city: 'Albany', sort: 'price_descending' })).data)).toEqual([
      15_000, 12_000, 9_000,
    ]);
    const near = {
      near: { lat: 42.65, lng: -73.75 },
      radiusKm: 5,
      maxPriceMinor: 12_000,
      currency: 'USD',
      sort: 'price',
    };
    expect(prices((await search(near)).data)).toEqual([9_000, 12_000]);
  });

  it('counts the facets of a search, and finds listings by ids', async () => {
    const { data, errors } = await service.anonymous.graphql<{ listingFacets: unknown }>(
      `query ($filter: ListingFilterInput!) { listingFacets(filter: $filter) {
         roomTypes { name count } amenities { name count } currency priceHistogram { count } approximate } }`,
      { filter: { city: 'Albany', children: [{ age: 7 }] } },
    );
    expect(errors).toEqual([]);
    expect(data?.listingFacets).toMatchObject({
      roomTypes: [{ name: 'entire_home', count: 3 }],
      amenities: [
        { name: 'kitchen', count: 3 },
        { name: 'wifi', count: 3 },
      ],
      ...{ currency: 'USD', approximate: false },
    });
    const byIds = await search({ ids: ids.slice(0, 2) });
    expect(byIds.data?.listings.edges.map(({ node }) => node.id).toSorted()).toEqual(
      ids.slice(0, 2).toSorted(),
    );
  });

  it('returns the next page after a cursor', async () => {
    const filter = { city: 'Albany', sort: 'price' };
    const first = await search(filter, { first: 2 });
    expect(prices(first.data)).toEqual([9_000, 12_000]);
    const { hasNextPage, endCursor } = first.data?.listings.pageInfo ?? {};
    expect(hasNextPage).toBe(true);
    const second = await search(filter, { first: 2, after: endCursor });
    expect(prices(second.data)).toEqual([15_000]);
    expect(second.data?.listings.pageInfo).toEqual({ hasNextPage: false, endCursor: null });
  });

  it('accepts null for omitted arguments', async () => {
    const { data, errors } = await search(
      { city: 'Albany', guests: null, roomType: null, near: null, sort: null },
      { first: null, after: null },
    );
    expect(errors).toEqual([]);
    expect(prices(data)).toHaveLength(3);
  });

  it.each<[string, object, string]>([
    ['two places', { city: 'Albany', near: { lat: 1, lng: 1 } }, 'city'],
    ['a price without a currency', { city: 'Albany', minPriceMinor: 1 }, 'currency'],
    ['a check-in date without a check-out date', { city: 'Albany', checkIn: '2027-05-01' }, 'checkOut'],
    ['a rating above 5', { city: 'Albany', minRating: 7 }, 'minRating'],
    ['zero guests', { city: 'Albany', guests: 0 }, 'guests'],
  ])('rejects %s like the REST route', async (_, filter, parameter) => {
    const { data, errors } = await search(filter);
    expect(data).toEqual({ listings: null });
    expect(errors).toMatchObject([
      { extensions: { code: 'request.invalid', status: 400, errors: [{ parameter }] } },
    ]);
  });
});

describe('User.listings', () => {
  const USER_LISTINGS = `query ($of: [_Any!]!, $first: Int, $after: String) { _entities(representations: $of) { ... on User {
    listings(first: $first, after: $after) { edges { cursor node { id status } } pageInfo { hasNextPage endCursor } }
  } } }`;
  interface UserListingsData {
    _entities: {
      listings: {
        edges: { cursor: string; node: { id: string; status: string } }[];
        pageInfo: { endCursor: string | null };
      };
    }[];
  }
  const of = () => [{ __typename: 'User', id: host.id }];

  it('returns all listings to their host, and published listings to everyone else', async () => {
    const draft = await createDraft(service, host);
    const own = await service.as(host).graphql<UserListingsData>(USER_LISTINGS, { of: of() });
    expect(own.data?._entities[0]?.listings.edges.map(({ node }) => node.id)).toEqual([
      draft,
      ...ids.toReversed(),
    ]);
    for (const client of [service.as(guest), service.anonymous]) {
      const { data } = await client.graphql<UserListingsData>(USER_LISTINGS, { of: of() });
      expect(data?._entities[0]?.listings.edges.map(({ node }) => node.id)).toEqual(ids.toReversed());
    }
  });

  it('continues after the cursor of any edge', async () => {
    const all = await service.as(guest).graphql<UserListingsData>(USER_LISTINGS, { of: of(), first: 3 });
    const [edge] = all.data?._entities[0]?.listings.edges ?? [];
    const rest = await service
      .as(guest)
      .graphql<UserListingsData>(USER_LISTINGS, { of: of(), after: edge?.cursor });
    expect(rest.data?._entities[0]?.listings.edges.map(({ node }) => node.id)).toEqual(
      ids.toReversed().slice(1),
    );
  });
});

describe('references and mutations', () => {
  it('resolves a draft for its host and null for others', async () => {
    const id = await createDraft(service, host);
    const read =
      'query ($of: [_Any!]!) { _entities(representations: $of) { ... on Listing { id address { line1 } missing } } }';
    const of = [
      { __typename: 'Listing', id },
      { __typename: 'Listing', id: ids[0] },
    ];
    const own = await service.as(host).graphql<{ _entities: unknown[] }>(read, { of });
    expect(own.data?._entities).toMatchObject([
      { id, missing: expect.any(Array) as unknown[] },
      { address: { line1: '12 Willett Street' } },
    ]);
    const others = await service.as(guest).graphql<{ _entities: unknown[] }>(read, { of });
    expect(others.data?._entities).toEqual([null, { id: ids[0], address: null, missing: null }]);
  });

  it('rejects publishing an incomplete listing and editing another host’s listing, with the extensions of REST problems', async () => {
    const id = await createDraft(service, host);
    const publish = await service
      .as(host)
      .graphql('mutation ($id: ID!) { publishListing(id: $id) { id } }', { id });
    expect(publish.errors).toMatchObject([
      {
        extensions: {
          code: 'listing.incomplete',
          status: 409,
          missing: expect.arrayContaining(['/photos']) as string[],
        },
      },
    ]);
    const edit =
      'mutation ($id: ID!, $input: EditListingInput!) { editListing(id: $id, input: $input) { title } }';
    const other = await service.as(aHost()).graphql(edit, { id: ids[0], input: { title: 'Changed' } });
    expect(other.errors).toMatchObject([{ extensions: { code: 'listing.forbidden', status: 403 } }]);
    const byGuest = await service.as(guest).graphql(edit, { id: ids[0], input: { title: 'Changed' } });
    expect(byGuest.errors).toMatchObject([{ extensions: { code: 'auth.forbidden', status: 403 } }]);
    const unknownField = await service
      .as(host)
      .graphql(edit, { id: ids[0], input: { title: 'x', hostId: guest.id } });
    expect(unknownField.status).toBe(400);
  });
});
