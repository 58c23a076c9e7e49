import { randomUUID } from 'node:crypto';
import { testUser, expectProblem } from '@roost/testing';
import { juneStay, useBookings } from './bookings.fixture.js';

const bookings = useBookings({ resetClock: true });

describe('POST /v1/quotes', () => {
  const guest = testUser();

  describe('201', () => {
    it('prices the stay with cleaning, service fee and taxes', async () => {
      const listing = await bookings.givenListing({
        price: {
          taxes: [
            {
              name: 'City tax',
              kind: 'percent',
              bps: 1000,
              amountMinor: 0,
              exemptAboveNights: null,
              maxNights: null,
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
        ...juneStay,
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

    it('returns the refund schedule', async () => {
      const listing = await bookings.givenListing();
      const { body } = await bookings.quote(guest, listing);
      // Flexible: the total until a day before check-in (15:00 in New York is 19:00 in UTC in June), then less one night and the fee.
      expect(body.refundSchedule[0]).toEqual({
        until: '2027-06-09T19:00:00.000Z',
        refundMinor: body.totalMinor,
      });
      expect(body.refundSchedule[1]?.refundMinor).toBe(body.totalMinor - 10_000 - 6_300);
    });

    it('waits for the event of a new listing', async () => {
      const host = testUser({ roles: ['host'] });
      const listingId = randomUUID();
      const pending = bookings.quote(guest, { id: listingId });
      await bookings.givenListing({ listingId, host });
      expect((await pending).status).toBe(201);
    });

    it('does not hold the nights', async () => {
      const listing = await bookings.givenListing();
      expect((await bookings.quote(guest, listing)).status).toBe(201);
      expect((await bookings.quote(guest, listing)).status).toBe(201);
    });

    it('returns the first quote again for the same Idempotency-Key and rejects another body', async () => {
      const listing = await bookings.givenListing();
      const body = { listingId: listing.id, ...juneStay, guests: { adults: 1 } };
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
    const request = { listingId: randomUUID(), ...juneStay, guests: { adults: 2 } };

    it.each<[string, object, string]>([
      ['a date that does not exist', { checkInDate: '2028-02-31' }, '/checkInDate'],
      ['a datetime', { checkInDate: '2027-06-10T15:00:00Z' }, '/checkInDate'],
      ['the year 0', { checkInDate: '0000-06-10' }, '/checkInDate'],
      ['a number', { checkInDate: 20270610 }, '/checkInDate'],
      ['reversed dates', { checkOutDate: '2027-06-09' }, '/checkOutDate'],
      ['no nights', { checkOutDate: '2027-06-10' }, '/checkOutDate'],
      ['0 guests', { guests: { adults: 0 } }, '/guests/adults'],
      ['1e9 guests', { guests: { adults: 1e9 } }, '/guests/adults'],
      ['1.5 guests', { guests: { adults: 1.5 } }, '/guests/adults'],
      ['a child of 200 years', { guests: { adults: 1, children: [{ age: 200 }] } }, '/guests/children/0/age'],
      ['an unknown field', { priceMinor: 1 }, '/priceMinor'],
      ['an unknown field of guests', { guests: { adults: 1, cats: 2 } }, '/guests/cats'],
      ['an invalid listing id', { listingId: "1' OR '1'='1" }, '/listingId'],
      ['a NUL byte in the listing id', { listingId: '\u0000' }, '/listingId'],
    ])('rejects %s', async (_, wrong, pointer) => {
      const response = await bookings.as(guest).post('/v1/quotes', { ...request, ...wrong });
      expectProblem(response, 400, 'request.invalid', pointer);
      expect(response.body).toMatchObject({ errors: [{ pointer }] });
    });

    it.each(['{"listingId":', '[]', 'null', '"text"', '{"a":1,}'])('rejects the body %s', async (text) => {
      expect((await bookings.as(guest).post('/v1/quotes', text)).status).toBe(400);
    });

    it('rejects a check-in date in the past in the time zone of the listing', async () => {
      // 03:00 UTC on 2 March is 1 March in New York and 2 March in Tokyo.
      await bookings.service.clock.set('2027-03-02T03:00:00Z');
      const stay = { checkInDate: '2027-03-01', checkOutDate: '2027-03-03' };
      const rules = { sameDayCutOff: '23:59' };
      const newYork = await bookings.givenListing({ rules });
      expect((await bookings.quote(guest, newYork, stay)).status).toBe(201);
      const tokyo = await bookings.givenListing({ timeZone: 'Asia/Tokyo', rules });
      expectProblem(await bookings.quote(guest, tokyo, stay), 400, 'request.invalid', '/checkInDate');
    });
  });

  describe('401', () => {
    it('rejects a request without a token', async () => {
      expectProblem(await bookings.service.anonymous.post('/v1/quotes', {}), 401, 'auth.missing_token');
    });

    it('rejects an expired token', async () => {
      const expired = testUser({ claims: { exp: 1 } });
      expectProblem(await bookings.as(expired).post('/v1/quotes', {}), 401, 'auth.invalid_token');
    });
  });

  describe('404', () => {
    it('rejects an unknown listing after a wait of about two seconds', async () => {
      const startedAt = performance.now();
      expectProblem(await bookings.quote(guest, { id: randomUUID() }), 404, 'listing.not_found');
      expect(performance.now() - startedAt).toBeGreaterThan(1900);
    });

    it.each(['paused', 'archived', 'suspended'] as const)('rejects a listing that is %s', async (status) => {
      expectProblem(
        await bookings.quote(guest, await bookings.givenListing({ status })),
        404,
        'listing.not_found',
      );
    });
  });

  describe('409 booking.dates_unavailable', () => {
    it('rejects nights that overlap a booking', async () => {
      const { listing } = await bookings.givenBooking();
      const stay = { checkInDate: '2027-06-13', checkOutDate: '2027-06-16' };
      expectProblem(await bookings.quote(guest, listing, stay), 409, 'booking.dates_unavailable');
    });

    it('accepts the check-out day of another booking as check-in', async () => {
      const { listing } = await bookings.givenBooking();
      const stay = { checkInDate: '2027-06-14', checkOutDate: '2027-06-16' };
      expect((await bookings.quote(guest, listing, stay)).status).toBe(201);
    });

    it('accepts nights of an overdue hold', async () => {
      const { listing } = await bookings.givenBooking();
      await bookings.service.clock.advance('PT16M');
      expect((await bookings.quote(guest, listing)).status).toBe(201);
    });

    it('rejects nights that overlap preparation nights; two stays may share them', async () => {
      const listing = await bookings.givenListing({ rules: { preparationNights: 2 } });
      await bookings.givenBooking({ listing });
      const next = { checkInDate: '2027-06-15', checkOutDate: '2027-06-18' };
      expectProblem(await bookings.quote(guest, listing, next), 409, 'booking.dates_unavailable');
      const sharing = { checkInDate: '2027-06-16', checkOutDate: '2027-06-18' };
      expect((await bookings.quote(guest, listing, sharing)).status).toBe(201);
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
    ])('rejects %s %j %j', async (rule, rules, stay, required) => {
      const response = await bookings.quote(guest, await bookings.givenListing({ rules }), stay);
      expectProblem(response, 422, 'quote.stay_rule');
      expect(response.body).toMatchObject({ rule, required });
    });
  });
});

describe('POST /v1/quotes with a total that can not be charged', () => {
  const guest = testUser();
  const allButOneCent = {
    minNightMinor: 1,
    cleaningFeeMinor: 0,
    discounts: { weeklyBps: 0, monthlyBps: 0, earlyBird: { days: 1, bps: 10_000 }, lastMinute: null },
  };

  it.each<[string, object, number]>([
    ['USD', allButOneCent, 5],
    ['USD', { basePriceMinor: 25_000_000 }, 114_005_700],
    ['JPY', { basePriceMinor: 25_000_000 }, 114_005_700],
    ['KWD', { basePriceMinor: 25_000_000 }, 114_005_700],
  ])('422: rejects in %s %j', async (currency, price, totalMinor) => {
    const response = await bookings.quote(guest, await bookings.givenListing({ currency, price }));
    expectProblem(response, 422, 'quote.total_out_of_range');
    expect(response.body).toMatchObject({ currency, totalMinor, minMinor: 50 });
  });

  it.each<[string, object, number]>([
    ['USD', { ...allButOneCent, minNightMinor: 11 }, 50],
    ['JPY', { basePriceMinor: 20_000_000 }, 91_205_700],
    ['KWD', { basePriceMinor: 12_345 }, 61_993],
    ['IDR', { basePriceMinor: 25_000_000 }, 114_005_700],
    ['HUF', { basePriceMinor: 25_000_000 }, 114_005_700],
  ])('201: prices in %s %j', async (currency, price, totalMinor) => {
    const response = await bookings.quote(guest, await bookings.givenListing({ currency, price }));
    expect(response).toMatchObject({ status: 201, body: { currency, totalMinor } });
  });
});

describe('GET /v1/quotes/{id}', () => {
  const guest = testUser();

  it('200: returns the quote as it was created after the host has changed the price', async () => {
    const listing = await bookings.givenListing();
    const quote = await bookings.givenQuote(guest, listing);
    await bookings.publishListing({
      ...listing.body,
      pricing: { ...listing.body.pricing!, basePriceMinor: 99_999 },
    });
    const response = await bookings.as(guest).get(`/v1/quotes/${quote.id}`);
    expect(response.status).toBe(200);
    expect(response.body).toEqual(quote);
  });

  it('304: responds without a body when the quote is unchanged', async () => {
    const quote = await bookings.givenQuote(guest, await bookings.givenListing());
    const first = await bookings.as(guest).get(`/v1/quotes/${quote.id}`);
    const etag = first.headers.get('etag') ?? '';
    const again = await bookings.as(guest).get(`/v1/quotes/${quote.id}`, { 'if-none-match': etag });
    expect(again.status).toBe(304);
  });

  it('200: returns an expired quote for a month, then 404; its booking stays complete', async () => {
    const booking = await bookings.givenBooking();
    const path = `/v1/quotes/${booking.quote.id}`;
    await bookings.service.clock.advance('P29D');
    expect((await bookings.as(booking.guest).get(path)).status).toBe(200);
    await bookings.service.clock.advance('P2D');
    expectProblem(await bookings.as(booking.guest).get(path), 404, 'quote.not_found');
    expect((await bookings.read(booking)).quoteId).toBe(booking.quote.id);
  });

  it('404: rejects the quote of another guest and an unknown id', async () => {
    const quote = await bookings.givenQuote(guest, await bookings.givenListing());
    expectProblem(await bookings.as(testUser()).get(`/v1/quotes/${quote.id}`), 404, 'quote.not_found');
    expectProblem(await bookings.as(guest).get(`/v1/quotes/${randomUUID()}`), 404, 'quote.not_found');
  });

  it('400: rejects an invalid id', async () => {
    expectProblem(await bookings.as(guest).get('/v1/quotes/1'), 400, 'request.invalid', 'id');
  });

  it('401: rejects a request without a token', async () => {
    expectProblem(
      await bookings.service.anonymous.get(`/v1/quotes/${randomUUID()}`),
      401,
      'auth.missing_token',
    );
  });
});
