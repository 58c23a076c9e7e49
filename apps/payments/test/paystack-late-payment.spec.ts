import { MikroORM } from '@mikro-orm/postgresql';
import { eventually, testUser, type TestUser } from '@roost/testing';
import { claimStalePayments } from '../src/payment/payment.queries.js';
import { PaymentService } from '../src/payment/payment.service.js';
import { StalePayments } from '../src/payment/stale-payments.service.js';
import { expired } from './booking-endings.fixture.js';
import { type PaystackPayments, startPaystackPayments } from './paystack.fixture.js';

/** The guest pays in a page that was open when the payment was voided. */
async function payLate(payments: PaystackPayments, guest: TestUser) {
  const { payment, booking } = await payments.givenOpen(guest);
  await payments.service.deliver(...expired(booking, 'hold'));
  await payments.becomes(guest, payment.id, 'voided');
  await payments.paystack.pay(payment.redirectUrl);
  return { payment, booking };
}

async function expectOneFullRefund(payments: PaystackPayments, guest: TestUser, paymentId: string) {
  const refund = await eventually(
    async () => {
      const [found] = payments.refundsOf(paymentId);
      expect(found).toMatchObject({ amount: 27_280, status: 'pending' });
      return found!;
    },
    { seconds: 20 },
  );
  expect(await payments.statusOf(guest, paymentId)).toBe('captured');
  await payments.paystack.finishRefund(refund, 'processed');
  await payments.becomes(guest, paymentId, 'refunded');
  expect(payments.refundsOf(paymentId)).toHaveLength(1);
}

describe('late money at Paystack', () => {
  let payments: PaystackPayments;
  let webhookUrl: string | null;
  beforeAll(async () => {
    payments = await startPaystackPayments();
    webhookUrl = payments.paystack.webhookUrl;
  });
  afterEach(() => {
    payments.paystack.webhookUrl = webhookUrl;
  });
  afterAll(() => payments.close());

  test('is recorded, published only as a refund, and refunded in full', async () => {
    const guest = testUser();
    const { payment, booking } = await payLate(payments, guest);
    await expectOneFullRefund(payments, guest, payment.id);
    expect(await payments.balances(booking.bookingId)).toEqual({});
    const published = async (type: 'payment.captured' | 'payment.voided' | 'payment.refunded') =>
      (await payments.service.published(type)).filter((body) => body.paymentId === payment.id).length;
    // Bookings would confirm the expired booking for a capture.
    expect(await published('payment.captured')).toBe(0);
    expect(await published('payment.voided')).toBe(1);
    expect(await published('payment.refunded')).toBe(1);
  });

  test('is refunded once for ten copies of the webhook and a second decision of bookings', async () => {
    const guest = testUser();
    const { payment, booking } = await payLate(payments, guest);
    await Promise.all(
      Array.from({ length: 10 }, () => payments.paystack.sendCharge(`roost-${payment.id}-1`)),
    );
    await payments.service.deliver(...expired(booking, 'hold'));
    await payments.service.deliver('booking.confirmed', { ...booking, state: 'confirmed', late: true });
    await expectOneFullRefund(payments, guest, payment.id);
  });

  test('is found by the sweeper if the webhook is lost', async () => {
    const guest = testUser();
    payments.paystack.webhookUrl = null;
    const { payment } = await payLate(payments, guest);
    await expectOneFullRefund(payments, guest, payment.id);
  });

  test('is refunded once if the response to the refund is lost', async () => {
    const guest = testUser();
    payments.paystack.fail({ route: 'POST /refund', kind: 'lost' });
    const { payment } = await payLate(payments, guest);
    await expectOneFullRefund(payments, guest, payment.id);
  });

  test('is checked for seven days after the end of the payment', async () => {
    const guest = testUser();
    const { payment, booking } = await payments.givenOpen(guest);
    await payments.service.deliver(...expired(booking, 'hold'));
    await payments.becomes(guest, payment.id, 'voided');
    const isChecked = async (endedSince: Date) => {
      const em = payments.service.get(MikroORM).em.fork();
      await payments.service.query(`UPDATE payment SET check_at = '2020-01-01' WHERE id = $1`, [payment.id]);
      const scope = {
        intervalSeconds: 1,
        providers: ['paystack'],
        late: ['paystack'],
        endedSince,
        paidSince: new Date(),
      };
      return (await claimStalePayments(em, 1_000, scope)).some(({ id }) => id === payment.id);
    };
    const day = 86_400_000;
    // The sweeper may claim it first.
    await eventually(async () => expect(await isChecked(new Date(Date.now() - 7 * day))).toBe(true));
    expect(await isChecked(new Date(Date.now() + day))).toBe(false);
  });

  test('all books agree at the end', async () => {
    await payments.agreed();
  });
});

describe('late money that no webhook and no check has found', () => {
  let payments: PaystackPayments;
  beforeAll(async () => {
    payments = await startPaystackPayments({ PAYMENT_CHECK_SECONDS: '3600' });
    payments.paystack.webhookUrl = null;
  });
  afterAll(() => payments.close());

  test('is reported by reconciliation, and refunded by the next check', async () => {
    const guest = testUser();
    const { payment } = await payLate(payments, guest);
    expect((await payments.reconcile()).differences).toMatchObject([
      { kind: 'provider.amount_differs', paymentId: payment.id, expectedMinor: 0, foundMinor: 27_280 },
    ]);
    await payments.service.query(`UPDATE payment SET check_at = '2020-01-01' WHERE id = $1`, [payment.id]);
    const service = payments.service.get(PaymentService);
    const claimed = await payments.service.get(StalePayments).claim(10);
    for (const stale of claimed) await service.refresh(stale);
    await eventually(async () => expect(payments.refundsOf(payment.id)).toMatchObject([{ amount: 27_280 }]));
    const [refund] = payments.refundsOf(payment.id);
    await payments.paystack.finishRefund(refund!, 'processed');
    await payments.service.query(`UPDATE payment SET check_at = '2020-01-01' WHERE id = $1`, [payment.id]);
    await payments.becomes(guest, payment.id, 'refunded');
    await payments.agreed();
  });
});
