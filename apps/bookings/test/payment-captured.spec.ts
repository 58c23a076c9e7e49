import { randomUUID } from 'node:crypto';
import { aUser } from '@roost/testing';
import { june, paymentOf, startBookings, type BookingsUnderTest } from './bookings.fixture.js';

let bookings: BookingsUnderTest;

beforeAll(async () => {
  bookings = await startBookings();
});
afterAll(() => bookings?.close());

const confirmedEvents = async (id: string) =>
  (await bookings.service.published('booking.confirmed')).filter((event) => event.bookingId === id);
const expiredEvents = async (id: string) =>
  (await bookings.service.published('booking.expired')).filter((event) => event.bookingId === id);

it('instant book: confirms, tells everyone, keeps the payment', async () => {
  const booking = await bookings.givenBooking();
  await bookings.captured(booking);
  expect(await bookings.read(booking)).toMatchObject({
    state: 'confirmed',
    paymentId: booking.paymentId,
    holdExpiresAt: null,
    version: 2,
    history: [{ event: 'created' }, { by: 'payment', event: 'payment_captured', reason: null }],
  });
  expect(await confirmedEvents(booking.id)).toEqual([
    expect.objectContaining({
      state: 'confirmed',
      late: false,
      totalMinor: booking.quote.totalMinor,
      holdExpiresAt: null,
    }),
  ]);
});

it('the same event three times confirms once', async () => {
  const booking = await bookings.givenBooking();
  await bookings.captured(booking, { id: randomUUID(), times: 3 });
  await bookings.captured(booking);
  expect(await confirmedEvents(booking.id)).toHaveLength(1);
  expect((await bookings.read(booking)).history).toHaveLength(2);
});

it('request to book, where the provider can’t hold: asks the host', async () => {
  const listing = await bookings.givenListing({ bookingMode: 'request' });
  const booking = await bookings.givenBooking({ listing });
  await bookings.captured(booking);
  expect(await bookings.stateOf(booking)).toBe('awaiting_host');
  // Accepted, it is confirmed at once: nothing is left to capture.
  const answer = await bookings.as(listing.host).post(`/v1/bookings/${booking.id}/accept`);
  expect(answer.body).toMatchObject({ state: 'confirmed' });
});

it('after the host has accepted: confirms', async () => {
  const booking = await bookings.givenRequest();
  await bookings.as(booking.listing.host).post(`/v1/bookings/${booking.id}/accept`);
  expect(await bookings.stateOf(booking)).toBe('awaiting_capture');
  await bookings.captured(booking);
  expect(await bookings.stateOf(booking)).toBe('confirmed');
});

it('less than the total confirms nothing', async () => {
  const booking = await bookings.givenBooking();
  const part = { ...paymentOf(booking, 'captured'), capturedMinor: booking.dto.totalMinor - 1 };
  await bookings.service.deliver('payment.captured', { ...part, capturedAt: '2027-03-02T12:00:00Z' });
  expect(await bookings.stateOf(booking)).toBe('pending_payment');
});

it('the payment of a change is no payment of the booking', async () => {
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

it('a payment for nothing we know is a fault, not a shrug', async () => {
  const booking = await bookings.givenBooking();
  await expect(bookings.captured({ ...booking, id: randomUUID() })).rejects.toThrow('does not exist');
});

describe('after the hold has run out', () => {
  const overdue = async () => {
    const booking = await bookings.givenBooking();
    await bookings.service.clock.advance('PT15M');
    expect(await bookings.stateOf(booking)).toBe('expired');
    return booking;
  };

  it('dates still free: confirms, late', async () => {
    const booking = await overdue();
    expect(await bookings.isFree(booking.listing, '2027-06-11')).toBe(true);
    await bookings.captured(booking);
    expect(await bookings.read(booking)).toMatchObject({ state: 'confirmed', expiredCause: null });
    expect(await confirmedEvents(booking.id)).toEqual([expect.objectContaining({ late: true })]);
    expect(await bookings.isFree(booking.listing, '2027-06-11')).toBe(false);
  });

  it('dates gone: stays expired and says so again, so that the money goes back', async () => {
    const booking = await overdue();
    const faster = await bookings.givenConfirmed({ listing: booking.listing, guest: aUser(), ...june });
    await bookings.captured(booking);
    expect(await bookings.stateOf(booking)).toBe('expired');
    expect(await bookings.stateOf(faster)).toBe('confirmed');
    expect(await expiredEvents(booking.id)).toEqual([
      expect.objectContaining({ cause: 'hold' }),
      expect.objectContaining({ cause: 'hold' }),
    ]);
    expect(await bookings.overlaps()).toEqual([]);
  });

  it('dates held by a hold that has run out itself: confirms, and ends the other', async () => {
    const booking = await overdue();
    const other = await bookings.givenBooking({ listing: booking.listing });
    await bookings.givenOverdue(other);
    await bookings.captured(booking);
    expect(await bookings.stateOf(booking)).toBe('confirmed');
    expect(await bookings.stateOf(other)).toBe('expired');
    expect(await bookings.overlaps()).toEqual([]);
  });

  it('two late payments for the same dates at once: one confirms', async () => {
    const listing = await bookings.givenListing();
    const first = await bookings.givenBooking({ listing });
    await bookings.service.clock.advance('PT15M');
    const second = await bookings.givenBooking({ listing });
    await bookings.service.clock.advance('PT15M');
    await Promise.all([bookings.captured(first), bookings.captured(second)]);
    const states = [await bookings.stateOf(first), await bookings.stateOf(second)];
    expect(states.sort()).toEqual(['confirmed', 'expired']);
    expect(await bookings.overlaps()).toEqual([]);
  });

  it('nights that are past are not free', async () => {
    const booking = await overdue();
    await bookings.service.clock.set('2027-06-11T12:00:00Z');
    await bookings.captured(booking);
    expect(await bookings.stateOf(booking)).toBe('expired');
    await bookings.service.clock.set('2027-03-03T12:00:00Z');
  });
});

it.each([
  ['cancelled', 'cancel', (guest: boolean) => guest],
  ['declined', 'decline', (guest: boolean) => !guest],
])('a booking that is %s stays so, silently', async (state, command, byGuest) => {
  const booking = await bookings.givenRequest();
  const user = byGuest(true) ? booking.guest : booking.listing.host;
  const answer = await bookings
    .as(user)
    .post(`/v1/bookings/${booking.id}/${command}`, { reason: 'Plans changed' });
  expect(answer.body).toMatchObject({ state });
  await bookings.captured(booking);
  expect(await bookings.stateOf(booking)).toBe(state);
  expect(await confirmedEvents(booking.id)).toEqual([]);
});
