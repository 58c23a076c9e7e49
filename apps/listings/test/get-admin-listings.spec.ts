import type { EntityManager } from '@mikro-orm/postgresql';
import { expectProblem, largestSortRows, queryPlans, type TestService, type TestUser } from '@roost/testing';
import { listListings } from '../src/listing/listing.queries.js';
import { aGuest, aHost, anAdmin, createDraft, createPublished, startListings } from './listings.fixture.js';

type List = { data: { id: string; title: string }[]; nextCursor: string | null };

let service: TestService;
let admin: TestUser;
beforeAll(async () => {
  service = await startListings();
  admin = anAdmin();
});
afterAll(() => service.close());

const list = async (query: Record<string, string>): Promise<List> => {
  const search = new URLSearchParams(query).toString();
  return (await service.as(admin).get<List>(`/v1/admin/listings?${search}`)).body;
};
const idsOf = async (query: Record<string, string>) => (await list(query)).data.map(({ id }) => id);
const act = (id: string, action: string, body?: object) =>
  service.as(admin).post(`/v1/admin/listings/${id}/${action}`, body);

describe('GET /v1/admin/listings', () => {
  test('lists the listings of a host in each status with their address, newest first, in pages', async () => {
    const host = aHost();
    const draft = await createDraft(service, host);
    const { id } = await createPublished(service, host);
    const first = await list({ hostId: host.id, limit: '1' });
    expect(first.data).toMatchObject([
      { id, hostId: host.id, status: 'published', address: { line1: '12 Willett Street' } },
    ]);
    const second = await list({ hostId: host.id, limit: '1', cursor: first.nextCursor ?? '' });
    expect(second).toMatchObject({ data: [{ id: draft, status: 'draft' }], nextCursor: null });
  });

  test('filters by the time of creation', async () => {
    const host = aHost();
    const earlier = await createDraft(service, host);
    await service.clock.advance('PT1H');
    const createdFrom = service.clock.now().toISOString();
    const later = await createDraft(service, host);
    expect(await idsOf({ hostId: host.id, createdFrom })).toEqual([later]);
    expect(await idsOf({ hostId: host.id, createdTo: createdFrom })).toEqual([earlier]);
  });

  test('filters by id, status, beginning of the title, and city', async () => {
    const host = aHost();
    const address = { line1: 'x', region: '', postalCode: '', countryCode: 'FR' };
    const loft = await createDraft(service, host, {
      title: 'Élégant 100%_\\ loft',
      address: { ...address, city: 'Saint-Étienne' },
    });
    const plain = await createDraft(service, host, { title: 'Élégant 100 loft' });
    expect(await idsOf({ id: loft })).toEqual([loft]);
    expect(await idsOf({ q: 'éLÉGANT 100' })).toEqual([plain, loft]);
    expect(await idsOf({ q: 'Élégant 100%_\\' })).toEqual([loft]);
    expect(await idsOf({ q: 'loft' })).toEqual([]);
    expect(await idsOf({ city: 'saint-ÉTIENNE' })).toEqual([loft]);
    expect(await idsOf({ hostId: host.id, status: 'draft' })).toEqual([plain, loft]);
    expect(await idsOf({ hostId: host.id, status: 'published' })).toEqual([]);
  });

  test.each([
    ['limit', '101'],
    ['cursor', 'x'],
    ['id', 'x'],
    ['hostId', 'x'],
    ['status', 'live'],
    ['createdFrom', 'today'],
    ['createdTo', 'x'],
    ['q', ''],
    ['q', 'a'.repeat(201)],
    ['q', 'a\0'],
    ['city', 'a'.repeat(101)],
    ['title', 'x'],
  ])('400 for %s=%s', async (name, value) => {
    const query = new URLSearchParams({ [name]: value }).toString();
    expectProblem(await service.as(admin).get(`/v1/admin/listings?${query}`), 400, 'request.invalid', name);
  });

  test.each(['/v1/admin/listings', '/v1/admin/listings/audit-log'])('401 and 403 for %s', async (path) => {
    expectProblem(await service.anonymous.get(path), 401, 'auth.missing_token');
    for (const user of [aGuest(), aHost()])
      expectProblem(await service.as(user).get(path), 403, 'auth.forbidden');
  });
});

describe('the audit log', () => {
  test('contains suspensions and reinstatements with their reason, and none that was rejected', async () => {
    const { id } = await createPublished(service, aHost());
    expect((await act(id, 'suspend', { reason: 'A false address' })).status).toBe(204);
    expectProblem(await act(id, 'suspend'), 409, 'listing.wrong_state');
    expectProblem(await act(id, 'reinstate', { reason: ' ' }), 400, 'request.invalid', '/reason');
    expect((await act(id, 'reinstate')).status).toBe(204);
    const log = await service.as(admin).get(`/v1/admin/listings/audit-log?subjectId=${id}`);
    expect(log.body.data).toMatchObject([
      { adminId: admin.id, action: 'listing.reinstate', subjectType: 'listing', reason: null },
      { adminId: admin.id, action: 'listing.suspend', subjectType: 'listing', reason: 'A false address' },
    ]);
  });

  test('contains an import with the number of its rows', async () => {
    const batch = { source: 'elsewhere', rows: [{ externalId: '1' }] };
    await service.as(admin).post('/v1/admin/imports/listings', batch);
    const log = await service.as(admin).get('/v1/admin/listings/audit-log?action=import.listings');
    expect(log.body.data).toMatchObject([{ subjectId: 'elsewhere', details: { rows: 1, refused: 1 } }]);
  });
});

describe('reads from an index', () => {
  const LISTINGS = 20_000;
  const limit = 20;
  const unknownId = '019b0000-0000-7000-8000-000000000000';
  const cursor = Buffer.from(JSON.stringify(['2027-05-12T16:00:00.000Z', unknownId])).toString('base64url');

  beforeAll(async () => {
    await service.query(
      `INSERT INTO listing (id, host_id, status, title, description, property_type, room_type, address, lat, lng,
         public_lat, public_lng, time_zone, currency, capacity, bedrooms, beds, bathrooms, amenities, house_rules, max_pets,
         booking_mode, cancellation_policy, check_in_from, check_out_until, pricing, stay_rules, photos, published_at,
         created_at, updated_at)
       SELECT uuidv7(), gen_random_uuid(), CASE WHEN n % 500 = 0 THEN 'draft' ELSE 'published' END, md5(n::text), '',
         'apartment', 'entire_home', jsonb_build_object('city', 'City ' || n % 200), 0, 0, 0, 0, 'UTC', 'USD', 1, 1, 1, 1,
         '{}', '', 0, 'instant', 'flexible', '15:00', '11:00', '{}', '{}', '[]', now(),
         timestamptz '2027-05-12T16:00:00Z' - n * interval '1 minute', now()
       FROM generate_series(1, $1::int) n`,
      [LISTINGS],
    );
    await service.query('ANALYZE');
  }, 60_000);

  test.each<[string, string, (em: EntityManager) => Promise<unknown>]>([
    ['the newest listings', 'listing_newest', (em) => listListings(em, { limit })],
    ['a later page of listings', 'listing_newest', (em) => listListings(em, { limit, cursor })],
    ['the listing of an id', 'listing_pkey', (em) => listListings(em, { limit, id: unknownId })],
    ['listings of a host', 'listing_host', (em) => listListings(em, { limit, hostId: unknownId })],
    ['listings by title', 'listing_title_prefix', (em) => listListings(em, { limit, q: 'A loft over' })],
    ['listings of a city', 'listing_city', (em) => listListings(em, { limit, city: 'City 7' })],
    [
      'the listings before an instant',
      'listing_newest',
      (em) => listListings(em, { limit, createdTo: '2027-05-06T16:00:00.000Z' }),
    ],
    ['drafts', 'listing_unpublished', (em) => listListings(em, { limit, status: 'draft' })],
  ])('%s', async (_, index, work) => {
    const plan = await queryPlans(service, /from listing where/i, work);
    expect(plan).toContain(index);
    expect(plan).not.toMatch(/Seq Scan/);
    // A selection of a few rows may be sorted.
    expect(largestSortRows(plan)).toBeLessThanOrEqual(60);
  });
});
