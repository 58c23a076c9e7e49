import { expectProblem } from '@roost/testing';
import {
  claimsOf,
  GOOD_PASSWORD,
  type Identity,
  type Person,
  someAddress,
  startIdentity,
} from './identity.js';

let identity: Identity;
let ada: Person;
let fresh: string;
beforeAll(async () => {
  identity = await startIdentity();
});
beforeEach(async () => {
  ada = await identity.person();
  fresh = someAddress();
});
afterAll(() => identity.close());

const begin = (email: unknown, token = ada.accessToken) =>
  identity.with(token).post('/v1/me/email', { email });
const confirm = (token: unknown) => identity.anyone.post('/v1/auth/confirm-email-change', { token });
const addressNow = async () => (await identity.with(ada.accessToken).get('/v1/me')).body.email;
const tokens = async (email = fresh) => ({
  old: await identity.tokenIn(ada.email, 'email-change-old'),
  new: await identity.tokenIn(email, 'email-change-new'),
});

describe('204', () => {
  it.each([
    ['old', 'new'],
    ['new', 'old'],
  ] as const)('the %s mailbox confirms, then the %s one: only then it changes', async (first, second) => {
    expect((await begin(fresh)).status).toBe(202);
    const given = await tokens();
    expect((await confirm(given[first])).status).toBe(204);
    expect(await addressNow()).toBe(ada.email);
    expect((await confirm(given[second])).status).toBe(204);
    expect(await addressNow()).toBe(fresh);
    expect((await identity.logIn(ada.email, ada.password)).status).toBe(401);
    expect((await identity.logIn(fresh, ada.password)).status).toBe(200);
    expect((await identity.mailsTo(ada.email))[0]?.template).toBe('email-changed');
    expect((await identity.mailsTo(fresh))[0]?.template).toBe('email-changed');
  });

  it('mails for a new password that went to the old mailbox are worthless afterwards', async () => {
    await identity.anyone.post('/v1/auth/forgot-password', { email: ada.email });
    const token = await identity.tokenIn(ada.email, 'reset-password');
    await begin(fresh);
    const given = await tokens();
    await confirm(given.old);
    await confirm(given.new);
    const reset = await identity.anyone.post('/v1/auth/reset-password', {
      token,
      password: 'third password',
    });
    expectProblem(reset, 400, 'auth.link_invalid');
  });

  it('an address that was never verified needs only the new mailbox, which verifies it', async () => {
    const mistyped = await identity.registered();
    const { body } = await identity.logIn(mistyped, GOOD_PASSWORD);
    expect((await begin(fresh, body.accessToken)).status).toBe(202);
    expect((await confirm(await identity.tokenIn(fresh, 'email-change-new'))).status).toBe(204);
    const { body: after } = await identity.refresh(body.refreshToken);
    expect(claimsOf(after.accessToken).email_verified).toBe(true);
    expect((await identity.logIn(fresh, GOOD_PASSWORD)).status).toBe(200);
    const stale = await identity.tokenIn(mistyped, 'verify-email');
    expectProblem(
      await identity.anyone.post('/v1/auth/verify-email', { token: stale }),
      400,
      'auth.link_invalid',
    );
  });
});

describe('202', () => {
  it('says the same for an address that has an account, and tells only its mailbox', async () => {
    const bob = await identity.person();
    const answers = [await begin(fresh), await begin(bob.email)];
    expect(answers.map(({ status, body }) => [status, body])).toEqual([
      [202, ''],
      [202, ''],
    ]);
    expect((await identity.mailsTo(bob.email)).map((mail) => mail.template)).toEqual(['email-taken']);
    await confirm(await identity.tokenIn(ada.email, 'email-change-old'));
    expect(await addressNow()).toBe(ada.email);
  });

  it('takes many wishes at once; the last one counts', async () => {
    const wishes = Array.from({ length: 5 }, someAddress);
    const answers = await Promise.all(wishes.map((wish) => begin(wish)));
    expect(answers.map((answer) => answer.status)).toEqual(Array(5).fill(202));
    await confirm(await identity.tokenIn(ada.email, 'email-change-old'));
    const news = await Promise.all(wishes.map((wish) => identity.tokenIn(wish, 'email-change-new')));
    for (const token of news) await confirm(token);
    expect(wishes).toContain(await addressNow());
  });

  it('mails nobody more than ten times an hour', async () => {
    for (let i = 0; i < 12; i++) await begin(fresh);
    expect(await identity.mailsTo(fresh)).toHaveLength(10);
  });
});

describe('400', () => {
  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['no address', 'nobody'],
    ['10,000 characters', `a@${'b'.repeat(10_000)}.com`],
  ])('%s', async (_, email) => {
    expectProblem(await begin(email), 400, 'request.invalid', '/email');
  });

  it('the present address', async () => {
    expectProblem(await begin(ada.email.toUpperCase()), 400, 'request.invalid', '/email');
  });

  it('a token of an earlier change confirms nothing of a later one', async () => {
    await begin(fresh);
    const earlier = await tokens();
    const later = someAddress();
    await begin(later);
    expectProblem(await confirm(earlier.new), 400, 'auth.link_invalid');
    expectProblem(await confirm(earlier.old), 400, 'auth.link_invalid');
    await confirm(await identity.tokenIn(ada.email, 'email-change-old'));
    expect(await addressNow()).toBe(ada.email);
    await confirm(await identity.tokenIn(later, 'email-change-new'));
    expect(await addressNow()).toBe(later);
  });

  it('a token that was used, is older than a day, or is for something else', async () => {
    await begin(fresh);
    const given = await tokens();
    await confirm(given.old);
    expectProblem(await confirm(given.old), 400, 'auth.link_invalid');
    await identity.later(24 * 3600 + 1);
    expectProblem(await confirm(given.new), 400, 'auth.link_invalid');
    const email = await identity.registered();
    expectProblem(await confirm(await identity.tokenIn(email, 'verify-email')), 400, 'auth.link_invalid');
    expect(await addressNow()).toBe(ada.email);
  });

  it('an address that somebody registered in the meantime', async () => {
    await begin(fresh);
    const given = await tokens();
    await identity.registered(fresh);
    await confirm(given.new);
    expectProblem(await confirm(given.old), 400, 'auth.link_invalid');
    expect(await addressNow()).toBe(ada.email);
  });

  it('one of two accounts that want the same address gets it', async () => {
    const bob = await identity.person();
    await begin(fresh);
    await begin(fresh, bob.accessToken);
    const news = (await identity.mailsTo(fresh)).map((mail) => mail.token);
    for (const token of news) await confirm(token);
    const olds = [
      await identity.tokenIn(ada.email, 'email-change-old'),
      await identity.tokenIn(bob.email, 'email-change-old'),
    ];
    const answers = await Promise.all(olds.map((token) => confirm(token)));
    expect(answers.map((answer) => answer.status).sort()).toEqual([204, 400]);
    const owners = await identity.service.query('SELECT id FROM user_account WHERE email = $1', [fresh]);
    expect(owners).toHaveLength(1);
  });
});

describe('401 and 403', () => {
  it('nobody', async () => {
    const answer = await identity.anyone.post('/v1/me/email', { email: fresh });
    expectProblem(answer, 401, 'auth.missing_token');
  });

  it('without a fresh proof', async () => {
    await identity.later(301);
    const { body } = await identity.refresh(ada.refreshToken);
    expectProblem(await begin(fresh, body.accessToken), 403, 'auth.step_up_required');
  });
});
