import { expectProblem } from '@roost/testing';
import {
  claimsOf,
  PASSWORD,
  type TestIdentity,
  type TestAccount,
  uniqueAddress,
  startIdentity,
} from './identity.fixture.js';

let identity: TestIdentity;
let ada: TestAccount;
let fresh: string;
beforeAll(async () => {
  identity = await startIdentity();
});
beforeEach(async () => {
  ada = await identity.createUser();
  fresh = uniqueAddress();
});
afterAll(() => identity.close());

const begin = (email: unknown, token = ada.accessToken) =>
  identity.with(token).post('/v1/me/email', { email });
const confirm = (token: unknown) => identity.anonymous.post('/v1/auth/confirm-email-change', { token });
const addressNow = async () => (await identity.with(ada.accessToken).get('/v1/me')).body.email;
const tokens = async (email = fresh) => ({
  old: await identity.mailedToken(ada.email, 'email-change-old'),
  new: await identity.mailedToken(email, 'email-change-new'),
});

describe('204', () => {
  it.each([
    ['old', 'new'],
    ['new', 'old'],
  ] as const)(
    'changes the address after the %s mailbox and the %s one have confirmed',
    async (first, second) => {
      expect((await begin(fresh)).status).toBe(202);
      const issued = await tokens();
      expect((await confirm(issued[first])).status).toBe(204);
      expect(await addressNow()).toBe(ada.email);
      expect((await confirm(issued[second])).status).toBe(204);
      expect(await addressNow()).toBe(fresh);
      expect((await identity.logIn(ada.email, ada.password)).status).toBe(401);
      expect((await identity.logIn(fresh, ada.password)).status).toBe(200);
      expect((await identity.mailsTo(ada.email))[0]?.template).toBe('email-changed');
      expect((await identity.mailsTo(fresh))[0]?.template).toBe('email-changed');
    },
  );

  it('revokes password resets that were mailed to the old address', async () => {
    await identity.anonymous.post('/v1/auth/forgot-password', { email: ada.email });
    const token = await identity.mailedToken(ada.email, 'reset-password');
    await begin(fresh);
    const issued = await tokens();
    await confirm(issued.old);
    await confirm(issued.new);
    const reset = await identity.anonymous.post('/v1/auth/reset-password', {
      token,
      password: 'third password',
    });
    expectProblem(reset, 400, 'auth.link_invalid');
  });

  it('requires only the new mailbox if the old address was never verified, and verifies the account', async () => {
    const mistyped = await identity.register();
    const { body } = await identity.logIn(mistyped, PASSWORD);
    expect((await begin(fresh, body.accessToken)).status).toBe(202);
    expect((await confirm(await identity.mailedToken(fresh, 'email-change-new'))).status).toBe(204);
    const { body: after } = await identity.refresh(body.refreshToken);
    expect(claimsOf(after.accessToken).email_verified).toBe(true);
    expect((await identity.logIn(fresh, PASSWORD)).status).toBe(200);
    const stale = await identity.mailedToken(mistyped, 'verify-email');
    expectProblem(
      await identity.anonymous.post('/v1/auth/verify-email', { token: stale }),
      400,
      'auth.link_invalid',
    );
  });
});

describe('202', () => {
  it('returns the same response for an address with an account, and mails only that address', async () => {
    const bob = await identity.createUser();
    const responses = [await begin(fresh), await begin(bob.email)];
    expect(responses.map(({ status, body }) => [status, body])).toEqual([
      [202, ''],
      [202, ''],
    ]);
    expect((await identity.mailsTo(bob.email)).map((mail) => mail.template)).toEqual(['email-taken']);
    await confirm(await identity.mailedToken(ada.email, 'email-change-old'));
    expect(await addressNow()).toBe(ada.email);
  });

  it('accepts concurrent requests; the last one counts', async () => {
    const requested = Array.from({ length: 5 }, uniqueAddress);
    const responses = await Promise.all(requested.map((address) => begin(address)));
    expect(responses.map((response) => response.status)).toEqual(Array(5).fill(202));
    await confirm(await identity.mailedToken(ada.email, 'email-change-old'));
    const newTokens = await Promise.all(
      requested.map((address) => identity.mailedToken(address, 'email-change-new')),
    );
    for (const token of newTokens) await confirm(token);
    expect(requested).toContain(await addressNow());
  });

  it('mails one address at most ten times an hour', async () => {
    for (let i = 0; i < 12; i++) await begin(fresh);
    expect(await identity.mailsTo(fresh)).toHaveLength(10);
  });
});

describe('400', () => {
  it.each<[string, unknown]>([
    ['a missing address', undefined],
    ['a malformed address', 'nobody'],
    ['an address of 10,000 characters', `a@${'b'.repeat(10_000)}.com`],
  ])('rejects %s', async (_, email) => {
    expectProblem(await begin(email), 400, 'request.invalid', '/email');
  });

  it('rejects the current address', async () => {
    expectProblem(await begin(ada.email.toUpperCase()), 400, 'request.invalid', '/email');
  });

  it('rejects a token of an earlier change', async () => {
    await begin(fresh);
    const earlier = await tokens();
    const later = uniqueAddress();
    await begin(later);
    expectProblem(await confirm(earlier.new), 400, 'auth.link_invalid');
    expectProblem(await confirm(earlier.old), 400, 'auth.link_invalid');
    await confirm(await identity.mailedToken(ada.email, 'email-change-old'));
    expect(await addressNow()).toBe(ada.email);
    await confirm(await identity.mailedToken(later, 'email-change-new'));
    expect(await addressNow()).toBe(later);
  });

  it('rejects a token that was used, has expired, or has another purpose', async () => {
    await begin(fresh);
    const issued = await tokens();
    await confirm(issued.old);
    expectProblem(await confirm(issued.old), 400, 'auth.link_invalid');
    await identity.shiftTime(24 * 3600 + 1);
    expectProblem(await confirm(issued.new), 400, 'auth.link_invalid');
    const email = await identity.register();
    expectProblem(await confirm(await identity.mailedToken(email, 'verify-email')), 400, 'auth.link_invalid');
    expect(await addressNow()).toBe(ada.email);
  });

  it('rejects a confirmation if the address was registered in the meantime', async () => {
    await begin(fresh);
    const issued = await tokens();
    await identity.register(fresh);
    await confirm(issued.new);
    expectProblem(await confirm(issued.old), 400, 'auth.link_invalid');
    expect(await addressNow()).toBe(ada.email);
  });

  it('gives a contested address to one of two accounts', async () => {
    const bob = await identity.createUser();
    await begin(fresh);
    await begin(fresh, bob.accessToken);
    const newTokens = (await identity.mailsTo(fresh)).map((mail) => mail.token);
    for (const token of newTokens) await confirm(token);
    const oldTokens = [
      await identity.mailedToken(ada.email, 'email-change-old'),
      await identity.mailedToken(bob.email, 'email-change-old'),
    ];
    const responses = await Promise.all(oldTokens.map((token) => confirm(token)));
    expect(responses.map((response) => response.status).sort()).toEqual([204, 400]);
    const owners = await identity.service.query('SELECT id FROM user_account WHERE email = $1', [fresh]);
    expect(owners).toHaveLength(1);
  });
});

describe('401 and 403', () => {
  it('401 rejects a request without a token', async () => {
    const response = await identity.anonymous.post('/v1/me/email', { email: fresh });
    expectProblem(response, 401, 'auth.missing_token');
  });

  it('403 rejects a session without a recent step-up', async () => {
    await identity.shiftTime(301);
    const { body } = await identity.refresh(ada.refreshToken);
    expectProblem(await begin(fresh, body.accessToken), 403, 'auth.step_up_required');
  });
});
