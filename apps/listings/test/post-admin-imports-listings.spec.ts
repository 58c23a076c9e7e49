import { expectProblem, type TestService, type TestUser } from '@roost/testing';
import { aGuest, aHost, listingInput, anAdmin, createPublished, startListings } from './listings.fixture.js';

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
let sourceCount = 0;
beforeAll(async () => {
  service = await startListings();
});
afterAll(() => service.close());

/** A new source for each test. */
const newSource = () => `elsewhere-${(sourceCount += 1)}`;

const importRows = (source: string, rows: unknown[], by: TestUser = admin) =>
  service.as(by).post<{ results: Result[] }>('/v1/admin/imports/listings', { source, rows });

/** A typical imported row: without photos and without a description. */
const importRow = (other: Record<string, unknown> = {}, content: Record<string, unknown> = {}) => ({
  externalId: '2992450',
  hostId: host.id,
  content: listingInput({ description: '', ...content }),
  pricing: { basePriceMinor: 7_000 },
  stayRules: { minNights: 3, maxNights: 30 },
  ...other,
});

async function importOne(source: string, row = importRow()): Promise<string> {
  const { status, body } = await importRows(source, [row]);
  expect({ status, results: body.results }).toMatchObject({ status: 200, results: [{ outcome: 'created' }] });
  return body.results[0]?.id ?? '';
}

describe('200', () => {
  test('publishes a listing that lacks only photos and a description', async () => {
    const id = await importOne(newSource());
    const own = await service.as(host).get(`/v1/listings/${id}`);
    expect(own.body).toMatchObject({
      ...listingInput({ description: '' }),
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

  test('replaces aliases by the codes of the catalogues and keeps unknown texts', async () => {
    const amenities = ['dedicated_workspace', 'wifi', 'theme_room', 'no_pets_allowed', 'ski_lift_access'];
    const content = { propertyType: 'rental_unit', amenities };
    const id = await importOne(newSource(), importRow({}, content));
    expect((await service.anonymous.get(`/v1/listings/${id}`)).body).toMatchObject({
      propertyType: 'apartment',
      amenities: ['workspace', 'wifi', 'theme_room', 'no_pets_allowed', 'ski_lift_access'],
    });
    // The texts of hosts stay as they are.
    const edited = await service.as(host).patch(`/v1/listings/${id}`, content);
    expect(edited.body).toMatchObject(content);
  });

  test('masks contact data in the texts, counts it, and leaves masked texts unchanged', async () => {
    const source = newSource();
    const row = importRow(
      {},
      {
        title: `${'x'.repeat(190)} a@b.example`.slice(0, 200),
        description: 'Call +1 518 555 0142',
        houseRules: 'Book at https://example.com',
      },
    );
    const { body } = await importRows(source, [row]);
    expect(body.results).toMatchObject([{ outcome: 'created', detail: 'Contact details masked: 3' }]);
    expect(body.results[0]).toMatchObject({ pointer: '/content/title', code: null });
    const own = await service.as(host).get(`/v1/listings/${body.results[0]?.id}`);
    const masked = {
      title: `${'x'.repeat(190)} [mail add`,
      description: 'Call [phone number hidden]',
      houseRules: 'Book at [link hidden]',
    };
    expect(own.body).toMatchObject(masked);
    const again = await importRows(source, [importRow({}, masked)]);
    expect(again.body.results).toMatchObject([{ outcome: 'unchanged', pointer: null, detail: null }]);
  });

  test('rejects a row with an invisible name of a tax', async () => {
    const pricing = { basePriceMinor: 7_000, taxes: [{ name: '\u200b\u2060\u3164', kind: 'percent' }] };
    const { body } = await importRows(newSource(), [importRow({ pricing })]);
    expect(body.results).toMatchObject([{ outcome: 'refused', pointer: '/pricing/taxes/0/name' }]);
  });

  test('lists the listing in search with a point up to 1 km from the exact one', async () => {
    const city = `Import City ${Date.now()}`;
    const address = { line1: 'THIRD WARD', city, countryCode: 'US' };
    const id = await importOne(newSource(), importRow({}, { address }));
    const found = await service.anonymous.get<{ data: { id: string; coverUrl: null }[] }>(
      `/v1/listings/search?city=${encodeURIComponent(city)}`,
    );
    expect(found.body.data).toEqual([expect.objectContaining({ id, coverUrl: null })]);
    const publicView = await service.anonymous.get(`/v1/listings/${id}`);
    expect(publicView.body).toMatchObject({ city, address: null, location: null });
    expect(publicView.body.approximateLocation).not.toEqual(listingInput().location);
  });

  test('keeps bedrooms, beds and bathrooms unknown that no row names, and finds the listing by no minimum of them', async () => {
    const city = `Unknown Rooms ${Date.now()}`;
    const { bedrooms: _, beds: __, bathrooms: ___, ...known } = listingInput();
    const content = { ...known, address: { line1: 'THIRD WARD', city, countryCode: 'US' } };
    const source = newSource();
    const id = await importOne(source, importRow({ content }));
    const view = await service.anonymous.get(`/v1/listings/${id}`);
    expect(view.body).toMatchObject({ bedrooms: null, beds: null, bathrooms: null });
    const idsWith = async (filter: string) => {
      const found = await service.anonymous.get<{ data: { id: string }[] }>(
        `/v1/listings/search?city=${encodeURIComponent(city)}${filter}`,
      );
      return found.body.data.map((hit) => hit.id);
    };
    for (const filter of ['&minBedrooms=0', '&minBedrooms=1', '&minBeds=1', '&minBathrooms=0.5']) {
      expect({ filter, ids: await idsWith(filter) }).toEqual({ filter, ids: [] });
    }
    expect(await idsWith('')).toEqual([id]);
    await importRows(source, [importRow({ content: { ...content, bedrooms: 2 } })]);
    expect(await idsWith('&minBedrooms=2')).toEqual([id]);
  });

  test('publishes one event per change, and none when nothing changes', async () => {
    const source = newSource();
    const id = await importOne(source);
    const again = await importRows(source, [importRow()]);
    expect(again.body.results).toEqual([
      { externalId: '2992450', id, outcome: 'unchanged', code: null, pointer: null, detail: null },
    ]);
    await importRows(source, [importRow({ pricing: { basePriceMinor: 8_000 } })]);
    const rows = await service.query<{ type: string; version: string }>(
      `SELECT type, aggregate_version AS version FROM outbox_event WHERE key = $1 ORDER BY xid, id`,
      [id],
    );
    expect(rows.map(({ type, version }) => [type, Number(version)])).toEqual([
      ['listing.published', 1],
      ['listing.changed', 2],
    ]);
  });

  test('updates the listing of a repeated row, and keeps omitted fields', async () => {
    const source = newSource();
    const id = await importOne(source);
    const row = {
      externalId: '2992450',
      hostId: host.id,
      content: { title: 'A brighter loft', bedrooms: 3 },
    };
    const { body } = await importRows(source, [row]);
    expect(body.results).toMatchObject([{ id, outcome: 'updated' }]);
    const own = await service.as(host).get(`/v1/listings/${id}`);
    expect(own.body).toMatchObject({ title: 'A brighter loft', bedrooms: 3, beds: 2, nightlyMinor: 7_000 });
  });

  test('keeps an incomplete listing as a draft, names the missing field, and publishes it when a later row completes it', async () => {
    const source = newSource();
    const { body } = await importRows(source, [importRow({ pricing: undefined })]);
    expect(body.results).toMatchObject([
      { outcome: 'created', code: 'listing.incomplete', pointer: '/pricing/basePriceMinor' },
    ]);
    const id = body.results[0]?.id;
    expectProblem(await service.anonymous.get(`/v1/listings/${id}`), 404, 'listing.not_found');
    const later = await importRows(source, [importRow()]);
    expect(later.body.results).toMatchObject([{ id, outcome: 'updated', code: null }]);
    expect((await service.anonymous.get(`/v1/listings/${id}`)).status).toBe(200);
  });

  test('rejects invalid rows one by one and stores the others', async () => {
    const source = newSource();
    const rows = [
      importRow({ externalId: 'a' }, { title: 'x'.repeat(201) }),
      importRow({ externalId: 'b' }, { location: { lat: 91, lng: 0 } }),
      importRow({ externalId: 'c', pricing: { basePriceMinor: 0 } }),
      importRow({ externalId: 'd', stayRules: { minNights: 40, maxNights: 30 } }),
      importRow({ externalId: 'e' }, { hostId: host.id }),
      importRow({ externalId: 'f', status: 'published' }),
      importRow({ externalId: 'g', hostId: 'somebody' }),
      importRow({ externalId: 'h' }, { amenities: ['wifi', 'wifi'] }),
      importRow({ externalId: 'i' }, { currency: 'HUF' }),
      importRow({ externalId: 'good' }),
      importRow({ externalId: 'good' }),
      null,
    ];
    const { status, body } = await importRows(source, rows);
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
      ['i', 'refused', 'request.invalid', '/pricing/basePriceMinor'],
      ['good', 'created', null, null],
      ['good', 'refused', 'request.invalid', '/externalId'],
      [null, 'refused', 'request.invalid', ''],
    ]);
    const mine = await service.as(host).get<{ data: { id: string }[] }>('/v1/me/listings?limit=100');
    expect(mine.body.data.map(({ id }) => id)).toContain(body.results[9]?.id);
  });

  test('does not change the listing when a row is rejected', async () => {
    const source = newSource();
    const id = await importOne(source);
    const before = await service.as(host).get(`/v1/listings/${id}`);
    const changes: [unknown, string, string][] = [
      [importRow({}, { title: 'In euros', currency: 'EUR' }), 'listing.currency_fixed', '/content/currency'],
      [importRow({}, { title: 'Nowhere', address: null }), 'listing.incomplete', '/content/address'],
      [importRow({ hostId: aHost().id }, { title: 'Taken over' }), 'listing.forbidden', '/hostId'],
      [
        importRow({ pricing: { basePriceMinor: 49 } }, { title: 'Almost free' }),
        'request.invalid',
        '/pricing/basePriceMinor',
      ],
    ];
    for (const [row, code, pointer] of changes) {
      const { body } = await importRows(source, [row, importRow({ externalId: `beside-${code}` })]);
      expect(body.results).toMatchObject([{ outcome: 'refused', code, pointer }, { outcome: 'created' }]);
    }
    expect((await service.as(host).get(`/v1/listings/${id}`)).body).toEqual(before.body);
  });

  test('keeps a paused listing paused, and rejects changes to an archived one', async () => {
    const source = newSource();
    const id = await importOne(source);
    await service.as(host).post(`/v1/listings/${id}/pause`);
    await importRows(source, [importRow({}, { title: 'Still paused' })]);
    const own = await service.as(host).get(`/v1/listings/${id}`);
    expect(own.body).toMatchObject({ title: 'Still paused', status: 'paused' });
    await service.as(host).post(`/v1/listings/${id}/archive`);
    const late = await importRows(source, [importRow({}, { title: 'Too late' })]);
    expect(late.body.results).toMatchObject([{ outcome: 'refused', code: 'listing.archived' }]);
  });

  test('lets the host pause and republish an imported listing without a photo', async () => {
    const id = await importOne(newSource());
    const act = (action: string) => service.as(host).post<{ status: string }>(`/v1/listings/${id}/${action}`);
    expect((await act('pause')).body).toMatchObject({ status: 'paused' });
    const again = await act('publish');
    expect({ status: again.status, body: again.body }).toMatchObject({
      status: 200,
      body: { status: 'published', photos: [], missing: [] },
    });
    expect((await service.anonymous.get(`/v1/listings/${id}`)).status).toBe(200);
  });

  test('lets the host publish an imported draft without a photo', async () => {
    const { body } = await importRows(newSource(), [importRow({ pricing: undefined })]);
    const path = `/v1/listings/${body.results[0]?.id}`;
    expectProblem(await service.as(host).post(`${path}/publish`), 409, 'listing.incomplete');
    await service.as(host).put(`${path}/pricing`, { basePriceMinor: 7_000 });
    expect((await service.as(host).post(`${path}/publish`)).status).toBe(200);
  });

  test('lets the host edit an imported listing without a photo', async () => {
    const id = await importOne(newSource());
    const res = await service.as(host).patch(`/v1/listings/${id}`, { title: 'Mine' });
    expect(res.body).toMatchObject({ title: 'Mine', status: 'published' });
  });

  test('creates each listing once when a batch is sent three times concurrently', async () => {
    const source = newSource();
    const rows = ['1', '2', '3'].map((externalId) => importRow({ externalId }));
    const responses = await Promise.all([1, 2, 3].map(() => importRows(source, rows)));
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 200]);
    const outcomes = responses.flatMap(({ body }) => body.results.map(({ outcome }) => outcome));
    expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(3);
    expect(outcomes.filter((outcome) => outcome === 'unchanged')).toHaveLength(6);
  });
});

describe('400, 401 and 403', () => {
  test('rejects an invalid batch', async () => {
    expectProblem(await importRows('Elsewhere', [importRow()]), 400, 'request.invalid', '/source');
    expectProblem(await importRows('elsewhere', []), 400, 'request.invalid', '/rows');
  });

  test('rejects anonymous users, guests and hosts', async () => {
    const batch = { source: newSource(), rows: [importRow()] };
    expectProblem(
      await service.anonymous.post('/v1/admin/imports/listings', batch),
      401,
      'auth.missing_token',
    );
    for (const user of [aGuest(), host]) {
      expectProblem(await importRows(batch.source, batch.rows, user), 403, 'auth.forbidden');
    }
  });

  test('never overwrites a listing that was not imported', async () => {
    const { id } = await createPublished(service, host);
    const { body } = await importRows(newSource(), [importRow({ externalId: id })]);
    expect(body.results[0]?.id).not.toBe(id);
  });
});
