import { eventually, testUser } from '@roost/testing';
import { Disputes } from './dispute.fixture.js';
import { aChange, LONGER, type PaymentsUnderTest, SHORTER, startPayments } from './payments.fixture.js';

/** A change to a shorter stay refunds 124.00 of 272.80. */
const TOTAL = 27_280;
const DIFFERENCE = 12_400;

let payments: PaymentsUnderTest;
let disputes: Disputes;
beforeAll(async () => {
  payments = await startPayments();
  disputes = new Disputes(payments);
});
afterAll(() => payments.close());

const refundsOf = async (paymentId: string) =>
  (await disputes.books(paymentId)).filter(([kind]) => kind === 'refund').map(([, amount]) => -amount);

describe('a change of a booking with a disputed payment', () => {
  test.each([
    { outcome: 'won', disputed: TOTAL, refunds: [DIFFERENCE] },
    { outcome: 'lost', disputed: 2_400, refunds: [10_000] },
    { outcome: 'lost', disputed: TOTAL, refunds: [] },
  ] as const)(
    'its refund waits for the decision: $disputed is $outcome',
    async ({ outcome, disputed, refunds }) => {
      const guest = testUser();
      const { booking, payment } = await payments.givenConfirmed(guest);
      await disputes.opened(guest, payment.id, disputed);
      const shorter = await payments.applied(aChange(booking, SHORTER));
      expect(await refundsOf(payment.id)).toEqual([]);
      await disputes.decided(payment.id, outcome);
      await eventually(async () => expect(await refundsOf(payment.id)).toEqual(refunds));
      await payments.agreed();
      // A later cancellation refunds what is due then, less what the bank has returned in addition.
      await disputes.cancel(shorter, shorter.totalMinor);
      await payments.becomes(guest, payment.id, 'refunded');
      expect(await payments.balances(booking.bookingId)).toEqual({});
      await payments.agreed();
    },
  );

  test('a change after a lost dispute is reduced by the returned amount, once', async () => {
    const guest = testUser();
    const { booking, payment } = await payments.givenConfirmed(guest);
    await disputes.opened(guest, payment.id, 2_400);
    await disputes.decided(payment.id, 'lost');
    const shorter = await payments.applied(aChange(booking, SHORTER));
    await eventually(async () => expect(await refundsOf(payment.id)).toEqual([10_000]));
    await disputes.cancel(shorter, 5_000);
    await eventually(async () => expect(await refundsOf(payment.id)).toEqual([10_000, 5_000]));
    await payments.agreed();
  });

  test('a redelivered change waits once', async () => {
    const guest = testUser();
    const { booking, payment } = await payments.givenConfirmed(guest);
    await disputes.opened(guest, payment.id);
    const change = aChange(booking, SHORTER);
    await payments.applied(change);
    await payments.applied(change);
    await disputes.decided(payment.id, 'won');
    await eventually(async () => expect(await refundsOf(payment.id)).toEqual([DIFFERENCE]));
    await payments.agreed();
  });
});

describe('a cancelled booking with several payments, of which one is disputed', () => {
  async function givenTwoPayments() {
    const guest = testUser();
    const { booking, payment } = await payments.givenConfirmed(guest);
    const longer = await payments.givenChanged(guest, booking, LONGER);
    return { guest, booking: longer.booking, original: payment.id, added: longer.payment!.id };
  }

  test.each(['won', 'lost'] as const)('the guest receives the due amount: %s', async (outcome) => {
    const { guest, booking, original, added } = await givenTwoPayments();
    await disputes.opened(guest, original);
    // 300.00 are due: 272.80 from the disputed payment, the rest from the other one.
    await disputes.cancel(booking, 30_000);
    await eventually(async () => expect(await refundsOf(added)).toEqual([30_000 - TOTAL]));
    expect(await refundsOf(original)).toEqual([]);
    await disputes.decided(original, outcome);
    await payments.becomes(guest, original, 'refunded');
    await eventually(async () => expect(await refundsOf(original)).toEqual(outcome === 'won' ? [TOTAL] : []));
    expect(await refundsOf(added)).toEqual([30_000 - TOTAL]);
    expect((await payments.balances(booking.bookingId)).provider_clearing).toBe(LONGER.totalMinor - 30_000);
    await payments.agreed();
  });

  test('a refund of a change that waits is not allotted a second time', async () => {
    const { guest, booking, original, added } = await givenTwoPayments();
    await disputes.opened(guest, original);
    await disputes.opened(guest, added);
    const shorter = await payments.applied(aChange(booking, SHORTER));
    await disputes.cancel(shorter, SHORTER.totalMinor);
    await disputes.decided(added, 'won');
    await disputes.decided(original, 'won');
    await payments.becomes(guest, original, 'refunded');
    await payments.becomes(guest, added, 'refunded');
    expect(await payments.balances(booking.bookingId)).toEqual({});
    await payments.agreed();
  });
});
