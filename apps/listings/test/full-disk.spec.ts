import { eventually, fillDisk, type TestService, type TestUser } from '@roost/testing';
import { aHost, createPublished, startListings } from './listings.fixture.js';

let service: TestService;
let host: TestUser;
let id: string;

beforeAll(async () => {
  service = await startListings();
  host = aHost();
  ({ id } = await createPublished(service, host));
});
afterAll(() => service?.close());

const becomes = (storage: 'up' | 'degraded') =>
  eventually(
    async () =>
      expect(await service.anonymous.get('/health/ready')).toMatchObject({
        status: 200,
        body: { status: storage, parts: { storage } },
      }),
    { seconds: 20 },
  );

async function editByGraphql(): Promise<void> {
  const edit =
    'mutation ($id: ID!, $input: EditListingInput!) { editListing(id: $id, input: $input) { id } }';
  const { errors } = await service.as(host).graphql(edit, { id, input: { title: 'A flat without space' } });
  expect(errors).toMatchObject([{ extensions: { code: 'storage.full', status: 503 } }]);
}

async function handleEvent(): Promise<void> {
  const rating = { listingId: id, count: 0, overallSum: 0, categorySums: {}, histogram: [0, 0, 0, 0, 0] };
  await expect(service.deliver('rating.changed', rating, { version: 1 })).rejects.toThrow('No space left');
}

test.each([
  ['a GraphQL mutation', 'listing', editByGraphql],
  ['the handler of an event', 'listing_rating', handleEvent],
])('%s that finds the disk full makes readiness degraded until space is freed', async (_by, table, write) => {
  await becomes('up');
  const free = await fillDisk(service, table);
  try {
    await write();
    await becomes('degraded');
    expect((await service.anonymous.get(`/v1/listings/${id}`)).status).toBe(200);
  } finally {
    await free();
  }
  await becomes('up');
});
