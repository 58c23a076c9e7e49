import type { EventBody, EventType } from '@roost/contracts';
import { aUser, eventually, type TestUser } from '@roost/testing';
import {
  aBooking,
  aChange,
  type BookingBody,
  LONGER,
  type PaymentBody,
  type PaymentsUnderTest,
  SHORTER,
  startPayments,
} from './payments.fixture.js';
import { answerBank } from './sandbox.fixture.js';

type Delivery<T extends EventType> = [type: T, body: EventBody<T>];

const wayOut = {
  declined: (booking: BookingBody): Delivery<'booking.declined'> => [
    'booking.declined',
    { ...booking, state: 'declined' },
  ],
  expired: (
    booking: BookingBody,
    cause: EventBody<'booking.expired'>['cause'] = 'host',
  ): Delivery<'booking.expired'> => ['booking.expired', { ...booking, state: 'expired', cause }],
  cancelled: (
    booking: BookingBody,
    refundMinor: number,
    more: Partial<EventBody<'booking.cancelled'>> = {},
  ): Delivery<'booking.cancelled'> => [
    'booking.cancelled',
    {
      ...booking,
      state: 'cancelled',
      by: 'guest',
      refundMinor,
      refundLines: [],
      hostPenaltyMinor: 0,
      ...more,
    },
  ],
};

describe('booking.declined, .expired, .cancelled', () => {
  let payments: PaymentsUnderTest;
  beforeAll(async () => {
    payments = await startPayments();
  });
  afterAll(() => payments.close());

  const confirmed = (booking: BookingBody) =>
    payments.service.deliver('booking.confirmed', { ...booking, state: 'confirmed', late: false });
  const refunded = async (paymentId: string) =>
    (await payments.service.published('payment.refunded')).filter((body) => body.paymentId === paymentId);

  test.each(['declined', 'expired'] as const)('%s: money that is held is let go', async (way) => {
    const guest = aUser();
    const { payment, booking } = await payments.givenAuthorized(guest);
    const [type, body] = wayOut[way](booking);
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
    ['declined', wayOut.declined],
    ['cancelled before it was confirmed', (booking: BookingBody) => wayOut.cancelled(booking, 0)],
    ['expired by its host', wayOut.expired],
  ] as const)('%s: money that was taken goes back, all of it, once', async (_name, way) => {
    const guest = aUser();
    const { payment, booking } = await payments.givenCaptured(guest);
    const [type, body] = way(booking);
    await payments.service.deliver(type, body as never);
    await payments.service.deliver(type, body as never);
    await payments.becomes(guest, payment.id, 'refunded');
    const intent = await payments.sandbox.intentOf(payment.id);
    expect(await payments.sandbox.books(intent.id)).toEqual([
      ['charge', 27_280],
      ['refund', -27_280],
    ]);
    expect(await refunded(payment.id)).toEqual([
      expect.objectContaining({ refundAmountMinor: 27_280, refundedMinor: 27_280, status: 'refunded' }),
    ]);
    expect(await payments.balances(booking.bookingId)).toEqual({});
  });

  test('cancelled by rule: so much goes back, and everybody keeps what the rule leaves them', async () => {
    const guest = aUser();
    const { payment, booking } = await payments.givenCaptured(guest);
    await confirmed(booking);
    // 100.00 of 200.00 nights kept, cleaning and its part of the tax back: 27,280 − 14,080 kept.
    const kept = { hostPayoutMinor: 9_700, platformFeeMinor: 3_380, taxMinor: 1_000 };
    await payments.service.deliver(...wayOut.cancelled(booking, 13_200, kept));
    await payments.becomes(guest, payment.id, 'partially_refunded');
    expect(await payments.balances(booking.bookingId)).toEqual({
      provider_clearing: 14_080,
      host_payable: -9_700,
      platform_revenue: -3_380,
      tax_payable: -1_000,
    });
    await payments.agreed();
  });

  test('cancelled without a refund: all is kept', async () => {
    const guest = aUser();
    const { payment, booking } = await payments.givenCaptured(guest);
    await confirmed(booking);
    await payments.service.deliver(...wayOut.cancelled(booking, 0));
    await payments.agreed();
    expect(await payments.statusOf(guest, payment.id)).toBe('captured');
    expect(await refunded(payment.id)).toEqual([]);
  });

  test('cancelled by the host: all goes back, and the penalty is kept from what is due to the host', async () => {
    const guest = aUser();
    const { payment, booking } = await payments.givenCaptured(guest);
    await confirmed(booking);
    const kept = { hostPayoutMinor: 0, platformFeeMinor: 0, taxMinor: 0 };
    const cancelled = wayOut.cancelled(booking, 27_280, { by: 'host', hostPenaltyMinor: 5_000, ...kept });
    await payments.service.deliver(...cancelled);
    await payments.service.deliver(...cancelled);
    await payments.becomes(guest, payment.id, 'refunded');
    expect(await payments.balances(booking.bookingId)).toEqual({ host_payable: 5_000, host_penalty: -5_000 });
  });

  test('the provider gives back and drops the answer: it gives back once', async () => {
    const guest = aUser();
    const { payment, booking } = await payments.givenCaptured(guest);
    await payments.sandbox.faults({ route: 'refund', kind: 'silent', times: 3 });
    await payments.service.deliver(...wayOut.declined(booking));
    await payments.becomes(guest, payment.id, 'refunded');
    const intent = await payments.sandbox.intentOf(payment.id);
    expect(await payments.sandbox.books(intent.id)).toHaveLength(2);
  });

  test('over before anything was paid: it can not be paid any more', async () => {
    const guest = aUser();
    const { payment, booking } = await payments.givenPayment({ guest });
    await payments.service.deliver(...wayOut.cancelled(booking, 0));
    await payments.becomes(guest, payment.id, 'voided');
    expect((await payments.confirm(guest, payment.id)).status).toBe(409);
    expect((await payments.sandbox.intentOf(payment.id)).status).toBe('canceled');
  });

  test('over before the provider has heard of it: it never does', async () => {
    const guest = aUser();
    const booking = aBooking({ guest });
    await payments.service.deliver('booking.created', booking);
    await payments.service.deliver(...wayOut.cancelled(booking, 0));
    await eventually(async () => {
      const answer = await payments.service
        .as(guest)
        .get<PaymentBody>(`/v1/bookings/${booking.bookingId}/payment`);
      expect(answer.body.status).toBe('voided');
    });
  });

  describe('money that lands after the hold ran out', () => {
    /** The guest is at the bank's page when the hold runs out; the provider's answer to the void is: too late. */
    async function late() {
      const guest = aUser();
      const given = await payments.givenCaptured(guest);
      await payments.service.deliver(...wayOut.expired(given.booking, 'hold'));
      return { guest, ...given };
    }

    test('waits for the booking to decide', async () => {
      const { guest, payment } = await late();
      await payments.service.clock.advance('PT1H');
      await payments.service.clock.reset();
      expect(await payments.statusOf(guest, payment.id)).toBe('captured');
      expect(await refunded(payment.id)).toEqual([]);
    });

    test('is kept when the dates were still free', async () => {
      const { guest, payment, booking } = await late();
      await payments.service.deliver('booking.confirmed', { ...booking, state: 'confirmed', late: true });
      await payments.agreed();
      expect(await payments.statusOf(guest, payment.id)).toBe('captured');
    });

    test('goes back when they were not', async () => {
      const { guest, payment, booking } = await late();
      await payments.service.deliver(...wayOut.expired(booking, 'hold'));
      await payments.becomes(guest, payment.id, 'refunded');
      expect(await payments.balances(booking.bookingId)).toEqual({});
    });

    test('an unpaid payment is void when the hold runs out, also while the guest is at the bank', async () => {
      const guest = aUser();
      const { payment, booking } = await payments.givenPayment({ guest });
      const waiting = await payments.confirm(guest, payment.id, 'pm_card_authenticationRequired');
      await payments.service.deliver(...wayOut.expired(booking, 'hold'));
      await payments.becomes(guest, payment.id, 'voided');
      const said = await answerBank(waiting.body.redirectUrl, 'approve');
      expect(said.status).toBe(404);
      const intent = await payments.sandbox.intentOf(payment.id);
      expect(await payments.sandbox.books(intent.id)).toEqual([]);
    });

    test('money held for a request waits, too, and is let go when the booking says no', async () => {
      const guest = aUser();
      const { payment, booking } = await payments.givenAuthorized(guest);
      await payments.service.deliver(...wayOut.expired(booking, 'hold'));
      expect(await payments.statusOf(guest, payment.id)).toBe('authorized');
      await payments.service.deliver(...wayOut.expired(booking, 'hold'));
      await payments.becomes(guest, payment.id, 'voided');
    });

    test('the charge wins the race against the void: the booking decides about it', async () => {
      const guest = aUser();
      const { payment, booking } = await payments.givenPayment({ guest });
      const waiting = await payments.confirm(guest, payment.id, 'pm_card_authenticationRequired');
      await payments.switches({ drop: 1 });
      await answerBank(waiting.body.redirectUrl, 'approve');
      await payments.service.deliver(...wayOut.expired(booking, 'hold'));
      await payments.becomes(guest, payment.id, 'captured');
      await payments.switches({});
      expect(await payments.service.published('payment.captured')).toContainEqual(
        expect.objectContaining({ paymentId: payment.id }),
      );
      await payments.service.deliver(...wayOut.expired(booking, 'hold'));
      await payments.becomes(guest, payment.id, 'refunded');
    });
  });

  describe('after changes', () => {
    const changedTwice = async (guest: TestUser) => {
      const { booking, payment: original } = await payments.givenConfirmed(guest);
      const longer = await payments.givenChanged(guest, booking, LONGER);
      const again = await payments.givenChanged(guest, longer.booking, LONGEST);
      return { booking: again.booking, original, second: longer.payment!, third: again.payment! };
    };
    const LONGEST = {
      totalMinor: 52_080,
      hostPayoutMinor: 40_740,
      platformFeeMinor: 7_140,
      taxMinor: 4_200,
    };

    test('cancelled by rule: the newest payment gives first, and everybody keeps what the rule leaves them', async () => {
      const guest = aUser();
      const { booking, original, second, third } = await changedTwice(guest);
      // One night and the service fee of all four are kept.
      const kept = { hostPayoutMinor: 9_700, platformFeeMinor: 6_180, taxMinor: 1_000 };
      await payments.service.deliver(...wayOut.cancelled(booking, 35_200, kept));
      await payments.service.deliver(...wayOut.cancelled(booking, 35_200, kept));
      await payments.becomes(guest, third.id, 'refunded');
      await payments.becomes(guest, second.id, 'refunded');
      await payments.becomes(guest, original.id, 'partially_refunded');
      expect(await refunded(original.id)).toEqual([expect.objectContaining({ refundAmountMinor: 10_400 })]);
      expect(await payments.balances(booking.bookingId)).toEqual({
        provider_clearing: 16_880,
        host_payable: -9_700,
        platform_revenue: -6_180,
        tax_payable: -1_000,
      });
      await payments.agreed();
    });

    test('cancelled free: every payment goes back whole', async () => {
      const guest = aUser();
      const { booking, original, second, third } = await changedTwice(guest);
      const kept = { hostPayoutMinor: 0, platformFeeMinor: 0, taxMinor: 0 };
      await payments.service.deliver(...wayOut.cancelled(booking, 52_080, kept));
      for (const { id } of [original, second, third]) await payments.becomes(guest, id, 'refunded');
      expect(await payments.balances(booking.bookingId)).toEqual({});
      await payments.agreed();
    });

    test('cancelled after a change that gave back: never more than what is still here', async () => {
      const guest = aUser();
      const { booking, original, second, third } = await changedTwice(guest);
      const shorter = await payments.givenChanged(guest, booking, SHORTER);
      for (const { id } of [second, third]) await payments.becomes(guest, id, 'refunded');
      const kept = { hostPayoutMinor: 0, platformFeeMinor: 0, taxMinor: 0 };
      await payments.service.deliver(...wayOut.cancelled(shorter.booking, 14_880, kept));
      await payments.becomes(guest, original.id, 'refunded');
      expect((await refunded(original.id)).map(({ refundAmountMinor }) => refundAmountMinor)).toEqual([
        12_400, 14_880,
      ]);
      expect(await payments.balances(booking.bookingId)).toEqual({});
      await payments.agreed();
    });

    test('cancelled while a change is being paid: its payment goes back, the rule settles the rest', async () => {
      const guest = aUser();
      const { booking, payment: original } = await payments.givenConfirmed(guest);
      const change = aChange(booking, LONGER);
      const payment = await payments.givenChangePayment(guest, change);
      expect((await payments.confirm(guest, payment.id)).body.status).toBe('captured');
      await payments.service.deliver('booking.change-closed', {
        ...change,
        outcome: 'closed',
        expiresAt: null,
      });
      const kept = { hostPayoutMinor: 9_700, platformFeeMinor: 3_380, taxMinor: 1_000 };
      await payments.service.deliver(...wayOut.cancelled(booking, 13_200, kept));
      await payments.becomes(guest, payment.id, 'refunded');
      await payments.becomes(guest, original.id, 'partially_refunded');
      expect(await payments.balances(booking.bookingId)).toMatchObject({
        provider_clearing: 14_080,
        host_payable: -9_700,
      });
      await payments.agreed();
    });
  });

  test('after all this provider, payments and ledger agree', async () => {
    await eventually(
      async () => {
        const { balanced, differences } = await payments.reconcile();
        expect(balanced).toBe(true);
        // One late payment above was left undecided on purpose, which is no difference in any book.
        expect(differences.filter((one) => one.kind !== 'booking.undecided')).toEqual([]);
      },
      { seconds: 20 },
    );
  });
});
