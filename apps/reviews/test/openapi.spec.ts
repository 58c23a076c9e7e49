import { OPERATIONS_ROUTES } from '@roost/testing';
import { type ReviewsFixture, startReviews } from './reviews.fixture.js';

interface Document {
  paths: Record<string, Record<string, { security?: unknown[]; responses: Record<string, unknown> }>>;
}

let reviews: ReviewsFixture;
beforeAll(async () => {
  reviews = await startReviews();
});
afterAll(() => reviews.close());

test('documents every route, its access and its responses', async () => {
  const { body } = await reviews.service.anonymous.get<Document>('/openapi.json');
  const routes = Object.entries(body.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { security }]) => {
      const access = security?.length === 0 ? 'public' : security?.length === 2 ? 'optional' : 'user';
      return `${method.toUpperCase()} ${path} ${access}`;
    }),
  );
  expect(routes.sort()).toEqual(
    [
      ...OPERATIONS_ROUTES.map((route) => `${route} user`),
      'GET /v1/admin/review-reports user',
      'GET /v1/admin/reviews/audit-log user',
      'GET /v1/bookings/{bookingId}/reviews user',
      'GET /v1/listings/{listingId}/reviews public',
      'GET /v1/me/reviews/pending user',
      'GET /v1/reviews/{id} optional',
      'GET /v1/users/{userId}/host-figures public',
      'GET /v1/users/{userId}/reviews public',
      'PATCH /v1/reviews/{id} user',
      'POST /v1/admin/imports/reviews user',
      'POST /v1/admin/review-reports/{id}/dismiss user',
      'POST /v1/admin/reviews/{id}/hide user',
      'POST /v1/admin/reviews/{id}/reply/hide user',
      'POST /v1/admin/reviews/{id}/reply/restore user',
      'POST /v1/admin/reviews/{id}/restore user',
      'POST /v1/bookings/{bookingId}/reviews user',
      'POST /v1/reviews/{id}/reply user',
      'POST /v1/reviews/{id}/report user',
    ].sort(),
  );
  const writeResponses = body.paths['/v1/bookings/{bookingId}/reviews']?.post?.responses ?? {};
  for (const status of ['201', '400', '401', '403', '404', '409'])
    expect(writeResponses).toHaveProperty(status);
});
