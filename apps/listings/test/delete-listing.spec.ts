import { FileStore } from '@roost/platform';
import { eventually, expectProblem, type TestService, type TestUser } from '@roost/testing';
import { DISPLAY } from '../src/listing/listing-photo.dto.js';
import {
  aHost,
  createCompleteDraft,
  createDraft,
  createPublished,
  startListings,
} from './listings.fixture.js';

let service: TestService;
let host: TestUser;
beforeAll(async () => {
  service = await startListings();
  host = aHost();
});
afterAll(() => service.close());

describe('204', () => {
  test('deletes a draft with its photos, and archives it in other services', async () => {
    const { id, photoId } = await createCompleteDraft(service, host, { title: 'A hasty draft' });
    const list = await service.as(host).post<{ id: string }>('/v1/wishlists', { name: 'Mine' });
    await service.as(host).put(`/v1/wishlists/${list.body.id}/listings/${id}`);
    expect((await service.as(host).delete(`/v1/listings/${id}`)).status).toBe(204);
    expectProblem(await service.as(host).get(`/v1/listings/${id}`), 404, 'listing.not_found');
    expectProblem(await service.as(host).delete(`/v1/listings/${id}`), 404, 'listing.not_found');
    await eventually(async () =>
      expect(await service.get(FileStore).get(`photos/${photoId}/${DISPLAY}`)).toBeNull(),
    );
    const archived = (await service.published('listing.archived')).filter(
      ({ listingId }) => listingId === id,
    );
    expect(archived).toMatchObject([{ status: 'archived', title: '' }]);
    expect(await service.tablesWith('A hasty draft')).toEqual([]);
    const { body } = await service.as(host).get(`/v1/wishlists/${list.body.id}`);
    expect(body).toMatchObject({ listingIds: [] });
  });

  test('GraphQL returns the deleted draft', async () => {
    const id = await createDraft(service, host);
    const { data } = await service
      .as(host)
      .graphql('mutation ($id: ID!) { deleteListing(id: $id) { id title } }', { id });
    expect(data).toEqual({ deleteListing: { id, title: 'A loft over the river' } });
    expectProblem(await service.as(host).get(`/v1/listings/${id}`), 404, 'listing.not_found');
  });
});

describe('403 and 404', () => {
  test('rejects listings of another host', async () => {
    const other = service.as(aHost());
    const draft = await createDraft(service, host);
    expectProblem(await other.delete(`/v1/listings/${draft}`), 404, 'listing.not_found');
    const { id } = await createPublished(service, host);
    expectProblem(await other.delete(`/v1/listings/${id}`), 403, 'listing.forbidden');
  });
});

describe('409', () => {
  test('rejects an imported draft: a later import would create it again', async () => {
    const id = await createDraft(service, host);
    await service.query('UPDATE listing SET imported = true WHERE id = $1', [id]);
    expectProblem(await service.as(host).delete(`/v1/listings/${id}`), 409, 'listing.wrong_state');
  });

  test('rejects a listing that is or was published', async () => {
    const { id } = await createPublished(service, host);
    for (const action of ['pause', 'archive']) {
      expectProblem(await service.as(host).delete(`/v1/listings/${id}`), 409, 'listing.wrong_state');
      expect((await service.as(host).post(`/v1/listings/${id}/${action}`)).status).toBe(200);
    }
    expectProblem(await service.as(host).delete(`/v1/listings/${id}`), 409, 'listing.wrong_state');
    expect((await service.as(host).get(`/v1/listings/${id}`)).status).toBe(200);
  });
});
