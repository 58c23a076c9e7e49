import { expectProblem, type TestService, type TestUser } from '@roost/testing';
import { aGuest, aHost, aListing, anAdmin, givenPublished, startListings } from './given.js';

interface Result {
  externalId: string | null;
  id: string;
  outcome: string;
  code: string | null;
  pointer: string | null;
}

let service: TestService;
const admin = anAdmin();
const host = aHost();
let batches = 0;
beforeAll(async () => {
  service = await startListings();
});
afterAll(() => service.close());

/** A source of its own for each test. */
const aSource = () => `elsewhere-${(batches += 1)}`;

const send = (source: string, rows: unknown[], by: TestUser = admin) =>
  service.as(by).post<{ results: Result[] }>('/v1/admin/imports/listings', { source, rows });

/** As an import has it: without pictures, and here without a description. */
const aRow = (other: Record<string, unknown> = {}, content: Record<string, unknown> = {}) => ({
  externalId: '2992450',
  hostId: host.id,
  content: aListing({ description: '', ...content }),
  pricing: { basePriceMinor: 7_000 },
  stayRules: { minNights: 3, maxNights: 30 },
  ...other,
});

async function given(source: string, row = aRow()): Promise<string> {
  const { status, body } = await send(source, [row]);
  expect({ status, results: body.results }).toMatchObject({ status: 200, results: [{ outcome: 'created' }] });
  return body.results[0]?.id ?? '';
}

describe('200', () => {
  test('publishes what is complete but for a photo and a description', async () => {
    const id = await given(aSource());
    const own = await service.as(host).get(`/v1/listings/${id}`);
    expect(own.body).toMatchObject({
      ...aListing({ description: '' }),
      id,
      hostId: host.id,
      status: 'published',
      nightlyMinor: 7_000,
      photos: [],
      missing: [],
    });
    const rules = await service.as(host).get(`/v1/listings/${id}/stay-rules`);
    expect(rules.body).toMatchObject({ minNights: 3, maxNights: 30, bookingWindowMonths: 12 });
  });

  test('strangers find it by search and see it up to 1 km from its door', async () => {
    const city = `Import City ${Date.now()}`;
    const address = { line1: 'THIRD WARD', city, countryCode: 'US' };
    const id = await given(aSource(), aRow({}, { address }));
    const found = await service.anonymous.get<{ data: { id: string; coverUrl: null }[] }>(
      `/v1/listings/search?city=${encodeURIComponent(city)}`,
    );
    expect(found.body.data).toEqual([expect.objectContaining({ id, coverUrl: null })]);
    const seen = await service.anonymous.get(`/v1/listings/${id}`);
    expect(seen.body).toMatchObject({ city, address: null, location: null });
    expect(seen.body.approximateLocation).not.toEqual(aListing().location);
  });

  test('is announced once, as published, and not again while nothing changes', async () => {
    const source = aSource();
    const id = await given(source);
    const again = await send(source, [aRow()]);
    expect(again.body.results).toEqual([
      { externalId: '2992450', id, outcome: 'unchanged', code: null, pointer: null, detail: null },
    ]);
    await send(source, [aRow({ pricing: { basePriceMinor: 8_000 } })]);
    const rows = await service.query<{ type: string; version: string }>(
      `SELECT type, aggregate_version AS version FROM outbox_event WHERE key = $1 ORDER BY xid, id`,
      [id],
    );
    expect(rows.map(({ type, version }) => [type, Number(version)])).toEqual([
      ['listing.published', 1],
      ['listing.changed', 2],
    ]);
  });

  test('again, with something new: updated in its place; what is left out stays', async () => {
    const source = aSource();
    const id = await given(source);
    const row = {
      externalId: '2992450',
      hostId: host.id,
      content: { title: 'A brighter loft', bedrooms: 3 },
    };
    const { body } = await send(source, [row]);
    expect(body.results).toMatchObject([{ id, outcome: 'updated' }]);
    const own = await service.as(host).get(`/v1/listings/${id}`);
    expect(own.body).toMatchObject({ title: 'A brighter loft', bedrooms: 3, beds: 2, nightlyMinor: 7_000 });
  });

  test('what lacks more stays a draft and says what, until a later row has it', async () => {
    const source = aSource();
    const { body } = await send(source, [aRow({ pricing: undefined })]);
    expect(body.results).toMatchObject([
      { outcome: 'created', code: 'listing.incomplete', pointer: '/pricing/basePriceMinor' },
    ]);
    const id = body.results[0]?.id;
    expectProblem(await service.anonymous.get(`/v1/listings/${id}`), 404, 'listing.not_found');
    const later = await send(source, [aRow()]);
    expect(later.body.results).toMatchObject([{ id, outcome: 'updated', code: null }]);
    expect((await service.anonymous.get(`/v1/listings/${id}`)).status).toBe(200);
  });

  test('refuses rows one by one; the others are kept', async () => {
    const source = aSource();
    const rows = [
      aRow({ externalId: 'a' }, { title: 'x'.repeat(201) }),
      aRow({ externalId: 'b' }, { location: { lat: 91, lng: 0 } }),
      aRow({ externalId: 'c', pricing: { basePriceMinor: 0 } }),
      aRow({ externalId: 'd', stayRules: { minNights: 40, maxNights: 30 } }),
      aRow({ externalId: 'e' }, { hostId: host.id }),
      aRow({ externalId: 'f', status: 'published' }),
      aRow({ externalId: 'g', hostId: 'somebody' }),
      aRow({ externalId: 'h' }, { amenities: ['wifi', 'wifi'] }),
      aRow({ externalId: 'good' }),
      aRow({ externalId: 'good' }),
      null,
    ];
    const { status, body } = await send(source, rows);
    expect(status).toBe(200);
    expect(
      body.results.map(({ externalId, outcome, code, pointer }) => [externalId, outcome, code, pointer]),
    ).toEqual([
      ['a', 'refused', 'request.invalid', '/content/title'],
      ['b', 'refused', 'request.invalid', '/content/location/lat'],
      ['c', 'refused', 'request.invalid', '/pricing/basePriceMinor'],
      ['d', 'refused', 'request.invalid', '/stayRules/maxNights'],
      ['e', 'refused', 'request.invalid', '/content/hostId'],
      ['f', 'refused', 'request.invalid', '/status'],
      ['g', 'refused', 'request.invalid', '/hostId'],
      ['h', 'refused', 'request.invalid', '/content/amenities'],
      ['good', 'created', null, null],
      ['good', 'refused', 'request.invalid', '/externalId'],
      [null, 'refused', 'request.invalid', ''],
    ]);
    const mine = await service.as(host).get<{ data: { id: string }[] }>('/v1/me/listings?limit=100');
    expect(mine.body.data.map(({ id }) => id)).toContain(body.results[8]?.id);
  });

  test('a refused change leaves the listing as it was', async () => {
    const source = aSource();
    const id = await given(source);
    const before = await service.as(host).get(`/v1/listings/${id}`);
    const changes: [unknown, string, string][] = [
      [aRow({}, { title: 'In euros', currency: 'EUR' }), 'listing.currency_fixed', '/content/currency'],
      [aRow({}, { title: 'Nowhere', address: null }), 'listing.incomplete', '/content/address'],
      [aRow({ hostId: aHost().id }, { title: 'Taken over' }), 'listing.forbidden', '/hostId'],
    ];
    for (const [row, code, pointer] of changes) {
      const { body } = await send(source, [row, aRow({ externalId: `beside-${code}` })]);
      expect(body.results).toMatchObject([{ outcome: 'refused', code, pointer }, { outcome: 'created' }]);
    }
    expect((await service.as(host).get(`/v1/listings/${id}`)).body).toEqual(before.body);
  });

  test('what its host paused stays paused, what is archived stays history', async () => {
    const source = aSource();
    const id = await given(source);
    await service.as(host).post(`/v1/listings/${id}/pause`);
    await send(source, [aRow({}, { title: 'Still paused' })]);
    const own = await service.as(host).get(`/v1/listings/${id}`);
    expect(own.body).toMatchObject({ title: 'Still paused', status: 'paused' });
    await service.as(host).post(`/v1/listings/${id}/archive`);
    const late = await send(source, [aRow({}, { title: 'Too late' })]);
    expect(late.body.results).toMatchObject([{ outcome: 'refused', code: 'listing.archived' }]);
  });

  test('its host may pause it and publish it again without a photo', async () => {
    const id = await given(aSource());
    const act = (action: string) => service.as(host).post<{ status: string }>(`/v1/listings/${id}/${action}`);
    expect((await act('pause')).body).toMatchObject({ status: 'paused' });
    const again = await act('publish');
    expect({ status: again.status, body: again.body }).toMatchObject({
      status: 200,
      body: { status: 'published', photos: [], missing: [] },
    });
    expect((await service.anonymous.get(`/v1/listings/${id}`)).status).toBe(200);
  });

  test('a draft of it that its host completes needs no photo either', async () => {
    const { body } = await send(aSource(), [aRow({ pricing: undefined })]);
    const path = `/v1/listings/${body.results[0]?.id}`;
    expectProblem(await service.as(host).post(`${path}/publish`), 409, 'listing.incomplete');
    await service.as(host).put(`${path}/pricing`, { basePriceMinor: 7_000 });
    expect((await service.as(host).post(`${path}/publish`)).status).toBe(200);
  });

  test('its host may go on editing it without a photo', async () => {
    const id = await given(aSource());
    const res = await service.as(host).patch(`/v1/listings/${id}`, { title: 'Mine' });
    expect(res.body).toMatchObject({ title: 'Mine', status: 'published' });
  });

  test('the same batch three times at once makes each listing once', async () => {
    const source = aSource();
    const rows = ['1', '2', '3'].map((externalId) => aRow({ externalId }));
    const answers = await Promise.all([1, 2, 3].map(() => send(source, rows)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    const outcomes = answers.flatMap(({ body }) => body.results.map(({ outcome }) => outcome));
    expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(3);
    expect(outcomes.filter((outcome) => outcome === 'unchanged')).toHaveLength(6);
  });
});

describe('400, 401 and 403', () => {
  test('a batch that is none', async () => {
    expectProblem(await send('Elsewhere', [aRow()]), 400, 'request.invalid', '/source');
    expectProblem(await send('elsewhere', []), 400, 'request.invalid', '/rows');
  });

  test('nobody, a guest, a host', async () => {
    const batch = { source: aSource(), rows: [aRow()] };
    expectProblem(
      await service.anonymous.post('/v1/admin/imports/listings', batch),
      401,
      'auth.missing_token',
    );
    for (const user of [aGuest(), host]) {
      expectProblem(await send(batch.source, batch.rows, user), 403, 'auth.forbidden');
    }
  });

  test('nobody reaches a listing that was not imported', async () => {
    const { id } = await givenPublished(service, host);
    const { body } = await send(aSource(), [aRow({ externalId: id })]);
    expect(body.results[0]?.id).not.toBe(id);
  });
});
