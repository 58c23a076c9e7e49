import { eventually, expectProblem, type TestUser, testUser } from '@roost/testing';
import { cancelled } from './booking-endings.fixture.js';
import { Disputes } from './dispute.fixture.js';
import {
  aChange,
  type BookingBody,
  type PaymentsUnderTest,
  SHORTER,
  startPayments,
} from './payments.fixture.js';

interface RefundRow extends Record<string, unknown> {
  id: string;
  cause: string;
  status: string;
  provider_ref: string;
  offset_minor: number;
}

interface Given {
  guest: TestUser;
  booking: BookingBody;
  paymentId: string;
}

const CHEAPER = { totalMinor: 22_280, hostPayoutMinor: 17_428, platformFeeMinor: 3_055, taxMinor: 1_797 };
const RETAINED = { hostPayoutMinor: 8_000, platformFeeMinor: 3_054, taxMinor: 1_226 };

describe('a booking with a refund that the bank of the guest has returned', () => {
  let payments: PaymentsUnderTest;
  beforeAll(async () => {
    payments = await startPayments({ PAYMENT_CHECK_SECONDS: '3600' });
  });
  afterAll(() => payments.close());

  const refundsOf = (paymentId: string) =>
    payments.service.query<RefundRow>(
      `SELECT id, cause, status, provider_ref, offset_minor::float8 FROM refund WHERE payment_id = $1 ORDER BY id`,
      [paymentId],
    );
  const request = (paymentId: string, path: string, body: object = {}) =>
    payments.service
      .as(payments.admin)
      .post<{ id: string }>(`/v1/admin/payments/${paymentId}/refunds${path}`, { reason: 'Test', ...body });
  const kindsOf = async (paymentId: string) =>
    (await payments.reconcile()).differences.filter((each) => each.paymentId === paymentId);
  const refundBecomes = (paymentId: string, index: number, status: string) =>
    eventually(
      async () => {
        const refund = (await refundsOf(paymentId))[index];
        expect(refund).toMatchObject({ status });
        return refund!;
      },
      { seconds: 20 },
    );

  async function givenBooking(): Promise<Given> {
    const guest = testUser();
    const { booking, payment } = await payments.givenConfirmed(guest, {
      holdExpiresAt: '2099-01-01T00:00:00.000Z',
    });
    return { guest, booking, paymentId: payment.id };
  }

  /** The payment's refund with this index was paid, and is returned. */
  async function returned(paymentId: string, index = 0): Promise<RefundRow> {
    const { provider_ref: ref } = await refundBecomes(paymentId, index, 'succeeded');
    await payments.sandbox.request('POST', `/control/refunds/${ref}/failed`);
    return refundBecomes(paymentId, index, 'failed');
  }

  async function repeated(paymentId: string, { id }: RefundRow): Promise<void> {
    const { status, body } = await request(paymentId, `/${id}/retry`);
    expect(status).toBe(201);
    await eventually(async () =>
      expect((await refundsOf(paymentId)).find((refund) => refund.id === body.id)).toMatchObject({
        status: 'succeeded',
      }),
    );
  }

  /** A change to a lower price, whose refund is returned. */
  async function givenReturnedChange() {
    const given = await givenBooking();
    const booking = await payments.applied(aChange(given.booking, CHEAPER));
    return { ...given, booking, refund: await returned(given.paymentId) };
  }

  test('a cancellation leaves its amount for the repetition, and each party keeps its share', async () => {
    const { booking, paymentId, refund } = await givenReturnedChange();
    await payments.service.deliver(...cancelled(booking, 10_000, RETAINED));
    await refundBecomes(paymentId, 1, 'succeeded');
    await repeated(paymentId, refund);
    expect(await payments.balances(booking.bookingId)).toEqual({
      provider_clearing: 12_280,
      host_payable: -8_000,
      platform_revenue: -3_054,
      tax_payable: -1_226,
    });
    expect(await kindsOf(paymentId)).toEqual([]);
  });

  test('so does a further change, and a cancellation that refunds everything', async () => {
    const { booking, paymentId, refund } = await givenReturnedChange();
    const changed = await payments.applied(aChange(booking, SHORTER));
    await refundBecomes(paymentId, 1, 'succeeded');
    await payments.service.deliver(
      ...cancelled(changed, 14_880, { hostPayoutMinor: 0, platformFeeMinor: 0, taxMinor: 0 }),
    );
    await refundBecomes(paymentId, 2, 'succeeded');
    expect(await payments.balances(booking.bookingId)).toMatchObject({ provider_clearing: 5_000 });
    await repeated(paymentId, refund);
    expect(await payments.balances(booking.bookingId)).toEqual({});
    await payments.agreed();
  });

  test('after a further change and the repetition, each party has its share of the new price', async () => {
    const { booking, paymentId, refund } = await givenReturnedChange();
    await payments.applied(aChange(booking, SHORTER));
    await refundBecomes(paymentId, 1, 'succeeded');
    await repeated(paymentId, refund);
    expect(await payments.balances(booking.bookingId)).toEqual({
      provider_clearing: SHORTER.totalMinor,
      host_payable: -SHORTER.hostPayoutMinor,
      platform_revenue: -SHORTER.platformFeeMinor,
      tax_payable: -SHORTER.taxMinor,
    });
    await payments.agreed();
  });

  test('a refund by an operator does not use its amount', async () => {
    const { paymentId, refund } = await givenReturnedChange();
    const refused = await request(paymentId, '', { amountMinor: 22_281 });
    expectProblem(refused, 409, 'payment.refund_too_large');
    expect(refused.body).toMatchObject({ refundableMinor: 22_280 });
    expect((await request(paymentId, '', { amountMinor: 22_280 })).status).toBe(201);
    await refundBecomes(paymentId, 1, 'succeeded');
    await repeated(paymentId, refund);
    expect(await kindsOf(paymentId)).toEqual([]);
  });

  test('two refunds of one payment are returned, and each is repeated', async () => {
    const { guest, booking, paymentId } = await givenBooking();
    for (const amountMinor of [3_000, 2_000]) {
      expect((await request(paymentId, '', { amountMinor })).status).toBe(201);
      await payments.becomes(guest, paymentId, 'partially_refunded');
    }
    await refundBecomes(paymentId, 1, 'succeeded');
    const refunds = [await returned(paymentId, 0), await returned(paymentId, 1)];
    await payments.becomes(guest, paymentId, 'captured');
    const found = await kindsOf(paymentId);
    expect(found).toHaveLength(2);
    for (const expectedMinor of [3_000, 2_000])
      expect(found).toContainEqual(expect.objectContaining({ kind: 'refund.refused', expectedMinor }));
    for (const refund of refunds) await repeated(paymentId, refund);
    expect(await payments.balances(booking.bookingId)).toMatchObject({ provider_clearing: 22_280 });
    expect(await kindsOf(paymentId)).toEqual([]);
  });

  test('retries that race the webhooks of the return repeat it once', async () => {
    const { guest, booking, paymentId } = await givenBooking();
    const { id } = (await request(paymentId, '', { amountMinor: 4_000 })).body;
    await payments.becomes(guest, paymentId, 'partially_refunded');
    await payments.switches({ copies: 4 });
    const [paid] = await refundsOf(paymentId);
    const returning = payments.sandbox.request('POST', `/control/refunds/${paid?.provider_ref}/failed`);
    const statuses = await eventually(async () => {
      const responses = await Promise.all(
        Array.from({ length: 4 }, () => request(paymentId, `/${id}/retry`)),
      );
      const found = responses.map(({ status }) => status);
      expect(found).toContain(201);
      return found;
    });
    await returning;
    await payments.switches({});
    expect(statuses.toSorted()).toEqual([201, 409, 409, 409]);
    await refundBecomes(paymentId, 1, 'succeeded');
    await payments.webhooksHandled();
    expect(await refundsOf(paymentId)).toMatchObject([{ status: 'failed' }, { status: 'succeeded' }]);
    expect(await payments.balances(booking.bookingId)).toMatchObject({ provider_clearing: 23_280 });
    expect(await kindsOf(paymentId)).toEqual([]);
  });

  test.each([
    ['all of it', 27_280, []],
    ['a part of it', 3_000, [{ kind: 'refund.refused', expectedMinor: 2_000 }]],
  ])('a dispute that is lost afterwards returns %s to the guest', async (_part, lostMinor, differences) => {
    const { guest, paymentId, refund } = await givenReturnedChange();
    const disputes = new Disputes(payments);
    await disputes.opened(guest, paymentId, lostMinor);
    await disputes.decided(paymentId, 'lost');
    expect(await refundsOf(paymentId)).toMatchObject([{ offset_minor: Math.min(lostMinor, 5_000) }]);
    expect(await kindsOf(paymentId)).toMatchObject(differences);
    if (differences.length > 0) await repeated(paymentId, refund);
    expect(await kindsOf(paymentId)).toEqual([]);
  });
});
