import { eventually, expectProblem, type TestUser, testUser } from '@roost/testing';
import { cancelled } from './booking-endings.fixture.js';
import type { BookingBody } from './payments.fixture.js';
import { PayoutsUnderTest } from './payouts.fixture.js';
import { sendWebhook, webhookBecomes } from './webhook.fixture.js';

interface RefundRow extends Record<string, unknown> {
  id: string;
  status: string;
  failure_code: string | null;
  provider_ref: string;
}

interface ReceiptBody extends Record<string, unknown> {
  number: string;
  amountMinor: number;
  creditedMinor: number;
  creditNotes: { number: string; refundId: string }[];
  debitNotes: {
    number: string;
    refundId: string;
    creditNoteNumber: string;
    amountMinor: number;
    lines: { label: string }[];
  }[];
}

interface Refunded {
  guest: TestUser;
  host: TestUser;
  booking: BookingBody;
  paymentId: string;
  refund: RefundRow;
}

const CAPTURED = {
  provider_clearing: 27_280,
  host_payable: -21_340,
  platform_revenue: -3_740,
  tax_payable: -2_200,
};

describe('a paid refund that the bank of the guest returns', () => {
  let payouts: PayoutsUnderTest;
  beforeAll(async () => {
    payouts = await PayoutsUnderTest.start({ PAYMENT_CHECK_SECONDS: '3600' });
  });
  afterEach(() => payouts.payments.switches({}));
  afterAll(() => payouts.payments.close());

  const refundsOf = (paymentId: string) =>
    payouts.service.query<RefundRow>(
      'SELECT id, status, failure_code, provider_ref FROM refund WHERE payment_id = $1 ORDER BY id',
      [paymentId],
    );
  const giveBack = (ref: string) => payouts.sandbox.request('POST', `/control/refunds/${ref}/failed`);
  const read = async ({ guest, paymentId }: Refunded) =>
    (await payouts.service.as(guest).get<Record<string, unknown>>(`/v1/payments/${paymentId}`)).body;
  const refundByOperator = (paymentId: string, amountMinor: number) =>
    payouts.service
      .as(payouts.payments.admin)
      .post(`/v1/admin/payments/${paymentId}/refunds`, { amountMinor, reason: 'Broken heating' });
  const retry = ({ paymentId, refund }: Refunded) =>
    payouts.service
      .as(payouts.payments.admin)
      .post<{ id: string }>(`/v1/admin/payments/${paymentId}/refunds/${refund.id}/retry`, {
        reason: 'The guest has a new card',
      });
  const differencesOf = async (paymentId: string) =>
    (await payouts.payments.reconcile()).differences.filter((each) => each.paymentId === paymentId);
  const failed = (paymentId: string) =>
    eventually(
      async () =>
        expect(await refundsOf(paymentId)).toMatchObject([
          { status: 'failed', failure_code: 'refund_returned' },
        ]),
      { seconds: 20 },
    );

  /** A refund that was paid: of an operator, or of the whole payment because the guest has cancelled. */
  async function givenRefund(amountMinor = 27_280): Promise<Refunded> {
    const [guest, host] = [testUser(), testUser({ roles: ['host'] })];
    const { booking, payment } = await payouts.payments.givenConfirmed(guest, {
      ...{ host, holdExpiresAt: '2099-01-01T00:00:00.000Z' },
    });
    if (amountMinor < booking.totalMinor) {
      expect((await refundByOperator(payment.id, amountMinor)).status).toBe(201);
    } else {
      const retained = { hostPayoutMinor: 0, platformFeeMinor: 0, taxMinor: 0 };
      await payouts.service.deliver(...cancelled(booking, booking.totalMinor, retained));
    }
    await payouts.payments.becomes(
      guest,
      payment.id,
      amountMinor < booking.totalMinor ? 'partially_refunded' : 'refunded',
    );
    const [refund] = await refundsOf(payment.id);
    return { guest, host, booking, paymentId: payment.id, refund: refund! };
  }

  test('is owed again: payment, ledger, papers and lists, until it is repeated', async () => {
    const given = await givenRefund();
    const { guest, host, booking, paymentId, refund } = given;
    await payouts.payments.agreed();
    expect(await payouts.payments.balances(booking.bookingId)).toEqual({});
    await giveBack(refund.provider_ref);
    await failed(paymentId);
    expect(await read(given)).toMatchObject({ status: 'captured', refundedMinor: 0 });
    expect(await payouts.payments.balances(booking.bookingId)).toEqual(CAPTURED);

    const listed = await payouts.service
      .as(guest)
      .get<{ data: object[] }>(`/v1/bookings/${booking.bookingId}/refunds`);
    expect(listed.body.data).toMatchObject([{ id: refund.id, status: 'failed' }]);
    const movements = async (user: TestUser, role: string) => {
      const { body } = await payouts.service
        .as(user)
        .get<{ data: { kind: string; amountMinor: number; reversal: boolean }[] }>(
          `/v1/me/transactions?role=${role}`,
        );
      return body.data.map(({ kind, amountMinor, reversal }) => [kind, amountMinor, reversal]);
    };
    expect(await movements(guest, 'guest')).toEqual([
      ['refund', -27_280, true],
      ['refund', 27_280, false],
      ['charge', -27_280, false],
    ]);
    expect(await movements(host, 'host')).toEqual([
      ['refund', 21_340, true],
      ['refund', -21_340, false],
      ['earning', 21_340, false],
    ]);

    expect(await differencesOf(paymentId)).toMatchObject([
      {
        kind: 'refund.refused',
        expectedMinor: 27_280,
        detail: expect.stringContaining('returned') as string,
      },
    ]);
    expect((await payouts.payments.reconcile()).balanced).toBe(true);

    expect((await retry(given)).status).toBe(201);
    await payouts.payments.becomes(guest, paymentId, 'refunded');
    expect(await payouts.payments.balances(booking.bookingId)).toEqual({});
    await payouts.payments.agreed();
    expectProblem(await retry(given), 409, 'payment.refund_not_failed');
  });

  test('is settled another way if the card is closed', async () => {
    const given = await givenRefund(1_280);
    const { booking, paymentId, refund } = given;
    await giveBack(refund.provider_ref);
    await failed(paymentId);
    const { status } = await payouts.service
      .as(payouts.payments.admin)
      .post(`/v1/admin/payments/${paymentId}/refunds/${refund.id}/settle`, {
        amountMinor: 1_280,
        reason: 'Bank transfer',
      });
    expect(status).toBe(201);
    expect(await read(given)).toMatchObject({ status: 'partially_refunded', refundedMinor: 1_280 });
    expect(await payouts.payments.balances(booking.bookingId)).toMatchObject({
      provider_clearing: 27_280,
      platform_bank: -1_280,
    });
    const published = await payouts.service.published('payment.refunded');
    expect(published.filter((each) => each.paymentId === paymentId).map(({ repeated }) => repeated)).toEqual([
      false,
      true,
    ]);
    expect(await differencesOf(paymentId)).toEqual([]);
    await payouts.payments.agreed();
  });

  test('its debit note cancels the credit note, in the receipt and on its page', async () => {
    const given = await givenRefund(1_280);
    const { guest, paymentId, refund } = given;
    await giveBack(refund.provider_ref);
    await failed(paymentId);
    const { body } = await payouts.service
      .as(guest)
      .get<ReceiptBody>(`/v1/payments/${paymentId}/receipt`, { accept: 'application/json' });
    expect(body).toMatchObject({
      creditedMinor: 0,
      creditNotes: [{ refundId: refund.id, amountMinor: 1_280 }],
      debitNotes: [
        {
          refundId: refund.id,
          creditNoteNumber: body.creditNotes[0]?.number,
          amountMinor: 1_280,
          lines: [{ label: 'Refund returned by the bank' }, { label: 'Taxes' }],
        },
      ],
    });
    const numbers = [body, ...body.creditNotes, ...body.debitNotes].map(({ number }) => number);
    expect(new Set(numbers).size).toBe(3);
    const page = await payouts.service
      .as(guest)
      .get<string>(`/v1/payments/${paymentId}/receipt`, { accept: 'text/html' });
    expect(page.body).toContain(`(cancels ${body.creditNotes[0]?.number})`);
    expect(page.body).toMatch(/Paid after refunds<\/th><td class="amount">\$272\.80/);

    expect((await retry(given)).status).toBe(201);
    await payouts.payments.becomes(guest, paymentId, 'partially_refunded');
    const again = await payouts.service
      .as(guest)
      .get<ReceiptBody>(`/v1/payments/${paymentId}/receipt`, { accept: 'application/json' });
    expect(again.body).toMatchObject({ creditedMinor: 1_280 });
    expect(again.body.creditNotes).toHaveLength(2);
    expect(again.body.debitNotes).toHaveLength(1);
    await payouts.payments.agreed();
  });

  test('publishes no second refund, and its repetition counts as the same one', async () => {
    const given = await givenRefund(1_000);
    const published = async () =>
      (await payouts.service.published('payment.refunded')).filter(
        (body) => body.paymentId === given.paymentId,
      );
    await giveBack(given.refund.provider_ref);
    await failed(given.paymentId);
    expect(await published()).toHaveLength(1);
    const { body } = await retry(given);
    await payouts.payments.becomes(given.guest, given.paymentId, 'partially_refunded');
    const [first, second] = await published();
    expect(first).toMatchObject({ refundId: given.refund.id, repeated: false });
    expect(second).toMatchObject({ refundId: body.id, refundAmountMinor: 1_000, repeated: true });
  });

  test('is recorded once by any number of webhooks, replays and checks at once', async () => {
    const given = await givenRefund(2_000);
    const { paymentId, refund, booking } = given;
    await payouts.payments.switches({ copies: 4 });
    const intent = await payouts.sandbox.intentOf(paymentId);
    await giveBack(refund.provider_ref);
    await payouts.service.query(`UPDATE payment SET check_at = '2020-01-01' WHERE id = $1`, [paymentId]);
    const ids = await Promise.all(
      Array.from({ length: 6 }, () => sendWebhook(payouts.payments, 'refund.failed', { intent })),
    );
    await failed(paymentId);
    for (const id of ids) await webhookBecomes(payouts.payments, id, 'applied');
    // An old event arrives again.
    const old = await sendWebhook(payouts.payments, 'refund.succeeded', { intent });
    await webhookBecomes(payouts.payments, old, 'applied');
    const replayed = await payouts.service
      .as(payouts.payments.admin)
      .post(`/v1/admin/webhooks/sandbox/${ids[0]}/replay`, { reason: 'Once more' });
    expect(replayed).toMatchObject({ status: 200, body: { outcome: 'applied' } });
    expect(await read(given)).toMatchObject({ status: 'captured', refundedMinor: 0 });
    expect(await payouts.payments.balances(booking.bookingId)).toEqual(CAPTURED);
    const [row] = await payouts.service.query(
      `SELECT (SELECT count(*)::int FROM movement WHERE key = 'refund:' || $1 || ':returned') AS returned,
         (SELECT count(*)::int FROM paper WHERE refund_id = $1::uuid) AS papers`,
      [refund.id],
    );
    expect(row).toEqual({ returned: 1, papers: 2 });
  });

  test('waits for the bank if the payment is disputed in the meantime', async () => {
    const given = await givenRefund(5_000);
    const { paymentId, refund, guest } = given;
    const { id } = await payouts.sandbox.intentOf(paymentId);
    const dispute = (step: string) =>
      payouts.sandbox.request('POST', `/control/payment-intents/${id}/disputes/${step}`, {});
    await dispute('open');
    await payouts.payments.becomes(guest, paymentId, 'disputed');
    await giveBack(refund.provider_ref);
    await eventually(async () =>
      expect(await refundsOf(paymentId)).toMatchObject([
        { status: 'failed', failure_code: 'charge_disputed' },
      ]),
    );
    await dispute('won');
    await payouts.payments.becomes(guest, paymentId, 'partially_refunded');
    expect(await refundsOf(paymentId)).toMatchObject([{ status: 'failed' }, { status: 'succeeded' }]);
    expect((await payouts.sandbox.intentOf(paymentId)).refundedMinor).toBe(5_000);
    await eventually(async () => expect(await differencesOf(paymentId)).toEqual([]));
  });
});
