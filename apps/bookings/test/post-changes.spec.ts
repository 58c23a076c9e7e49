import { randomUUID } from 'node:crypto';
import { testUser, expectProblem } from '@roost/testing';
import { BookingChange } from '../src/booking/change/change.dto.js';
import { expectShape, juneStay, juneTotalMinor, useBookings } from './bookings.fixture.js';
import { longerStay } from './changes.fixture.js';

const bookings = useBookings({ resetClock: true });

describe('201', () => {
  it('a longer stay: returns the price difference, holds the nights and leaves the terms unchanged', async () => {
    const booking = await bookings.givenConfirmed();
    const response = await bookings.changes.propose(booking, longerStay);
    expect(response.status).toBe(201);
    const change = expectShape(BookingChange, response.body);
    expect(change).toMatchObject({
      bookingId: booking.id,
      state: 'proposed',
      proposedBy: 'guest',
      terms: { checkInDate: '2027-06-10', checkOutDate: '2027-06-15', guests: booking.dto.guests },
      totalMinor: juneTotalMinor + 11_400,
      differenceMinor: 11_400,
      currency: 'USD',
    });
    expect(change.expiresAt).toMatch(/^2027-03-03T12:00:/);
    const read = await bookings.read(booking);
    expect(read).toMatchObject({
      state: 'confirmed',
      ...juneStay,
      totalMinor: juneTotalMinor,
      openChange: change,
      history: [
        { event: 'created' },
        { event: 'payment_captured' },
        { by: 'guest', event: 'change_proposed', reason: null },
      ],
    });
    expect(read.version).toBe(3);
    expect(await bookings.calendar.isFree(booking.listing, '2027-06-14')).toBe(false);
    expect(await bookings.calendar.isFree(booking.listing, '2027-06-15')).toBe(true);
    expect(await bookings.publishedFor('booking.change-proposed', booking)).toEqual([
      expect.objectContaining({
        state: 'confirmed',
        totalMinor: juneTotalMinor,
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

  it('returns a proposal of the host in the list of bookings', async () => {
    const booking = await bookings.givenConfirmed();
    const host = booking.listing.host;
    const change = await bookings.changes.givenProposed(
      booking,
      { checkInDate: '2027-06-20', checkOutDate: '2027-06-23' },
      host,
    );
    expect(change).toMatchObject({ proposedBy: 'host', differenceMinor: -11_400 });
    const list = await bookings.as(host).get<{ data: unknown[] }>('/v1/me/bookings?role=host');
    expect(list.body.data).toMatchObject([{ id: booking.id, openChange: { id: change.id } }]);
  });

  it('applies other guests at the same price immediately', async () => {
    const booking = await bookings.givenConfirmed();
    const change = await bookings.changes.givenProposed(booking, { guests: { adults: 3 } });
    expect(change).toMatchObject({ state: 'applied', differenceMinor: 0, expiresAt: null });
    expect(await bookings.read(booking)).toMatchObject({
      guests: { adults: 3 },
      totalMinor: juneTotalMinor,
      openChange: null,
      history: [{}, {}, { by: 'guest', event: 'change_applied' }],
    });
    expect(await bookings.publishedFor('booking.change-applied', booking)).toEqual([
      expect.objectContaining({
        guests: { adults: 3, children: [], infants: 0, pets: 0 },
        differenceMinor: 0,
      }),
    ]);
    expect(await bookings.publishedFor('booking.change-proposed', booking)).toEqual([]);
  });

  it('waits for acceptance of guests at a higher price and holds no nights', async () => {
    const listing = await bookings.givenListing({
      price: { extraGuest: { above: 2, perNightMinor: 1_000 } },
    });
    const booking = await bookings.givenConfirmed({ listing });
    const change = await bookings.changes.givenProposed(booking, { guests: { adults: 3 } });
    expect(change).toMatchObject({ state: 'proposed', differenceMinor: 4_560 });
    expect(
      await bookings.service.query('SELECT 1 FROM calendar_entry WHERE change_id = $1', [change.id]),
    ).toEqual([]);
  });

  it('uses the current prices and the time zone and times of the booking', async () => {
    const booking = await bookings.givenConfirmed();
    const { listing } = booking;
    await bookings.publishListing({
      ...listing.body,
      timeZone: 'Pacific/Kiritimati',
      checkInFrom: '09:00',
      pricing: { ...listing.body.pricing!, basePriceMinor: 20_000 },
      stayRules: { ...listing.body.stayRules, preparationNights: 3 },
    });
    const change = await bookings.changes.givenProposed(booking, longerStay);
    expect(change.totalMinor).toBe(119_700);
    await bookings.changes.respond(booking, change, 'accept');
    await bookings.payments.changeCaptured(booking, change);
    expect(await bookings.read(booking)).toMatchObject({
      timeZone: 'America/New_York',
      checkInAt: booking.dto.checkInAt,
      checkOutAt: '2027-06-15T15:00:00.000Z',
      totalMinor: change.totalMinor,
    });
  });

  it('allows dates that overlap the booking itself and its preparation nights', async () => {
    const listing = await bookings.givenListing({ rules: { preparationNights: 1 } });
    const booking = await bookings.givenConfirmed({ listing });
    const next = await bookings.givenConfirmed({
      listing,
      checkInDate: '2027-06-16',
      checkOutDate: '2027-06-18',
    });
    const change = await bookings.changes.givenProposed(booking, {
      checkInDate: '2027-06-11',
      checkOutDate: '2027-06-15',
    });
    expect(change.differenceMinor).toBe(0);
    await bookings.changes.respond(booking, change, 'accept');
    expect(await bookings.read(booking)).toMatchObject({
      checkInDate: '2027-06-11',
      checkOutDate: '2027-06-15',
    });
    expect(await bookings.calendar.isFree(listing, '2027-06-09')).toBe(true);
    expect(await bookings.calendar.overlaps()).toEqual([]);
    expect(await bookings.calendar.missingEntries()).toEqual([]);
    expectProblem(
      await bookings.changes.propose(next, { checkInDate: '2027-06-15' }),
      409,
      'booking.dates_unavailable',
    );
  });

  it('creates one change for two requests with the same Idempotency-Key', async () => {
    const booking = await bookings.givenConfirmed();
    const key = { 'idempotency-key': randomUUID() };
    const first = await bookings.changes.propose(booking, longerStay, booking.guest, key);
    const again = await bookings.changes.propose(booking, longerStay, booking.guest, key);
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.body).toEqual(first.body);
    expectProblem(
      await bookings.changes.propose(booking, { checkOutDate: '2027-06-16' }, booking.guest, key),
      422,
      'idempotency.key_reused',
    );
    expect(await bookings.publishedFor('booking.change-proposed', booking)).toHaveLength(1);
  });

  it('expires overdue holds and overdue changes of the nights', async () => {
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
    await bookings.makeOverdue(held);
    const change = await bookings.changes.givenProposed(booking, longerStay);
    expect(await bookings.stateOf(held)).toBe('expired');
    await bookings.changes.makeDue(booking, change);
    expect(
      (await bookings.quote(testUser(), listing, { checkInDate: '2027-06-14', checkOutDate: '2027-06-15' }))
        .status,
    ).toBe(201);
    await bookings.changes.givenProposed(other, { checkInDate: '2027-06-14', checkOutDate: '2027-06-22' });
    expect(await bookings.changes.read(booking, change)).toMatchObject({ state: 'expired' });
    expect(await bookings.calendar.inconsistentChangeHolds()).toEqual([]);
  });
});

it('accepts one of three concurrent proposals', async () => {
  const booking = await bookings.givenConfirmed();
  const responses = await Promise.all([
    bookings.changes.propose(booking, longerStay),
    bookings.changes.propose(booking, { checkOutDate: '2027-06-16' }, booking.listing.host),
    bookings.changes.propose(booking, { checkInDate: '2027-06-09' }),
  ]);
  expect(responses.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
  expect(await bookings.publishedFor('booking.change-proposed', booking)).toHaveLength(1);
  expect(await bookings.calendar.inconsistentChangeHolds()).toEqual([]);
});

it('leaves the calendar consistent', () => bookings.calendar.expectConsistent());
