import { expectProblem } from '@roost/testing';
import { aStory, type Story } from './notifications.fixture.js';
import { type Identity, startIdentity } from './identity.js';

let identity: Identity;
let story: Story;
beforeAll(async () => {
  identity = await startIdentity();
});
beforeEach(async () => {
  story = await aStory(identity);
});
afterAll(() => identity.close());

const path = '/v1/me/notification-settings';
const all = { checkInReminder: true, reviewReminder: true, reviewPublished: true, newMessage: true };
const none = { checkInReminder: false, reviewReminder: false, reviewPublished: false, newMessage: false };
const guest = () => identity.with(story.guest.accessToken);

it('everything is on until somebody turns it off, and each decides for themselves', async () => {
  expect((await guest().get(path)).body).toEqual(all);
  const answer = await guest().put(path, { ...all, reviewReminder: false });
  expect(answer).toMatchObject({ status: 200, body: { ...all, reviewReminder: false } });
  expect((await guest().get(path)).body).toEqual({ ...all, reviewReminder: false });
  expect((await identity.with(story.host.accessToken).get(path)).body).toEqual(all);
});

it('what is muted is not sent, not even what was planned before; the rest is', async () => {
  await story.completed();
  await guest().put(path, none);
  await identity.service.clock.set('2027-06-16T13:00:00Z');
  await story.reviewed('host_to_guest');
  await story.reviewed('guest_to_listing');
  expect(await story.templates()).toEqual({
    guest: ['booking-confirmed'],
    host: ['review-published', 'review-reminder', 'booking-confirmed'],
  });
});

it('a reminder of check-in can be muted, a cancellation can not', async () => {
  await guest().put(path, none);
  await story.confirmed();
  await identity.service.clock.set('2027-06-09T14:00:00Z');
  await story.tell('booking.cancelled', 'cancelled', {
    by: 'host',
    refundMinor: 123_456,
    refundLines: [],
    hostPenaltyMinor: 0,
  });
  expect((await story.templates()).guest).toEqual(['booking-cancelled', 'booking-confirmed']);
});

it('412 when somebody else was faster', async () => {
  const { headers } = await guest().get(path);
  const ifMatch = { 'if-match': String(headers.get('etag')) };
  expect((await guest().put(path, none, ifMatch)).status).toBe(200);
  expectProblem(await guest().put(path, all, ifMatch), 412, 'request.precondition_failed');
  expect((await guest().get(path)).body).toEqual(none);
});

it.each([
  ['unknown fields', { ...all, bookingConfirmed: false }],
  ['missing fields', { checkInReminder: false }],
  ['anything but yes and no', { ...all, reviewReminder: 'no' }],
])('400 for %s', async (_, body) => {
  expectProblem(await guest().put(path, body), 400, 'request.invalid');
});

it('401 without a token', async () => {
  expectProblem(await identity.anyone.get(path), 401, 'auth.missing_token');
});
