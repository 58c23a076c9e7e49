import { randomUUID } from 'node:crypto';
import { aUser } from '@roost/testing';
import { juneStay, useBookings, type TestBooking } from './bookings.fixture.js';
import { paymentOf } from './payments.fixture.js';

const bookings = useBookings();

const confirmedEvents = (booking: TestBooking) => bookings.publishedFor('booking.confirmed', booking);

it('confirms an instant booking, publishes booking.confirmed and stores the payment id', async () => {
  const booking = await bookings.givenBooking();
  await bookings.payments.captured(booking);
  expect(await bookings.read(booking)).toMatchObject({
    state: 'confirmed',
    paymentId: booking.paymentId,
    holdExpiresAt: null,
    version: 2,
    history: [{ event: 'created' }, { by: 'payment', event: 'payment_captured', reason: null }],
  });
  expect(await confirmedEvents(booking)).toEqual([
    expect.objectContaining({
      state: 'confirmed',
      late: false,
      totalMinor: booking.quote.totalMinor,
      holdExpiresAt: null,
    }),
  ]);
});

it('confirms once for duplicate events', async () => {
  const booking = await bookings.givenBooking();
  await bookings.payments.captured(booking, { id: randomUUID(), times: 3 });
  await bookings.payments.captured(booking);
  expect(await confirmedEvents(booking)).toHaveLength(1);
  expect((await bookings.read(booking)).history).toHaveLength(2);
});

it('requests a response of the host when the provider captures without an authorization', async () => {
  const listing = await bookings.givenListing({ bookingMode: 'request' });
  const booking = await bookings.givenBooking({ listing });
  await bookings.payments.captured(booking);
  expect(await bookings.stateOf(booking)).toBe('awaiting_host');
  // The payment is captured already, so acceptance confirms the booking.
  const response = await bookings.as(listing.host).post(`/v1/bookings/${booking.id}/accept`);
  expect(response.body).toMatchObject({ state: 'confirmed' });
});

it('confirms a booking that the host has accepted', async () => {
  const booking = await bookings.givenRequest();
  await bookings.accept(booking);
  expect(await bookings.stateOf(booking)).toBe('awaiting_capture');
  await bookings.payments.captured(booking);
  expect(await bookings.stateOf(booking)).toBe('confirmed');
});

it('does not confirm a booking for less than its total', async () => {
  const booking = await bookings.givenBooking();
  const part = { ...paymentOf(booking, 'captured'), capturedMinor: booking.dto.totalMinor - 1 };
  await bookings.service.deliver('payment.captured', { ...part, capturedAt: '2027-03-02T12:00:00Z' });
  expect(await bookings.stateOf(booking)).toBe('pending_payment');
});

it('does not confirm a booking for the payment of a change', async () => {
  const booking = await bookings.givenBooking();
  const change = {
    purpose: 'change' as const,
    changeId: randomUUID(),
    capturedMinor: booking.dto.totalMinor,
  };
  const paid = { ...paymentOf(booking, 'captured'), ...change, capturedAt: '2027-03-02T12:00:00Z' };
  await expect(bookings.service.deliver('payment.captured', paid)).rejects.toThrow(
    'a change that does not exist',
  );
  expect(await bookings.stateOf(booking)).toBe('pending_payment');
});

it('rejects a payment for an unknown booking', async () => {
  const booking = await bookings.givenBooking();
  await expect(bookings.payments.captured({ ...booking, id: randomUUID() })).rejects.toThrow(
    'does not exist',
  );
});

describe('after the hold has expired', () => {
  const givenExpired = async () => {
    const booking = await bookings.givenBooking();
    await bookings.service.clock.advance('PT15M');
    expect(await bookings.stateOf(booking)).toBe('expired');
    return booking;
  };

  it('confirms the booking with late: true when the nights are available', async () => {
    const booking = await givenExpired();
    expect(await bookings.calendar.isFree(booking.listing, '2027-06-11')).toBe(true);
    await bookings.payments.captured(booking);
    expect(await bookings.read(booking)).toMatchObject({ state: 'confirmed', expiredCause: null });
    expect(await confirmedEvents(booking)).toEqual([expect.objectContaining({ late: true })]);
    expect(await bookings.calendar.isFree(booking.listing, '2027-06-11')).toBe(false);
  });

  it('publishes booking.expired again for a refund when the nights are unavailable', async () => {
    const booking = await givenExpired();
    const other = await bookings.givenConfirmed({ listing: booking.listing, guest: aUser(), ...juneStay });
    await bookings.payments.captured(booking);
    expect(await bookings.stateOf(booking)).toBe('expired');
    expect(await bookings.stateOf(other)).toBe('confirmed');
    expect(await bookings.publishedFor('booking.expired', booking)).toEqual([
      expect.objectContaining({ cause: 'hold' }),
      expect.objectContaining({ cause: 'hold' }),
    ]);
    expect(await bookings.calendar.overlaps()).toEqual([]);
  });

  it('confirms the booking and expires an overdue hold of the same nights', async () => {
    const booking = await givenExpired();
    const other = await bookings.givenBooking({ listing: booking.listing });
    await bookings.makeOverdue(other);
    await bookings.payments.captured(booking);
    expect(await bookings.stateOf(booking)).toBe('confirmed');
    expect(await bookings.stateOf(other)).toBe('expired');
    expect(await bookings.calendar.overlaps()).toEqual([]);
  });

  it('confirms one of two concurrent late payments for the same nights', async () => {
    const listing = await bookings.givenListing();
    const first = await bookings.givenBooking({ listing });
    await bookings.service.clock.advance('PT15M');
    const second = await bookings.givenBooking({ listing });
    await bookings.service.clock.advance('PT15M');
    await Promise.all([bookings.payments.captured(first), bookings.payments.captured(second)]);
    const states = [await bookings.stateOf(first), await bookings.stateOf(second)];
    expect(states.sort()).toEqual(['confirmed', 'expired']);
    expect(await bookings.calendar.overlaps()).toEqual([]);
  });

  it('does not confirm nights in the past', async () => {
    const booking = await givenExpired();
    await bookings.service.clock.set('2027-06-11T12:00:00Z');
    await bookings.payments.captured(booking);
    expect(await bookings.stateOf(booking)).toBe('expired');
    await bookings.service.clock.set('2027-03-03T12:00:00Z');
  });
});

it.each([
  ['cancelled', 'cancel', (guest: boolean) => guest],
  ['declined', 'decline', (guest: boolean) => !guest],
])('does not change a booking that is %s', async (state, command, byGuest) => {
  const booking = await bookings.givenRequest();
  const user = byGuest(true) ? booking.guest : booking.listing.host;
  const response = await bookings
    .as(user)
    .post(`/v1/bookings/${booking.id}/${command}`, { reason: 'Plans changed' });
  expect(response.body).toMatchObject({ state });
  await bookings.payments.captured(booking);
  expect(await bookings.stateOf(booking)).toBe(state);
  expect(await confirmedEvents(booking)).toEqual([]);
});
