import { DUE, PayoutsUnderTest, SHARE } from './payouts.fixture.js';

describe('payouts of bookings with a refund that is not paid', () => {
  let payouts: PayoutsUnderTest;
  beforeAll(async () => {
    payouts = await PayoutsUnderTest.start();
  });
  afterAll(() => payouts.close());

  /** A host with two stays that are due; only the first one has changed rows. */
  async function givenTwoStays(change: (paymentId: string) => Promise<unknown>) {
    const host = await payouts.givenHost();
    const { bookingId } = await payouts.givenStay(host);
    await payouts.givenStay(host);
    const [payment] = await payouts.service.query<{ id: string }>(
      'SELECT id FROM payment WHERE booking_id = $1',
      [bookingId],
    );
    await change(payment?.id ?? '');
    await payouts.service.clock.set(DUE);
    return { host, paymentId: payment?.id ?? '' };
  }

  const givenRefund = (paymentId: string, cause: string, status: 'failed' | 'returned' | 'succeeded') =>
    payouts.service.query(
      `INSERT INTO refund (id, payment_id, cause, reason, amount_minor, host_minor, platform_minor, tax_minor, status,
         failure_code, created_at, finished_at, paid_at)
       VALUES (uuidv7(), $1, $2, 'booking-ended', 9, 9, 0, 0, $3, $4, now(), now(), $5)`,
      [
        ...[paymentId, cause],
        ...(status === 'succeeded' ? [status, null] : ['failed', 'expired_card']),
        status === 'returned' ? new Date().toISOString() : null,
      ],
    );

  test('a refund that the provider has rejected stops the payout until it is retried', async () => {
    const { host, paymentId } = await givenTwoStays((id) => givenRefund(id, 'release', 'failed'));
    await payouts.becomes(host, [['paid', SHARE]]);
    expect(await payouts.upcoming(host)).toEqual([[SHARE, 'refund_open']]);
    await givenRefund(paymentId, 'release/retry', 'succeeded');
    await payouts.service.clock.advance('PT2H');
    await payouts.becomes(host, [
      ['paid', SHARE],
      ['paid', SHARE],
    ]);
  });

  test('a rejected goodwill refund of an operator does not stop the payout', async () => {
    const { host } = await givenTwoStays((id) => givenRefund(id, 'admin:1', 'failed'));
    await payouts.becomes(host, [['paid', 2 * SHARE]]);
  });

  test.each([
    ['between its return and its repetition', []],
    ['after its repetition was rejected', ['admin:1/retry']],
  ])('a goodwill refund that the bank has returned stops the payout: %s', async (_when, rejected) => {
    const { host, paymentId } = await givenTwoStays(async (id) => {
      await givenRefund(id, 'admin:1', 'returned');
      for (const cause of rejected) await givenRefund(id, cause, 'failed');
    });
    await payouts.becomes(host, [['paid', SHARE]]);
    expect(await payouts.upcoming(host)).toEqual([[SHARE, 'refund_open']]);
    await givenRefund(paymentId, `${rejected[0] ?? 'admin:1'}/retry`, 'succeeded');
    await payouts.service.clock.advance('PT2H');
    await payouts.becomes(host, [
      ['paid', SHARE],
      ['paid', SHARE],
    ]);
  });

  test('a refund that waits stops the payout until it is made', async () => {
    const { host, paymentId } = await givenTwoStays((id) =>
      payouts.service.query(
        `INSERT INTO deferred_refund (payment_id, cause, reason, amount_minor, created_at, retry_at)
         VALUES ($1, 'release', 'booking-ended', 9, now(), now() + interval '1 day')`,
        [id],
      ),
    );
    await payouts.becomes(host, [['paid', SHARE]]);
    expect(await payouts.upcoming(host)).toEqual([[SHARE, 'refund_open']]);
    await payouts.service.query('DELETE FROM deferred_refund WHERE payment_id = $1', [paymentId]);
    await payouts.service.clock.advance('PT2H');
    await payouts.becomes(host, [
      ['paid', SHARE],
      ['paid', SHARE],
    ]);
  });
});
