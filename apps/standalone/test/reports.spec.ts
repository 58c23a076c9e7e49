import { jest } from '@jest/globals';
import { aPublishedListing, eventually, expectProblem, TestClient } from '@roost/testing';
import { freshEnvironment, run, stopAll } from './launcher.js';

jest.setTimeout(300_000);

const TIMEOUT = { seconds: 60 };

let anonymous: TestClient;
let guest: TestClient;
let host: TestClient;
let admin: TestClient;
let listingId: string;

const as = async (...roles: string[]): Promise<TestClient> => {
  const made = await anonymous.post<{ accessToken: string }>('/dev/users', { roles, emailVerified: true });
  return anonymous.with({ authorization: `Bearer ${made.body.accessToken}` });
};

beforeAll(async () => {
  const env = await freshEnvironment();
  await run({ ...env, RATE_LIMIT_PER_MINUTE: '0', LOG_LEVEL: 'error' }).prints('Roost is ready');
  anonymous = new TestClient(`http://127.0.0.1:${env.PORT}`);
  [guest, host, admin] = [await as('guest'), await as('guest', 'host'), await as('guest', 'admin')];
  listingId = await aPublishedListing(host);
});
afterAll(stopAll);

const report = (reporter: TestClient, subjectType: string, subjectId: string) =>
  reporter.post('/v1/reports', { subjectType, subjectId, reason: 'scam' });

const contentOf = async (subjectId: string): Promise<unknown> => {
  const response = await admin.get<{ data: { subject: { content: unknown } }[] }>(
    `/v1/admin/reports?subjectId=${subjectId}`,
  );
  return response.body.data[0]?.subject.content;
};

test('a listing is reported with its texts; a draft does not exist for others', async () => {
  expect(await report(guest, 'listing', listingId)).toMatchObject({ status: 201 });
  expect(await contentOf(listingId)).toMatchObject({
    title: 'A flat at the end of the line',
    description: 'Quiet, at the end of the line.',
  });
  expectProblem(await report(host, 'listing', listingId), 409, 'report.subject_is_own');
  const draft = await host.post<{ id: string }>('/v1/listings', {
    ...{ title: 'A draft', propertyType: 'apartment', roomType: 'entire_home' },
  });
  expect(draft.status).toBe(201);
  expectProblem(await report(guest, 'listing', draft.body.id), 404, 'listing.not_found');
});

test('a message is reported by its recipient, and by no other user', async () => {
  // The listing reaches bookings by event.
  const { id: threadId, lastMessage } = await eventually(async () => {
    const response = await guest.post<{ id: string; lastMessage: { id: string } }>(
      `/v1/listings/${listingId}/threads`,
      { text: 'Pay me outside, a@example.com' },
    );
    expect(response.status).toBe(201);
    return response.body;
  }, TIMEOUT);
  expect(await report(host, 'message', lastMessage.id)).toMatchObject({ status: 201 });
  const content = (await contentOf(lastMessage.id)) as { text: string };
  expect(content.text).toMatch(/^Pay me outside, \[/);
  expectProblem(await report(guest, 'message', lastMessage.id), 409, 'report.subject_is_own');
  expectProblem(await report(await as('guest'), 'message', lastMessage.id), 404, 'message.not_found');
  const thread = await admin.get(`/v1/admin/threads/${threadId}?reason=report`);
  expect(thread.body).toMatchObject({ messages: { data: [{ text: 'Pay me outside, a@example.com' }] } });
});

test('an imported review is reported with its text, hidden and restored', async () => {
  const imported = await admin.post<{ results: { id: string }[] }>('/v1/admin/imports/reviews', {
    source: 'elsewhere',
    rows: [{ externalId: '1', listingId, authorName: 'Ada', text: 'Awful people', writtenAt: '2026-01-02' }],
  });
  const id = imported.body.results[0]?.id ?? '';
  expect(await report(guest, 'review', id)).toMatchObject({ status: 201 });
  expect(await contentOf(id)).toEqual({ text: 'Awful people' });
  const shown = async () =>
    (
      await guest.get<{ rating: object | null; externalCount: number; data: { id: string }[] }>(
        `/v1/listings/${listingId}/reviews`,
      )
    ).body;
  expect(await shown()).toMatchObject({ rating: null, externalCount: 1, data: [{ id }] });

  // The event of the hidden review upholds the report, which has no administrator then.
  expect(await admin.post(`/v1/admin/reviews/${id}/hide`, { reason: 'Insults' })).toMatchObject({
    status: 204,
  });
  expect(await shown()).toMatchObject({ rating: null, externalCount: 0, data: [] });
  await eventually(async () => {
    const { body } = await admin.get(`/v1/admin/reports?status=upheld&subjectId=${id}`);
    expect(body).toMatchObject({ data: [{ status: 'upheld' }] });
  }, TIMEOUT);
  expect(await admin.post(`/v1/admin/reviews/${id}/restore`)).toMatchObject({ status: 204 });
  expect(await shown()).toMatchObject({ rating: null, externalCount: 1, data: [{ id }] });
});
