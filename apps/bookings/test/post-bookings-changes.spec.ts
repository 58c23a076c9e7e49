import { randomUUID } from 'node:crypto';
import { aUser, expectProblem, type TestUser } from '@roost/testing';
import { BookingChange } from '../src/booking/change/change.dto.js';
import {
  june,
  shaped,
  start,
  startBookings,
  type BookingsUnderTest,
  type TestBooking,
} from './bookings.fixture.js';

let bookings: BookingsUnderTest;

beforeAll(async () => {
  bookings = await startBookings();
});
beforeEach(() => bookings.service.clock.set(start));
afterAll(() => bookings?.close());

const said = async (
  type: `booking.change-${'proposed' | 'accepted' | 'applied' | 'closed'}`,
  booking: TestBooking,
) => (await bookings.service.published(type)).filter((event) => event.bookingId === booking.id);
const admin = aUser({ roles: ['admin'] });

// 4 × 100.00 + 50.00 cleaning + 14 % service fee; a night is 114.00 more or less.
const total = 51_300;

describe('201', () => {
  it('a night more: the price difference, the dates held, the old terms in force', async () => {
    const booking = await bookings.givenConfirmed();
    const answer = await bookings.propose(booking, { checkOutDate: '2027-06-15' });
    expect(answer.status).toBe(201);
    const change = shaped(BookingChange, answer.body);
    expect(change).toMatchObject({
      bookingId: booking.id,
      state: 'proposed',
      proposedBy: 'guest',
      terms: { checkInDate: '2027-06-10', checkOutDate: '2027-06-15', guests: booking.dto.guests },
      totalMinor: total + 11_400,
      differenceMinor: 11_400,
      currency: 'USD',
    });
    expect(change.expiresAt).toMatch(/^2027-03-03T12:00:/);
    const read = await bookings.read(booking);
    expect(read).toMatchObject({
      state: 'confirmed',
      ...june,
      totalMinor: total,
      openChange: change,
      history: [
        { event: 'created' },
        { event: 'payment_captured' },
        { by: 'guest', event: 'change_proposed', reason: null },
      ],
    });
    expect(read.version).toBe(3);
    expect(await bookings.isFree(booking.listing, '2027-06-14')).toBe(false);
    expect(await bookings.isFree(booking.listing, '2027-06-15')).toBe(true);
    expect(await said('booking.change-proposed', booking)).toEqual([
      expect.objectContaining({
        state: 'confirmed',
        totalMinor: total,
        changeId: change.id,
        by: 'guest',
        outcome: null,
        terms: change.terms,
        differenceMinor: 11_400,
        expiresAt: change.expiresAt,
        newTotals: { totalMinor: 62_700, hostPayoutMinor: 53_350, platformFeeMinor: 9_350, taxMinor: 0 },
      }),
    ]);
  });

  it('a host proposes other dates; a list and both sides show it', async () => {
    const booking = await bookings.givenConfirmed();
    const host = booking.listing.host;
    const change = await bookings.givenChange(
      booking,
      { checkInDate: '2027-06-20', checkOutDate: '2027-06-23' },
      host,
    );
    expect(change).toMatchObject({ proposedBy: 'host', differenceMinor: -11_400 });
    const list = await bookings.as(host).get<{ data: unknown[] }>('/v1/me/bookings?role=host');
    expect(list.body.data).toMatchObject([{ id: booking.id, openChange: { id: change.id } }]);
  });

  it('only the guests, for the same price: applied at once, nobody is asked', async () => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.givenChange(booking, { guests: { adults: 3 } });
    expect(change).toMatchObject({ state: 'applied', differenceMinor: 0, expiresAt: null });
    expect(await bookings.read(booking)).toMatchObject({
      guests: { adults: 3 },
      totalMinor: total,
      openChange: null,
      history: [{}, {}, { by: 'guest', event: 'change_applied' }],
    });
    expect(await said('booking.change-applied', booking)).toEqual([
      expect.objectContaining({
        guests: { adults: 3, children: [], infants: 0, pets: 0 },
        differenceMinor: 0,
      }),
    ]);
    expect(await said('booking.change-proposed', booking)).toEqual([]);
  });

  it('guests who cost more ask the other side, and hold no dates', async () => {
    const listing = await bookings.givenListing({
      price: { extraGuest: { above: 2, perNightMinor: 1_000 } },
    });
    const booking = await bookings.givenConfirmed({ listing });
    const change = await bookings.givenChange(booking, { guests: { adults: 3 } });
    expect(change).toMatchObject({ state: 'proposed', differenceMinor: 4_560 });
    expect(
      await bookings.service.query('SELECT 1 FROM calendar_entry WHERE change_id = $1', [change.id]),
    ).toEqual([]);
  });

  it('today’s prices count, the time zone and times of the booking stay', async () => {
    const booking = await bookings.givenConfirmed();
    const { listing } = booking;
    await bookings.tell({
      ...listing.body,
      timeZone: 'Pacific/Kiritimati',
      checkInFrom: '09:00',
      pricing: { ...listing.body.pricing!, basePriceMinor: 20_000 },
      stayRules: { ...listing.body.stayRules, preparationNights: 3 },
    });
    const change = await bookings.givenChange(booking, { checkOutDate: '2027-06-15' });
    expect(change.totalMinor).toBe(119_700);
    await bookings.answerChange(booking, change, 'accept');
    await bookings.changePaid(booking, change);
    expect(await bookings.read(booking)).toMatchObject({
      timeZone: 'America/New_York',
      checkInAt: booking.dto.checkInAt,
      checkOutAt: '2027-06-15T15:00:00.000Z',
      totalMinor: change.totalMinor,
    });
  });

  it('moved by less than its length: the booking is no obstacle to itself, nor are its preparation nights', async () => {
    const listing = await bookings.givenListing({ rules: { preparationNights: 1 } });
    const booking = await bookings.givenConfirmed({ listing });
    const next = await bookings.givenConfirmed({
      listing,
      checkInDate: '2027-06-16',
      checkOutDate: '2027-06-18',
    });
    const change = await bookings.givenChange(booking, {
      checkInDate: '2027-06-11',
      checkOutDate: '2027-06-15',
    });
    expect(change.differenceMinor).toBe(0);
    await bookings.answerChange(booking, change, 'accept');
    expect(await bookings.read(booking)).toMatchObject({
      checkInDate: '2027-06-11',
      checkOutDate: '2027-06-15',
    });
    expect(await bookings.isFree(listing, '2027-06-09')).toBe(true);
    expect(await bookings.overlaps()).toEqual([]);
    expect(await bookings.unheld()).toEqual([]);
    expectProblem(
      await bookings.propose(next, { checkInDate: '2027-06-15' }),
      409,
      'booking.dates_unavailable',
    );
  });

  it('the key makes it one change', async () => {
    const booking = await bookings.givenConfirmed();
    const key = { 'idempotency-key': randomUUID() };
    const wish = { checkOutDate: '2027-06-15' };
    const first = await bookings.propose(booking, wish, booking.guest, key);
    const again = await bookings.propose(booking, wish, booking.guest, key);
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.body).toEqual(first.body);
    expectProblem(
      await bookings.propose(booking, { checkOutDate: '2027-06-16' }, booking.guest, key),
      422,
      'idempotency.key_reused',
    );
    expect(await said('booking.change-proposed', booking)).toHaveLength(1);
  });

  it('nights of a hold that has run out, or of a change that has, stand in nobody’s way', async () => {
    const listing = await bookings.givenListing();
    const booking = await bookings.givenConfirmed({ listing });
    const other = await bookings.givenConfirmed({
      listing,
      checkInDate: '2027-06-20',
      checkOutDate: '2027-06-22',
    });
    const held = await bookings.givenBooking({
      listing,
      checkInDate: '2027-06-14',
      checkOutDate: '2027-06-15',
    });
    await bookings.givenOverdue(held);
    const change = await bookings.givenChange(booking, { checkOutDate: '2027-06-15' });
    expect(await bookings.stateOf(held)).toBe('expired');
    await bookings.service.query(
      `UPDATE booking_change SET expires_at = $2::timestamptz - interval '1 second' WHERE id = $1`,
      [change.id, bookings.service.clock.now().toISOString()],
    );
    await bookings.givenOverdue(booking);
    expect(
      (await bookings.quote(aUser(), listing, { checkInDate: '2027-06-14', checkOutDate: '2027-06-15' }))
        .status,
    ).toBe(201);
    await bookings.givenChange(other, { checkInDate: '2027-06-14', checkOutDate: '2027-06-22' });
    expect(await bookings.readChange(booking, change)).toMatchObject({ state: 'expired' });
    expect(await bookings.strayHolds()).toEqual([]);
  });
});

describe('400', () => {
  const wishes: [string, object, string][] = [
    ['nothing', {}, ''],
    ['no date', { checkInDate: '2027-02-30' }, '/checkInDate'],
    ['no ISO date', { checkOutDate: '15 June' }, '/checkOutDate'],
    ['0 nights', { checkInDate: '2027-06-14' }, '/checkInDate'],
    ['reversed', { checkInDate: '2027-06-14', checkOutDate: '2027-06-10' }, '/checkOutDate'],
    ['a check-out before the check-in', { checkOutDate: '2027-06-10' }, '/checkOutDate'],
    ['the past', { checkInDate: '2027-03-01' }, '/checkInDate'],
    ['nobody', { guests: { adults: 0 } }, '/guests/adults'],
    ['half a party', { guests: { children: [] } }, '/guests/adults'],
    ['null', { checkInDate: null }, '/checkInDate'],
    ['a price of one’s own', { checkOutDate: '2027-06-15', totalMinor: 1 }, '/totalMinor'],
    ['a state', { checkOutDate: '2027-06-15', state: 'applied' }, '/state'],
    ['an array', [], ''],
  ];
  it.each(wishes)('%s', async (_name, wish, pointer) => {
    const booking = await bookings.givenConfirmed();
    expectProblem(await bookings.propose(booking, wish), 400, 'request.invalid', pointer);
    expect((await bookings.read(booking)).openChange).toBeNull();
  });

  it('an id that is none', async () => {
    const answer = await bookings.as(aUser()).post('/v1/bookings/1/changes', { checkOutDate: '2027-06-15' });
    expectProblem(answer, 400, 'request.invalid');
  });
});

describe('401, 403, 404', () => {
  it('nobody, somebody without a verified mail, strangers and administrators', async () => {
    const booking = await bookings.givenConfirmed();
    const path = `/v1/bookings/${booking.id}/changes`;
    const wish = { checkOutDate: '2027-06-15' };
    expectProblem(await bookings.service.anonymous.post(path, wish), 401, 'auth.missing_token');
    const unverified = aUser({ id: booking.guest.id, emailVerified: false });
    expectProblem(await bookings.propose(booking, wish, unverified), 403, 'auth.email_unverified');
    for (const user of [aUser(), aUser({ roles: ['host'] }), admin]) {
      expectProblem(await bookings.propose(booking, wish, user), 404, 'booking.not_found');
    }
    expectProblem(
      await bookings.as(booking.guest).post(`/v1/bookings/${randomUUID()}/changes`, wish),
      404,
      'booking.not_found',
    );
  });

  it('the suspended; and nobody changes a stay at a host who is', async () => {
    const suspend = (user: TestUser, version: number, status: 'suspended' | 'active' = 'suspended') =>
      bookings.service.deliver(
        status === 'active' ? 'user.reinstated' : 'user.suspended',
        { userId: user.id, displayName: 'Ann', locale: 'en', roles: [], emailVerified: true, status },
        { version },
      );
    const booking = await bookings.givenConfirmed();
    const wish = { checkOutDate: '2027-06-15' };
    await suspend(booking.guest, 2);
    expectProblem(await bookings.propose(booking, wish), 403, 'account.suspended');
    const change = await bookings.givenChange(booking, wish, booking.listing.host);
    expectProblem(await bookings.answerChange(booking, change, 'accept'), 403, 'account.suspended');
    expect((await bookings.answerChange(booking, change, 'decline')).status).toBe(200);
    await suspend(booking.guest, 3, 'active');
    await suspend(booking.listing.host, 2);
    expectProblem(await bookings.propose(booking, wish), 409, 'booking.listing_unavailable');
  });
});

describe('409', () => {
  it('somebody has one of the nights; nothing is held', async () => {
    const listing = await bookings.givenListing();
    const booking = await bookings.givenConfirmed({ listing });
    await bookings.givenConfirmed({ listing, checkInDate: '2027-06-16', checkOutDate: '2027-06-18' });
    expectProblem(
      await bookings.propose(booking, { checkOutDate: '2027-06-17' }),
      409,
      'booking.dates_unavailable',
    );
    expect(await bookings.isFree(listing, '2027-06-14')).toBe(true);
    expect((await bookings.read(booking)).openChange).toBeNull();
    expect(await bookings.strayHolds()).toEqual([]);
  });

  it('a room of the house has one of the nights', async () => {
    const house = await bookings.givenListing();
    const room = await bookings.givenListing({ host: house.host });
    const linked = await bookings
      .as(house.host)
      .put(`/v1/listings/${house.id}/links`, { listingIds: [room.id] });
    expect(linked.status).toBe(200);
    await bookings.givenConfirmed({ listing: room, checkInDate: '2027-06-14', checkOutDate: '2027-06-15' });
    const booking = await bookings.givenConfirmed({ listing: house });
    expectProblem(
      await bookings.propose(booking, { checkOutDate: '2027-06-15' }),
      409,
      'booking.dates_unavailable',
    );
    const change = await bookings.givenChange(booking, { checkInDate: '2027-06-09' });
    expect(await bookings.isFree(room, '2027-06-09')).toBe(false);
    await bookings.answerChange(booking, change, 'decline');
    expect(await bookings.isFree(room, '2027-06-09')).toBe(true);
  });

  it('another change is open, and it is named', async () => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.givenChange(booking, { checkOutDate: '2027-06-15' });
    const answer = await bookings.propose(booking, { checkOutDate: '2027-06-16' }, booking.listing.host);
    expectProblem(answer, 409, 'change.already_open');
    expect(answer.body).toMatchObject({ changeId: change.id });
  });

  it.each(['pending', 'awaiting_host', 'cancelled', 'completed'])('a booking that is %s', async (state) => {
    const booking = await {
      pending: () => bookings.givenBooking(),
      awaiting_host: () => bookings.givenRequest(),
      cancelled: async () => {
        const given = await bookings.givenConfirmed();
        await bookings.as(given.guest).post(`/v1/bookings/${given.id}/cancel`, { reason: 'Ill' });
        return given;
      },
      completed: async () => {
        const given = await bookings.givenConfirmed();
        await bookings.service.clock.set('2027-06-20T00:00:00Z');
        return given;
      },
    }[state as 'pending']();
    const answer = await bookings.propose(booking, { checkOutDate: '2027-07-15' });
    expectProblem(answer, 409, 'booking.transition_not_allowed');
  });

  it('its listing was archived; a paused one still talks to its guests', async () => {
    const booking = await bookings.givenConfirmed();
    await bookings.tell({ ...booking.listing.body, status: 'paused' });
    const change = await bookings.givenChange(booking, { checkOutDate: '2027-06-15' });
    await bookings.answerChange(booking, change, 'withdraw', booking.guest);
    await bookings.tell({ ...booking.listing.body, status: 'archived' });
    expectProblem(
      await bookings.propose(booking, { checkOutDate: '2027-06-15' }),
      409,
      'booking.listing_unavailable',
    );
  });
});

describe('422', () => {
  it('nothing would change', async () => {
    const booking = await bookings.givenConfirmed();
    for (const wish of [june, { guests: { adults: 2 } }, { ...june, guests: { adults: 2, infants: 0 } }]) {
      expectProblem(await bookings.propose(booking, wish), 422, 'change.nothing_changed');
    }
  });

  it.each<[string, object, string]>([
    ['10,000 nights', { checkOutDate: '2054-10-26' }, 'max_nights'],
    ['too few nights', { checkOutDate: '2027-06-11' }, 'min_nights'],
    ['beyond the window', { checkInDate: '2028-03-03', checkOutDate: '2028-03-06' }, 'booking_window'],
    ['too many guests', { guests: { adults: 5 } }, 'capacity'],
    ['pets', { guests: { adults: 2, pets: 1 } }, 'pets'],
  ])('%s', async (_name, wish, rule) => {
    const listing = await bookings.givenListing({ rules: { minNights: 2 } });
    const booking = await bookings.givenConfirmed({ listing });
    const answer = await bookings.propose(booking, wish);
    expectProblem(answer, 422, 'quote.stay_rule');
    expect(answer.body).toMatchObject({ rule });
  });

  it('rules that the change does not touch stay out of it', async () => {
    const booking = await bookings.givenConfirmed();
    await bookings.tell({
      ...booking.listing.body,
      stayRules: {
        ...booking.listing.body.stayRules,
        minNights: 7,
        advanceNoticeDays: 200,
        checkInWeekdays: ['mon'],
      },
    });
    expect((await bookings.propose(booking, { guests: { adults: 3 } })).status).toBe(201);
    const longer = await bookings.propose(booking, { checkOutDate: '2027-06-15' });
    expectProblem(longer, 422, 'quote.stay_rule');
    expect(longer.body).toMatchObject({ rule: 'min_nights', required: 7 });
    expect((await bookings.propose(booking, { checkOutDate: '2027-06-17' })).status).toBe(201);
  });

  it('nights already stayed, to the second', async () => {
    const booking = await bookings.givenConfirmed();
    await bookings.service.clock.set('2027-06-12T03:59:00Z');
    // In New York it is still the second night.
    const early = await bookings.givenChange(booking, { checkOutDate: '2027-06-12' });
    expect(early.expiresAt).toMatch(/^2027-06-12T04:00:00.000Z/);
    await bookings.service.clock.set('2027-06-12T04:00:00Z');
    expect(await bookings.readChange(booking, early)).toMatchObject({ state: 'expired' });
    const late = await bookings.propose(booking, { checkOutDate: '2027-06-12' });
    expectProblem(late, 422, 'change.nights_stayed');
    expect(late.body).toMatchObject({ earliestCheckOutDate: '2027-06-13' });
    for (const checkInDate of ['2027-06-09', '2027-06-11']) {
      expectProblem(await bookings.propose(booking, { checkInDate }), 422, 'change.nights_stayed');
    }
    await bookings.givenChange(booking, { checkOutDate: '2027-06-13' });
  });

  it('to a check-in that leaves no time to answer', async () => {
    const booking = await bookings.givenConfirmed();
    await bookings.service.clock.set('2027-06-09T19:30:00Z');
    const answer = await bookings.propose(booking, { checkInDate: '2027-06-09' });
    expectProblem(answer, 422, 'quote.stay_rule');
    expect(answer.body).toMatchObject({ rule: 'advance_notice', required: '15:00' });
  });
});

it('two proposals at once: one stands', async () => {
  const booking = await bookings.givenConfirmed();
  const answers = await Promise.all([
    bookings.propose(booking, { checkOutDate: '2027-06-15' }),
    bookings.propose(booking, { checkOutDate: '2027-06-16' }, booking.listing.host),
    bookings.propose(booking, { checkInDate: '2027-06-09' }),
  ]);
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
  expect(await said('booking.change-proposed', booking)).toHaveLength(1);
  expect(await bookings.strayHolds()).toEqual([]);
});

it('after all this no night is lost or held for nothing', async () => {
  expect(await bookings.overlaps()).toEqual([]);
  expect(await bookings.unheld()).toEqual([]);
  expect(await bookings.leaked()).toEqual([]);
  expect(await bookings.strayHolds()).toEqual([]);
});
