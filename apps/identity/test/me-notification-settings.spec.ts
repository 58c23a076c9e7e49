import { expectProblem } from '@roost/testing';
import { createScenario, type BookingScenario } from './notification.fixture.js';
import { type TestIdentity, startIdentity } from './identity.fixture.js';

let identity: TestIdentity;
let scenario: BookingScenario;
beforeAll(async () => {
  identity = await startIdentity();
});
beforeEach(async () => {
  scenario = await createScenario(identity);
});
afterAll(() => identity.close());

const path = '/v1/me/notification-settings';
const all = { checkInReminder: true, reviewReminder: true, reviewPublished: true, newMessage: true };
const none = { checkInReminder: false, reviewReminder: false, reviewPublished: false, newMessage: false };
const guest = () => identity.with(scenario.guest.accessToken);

it('all mails are on by default, and each user has their own settings', async () => {
  expect((await guest().get(path)).body).toEqual(all);
  const response = await guest().put(path, { ...all, reviewReminder: false });
  expect(response).toMatchObject({ status: 200, body: { ...all, reviewReminder: false } });
  expect((await guest().get(path)).body).toEqual({ ...all, reviewReminder: false });
  expect((await identity.with(scenario.host.accessToken).get(path)).body).toEqual(all);
});

it('does not send muted mails, also those scheduled before; sends the others', async () => {
  await scenario.complete();
  await guest().put(path, none);
  await identity.service.clock.set('2027-06-16T13:00:00Z');
  await scenario.publishReview('host_to_guest');
  await scenario.publishReview('guest_to_listing');
  expect(await scenario.mailedTemplates()).toEqual({
    guest: ['booking-confirmed'],
    host: ['review-published', 'review-reminder', 'booking-confirmed'],
  });
});

it('mutes the check-in reminder but not a cancellation', async () => {
  await guest().put(path, none);
  await scenario.confirm();
  await identity.service.clock.set('2027-06-09T14:00:00Z');
  await scenario.deliver('booking.cancelled', 'cancelled', {
    by: 'host',
    refundMinor: 123_456,
    refundLines: [],
    hostPenaltyMinor: 0,
  });
  expect((await scenario.mailedTemplates()).guest).toEqual(['booking-cancelled', 'booking-confirmed']);
});

it('412 rejects an outdated version', async () => {
  const { headers } = await guest().get(path);
  const ifMatch = { 'if-match': String(headers.get('etag')) };
  expect((await guest().put(path, none, ifMatch)).status).toBe(200);
  expectProblem(await guest().put(path, all, ifMatch), 412, 'request.precondition_failed');
  expect((await guest().get(path)).body).toEqual(none);
});

it.each([
  ['unknown fields', { ...all, bookingConfirmed: false }],
  ['missing fields', { checkInReminder: false }],
  ['a setting that is not a boolean', { ...all, reviewReminder: 'no' }],
])('400 rejects %s', async (_, body) => {
  expectProblem(await guest().put(path, body), 400, 'request.invalid');
});

it('401 rejects a request without a token', async () => {
  expectProblem(await identity.anonymous.get(path), 401, 'auth.missing_token');
});
