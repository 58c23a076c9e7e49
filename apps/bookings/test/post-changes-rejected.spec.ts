import { randomUUID } from 'node:crypto';
import { testUser, expectProblem } from '@roost/testing';
import { juneStay, useBookings } from './bookings.fixture.js';
import { longerStay } from './changes.fixture.js';

const bookings = useBookings({ resetClock: true });

describe('400', () => {
  const requests: [string, object, string][] = [
    ['an empty object', {}, ''],
    ['a date that does not exist', { checkInDate: '2027-02-30' }, '/checkInDate'],
    ['a date that is not ISO 8601', { checkOutDate: '15 June' }, '/checkOutDate'],
    ['0 nights', { checkInDate: '2027-06-14' }, '/checkInDate'],
    ['reversed dates', { checkInDate: '2027-06-14', checkOutDate: '2027-06-10' }, '/checkOutDate'],
    ['a check-out before the check-in', { checkOutDate: '2027-06-10' }, '/checkOutDate'],
    ['a date in the past', { checkInDate: '2027-03-01' }, '/checkInDate'],
    ['0 adults', { guests: { adults: 0 } }, '/guests/adults'],
    ['guests without adults', { guests: { children: [] } }, '/guests/adults'],
    ['null', { checkInDate: null }, '/checkInDate'],
    ['a price', { checkOutDate: '2027-06-15', totalMinor: 1 }, '/totalMinor'],
    ['a state', { checkOutDate: '2027-06-15', state: 'applied' }, '/state'],
    ['an array', [], ''],
  ];
  it.each(requests)('rejects %s', async (_name, terms, pointer) => {
    const booking = await bookings.givenConfirmed();
    expectProblem(await bookings.changes.propose(booking, terms), 400, 'request.invalid', pointer);
    expect((await bookings.read(booking)).openChange).toBeNull();
  });

  it('rejects an invalid booking id', async () => {
    const response = await bookings.as(testUser()).post('/v1/bookings/1/changes', longerStay);
    expectProblem(response, 400, 'request.invalid');
  });
});

describe('401, 403 and 404', () => {
  it('rejects requests without a token, unverified guests, other users and administrators', async () => {
    const booking = await bookings.givenConfirmed();
    const path = `/v1/bookings/${booking.id}/changes`;
    expectProblem(await bookings.service.anonymous.post(path, longerStay), 401, 'auth.missing_token');
    const unverified = testUser({ id: booking.guest.id, emailVerified: false });
    expectProblem(
      await bookings.changes.propose(booking, longerStay, unverified),
      403,
      'auth.email_unverified',
    );
    for (const user of [testUser(), testUser({ roles: ['host'] }), testUser({ roles: ['admin'] })]) {
      expectProblem(await bookings.changes.propose(booking, longerStay, user), 404, 'booking.not_found');
    }
    expectProblem(
      await bookings.as(booking.guest).post(`/v1/bookings/${randomUUID()}/changes`, longerStay),
      404,
      'booking.not_found',
    );
  });

  it('rejects suspended guests, and changes of a stay at a suspended host', async () => {
    const booking = await bookings.givenConfirmed();
    await bookings.publishUserStatus('user.suspended', booking.guest, 2);
    expectProblem(await bookings.changes.propose(booking, longerStay), 403, 'account.suspended');
    const change = await bookings.changes.givenProposed(booking, longerStay, booking.listing.host);
    expectProblem(await bookings.changes.respond(booking, change, 'accept'), 403, 'account.suspended');
    expectProblem(await bookings.changes.respond(booking, change, 'decline'), 403, 'account.suspended');
    await bookings.publishUserStatus('user.reinstated', booking.guest, 3);
    expect((await bookings.changes.respond(booking, change, 'decline')).status).toBe(200);
    await bookings.publishUserStatus('user.suspended', booking.listing.host, 2);
    expectProblem(await bookings.changes.propose(booking, longerStay), 409, 'booking.listing_unavailable');
  });
});

describe('409', () => {
  it('rejects nights of another booking and holds nothing', async () => {
    const listing = await bookings.givenListing();
    const booking = await bookings.givenConfirmed({ listing });
    await bookings.givenConfirmed({ listing, checkInDate: '2027-06-16', checkOutDate: '2027-06-18' });
    expectProblem(
      await bookings.changes.propose(booking, { checkOutDate: '2027-06-17' }),
      409,
      'booking.dates_unavailable',
    );
    expect(await bookings.calendar.isFree(listing, '2027-06-14')).toBe(true);
    expect((await bookings.read(booking)).openChange).toBeNull();
    expect(await bookings.calendar.inconsistentChangeHolds()).toEqual([]);
  });

  it('rejects nights of a linked room', async () => {
    const house = await bookings.givenListing();
    const room = await bookings.givenListing({ host: house.host });
    const linked = await bookings.calendar.link(house, [room]);
    expect(linked.status).toBe(200);
    await bookings.givenConfirmed({ listing: room, checkInDate: '2027-06-14', checkOutDate: '2027-06-15' });
    const booking = await bookings.givenConfirmed({ listing: house });
    expectProblem(await bookings.changes.propose(booking, longerStay), 409, 'booking.dates_unavailable');
    const change = await bookings.changes.givenProposed(booking, { checkInDate: '2027-06-09' });
    expect(await bookings.calendar.isFree(room, '2027-06-09')).toBe(false);
    await bookings.changes.respond(booking, change, 'decline');
    expect(await bookings.calendar.isFree(room, '2027-06-09')).toBe(true);
  });

  it('rejects a second open change and returns the id of the first', async () => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.changes.givenProposed(booking, longerStay);
    const response = await bookings.changes.propose(
      booking,
      { checkOutDate: '2027-06-16' },
      booking.listing.host,
    );
    expectProblem(response, 409, 'change.already_open');
    expect(response.body).toMatchObject({ changeId: change.id });
  });

  it.each(['pending', 'awaiting_host', 'cancelled', 'completed'])(
    'rejects a booking that is %s',
    async (state) => {
      const booking = await {
        pending: () => bookings.givenBooking(),
        awaiting_host: () => bookings.givenRequest(),
        cancelled: async () => {
          const given = await bookings.givenConfirmed();
          await bookings.cancel(given);
          return given;
        },
        completed: async () => {
          const given = await bookings.givenConfirmed();
          await bookings.service.clock.set('2027-06-20T00:00:00Z');
          return given;
        },
      }[state as 'pending']();
      const response = await bookings.changes.propose(booking, { checkOutDate: '2027-07-15' });
      expectProblem(response, 409, 'booking.transition_not_allowed');
    },
  );

  it('rejects an archived listing and allows a paused listing', async () => {
    const booking = await bookings.givenConfirmed();
    await bookings.publishListing({ ...booking.listing.body, status: 'paused' });
    const change = await bookings.changes.givenProposed(booking, longerStay);
    await bookings.changes.respond(booking, change, 'withdraw', { by: booking.guest });
    await bookings.publishListing({ ...booking.listing.body, status: 'archived' });
    expectProblem(await bookings.changes.propose(booking, longerStay), 409, 'booking.listing_unavailable');
  });
});

describe('422', () => {
  it('rejects a proposal that changes nothing', async () => {
    const booking = await bookings.givenConfirmed();
    for (const terms of [
      juneStay,
      { guests: { adults: 2 } },
      { ...juneStay, guests: { adults: 2, infants: 0 } },
    ]) {
      expectProblem(await bookings.changes.propose(booking, terms), 422, 'change.nothing_changed');
    }
  });

  it.each<[string, object, string]>([
    ['10,000 nights', { checkOutDate: '2054-10-26' }, 'max_nights'],
    ['too few nights', { checkOutDate: '2027-06-11' }, 'min_nights'],
    [
      'dates after the booking window',
      { checkInDate: '2028-03-03', checkOutDate: '2028-03-06' },
      'booking_window',
    ],
    ['too many guests', { guests: { adults: 5 } }, 'capacity'],
    ['pets', { guests: { adults: 2, pets: 1 } }, 'pets'],
  ])('rejects %s', async (_name, terms, rule) => {
    const listing = await bookings.givenListing({ rules: { minNights: 2 } });
    const booking = await bookings.givenConfirmed({ listing });
    const response = await bookings.changes.propose(booking, terms);
    expectProblem(response, 422, 'quote.stay_rule');
    expect(response.body).toMatchObject({ rule });
  });

  it('rejects a difference that is too small or too large to be charged', async () => {
    const booking = await bookings.givenConfirmed();
    const { listing } = booking;
    const setPrice = (price: { basePriceMinor?: number; cleaningFeeMinor?: number }) =>
      bookings.publishListing({ ...listing.body, pricing: { ...listing.body.pricing!, ...price } });
    for (const [price, differenceMinor] of [
      [{ basePriceMinor: 10_000, cleaningFeeMinor: 5_042 }, 48],
      [{ basePriceMinor: 25_000_000 }, 113_954_400],
    ] as const) {
      await setPrice(price);
      const response = await bookings.changes.propose(booking, { guests: { adults: 3 } });
      expectProblem(response, 422, 'change.difference_out_of_range');
      expect(response.body).toMatchObject({ currency: 'USD', differenceMinor, minMinor: 50 });
    }
    await setPrice({ cleaningFeeMinor: 5_044 });
    const proposed = await bookings.changes.propose(booking, { guests: { adults: 3 } });
    expect(proposed).toMatchObject({ status: 201, body: { differenceMinor: 50 } });
  });

  it('allows a refund of any amount', async () => {
    const booking = await bookings.givenConfirmed();
    const { listing } = booking;
    const pricing = { ...listing.body.pricing!, cleaningFeeMinor: 4_999 };
    await bookings.publishListing({ ...listing.body, pricing });
    const proposed = await bookings.changes.propose(booking, { guests: { adults: 3 } });
    expect(proposed).toMatchObject({ status: 201, body: { differenceMinor: -1 } });
  });

  it('checks only the rules that the change affects', async () => {
    const booking = await bookings.givenConfirmed();
    await bookings.publishListing({
      ...booking.listing.body,
      stayRules: {
        ...booking.listing.body.stayRules,
        minNights: 7,
        advanceNoticeDays: 200,
        checkInWeekdays: ['mon'],
      },
    });
    expect((await bookings.changes.propose(booking, { guests: { adults: 3 } })).status).toBe(201);
    const longer = await bookings.changes.propose(booking, longerStay);
    expectProblem(longer, 422, 'quote.stay_rule');
    expect(longer.body).toMatchObject({ rule: 'min_nights', required: 7 });
    expect((await bookings.changes.propose(booking, { checkOutDate: '2027-06-17' })).status).toBe(201);
  });

  it('rejects the removal of nights already stayed, to the second', async () => {
    const booking = await bookings.givenConfirmed();
    await bookings.service.clock.set('2027-06-12T03:59:00Z');
    // The second night in New York has not ended.
    const inTime = await bookings.changes.givenProposed(booking, { checkOutDate: '2027-06-12' });
    expect(inTime.expiresAt).toMatch(/^2027-06-12T04:00:00.000Z/);
    await bookings.service.clock.set('2027-06-12T04:00:00Z');
    expect(await bookings.changes.read(booking, inTime)).toMatchObject({ state: 'expired' });
    const tooLate = await bookings.changes.propose(booking, { checkOutDate: '2027-06-12' });
    expectProblem(tooLate, 422, 'change.nights_stayed');
    expect(tooLate.body).toMatchObject({ earliestCheckOutDate: '2027-06-13' });
    for (const checkInDate of ['2027-06-09', '2027-06-11']) {
      expectProblem(await bookings.changes.propose(booking, { checkInDate }), 422, 'change.nights_stayed');
    }
    await bookings.changes.givenProposed(booking, { checkOutDate: '2027-06-13' });
  });

  it('rejects a check-in that leaves no time to respond', async () => {
    const booking = await bookings.givenConfirmed();
    await bookings.service.clock.set('2027-06-09T19:30:00Z');
    const response = await bookings.changes.propose(booking, { checkInDate: '2027-06-09' });
    expectProblem(response, 422, 'quote.stay_rule');
    expect(response.body).toMatchObject({ rule: 'advance_notice', required: '15:00' });
  });
});

it('leaves the calendar consistent', () => bookings.calendar.expectConsistent());
