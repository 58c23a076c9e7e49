import { expectProblem, type TestService, type TestUser } from '@roost/testing';
import { aGuest, aHost, aListing, anAdmin, givenDraft, givenPublished, startListings } from './given.js';

let service: TestService;
let host: TestUser;
beforeAll(async () => {
  service = await startListings();
  host = aHost();
});
afterAll(() => service.close());

const versions = async (id: string) =>
  (
    await service.query<{ type: string; aggregate_version: string }>(
      `SELECT type, aggregate_version FROM outbox_event WHERE key = $1 ORDER BY xid, id`,
      [id],
    )
  ).map((row) => `${row.type} ${row.aggregate_version}`);

describe('200', () => {
  test('changes what was sent and nothing else, and announces it once', async () => {
    const id = await givenDraft(service, host);
    const res = await service.as(host).patch(`/v1/listings/${id}`, { title: 'A new name', beds: 3 });
    expect(res.status).toBe(200);
    expect(res.body).toMatchObject({ ...aListing(), title: 'A new name', beds: 3 });
    expect(await versions(id)).toEqual(['listing.created 1', 'listing.changed 2']);
  });

  test('a change that changes nothing is no version and no event', async () => {
    const id = await givenDraft(service, host);
    const before = await service.as(host).get(`/v1/listings/${id}`);
    const res = await service.as(host).patch(`/v1/listings/${id}`, aListing());
    expect(res.body).toEqual(before.body);
    expect(res.headers.get('etag')).toBe(before.headers.get('etag'));
    expect(await versions(id)).toEqual(['listing.created 1']);
  });

  test('a moved listing gets another displaced point', async () => {
    const id = await givenDraft(service, host);
    const before = await service.as(host).get(`/v1/listings/${id}`);
    const res = await service.as(host).patch(`/v1/listings/${id}`, { location: { lat: 42.7, lng: -73.8 } });
    expect(res.body.approximateLocation).not.toEqual(before.body.approximateLocation);
    const gone = await service.as(host).patch(`/v1/listings/${id}`, { location: null });
    expect(gone.body).toMatchObject({ location: null, approximateLocation: null });
  });

  test('twenty writers at once make twenty versions, each announced with its own', async () => {
    const id = await givenDraft(service, host);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        service.as(host).patch(`/v1/listings/${id}`, { title: `Name ${i}` }),
      ),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status >= 500 && status !== 503)).toEqual([]);
    const done = statuses.filter((status) => status === 200).length;
    const announced = await versions(id);
    expect(announced).toEqual([
      'listing.created 1',
      ...Array.from({ length: done }, (_, i) => `listing.changed ${i + 2}`),
    ]);
    expect(done).toBeGreaterThan(0);
  });

  test('the currency of a draft may change', async () => {
    const id = await givenDraft(service, host);
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
    ['a billion guests', { capacity: 1e9 }, '/capacity'],
  ])('%s', async (_, change, pointer) => {
    const id = await givenDraft(service, host);
    const res = await service.as(host).patch(`/v1/listings/${id}`, { beds: 9, ...change });
    expectProblem(res, 400, 'request.invalid', pointer);
    expect((await service.as(host).get(`/v1/listings/${id}`)).body).toMatchObject({
      hostId: host.id,
      status: 'draft',
      beds: 2,
    });
  });
});

describe('401', () => {
  test('nobody', async () => {
    const { id } = await givenPublished(service, host);
    expectProblem(await service.anonymous.patch(`/v1/listings/${id}`, {}), 401, 'auth.missing_token');
  });
});

describe('403', () => {
  test('a published listing of somebody else, whoever asks', async () => {
    const { id } = await givenPublished(service, host);
    const res = await service.as(aHost()).patch(`/v1/listings/${id}`, { title: 'Mine' });
    expectProblem(res, 403, 'listing.forbidden');
    expect((await service.as(aGuest()).patch(`/v1/listings/${id}`, { title: 'Mine' })).status).toBe(403);
    expect((await service.as(anAdmin()).patch(`/v1/listings/${id}`, { title: 'Mine' })).status).toBe(403);
    expect((await service.anonymous.get(`/v1/listings/${id}`)).body.title).toBe('A loft over the river');
  });
});

describe('404', () => {
  test('a draft of somebody else', async () => {
    const id = await givenDraft(service, host);
    const res = await service.as(aHost()).patch(`/v1/listings/${id}`, { title: 'Mine' });
    expectProblem(res, 404, 'listing.not_found');
  });

  test('an unknown listing', async () => {
    const res = await service.as(host).patch('/v1/listings/01890a5d-ac96-774b-bcce-b302099a8057', {});
    expectProblem(res, 404, 'listing.not_found');
  });
});

describe('409', () => {
  test('the currency is fixed from the first publication on, also while paused', async () => {
    const { id } = await givenPublished(service, host);
    const change = () => service.as(host).patch(`/v1/listings/${id}`, { currency: 'EUR' });
    expectProblem(await change(), 409, 'listing.currency_fixed');
    await service.as(host).post(`/v1/listings/${id}/pause`);
    expectProblem(await change(), 409, 'listing.currency_fixed');
    const same = await service.as(host).patch(`/v1/listings/${id}`, { currency: 'USD' });
    expect(same.status).toBe(200);
  });

  test('a published listing keeps what publishing needs', async () => {
    const { id } = await givenPublished(service, host);
    const res = await service.as(host).patch(`/v1/listings/${id}`, { title: ' ', location: null });
    expectProblem(res, 409, 'listing.incomplete');
    expect(res.body.missing).toEqual(['/title', '/location']);
  });

  test('an archived listing is history', async () => {
    const id = await givenDraft(service, host);
    await service.as(host).post(`/v1/listings/${id}/archive`);
    const res = await service.as(host).patch(`/v1/listings/${id}`, { title: 'Again' });
    expectProblem(res, 409, 'listing.archived');
  });
});

describe('412', () => {
  test('a stale If-Match changes nothing, the present one does', async () => {
    const id = await givenDraft(service, host);
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
