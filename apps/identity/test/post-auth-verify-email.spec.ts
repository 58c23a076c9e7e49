import { expectProblem } from '@roost/testing';
import { claimsOf, GOOD_PASSWORD, type Identity, startIdentity } from './identity.js';

let identity: Identity;
beforeAll(async () => {
  identity = await startIdentity();
});
afterAll(() => identity.close());

const verify = (token: unknown) => identity.anyone.post('/v1/auth/verify-email', { token });

describe('204', () => {
  it('verifies, says so in the next tokens and tells the other services', async () => {
    const email = await identity.registered();
    const before = await identity.logIn(email, GOOD_PASSWORD);
    expect(claimsOf(before.body.accessToken).email_verified).toBe(false);

    const answer = await verify(await identity.tokenIn(email, 'verify-email'));
    expect([answer.status, answer.body]).toEqual([204, '']);

    const after = await identity.refresh(before.body.refreshToken);
    const claims = claimsOf(after.body.accessToken);
    expect(claims.email_verified).toBe(true);
    const events = await identity.service.query<{ version: number; body: object }>(
      `SELECT aggregate_version AS version, body FROM outbox_event WHERE key = $1 ORDER BY xid, id`,
      [claims.sub],
    );
    expect(events.map((event) => Number(event.version))).toEqual([1, 2]);
    expect(events[1]?.body).toMatchObject({ userId: claims.sub, emailVerified: true });
  });

  it('leaves an account alone that was verified by another mail', async () => {
    const email = await identity.registered();
    const first = await identity.tokenIn(email, 'verify-email');
    await identity.registered(email, 'another long password');
    expect((await verify(first)).status).toBe(204);
    expect((await identity.logIn(email, GOOD_PASSWORD)).status).toBe(200);
    expect((await identity.logIn(email, 'another long password')).status).toBe(401);
  });
});

describe('400', () => {
  it('a token that was used', async () => {
    const token = await identity.tokenIn(await identity.registered(), 'verify-email');
    await verify(token);
    expectProblem(await verify(token), 400, 'auth.link_invalid');
  });

  it('one of many uses at once wins', async () => {
    const token = await identity.tokenIn(await identity.registered(), 'verify-email');
    const statuses = (await Promise.all(Array.from({ length: 6 }, () => verify(token)))).map((a) => a.status);
    expect(statuses.sort()).toEqual([204, 400, 400, 400, 400, 400]);
  });

  it('a token older than a day', async () => {
    const token = await identity.tokenIn(await identity.registered(), 'verify-email');
    await identity.later(24 * 3600 + 1);
    expectProblem(await verify(token), 400, 'auth.link_invalid');
  });

  it('a token for something else', async () => {
    const email = await identity.registered();
    await identity.anyone.post('/v1/auth/forgot-password', { email });
    expectProblem(await verify(await identity.tokenIn(email, 'reset-password')), 400, 'auth.link_invalid');
  });

  it('a token nobody issued', async () => {
    expectProblem(await verify('x'.repeat(43)), 400, 'auth.link_invalid');
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['a number', 7],
    ['an empty text', ''],
    ['NUL', 'a\0b'],
    ['10,000 characters', 'x'.repeat(10_000)],
    ['a list', ['a']],
  ])('%s', async (_, token) => {
    expectProblem(await verify(token), 400, 'request.invalid', '/token');
  });
});
