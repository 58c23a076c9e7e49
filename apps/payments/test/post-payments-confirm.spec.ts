import { randomUUID } from 'node:crypto';
import { aUser, eventually, expectProblem } from '@roost/testing';
import pg from 'pg';
import { Providers } from '../src/provider/providers.js';
import { type PaymentBody, type PaymentsUnderTest, startPayments } from './payments.fixture.js';
import { answerBank } from './sandbox.fixture.js';

describe('POST /v1/payments/{id}/confirm', () => {
  let payments: PaymentsUnderTest;
  beforeAll(async () => {
    payments = await startPayments();
  });
  afterAll(() => payments.close());

  describe('200', () => {
    test('takes the money of an instant booking, tells it once and books it', async () => {
      const guest = aUser();
      const { payment, booking } = await payments.givenCaptured(guest);
      expect(payment).toMatchObject({ capturedMinor: 27_280, refundedMinor: 0, redirectUrl: null });
      const intent = await payments.sandbox.intentOf(payment.id);
      expect(await payments.sandbox.books(intent.id)).toEqual([['charge', 27_280]]);
      const captured = await payments.service.published('payment.captured');
      expect(captured.filter((body) => body.paymentId === payment.id)).toEqual([
        expect.objectContaining({ bookingId: booking.bookingId, status: 'captured', capturedMinor: 27_280 }),
      ]);
      // Debits less credits: what is at the provider is owed to host, platform and tax office.
      expect(await payments.balances(booking.bookingId)).toEqual({
        provider_clearing: 27_280,
        host_payable: -21_340,
        platform_revenue: -3_740,
        tax_payable: -2_200,
      });
    });

    test('holds the money of a request to book, and takes none', async () => {
      const guest = aUser();
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

    test('a card that wants authentication gets the guest’s bank, and the webhook tells the end of it', async () => {
      const guest = aUser();
      const { payment } = await payments.givenPayment({ guest });
      const waiting = await payments.confirm(guest, payment.id, 'pm_card_authenticationRequired');
      expect(waiting).toMatchObject({ status: 200, body: { status: 'requires_action' } });
      await answerBank(waiting.body.redirectUrl, 'approve');
      await payments.becomes(guest, payment.id, 'captured');
      expect(await payments.service.published('payment.action-required')).toContainEqual(
        expect.objectContaining({ paymentId: payment.id }),
      );
    });

    test('a refused authentication leaves the payment open for another card', async () => {
      const guest = aUser();
      const { payment } = await payments.givenPayment({ guest });
      const waiting = await payments.confirm(guest, payment.id, 'pm_card_authenticationRequired');
      await answerBank(waiting.body.redirectUrl, 'refuse');
      await payments.becomes(guest, payment.id, 'requires_payment_method');
      expect((await payments.confirm(guest, payment.id)).body.status).toBe('captured');
    });

    test('the provider charges and drops the answer: the retry finds that charge', async () => {
      const guest = aUser();
      const { payment } = await payments.givenPayment({ guest });
      const answer = await payments.confirm(guest, payment.id, 'pm_sandbox_timeoutAfterCharge');
      expect(answer).toMatchObject({ status: 200, body: { status: 'captured' } });
      const intent = await payments.sandbox.intentOf(payment.id);
      expect(await payments.sandbox.books(intent.id)).toEqual([['charge', 27_280]]);
    });

    test('confirmed again with the same card it is the same charge', async () => {
      const guest = aUser();
      const { payment } = await payments.givenCaptured(guest);
      expect(await payments.confirm(guest, payment.id)).toMatchObject({
        status: 200,
        body: { status: 'captured' },
      });
      const intent = await payments.sandbox.intentOf(payment.id);
      expect(await payments.sandbox.books(intent.id)).toHaveLength(1);
    });

    test('200 at once with one idempotency key are one charge and one set of ledger entries', async () => {
      const guest = aUser();
      const { payment, booking } = await payments.givenPayment({ guest });
      const key = { 'idempotency-key': randomUUID() };
      const answers = await Promise.all(
        Array.from({ length: 200 }, () => payments.confirm(guest, payment.id, 'pm_card_visa', key)),
      );
      const statuses = new Set(answers.map((answer) => answer.status));
      expect([...statuses].filter((status) => status !== 200 && status !== 409)).toEqual([]);
      for (const answer of answers.filter((one) => one.status === 409)) {
        expectProblem(answer, 409, 'idempotency.in_progress');
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

    test('100 at once without any key are one charge too', async () => {
      const guest = aUser();
      const { payment } = await payments.givenPayment({ guest });
      const answers = await Promise.all(
        Array.from({ length: 100 }, () => payments.confirm(guest, payment.id)),
      );
      expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([200]));
      const intent = await payments.sandbox.intentOf(payment.id);
      expect(await payments.sandbox.books(intent.id)).toEqual([['charge', 27_280]]);
    });
  });

  test('the guest’s secrets are kept for a repeated request, but not as they are', async () => {
    const guest = aUser();
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

  test('the provider’s answer waits for the payment before it closes the call, as whoever plans one does', async () => {
    const guest = aUser();
    const { payment } = await payments.givenPayment({ guest });
    // Its webhooks would wait for the payment, too.
    await payments.switches({ drop: 1 });
    const provider = payments.service.get(Providers).of('sandbox');
    const confirm = provider.confirm.bind(provider);
    const planner = new pg.Client({ connectionString: payments.service.env.DATABASE_URL });
    await planner.connect();
    try {
      provider.confirm = async (wanted) => {
        const intent = await confirm(wanted);
        await planner.query('BEGIN');
        await planner.query('SELECT FROM payment WHERE id = $1 FOR UPDATE', [payment.id]);
        return intent;
      };
      const paid = payments.confirm(guest, payment.id);
      await eventually(async () => expect(await payments.service.lockWaits()).toBeGreaterThan(0));
      // Were the call closed by then, PostgreSQL would end one of the two after 500 ms.
      await planner.query("SET LOCAL lock_timeout = '100ms'");
      const calls = await planner.query('SELECT FROM payment_operation WHERE payment_id = $1 FOR UPDATE', [
        payment.id,
      ]);
      expect(calls.rowCount).toBe(2);
      await planner.query('ROLLBACK');
      expect(await paid).toMatchObject({ status: 200, body: { status: 'captured' } });
    } finally {
      provider.confirm = confirm;
      await planner.end();
      await payments.switches({});
    }
  });

  describe('402', () => {
    test.each([
      ['pm_card_chargeDeclined', 'card_declined'],
      ['pm_card_chargeDeclinedInsufficientFunds', 'insufficient_funds'],
    ])('%s is declined, and another card may follow', async (card, reason) => {
      const guest = aUser();
      const { payment } = await payments.givenPayment({ guest });
      const declined = await payments.confirm(guest, payment.id, card);
      expectProblem(declined, 402, 'payment.declined');
      expect(declined.body).toMatchObject({ reason });
      expect((await payments.service.as(guest).get(`/v1/payments/${payment.id}`)).body).toMatchObject({
        status: 'requires_payment_method',
        failureCode: reason,
      });
      // Only the end of all tries is news for others.
      expect(await payments.service.published('payment.failed')).toEqual([]);
      expect((await payments.confirm(guest, payment.id)).body.status).toBe('captured');
    });
  });

  describe('503', () => {
    test('no answer from the provider: nothing is lost, and recovery finishes it, once', async () => {
      const guest = aUser();
      const { payment } = await payments.givenPayment({ guest });
      await payments.sandbox.faults(
        { route: 'confirm', kind: 'silent', times: 2 },
        { route: 'read', kind: 'fail', times: 1 },
      );
      const unclear = await payments.confirm(guest, payment.id);
      expectProblem(unclear, 503, 'payment.provider_unavailable');
      expect(unclear.headers.get('retry-after')).not.toBeNull();
      await payments.becomes(guest, payment.id, 'captured');
      const intent = await payments.sandbox.intentOf(payment.id);
      expect(await payments.sandbox.books(intent.id)).toEqual([['charge', 27_280]]);
    });
  });

  describe('409', () => {
    test('paid already, with another card', async () => {
      const guest = aUser();
      const { payment } = await payments.givenCaptured(guest);
      expectProblem(
        await payments.confirm(guest, payment.id, 'pm_card_createDispute'),
        409,
        'payment.wrong_state',
      );
    });

    test('the hold has run out: nothing is charged', async () => {
      const guest = aUser();
      const holdExpiresAt = new Date(Date.now() - 1_000).toISOString();
      const { payment } = await payments.givenPayment({ guest, holdExpiresAt });
      expectProblem(await payments.confirm(guest, payment.id), 409, 'payment.wrong_state');
      const intent = await payments.sandbox.intentOf(payment.id);
      expect(await payments.sandbox.books(intent.id)).toEqual([]);
    });
  });

  describe('refused', () => {
    test('401 without a token, 403 without a verified mail', async () => {
      const guest = aUser();
      const { payment } = await payments.givenPayment({ guest });
      const path = `/v1/payments/${payment.id}/confirm`;
      expectProblem(
        await payments.service.anonymous.post(path, { paymentMethod: 'pm_card_visa' }),
        401,
        'auth.missing_token',
      );
      const unverified = aUser({ id: guest.id, emailVerified: false });
      expectProblem(await payments.confirm(unverified, payment.id), 403, 'auth.email_unverified');
    });

    test('403 for a guest who is suspended, until they are reinstated', async () => {
      const guest = aUser();
      const { payment } = await payments.givenPayment({ guest });
      const user = {
        userId: guest.id,
        displayName: 'Somebody',
        locale: 'en',
        roles: ['guest' as const],
        emailVerified: true,
      };
      await payments.service.deliver('user.suspended', { ...user, status: 'suspended' }, { version: 5 });
      expectProblem(await payments.confirm(guest, payment.id), 403, 'account.suspended');
      // An older event that comes late changes nothing.
      await payments.service.deliver('user.reinstated', { ...user, status: 'active' }, { version: 4 });
      expectProblem(await payments.confirm(guest, payment.id), 403, 'account.suspended');
      await payments.service.deliver('user.reinstated', { ...user, status: 'active' }, { version: 6 });
      expect((await payments.confirm(guest, payment.id)).body.status).toBe('captured');
    });

    test('404 for a stranger, the host, an admin and an unknown payment alike', async () => {
      const [guest, host] = [aUser(), aUser({ roles: ['host'] })];
      const { payment } = await payments.givenPayment({ guest, host });
      for (const user of [aUser(), host, payments.admin]) {
        expectProblem(await payments.confirm(user, payment.id), 404, 'payment.not_found');
      }
      expectProblem(await payments.confirm(guest, randomUUID()), 404, 'payment.not_found');
    });

    test.each<[string, unknown, string]>([
      ['malformed JSON', '{"paymentMethod":', ''],
      ['no card', {}, '/paymentMethod'],
      ['a number', { paymentMethod: 7 }, '/paymentMethod'],
      ['null', { paymentMethod: null }, '/paymentMethod'],
      ['no name of a card', { paymentMethod: '4242 4242 4242 4242' }, '/paymentMethod'],
      ['a NUL byte', { paymentMethod: 'pm_card_visa\0' }, '/paymentMethod'],
      ['10,000 characters', { paymentMethod: `pm_${'x'.repeat(10_000)}` }, '/paymentMethod'],
      ['a card nobody knows', { paymentMethod: 'pm_card_nobody' }, '/paymentMethod'],
      ['an amount of one’s own', { paymentMethod: 'pm_card_visa', amountMinor: 1 }, '/amountMinor'],
      ['an array', ['pm_card_visa'], ''],
    ])('400: %s', async (_name, body, pointer) => {
      const guest = aUser();
      const { payment } = await payments.givenPayment({ guest });
      const answer = await payments.service.as(guest).post(`/v1/payments/${payment.id}/confirm`, body);
      expectProblem(answer, 400, 'request.invalid', pointer);
      await payments.becomes(guest, payment.id, 'requires_payment_method');
    });

    test('400: an id that is none; 413: too much of a body', async () => {
      const guest = aUser();
      expectProblem(await payments.confirm(guest, 'payment-1'), 400, 'request.invalid');
      const huge = await payments.service
        .as(guest)
        .post<PaymentBody>(`/v1/payments/${randomUUID()}/confirm`, {
          paymentMethod: 'x'.repeat(1_100_000),
        });
      expectProblem(huge, 413, 'request.too_large');
    });
  });

  test('after all this every book agrees', async () => {
    await eventually(() => payments.agreed(), { seconds: 20 });
  });
});
