import {
  BOOKING_EVENTS,
  BOOKING_STATES,
  possibleEvents,
  type BookingEvent,
  type BookingState,
} from '../src/booking/domain/booking-state.js';
import { aUser, type TestUser } from '@roost/testing';
import { startBookings, type BookingsUnderTest, type TestBooking } from './bookings.fixture.js';

/** Every event at every state, through the service's own doors: what the table doesn't know doesn't happen. */
let bookings: BookingsUnderTest;
const admin = aUser({ roles: ['admin'] });
const reason = { reason: 'Plans changed' };

beforeAll(async () => {
  bookings = await startBookings();
});
afterAll(() => bookings?.close());

const post = (booking: TestBooking, user: TestUser, command: string, body?: object) =>
  bookings.as(user).post(`/v1/${command.replace(':id', booking.id)}`, body);

/** Brings a fresh booking into a state by ordinary means. */
const givenState: Record<BookingState, () => Promise<TestBooking>> = {
  pending_payment: () => bookings.givenBooking(),
  awaiting_host: () => bookings.givenRequest(),
  awaiting_capture: async () => {
    const booking = await bookings.givenRequest();
    await post(booking, booking.listing.host, 'bookings/:id/accept');
    return booking;
  },
  confirmed: () => bookings.givenConfirmed(),
  in_stay: async () => timeComes(await bookings.givenConfirmed()),
  completed: async () => timeComes(await timeComes(await bookings.givenConfirmed())),
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
  // By the host's silence: the one cause but the hold that a payment can't revive.
  expired: async () => timeComes(await bookings.givenRequest()),
};

async function timeComes(booking: TestBooking): Promise<TestBooking> {
  await bookings.givenOverdue(booking);
  await bookings.sweep();
  return booking;
}

/** Lets an event happen; whatever it answers. */
const happen: Record<BookingEvent, (booking: TestBooking) => Promise<unknown>> = {
  payment_authorized: (booking) => bookings.authorized(booking),
  payment_captured: (booking) => bookings.captured(booking),
  capture_failed: (booking) => bookings.failed(booking),
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
  const refused = BOOKING_EVENTS.filter((event) => !possibleEvents(state).includes(event));

  it('stays what it is, without a trace, under every event that it does not know', async () => {
    const booking = await givenState[state]();
    const before = await bookings.read(booking);
    expect(before.state).toBe(state);
    const eventsOf = async () =>
      (await bookings.service.query('SELECT type FROM outbox_event WHERE key = $1', [booking.id])).length;
    const published = await eventsOf();
    for (const event of refused) {
      const answer = await happen[event](booking);
      const after = await bookings.read(booking);
      expect({ event, state: after.state, history: after.history }).toEqual({
        event,
        state,
        history: before.history,
      });
      if (answer && typeof answer === 'object') {
        expect(answer).toMatchObject({ status: 409, body: { code: 'booking.transition_not_allowed' } });
      }
    }
    expect(await eventsOf()).toBe(published);
  });
});

const ends: Partial<Record<BookingState, Partial<Record<BookingEvent, BookingState>>>> = {
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

describe.each(Object.entries(ends) as [BookingState, Record<BookingEvent, BookingState>][])(
  'from %s',
  (state, by) => {
    it.each(Object.entries(by) as [BookingEvent, BookingState][])('%s leads to %s', async (event, to) => {
      const booking = await givenState[state]();
      await happen[event](booking);
      const after = await bookings.read(booking);
      expect(after.state).toBe(to);
      expect(after.history.at(-1)?.event).toBe(event);
    });
  },
);
