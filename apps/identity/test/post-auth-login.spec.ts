import { expectProblem } from '@roost/testing';
import { claimsOf, GOOD_PASSWORD, type Identity, someAddress, startIdentity } from './identity.js';

let identity: Identity;
beforeAll(async () => {
  identity = await startIdentity();
});
afterAll(() => identity.close());

const WRONG = 'not the password';
const seconds = () => Math.floor(Date.now() / 1000);

async function failing(email: string, times: number): Promise<number[]> {
  const statuses: number[] = [];
  for (let i = 0; i < times; i++) statuses.push((await identity.logIn(email, WRONG)).status);
  return statuses;
}

describe('200', () => {
  it('gives a token pair with the claims of the user', async () => {
    const email = await identity.registered();
    const answer = await identity.logIn(email, GOOD_PASSWORD);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      accessToken: expect.any(String) as string,
      refreshToken: expect.stringMatching(/^[\w-]{43}$/) as string,
      tokenType: 'Bearer',
      expiresInSeconds: 600,
    });
    expect(answer.headers.get('cache-control')).toContain('no-store');
    const claims = claimsOf(answer.body.accessToken);
    expect(Object.keys(claims).sort()).toEqual(
      ['auth_time', 'email_verified', 'exp', 'iat', 'iss', 'roles', 'sid', 'sub'].sort(),
    );
    expect(claims).toMatchObject({ iss: 'roost', roles: ['guest'], email_verified: false });
    expect(claims.exp - claims.iat).toBe(600);
    expect(Math.abs(claims.auth_time - seconds())).toBeLessThan(30);
  });

  it('takes the address in any case', async () => {
    const email = await identity.registered();
    expect((await identity.logIn(email.toUpperCase(), GOOD_PASSWORD)).status).toBe(200);
  });

  it('takes a password however its letters were composed', async () => {
    const email = await identity.registered(someAddress(), 'caf\u00e9 au lait');
    expect((await identity.logIn(email, 'cafe\u0301 au lait')).status).toBe(200);
  });

  it('takes many log-ins of one person at once', async () => {
    const email = await identity.registered();
    const answers = await Promise.all(Array.from({ length: 12 }, () => identity.logIn(email, GOOD_PASSWORD)));
    expect(answers.map((answer) => answer.status)).toEqual(Array(12).fill(200));
    expect(new Set(answers.map((answer) => claimsOf(answer.body.accessToken).sid)).size).toBe(12);
  });

  it('forgets mistakes after a success', async () => {
    const email = await identity.registered();
    await failing(email, 4);
    expect((await identity.logIn(email, GOOD_PASSWORD)).status).toBe(200);
    expect(await failing(email, 5)).toEqual(Array(5).fill(401));
  });

  it('keeps refresh tokens hashed', async () => {
    const email = await identity.registered();
    const { body } = await identity.logIn(email, GOOD_PASSWORD);
    const rows = await identity.service.query<{ text: string }>(
      'SELECT t::text AS text FROM refresh_token t',
    );
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.filter(({ text }) => text.includes(body.refreshToken))).toEqual([]);
  });

  it('gives the role of an administrator only after a second factor', async () => {
    const admin = await identity.person({ roles: ['admin'] });
    expect(claimsOf(admin.accessToken).roles).toEqual(['guest', 'admin']);
    await identity.service.query('UPDATE user_account SET mfa_exempt = false WHERE id = $1', [admin.id]);
    const { body } = await identity.logIn(admin.email, admin.password);
    expect(claimsOf(body.accessToken).roles).toEqual(['guest']);
  });
});

describe('400', () => {
  it.each<[string, unknown, string]>([
    ['no password', { email: 'a@example.com' }, '/password'],
    ['an empty password', { email: 'a@example.com', password: '' }, '/password'],
    [
      'a password of 10,000 characters',
      { email: 'a@example.com', password: 'x'.repeat(10_000) },
      '/password',
    ],
    ['an address that is none', { email: 'a', password: 'x' }, '/email'],
    ['a password with NUL', { email: 'a@example.com', password: 'a\0b' }, '/password'],
    ['an unknown field', { email: 'a@example.com', password: 'x', admin: true }, '/admin'],
  ])('%s', async (_, body, pointer) => {
    expectProblem(await identity.anyone.post('/v1/auth/login', body), 400, 'request.invalid', pointer);
  });
});

describe('401', () => {
  it('says the same for a wrong password, an unknown address and an account without a password', async () => {
    const known = await identity.registered();
    const bare = await identity.registered();
    await identity.service.query('UPDATE user_account SET password_hash = NULL WHERE email = $1', [bare]);
    const answers = [];
    for (const email of [known, someAddress(), bare]) {
      const answer = await identity.logIn(email, WRONG);
      expectProblem(answer, 401, 'auth.invalid_credentials');
      answers.push({ ...answer.body, traceId: '' });
    }
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
  });

  it('takes as long for an unknown address as for a wrong password', async () => {
    const people = await Promise.all(Array.from({ length: 9 }, () => identity.registered()));
    const millis = async (email: string) => {
      const start = performance.now();
      await identity.logIn(email, WRONG);
      return performance.now() - start;
    };
    const times: { known: number[]; unknown: number[] } = { known: [], unknown: [] };
    for (const person of people) {
      times.known.push(await millis(person));
      times.unknown.push(await millis(someAddress()));
    }
    const median = (values: number[]) => values.sort((a, b) => a - b)[4] ?? Number.NaN;
    const ratio = median(times.unknown) / median(times.known);
    expect(ratio).toBeGreaterThan(0.5);
    expect(ratio).toBeLessThan(2);
  });
});

describe('403', () => {
  it('a suspended account, for those who know its password', async () => {
    const { email, password } = await identity.person();
    await identity.service.query(`UPDATE user_account SET status = 'suspended' WHERE email = $1`, [email]);
    expectProblem(await identity.logIn(email, password), 403, 'account.suspended');
    expectProblem(await identity.logIn(email, WRONG), 401, 'auth.invalid_credentials');
  });
});

describe('429', () => {
  it('locks after five mistakes, also for the right password, and says for how long', async () => {
    const email = await identity.registered();
    expect(await failing(email, 5)).toEqual(Array(5).fill(401));
    const locked = await identity.logIn(email, GOOD_PASSWORD);
    expectProblem(locked, 429, 'auth.locked');
    expect(Number(locked.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(locked.headers.get('retry-after'))).toBeLessThanOrEqual(30);
  });

  it('locks an unknown address in the same way', async () => {
    expect(await failing(someAddress(), 6)).toEqual([401, 401, 401, 401, 401, 429]);
  });

  it('locks for longer with each further mistake, and opens in time', async () => {
    const email = await identity.registered();
    await failing(email, 5);
    const waits: number[] = [];
    for (const wait of [30, 60, 120]) {
      waits.push(Number((await identity.logIn(email, WRONG)).headers.get('retry-after')));
      await identity.later(wait);
      expect((await identity.logIn(email, WRONG)).status).toBe(401);
    }
    expect(waits[0]).toBeLessThanOrEqual(30);
    expect(waits[1]).toBeGreaterThan(30);
    expect(waits[2]).toBeGreaterThan(60);
    await identity.later(240);
    expect((await identity.logIn(email, GOOD_PASSWORD)).status).toBe(200);
  });

  it('counts guesses that run side by side', async () => {
    const email = await identity.registered();
    const answers = await Promise.all(Array.from({ length: 20 }, () => identity.logIn(email, WRONG)));
    expect(answers.filter((answer) => answer.status === 401)).toHaveLength(5);
    expect(answers.filter((answer) => answer.status === 429)).toHaveLength(15);
  });

  it('locks nobody else', async () => {
    await failing(await identity.registered(), 6);
    expect((await identity.logIn(await identity.registered(), GOOD_PASSWORD)).status).toBe(200);
  });

  it('opens with a new password', async () => {
    const email = await identity.registered();
    await failing(email, 6);
    await identity.anyone.post('/v1/auth/forgot-password', { email });
    const token = await identity.tokenIn(email, 'reset-password');
    await identity.anyone.post('/v1/auth/reset-password', { token, password: 'a fresh password' });
    expect((await identity.logIn(email, 'a fresh password')).status).toBe(200);
  });
});
