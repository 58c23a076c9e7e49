import { randomUUID } from 'node:crypto';
import { testUser } from '@roost/testing';
import { type PaymentsUnderTest, startPayments } from './payments.fixture.js';

let payments: PaymentsUnderTest;
beforeAll(async () => {
  payments = await startPayments();
});
afterAll(() => payments.close());

const CONFIRM = `mutation ($id: ID!, $method: String!) {
  confirmPayment(id: $id, input: { paymentMethod: $method }) { id status capturedMinor clientSecret redirectUrl }
}`;
const OF_BOOKINGS = `query ($of: [_Any!]!) {
  _entities(representations: $of) { ... on Booking { payment { id status amountMinor clientSecret } } }
}`;

interface Confirmed {
  confirmPayment: { id: string; status: string; clientSecret: string | null } | null;
}

describe('Mutation.confirmPayment', () => {
  test('charges once for one idempotency key, and stores the response encrypted', async () => {
    const guest = testUser();
    const { payment } = await payments.givenPayment({ guest });
    const client = payments.service.as(guest).with({ 'idempotency-key': 'pay' });
    const variables = { id: payment.id, method: 'pm_card_visa' };
    const first = await client.graphql<Confirmed>(CONFIRM, variables);
    expect(first.errors).toEqual([]);
    expect(first.data?.confirmPayment).toMatchObject({ id: payment.id, status: 'captured' });
    const again = await client.graphql<Confirmed>(CONFIRM, variables);
    expect(again.data).toEqual(first.data);
    const intent = await payments.sandbox.intentOf(payment.id);
    expect(await payments.sandbox.books(intent.id)).toEqual([['charge', 27_280]]);

    const other = await client.graphql(CONFIRM, { ...variables, method: 'pm_card_chargeDeclined' });
    expect(other.errors).toMatchObject([{ extensions: { code: 'idempotency.key_reused', status: 422 } }]);
    const stored = await payments.service.query<{ body: string }>(
      `SELECT body FROM idempotency_key WHERE user_id = $1`,
      [guest.id],
    );
    expect(stored).toHaveLength(1);
    const secret = payment.clientSecret ?? '';
    expect(secret).not.toBe('');
    expect(stored[0]?.body).not.toContain(secret);
    expect(stored[0]?.body).not.toContain('captured');
  });

  test('declines with the error code of the REST route, and the payment stays open', async () => {
    const guest = testUser();
    const { payment } = await payments.givenPayment({ guest });
    const { data, errors } = await payments.service
      .as(guest)
      .graphql(CONFIRM, { id: payment.id, method: 'pm_card_chargeDeclined' });
    expect(data).toEqual({ confirmPayment: null });
    expect(errors).toMatchObject([
      { path: ['confirmPayment'], extensions: { code: 'payment.declined', status: 402 } },
    ]);
    expect(await payments.statusOf(guest, payment.id)).toBe('requires_payment_method');
  });

  test('requires the guest of the booking and a verified email address', async () => {
    const { payment } = await payments.givenPayment({ guest: testUser() });
    const variables = { id: payment.id, method: 'pm_card_visa' };
    const stranger = await payments.service.as(testUser()).graphql(CONFIRM, variables);
    expect(stranger.errors).toMatchObject([{ extensions: { code: 'payment.not_found', status: 404 } }]);
    const unverified = await payments.service
      .as(testUser({ emailVerified: false }))
      .graphql(CONFIRM, variables);
    expect(unverified.errors).toMatchObject([{ extensions: { code: 'auth.email_unverified', status: 403 } }]);
    const anonymous = await payments.service.anonymous.graphql(CONFIRM, variables);
    expect(anonymous.errors).toMatchObject([{ extensions: { code: 'auth.missing_token', status: 401 } }]);
  });
});

describe('Booking.payment', () => {
  test('returns the payment of each booking to its guest, and null to other viewers', async () => {
    const [guest, host] = [testUser(), testUser({ roles: ['host'] })];
    const first = await payments.givenPayment({ guest, host });
    const second = await payments.givenPayment({ guest, host });
    const bookings = [second.booking.bookingId, randomUUID(), first.booking.bookingId];
    const of = bookings.map((id) => ({ __typename: 'Booking', id }));
    const read = (client: ReturnType<typeof payments.service.as>) =>
      client.graphql<{ _entities: { payment: { id: string } | null }[] }>(OF_BOOKINGS, { of });

    const own = await read(payments.service.as(guest));
    expect(own.data?._entities.map(({ payment }) => payment?.id ?? null)).toEqual([
      second.payment.id,
      null,
      first.payment.id,
    ]);
    for (const client of [
      payments.service.as(testUser()),
      payments.service.as(host),
      payments.service.anonymous,
    ]) {
      const { data, errors } = await read(client);
      expect(errors).toEqual([]);
      expect(data?._entities).toEqual([{ payment: null }, { payment: null }, { payment: null }]);
    }
  });
});
