import { OPERATIONS_ROUTES, type TestService } from '@roost/testing';
import { startListings } from './listings.fixture.js';

let service: TestService;
beforeAll(async () => {
  service = await startListings();
});
afterAll(() => service.close());

interface Document {
  paths: Record<string, Record<string, { security?: unknown[]; parameters?: { name: string }[] }>>;
}

test('documents every route, its access and each search parameter', async () => {
  const { body } = await service.anonymous.get<Document>('/openapi.json');
  const routes = Object.entries(body.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(routes.sort()).toEqual(
    [
      ...OPERATIONS_ROUTES,
      'DELETE /v1/listings/{id}',
      'DELETE /v1/listings/{id}/photos/{photoId}',
      'DELETE /v1/wishlists/{id}',
      'DELETE /v1/wishlists/{id}/listings/{listingId}',
      'DELETE /v1/wishlists/{id}/share-url',
      'GET /v1/admin/listings',
      'GET /v1/admin/listings/audit-log',
      'GET /v1/catalogues',
      'GET /v1/listings/search',
      'GET /v1/listings/{id}',
      'GET /v1/listings/{id}/changes',
      'GET /v1/listings/{id}/pricing',
      'GET /v1/listings/{id}/similar',
      'GET /v1/listings/{id}/stay-rules',
      'GET /v1/me/listings',
      'GET /v1/me/wishlists',
      'GET /v1/photos/{photoId}/{rendition}',
      'GET /v1/places',
      'GET /v1/shared-wishlists/{token}',
      'GET /v1/shared-wishlists/{token}/listings',
      'GET /v1/wishlists/{id}',
      'GET /v1/wishlists/{id}/listings',
      'PATCH /v1/listings/{id}',
      'PATCH /v1/wishlists/{id}',
      'POST /v1/admin/imports/listings',
      'POST /v1/admin/listings/{id}/reinstate',
      'POST /v1/admin/listings/{id}/suspend',
      'POST /v1/listings',
      'POST /v1/listings/{id}/archive',
      'POST /v1/listings/{id}/copy',
      'POST /v1/listings/{id}/pause',
      'POST /v1/listings/{id}/photos',
      'POST /v1/listings/{id}/publish',
      'POST /v1/wishlists',
      'POST /v1/wishlists/{id}/share-url',
      'PUT /v1/listings/{id}/photos/order',
      'PUT /v1/listings/{id}/pricing',
      'PUT /v1/listings/{id}/stay-rules',
      'PUT /v1/wishlists/{id}/listings/{listingId}',
    ].sort(),
  );
  const publicRoutes = Object.entries(body.paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([, operation]) => operation.security?.length === 0)
      .map(([method]) => `${method.toUpperCase()} ${path}`),
  );
  expect(publicRoutes).toEqual(
    expect.arrayContaining(['GET /v1/listings/search', 'GET /v1/photos/{photoId}/{rendition}']),
  );
  expect(publicRoutes.filter((route) => !route.startsWith('GET '))).toEqual([]);
  const parameters = body.paths['/v1/listings/search']?.get?.parameters?.map(({ name }) => name) ?? [];
  expect(parameters).toEqual(
    expect.arrayContaining([
      'bbox',
      'near',
      'radiusKm',
      'city',
      'checkIn',
      'checkOut',
      'guests',
      'sort',
      'cursor',
    ]),
  );
});
