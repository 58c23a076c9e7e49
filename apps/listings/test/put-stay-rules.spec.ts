import { expectProblem, type TestService, type TestUser } from '@roost/testing';
import { aHost, givenDraft, givenPublished, startListings } from './given.js';

let service: TestService;
let host: TestUser;
beforeAll(async () => {
  service = await startListings();
  host = aHost();
});
afterAll(() => service.close());

const whole = {
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
  test('a new listing has the defaults', async () => {
    const id = await givenDraft(service, host);
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

  test('gives back what was put, and announces it', async () => {
    const { id } = await givenPublished(service, host);
    const put = await service.as(host).put(`/v1/listings/${id}/stay-rules`, whole);
    expect(put.body).toEqual(whole);
    expect((await service.as(host).get(`/v1/listings/${id}/stay-rules`)).body).toEqual(whole);
    expect((await service.published('listing.changed')).at(-1)).toMatchObject({
      listingId: id,
      stayRules: whole,
    });
  });
});

describe('400', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['no nights', { minNights: 0 }, '/minNights'],
    ['10,000 nights', { maxNights: 10_000 }, '/maxNights'],
    ['more at least than at most', { minNights: 5, maxNights: 4 }, '/maxNights'],
    ['a day that is none', { minNightsByWeekday: { someday: 2 } }, '/minNightsByWeekday/someday'],
    [
      'a date that is none',
      { minNightsOverrides: [{ from: '2028-02-31', to: '2028-03-02', minNights: 2 }] },
      '/minNightsOverrides/0/from',
    ],
    ['a time that is none', { sameDayCutOff: '24:00' }, '/sameDayCutOff'],
    ['an unknown rule', { maxGuests: 3 }, '/maxGuests'],
    ['a window without end', { bookingWindowMonths: 1e9 }, '/bookingWindowMonths'],
  ])('%s', async (_, body, pointer) => {
    const id = await givenDraft(service, host);
    const res = await service.as(host).put(`/v1/listings/${id}/stay-rules`, body);
    expectProblem(res, 400, 'request.invalid', pointer);
  });
});

describe('403', () => {
  test('a published listing of somebody else', async () => {
    const { id } = await givenPublished(service, host);
    const stranger = service.as(aHost());
    expectProblem(await stranger.put(`/v1/listings/${id}/stay-rules`, whole), 403, 'listing.forbidden');
    expectProblem(await stranger.get(`/v1/listings/${id}/stay-rules`), 403, 'listing.forbidden');
  });
});

describe('404', () => {
  test('a draft of somebody else', async () => {
    const id = await givenDraft(service, host);
    const res = await service.as(aHost()).put(`/v1/listings/${id}/stay-rules`, whole);
    expectProblem(res, 404, 'listing.not_found');
  });
});

describe('412', () => {
  test('a stale If-Match', async () => {
    const id = await givenDraft(service, host);
    const path = `/v1/listings/${id}/stay-rules`;
    const etag = (await service.as(host).get(path)).headers.get('etag') ?? '';
    expect((await service.as(host).put(path, whole, { 'if-match': etag })).status).toBe(200);
    const stale = await service.as(host).put(path, { minNights: 9 }, { 'if-match': etag });
    expectProblem(stale, 412, 'request.precondition_failed');
  });
});
