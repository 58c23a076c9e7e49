import { expectProblem, type TestService, type TestUser } from '@roost/testing';
import {
  aGuest,
  aHost,
  listingInput,
  anAdmin,
  createDraft,
  createPublished,
  pricingInput,
  startListings,
} from './listings.fixture.js';

let service: TestService;
let host: TestUser;
beforeAll(async () => {
  service = await startListings();
  host = aHost();
});
afterAll(() => service.close());

const eventsOf = async (id: string) =>
  (
    await service.query<{ type: string; aggregate_version: string }>(
      `SELECT type, aggregate_version FROM outbox_event WHERE key = $1 ORDER BY xid, id`,
      [id],
    )
  ).map((row) => `${row.type} ${row.aggregate_version}`);

describe('200', () => {
  test('changes only the fields in the request, and publishes one event', async () => {
    const id = await createDraft(service, host);
    const res = await service.as(host).patch(`/v1/listings/${id}`, { title: 'A new name', beds: 3 });
    expect(res.status).toBe(200);
    expect(res.body).toMatchObject({ ...listingInput(), title: 'A new name', beds: 3 });
    expect(await eventsOf(id)).toEqual(['listing.created 1', 'listing.changed 2']);
  });

  test('creates neither a version nor an event when nothing changes', async () => {
    const id = await createDraft(service, host);
    const before = await service.as(host).get(`/v1/listings/${id}`);
    const res = await service.as(host).patch(`/v1/listings/${id}`, listingInput());
    expect(res.body).toEqual(before.body);
    expect(res.headers.get('etag')).toBe(before.headers.get('etag'));
    expect(await eventsOf(id)).toEqual(['listing.created 1']);
  });

  test('changes the displaced point with the location', async () => {
    const id = await createDraft(service, host);
    const before = await service.as(host).get(`/v1/listings/${id}`);
    const res = await service.as(host).patch(`/v1/listings/${id}`, { location: { lat: 42.7, lng: -73.8 } });
    expect(res.body.approximateLocation).not.toEqual(before.body.approximateLocation);
    const removed = await service.as(host).patch(`/v1/listings/${id}`, { location: null });
    expect(removed.body).toMatchObject({ location: null, approximateLocation: null });
  });

  test('publishes one event per version under twenty concurrent writes', async () => {
    const id = await createDraft(service, host);
    const responses = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        service.as(host).patch(`/v1/listings/${id}`, { title: `Name ${i}` }),
      ),
    );
    const statuses = responses.map(({ status }) => status);
    expect(statuses.filter((status) => status >= 500 && status !== 503)).toEqual([]);
    const succeeded = statuses.filter((status) => status === 200).length;
    const events = await eventsOf(id);
    expect(events).toEqual([
      'listing.created 1',
      ...Array.from({ length: succeeded }, (_, i) => `listing.changed ${i + 2}`),
    ]);
    expect(succeeded).toBeGreaterThan(0);
  });

  test('changes the currency of a draft', async () => {
    const id = await createDraft(service, host);
    const res = await service.as(host).patch(`/v1/listings/${id}`, { currency: 'EUR' });
    expect(res.body.currency).toBe('EUR');
  });
});

describe('400', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['the host', { hostId: '01890a5d-ac96-774b-bcce-b302099a8057' }, '/hostId'],
    ['the status', { status: 'published' }, '/status'],
    ['the version', { version: 1 }, '/version'],
    ['the prices', { pricing: { basePriceMinor: 1 } }, '/pricing'],
    ['a title of 10,000 characters', { title: 'x'.repeat(10_000) }, '/title'],
    ['a NUL', { houseRules: 'a\u0000' }, '/houseRules'],
    ['an invisible title', { title: '\u200b\u2060\u3164' }, '/title'],
    ['an invisible description', { description: '\u200b\u2060\u3164' }, '/description'],
    ['invisible house rules', { houseRules: '\u200b\u2060\u3164' }, '/houseRules'],
    ['a billion guests', { capacity: 1e9 }, '/capacity'],
  ])('rejects %s', async (_, change, pointer) => {
    const id = await createDraft(service, host);
    const res = await service.as(host).patch(`/v1/listings/${id}`, { beds: 9, ...change });
    expectProblem(res, 400, 'request.invalid', pointer);
    expect((await service.as(host).get(`/v1/listings/${id}`)).body).toMatchObject({
      hostId: host.id,
      status: 'draft',
      beds: 2,
    });
  });
});

describe('400: the currency', () => {
  test('rejects a currency in which the prices can not be charged', async () => {
    const id = await createDraft(service, host);
    await service.as(host).put(`/v1/listings/${id}/pricing`, pricingInput());
    const change = (currency: string) => service.as(host).patch(`/v1/listings/${id}`, { currency });
    // A base price of 120.00 is less than the minimum of 175.00 forints, and enough yen.
    expectProblem(await change('HUF'), 400, 'request.invalid', '/currency');
    expect((await service.as(host).get(`/v1/listings/${id}`)).body).toMatchObject({ currency: 'USD' });
    expect((await change('JPY')).status).toBe(200);
  });

  test('rejects the prices of a draft that gets its currency later', async () => {
    const id = await createDraft(service, host, { currency: null });
    const path = `/v1/listings/${id}/pricing`;
    expect((await service.as(host).put(path, pricingInput({ basePriceMinor: 49 }))).status).toBe(200);
    const res = await service.as(host).patch(`/v1/listings/${id}`, { currency: 'USD' });
    expectProblem(res, 400, 'request.invalid', '/currency');
  });
});

describe('401', () => {
  test('rejects anonymous requests', async () => {
    const { id } = await createPublished(service, host);
    expectProblem(await service.anonymous.patch(`/v1/listings/${id}`, {}), 401, 'auth.missing_token');
  });
});

describe('403', () => {
  test('rejects changes by everyone except the host', async () => {
    const { id } = await createPublished(service, host);
    const res = await service.as(aHost()).patch(`/v1/listings/${id}`, { title: 'Mine' });
    expectProblem(res, 403, 'listing.forbidden');
    expect((await service.as(aGuest()).patch(`/v1/listings/${id}`, { title: 'Mine' })).status).toBe(403);
    expect((await service.as(anAdmin()).patch(`/v1/listings/${id}`, { title: 'Mine' })).status).toBe(403);
    expect((await service.anonymous.get(`/v1/listings/${id}`)).body.title).toBe('A loft over the river');
  });
});

describe('404', () => {
  test('rejects a draft of another host', async () => {
    const id = await createDraft(service, host);
    const res = await service.as(aHost()).patch(`/v1/listings/${id}`, { title: 'Mine' });
    expectProblem(res, 404, 'listing.not_found');
  });

  test('rejects an unknown listing', async () => {
    const res = await service.as(host).patch('/v1/listings/01890a5d-ac96-774b-bcce-b302099a8057', {});
    expectProblem(res, 404, 'listing.not_found');
  });
});

describe('409', () => {
  test('rejects a change of the currency after the first publication, also while paused', async () => {
    const { id } = await createPublished(service, host);
    const change = () => service.as(host).patch(`/v1/listings/${id}`, { currency: 'EUR' });
    expectProblem(await change(), 409, 'listing.currency_fixed');
    await service.as(host).post(`/v1/listings/${id}/pause`);
    expectProblem(await change(), 409, 'listing.currency_fixed');
    const same = await service.as(host).patch(`/v1/listings/${id}`, { currency: 'USD' });
    expect(same.status).toBe(200);
  });

  test('rejects the removal of required fields from a published listing', async () => {
    const { id } = await createPublished(service, host);
    const res = await service.as(host).patch(`/v1/listings/${id}`, { title: ' ', location: null });
    expectProblem(res, 409, 'listing.incomplete');
    expect(res.body.missing).toEqual(['/title', '/location']);
  });

  test('rejects changes to an archived listing', async () => {
    const id = await createDraft(service, host);
    await service.as(host).post(`/v1/listings/${id}/archive`);
    const res = await service.as(host).patch(`/v1/listings/${id}`, { title: 'Again' });
    expectProblem(res, 409, 'listing.archived');
  });
});

describe('412', () => {
  test('rejects a stale If-Match and accepts the current one', async () => {
    const id = await createDraft(service, host);
    const path = `/v1/listings/${id}`;
    const etag = (await service.as(host).get(path)).headers.get('etag') ?? '';
    const first = await service.as(host).patch(path, { title: 'One' }, { 'if-match': etag });
    expect(first.status).toBe(200);
    const second = await service.as(host).patch(path, { title: 'Two' }, { 'if-match': etag });
    expectProblem(second, 412, 'request.precondition_failed');
    expect((await service.as(host).get(path)).body.title).toBe('One');
    const third = await service
      .as(host)
      .patch(path, { title: 'Three' }, { 'if-match': first.headers.get('etag') ?? '' });
    expect(third.status).toBe(200);
  });
});
