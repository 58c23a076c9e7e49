import { expectProblem } from '@roost/testing';
import { claimsOf, type TestIdentity, startIdentity } from './identity.fixture.js';

let identity: TestIdentity;
beforeAll(async () => {
  identity = await startIdentity();
});
afterAll(() => identity.close());

const becomeHost = (token: string, headers: Record<string, string> = {}) =>
  identity.with(token).post('/v1/me/host', undefined, headers);

describe('200', () => {
  it('adds the role, in the next tokens as well, and publishes the event', async () => {
    const ada = await identity.createUser();
    const response = await becomeHost(ada.accessToken);
    expect(response.status).toBe(200);
    expect(response.body).toMatchObject({ id: ada.id, roles: ['guest', 'host'] });
    const { body } = await identity.refresh(ada.refreshToken);
    expect(claimsOf(body.accessToken).roles).toEqual(['guest', 'host']);
    const events = await identity.service.published('user.became-host');
    expect(events.filter((event) => event.userId === ada.id)).toEqual([
      expect.objectContaining({ roles: ['guest', 'host'] }),
    ]);
  });

  it('adds the role once for concurrent requests', async () => {
    const ada = await identity.createUser();
    const responses = await Promise.all(Array.from({ length: 5 }, () => becomeHost(ada.accessToken)));
    expect(responses.map(({ status, body }) => [status, body.roles])).toEqual(
      Array(5).fill([200, ['guest', 'host']]),
    );
    const events = await identity.service.published('user.became-host');
    expect(events.filter((event) => event.userId === ada.id)).toHaveLength(1);
  });

  it('replays the response for the same idempotency key', async () => {
    const ada = await identity.createUser();
    const key = { 'idempotency-key': 'become-host' };
    const first = await becomeHost(ada.accessToken, key);
    const again = await becomeHost(ada.accessToken, key);
    expect([again.status, again.body]).toEqual([200, first.body]);
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    expect(again.headers.get('idempotent-replayed')).toBe('true');
  });
});

describe('401', () => {
  it('rejects a request without a token', async () => {
    expectProblem(await identity.anonymous.post('/v1/me/host'), 401, 'auth.missing_token');
  });
});

describe('403', () => {
  it('rejects a user with an unverified address until the address is verified and the tokens are refreshed', async () => {
    const email = await identity.register();
    const { body: tokens } = await identity.logIn(email, 'quiet harbour lamp');
    expectProblem(await becomeHost(tokens.accessToken), 403, 'auth.email_unverified');
    await identity.anonymous.post('/v1/auth/verify-email', {
      token: await identity.mailedToken(email, 'verify-email'),
    });
    const { body: fresh } = await identity.refresh(tokens.refreshToken);
    expect((await becomeHost(fresh.accessToken)).status).toBe(200);
  });
});
