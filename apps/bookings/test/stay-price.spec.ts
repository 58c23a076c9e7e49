import { randomUUID } from 'node:crypto';
import { expectProblem, testUser, type TestResponse } from '@roost/testing';
import { StayPrice } from '../src/quote/quote.dto.js';
import { expectShape, juneStay, useBookings } from './bookings.fixture.js';

const bookings = useBookings({ resetClock: true });

const priceOf = (listing: { id: string }, stay: object = {}): Promise<TestResponse<StayPrice>> =>
  bookings.service.anonymous.post(`/v1/listings/${listing.id}/price`, {
    ...juneStay,
    guests: { adults: 2 },
    ...stay,
  });

const countQuotes = async (): Promise<unknown> =>
  (await bookings.service.query('SELECT count(*)::int AS quotes FROM quote'))[0];

describe('POST /v1/listings/{id}/price', () => {
  it('200: equals a quote without its id, expiry and the share of the host, and stores no quote', async () => {
    const taxes = [
      { name: 'City', kind: 'per_night' as const, bps: 0, amountMinor: 300, maxNights: 3 },
      { name: 'State', kind: 'percent' as const, bps: 800, amountMinor: 0, maxNights: null },
    ].map((tax) => ({ ...tax, exemptAboveNights: null, exemptUnderAge: null }));
    const listing = await bookings.givenListing({
      price: { taxes, extraGuest: { above: 1, perNightMinor: 900 } },
    });
    const quote = await bookings.givenQuote(testUser(), listing);
    const before = await countQuotes();
    const { status, body } = await priceOf(listing);
    expect(status).toBe(200);
    const { id: _id, expiresAt: _expiresAt, host: _host, ...shown } = quote;
    expect(expectShape(StayPrice, body)).toEqual(shown);
    expect(body.lines).toContainEqual({ kind: 'tax', date: null, label: 'City', amountMinor: 900 });
    expect(await countQuotes()).toEqual(before);
  });

  it('200: ignores an access token, also an expired one', async () => {
    const listing = await bookings.givenListing();
    const expired = bookings.as(testUser({ claims: { exp: 1 } }));
    const body = { ...juneStay, guests: { adults: 2 } };
    expect((await expired.post(`/v1/listings/${listing.id}/price`, body)).status).toBe(200);
  });

  it.each<[string, object, string]>([
    ['a date that does not exist', { checkInDate: '2028-02-31' }, '/checkInDate'],
    ['a check-in in the past', { checkInDate: '2027-03-01' }, '/checkInDate'],
    ['no nights', { checkOutDate: '2027-06-10' }, '/checkOutDate'],
    ['no adults', { guests: { adults: 0 } }, '/guests/adults'],
    ['a listing in the body', { listingId: randomUUID() }, '/listingId'],
  ])('400: rejects %s', async (_, stay, pointer) => {
    expectProblem(await priceOf(await bookings.givenListing(), stay), 400, 'request.invalid', pointer);
  });

  it('404: rejects an unknown and a paused listing', async () => {
    const paused = await bookings.givenListing({ status: 'paused' });
    expectProblem(await priceOf(paused), 404, 'listing.not_found');
    expectProblem(await priceOf({ id: randomUUID() }), 404, 'listing.not_found');
  });

  it('409: rejects nights of a booking', async () => {
    const { listing } = await bookings.givenBooking();
    expectProblem(await priceOf(listing), 409, 'booking.dates_unavailable');
    const after = { checkInDate: '2027-06-14', checkOutDate: '2027-06-16' };
    expect((await priceOf(listing, after)).status).toBe(200);
  });

  it('422: names the stay rule', async () => {
    const response = await priceOf(await bookings.givenListing({ rules: { minNights: 5 } }));
    expectProblem(response, 422, 'quote.stay_rule');
    expect(response.body).toMatchObject({ rule: 'min_nights', required: 5 });
  });
});

test('Query.price prices a stay without a token, with the codes of REST', async () => {
  const listing = await bookings.givenListing();
  const query = `query ($id: ID!, $input: PriceStayInput!) {
    price(listingId: $id, input: $input) { nights totalMinor currency refundSchedule { refundMinor } }
  }`;
  const ask = (guests: object) =>
    bookings.service.anonymous.graphql(query, { id: listing.id, input: { ...juneStay, guests } });
  const { data } = await ask({ adults: 2 });
  expect(data?.price).toMatchObject({ nights: 4, totalMinor: 51_300, currency: 'USD' });
  const { errors } = await ask({ adults: 5 });
  expect(errors).toMatchObject([{ extensions: { code: 'quote.stay_rule', status: 422 } }]);
});

describe('a tax on the first nights', () => {
  // 4.00 per guest and night for at most 3 nights.
  const taxes = [
    {
      ...{ name: 'City', kind: 'per_guest_night' as const, bps: 0, amountMinor: 400 },
      ...{ exemptAboveNights: null, maxNights: 3, exemptUnderAge: null },
    },
  ];

  it('is not increased by a change to more nights', async () => {
    const listing = await bookings.givenListing({ price: { taxes } });
    const booking = await bookings.givenConfirmed({ listing });
    const longer = { checkOutDate: '2027-06-16' };
    const { body } = await bookings
      .as(booking.guest)
      .post<{ differenceMinor: number }>(`/v1/bookings/${booking.id}/changes`, longer);
    // Two nights of 100.00 with 14 %.
    expect(body.differenceMinor).toBe(22_800);
  });

  it('is kept for the taxed nights of a cancelled stay only', async () => {
    const listing = await bookings.givenListing({ price: { taxes } });
    const booking = await bookings.givenConfirmed({ listing });
    await bookings.service.clock.set('2027-06-11T16:00:00Z');
    const { lines } = await bookings.previewCancellation(booking);
    // Two of the three taxed nights are stayed: 8.00 of 24.00 are refunded.
    expect(lines).toContainEqual({ kind: 'tax', refundMinor: 800 });
  });

  it('taxes all nights for an event and a stored listing from before the field existed', async () => {
    const [old] = taxes.map(({ maxNights: _, ...rest }) => rest);
    const priced = await bookings.givenListing({ price: { taxes } });
    const pricing = { ...priced.body.pricing!, taxes: [old] } as never;
    await bookings.publishListing({ ...priced.body, pricing });
    const stored = await bookings.givenListing({ price: { taxes } });
    await bookings.service.query(
      `UPDATE listing_snapshot SET pricing = pricing #- '{taxes,0,maxNights}' WHERE listing_id = $1`,
      [stored.id],
    );
    for (const listing of [priced, stored]) {
      const { lines } = (await priceOf(listing)).body;
      // Two guests, four nights.
      expect(lines).toContainEqual({ kind: 'tax', date: null, label: 'City', amountMinor: 3_200 });
    }
  });
});
