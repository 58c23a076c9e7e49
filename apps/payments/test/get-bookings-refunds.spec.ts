import { randomUUID } from 'node:crypto';
import { expectProblem, testUser, type TestUser } from '@roost/testing';
import { Disputes } from './dispute.fixture.js';
import { type PaymentsUnderTest, startPayments } from './payments.fixture.js';

let payments: PaymentsUnderTest;
beforeAll(async () => {
  payments = await startPayments();
});
afterAll(() => payments.close());

interface RefundBody {
  id: string;
  status: string;
  reason: string;
}

/** A cancelled booking with a refund by an operator before. */
async function givenRefunds(guest: TestUser, host: TestUser) {
  const { booking, payment } = await payments.givenConfirmed(guest, { host });
  const path = `/v1/admin/payments/${payment.id}/refunds`;
  const request = { amountMinor: 1_000, reason: 'The operator’s own words' };
  expect((await payments.service.as(payments.admin).post(path, request)).status).toBe(201);
  await payments.becomes(guest, payment.id, 'partially_refunded');
  await new Disputes(payments).cancel(booking, 26_280);
  await payments.becomes(guest, payment.id, 'refunded');
  return { booking, payment, path: `/v1/bookings/${booking.bookingId}/refunds` };
}

describe('GET /v1/bookings/{id}/refunds', () => {
  test('lists the refunds to the guest, the host and an admin, without the note of the operator', async () => {
    const [guest, host] = [testUser(), testUser({ roles: ['host'] })];
    const { booking, payment, path } = await givenRefunds(guest, host);
    const common = {
      bookingId: booking.bookingId,
      paymentId: payment.id,
      currency: 'USD',
      status: 'succeeded',
      createdAt: expect.any(String) as string,
      finishedAt: expect.any(String) as string,
      id: expect.any(String) as string,
    };
    for (const viewer of [guest, host, payments.admin]) {
      const { status, body } = await payments.service.as(viewer).get<{ data: RefundBody[] }>(path);
      expect(status).toBe(200);
      expect(body).toEqual({
        data: [
          { ...common, amountMinor: 26_280, reason: 'booking-ended' },
          { ...common, amountMinor: 1_000, reason: 'admin' },
        ],
        nextCursor: null,
      });
    }
  });

  test('pages', async () => {
    const guest = testUser();
    const { path } = await givenRefunds(guest, testUser());
    const client = payments.service.as(guest);
    type Listed = { data: RefundBody[]; nextCursor: string | null };
    const first = (await client.get<Listed>(`${path}?limit=1`)).body;
    expect(first.data.map(({ reason }) => reason)).toEqual(['booking-ended']);
    const second = (await client.get<Listed>(`${path}?limit=1&cursor=${first.nextCursor}`)).body;
    expect(second).toMatchObject({ data: [{ reason: 'admin' }], nextCursor: null });
    expectProblem(await client.get(`${path}?cursor=x`), 400, 'request.invalid');
  });

  test('a refund is pending until the provider has paid it', async () => {
    const guest = testUser();
    const { booking } = await payments.givenConfirmed(guest);
    await payments.sandbox.faults({ route: 'refund', kind: 'lost', times: 100 });
    await new Disputes(payments).cancel(booking, 5_000);
    const path = `/v1/bookings/${booking.bookingId}/refunds`;
    const { body } = await payments.service.as(guest).get(path);
    expect(body).toMatchObject({ data: [{ status: 'pending', amountMinor: 5_000, finishedAt: null }] });
    await payments.sandbox.faults();
  });

  test('404 for other users and for a booking without payments, 401 without a token', async () => {
    const { path } = await givenRefunds(testUser(), testUser());
    expectProblem(await payments.service.as(testUser()).get(path), 404, 'booking.not_found');
    const unknown = `/v1/bookings/${randomUUID()}/refunds`;
    expectProblem(await payments.service.as(payments.admin).get(unknown), 404, 'booking.not_found');
    expectProblem(await payments.service.anonymous.get(path), 401, 'auth.missing_token');
  });
});

describe('Booking.refunds', () => {
  const REFUNDS = `query ($of: [_Any!]!, $after: String) {
    _entities(representations: $of) { ... on Booking {
      refunds(first: 1, after: $after) { edges { cursor node { amountMinor reason status paymentId } } pageInfo { hasNextPage endCursor } }
    } }
  }`;
  interface Refunds {
    _entities: {
      refunds: {
        edges: { node: RefundBody }[];
        pageInfo: { hasNextPage: boolean; endCursor: string };
      } | null;
    }[];
  }

  test('returns the refunds of each booking to its guest and host, and none to other viewers', async () => {
    const [guest, host] = [testUser(), testUser({ roles: ['host'] })];
    const { booking } = await givenRefunds(guest, host);
    const of = [randomUUID(), booking.bookingId].map((id) => ({ __typename: 'Booking', id }));
    for (const viewer of [guest, host]) {
      const client = payments.service.as(viewer);
      const { data, errors } = await client.graphql<Refunds>(REFUNDS, { of });
      expect(errors).toEqual([]);
      const [none, own] = data?._entities ?? [];
      expect(none?.refunds?.edges).toEqual([]);
      expect(own?.refunds).toMatchObject({
        edges: [{ node: { amountMinor: 26_280, reason: 'booking-ended', status: 'succeeded' } }],
        pageInfo: { hasNextPage: true },
      });
      const after = own?.refunds?.pageInfo.endCursor;
      const next = await client.graphql<Refunds>(REFUNDS, { of, after });
      expect(next.data?._entities[1]?.refunds?.edges).toMatchObject([{ node: { reason: 'admin' } }]);
    }
    const stranger = await payments.service.as(testUser()).graphql<Refunds>(REFUNDS, { of });
    expect(stranger.data?._entities[1]?.refunds?.edges).toEqual([]);
    const anonymous = await payments.service.anonymous.graphql<Refunds>(REFUNDS, { of });
    expect(anonymous.data?._entities).toEqual([{ refunds: null }, { refunds: null }]);
  });
});
