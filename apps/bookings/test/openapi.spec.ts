import { useBookings } from './bookings.fixture.js';

const bookings = useBookings();

type Document = {
  paths: Record<string, Record<string, { responses: Record<string, unknown>; requestBody?: object }>>;
};

it('documents every route with its responses', async () => {
  const { status, body } = await bookings.service.anonymous.get<Document>('/openapi.json');
  expect(status).toBe(200);
  const routes = Object.entries(body.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, route]) => `${method.toUpperCase()} ${path} ${Object.keys(route.responses).sort().join(' ')}`,
    ),
  );
  for (const route of [
    'GET /v1/listings/{id}/calendar 200',
    'POST /v1/listings/{id}/calendar/blocks 201',
    'DELETE /v1/listings/{id}/calendar/blocks/{blockId} 204',
    'PUT /v1/listings/{id}/links 200',
    'POST /v1/quotes 201',
    'GET /v1/quotes/{id} 200',
    'POST /v1/bookings 201',
    'GET /v1/bookings/{id} 200',
    'GET /v1/me/bookings 200',
    'POST /v1/bookings/{id}/accept 200',
    'POST /v1/bookings/{id}/decline 200',
    'GET /v1/bookings/{id}/cancellation 200',
    'POST /v1/bookings/{id}/cancel 200',
    'POST /v1/admin/bookings/{id}/cancel 200',
  ]) {
    expect(routes.find((documented) => documented.startsWith(route)) ?? routes).toMatch(/^\w/);
  }
  expect(body.paths['/v1/bookings']?.['post']?.responses).toHaveProperty('409');
  expect(body.paths['/v1/quotes']?.['post']?.responses).toHaveProperty('422');
});
