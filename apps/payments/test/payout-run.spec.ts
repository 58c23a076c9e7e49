import { testUser } from '@roost/testing';
import { DUE, PayoutsUnderTest, SHARE, stayOf } from './payouts.fixture.js';

describe('payout.run', () => {
  let payouts: PayoutsUnderTest;
  beforeAll(async () => {
    payouts = await PayoutsUnderTest.start();
  });
  afterAll(() => payouts.close());
  const clock = () => payouts.service.clock;

  test('pays a host once, 24 hours after check-in, and all books agree', async () => {
    const host = await payouts.givenHost();
    const booking = await payouts.givenStay(host);
    expect(await payouts.payoutsOf(host)).toMatchObject([
      { id: null, status: 'upcoming', amountMinor: SHARE, dueAt: DUE, reason: null },
    ]);
    await clock().set('2030-05-11T18:59:00Z');
    expect(await payouts.transfersTo(host)).toEqual([]);
    await clock().set(DUE);
    const [payout] = await payouts.becomes(host, [['paid', SHARE]]);
    expect(payout).toMatchObject({
      currency: 'USD',
      dueAt: DUE,
      bookings: [{ bookingId: booking.bookingId, amountMinor: SHARE }],
    });
    await clock().advance('P3D');
    await payouts.becomes(host, [['paid', SHARE]]);
    const [transfer, ...more] = await payouts.transfersTo(host);
    expect(more).toEqual([]);
    expect(transfer).toMatchObject({ amountMinor: SHARE, metadata: { payoutId: payout?.id } });
    expect(await payouts.sandbox.books(transfer?.id ?? '')).toEqual([['transfer', -SHARE]]);
    expect(await payouts.owed(host)).toBe(0);
    expect(await payouts.owed(host, 'payout_in_transit')).toBe(0);
    const scheduled = await payouts.service.published('payout.scheduled');
    expect(scheduled.filter(({ hostId }) => hostId === host.id)).toEqual([
      {
        payoutId: payout?.id,
        hostId: host.id,
        currency: 'USD',
        amountMinor: SHARE,
        bookingIds: [booking.bookingId],
        dueAt: DUE,
      },
    ]);
    const paid = await payouts.service.published('payout.paid');
    expect(paid.filter(({ hostId }) => hostId === host.id)).toHaveLength(1);
    await payouts.payments.agreed();
  });

  test('batches the bookings of a host by currency', async () => {
    const host = await payouts.givenHost();
    await payouts.setAccount(host, { currency: 'JPY' });
    const ids = [
      (await payouts.givenStay(host)).bookingId,
      (await payouts.givenStay(host)).bookingId,
    ].toSorted();
    await payouts.givenStay(host, { currency: 'JPY' });
    await clock().set(DUE);
    const found = await payouts.becomes(host, [
      ['paid', expect.any(Number) as unknown as number],
      ['paid', expect.any(Number) as unknown as number],
    ]);
    const usd = found.find(({ currency }) => currency === 'USD');
    expect(usd?.amountMinor).toBe(2 * SHARE);
    expect(usd?.bookings.map(({ bookingId }) => bookingId)).toEqual(ids);
    expect(found.find(({ currency }) => currency === 'JPY')?.amountMinor).toBe(SHARE);
  });

  test('an account waits 72 hours: also the first one, and nothing goes to a replaced one', async () => {
    const host = await payouts.givenHost({ account: false });
    await payouts.givenStay(host);
    await clock().set('2030-05-11T12:00:00Z');
    expect(await payouts.upcoming(host)).toEqual([[SHARE, 'no_account']]);
    const earliest = clock().now().getTime();
    await payouts.setAccount(host);
    const latest = clock().now().getTime();
    await clock().set('2030-05-14T11:59:00Z');
    const [held, ...others] = await payouts.payoutsOf(host);
    expect(others).toEqual([]);
    expect(held).toMatchObject({ reason: 'account_on_hold' });
    const setAt = Date.parse(held?.blockedUntil ?? '') - 72 * 3_600_000;
    expect(setAt).toBeGreaterThanOrEqual(earliest);
    expect(setAt).toBeLessThanOrEqual(latest);
    await payouts.setAccount(host, { reference: `acct_${host.id.slice(0, 8)}_second` });
    await clock().set('2030-05-17T11:58:00Z');
    expect(await payouts.upcoming(host)).toEqual([[SHARE, 'account_on_hold']]);
    await clock().set('2030-05-17T12:01:00Z');
    await payouts.becomes(host, [['paid', SHARE]]);
    expect(await payouts.transfersTo(host)).toMatchObject([
      { destination: `acct_${host.id.slice(0, 8)}_second` },
    ]);
  });

  test('pays a long stay every 30 nights, and the instalments sum to the share', async () => {
    const host = await payouts.givenHost();
    await payouts.givenStay(host, stayOf(75));
    expect((await payouts.payoutsOf(host)).map(({ amountMinor, dueAt }) => [amountMinor, dueAt])).toEqual([
      [8_536, DUE],
      [8_536, '2030-06-10T19:00:00.000Z'],
      [4_268, '2030-07-10T19:00:00.000Z'],
    ]);
    await clock().set(DUE);
    await payouts.becomes(host, [['paid', 8_536]]);
    await clock().set('2030-06-10T19:00:00Z');
    await payouts.becomes(host, [
      ['paid', 8_536],
      ['paid', 8_536],
    ]);
    await clock().set('2030-07-10T19:00:00Z');
    await payouts.becomes(host, [
      ['paid', 4_268],
      ['paid', 8_536],
      ['paid', 8_536],
    ]);
    expect(await payouts.owed(host)).toBe(0);
  });

  test('a change in a long stay divides again what is not paid', async () => {
    const host = await payouts.givenHost();
    const booking = await payouts.givenStay(host, stayOf(90));
    await clock().set(DUE);
    await payouts.becomes(host, [['paid', 7_114]]);
    // A fixture's change has the same base; only the dates and the totals of the event are new.
    await payouts.service.deliver('booking.change-applied', {
      ...booking,
      ...stayOf(120),
      changeId: booking.listingId,
      by: 'host',
      outcome: null,
      terms: { checkInDate: booking.checkInDate, checkOutDate: '2030-09-07', guests: booking.guests },
      differenceMinor: 0,
      expiresAt: null,
    });
    const open = await payouts.payoutsOf(host, '&status=upcoming');
    expect(open.map(({ amountMinor }) => amountMinor)).toEqual([4_742, 4_742, 4_742]);
    expect(7_114 + 3 * 4_742).toBe(SHARE);
  });

  test('a cancelled long stay pays the rest with its next instalment', async () => {
    const host = await payouts.givenHost();
    const booking = await payouts.givenStay(host, stayOf(90));
    await clock().set(DUE);
    await payouts.becomes(host, [['paid', 7_114]]);
    await payouts.cancel(booking, 10_000);
    expect(
      (await payouts.payoutsOf(host, '&status=upcoming')).map((one) => [one.amountMinor, one.dueAt]),
    ).toEqual([[2_886, '2030-06-10T19:00:00.000Z']]);
    await clock().set('2030-06-10T19:00:00Z');
    await payouts.becomes(host, [
      ['paid', 2_886],
      ['paid', 7_114],
    ]);
    expect(await payouts.owed(host)).toBe(0);
  });

  test('KWD is paid in multiples of 10; the rest is carried', async () => {
    const host = await payouts.givenHost({ currency: 'KWD' });
    const totals = { totalMinor: 27_280, hostPayoutMinor: 21_345, platformFeeMinor: 3_735 };
    await payouts.givenStay(host, { currency: 'KWD', ...totals });
    await clock().set(DUE);
    await payouts.becomes(host, [['paid', 21_340]]);
    expect(await payouts.upcoming(host)).toEqual([[5, 'below_minimum']]);
    await payouts.givenStay(host, {
      ...{ currency: 'KWD', payoutDueAt: '2030-06-01T19:00:00.000Z' },
      ...totals,
    });
    await clock().set('2030-06-01T19:00:00Z');
    await payouts.becomes(host, [
      ['paid', 21_350],
      ['paid', 21_340],
    ]);
    expect(await payouts.owed(host)).toBe(0);
  });

  test('a penalty above the earnings is carried and deducted from later payouts', async () => {
    const host = await payouts.givenHost();
    const cancelled = await payouts.givenStay(host);
    await payouts.cancel(cancelled, 0, 30_000);
    await payouts.givenStay(host);
    await clock().set(DUE);
    expect(await payouts.upcoming(host)).toEqual(
      expect.arrayContaining([
        [SHARE, 'negative_balance'],
        [-30_000, null],
      ]),
    );
    expect(await payouts.transfersTo(host)).toEqual([]);
    await payouts.givenStay(host, { payoutDueAt: '2030-06-01T19:00:00.000Z' });
    await clock().set('2030-06-01T19:00:00Z');
    const [payout] = await payouts.becomes(host, [['paid', 2 * SHARE - 30_000]]);
    expect(payout?.bookings).toContainEqual({ bookingId: cancelled.bookingId, amountMinor: -30_000 });
    expect(await payouts.owed(host)).toBe(0);
    await payouts.payments.agreed();
  });

  test('a refund after the payout is deducted from the next one', async () => {
    const host = await payouts.givenHost();
    const refunded = await payouts.givenStay(host);
    await clock().set(DUE);
    await payouts.becomes(host, [['paid', SHARE]]);
    await payouts.cancel(refunded, 10_000);
    expect(await payouts.owed(host)).toBe(10_000 - SHARE);
    expect(await payouts.upcoming(host)).toEqual([[10_000 - SHARE, null]]);
    await payouts.givenStay(host, { payoutDueAt: '2030-06-01T19:00:00.000Z' });
    await clock().set('2030-06-01T19:00:00Z');
    await payouts.becomes(host, [
      ['paid', 10_000],
      ['paid', SHARE],
    ]);
    expect(await payouts.owed(host)).toBe(0);
    await payouts.payments.agreed();
  });

  test('a booking with an open dispute is left out until it is closed', async () => {
    const host = await payouts.givenHost();
    const disputed = await payouts.givenStay(host);
    await payouts.givenStay(host);
    const win = await payouts.givenDispute(disputed);
    await clock().set(DUE);
    await payouts.becomes(host, [['paid', SHARE]]);
    expect(await payouts.upcoming(host)).toEqual([[SHARE, 'dispute_open']]);
    await win();
    await clock().advance('P1D');
    await payouts.becomes(host, [
      ['paid', SHARE],
      ['paid', SHARE],
    ]);
    expect(await payouts.owed(host)).toBe(0);
  });

  test('an unconfirmed booking is never paid', async () => {
    const host = await payouts.givenHost();
    const { booking } = await payouts.payments.givenCaptured(testUser(), {
      host,
      holdExpiresAt: '2031-01-01T00:00:00.000Z',
    });
    expect(booking.hostId).toBe(host.id);
    await clock().set(DUE);
    await clock().advance('P2D');
    expect(await payouts.payoutsOf(host)).toEqual([]);
    expect(await payouts.transfersTo(host)).toEqual([]);
  });
});
