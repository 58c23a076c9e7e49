import { randomUUID } from 'node:crypto';
import { testUser, eventually, expectProblem } from '@roost/testing';
import pg from 'pg';
import { Providers } from '../src/provider/providers.js';
import { type PaymentsUnderTest, startPayments } from './payments.fixture.js';
import { submitBankForm } from './sandbox.fixture.js';

describe('POST /v1/payments/{id}/confirm', () => {
  let payments: PaymentsUnderTest;
  beforeAll(async () => {
    payments = await startPayments();
  });
  afterAll(() => payments.close());

  describe('200', () => {
    test('captures an instant booking, publishes it once and posts it to the ledger', async () => {
      const guest = testUser();
      const { payment, booking } = await payments.givenCaptured(guest);
      expect(payment).toMatchObject({ capturedMinor: 27_280, refundedMinor: 0, redirectUrl: null });
      const intent = await payments.sandbox.intentOf(payment.id);
      expect(await payments.sandbox.books(intent.id)).toEqual([['charge', 27_280]]);
      const captured = await payments.service.published('payment.captured');
      expect(captured.filter((body) => body.paymentId === payment.id)).toEqual([
        expect.objectContaining({ bookingId: booking.bookingId, status: 'captured', capturedMinor: 27_280 }),
      ]);
      // Debits minus credits: the captured amount is owed to host, platform and tax office.
      expect(await payments.balances(booking.bookingId)).toEqual({
        provider_clearing: 27_280,
        host_payable: -21_340,
        platform_revenue: -3_740,
        tax_payable: -2_200,
      });
    });

    test('authorizes a request to book without a charge', async () => {
      const guest = testUser();
      const { payment, booking } = await payments.givenAuthorized(guest);
      const intent = await payments.sandbox.intentOf(payment.id);
      expect(intent).toMatchObject({ status: 'requires_capture', capturedMinor: 0 });
      expect(await payments.sandbox.books(intent.id)).toEqual([]);
      expect(await payments.balances(booking.bookingId)).toEqual({});
      const [authorized] = (await payments.service.published('payment.authorized')).filter(
        (body) => body.paymentId === payment.id,
      );
      expect(Date.parse(authorized?.captureBefore ?? '')).toBeGreaterThan(Date.now());
    });

    test('returns the bank’s URL for a card that requires authentication, and applies the outcome from the webhook', async () => {
      const guest = testUser();
      const { payment } = await payments.givenPayment({ guest });
      const waiting = await payments.confirm(guest, payment.id, 'pm_card_authenticationRequired');
      expect(waiting).toMatchObject({ status: 200, body: { status: 'requires_action' } });
      await submitBankForm(waiting.body.redirectUrl, 'approve');
      await payments.becomes(guest, payment.id, 'captured');
      expect(await payments.service.published('payment.action-required')).toContainEqual(
        expect.objectContaining({ paymentId: payment.id }),
      );
    });

    test('accepts another card after a failed authentication', async () => {
      const guest = testUser();
      const { payment } = await payments.givenPayment({ guest });
      const waiting = await payments.confirm(guest, payment.id, 'pm_card_authenticationRequired');
      await submitBankForm(waiting.body.redirectUrl, 'refuse');
      await payments.becomes(guest, payment.id, 'requires_payment_method');
      expect((await payments.confirm(guest, payment.id)).body.status).toBe('captured');
    });

    test('finds the charge on a retry if the provider’s response is lost', async () => {
      const guest = testUser();
      const { payment } = await payments.givenPayment({ guest });
      const response = await payments.confirm(guest, payment.id, 'pm_sandbox_timeoutAfterCharge');
      expect(response).toMatchObject({ status: 200, body: { status: 'captured' } });
      const intent = await payments.sandbox.intentOf(payment.id);
      expect(await payments.sandbox.books(intent.id)).toEqual([['charge', 27_280]]);
    });

    test('charges once for a repeated confirmation with the same card', async () => {
      const guest = testUser();
      const { payment } = await payments.givenCaptured(guest);
      expect(await payments.confirm(guest, payment.id)).toMatchObject({
        status: 200,
        body: { status: 'captured' },
      });
      const intent = await payments.sandbox.intentOf(payment.id);
      expect(await payments.sandbox.books(intent.id)).toHaveLength(1);
    });

    test('charges and posts once for 200 concurrent requests with one idempotency key', async () => {
      const guest = testUser();
      const { payment, booking } = await payments.givenPayment({ guest });
      const key = { 'idempotency-key': randomUUID() };
      const responses = await Promise.all(
        Array.from({ length: 200 }, () => payments.confirm(guest, payment.id, 'pm_card_visa', key)),
      );
      const statuses = new Set(responses.map((response) => response.status));
      expect([...statuses].filter((status) => status !== 200 && status !== 409)).toEqual([]);
      for (const response of responses.filter((each) => each.status === 409)) {
        expectProblem(response, 409, 'idempotency.in_progress');
      }
      const replay = await payments.confirm(guest, payment.id, 'pm_card_visa', key);
      expect(replay).toMatchObject({ status: 200, body: { status: 'captured' } });
      expect(replay.headers.get('idempotent-replayed')).toBe('true');
      const intent = await payments.sandbox.intentOf(payment.id);
      expect(await payments.sandbox.books(intent.id)).toEqual([['charge', 27_280]]);
      expect(await payments.balances(booking.bookingId)).toMatchObject({ provider_clearing: 27_280 });
      expectProblem(
        await payments.confirm(guest, payment.id, 'pm_card_createDispute', key),
        422,
        'idempotency.key_reused',
      );
    });

    test('charges once for 100 concurrent requests without a key', async () => {
      const guest = testUser();
      const { payment } = await payments.givenPayment({ guest });
      const responses = await Promise.all(
        Array.from({ length: 100 }, () => payments.confirm(guest, payment.id)),
      );
      expect(new Set(responses.map((response) => response.status))).toEqual(new Set([200]));
      const intent = await payments.sandbox.intentOf(payment.id);
      expect(await payments.sandbox.books(intent.id)).toEqual([['charge', 27_280]]);
    });
  });

  test('stores the guest’s secrets encrypted for a repeated request', async () => {
    const guest = testUser();
    const { payment } = await payments.givenPayment({ guest });
    const key = { 'idempotency-key': randomUUID() };
    const waiting = await payments.confirm(guest, payment.id, 'pm_card_authenticationRequired', key);
    expect(waiting.body.redirectUrl).not.toBeNull();
    const [row] = await payments.service.query<{ body: string }>(
      'SELECT body FROM idempotency_key WHERE user_id = $1',
      [guest.id],
    );
    expect(row?.body).toMatch(/^v1\./);
    const again = await payments.confirm(guest, payment.id, 'pm_card_authenticationRequired', key);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(again.body).toEqual(waiting.body);
  });

  test('locks the payment before it closes the operation, as every scheduler of operations does', async () => {
    const guest = testUser();
    const { payment } = await payments.givenPayment({ guest });
    // A webhook would wait for the payment's lock as well.
    await payments.switches({ drop: 1 });
    const provider = payments.service.get(Providers).of('sandbox');
    const confirm = provider.confirm.bind(provider);
    const scheduler = new pg.Client({ connectionString: payments.service.env.DATABASE_URL });
    await scheduler.connect();
    try {
      provider.confirm = async (request) => {
        const intent = await confirm(request);
        await scheduler.query('BEGIN');
        await scheduler.query('SELECT FROM payment WHERE id = $1 FOR UPDATE', [payment.id]);
        return intent;
      };
      const confirmation = payments.confirm(guest, payment.id);
      await eventually(async () => expect(await payments.service.lockWaits()).toBeGreaterThan(0));
      // If the operation were closed first, this lock would time out.
      await scheduler.query("SET LOCAL lock_timeout = '100ms'");
      const operations = await scheduler.query(
        'SELECT FROM payment_operation WHERE payment_id = $1 FOR UPDATE',
        [payment.id],
      );
      expect(operations.rowCount).toBe(2);
      await scheduler.query('ROLLBACK');
      expect(await confirmation).toMatchObject({ status: 200, body: { status: 'captured' } });
    } finally {
      provider.confirm = confirm;
      await scheduler.end();
      await payments.switches({});
    }
  });

  describe('402', () => {
    test.each([
      ['pm_card_chargeDeclined', 'card_declined'],
      ['pm_card_chargeDeclinedInsufficientFunds', 'insufficient_funds'],
    ])('declines %s, and accepts another card afterwards', async (card, reason) => {
      const guest = testUser();
      const { payment } = await payments.givenPayment({ guest });
      const declined = await payments.confirm(guest, payment.id, card);
      expectProblem(declined, 402, 'payment.declined');
      expect(declined.body).toMatchObject({ reason });
      expect((await payments.service.as(guest).get(`/v1/payments/${payment.id}`)).body).toMatchObject({
        status: 'requires_payment_method',
        failureCode: reason,
      });
      // A declined card is no event: the guest can still pay.
      expect(await payments.service.published('payment.failed')).toEqual([]);
      expect((await payments.confirm(guest, payment.id)).body.status).toBe('captured');
    });
  });

  describe('503', () => {
    test('without a response of the provider; recovery finishes the charge, once', async () => {
      const guest = testUser();
      const { payment } = await payments.givenPayment({ guest });
      // Until the guest has the answer: a recovery before it would make it a success.
      await payments.sandbox.faults(
        { route: 'confirm', kind: 'silent', times: 100 },
        { route: 'read', kind: 'fail', times: 100 },
      );
      const unclear = await payments.confirm(guest, payment.id);
      await payments.sandbox.faults();
      expectProblem(unclear, 503, 'payment.provider_unavailable');
      expect(unclear.headers.get('retry-after')).not.toBeNull();
      await payments.becomes(guest, payment.id, 'captured');
      const intent = await payments.sandbox.intentOf(payment.id);
      expect(await payments.sandbox.books(intent.id)).toEqual([['charge', 27_280]]);
    });
  });

  describe('409', () => {
    test('for a payment that was captured with another card', async () => {
      const guest = testUser();
      const { payment } = await payments.givenCaptured(guest);
      expectProblem(
        await payments.confirm(guest, payment.id, 'pm_card_createDispute'),
        409,
        'payment.wrong_state',
      );
    });

    test('after the hold has expired, without a charge', async () => {
      const guest = testUser();
      const holdExpiresAt = new Date(Date.now() - 1_000).toISOString();
      const { payment } = await payments.givenPayment({ guest, holdExpiresAt });
      expectProblem(await payments.confirm(guest, payment.id), 409, 'payment.wrong_state');
      const intent = await payments.sandbox.intentOf(payment.id);
      expect(await payments.sandbox.books(intent.id)).toEqual([]);
    });
  });

  test('all books agree at the end', async () => {
    await payments.agreed();
  });
});
