import { expectProblem } from '@roost/testing';
import { useBookings } from './bookings.fixture.js';

/** Cards charge multiples of ten minor units in KWD; prices are exact. */
const bookings = useBookings({ resetClock: true });

const price = {
  basePriceMinor: 12_345,
  cleaningFeeMinor: 1_111,
  taxes: [
    {
      name: 'Tax',
      kind: 'percent' as const,
      bps: 777,
      amountMinor: 0,
      exemptAboveNights: null,
      maxNights: null,
      exemptUnderAge: null,
    },
  ],
};
const givenListing = (currency = 'KWD') =>
  bookings.givenListing({ currency, price, cancellationPolicy: 'moderate' });
const sumOf = (lines: readonly { amountMinor: number }[]) =>
  lines.reduce((sum, line) => sum + line.amountMinor, 0);

interface Shares {
  totalMinor: number;
  hostPayoutMinor: number;
  platformFeeMinor: number;
  taxMinor: number;
}
const expectShares = (
  { totalMinor, hostPayoutMinor, platformFeeMinor, taxMinor }: Shares,
  amountMinor: number,
) => {
  expect(totalMinor).toBe(amountMinor);
  expect(hostPayoutMinor + platformFeeMinor + taxMinor).toBe(amountMinor);
};

it('charges the total rounded down, and shows both', async () => {
  const { dto, quote, ...booking } = await bookings.givenBooking({ listing: await givenListing() });
  // 4 × 12,345 + 1,111 = 50,491; 14 %: 7,069; 7.77 %: 3,923
  for (const view of [quote, dto]) {
    expect(view).toMatchObject({ totalMinor: 61_483, chargeMinor: 61_480 });
    expect(sumOf(view.lines)).toBe(61_483);
  }
  const [created] = await bookings.publishedFor('booking.created', booking);
  expectShares(created!, 61_480);
});

it.each(['KWD', 'JPY'])('a change and a cancellation in %s have chargeable amounts', async (currency) => {
  const step = currency === 'KWD' ? 10 : 1;
  const booking = await bookings.givenConfirmed({ listing: await givenListing(currency) });
  expect(await bookings.stateOf(booking)).toBe('confirmed');
  const change = await bookings.changes.givenAccepted(booking, { checkOutDate: '2027-06-15' });
  expect(change.differenceMinor % step).toBe(0);
  expect(booking.dto.chargeMinor + change.differenceMinor).toBe(change.chargeMinor);
  expect(sumOf(change.lines)).toBe(change.totalMinor);
  await bookings.payments.changeCaptured(booking, change);
  const [applied] = await bookings.publishedFor('booking.change-applied', booking);
  expectShares(applied!.newTotals!, change.chargeMinor);

  await bookings.service.clock.set('2027-06-10T20:00:00Z');
  await bookings.sweep();
  const preview = await bookings.previewCancellation(booking);
  const { body } = await bookings.cancel(booking);
  expect(body.cancellation).toMatchObject({ refundMinor: preview.refundMinor });
  const [cancelled] = await bookings.publishedFor('booking.cancelled', booking);
  expect(cancelled!.refundMinor).toBe(preview.refundMinor);
  expect(cancelled!.refundMinor).toBeGreaterThan(0);
  expect(cancelled!.refundMinor % step).toBe(0);
  for (const { refundMinor } of preview.schedule) expect(refundMinor % step).toBe(0);
  expectShares(
    { ...cancelled!, totalMinor: cancelled!.totalMinor - cancelled!.refundMinor },
    change.chargeMinor - cancelled!.refundMinor,
  );
});

it('an administrator refunds multiples of ten', async () => {
  const booking = await bookings.givenConfirmed({ listing: await givenListing() });
  const refused = await bookings.cancel(booking, 'admin', 1_005);
  expectProblem(refused, 400, 'request.invalid');
  expect(refused.body).toMatchObject({
    errors: [{ pointer: '/refundMinor', detail: 'Must be a multiple of 10 in KWD' }],
  });
  const { body } = await bookings.cancel(booking, 'admin', 61_480);
  expect(body.cancellation).toMatchObject({ refundMinor: 61_480 });
});
