import { expectProblem, testUser, type TestService, type TestUser } from '@roost/testing';
import { aHost, createDraft, createPublished, startListings } from './listings.fixture.js';

let service: TestService;
let host: TestUser;
beforeAll(async () => {
  service = await startListings();
  host = aHost();
});
afterAll(() => service.close());

const fullRules = {
  minNights: 2,
  maxNights: 28,
  minNightsByWeekday: { fri: 3 },
  minNightsOverrides: [{ from: '2027-12-20', to: '2028-01-03', minNights: 5 }],
  advanceNoticeDays: 1,
  sameDayCutOff: '16:00',
  preparationNights: 1,
  bookingWindowMonths: 9,
  checkInWeekdays: ['fri', 'sat'],
  checkOutWeekdays: null,
};

describe('200', () => {
  test('returns the defaults for a new listing', async () => {
    const id = await createDraft(service, host);
    const got = await service.as(host).get(`/v1/listings/${id}/stay-rules`);
    expect(got.body).toEqual({
      minNights: 1,
      maxNights: 365,
      minNightsByWeekday: {},
      minNightsOverrides: [],
      advanceNoticeDays: 0,
      sameDayCutOff: '18:00',
      preparationNights: 0,
      bookingWindowMonths: 12,
      checkInWeekdays: null,
      checkOutWeekdays: null,
    });
  });

  test('returns the stored rules and publishes an event', async () => {
    const { id } = await createPublished(service, host);
    const put = await service.as(host).put(`/v1/listings/${id}/stay-rules`, fullRules);
    expect(put.body).toEqual(fullRules);
    expect((await service.as(host).get(`/v1/listings/${id}/stay-rules`)).body).toEqual(fullRules);
    expect((await service.published('listing.changed')).at(-1)).toMatchObject({
      listingId: id,
      stayRules: fullRules,
    });
  });
});

describe('400', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['a minimum of 0 nights', { minNights: 0 }, '/minNights'],
    ['a maximum of 10,000 nights', { maxNights: 10_000 }, '/maxNights'],
    ['a minimum above the maximum', { minNights: 5, maxNights: 4 }, '/maxNights'],
    ['an unknown weekday', { minNightsByWeekday: { someday: 2 } }, '/minNightsByWeekday/someday'],
    [
      'an invalid date',
      { minNightsOverrides: [{ from: '2028-02-31', to: '2028-03-02', minNights: 2 }] },
      '/minNightsOverrides/0/from',
    ],
    ['an invalid time', { sameDayCutOff: '24:00' }, '/sameDayCutOff'],
    ['an unknown rule', { maxGuests: 3 }, '/maxGuests'],
    ['an unlimited booking window', { bookingWindowMonths: 1e9 }, '/bookingWindowMonths'],
  ])('rejects %s', async (_, body, pointer) => {
    const id = await createDraft(service, host);
    const res = await service.as(host).put(`/v1/listings/${id}/stay-rules`, body);
    expectProblem(res, 400, 'request.invalid', pointer);
  });
});

describe('403', () => {
  test('rejects a published listing of another host', async () => {
    const { id } = await createPublished(service, host);
    const otherHost = service.as(aHost());
    expectProblem(await otherHost.put(`/v1/listings/${id}/stay-rules`, fullRules), 403, 'listing.forbidden');
  });
});

describe('404', () => {
  test('rejects a draft of another host', async () => {
    const id = await createDraft(service, host);
    const res = await service.as(aHost()).put(`/v1/listings/${id}/stay-rules`, fullRules);
    expectProblem(res, 404, 'listing.not_found');
  });
});

describe('GET', () => {
  const read = (id: string, client = service.anonymous) => client.get(`/v1/listings/${id}/stay-rules`);

  test('200: shows the rules of a published listing to everyone', async () => {
    const { id } = await createPublished(service, host);
    await service.as(host).put(`/v1/listings/${id}/stay-rules`, fullRules);
    for (const client of [service.anonymous, service.as(aHost()), service.as(testUser())])
      expect(await read(id, client)).toMatchObject({ status: 200, body: fullRules });
    const query = 'query ($id: ID!) { stayRules(listingId: $id) { maxNights checkInWeekdays } }';
    const { data } = await service.anonymous.graphql(query, { id });
    expect(data).toEqual({ stayRules: { maxNights: 28, checkInWeekdays: ['fri', 'sat'] } });
  });

  test('404: hides the rules of a draft from everyone but its host and administrators', async () => {
    const id = await createDraft(service, host);
    expect((await read(id, service.as(host))).status).toBe(200);
    expect((await read(id, service.as(testUser({ roles: ['admin'] })))).status).toBe(200);
    for (const client of [service.anonymous, service.as(aHost())])
      expectProblem(await read(id, client), 404, 'listing.not_found');
  });
});

describe('412', () => {
  test('rejects a stale If-Match', async () => {
    const id = await createDraft(service, host);
    const path = `/v1/listings/${id}/stay-rules`;
    const etag = (await service.as(host).get(path)).headers.get('etag') ?? '';
    expect((await service.as(host).put(path, fullRules, { 'if-match': etag })).status).toBe(200);
    const stale = await service.as(host).put(path, { minNights: 9 }, { 'if-match': etag });
    expectProblem(stale, 412, 'request.precondition_failed');
  });
});
