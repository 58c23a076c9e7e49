import { expectProblem, type TestService, type TestUser } from '@roost/testing';
import {
  aHost,
  anAdmin,
  createDraft,
  createPublished,
  listingInput,
  pricingInput,
  startListings,
} from './listings.fixture.js';

let service: TestService;
let host: TestUser;
beforeAll(async () => {
  service = await startListings();
  host = aHost();
});
afterAll(() => service.close());

describe('201', () => {
  test('creates a draft with content, pricing and stay rules, without photos and registration number', async () => {
    const rules = { stayRules: { minNights: 3 } };
    const { id } = await createPublished(service, host, { registrationNumber: 'NY-1' }, rules);
    const copy = await service.as(host).post<{ id: string }>(`/v1/listings/${id}/copy`);
    expect(copy.status).toBe(201);
    expect(copy.body).toMatchObject({
      ...listingInput({ registrationNumber: null }),
      ...{ hostId: host.id, status: 'draft', photos: [], missing: ['/photos'], rating: null },
    });
    expect(copy.body.id).not.toBe(id);
    const read = (path: string) => service.as(host).get(`/v1/listings/${copy.body.id}/${path}`);
    expect((await read('pricing')).body).toMatchObject(pricingInput());
    expect((await read('stay-rules')).body).toMatchObject({ minNights: 3 });
    const changed = await service.as(host).patch(`/v1/listings/${copy.body.id}`, { title: 'The other loft' });
    expect(changed.status).toBe(200);
    expect((await service.as(host).get(`/v1/listings/${id}`)).body).toMatchObject({
      title: 'A loft over the river',
    });
  });

  test('runs once per Idempotency-Key, and in GraphQL', async () => {
    const id = await createDraft(service, host);
    const key = { 'idempotency-key': 'copy-1' };
    const copy = () => service.as(host).post<{ id: string }>(`/v1/listings/${id}/copy`, undefined, key);
    expect((await copy()).body.id).toBe((await copy()).body.id);
    const { data } = await service
      .as(host)
      .graphql('mutation ($id: ID!) { copyListing(id: $id) { status title } }', { id });
    expect(data).toEqual({ copyListing: { status: 'draft', title: 'A loft over the river' } });
  });
});

describe('403, 404 and 409', () => {
  test('rejects listings of another host, and a suspended listing', async () => {
    const { id } = await createPublished(service, host);
    const other = service.as(aHost());
    expectProblem(await other.post(`/v1/listings/${id}/copy`), 403, 'listing.forbidden');
    const draft = await createDraft(service, host);
    expectProblem(await other.post(`/v1/listings/${draft}/copy`), 404, 'listing.not_found');
    expect((await service.as(anAdmin()).post(`/v1/admin/listings/${id}/suspend`)).status).toBe(204);
    expectProblem(await service.as(host).post(`/v1/listings/${id}/copy`), 409, 'listing.wrong_state');
  });
});
