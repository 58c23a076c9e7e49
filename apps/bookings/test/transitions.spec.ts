import { testUser, type TestUser } from '@roost/testing';
import {
  BOOKING_EVENTS,
  BOOKING_STATES,
  possibleEvents,
  type BookingEvent,
  type BookingState,
} from '../src/booking/domain/booking-state.js';
import { useBookings, type TestBooking } from './bookings.fixture.js';

/** Applies every event in every state through routes, events and sweeps. */
const bookings = useBookings();
const admin = testUser({ roles: ['admin'] });
const reason = { reason: 'Plans changed' };

const post = (booking: TestBooking, user: TestUser, command: string, body?: object) =>
  bookings.as(user).post(`/v1/${command.replace(':id', booking.id)}`, body);

/** Creates a booking and brings it into a state. */
const givenState: Record<BookingState, () => Promise<TestBooking>> = {
  pending_payment: () => bookings.givenBooking(),
  awaiting_host: () => bookings.givenRequest(),
  awaiting_capture: async () => {
    const booking = await bookings.givenRequest();
    await post(booking, booking.listing.host, 'bookings/:id/accept');
    return booking;
  },
  confirmed: () => bookings.givenConfirmed(),
  in_stay: async () => processDeadline(await bookings.givenConfirmed()),
  completed: async () => processDeadline(await processDeadline(await bookings.givenConfirmed())),
  cancelled: async () => {
    const booking = await bookings.givenConfirmed();
    await post(booking, booking.guest, 'bookings/:id/cancel', reason);
    return booking;
  },
  declined: async () => {
    const booking = await bookings.givenRequest();
    await post(booking, booking.listing.host, 'bookings/:id/decline', reason);
    return booking;
  },
  // A missing response of the host: unlike an expired hold, a late payment does not confirm such a booking.
  expired: async () => processDeadline(await bookings.givenRequest()),
};

async function processDeadline(booking: TestBooking): Promise<TestBooking> {
  await bookings.makeOverdue(booking);
  await bookings.sweep();
  return booking;
}

/** Applies an event; returns the response where the event is a route. */
const apply: Record<BookingEvent, (booking: TestBooking) => Promise<unknown>> = {
  payment_authorized: (booking) => bookings.payments.authorized(booking),
  payment_captured: (booking) => bookings.payments.captured(booking),
  capture_failed: (booking) => bookings.payments.failed(booking),
  host_accepted: (booking) => post(booking, booking.listing.host, 'bookings/:id/accept'),
  host_declined: (booking) => post(booking, booking.listing.host, 'bookings/:id/decline', reason),
  guest_cancelled: (booking) => post(booking, booking.guest, 'bookings/:id/cancel', reason),
  host_cancelled: (booking) => post(booking, booking.listing.host, 'bookings/:id/cancel', reason),
  admin_cancelled: (booking) =>
    post(booking, admin, 'admin/bookings/:id/cancel', { ...reason, refundMinor: 0 }),
  hold_ran_out: () => bookings.sweep(),
  response_overdue: () => bookings.sweep(),
  check_in_reached: () => bookings.sweep(),
  check_out_reached: () => bookings.sweep(),
};

describe.each(BOOKING_STATES)('%s', (state) => {
  const rejected = BOOKING_EVENTS.filter((event) => !possibleEvents(state).includes(event));

  it('rejects every event without a transition and does not change', async () => {
    const booking = await givenState[state]();
    const before = await bookings.read(booking);
    expect(before.state).toBe(state);
    const publishedCount = async () =>
      (await bookings.service.query('SELECT type FROM outbox_event WHERE key = $1', [booking.id])).length;
    const published = await publishedCount();
    for (const event of rejected) {
      const response = await apply[event](booking);
      const after = await bookings.read(booking);
      expect({ event, state: after.state, history: after.history }).toEqual({
        event,
        state,
        history: before.history,
      });
      if (response && typeof response === 'object') {
        expect(response).toMatchObject({ status: 409, body: { code: 'booking.transition_not_allowed' } });
      }
    }
    expect(await publishedCount()).toBe(published);
  });
});

const outcomes: Partial<Record<BookingState, Partial<Record<BookingEvent, BookingState>>>> = {
  pending_payment: {
    payment_captured: 'confirmed',
    guest_cancelled: 'cancelled',
    admin_cancelled: 'cancelled',
  },
  awaiting_host: {
    host_accepted: 'awaiting_capture',
    host_declined: 'declined',
    guest_cancelled: 'cancelled',
    admin_cancelled: 'cancelled',
  },
  awaiting_capture: { payment_captured: 'confirmed', capture_failed: 'expired' },
  confirmed: { guest_cancelled: 'cancelled', host_cancelled: 'cancelled', admin_cancelled: 'cancelled' },
  in_stay: { guest_cancelled: 'cancelled', host_cancelled: 'cancelled', admin_cancelled: 'cancelled' },
};

describe.each(Object.entries(outcomes) as [BookingState, Record<BookingEvent, BookingState>][])(
  'from %s',
  (state, by) => {
    it.each(Object.entries(by) as [BookingEvent, BookingState][])('%s leads to %s', async (event, to) => {
      const booking = await givenState[state]();
      await apply[event](booking);
      const after = await bookings.read(booking);
      expect(after.state).toBe(to);
      expect(after.history.at(-1)?.event).toBe(event);
    });
  },
);
