import { expectProblem } from '@roost/testing';
import { claimsOf, type TestIdentity, type TestAccount, startIdentity } from './identity.fixture.js';

let identity: TestIdentity;
let ada: TestAccount;
let token: string;
beforeAll(async () => {
  identity = await startIdentity();
});
beforeEach(async () => {
  ada = await identity.createUser();
  await identity.anonymous.post('/v1/auth/forgot-password', { email: ada.email });
  token = await identity.mailedToken(ada.email, 'reset-password');
});
afterAll(() => identity.close());

const FRESH = 'a fresh password';
const reset = (body: object) => identity.anonymous.post('/v1/auth/reset-password', body);

describe('204', () => {
  it('sets the password, ends every session and mails the owner', async () => {
    const other = await identity.logIn(ada.email, ada.password);
    expect((await reset({ token, password: FRESH })).status).toBe(204);
    expect((await identity.logIn(ada.email, ada.password)).status).toBe(401);
    expect((await identity.logIn(ada.email, FRESH)).status).toBe(200);
    for (const old of [ada.refreshToken, other.body.refreshToken])
      expectProblem(await identity.refresh(old), 401, 'auth.refresh_invalid');
    expectProblem(await identity.with(ada.accessToken).get('/v1/me'), 401, 'auth.invalid_token');
    expect((await identity.mailsTo(ada.email))[0]).toMatchObject({ template: 'password-changed' });
  });

  it('verifies the address, because the token proves access to the mailbox', async () => {
    const email = await identity.register();
    await identity.anonymous.post('/v1/auth/forgot-password', { email });
    await reset({ token: await identity.mailedToken(email, 'reset-password'), password: FRESH });
    const { body } = await identity.logIn(email, FRESH);
    expect(claimsOf(body.accessToken).email_verified).toBe(true);
    const events = await identity.service.published('user.email-verified');
    expect(events.map((event) => event.userId)).toContain(claimsOf(body.accessToken).sub);
  });

  it('ends sessions that are opened concurrently', async () => {
    for (let round = 0; round < 5; round++) {
      const person = await identity.createUser();
      await identity.anonymous.post('/v1/auth/forgot-password', { email: person.email });
      const ownToken = await identity.mailedToken(person.email, 'reset-password');
      const logIns = Array.from({ length: 6 }, () => identity.logIn(person.email, person.password));
      const [resetting, ...opened] = await Promise.all([
        reset({ token: ownToken, password: FRESH }),
        ...logIns,
      ]);
      expect(resetting?.status).toBe(204);
      for (const response of opened) {
        const { refreshToken } = response.body as { refreshToken?: string };
        if (refreshToken) expect((await identity.refresh(refreshToken)).status).toBe(401);
      }
    }
  });
});

describe('400', () => {
  it('rejects a used token and the other tokens of its owner', async () => {
    await identity.anonymous.post('/v1/auth/forgot-password', { email: ada.email });
    const second = await identity.mailedToken(ada.email, 'reset-password');
    await reset({ token, password: FRESH });
    expectProblem(await reset({ token, password: FRESH }), 400, 'auth.link_invalid');
    expectProblem(await reset({ token: second, password: FRESH }), 400, 'auth.link_invalid');
  });

  it('rejects a token older than an hour', async () => {
    await identity.shiftTime(3601);
    expectProblem(await reset({ token, password: FRESH }), 400, 'auth.link_invalid');
  });

  it('rejects a token of a suspended account', async () => {
    await identity.service.query(`UPDATE user_account SET status = 'suspended' WHERE id = $1`, [ada.id]);
    expectProblem(await reset({ token, password: FRESH }), 400, 'auth.link_invalid');
  });

  it('rejects a verification token', async () => {
    const email = await identity.register();
    const other = await identity.mailedToken(email, 'verify-email');
    expectProblem(await reset({ token: other, password: FRESH }), 400, 'auth.link_invalid');
  });

  it.each<[string, object, string]>([
    ['a short password', { password: 'short' }, '/password'],
    ['a password of 10,000 characters', { password: 'ab'.repeat(5_000) }, '/password'],
    ['a missing token', { token: undefined }, '/token'],
    ['an unknown field', { email: 'a@example.com' }, '/email'],
  ])('rejects %s', async (_, part, pointer) => {
    expectProblem(await reset({ token, password: FRESH, ...part }), 400, 'request.invalid', pointer);
  });
});

describe('422', () => {
  it('rejects a common password and does not consume the token', async () => {
    expectProblem(
      await reset({ token, password: 'password123' }),
      422,
      'auth.password_too_common',
      '/password',
    );
    expectProblem(await reset({ token, password: ada.email }), 422, 'auth.password_too_common', '/password');
    expect((await reset({ token, password: FRESH })).status).toBe(204);
  });
});
