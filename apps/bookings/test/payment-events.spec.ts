import { randomUUID } from 'node:crypto';
import { testUser } from '@roost/testing';
import { juneStay, useBookings, type TestBooking } from './bookings.fixture.js';
import { paymentOf } from './payments.fixture.js';

const bookings = useBookings({ resetClock: true });

describe('payment.authorized', () => {
  const minutesFromNow = (at: string | null) =>
    Math.round((Date.parse(at ?? '') - bookings.service.clock.now().getTime()) / 60_000);

  it('requests a response of the host within 24 hours', async () => {
    const booking = await bookings.givenRequest();
    const read = await bookings.read(booking);
    expect(read).toMatchObject({ state: 'awaiting_host', holdExpiresAt: null, paymentId: booking.paymentId });
    expect(minutesFromNow(read.respondBy)).toBe(24 * 60);
    expect(await bookings.publishedFor('booking.requested', booking)).toEqual([
      expect.objectContaining({ state: 'awaiting_host', respondBy: read.respondBy }),
    ]);
    expect(await bookings.calendar.isFree(booking.listing, '2027-06-10')).toBe(false);
  });

  it('limits the response time to check-in', async () => {
    const listing = await bookings.givenListing({ bookingMode: 'request' });
    const stay = { checkInDate: '2027-03-02', checkOutDate: '2027-03-04' };
    const booking = await bookings.givenBooking({ listing, ...stay });
    await bookings.payments.authorized(booking);
    // 15:00 in New York, in winter time
    expect((await bookings.read(booking)).respondBy).toBe('2027-03-02T20:00:00.000Z');
  });

  it('limits the response time to ten minutes before the authorization expires', async () => {
    const listing = await bookings.givenListing({ bookingMode: 'request' });
    const booking = await bookings.givenBooking({ listing });
    // `captureBefore` is real time, not domain time.
    const inTwoHours = new Date(Date.now() + 7_200_000).toISOString();
    await bookings.payments.authorized(booking, inTwoHours);
    expect(minutesFromNow((await bookings.read(booking)).respondBy)).toBe(110);
  });

  it('does not confirm an instant booking before the capture', async () => {
    const booking = await bookings.givenBooking();
    await bookings.payments.authorized(booking);
    expect(await bookings.read(booking)).toMatchObject({
      state: 'pending_payment',
      paymentId: booking.paymentId,
    });
  });

  it('requests a response for an expired hold when the nights are still available', async () => {
    const listing = await bookings.givenListing({ bookingMode: 'request' });
    const booking = await bookings.givenBooking({ listing });
    await bookings.service.clock.advance('PT15M');
    expect(await bookings.stateOf(booking)).toBe('expired');
    await bookings.payments.authorized(booking);
    expect(await bookings.stateOf(booking)).toBe('awaiting_host');
  });

  it('stores the payment id of payment.created', async () => {
    const booking = await bookings.givenBooking();
    await bookings.service.deliver('payment.created', paymentOf(booking, 'requires_payment_method'));
    expect(await bookings.read(booking)).toMatchObject({
      state: 'pending_payment',
      paymentId: booking.paymentId,
    });
  });
});

describe('payment.captured', () => {
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
      const other = await bookings.givenConfirmed({
        listing: booking.listing,
        guest: testUser(),
        ...juneStay,
      });
      await bookings.payments.captured(booking);
      expect(await bookings.stateOf(booking)).toBe('expired');
      expect(await bookings.stateOf(other)).toBe('confirmed');
      expect(await bookings.publishedFor('booking.expired', booking)).toEqual([
        expect.objectContaining({ cause: 'hold' }),
        expect.objectContaining({ cause: 'hold' }),
      ]);
      expect(await bookings.calendar.overlaps()).toEqual([]);
    });

    it.each(['user.erased', 'user.suspended'] as const)(
      'publishes booking.expired again for a refund after %s of the guest',
      async (status) => {
        const booking = await givenExpired();
        await bookings.publishUserStatus(status, booking.guest, 2);
        await bookings.payments.captured(booking);
        const host = bookings.as(booking.listing.host);
        expect((await host.get<{ state: string }>(`/v1/bookings/${booking.id}`)).body.state).toBe('expired');
        expect(await bookings.publishedFor('booking.expired', booking)).toHaveLength(2);
        expect(await bookings.calendar.isFree(booking.listing, '2027-06-11')).toBe(true);
      },
    );

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
});

describe('payment.failed and payment.voided', () => {
  it('lets the guest retry before the hold expires', async () => {
    const booking = await bookings.givenBooking();
    await bookings.payments.failed(booking);
    expect(await bookings.stateOf(booking)).toBe('pending_payment');
    await bookings.payments.captured(booking);
    expect(await bookings.stateOf(booking)).toBe('confirmed');
  });

  it.each(['failed', 'voided'] as const)(
    'payment.%s after acceptance expires the booking and releases the nights',
    async (event) => {
      const booking = await bookings.givenRequest();
      await bookings.accept(booking);
      await bookings.payments[event](booking);
      expect(await bookings.read(booking)).toMatchObject({ state: 'expired', expiredCause: 'capture' });
      expect(await bookings.calendar.isFree(booking.listing, '2027-06-10')).toBe(true);
      expect(await bookings.publishedFor('booking.expired', booking)).toEqual([
        expect.objectContaining({ cause: 'capture' }),
      ]);
      // A later capture is refunded, since the cause is not the hold.
      await bookings.payments.captured(booking);
      expect(await bookings.stateOf(booking)).toBe('expired');
    },
  );

  it('payment.voided before the response of the host makes acceptance impossible', async () => {
    const booking = await bookings.givenRequest();
    await bookings.payments.voided(booking);
    const response = await bookings.accept(booking);
    expect(response.body).toMatchObject({ code: 'booking.accept_too_late' });
    expect(await bookings.stateOf(booking)).toBe('awaiting_host');
  });

  it('does not change a confirmed booking', async () => {
    const booking = await bookings.givenConfirmed();
    await bookings.payments.failed(booking);
    expect(await bookings.stateOf(booking)).toBe('confirmed');
  });
});

describe('payment.failed without a provider', () => {
  it('expires the hold at once, so that the nights are free, and only once', async () => {
    const listing = await bookings.givenListing({ currency: 'JPY', countryCode: 'JP' });
    const booking = await bookings.givenBooking({ listing });
    expect((await bookings.publishedFor('booking.created', booking))[0]).toMatchObject({ countryCode: 'JP' });
    const body = { ...paymentOf(booking, 'failed'), code: 'no_provider' };
    await bookings.service.deliver('payment.failed', body, { times: 3 });
    expect(await bookings.read(booking)).toMatchObject({ state: 'expired', expiredCause: 'hold' });
    expect(await bookings.publishedFor('booking.expired', booking)).toMatchObject([{ cause: 'hold' }]);
    expect(await bookings.calendar.isFree(listing, '2027-06-10')).toBe(true);
  });

  it('books a listing without a country', async () => {
    const listing = await bookings.givenListing({ countryCode: null });
    const booking = await bookings.givenBooking({ listing, guest: testUser() });
    expect((await bookings.publishedFor('booking.created', booking))[0]).toMatchObject({ countryCode: null });
  });
});
