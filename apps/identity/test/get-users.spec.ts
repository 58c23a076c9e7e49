import { expectProblem } from '@roost/testing';
import { type TestIdentity, startIdentity } from './identity.fixture.js';

let identity: TestIdentity;
beforeAll(async () => {
  identity = await startIdentity();
});
afterAll(() => identity.close());

const profile = (id: string, headers: Record<string, string> = {}) =>
  identity.anonymous.get(`/v1/users/${id}`, headers);

describe('200', () => {
  it('returns the public profile only', async () => {
    const host = await identity.createUser({ roles: ['host'] });
    const { status, body, headers } = await profile(host.id);
    expect(status).toBe(200);
    expect(body).toEqual({
      id: host.id,
      displayName: expect.any(String) as string,
      avatarUrl: null,
      bio: '',
      languages: [],
      isHost: true,
      phoneVerified: false,
      createdAt: expect.any(String) as string,
    });
    expect(JSON.stringify(body)).not.toContain('@');
    const unchanged = { 'if-none-match': headers.get('etag') ?? '' };
    expect((await profile(host.id, unchanged)).status).toBe(304);
    const about = { bio: 'Born in London', languages: ['en', 'zh-Hant-TW'] };
    await identity.with(host.accessToken).patch('/v1/me', about);
    expect(await profile(host.id, unchanged)).toMatchObject({ status: 200, body: about });
  });
});

describe('400', () => {
  it.each([['1'], ['me'], ['%00'], ['x'.repeat(300)]])('rejects the id %s', async (id) => {
    const response = await profile(id);
    expect([400, 414]).toContain(response.status);
    expectProblem(
      response,
      response.status,
      response.status === 400 ? 'request.invalid' : 'request.uri_too_long',
    );
  });
});

describe('404', () => {
  it('rejects an unknown and a suspended user', async () => {
    expectProblem(await profile('019b0000-0000-7000-8000-000000000000'), 404, 'user.not_found');
    const { id } = await identity.createUser();
    await identity.service.query(`UPDATE user_account SET status = 'suspended' WHERE id = $1`, [id]);
    expectProblem(await profile(id), 404, 'user.not_found');
  });
});
