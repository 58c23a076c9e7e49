import { testUser, eventually } from '@roost/testing';
import { cancelled, declined, expired } from './booking-endings.fixture.js';
import {
  aBooking,
  type BookingBody,
  type PaymentBody,
  type PaymentsUnderTest,
  startPayments,
} from './payments.fixture.js';

describe('booking.declined, .expired, .cancelled', () => {
  let payments: PaymentsUnderTest;
  beforeAll(async () => {
    payments = await startPayments();
  });
  afterAll(() => payments.close());

  const confirm = (booking: BookingBody) =>
    payments.service.deliver('booking.confirmed', { ...booking, state: 'confirmed', late: false });
  const refundsOf = async (paymentId: string) =>
    (await payments.service.published('payment.refunded')).filter((body) => body.paymentId === paymentId);

  test.each([
    ['declined', declined],
    ['expired', expired],
  ] as const)('%s: voids an authorized payment', async (_name, ending) => {
    const guest = testUser();
    const { payment, booking } = await payments.givenAuthorized(guest);
    const [type, body] = ending(booking);
    await payments.service.deliver(type, body as never, { times: 2 });
    await payments.becomes(guest, payment.id, 'voided');
    const intent = await payments.sandbox.intentOf(payment.id);
    expect(intent.status).toBe('canceled');
    expect(await payments.sandbox.books(intent.id)).toEqual([]);
    expect(await payments.service.published('payment.voided')).toContainEqual(
      expect.objectContaining({ paymentId: payment.id, status: 'voided' }),
    );
  });

  test.each([
    ['declined', declined],
    ['cancelled before the confirmation', (booking: BookingBody) => cancelled(booking, 0)],
    ['expired without a response of the host', expired],
  ] as const)('%s: refunds a captured payment in full, once', async (_name, ending) => {
    const guest = testUser();
    const { payment, booking } = await payments.givenCaptured(guest);
    const [type, body] = ending(booking);
    await payments.service.deliver(type, body as never);
    await payments.service.deliver(type, body as never);
    await payments.becomes(guest, payment.id, 'refunded');
    const intent = await payments.sandbox.intentOf(payment.id);
    expect(await payments.sandbox.books(intent.id)).toEqual([
      ['charge', 27_280],
      ['refund', -27_280],
    ]);
    expect(await refundsOf(payment.id)).toEqual([
      expect.objectContaining({ refundAmountMinor: 27_280, refundedMinor: 27_280, status: 'refunded' }),
    ]);
    expect(await payments.balances(booking.bookingId)).toEqual({});
  });

  test('cancelled with a partial refund: each party retains its share under the cancellation terms', async () => {
    const guest = testUser();
    const { payment, booking } = await payments.givenCaptured(guest);
    await confirm(booking);
    // 100.00 of 200.00 for the nights is retained; cleaning and its tax are refunded: 27,280 − 14,080.
    const retained = { hostPayoutMinor: 9_700, platformFeeMinor: 3_380, taxMinor: 1_000 };
    await payments.service.deliver(...cancelled(booking, 13_200, retained));
    await payments.becomes(guest, payment.id, 'partially_refunded');
    expect(await payments.balances(booking.bookingId)).toEqual({
      provider_clearing: 14_080,
      host_payable: -9_700,
      platform_revenue: -3_380,
      tax_payable: -1_000,
    });
    await payments.agreed();
  });

  test('cancelled without a refund: the payment stays captured', async () => {
    const guest = testUser();
    const { payment, booking } = await payments.givenCaptured(guest);
    await confirm(booking);
    await payments.service.deliver(...cancelled(booking, 0));
    await payments.agreed();
    expect(await payments.statusOf(guest, payment.id)).toBe('captured');
    expect(await refundsOf(payment.id)).toEqual([]);
  });

  test('cancelled by the host: refunds in full and deducts the penalty from the amount due to the host', async () => {
    const guest = testUser();
    const { payment, booking } = await payments.givenCaptured(guest);
    await confirm(booking);
    const retained = { hostPayoutMinor: 0, platformFeeMinor: 0, taxMinor: 0 };
    const delivery = cancelled(booking, 27_280, { by: 'host', hostPenaltyMinor: 5_000, ...retained });
    await payments.service.deliver(...delivery);
    await payments.service.deliver(...delivery);
    await payments.becomes(guest, payment.id, 'refunded');
    expect(await payments.balances(booking.bookingId)).toEqual({ host_payable: 5_000, host_penalty: -5_000 });
  });

  test('refunds once if the provider refunds and its response is lost', async () => {
    const guest = testUser();
    const { payment, booking } = await payments.givenCaptured(guest);
    await payments.sandbox.faults({ route: 'refund', kind: 'silent', times: 3 });
    await payments.service.deliver(...declined(booking));
    await payments.becomes(guest, payment.id, 'refunded');
    const intent = await payments.sandbox.intentOf(payment.id);
    expect(await payments.sandbox.books(intent.id)).toHaveLength(2);
  });

  test('cancelled before any payment: rejects a later confirmation with 409', async () => {
    const guest = testUser();
    const { payment, booking } = await payments.givenPayment({ guest });
    await payments.service.deliver(...cancelled(booking, 0));
    await payments.becomes(guest, payment.id, 'voided');
    expect((await payments.confirm(guest, payment.id)).status).toBe(409);
    expect((await payments.sandbox.intentOf(payment.id)).status).toBe('canceled');
  });

  test('cancelled before the payment exists at the provider: voids it', async () => {
    const guest = testUser();
    const booking = aBooking({ guest });
    await payments.service.deliver('booking.created', booking);
    await payments.service.deliver(...cancelled(booking, 0));
    await eventually(async () => {
      const { body } = await payments.service
        .as(guest)
        .get<PaymentBody>(`/v1/bookings/${booking.bookingId}/payment`);
      expect(body.status).toBe('voided');
    });
  });

  test('all books agree at the end', async () => {
    await payments.agreed();
  });
});
