import { testUser, eventually } from '@roost/testing';
import { expired } from './booking-endings.fixture.js';
import { type PaymentsUnderTest, startPayments } from './payments.fixture.js';
import { submitBankForm } from './sandbox.fixture.js';

describe('a payment after the hold has expired', () => {
  let payments: PaymentsUnderTest;
  beforeAll(async () => {
    payments = await startPayments();
  });
  afterAll(() => payments.close());

  const refundsOf = async (paymentId: string) =>
    (await payments.service.published('payment.refunded')).filter((body) => body.paymentId === paymentId);

  /** A captured payment whose hold then expires: the provider's void would have been too late. */
  async function givenLatePayment() {
    const guest = testUser();
    const given = await payments.givenCaptured(guest);
    await payments.service.deliver(...expired(given.booking, 'hold'));
    return { guest, ...given };
  }

  test('stays captured until bookings decides', async () => {
    const { guest, payment } = await givenLatePayment();
    await payments.service.clock.advance('PT1H');
    await payments.service.clock.reset();
    expect(await payments.statusOf(guest, payment.id)).toBe('captured');
    expect(await refundsOf(payment.id)).toEqual([]);
  });

  test('stays captured if the dates are still free', async () => {
    const { guest, payment, booking } = await givenLatePayment();
    await payments.service.deliver('booking.confirmed', { ...booking, state: 'confirmed', late: true });
    await payments.agreed();
    expect(await payments.statusOf(guest, payment.id)).toBe('captured');
  });

  test('is refunded if the dates are taken', async () => {
    const { guest, payment, booking } = await givenLatePayment();
    await payments.service.deliver(...expired(booking, 'hold'));
    await payments.becomes(guest, payment.id, 'refunded');
    expect(await payments.balances(booking.bookingId)).toEqual({});
  });

  test('an unpaid payment is voided at the expiry, also while the guest is at the bank', async () => {
    const guest = testUser();
    const { payment, booking } = await payments.givenPayment({ guest });
    const waiting = await payments.confirm(guest, payment.id, 'pm_card_authenticationRequired');
    await payments.service.deliver(...expired(booking, 'hold'));
    await payments.becomes(guest, payment.id, 'voided');
    const approval = await submitBankForm(waiting.body.redirectUrl, 'approve');
    expect(approval.status).toBe(404);
    const intent = await payments.sandbox.intentOf(payment.id);
    expect(await payments.sandbox.books(intent.id)).toEqual([]);
  });

  test('an authorized payment waits as well, and is voided if bookings rejects it', async () => {
    const guest = testUser();
    const { payment, booking } = await payments.givenAuthorized(guest);
    await payments.service.deliver(...expired(booking, 'hold'));
    expect(await payments.statusOf(guest, payment.id)).toBe('authorized');
    await payments.service.deliver(...expired(booking, 'hold'));
    await payments.becomes(guest, payment.id, 'voided');
  });

  test('a charge that precedes the void is captured, and bookings decides about it', async () => {
    const guest = testUser();
    const { payment, booking } = await payments.givenPayment({ guest });
    const waiting = await payments.confirm(guest, payment.id, 'pm_card_authenticationRequired');
    await payments.switches({ drop: 1 });
    await submitBankForm(waiting.body.redirectUrl, 'approve');
    await payments.service.deliver(...expired(booking, 'hold'));
    await payments.becomes(guest, payment.id, 'captured');
    await payments.switches({});
    expect(await payments.service.published('payment.captured')).toContainEqual(
      expect.objectContaining({ paymentId: payment.id }),
    );
    await payments.service.deliver(...expired(booking, 'hold'));
    await payments.becomes(guest, payment.id, 'refunded');
  });

  test('all books agree at the end', async () => {
    await eventually(
      async () => {
        const { balanced, differences } = await payments.reconcile();
        expect(balanced).toBe(true);
        // The first test leaves one late payment undecided, which is no difference in any book.
        expect(differences.filter(({ kind }) => kind !== 'booking.undecided')).toEqual([]);
      },
      { seconds: 20 },
    );
  });
});
