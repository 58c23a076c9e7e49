import { eventually, expectProblem, testUser } from '@roost/testing';
import { Disputes } from './dispute.fixture.js';
import { type PaymentsUnderTest, startPayments } from './payments.fixture.js';
import { submitBankForm } from './sandbox.fixture.js';

/** 272.80: 213.40 for the host, 37.40 for the platform, 22.00 tax. */
const TOTAL = 27_280;
const CAPTURED = {
  provider_clearing: TOTAL,
  host_payable: -21_340,
  platform_revenue: -3_740,
  tax_payable: -2_200,
};

let payments: PaymentsUnderTest;
let disputes: Disputes;
beforeAll(async () => {
  payments = await startPayments();
  disputes = new Disputes(payments);
});
afterAll(() => payments.close());

const eventsOf = async (
  type: 'payment.disputed' | 'payment.dispute-won' | 'payment.dispute-lost',
  id: string,
) => (await payments.service.published(type)).filter((body) => body.paymentId === id);

describe('a dispute is opened', () => {
  test('the payment is disputed, the amount is withheld, and the dispute is listed with its deadline', async () => {
    const { payment, booking, dispute } = await disputes.givenDisputed();
    expect(dispute).toMatchObject({
      bookingId: booking.bookingId,
      hostId: booking.hostId,
      provider: 'sandbox',
      status: 'needs_response',
      reason: 'fraudulent',
      currency: 'USD',
      amountMinor: TOTAL,
      hostMinor: 21_340,
      platformMinor: 3_740,
      taxMinor: 2_200,
      excessMinor: 0,
      closedAt: null,
    });
    expect(Date.parse(dispute.evidenceDueAt ?? '')).toBeGreaterThan(Date.now());
    const { provider_clearing: _, ...parties } = CAPTURED;
    expect(await payments.balances(booking.bookingId)).toEqual({ ...parties, dispute_reserve: TOTAL });
    expect(await eventsOf('payment.disputed', payment.id)).toMatchObject([
      { disputeId: dispute.id, status: 'disputed' },
    ]);
    const report = await payments.reconcile();
    expect(report.disputes).toContainEqual(
      expect.objectContaining({ id: dispute.id, paymentId: payment.id, amountMinor: TOTAL }),
    );
    await payments.agreed();
  });

  test('an operator cannot refund the payment', async () => {
    const { payment } = await disputes.givenDisputed();
    const path = `/v1/admin/payments/${payment.id}/refunds`;
    const body = { amountMinor: 1, reason: 'goodwill' };
    const response = await payments.service.as(payments.admin).post(path, body);
    expectProblem(response, 409, 'payment.wrong_state');
  });

  test('the review of the evidence by the bank is shown', async () => {
    const { payment, dispute } = await disputes.givenDisputed();
    await disputes.advance(payment.id, 'review');
    await eventually(async () => {
      const reviewed = (await disputes.list('status=under_review')).map(({ id }) => id);
      expect(reviewed).toContain(dispute.id);
    });
  });

  test('before its capture is recorded: both are recorded', async () => {
    const guest = testUser();
    const { payment } = await payments.givenPayment({ guest });
    const { body } = await payments.confirm(guest, payment.id, 'pm_card_authenticationRequired');
    await payments.switches({ drop: 1 });
    await submitBankForm(body.redirectUrl, 'approve');
    await payments.switches({});
    await disputes.opened(guest, payment.id);
    const captured = await payments.service.published('payment.captured');
    expect(captured.filter(({ paymentId }) => paymentId === payment.id)).toHaveLength(1);
    expect(await eventsOf('payment.disputed', payment.id)).toHaveLength(1);
    await payments.agreed();
  });

  test('of a request to book, which the guest then withdraws: nothing is refunded until the bank has decided', async () => {
    const guest = testUser();
    const { payment, booking } = await payments.givenAuthorized(guest);
    await payments.service.deliver('booking.accepted', { ...booking, state: 'awaiting_capture' });
    await payments.becomes(guest, payment.id, 'captured');
    await disputes.opened(guest, payment.id);
    await disputes.cancel(booking, 0);
    expect(await disputes.books(payment.id)).toEqual([
      ['charge', TOTAL],
      ['dispute', -TOTAL],
    ]);
    await disputes.decided(payment.id, 'won');
    await payments.becomes(guest, payment.id, 'refunded');
    expect(await payments.balances(booking.bookingId)).toEqual({});
    await payments.agreed();
  });
});

describe('a dispute is won', () => {
  test('the amount returns, and the payment is captured again', async () => {
    const { guest, payment, booking, dispute } = await disputes.givenDisputed();
    await disputes.decided(payment.id, 'won');
    expect(await payments.statusOf(guest, payment.id)).toBe('captured');
    expect(await payments.balances(booking.bookingId)).toEqual(CAPTURED);
    expect(await eventsOf('payment.dispute-won', payment.id)).toMatchObject([
      { disputeId: dispute.id, status: 'captured' },
    ]);
    await payments.agreed();
  });

  test('the refund of a booking that was cancelled in the meantime is paid', async () => {
    const { guest, payment, booking } = await disputes.givenDisputed();
    await disputes.cancel(booking, 10_000, {
      hostPayoutMinor: 13_540,
      platformFeeMinor: 2_540,
      taxMinor: 1_200,
    });
    expect(await disputes.books(payment.id)).toHaveLength(2);
    await disputes.decided(payment.id, 'won');
    await payments.becomes(guest, payment.id, 'partially_refunded');
    expect(await disputes.books(payment.id)).toEqual([
      ['charge', TOTAL],
      ['dispute', -TOTAL],
      ['dispute_reversal', TOTAL],
      ['refund', -10_000],
    ]);
    expect(await payments.balances(booking.bookingId)).toEqual({
      provider_clearing: 17_280,
      host_payable: -13_540,
      platform_revenue: -2_540,
      tax_payable: -1_200,
    });
    await payments.agreed();
  });
});

describe('a dispute is lost', () => {
  test('the share of each party is deducted, also if the host has been paid', async () => {
    const { guest, payment, booking, dispute } = await disputes.givenDisputed();
    await payments.service.query(
      `INSERT INTO movement (key, leg, debit_id, credit_id, currency, amount_minor, booking_id, occurred_at)
       SELECT 'payout:' || $1, 1, d.id, c.id, 'USD', 21340, $1::uuid, now() FROM ledger_account d, ledger_account c
       WHERE d.code = 'host_payable' AND d.owner_id = $2 AND d.currency = 'USD'
         AND c.code = 'provider_clearing' AND c.currency = 'USD'`,
      [booking.bookingId, booking.hostId],
    );
    await disputes.decided(payment.id, 'lost');
    expect(await disputes.paymentOf(guest, payment.id)).toMatchObject({
      status: 'refunded',
      capturedMinor: TOTAL,
      refundedMinor: 0,
    });
    // The host owes the payout.
    expect(await payments.balances(booking.bookingId)).toEqual({
      provider_clearing: -21_340,
      host_payable: 21_340,
    });
    expect(await eventsOf('payment.dispute-lost', payment.id)).toMatchObject([{ disputeId: dispute.id }]);
    await payments.agreed();
  });

  test('a refund that is due is reduced by the amount that the bank has returned', async () => {
    const { guest, payment, booking } = await disputes.givenDisputed(4_000);
    await disputes.cancel(booking, 10_000);
    await disputes.decided(payment.id, 'lost');
    await eventually(async () =>
      expect(await disputes.paymentOf(guest, payment.id)).toMatchObject({ refundedMinor: 6_000 }),
    );
    expect(await disputes.books(payment.id)).toEqual([
      ['charge', TOTAL],
      ['dispute', -4_000],
      ['refund', -6_000],
    ]);
    await payments.agreed();
  });

  test('the refund of a later cancellation is reduced as well, and nothing is refunded twice', async () => {
    const { guest, payment, booking } = await disputes.givenDisputed(4_000);
    await disputes.decided(payment.id, 'lost');
    expect(await payments.statusOf(guest, payment.id)).toBe('partially_refunded');
    await disputes.cancel(booking, TOTAL);
    await payments.becomes(guest, payment.id, 'refunded');
    expect(await disputes.books(payment.id)).toEqual([
      ['charge', TOTAL],
      ['dispute', -4_000],
      ['refund', -(TOTAL - 4_000)],
    ]);
    expect(await payments.balances(booking.bookingId)).toEqual({});
    await payments.agreed();
  });

  test('an operator can refund at most the amount that the bank has not returned', async () => {
    const { payment } = await disputes.givenDisputed(TOTAL - 100);
    await disputes.decided(payment.id, 'lost');
    const admin = payments.service.as(payments.admin);
    const path = `/v1/admin/payments/${payment.id}/refunds`;
    const tooLarge = await admin.post(path, { amountMinor: 101, reason: 'goodwill' });
    expectProblem(tooLarge, 409, 'payment.refund_too_large');
    expect(tooLarge.body).toMatchObject({ refundableMinor: 100 });
    expect((await admin.post(path, { amountMinor: 100, reason: 'goodwill' })).status).toBe(201);
    await payments.agreed();
  });
});

describe('disputes and refunds of one payment', () => {
  const failedRefund = async (paymentId: string) => {
    const refunds = await payments.service.query<{ id: string }>(
      `SELECT id FROM refund WHERE payment_id = $1 AND status = 'failed'`,
      [paymentId],
    );
    expect(refunds).toHaveLength(1);
    return refunds[0]!.id;
  };

  test('a dispute of more than the remaining amount: the platform bears the excess', async () => {
    const guest = testUser();
    const { booking, payment } = await payments.givenConfirmed(guest);
    const path = `/v1/admin/payments/${payment.id}/refunds`;
    const refund = { amountMinor: 20_000, reason: 'goodwill' };
    expect((await payments.service.as(payments.admin).post(path, refund)).status).toBe(201);
    await payments.becomes(guest, payment.id, 'partially_refunded');
    const dispute = await disputes.opened(guest, payment.id, TOTAL);
    expect(dispute).toMatchObject({ amountMinor: TOTAL, excessMinor: 20_000 });
    await disputes.decided(payment.id, 'lost');
    expect(await payments.statusOf(guest, payment.id)).toBe('refunded');
    expect(await payments.balances(booking.bookingId)).toEqual({
      provider_clearing: -20_000,
      platform_revenue: 20_000,
    });
    await payments.agreed();
  });

  test('a won dispute of a partly refunded payment leaves it partly refunded', async () => {
    const guest = testUser();
    const { payment } = await payments.givenConfirmed(guest);
    const path = `/v1/admin/payments/${payment.id}/refunds`;
    await payments.service.as(payments.admin).post(path, { amountMinor: 5_000, reason: 'goodwill' });
    await payments.becomes(guest, payment.id, 'partially_refunded');
    await disputes.opened(guest, payment.id);
    await disputes.decided(payment.id, 'won');
    expect(await payments.statusOf(guest, payment.id)).toBe('partially_refunded');
    await payments.agreed();
  });

  test('several disputes in sequence: each is decided on its own', async () => {
    const { guest, payment, booking } = await disputes.givenDisputed(7_280);
    await disputes.decided(payment.id, 'won');
    await disputes.opened(guest, payment.id, 10_000);
    await disputes.decided(payment.id, 'lost');
    await disputes.opened(guest, payment.id, 17_280);
    await disputes.cancel(booking, TOTAL);
    await disputes.decided(payment.id, 'lost');
    expect(await payments.statusOf(guest, payment.id)).toBe('refunded');
    expect((await disputes.books(payment.id)).filter(([kind]) => kind === 'refund')).toEqual([]);
    expect(await payments.balances(booking.bookingId)).toEqual({});
    expect(await eventsOf('payment.disputed', payment.id)).toHaveLength(3);
    await payments.agreed();
  });

  test.each([
    ['won', 10_000, 15_000],
    ['lost', 10_000, 5_000],
    ['lost', 15_000, 0],
  ] as const)(
    'a refund in progress is rejected because of the dispute; after the decision (%s %i) %i is repeated, and no more',
    async (outcome, disputed, refunded) => {
      const guest = testUser();
      const { booking, payment } = await payments.givenConfirmed(guest);
      await payments.sandbox.faults({ route: 'refund', kind: 'lost', times: 100 });
      await disputes.cancel(booking, 15_000);
      await eventually(async () => {
        const tried = await payments.service.query(
          `SELECT tries FROM payment_operation WHERE kind = 'refund' AND payment_id = $1 AND tries > 0`,
          [payment.id],
        );
        expect(tried).toHaveLength(1);
      });
      await disputes.opened(guest, payment.id, disputed);
      await payments.sandbox.faults();
      expect(await disputes.books(payment.id)).toHaveLength(2);
      await disputes.decided(payment.id, outcome);
      await eventually(async () =>
        expect((await disputes.paymentOf(guest, payment.id)).refundedMinor).toBe(refunded),
      );
      await payments.agreed();
      const admin = payments.service.as(payments.admin);
      const path = `/v1/admin/payments/${payment.id}/refunds`;
      const retry = await admin.post(`${path}/${await failedRefund(payment.id)}/retry`, { reason: 'again' });
      expectProblem(retry, 409, 'payment.refund_not_failed');
      expect((await admin.post(path, { amountMinor: 1_000, reason: 'goodwill' })).status).toBe(201);
    },
    60_000,
  );

  describe('the refund that a lost dispute has reduced is rejected because of the next dispute', () => {
    /** 50.00 are due, and the bank has returned 30.00 of them. */
    async function givenRejected() {
      const { guest, booking, payment } = await disputes.givenDisputed(3_000);
      await payments.sandbox.faults({ route: 'refund', kind: 'lost', times: 1_000 });
      await disputes.cancel(booking, 5_000);
      await disputes.decided(payment.id, 'lost');
      await disputes.opened(guest, payment.id, 1_000);
      await payments.sandbox.faults();
      expect(await disputes.books(payment.id)).toHaveLength(3);
      return { guest, payment };
    }

    test('it is repeated without another reduction', async () => {
      const { guest, payment } = await givenRejected();
      await disputes.decided(payment.id, 'won');
      await eventually(async () =>
        expect((await disputes.paymentOf(guest, payment.id)).refundedMinor).toBe(2_000),
      );
      await payments.agreed();
    }, 60_000);

    test('its missing repetition is reported', async () => {
      const { payment } = await givenRejected();
      await payments.service.query('DELETE FROM deferred_refund WHERE payment_id = $1', [payment.id]);
      await disputes.decided(payment.id, 'won');
      const { differences } = await payments.reconcile();
      expect(differences).toEqual([
        expect.objectContaining({ kind: 'refund.refused', paymentId: payment.id, expectedMinor: 2_000 }),
      ]);
      const path = `/v1/admin/payments/${payment.id}/refunds/${await failedRefund(payment.id)}/retry`;
      const retry = await payments.service.as(payments.admin).post(path, { reason: 'again' });
      expectProblem(retry, 409, 'payment.refund_not_failed');
      // The other specs expect no difference.
      await payments.service.query(`UPDATE refund SET offset_minor = amount_minor WHERE payment_id = $1`, [
        payment.id,
      ]);
      await payments.agreed();
    }, 60_000);
  });

  test('a refund that fails after a lost dispute of the whole payment is not paid again', async () => {
    const guest = testUser();
    const { booking, payment } = await payments.givenConfirmed(guest);
    await payments.sandbox.faults({ route: 'refund', kind: 'lost', times: 1_000 });
    await disputes.cancel(booking, 15_000);
    await disputes.opened(guest, payment.id, TOTAL);
    await disputes.decided(payment.id, 'lost');
    await payments.sandbox.faults();
    await payments.becomes(guest, payment.id, 'refunded');
    expect(await disputes.books(payment.id)).toEqual([
      ['charge', TOTAL],
      ['dispute', -TOTAL],
    ]);
    expect(await payments.balances(booking.bookingId)).toEqual({});
    const [dispute] = (await disputes.list('status=lost')).filter((each) => each.paymentId === payment.id);
    expect(dispute).toMatchObject({
      hostMinor: 21_340,
      platformMinor: 3_740,
      taxMinor: 2_200,
      excessMinor: 0,
    });
    await payments.agreed();
    const refunds = await payments.service.query<{ id: string; offset_minor: string }>(
      'SELECT id, offset_minor::int FROM refund WHERE payment_id = $1',
      [payment.id],
    );
    expect(refunds).toMatchObject([{ offset_minor: 15_000 }]);
    const path = `/v1/admin/payments/${payment.id}/refunds/${refunds[0]!.id}/retry`;
    const retry = await payments.service.as(payments.admin).post(path, { reason: 'again' });
    expectProblem(retry, 409, 'payment.refund_not_failed');
  }, 60_000);
});

test('a dispute and refunds at the same time: no more is returned than was captured', async () => {
  const guest = testUser();
  const { payment } = await payments.givenConfirmed(guest);
  const path = `/v1/admin/payments/${payment.id}/refunds`;
  const admin = payments.service.as(payments.admin);
  const refund = async () => (await admin.post(path, { amountMinor: 4_000, reason: 'goodwill' })).status;
  const [, ...statuses] = await Promise.all([
    disputes.advance(payment.id, 'open'),
    ...Array.from({ length: 10 }, refund),
  ]);
  expect(statuses.filter((status) => status !== 201 && status !== 409)).toEqual([]);
  await payments.becomes(guest, payment.id, 'disputed');
  await disputes.decided(payment.id, 'lost');
  const books = await disputes.books(payment.id);
  expect(books.reduce((sum, [, amountMinor]) => sum + amountMinor, 0)).toBe(0);
  await payments.agreed();
});

test('copies and the order of webhooks have no effect', async () => {
  await payments.switches({ copies: 5, shuffleMs: 400 });
  const guest = testUser();
  const { payment } = await payments.givenConfirmed(guest);
  await disputes.advance(payment.id, 'open');
  await disputes.advance(payment.id, 'review');
  await disputes.decided(payment.id, 'lost');
  await payments.switches({});
  await eventually(async () => {
    const open = await payments.service.query(`SELECT id FROM webhook_event WHERE handled_at IS NULL`);
    expect(open).toEqual([]);
  });
  expect(await payments.statusOf(guest, payment.id)).toBe('refunded');
  expect(await eventsOf('payment.disputed', payment.id)).toHaveLength(1);
  expect(await eventsOf('payment.dispute-lost', payment.id)).toHaveLength(1);
  await payments.agreed();
});

describe('GET /v1/admin/disputes', () => {
  test('pages newest first, and filters by status, provider and booking', async () => {
    const first = await disputes.givenDisputed();
    const second = await disputes.givenDisputed();
    const admin = payments.service.as(payments.admin);
    const page = (query: string) =>
      admin.get<{ data: { id: string }[]; nextCursor: string | null }>(`/v1/admin/disputes?${query}`);
    const one = (await page('status=open&limit=1')).body;
    expect(one.data.map(({ id }) => id)).toEqual([second.dispute.id]);
    const two = (await page(`status=open&limit=1&cursor=${one.nextCursor}`)).body;
    expect(two.data.map(({ id }) => id)).toEqual([first.dispute.id]);
    const ofBooking = (await page(`bookingId=${first.booking.bookingId}`)).body;
    expect(ofBooking.data.map(({ id }) => id)).toEqual([first.dispute.id]);
    expect((await page('provider=stripe')).body.data).toEqual([]);
    expectProblem(await page('status=unknown'), 400, 'request.invalid');
    expectProblem(await page('cursor=x'), 400, 'request.invalid');
  });

  test('401 without a token, 403 without the admin role', async () => {
    const path = '/v1/admin/disputes';
    expectProblem(await payments.service.anonymous.get(path), 401, 'auth.missing_token');
    expectProblem(await payments.service.as(testUser({ roles: ['host'] })).get(path), 403, 'auth.forbidden');
  });
});
