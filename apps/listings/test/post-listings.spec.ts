import { testUser, expectProblem, type TestService } from '@roost/testing';
import { aGuest, aHost, listingInput, startListings } from './listings.fixture.js';

let service: TestService;
beforeAll(async () => {
  service = await startListings();
});
afterAll(() => service.close());

describe('201', () => {
  test('creates a draft with the sent fields, and lists the missing ones', async () => {
    const host = aHost();
    const res = await service.as(host).post('/v1/listings', listingInput());
    expect(res.status).toBe(201);
    expect(res.body).toMatchObject({
      ...listingInput(),
      hostId: host.id,
      status: 'draft',
      missing: ['/pricing/basePriceMinor', '/photos'],
    });
    expect(res.headers.get('etag')).toBeTruthy();
    const again = await service.as(host).get(`/v1/listings/${String(res.body.id)}`);
    expect(again.body).toEqual(res.body);
  });

  test('creates an empty draft', async () => {
    const res = await service.as(aHost()).post('/v1/listings', {});
    expect(res.status).toBe(201);
    expect(res.body.missing).toHaveLength(10);
  });

  test('publishes one event, with the version and without the address', async () => {
    const host = aHost();
    const { body } = await service.as(host).post<{ id: string }>('/v1/listings', listingInput());
    const events = (await service.published('listing.created')).filter((e) => e.listingId === body.id);
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({
      hostId: host.id,
      status: 'draft',
      title: 'A loft over the river',
      city: 'Albany',
      countryCode: 'US',
      timeZone: 'America/New_York',
      currency: 'USD',
      bookingMode: 'instant',
      capacity: 4,
      maxPets: 0,
      pricing: null,
      cancellationPolicy: 'flexible',
      checkInFrom: '15:00',
      checkOutUntil: '11:00',
      coverUrl: null,
    });
    expect(events[0]?.stayRules).toMatchObject({ minNights: 1, maxNights: 365 });
    expect(JSON.stringify(events)).not.toMatch(/Willett|42\.65/);
    const rows = await service.query<{ aggregate_version: string }>(
      `SELECT aggregate_version FROM outbox_event WHERE key = $1`,
      [body.id],
    );
    expect(rows.map((row) => Number(row.aggregate_version))).toEqual([1]);
  });

  test('creates one listing per idempotency key', async () => {
    const host = aHost();
    const headers = { 'idempotency-key': 'make-it-once' };
    const first = await service.as(host).post('/v1/listings', listingInput(), headers);
    const second = await service.as(host).post('/v1/listings', listingInput(), headers);
    expect(first.status).toBe(201);
    expect(second.status).toBe(201);
    expect(second.body).toEqual(first.body);
    expect(second.headers.get('idempotent-replayed')).toBe('true');
    const own = await service.as(host).get<{ data: unknown[] }>('/v1/me/listings');
    expect(own.body.data).toHaveLength(1);
    const other = await service.as(host).post('/v1/listings', listingInput({ title: 'Another' }), headers);
    expectProblem(other, 422, 'idempotency.key_reused');
  });
});

describe('400', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['another host', { hostId: '01890a5d-ac96-774b-bcce-b302099a8057' }, '/hostId'],
    ['a status', { status: 'published' }, '/status'],
    ['an id', { id: '01890a5d-ac96-774b-bcce-b302099a8057' }, '/id'],
    ['a version', { version: 9 }, '/version'],
    ['photos', { photos: [] }, '/photos'],
    ['a displaced point', { publicLat: 1 }, '/publicLat'],
    [
      'a prototype',
      JSON.parse('{"constructor": {"prototype": {}}}') as Record<string, unknown>,
      '/constructor',
    ],
    [
      'an unknown field of the address',
      { address: { city: 'A', countryCode: 'US', lat: 1 } },
      '/address/lat',
    ],
    ['a title of 10,000 characters', { title: 'x'.repeat(10_000) }, '/title'],
    ['a description of 10,001 characters', { description: 'x'.repeat(10_001) }, '/description'],
    ['a NUL in the title', { title: 'a\u0000b' }, '/title'],
    ['a NUL in the description', { description: 'a\u0000b' }, '/description'],
    ['a NUL in the street', { address: { line1: '\u0000', city: 'A', countryCode: 'US' } }, '/address/line1'],
    ['a line break in the title', { title: 'a\nb' }, '/title'],
    ['a capacity of 0', { capacity: 0 }, '/capacity'],
    ['a capacity of a billion', { capacity: 1e9 }, '/capacity'],
    ['a fractional capacity', { capacity: 1.5 }, '/capacity'],
    ['a capacity as text', { capacity: '4' }, '/capacity'],
    ['a billion beds', { beds: 1e9 }, '/beds'],
    ['a number of bathrooms that is not a multiple of 0.5', { bathrooms: 0.33 }, '/bathrooms'],
    ['a negative number of pets', { maxPets: -1 }, '/maxPets'],
    ['a latitude above 90', { location: { lat: 91, lng: 0 } }, '/location/lat'],
    ['a location without a longitude', { location: { lat: 1 } }, '/location/lng'],
    ['an unknown time zone', { timeZone: 'Mars/Olympus' }, '/timeZone'],
    ['an unknown currency', { currency: 'XYZ' }, '/currency'],
    ['a currency in lower case', { currency: 'usd' }, '/currency'],
    ['an unknown policy', { cancellationPolicy: 'lenient' }, '/cancellationPolicy'],
    ['an unknown room type', { roomType: 'tent' }, '/roomType'],
    ['an invalid time', { checkInFrom: '25:00' }, '/checkInFrom'],
    [
      'a country name instead of a code',
      { address: { city: 'A', countryCode: 'United States' } },
      '/address/countryCode',
    ],
    ['an amenity with a quote', { amenities: ["wi'fi"] }, '/amenities/0'],
    ['a duplicate amenity', { amenities: ['wifi', 'wifi'] }, '/amenities'],
    ['a thousand amenities', { amenities: Array.from({ length: 1000 }, (_, i) => `a${i}`) }, '/amenities'],
    ['null for a title', { title: null }, '/title'],
  ])('rejects %s', async (_, change, pointer) => {
    const host = aHost();
    const res = await service.as(host).post('/v1/listings', listingInput(change));
    expectProblem(res, 400, 'request.invalid', pointer);
    const own = await service.as(host).get<{ data: unknown[] }>('/v1/me/listings');
    expect(own.body.data).toEqual([]);
  });

  test.each<[string, string]>([
    ['invalid JSON', '{"title":'],
    ['an array', '[]'],
    ['a string', '"title"'],
    ['null', 'null'],
  ])('rejects %s', async (_, body) => {
    const res = await service.as(aHost()).post('/v1/listings', body);
    expect(res.status).toBe(400);
    expect(res.headers.get('content-type')).toMatch(/problem\+json/);
  });
});

describe('401', () => {
  test('rejects anonymous requests', async () => {
    expectProblem(await service.anonymous.post('/v1/listings', listingInput()), 401, 'auth.missing_token');
  });
});

describe('403', () => {
  test('rejects a guest who is not a host', async () => {
    expectProblem(await service.as(aGuest()).post('/v1/listings', listingInput()), 403, 'auth.forbidden');
  });

  test('rejects a host with an unverified email address', async () => {
    const host = testUser({ roles: ['guest', 'host'], emailVerified: false });
    expectProblem(await service.as(host).post('/v1/listings', listingInput()), 403, 'auth.email_unverified');
  });
});

describe('413', () => {
  test('rejects a body over the limit', async () => {
    const res = await service.as(aHost()).post('/v1/listings', { description: 'x'.repeat(1_100_000) });
    expectProblem(res, 413, 'request.too_large');
  });
});

describe('415', () => {
  test('rejects a body that is not JSON', async () => {
    const res = await service
      .as(aHost())
      .post('/v1/listings', 'title=A', { 'content-type': 'application/x-www-form-urlencoded' });
    expectProblem(res, 415, 'request.unsupported_media_type');
  });
});
