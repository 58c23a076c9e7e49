import { randomUUID } from 'node:crypto';
import { expectProblem, type TestService } from '@roost/testing';
import { aHost, createPublished, startListings } from './listings.fixture.js';

let service: TestService;
beforeAll(async () => {
  service = await startListings();
});
afterAll(() => service.close());

const ended = (sessionId: string, reason = 'logout') => ({
  sessionId,
  userId: randomUUID(),
  reason,
  tokensExpireAt: new Date(Date.now() + 600_000).toISOString(),
});

test('rejects the access token of an ended session, over REST and GraphQL, and no other token', async () => {
  const [host, other] = [aHost(), aHost()];
  const { id } = await createPublished(service, host);
  await service.deliver('session.ended', ended(host.sessionId), { times: 2 });
  const patch = { houseRules: 'No shoes.' };
  expectProblem(await service.as(host).patch(`/v1/listings/${id}`, patch), 401, 'auth.invalid_token');
  expectProblem(await service.as(host).get(`/v1/listings/${id}`), 401, 'auth.invalid_token');
  const graph = await service.as(host).post<{ errors: { extensions: { code: string } }[] }>('/graphql', {
    query: '{ __typename }',
  });
  expect([graph.status, graph.body.errors[0]?.extensions.code]).toEqual([401, 'auth.invalid_token']);
  expect((await service.as(other).get('/v1/me/listings')).status).toBe(200);
  expect((await service.anonymous.get(`/v1/listings/${id}`)).status).toBe(200);
});

test('rejects a session that a suspension has ended with account.suspended until the reinstatement', async () => {
  const host = aHost();
  const changed = (status: 'active' | 'suspended') => ({
    userId: host.id,
    displayName: 'Ada',
    locale: 'en',
    roles: ['guest' as const, 'host' as const],
    emailVerified: true,
    status,
  });
  await service.deliver('session.ended', ended(host.sessionId, 'suspended'));
  await service.deliver('user.suspended', changed('suspended'), { version: 4 });
  expectProblem(await service.as(host).get('/v1/me/listings'), 403, 'account.suspended');
  await service.deliver('user.reinstated', changed('active'), { version: 5 });
  expectProblem(await service.as(host).get('/v1/me/listings'), 401, 'auth.invalid_token');
});
