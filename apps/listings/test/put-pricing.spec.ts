import { expectProblem, type TestService, type TestUser } from '@roost/testing';
import {
  aGuest,
  aHost,
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

const fullPricing = {
  basePriceMinor: 12_000,
  weekendPriceMinor: 15_000,
  weekendDays: ['fri', 'sat'],
  overrides: [{ from: '2027-12-24', to: '2027-12-27', priceMinor: 30_000 }],
  discounts: {
    weeklyBps: 500,
    monthlyBps: 2_000,
    earlyBird: { days: 60, bps: 300 },
    lastMinute: { days: 7, bps: 1_000 },
  },
  cleaningFeeMinor: 4_000,
  extraGuest: { above: 2, perNightMinor: 1_500 },
  minNightMinor: 9_000,
  taxes: [
    {
      name: 'Occupancy tax',
      kind: 'percent',
      bps: 400,
      amountMinor: 0,
      exemptAboveNights: 29,
      maxNights: 21,
      exemptUnderAge: null,
    },
  ],
};

describe('200', () => {
  test('returns the stored price rules to the host', async () => {
    const id = await createDraft(service, host);
    const put = await service.as(host).put(`/v1/listings/${id}/pricing`, fullPricing);
    expect(put.status).toBe(200);
    expect(put.body).toEqual(fullPricing);
    const got = await service.as(host).get(`/v1/listings/${id}/pricing`);
    expect(got.body).toEqual(fullPricing);
    expect(got.headers.get('etag')).toBe(put.headers.get('etag'));
  });

  test('applies defaults to omitted fields', async () => {
    const id = await createDraft(service, host);
    const put = await service.as(host).put(`/v1/listings/${id}/pricing`, { basePriceMinor: 5_000 });
    expect(put.body).toMatchObject({
      basePriceMinor: 5_000,
      weekendPriceMinor: null,
      cleaningFeeMinor: 0,
      taxes: [],
    });
  });

  test('publishes one event per change, and none when nothing changes', async () => {
    const { id } = await createPublished(service, host);
    const before = (await service.published('listing.changed')).length;
    await service.as(host).put(`/v1/listings/${id}/pricing`, fullPricing);
    await service.as(host).put(`/v1/listings/${id}/pricing`, fullPricing);
    const published = (await service.published('listing.changed')).slice(before);
    expect(published).toHaveLength(1);
    expect(published[0]).toMatchObject({ listingId: id, status: 'published', pricing: fullPricing });
  });
});

test('200: completes taxes that were stored before maxNights existed', async () => {
  const id = await createDraft(service, host);
  const path = `/v1/listings/${id}/pricing`;
  await service.as(host).put(path, fullPricing);
  await service.query(`UPDATE listing SET pricing = pricing #- '{taxes,0,maxNights}' WHERE id = $1`, [id]);
  const { body } = await service.as(host).get<{ taxes: object[] }>(path);
  expect(body.taxes).toMatchObject([{ name: 'Occupancy tax', maxNights: null }]);
});

describe('400', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['a price of zero', { basePriceMinor: 0 }, '/basePriceMinor'],
    ['a negative price', { basePriceMinor: -1 }, '/basePriceMinor'],
    ['a fraction of a cent', { basePriceMinor: 100.5 }, '/basePriceMinor'],
    ['a price above the maximum', { basePriceMinor: 1e18 }, '/basePriceMinor'],
    ['a price as text', { basePriceMinor: '100' }, '/basePriceMinor'],
    [
      'an invalid date',
      { overrides: [{ from: '2028-02-31', to: '2028-03-02', priceMinor: 1 }] },
      '/overrides/0/from',
    ],
    [
      'reversed dates',
      { overrides: [{ from: '2028-03-02', to: '2028-03-01', priceMinor: 1 }] },
      '/overrides/0/to',
    ],
    [
      'an instant instead of a date',
      { overrides: [{ from: '2028-03-02T00:00:00Z', to: '2028-03-05', priceMinor: 1 }] },
      '/overrides/0/from',
    ],
    ['a discount above 100 %', { discounts: { weeklyBps: 10_001 } }, '/discounts/weeklyBps'],
    ['a currency', { currency: 'EUR' }, '/currency'],
    ['an unknown tax', { taxes: [{ name: 'T', kind: 'poll' }] }, '/taxes/0/kind'],
    ['a NUL in the name of a tax', { taxes: [{ name: 'a\u0000', kind: 'percent' }] }, '/taxes/0/name'],
    [
      'an invisible name of a tax',
      { taxes: [{ name: '\u200b\u2060\u3164', kind: 'percent' }] },
      '/taxes/0/name',
    ],
    ['an unknown day', { weekendDays: ['someday'] }, '/weekendDays/0'],
  ])('rejects %s', async (_, change, pointer) => {
    const id = await createDraft(service, host);
    const res = await service.as(host).put(`/v1/listings/${id}/pricing`, pricingInput(change));
    expectProblem(res, 400, 'request.invalid', pointer);
    const got = await service.as(host).get(`/v1/listings/${id}/pricing`);
    expectProblem(got, 404, 'listing.pricing_not_set');
  });

  test.each<[string, Record<string, unknown>, string]>([
    ['USD', { basePriceMinor: 49 }, '/basePriceMinor'],
    ['USD', { basePriceMinor: 100_000_000 }, '/basePriceMinor'],
    [
      'USD',
      { overrides: [{ from: '2028-03-02', to: '2028-03-05', priceMinor: 1 }] },
      '/overrides/0/priceMinor',
    ],
    ['USD', { cleaningFeeMinor: 100_000_000 }, '/cleaningFeeMinor'],
    ['JPY', { basePriceMinor: 49 }, '/basePriceMinor'],
    ['JPY', { weekendPriceMinor: 100_000_000 }, '/weekendPriceMinor'],
    ['KWD', { basePriceMinor: 100_000_000 }, '/basePriceMinor'],
  ])('rejects prices that no payment in %s can have: %j', async (currency, change, pointer) => {
    const id = await createDraft(service, host, { currency });
    const path = `/v1/listings/${id}/pricing`;
    const res = await service.as(host).put(path, pricingInput(change));
    expectProblem(res, 400, 'request.invalid', pointer);
    expectProblem(await service.as(host).get(path), 404, 'listing.pricing_not_set');
    expect((await service.as(host).put(path, pricingInput())).status).toBe(200);
  });
});

describe('403', () => {
  test('rejects reading and writing the prices of another host’s published listing', async () => {
    const { id } = await createPublished(service, host);
    const otherHost = service.as(aHost());
    expectProblem(
      await otherHost.put(`/v1/listings/${id}/pricing`, pricingInput()),
      403,
      'listing.forbidden',
    );
    expectProblem(await otherHost.get(`/v1/listings/${id}/pricing`), 403, 'listing.forbidden');
    expectProblem(await service.as(aGuest()).get(`/v1/listings/${id}/pricing`), 403, 'auth.forbidden');
  });
});

describe('404', () => {
  test('rejects a draft of another host', async () => {
    const id = await createDraft(service, host);
    const otherHost = service.as(aHost());
    expectProblem(
      await otherHost.put(`/v1/listings/${id}/pricing`, pricingInput()),
      404,
      'listing.not_found',
    );
    expectProblem(await otherHost.get(`/v1/listings/${id}/pricing`), 404, 'listing.not_found');
  });
});

describe('412', () => {
  test('rejects a stale If-Match', async () => {
    const id = await createDraft(service, host);
    const path = `/v1/listings/${id}/pricing`;
    const etag = (await service.as(host).put(path, pricingInput())).headers.get('etag') ?? '';
    const fresh = await service.as(host).put(path, fullPricing, { 'if-match': etag });
    expect(fresh.status).toBe(200);
    const stale = await service.as(host).put(path, pricingInput(), { 'if-match': etag });
    expectProblem(stale, 412, 'request.precondition_failed');
    expect((await service.as(host).get(path)).body).toEqual(fullPricing);
  });
});
