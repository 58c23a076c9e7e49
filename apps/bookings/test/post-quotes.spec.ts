import { randomUUID } from 'node:crypto';
import { aUser, expectProblem } from '@roost/testing';
import { june, startBookings, type BookingsUnderTest } from './bookings.fixture.js';

let bookings: BookingsUnderTest;
const guest = aUser();

beforeAll(async () => {
  bookings = await startBookings();
});
afterAll(() => bookings?.close());

describe('201', () => {
  it('prices the stay with everything that comes on top', async () => {
    const listing = await bookings.givenListing({
      price: {
        taxes: [
          {
            name: 'City tax',
            kind: 'percent',
            bps: 1000,
            amountMinor: 0,
            exemptAboveNights: null,
            exemptUnderAge: null,
          },
        ],
      },
    });
    const { status, body } = await bookings.quote(guest, listing);
    expect(status).toBe(201);
    // 4 × 100.00 + 50.00 cleaning = 450.00; 14 % = 63.00; 10 % tax = 45.00; host fee 3 % = 13.50
    expect(body).toMatchObject({
      listingId: listing.id,
      ...june,
      nights: 4,
      currency: 'USD',
      totalMinor: 55_800,
      host: { feeMinor: 1_350, payoutMinor: 43_650 },
      expiresAt: expect.stringMatching(/^2027-03-02T12:15:/),
    });
    expect(body.lines.map((line) => line.kind)).toEqual([
      ...['night', 'night', 'night', 'night'],
      ...['cleaning', 'service_fee', 'tax'],
    ]);
    expect(body.lines.reduce((total, line) => total + line.amountMinor, 0)).toBe(body.totalMinor);
  });

  it('says in advance what a cancellation gives back', async () => {
    const listing = await bookings.givenListing();
    const { body } = await bookings.quote(guest, listing);
    // flexible: all until a day before check-in (15:00 in New York is 19:00 in June in UTC), then the first night is kept
    expect(body.refundSchedule[0]).toEqual({
      until: '2027-06-09T19:00:00.000Z',
      refundMinor: body.totalMinor,
    });
    expect(body.refundSchedule[1]?.refundMinor).toBe(body.totalMinor - 10_000 - 6_300);
  });

  it('waits for a listing whose event is on its way', async () => {
    const host = aUser({ roles: ['host'] });
    const listingId = randomUUID();
    const asked = bookings.quote(guest, { id: listingId });
    await bookings.givenListing({ listingId, host });
    expect((await asked).status).toBe(201);
  });

  it('holds no dates', async () => {
    const listing = await bookings.givenListing();
    expect((await bookings.quote(guest, listing)).status).toBe(201);
    expect((await bookings.quote(guest, listing)).status).toBe(201);
  });

  it('answers a repeated key with the first quote', async () => {
    const listing = await bookings.givenListing();
    const body = { listingId: listing.id, ...june, guests: { adults: 1 } };
    const key = { 'idempotency-key': randomUUID() };
    const first = await bookings.as(guest).post('/v1/quotes', body, key);
    const again = await bookings.as(guest).post('/v1/quotes', body, key);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    const other = await bookings.as(guest).post('/v1/quotes', { ...body, guests: { adults: 2 } }, key);
    expectProblem(other, 422, 'idempotency.key_reused');
  });
});

describe('400', () => {
  const wish = { listingId: randomUUID(), ...june, guests: { adults: 2 } };

  it.each<[string, object, string]>([
    ['a date that does not exist', { checkInDate: '2028-02-31' }, '/checkInDate'],
    ['a datetime', { checkInDate: '2027-06-10T15:00:00Z' }, '/checkInDate'],
    ['the year 0', { checkInDate: '0000-06-10' }, '/checkInDate'],
    ['a number', { checkInDate: 20270610 }, '/checkInDate'],
    ['reversed dates', { checkOutDate: '2027-06-09' }, '/checkOutDate'],
    ['no nights', { checkOutDate: '2027-06-10' }, '/checkOutDate'],
    ['0 guests', { guests: { adults: 0 } }, '/guests/adults'],
    ['1e9 guests', { guests: { adults: 1e9 } }, '/guests/adults'],
    ['half a guest', { guests: { adults: 1.5 } }, '/guests/adults'],
    ['a child of 200 years', { guests: { adults: 1, children: [{ age: 200 }] } }, '/guests/children/0/age'],
    ['an unknown field', { priceMinor: 1 }, '/priceMinor'],
    ['an unknown field inside', { guests: { adults: 1, cats: 2 } }, '/guests/cats'],
    ['an id that is none', { listingId: "1' OR '1'='1" }, '/listingId'],
    ['a NUL byte', { listingId: '\u0000' }, '/listingId'],
  ])('%s', async (_, wrong, pointer) => {
    const answer = await bookings.as(guest).post('/v1/quotes', { ...wish, ...wrong });
    expectProblem(answer, 400, 'request.invalid', pointer);
    expect(answer.body).toMatchObject({ errors: [{ pointer }] });
  });

  it.each(['{"listingId":', '[]', 'null', '"text"', '{"a":1,}'])('a body that reads %s', async (text) => {
    expect((await bookings.as(guest).post('/v1/quotes', text)).status).toBe(400);
  });

  it('a check-in that is past where the listing is', async () => {
    // 03:00 on the second in UTC is still the first in New York and already the second in Tokyo.
    await bookings.service.clock.set('2027-03-02T03:00:00Z');
    const stay = { checkInDate: '2027-03-01', checkOutDate: '2027-03-03' };
    const rules = { sameDayCutOff: '23:59' };
    const newYork = await bookings.givenListing({ rules });
    expect((await bookings.quote(guest, newYork, stay)).status).toBe(201);
    const tokyo = await bookings.givenListing({ timeZone: 'Asia/Tokyo', rules });
    expectProblem(await bookings.quote(guest, tokyo, stay), 400, 'request.invalid', '/checkInDate');
    await bookings.service.clock.set('2027-03-02T12:00:00Z');
  });
});

describe('401', () => {
  it('nobody', async () => {
    expectProblem(await bookings.service.anonymous.post('/v1/quotes', {}), 401, 'auth.missing_token');
  });

  it('an expired token', async () => {
    const expired = aUser({ claims: { exp: 1 } });
    expectProblem(await bookings.as(expired).post('/v1/quotes', {}), 401, 'auth.invalid_token');
  });
});

describe('404', () => {
  it('a listing that nobody has heard of, within two seconds or so', async () => {
    const began = performance.now();
    expectProblem(await bookings.quote(guest, { id: randomUUID() }), 404, 'listing.not_found');
    expect(performance.now() - began).toBeGreaterThan(1900);
  });

  it.each(['paused', 'archived', 'suspended'] as const)('a listing that is %s', async (status) => {
    expectProblem(
      await bookings.quote(guest, await bookings.givenListing({ status })),
      404,
      'listing.not_found',
    );
  });
});

describe('409 booking.dates_unavailable', () => {
  it('dates that a booking holds, in part', async () => {
    const { listing } = await bookings.givenBooking();
    const wish = { checkInDate: '2027-06-13', checkOutDate: '2027-06-16' };
    expectProblem(await bookings.quote(guest, listing, wish), 409, 'booking.dates_unavailable');
  });

  it('but not the day of departure', async () => {
    const { listing } = await bookings.givenBooking();
    const wish = { checkInDate: '2027-06-14', checkOutDate: '2027-06-16' };
    expect((await bookings.quote(guest, listing, wish)).status).toBe(201);
  });

  it('nor dates whose hold has run out', async () => {
    const { listing } = await bookings.givenBooking();
    await bookings.service.clock.advance('PT16M');
    expect((await bookings.quote(guest, listing)).status).toBe(201);
  });

  it('dates whose preparation a neighbour needs', async () => {
    const listing = await bookings.givenListing({ rules: { preparationNights: 2 } });
    await bookings.givenBooking({ listing });
    const next = { checkInDate: '2027-06-15', checkOutDate: '2027-06-18' };
    expectProblem(await bookings.quote(guest, listing, next), 409, 'booking.dates_unavailable');
    const shared = { checkInDate: '2027-06-16', checkOutDate: '2027-06-18' };
    expect((await bookings.quote(guest, listing, shared)).status).toBe(201);
  });
});

describe('422 quote.stay_rule', () => {
  it.each<[string, object, object, unknown]>([
    ['min_nights', { minNights: 5 }, {}, 5],
    ['max_nights', { maxNights: 3 }, {}, 3],
    ['max_nights', {}, { checkOutDate: '9999-12-31' }, 365],
    ['advance_notice', { advanceNoticeDays: 200 }, {}, 200],
    ['booking_window', { bookingWindowMonths: 1 }, {}, '2027-04-02'],
    ['check_in_weekday', { checkInWeekdays: ['sat'] }, {}, 'sat'],
    ['check_out_weekday', { checkOutWeekdays: ['sat', 'sun'] }, {}, 'sat,sun'],
    ['capacity', {}, { guests: { adults: 5 } }, 4],
    ['pets', {}, { guests: { adults: 1, pets: 1 } }, 0],
  ])('%s %j %j', async (rule, rules, wish, required) => {
    const answer = await bookings.quote(guest, await bookings.givenListing({ rules }), wish);
    expectProblem(answer, 422, 'quote.stay_rule');
    expect(answer.body).toMatchObject({ rule, required });
  });
});
