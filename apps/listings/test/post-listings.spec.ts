import { aUser, expectProblem, type TestService } from '@roost/testing';
import { aGuest, aHost, aListing, startListings } from './given.js';

let service: TestService;
beforeAll(async () => {
  service = await startListings();
});
afterAll(() => service.close());

describe('201', () => {
  test('gives back what was sent, as a draft that says what it still lacks', async () => {
    const host = aHost();
    const res = await service.as(host).post('/v1/listings', aListing());
    expect(res.status).toBe(201);
    expect(res.body).toMatchObject({
      ...aListing(),
      hostId: host.id,
      status: 'draft',
      missing: ['/pricing/basePriceMinor', '/photos'],
    });
    expect(res.headers.get('etag')).toBeTruthy();
    const again = await service.as(host).get(`/v1/listings/${String(res.body.id)}`);
    expect(again.body).toEqual(res.body);
  });

  test('a draft may lack everything', async () => {
    const res = await service.as(aHost()).post('/v1/listings', {});
    expect(res.status).toBe(201);
    expect(res.body.missing).toHaveLength(10);
  });

  test('is announced once, with its version and without the address', async () => {
    const host = aHost();
    const { body } = await service.as(host).post<{ id: string }>('/v1/listings', aListing());
    const announced = (await service.published('listing.created')).filter((e) => e.listingId === body.id);
    expect(announced).toHaveLength(1);
    expect(announced[0]).toMatchObject({
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
    expect(announced[0]?.stayRules).toMatchObject({ minNights: 1, maxNights: 365 });
    expect(JSON.stringify(announced)).not.toMatch(/Willett|42\.65/);
    const rows = await service.query<{ aggregate_version: string }>(
      `SELECT aggregate_version FROM outbox_event WHERE key = $1`,
      [body.id],
    );
    expect(rows.map((row) => Number(row.aggregate_version))).toEqual([1]);
  });

  test('one idempotency key makes one listing', async () => {
    const host = aHost();
    const headers = { 'idempotency-key': 'make-it-once' };
    const first = await service.as(host).post('/v1/listings', aListing(), headers);
    const second = await service.as(host).post('/v1/listings', aListing(), headers);
    expect(first.status).toBe(201);
    expect(second.status).toBe(201);
    expect(second.body).toEqual(first.body);
    expect(second.headers.get('idempotent-replayed')).toBe('true');
    const mine = await service.as(host).get<{ data: unknown[] }>('/v1/me/listings');
    expect(mine.body.data).toHaveLength(1);
    const other = await service.as(host).post('/v1/listings', aListing({ title: 'Another' }), headers);
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
    ['no guests', { capacity: 0 }, '/capacity'],
    ['a billion guests', { capacity: 1e9 }, '/capacity'],
    ['half a guest', { capacity: 1.5 }, '/capacity'],
    ['guests as text', { capacity: '4' }, '/capacity'],
    ['a billion beds', { beds: 1e9 }, '/beds'],
    ['a third of a bathroom', { bathrooms: 0.33 }, '/bathrooms'],
    ['fewer than no pets', { maxPets: -1 }, '/maxPets'],
    ['a point off the earth', { location: { lat: 91, lng: 0 } }, '/location/lat'],
    ['half a point', { location: { lat: 1 } }, '/location/lng'],
    ['a zone that is none', { timeZone: 'Mars/Olympus' }, '/timeZone'],
    ['a currency that is none', { currency: 'XYZ' }, '/currency'],
    ['a currency in lower case', { currency: 'usd' }, '/currency'],
    ['an unknown policy', { cancellationPolicy: 'lenient' }, '/cancellationPolicy'],
    ['an unknown room type', { roomType: 'tent' }, '/roomType'],
    ['a time that is none', { checkInFrom: '25:00' }, '/checkInFrom'],
    ['a country in words', { address: { city: 'A', countryCode: 'United States' } }, '/address/countryCode'],
    ['an amenity with a quote', { amenities: ["wi'fi"] }, '/amenities/0'],
    ['one amenity twice', { amenities: ['wifi', 'wifi'] }, '/amenities'],
    ['a thousand amenities', { amenities: Array.from({ length: 1000 }, (_, i) => `a${i}`) }, '/amenities'],
    ['null for a title', { title: null }, '/title'],
  ])('%s', async (_, change, pointer) => {
    const host = aHost();
    const res = await service.as(host).post('/v1/listings', aListing(change));
    expectProblem(res, 400, 'request.invalid', pointer);
    const mine = await service.as(host).get<{ data: unknown[] }>('/v1/me/listings');
    expect(mine.body.data).toEqual([]);
  });

  test.each<[string, string]>([
    ['half a body', '{"title":'],
    ['no object', '[]'],
    ['text', '"title"'],
    ['null', 'null'],
  ])('%s', async (_, body) => {
    const res = await service.as(aHost()).post('/v1/listings', body);
    expect(res.status).toBe(400);
    expect(res.headers.get('content-type')).toMatch(/problem\+json/);
  });
});

describe('401', () => {
  test('nobody', async () => {
    expectProblem(await service.anonymous.post('/v1/listings', aListing()), 401, 'auth.missing_token');
  });
});

describe('403', () => {
  test('a guest who is no host', async () => {
    expectProblem(await service.as(aGuest()).post('/v1/listings', aListing()), 403, 'auth.forbidden');
  });

  test('a host whose mail address is not verified', async () => {
    const host = aUser({ roles: ['guest', 'host'], emailVerified: false });
    expectProblem(await service.as(host).post('/v1/listings', aListing()), 403, 'auth.email_unverified');
  });
});

describe('413', () => {
  test('a body over the limit', async () => {
    const res = await service.as(aHost()).post('/v1/listings', { description: 'x'.repeat(1_100_000) });
    expectProblem(res, 413, 'request.too_large');
  });
});

describe('415', () => {
  test('a body that is no JSON', async () => {
    const res = await service
      .as(aHost())
      .post('/v1/listings', 'title=A', { 'content-type': 'application/x-www-form-urlencoded' });
    expectProblem(res, 415, 'request.unsupported_media_type');
  });
});
