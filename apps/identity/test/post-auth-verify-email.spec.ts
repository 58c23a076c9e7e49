import { expectProblem } from '@roost/testing';
import { claimsOf, PASSWORD, type TestIdentity, startIdentity } from './identity.fixture.js';

let identity: TestIdentity;
beforeAll(async () => {
  identity = await startIdentity();
});
afterAll(() => identity.close());

const verify = (token: unknown) => identity.anonymous.post('/v1/auth/verify-email', { token });

describe('204', () => {
  it('verifies the address, in the next tokens as well, and publishes the event', async () => {
    const email = await identity.register();
    const before = await identity.logIn(email, PASSWORD);
    expect(claimsOf(before.body.accessToken).email_verified).toBe(false);

    const response = await verify(await identity.mailedToken(email, 'verify-email'));
    expect([response.status, response.body]).toEqual([204, '']);

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

  it('does not apply the credentials of another registration', async () => {
    const email = await identity.register();
    const first = await identity.mailedToken(email, 'verify-email');
    await identity.register(email, 'another long password');
    expect((await verify(first)).status).toBe(204);
    expect((await identity.logIn(email, PASSWORD)).status).toBe(200);
    expect((await identity.logIn(email, 'another long password')).status).toBe(401);
  });
});

describe('400', () => {
  it('rejects a used token', async () => {
    const token = await identity.mailedToken(await identity.register(), 'verify-email');
    await verify(token);
    expectProblem(await verify(token), 400, 'auth.link_invalid');
  });

  it('accepts one of many concurrent uses', async () => {
    const token = await identity.mailedToken(await identity.register(), 'verify-email');
    const statuses = (await Promise.all(Array.from({ length: 6 }, () => verify(token)))).map((a) => a.status);
    expect(statuses.sort()).toEqual([204, 400, 400, 400, 400, 400]);
  });

  it('rejects a token older than a day', async () => {
    const token = await identity.mailedToken(await identity.register(), 'verify-email');
    await identity.shiftTime(24 * 3600 + 1);
    expectProblem(await verify(token), 400, 'auth.link_invalid');
  });

  it('rejects a token with another purpose', async () => {
    const email = await identity.register();
    await identity.anonymous.post('/v1/auth/forgot-password', { email });
    expectProblem(
      await verify(await identity.mailedToken(email, 'reset-password')),
      400,
      'auth.link_invalid',
    );
  });

  it('rejects a token of an account that was erased meanwhile', async () => {
    const email = await identity.register();
    const token = await identity.mailedToken(email, 'verify-email');
    await identity.service.query(`UPDATE user_account SET status = 'erased' WHERE email = $1`, [email]);
    expectProblem(await verify(token), 400, 'auth.link_invalid');
  });

  it('rejects an unknown token', async () => {
    expectProblem(await verify('x'.repeat(43)), 400, 'auth.link_invalid');
  });

  it.each<[string, unknown]>([
    ['a missing token', undefined],
    ['a number', 7],
    ['an empty text', ''],
    ['a token with NUL', 'a\0b'],
    ['a token of 10,000 characters', 'x'.repeat(10_000)],
    ['a list', ['a']],
  ])('rejects %s', async (_, token) => {
    expectProblem(await verify(token), 400, 'request.invalid', '/token');
  });
});
