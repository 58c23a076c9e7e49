import { eventually, type TestUser, testUser } from '@roost/testing';
import { Disputes } from './dispute.fixture.js';
import { type PaymentsUnderTest, startPayments } from './payments.fixture.js';

interface Refunded {
  guest: TestUser;
  paymentId: string;
  refundId: string;
}

const DAY = 86_400_000;

describe('the daily check of a paid refund', () => {
  let payments: PaymentsUnderTest;
  beforeAll(async () => {
    payments = await startPayments({ PAYMENT_CHECK_SECONDS: '3600' });
  });
  afterEach(() => payments.switches({}));
  afterAll(() => payments.close());

  const stateOf = async ({ refundId }: Refunded) => {
    const [row] = await payments.service.query(
      `SELECT status, failure_code AS code, extract(epoch FROM check_at - clock_timestamp())::float8 / 3600 AS hours
       FROM refund WHERE id = $1`,
      [refundId],
    );
    return row;
  };
  const becomes = (given: Refunded, expected: object) =>
    eventually(async () => expect(await stateOf(given)).toMatchObject(expected), { seconds: 20 });

  async function givenRefund(): Promise<Refunded> {
    const guest = testUser();
    const { payment } = await payments.givenConfirmed(guest, { holdExpiresAt: '2099-01-01T00:00:00.000Z' });
    const { body } = await payments.service
      .as(payments.admin)
      .post<{ id: string }>(`/v1/admin/payments/${payment.id}/refunds`, {
        amountMinor: 1_000,
        reason: 'Test',
      });
    await payments.becomes(guest, payment.id, 'partially_refunded');
    return { guest, paymentId: payment.id, refundId: body.id };
  }

  /** The bank returns the refund, its webhook is lost, and the next check is due. */
  async function givenLostReturn(given: Refunded, paidDaysAgo: number): Promise<void> {
    await payments.webhooksHandled();
    await payments.switches({ drop: 1 });
    const [refund] = await payments.service.query<{ ref: string }>(
      'SELECT provider_ref AS ref FROM refund WHERE id = $1',
      [given.refundId],
    );
    await payments.sandbox.request('POST', `/control/refunds/${refund?.ref}/failed`);
    const paidAt = new Date(payments.service.clock.now().getTime() - paidDaysAgo * DAY);
    await payments.service.query(
      `UPDATE refund SET check_at = clock_timestamp() - interval '1 second', finished_at = $2 WHERE id = $1`,
      [given.refundId, paidAt.toISOString()],
    );
  }

  test('finds a lost return, until 35 days have passed', async () => {
    const [inTime, late] = [await givenRefund(), await givenRefund()];
    const { hours } = (await stateOf(inTime)) ?? {};
    expect(hours).toBeGreaterThan(23);
    expect(hours).toBeLessThanOrEqual(24);
    await givenLostReturn(late, 36);
    await becomes(late, { status: 'succeeded', hours: null });
    await givenLostReturn(inTime, 34);
    await becomes(inTime, { status: 'failed', code: 'refund_returned' });
    expect(await stateOf(late)).toMatchObject({ status: 'succeeded' });
    const { differences } = await payments.reconcile();
    expect(differences.filter(({ paymentId }) => paymentId === late.paymentId)).toMatchObject([
      { kind: 'provider.amount_differs', expectedMinor: 1_000, foundMinor: 0 },
    ]);
  });

  test('finds it while the payment is disputed, although each check of the dispute postpones that of the payment', async () => {
    const given = await givenRefund();
    await new Disputes(payments).opened(given.guest, given.paymentId);
    await payments.service.query(
      `UPDATE payment SET check_at = clock_timestamp() + interval '1 hour' WHERE id = $1`,
      [given.paymentId],
    );
    await givenLostReturn(given, 1);
    await becomes(given, { status: 'failed', code: 'charge_disputed' });
  });
});
