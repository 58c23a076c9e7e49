import { eventually, type TestUser, testUser } from '@roost/testing';
import pg from 'pg';
import { Adoption } from '../src/reconciliation/adoption.service.js';
import { markRestored } from '../src/restoration/mark-restored.js';
import type { BookingBody } from './payments.fixture.js';
import { DUE, PayoutsUnderTest, SHARE } from './payouts.fixture.js';
import { ReconciliationRuns } from './reconciliation-runs.fixture.js';

/** What the guest gets back when the host keeps a half. */
const REFUND = 13_640;
const KEPT = 13_640;

/** Each test restores the database of payments, and ends the restoration. */
describe('after a restore from a backup', () => {
  let payouts: PayoutsUnderTest;
  let runs: ReconciliationRuns;
  beforeAll(async () => {
    payouts = await PayoutsUnderTest.start({ PAYMENT_CHECK_SECONDS: '3600' });
    runs = new ReconciliationRuns(payouts.payments);
    // A late webhook would report what the test has removed here.
    await payouts.payments.switches({ drop: 1 });
  });
  afterAll(() => payouts.close());

  const query = <Row extends pg.QueryResultRow>(sql: string, values: unknown[] = []) =>
    payouts.service.query<Row>(sql, values);

  /** As `roost restore mark` does. */
  async function restored(): Promise<void> {
    const client = new pg.Client({ connectionString: payouts.service.env.DATABASE_URL });
    await client.connect();
    try {
      await markRestored(client, new Date());
    } finally {
      await client.end();
    }
  }

  const isOpen = async () => (await query('SELECT FROM restoration WHERE ended_at IS NULL')).length > 0;

  /** As `roost reconcile adopt` does. */
  async function adopted(): Promise<(string | null)[]> {
    const results: (string | null)[] = [];
    for await (const movement of payouts.service.get(Adoption).find()) results.push(await movement.adopt());
    return results;
  }

  describe('payouts', () => {
    let host: TestUser;
    beforeAll(async () => {
      host = await payouts.givenHost();
      await payouts.givenStay(host);
      await restored();
    });

    test('wait, and hosts see the reason', async () => {
      // The run of the payouts that are due ends before the clock is set.
      await payouts.service.clock.set(DUE);
      expect(await payouts.upcoming(host)).toEqual([[SHARE, 'reconciliation_pending']]);
      expect(await query('SELECT FROM payout')).toEqual([]);
      expect(await payouts.transfersTo(host)).toEqual([]);
    });

    test('wait after a recent reconciliation, which does not compare the whole history', async () => {
      expect(await runs.run('recent')).toMatchObject({ status: 'finished', differenceCount: 0 });
      expect(await isOpen()).toBe(true);
    });

    test('wait after a full reconciliation that finds a difference', async () => {
      const unknown = await payouts.sandbox.request<{ id: string }>('POST', '/v1/payment-intents', {
        ...{ amountMinor: 5_000, currency: 'USD', metadata: {} },
      });
      const path = `/v1/payment-intents/${unknown.id}`;
      await payouts.sandbox.request('POST', `${path}/confirm`, { paymentMethod: 'pm_card_visa' });
      const { differences } = await runs.run();
      expect(differences).toMatchObject([{ kind: 'provider.unknown_payment', providerRef: unknown.id }]);
      expect(await isOpen()).toBe(true);
      await payouts.sandbox.request('POST', '/v1/refunds', { intentId: unknown.id, amountMinor: 5_000 });
    });

    test('continue after a full reconciliation without one', async () => {
      expect(await runs.run()).toMatchObject({ status: 'finished', differenceCount: 0 });
      expect(await isOpen()).toBe(false);
      await payouts.service.clock.set(DUE);
      await payouts.becomes(host, [['paid', SHARE]]);
      expect(await payouts.transfersTo(host)).toHaveLength(1);
    });
  });

  describe('the refund of a payment with a refund that only the provider has', () => {
    interface Given {
      booking: BookingBody;
      paymentId: string;
      intentId: string;
    }

    async function given(): Promise<Given> {
      const guest = testUser();
      const { booking, payment } = await payouts.payments.givenConfirmed(guest, {
        holdExpiresAt: '2031-01-01T00:00:00.000Z',
      });
      const { id: intentId } = await payouts.sandbox.intentOf(payment.id);
      return { booking, paymentId: payment.id, intentId };
    }

    /** Refunded before the loss, by a refund that the backup does not have. */
    const refundedAtProvider = ({ intentId }: Given, reason: string, amountMinor = REFUND) =>
      payouts.sandbox.request<{ id: string }>('POST', '/v1/refunds', {
        ...{ intentId, amountMinor, reason },
        metadata: { refundId: crypto.randomUUID() },
      });

    const refundsAtProvider = async ({ intentId }: Given) => {
      const { data } = await payouts.sandbox.request<{ data: { id: string; amountMinor: number }[] }>(
        'GET',
        `/v1/payment-intents/${intentId}/refunds`,
      );
      return data.map(({ id, amountMinor }) => [id, amountMinor]);
    };

    const refundsOf = ({ paymentId }: Given) =>
      query(
        `SELECT cause, status, amount_minor::int AS amount, provider_ref AS ref FROM refund
         WHERE payment_id = $1 ORDER BY created_at`,
        [paymentId],
      );

    /** The call of the provider was tried after the restore, and waits. */
    const held = (stay: Given) =>
      eventually(async () => {
        const [operation] = await query(
          `SELECT status, tries, lease_until AS lease FROM payment_operation
           WHERE payment_id = $1 AND kind = 'refund'`,
          [stay.paymentId],
        );
        expect(operation).toMatchObject({ status: 'pending', lease: null });
        expect(operation?.tries).toBeGreaterThan(0);
      });

    test('waits, is a difference, and is taken for the lost one', async () => {
      const stay = await given();
      const lost = await refundedAtProvider(stay, 'booking-ended');
      await restored();
      await payouts.cancel(stay.booking, KEPT);
      await held(stay);
      expect(await refundsAtProvider(stay)).toEqual([[lost.id, REFUND]]);
      expect((await runs.run()).differences).toMatchObject([
        { kind: 'provider.amount_differs', paymentId: stay.paymentId, expectedMinor: 0, foundMinor: REFUND },
      ]);
      expect(await isOpen()).toBe(true);

      expect(await adopted()).toEqual([null]);
      expect(
        await payouts.service.query('SELECT action, admin_id, subject_type FROM admin_action'),
      ).toContainEqual({ action: 'movement.adopt', admin_id: null, subject_type: 'refund' });
      expect(await refundsOf(stay)).toEqual([
        { cause: 'release', status: 'succeeded', amount: REFUND, ref: lost.id },
      ]);
      // Its call would pay it once more after the end of the restoration.
      expect(await query(`SELECT FROM payment_operation WHERE status = 'pending'`)).toEqual([]);
      expect(await runs.run()).toMatchObject({ differenceCount: 0, balanced: true });
      expect(await isOpen()).toBe(false);
      expect(await adopted()).toEqual([]);
      expect(await refundsAtProvider(stay)).toEqual([[lost.id, REFUND]]);
    });

    test('of customer support is entered as such, and the books agree', async () => {
      const stay = await given();
      const lost = await refundedAtProvider(stay, 'admin', 1_000);
      await restored();
      expect(await adopted()).toEqual([null]);
      expect(await refundsOf(stay)).toMatchObject([{ status: 'succeeded', amount: 1_000, ref: lost.id }]);
      expect(await runs.run()).toMatchObject({ differenceCount: 0, balanced: true });
      expect(await isOpen()).toBe(false);
    });

    test('waits for an operator if its amount differs', async () => {
      const stay = await given();
      const lost = await refundedAtProvider(stay, 'booking-ended', 1_000);
      await restored();
      await payouts.cancel(stay.booking, KEPT);
      await held(stay);
      expect(await adopted()).toEqual([expect.stringContaining(`a refund of ${REFUND}`)]);
      expect(await refundsAtProvider(stay)).toEqual([[lost.id, 1_000]]);
      await query(
        `UPDATE restoration SET ended_at = now(), ended_because = 'accepted' WHERE ended_at IS NULL`,
      );
      await eventually(async () => {
        await query(
          `UPDATE payment_operation SET due_at = now(), not_before = NULL WHERE status = 'pending' AND lease_until IS NULL`,
        );
        expect(await refundsAtProvider(stay)).toHaveLength(2);
      });
    });
  });
});
