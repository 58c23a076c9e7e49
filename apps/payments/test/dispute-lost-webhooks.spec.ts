import { eventually, testUser, type TestUser } from '@roost/testing';
import { Disputes } from './dispute.fixture.js';
import { type PaymentsUnderTest, startPayments } from './payments.fixture.js';

describe('disputes without webhooks', () => {
  let payments: PaymentsUnderTest;
  let disputes: Disputes;
  beforeAll(async () => {
    payments = await startPayments({ DISPUTE_CHECK_SECONDS: '0.2' });
    disputes = new Disputes(payments);
    await payments.switches({ drop: 1 });
  });
  afterAll(() => payments.close());

  /** Waits for the status with the sweeps of a move of the clock. */
  const becomes = (guest: TestUser, paymentId: string, status: string) =>
    eventually(
      async () => {
        await payments.service.clock.set(new Date().toISOString());
        expect(await payments.statusOf(guest, paymentId)).toBe(status);
      },
      { seconds: 20 },
    );

  const refundsOf = (paymentId: string) =>
    payments.service.query(
      `SELECT status, failure_code, amount_minor::int AS amount, offset_minor::int AS "offset"
       FROM refund WHERE payment_id = $1 ORDER BY created_at`,
      [paymentId],
    );

  /** The bank has returned 5,000 of the cancelled payment, and the provider has refunded the rest. */
  async function expectReduced(paymentId: string): Promise<void> {
    expect(await refundsOf(paymentId)).toEqual([
      { status: 'failed', failure_code: 'charge_disputed', amount: 27_280, offset: 5_000 },
      { status: 'succeeded', failure_code: null, amount: 22_280, offset: 0 },
    ]);
    expect(await disputes.books(paymentId)).toEqual([
      ['charge', 27_280],
      ['dispute', -5_000],
      ['refund', -22_280],
    ]);
    await payments.agreed();
  }

  test('a search finds new disputes and decisions', async () => {
    const guest = testUser();
    const { payment, booking } = await payments.givenConfirmed(guest);
    await disputes.advance(payment.id, 'open');
    await becomes(guest, payment.id, 'disputed');
    await disputes.cancel(booking, 27_280);
    await disputes.advance(payment.id, 'lost');
    await becomes(guest, payment.id, 'refunded');
    expect(await disputes.books(payment.id)).toEqual([
      ['charge', 27_280],
      ['dispute', -27_280],
    ]);
    await payments.agreed();
  }, 60_000);

  test('a refund that was too large because of an unknown lost dispute is repeated without its amount', async () => {
    const guest = testUser();
    const { payment, booking } = await payments.givenConfirmed(guest);
    await payments.service.query(
      `INSERT INTO dispute_search VALUES ('sandbox', now() + interval '1 day')
       ON CONFLICT (provider) DO UPDATE SET check_at = excluded.check_at`,
    );
    // Waits for a search that has begun before: it would find the dispute.
    await payments.service.clock.reset();
    await disputes.advance(payment.id, 'open', { amountMinor: 5_000 });
    await disputes.advance(payment.id, 'lost');
    await disputes.cancel(booking, 27_280);
    await eventually(async () =>
      expect(await refundsOf(payment.id)).toMatchObject([
        { status: 'failed', failure_code: 'refund_too_large' },
      ]),
    );
    await payments.service.query('UPDATE dispute_search SET check_at = now()');
    await becomes(guest, payment.id, 'refunded');
    await expectReduced(payment.id);
  }, 60_000);

  test('a refund in progress that a recorded lost dispute made too large is repeated without its amount', async () => {
    const guest = testUser();
    const { payment, booking } = await payments.givenConfirmed(guest);
    await payments.sandbox.faults({ route: 'refund', kind: 'fail', times: 1_000 });
    await disputes.cancel(booking, 27_280);
    await disputes.advance(payment.id, 'open', { amountMinor: 5_000 });
    await disputes.advance(payment.id, 'lost');
    await eventually(
      async () => {
        await payments.service.clock.set(new Date().toISOString());
        expect(
          await payments.service.query(`SELECT FROM dispute WHERE payment_id = $1 AND status = 'lost'`, [
            payment.id,
          ]),
        ).toHaveLength(1);
      },
      { seconds: 20 },
    );
    await payments.sandbox.faults();
    await eventually(
      async () => {
        await payments.service.clock.set(new Date().toISOString());
        const waiting = await payments.service.query(
          'UPDATE deferred_refund SET retry_at = now() WHERE payment_id = $1 RETURNING cause',
          [payment.id],
        );
        expect(waiting).toEqual([{ cause: 'release/retry' }]);
      },
      { seconds: 20 },
    );
    await becomes(guest, payment.id, 'refunded');
    await expectReduced(payment.id);
  }, 60_000);

  test('a provider that does not respond only delays the search', async () => {
    const guest = testUser();
    const { payment } = await payments.givenConfirmed(guest);
    const { id } = await payments.sandbox.intentOf(payment.id);
    await payments.sandbox.faults({ route: 'read', kind: 'fail', times: 6 });
    await payments.sandbox.request('POST', `/control/payment-intents/${id}/disputes/open`);
    await becomes(guest, payment.id, 'disputed');
  }, 60_000);

  test('a waiting refund of a payment that is not disputed is requested again', async () => {
    const guest = testUser();
    const { payment, booking } = await payments.givenCaptured(guest);
    await payments.service.query(
      `INSERT INTO deferred_refund (payment_id, cause, reason, amount_minor, created_at, retry_at)
       VALUES ($1, 'change:1/retry', 'booking-changed', 1000, now(), now())`,
      [payment.id],
    );
    await becomes(guest, payment.id, 'partially_refunded');
    expect((await payments.balances(booking.bookingId)).provider_clearing).toBe(26_280);
    await eventually(async () => {
      expect(await payments.service.query('SELECT FROM deferred_refund')).toEqual([]);
    });
    await payments.agreed();
  }, 60_000);

  test('a repetition that waits is not requested a second time', async () => {
    const guest = testUser();
    const { payment, booking } = await payments.givenConfirmed(guest);
    await payments.service.query(
      `INSERT INTO deferred_refund (payment_id, cause, reason, amount_minor, created_at, retry_at)
       VALUES ($1, 'release/retry', 'booking-ended', 1000, now(), now() + interval '1 day')`,
      [payment.id],
    );
    await disputes.cancel(booking, 1_000);
    expect(await payments.service.query('SELECT FROM refund WHERE payment_id = $1', [payment.id])).toEqual(
      [],
    );
    expect(await disputes.books(payment.id)).toEqual([['charge', 27_280]]);
  }, 60_000);
});
