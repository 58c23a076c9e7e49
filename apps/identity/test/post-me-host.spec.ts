import { expectProblem } from '@roost/testing';
import { claimsOf, type Identity, startIdentity } from './identity.js';

let identity: Identity;
beforeAll(async () => {
  identity = await startIdentity();
});
afterAll(() => identity.close());

const becomeHost = (token: string, headers: Record<string, string> = {}) =>
  identity.with(token).post('/v1/me/host', undefined, headers);

describe('200', () => {
  it('adds the role, in the next tokens too, and tells the other services', async () => {
    const ada = await identity.person();
    const answer = await becomeHost(ada.accessToken);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ id: ada.id, roles: ['guest', 'host'] });
    const { body } = await identity.refresh(ada.refreshToken);
    expect(claimsOf(body.accessToken).roles).toEqual(['guest', 'host']);
    const events = await identity.service.published('user.became-host');
    expect(events.filter((event) => event.userId === ada.id)).toEqual([
      expect.objectContaining({ roles: ['guest', 'host'] }),
    ]);
  });

  it('changes nothing for a host, also when asked many times at once', async () => {
    const ada = await identity.person();
    const answers = await Promise.all(Array.from({ length: 5 }, () => becomeHost(ada.accessToken)));
    expect(answers.map(({ status, body }) => [status, body.roles])).toEqual(
      Array(5).fill([200, ['guest', 'host']]),
    );
    const events = await identity.service.published('user.became-host');
    expect(events.filter((event) => event.userId === ada.id)).toHaveLength(1);
  });

  it('is replayed for the same idempotency key', async () => {
    const ada = await identity.person();
    const key = { 'idempotency-key': 'become-host' };
    const first = await becomeHost(ada.accessToken, key);
    const again = await becomeHost(ada.accessToken, key);
    expect([again.status, again.body]).toEqual([200, first.body]);
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    expect(again.headers.get('idempotent-replayed')).toBe('true');
  });
});

describe('401', () => {
  it('nobody', async () => {
    expectProblem(await identity.anyone.post('/v1/me/host'), 401, 'auth.missing_token');
  });
});

describe('403', () => {
  it('an address that is not verified; after verifying and refreshing it works', async () => {
    const email = await identity.registered();
    const { body: tokens } = await identity.logIn(email, 'quiet harbour lamp');
    expectProblem(await becomeHost(tokens.accessToken), 403, 'auth.email_unverified');
    await identity.anyone.post('/v1/auth/verify-email', {
      token: await identity.tokenIn(email, 'verify-email'),
    });
    const { body: fresh } = await identity.refresh(tokens.refreshToken);
    expect((await becomeHost(fresh.accessToken)).status).toBe(200);
  });
});
