import { jest } from '@jest/globals';
import { eventually, testUser } from '@roost/testing';
import { Providers } from '../src/provider/providers.js';
import { Disputes } from './dispute.fixture.js';
import { type PaymentsUnderTest, startPayments } from './payments.fixture.js';

/** The search for lost webhooks would record a planted dispute. */
const env = { DISPUTE_CHECK_SECONDS: '86400' };

describe('GET /v1/admin/reconciliation: disputes', () => {
  let payments: PaymentsUnderTest;
  let disputes: Disputes;
  beforeAll(async () => {
    payments = await startPayments(env);
    disputes = new Disputes(payments);
    // Runs the first search, which is due at the start.
    await payments.service.clock.reset();
  });
  afterAll(() => payments.close());

  const differencesOf = async (paymentId: string) =>
    (await payments.reconcile()).differences.filter((each) => each.paymentId === paymentId);
  const update = (set: string, id: string) =>
    payments.service.query(`UPDATE dispute SET ${set} WHERE id = $1`, [id]);

  test('reports a dispute that is not recorded, and what to do', async () => {
    const guest = testUser();
    const { payment } = await payments.givenConfirmed(guest);
    await payments.switches({ drop: 1 });
    await disputes.advance(payment.id, 'open', { amountMinor: 5_000 });
    await payments.switches({});
    expect(await payments.statusOf(guest, payment.id)).toBe('captured');
    expect(await differencesOf(payment.id)).toEqual([
      expect.objectContaining({
        kind: 'dispute.unposted',
        currency: 'USD',
        expectedMinor: 0,
        foundMinor: 5_000,
        action: expect.stringContaining('DISPUTE_CHECK_SECONDS') as string,
      }),
    ]);
  });

  test('reports the dispute of a charge that belongs to no payment', async () => {
    const { request } = payments.sandbox;
    const { id } = await request<{ id: string }>('POST', '/v1/payment-intents', {
      amountMinor: 99,
      currency: 'EUR',
    });
    await request('POST', `/v1/payment-intents/${id}/confirm`, { paymentMethod: 'pm_card_createDispute' });
    const { differences } = await payments.reconcile();
    expect(differences.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['provider.unknown_payment', 'dispute.unposted']),
    );
  });

  test('a dispute in another currency than its payment is not applied, and reported', async () => {
    const guest = testUser();
    const { payment } = await payments.givenConfirmed(guest);
    await payments.service.query(`UPDATE payment SET currency = 'EUR' WHERE id = $1`, [payment.id]);
    await disputes.advance(payment.id, 'open');
    await eventually(async () => {
      const handled = await payments.service.query(
        `SELECT outcome, park_reason FROM webhook_event WHERE subject = 'dispute' AND payment_id = $1 AND handled_at IS NOT NULL`,
        [payment.id],
      );
      expect(handled).toEqual([{ outcome: 'parked', park_reason: 'currency_differs' }]);
    });
    const kinds = (await differencesOf(payment.id)).map(({ kind }) => kind);
    expect(kinds).toContain('dispute.unposted');
    expect(await payments.statusOf(guest, payment.id)).toBe('captured');
  });

  test('a refund that an unknown dispute prevents is repeated a limited number of times, and reported', async () => {
    const { payment } = await payments.givenConfirmed(testUser());
    // No search finds the dispute.
    await payments.service.query(
      `INSERT INTO dispute_search VALUES ('sandbox', now() + interval '1 day')
       ON CONFLICT (provider) DO UPDATE SET check_at = excluded.check_at`,
    );
    await payments.switches({ drop: 1 });
    await disputes.advance(payment.id, 'open', { amountMinor: 5_000 });
    const path = `/v1/admin/payments/${payment.id}/refunds`;
    const body = { amountMinor: 1_000, reason: 'goodwill' };
    expect((await payments.service.as(payments.admin).post(path, body)).status).toBe(201);
    const refundsOf = () =>
      payments.service.query<{ id: string; failure_code: string }>(
        'SELECT id, failure_code FROM refund WHERE payment_id = $1 ORDER BY length(cause)',
        [payment.id],
      );
    await eventually(async () =>
      expect(await refundsOf()).toMatchObject([{ failure_code: 'charge_disputed' }]),
    );
    // As after six repetitions.
    for (const table of ['refund', 'deferred_refund']) {
      await payments.service.query(
        `UPDATE ${table} SET cause = cause || repeat('/retry', 6) WHERE payment_id = $1`,
        [payment.id],
      );
    }
    await eventually(
      async () => {
        await payments.service.query(`UPDATE deferred_refund SET retry_at = '2020-01-01'`);
        await payments.service.clock.set(new Date().toISOString());
        expect((await refundsOf()).at(-1)?.failure_code).toBe('dispute_unknown');
      },
      { seconds: 20 },
    );
    await payments.switches({});
    const refunds = await refundsOf();
    expect(refunds.map((refund) => refund.failure_code)).toEqual([
      'charge_disputed',
      'charge_disputed',
      'dispute_unknown',
    ]);
    expect((await differencesOf(payment.id)).map(({ kind }) => kind).toSorted()).toEqual([
      'dispute.unposted',
      'refund.refused',
    ]);
    const retry = await payments.service
      .as(payments.admin)
      .post(`${path}/${refunds.at(-1)!.id}/retry`, { reason: 'again' });
    expect(retry.status).toBe(201);
  }, 60_000);

  test('reports an amount that differs at the provider and in the ledger', async () => {
    const { payment, dispute } = await disputes.givenDisputed();
    await update('amount_minor = amount_minor + 1, excess_minor = excess_minor + 1', dispute.id);
    const found = await differencesOf(payment.id);
    expect(found.map(({ kind }) => kind).toSorted()).toEqual([
      'dispute.amount_differs',
      'ledger.payment_differs',
    ]);
    expect((await payments.reconcile()).balanced).toBe(false);
    await update('amount_minor = amount_minor - 1, excess_minor = excess_minor - 1', dispute.id);
    expect(await differencesOf(payment.id)).toEqual([]);
  });

  test('reports a decision that is not recorded', async () => {
    const { payment } = await disputes.givenDisputed();
    await payments.switches({ drop: 1 });
    await disputes.advance(payment.id, 'lost');
    await payments.switches({});
    expect((await differencesOf(payment.id)).map(({ kind }) => kind)).toEqual(['dispute.status_differs']);
  });

  test('reports a dispute that does not exist at the provider', async () => {
    const { payment, dispute } = await disputes.givenDisputed();
    await update(`provider_ref = 'dp_unknown'`, dispute.id);
    const found = await differencesOf(payment.id);
    expect(found.map(({ kind }) => kind).toSorted()).toEqual(['dispute.missing', 'dispute.unposted']);
  });

  test('does not report a dispute that was opened after the list of the provider was read', async () => {
    const { payment } = await disputes.givenDisputed();
    const atProvider = payments.service.get(Providers).of('sandbox').disputes!;
    const listed = jest.spyOn(atProvider, 'all').mockImplementation(async function* () {});
    expect(await differencesOf(payment.id)).toEqual([]);
    expect(listed).toHaveBeenCalled();
    jest.restoreAllMocks();
  });

  test('reports missing evidence two days before the deadline, until it is submitted', async () => {
    const { payment, dispute } = await disputes.givenDisputed();
    expect(await differencesOf(payment.id)).toEqual([]);
    await update(`evidence_due_at = now() + interval '47 hours'`, dispute.id);
    expect((await differencesOf(payment.id)).map(({ kind }) => kind)).toEqual(['dispute.undecided_overdue']);
    await update(`evidence_due_at = now() - interval '1 day', status = 'under_review'`, dispute.id);
    expect((await differencesOf(payment.id)).map(({ kind }) => kind)).toEqual(['dispute.status_differs']);
  });

  test('lists the open disputes in the order of their deadlines', async () => {
    const { dispute } = await disputes.givenDisputed();
    await update(`evidence_due_at = now() + interval '3 days'`, dispute.id);
    const ids = (await payments.reconcile()).disputes.map(({ id }) => id);
    const later = await disputes.givenDisputed();
    expect(ids).toContain(dispute.id);
    const after = (await payments.reconcile()).disputes.map(({ id }) => id);
    expect(after.indexOf(dispute.id)).toBeLessThan(after.indexOf(later.dispute.id));
  });
});
