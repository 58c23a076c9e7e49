import { expectProblem, testUser } from '@roost/testing';
import { type PaymentsUnderTest, startPayments } from './payments.fixture.js';

/** The life of a payment in currencies of no and of three decimals, at the sandbox, which refuses what cards refuse. */
let payments: PaymentsUnderTest;
beforeAll(async () => {
  payments = await startPayments();
});
afterAll(() => payments.close());

/** 27,280 with a rounding of 3: the platform bears it. */
const TOTALS = { totalMinor: 27_280, hostPayoutMinor: 21_343, platformFeeMinor: 3_737, taxMinor: 2_200 };
const LONGER = { totalMinor: 39_680, hostPayoutMinor: 31_044, platformFeeMinor: 5_436, taxMinor: 3_200 };
const RETAINED = { hostPayoutMinor: 10_007, platformFeeMinor: 2_003, taxMinor: 1_000 };

test.each(['JPY', 'KWD'])(
  '%s: charge, change, partial refund and full refund agree everywhere',
  async (currency) => {
    const guest = testUser();
    const { booking, payment } = await payments.givenConfirmed(guest, { currency, ...TOTALS });
    const intent = await payments.sandbox.intentOf(payment.id);
    expect(await payments.sandbox.books(intent.id)).toEqual([['charge', 27_280]]);
    expect(await payments.balances(booking.bookingId)).toEqual({
      provider_clearing: 27_280,
      host_payable: -21_343,
      platform_revenue: -3_737,
      tax_payable: -2_200,
    });

    const changed = await payments.givenChanged(guest, booking, LONGER);
    const refundMinor = 39_680 - 13_010;
    await payments.service.deliver('booking.cancelled', {
      ...changed.booking,
      ...RETAINED,
      state: 'cancelled',
      by: 'guest',
      refundMinor,
      refundLines: [{ kind: 'night', refundMinor }],
      hostPenaltyMinor: 0,
    });
    await payments.becomes(guest, changed.payment!.id, 'refunded');
    await payments.becomes(guest, payment.id, 'partially_refunded');
    await payments.agreed();
    expect(await payments.balances(booking.bookingId)).toEqual({
      provider_clearing: 13_010,
      host_payable: -10_007,
      platform_revenue: -2_003,
      tax_payable: -1_000,
    });

    const rest = await payments.service
      .as(payments.admin)
      .post(`/v1/admin/payments/${payment.id}/refunds`, { amountMinor: 13_010, reason: 'Goodwill' });
    expect(rest.status).toBe(201);
    await payments.becomes(guest, payment.id, 'refunded');
    await payments.agreed();
    expect(await payments.balances(booking.bookingId)).toEqual({});
  },
);

test('KWD: an operator refunds multiples of ten', async () => {
  const guest = testUser();
  const { payment } = await payments.givenCaptured(guest, { currency: 'KWD', ...TOTALS });
  const response = await payments.service
    .as(payments.admin)
    .post(`/v1/admin/payments/${payment.id}/refunds`, { amountMinor: 1_001, reason: 'Goodwill' });
  expectProblem(response, 400, 'request.invalid');
  expect(response.body).toMatchObject({
    errors: [{ pointer: '/amountMinor', detail: 'Must be a multiple of 10 in KWD' }],
  });
});

test('the sandbox refuses amounts that cards refuse', async () => {
  const create = (amountMinor: number, currency: string) =>
    payments.sandbox.request('POST', '/v1/payment-intents', { amountMinor, currency });
  expect(await create(12_345, 'KWD')).toMatchObject({ error: { code: 'amount_not_chargeable' } });
  expect(await create(12_340, 'KWD')).toMatchObject({ amountMinor: 12_340 });
  expect(await create(12_345, 'JPY')).toMatchObject({ amountMinor: 12_345 });
});
