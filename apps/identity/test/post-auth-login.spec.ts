import { jest } from '@jest/globals';
import { captureStatements, expectProblem } from '@roost/testing';
import argon2 from 'argon2';
import { claimsOf, PASSWORD, type TestIdentity, uniqueAddress, startIdentity } from './identity.fixture.js';

let identity: TestIdentity;
beforeAll(async () => {
  identity = await startIdentity();
});
afterAll(() => identity.close());

const WRONG = 'not the password';
const seconds = () => Math.floor(Date.now() / 1000);

async function failLogIns(email: string, times: number): Promise<number[]> {
  const statuses: number[] = [];
  for (let i = 0; i < times; i++) statuses.push((await identity.logIn(email, WRONG)).status);
  return statuses;
}

describe('200', () => {
  it('returns a token pair with the claims of the user', async () => {
    const email = await identity.register();
    const response = await identity.logIn(email, PASSWORD);
    expect(response.status).toBe(200);
    expect(response.body).toEqual({
      accessToken: expect.any(String) as string,
      refreshToken: expect.stringMatching(/^[\w-]{43}$/) as string,
      tokenType: 'Bearer',
      expiresInSeconds: 600,
    });
    expect(response.headers.get('cache-control')).toContain('no-store');
    const claims = claimsOf(response.body.accessToken);
    expect(Object.keys(claims).sort()).toEqual(
      ['auth_time', 'email_verified', 'exp', 'iat', 'iss', 'roles', 'sid', 'sub'].sort(),
    );
    expect(claims).toMatchObject({ iss: 'roost', roles: ['guest'], email_verified: false });
    expect(claims.exp - claims.iat).toBe(600);
    expect(Math.abs(claims.auth_time - seconds())).toBeLessThan(30);
  });

  it('accepts the address in any case', async () => {
    const email = await identity.register();
    expect((await identity.logIn(email.toUpperCase(), PASSWORD)).status).toBe(200);
  });

  it('accepts a password in composed and decomposed letters', async () => {
    const email = await identity.register(uniqueAddress(), 'caf\u00e9 au lait');
    expect((await identity.logIn(email, 'cafe\u0301 au lait')).status).toBe(200);
  });

  it('accepts concurrent log-ins of one user', async () => {
    const email = await identity.register();
    const responses = await Promise.all(Array.from({ length: 12 }, () => identity.logIn(email, PASSWORD)));
    expect(responses.map((response) => response.status)).toEqual(Array(12).fill(200));
    expect(new Set(responses.map((response) => claimsOf(response.body.accessToken).sid)).size).toBe(12);
  });

  it('resets failures after a success', async () => {
    const email = await identity.register();
    await failLogIns(email, 4);
    expect((await identity.logIn(email, PASSWORD)).status).toBe(200);
    expect(await failLogIns(email, 5)).toEqual(Array(5).fill(401));
  });

  it('stores refresh tokens as hashes', async () => {
    const email = await identity.register();
    const { body } = await identity.logIn(email, PASSWORD);
    const rows = await identity.service.query<{ text: string }>(
      'SELECT t::text AS text FROM refresh_token t',
    );
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.filter(({ text }) => text.includes(body.refreshToken))).toEqual([]);
  });

  it('returns the role admin only after a second factor', async () => {
    const admin = await identity.createUser({ roles: ['admin'] });
    expect(claimsOf(admin.accessToken).roles).toEqual(['guest', 'admin']);
    await identity.service.query('UPDATE user_account SET mfa_exempt = false WHERE id = $1', [admin.id]);
    const { body } = await identity.logIn(admin.email, admin.password);
    expect(claimsOf(body.accessToken).roles).toEqual(['guest']);
  });
});

describe('400', () => {
  it.each<[string, unknown, string]>([
    ['a missing password', { email: 'a@example.com' }, '/password'],
    ['an empty password', { email: 'a@example.com', password: '' }, '/password'],
    [
      'a password of 10,000 characters',
      { email: 'a@example.com', password: 'x'.repeat(10_000) },
      '/password',
    ],
    ['a password of 1 MB', { email: 'a@example.com', password: 'x'.repeat(1_000_000) }, '/password'],
    ['a malformed address', { email: 'a', password: 'x' }, '/email'],
    ['a password with NUL', { email: 'a@example.com', password: 'a\0b' }, '/password'],
    ['an unknown field', { email: 'a@example.com', password: 'x', admin: true }, '/admin'],
  ])('rejects %s', async (_, body, pointer) => {
    expectProblem(await identity.anonymous.post('/v1/auth/login', body), 400, 'request.invalid', pointer);
  });
});

describe('a flood of log-ins from many networks', () => {
  it('leaves connections to other requests', async () => {
    const ada = await identity.createUser();
    let pending = 0;
    const flood = Array.from({ length: 400 }, async (_, n) => {
      pending += 1;
      const client = identity.anonymous.with({ 'x-forwarded-for': `100.${n >> 8}.${n & 255}.7` });
      const { status } = await client.post('/v1/auth/login', { email: uniqueAddress(), password: WRONG });
      pending -= 1;
      return status;
    });
    let reads = 0;
    while (pending > 0) {
      expect((await identity.with(ada.accessToken).get('/v1/me')).status).toBe(200);
      reads += 1;
    }
    // About 20 without the limit: each read waits for a connection behind many log-ins.
    expect(reads).toBeGreaterThan(80);
    expect(new Set(await Promise.all(flood))).toEqual(new Set([401]));
  });
});

describe('401', () => {
  it('returns the same response for a wrong password, an unknown address and an account without a password', async () => {
    const known = await identity.register();
    const withoutPassword = await identity.register();
    await identity.service.query('UPDATE user_account SET password_hash = NULL WHERE email = $1', [
      withoutPassword,
    ]);
    const responses = [];
    for (const email of [known, uniqueAddress(), withoutPassword]) {
      const response = await identity.logIn(email, WRONG);
      expectProblem(response, 401, 'auth.invalid_credentials');
      responses.push({ ...response.body, traceId: '' });
    }
    expect(responses[1]).toEqual(responses[0]);
    expect(responses[2]).toEqual(responses[0]);
  });

  it('does the same work for an unknown address as for a wrong password', async () => {
    const verify = jest.spyOn(argon2, 'verify');
    /** The cost parameters of the hashes that a failed log-in verifies, and its statements about accounts and attempts. */
    const workOf = async (email: string) => {
      verify.mockClear();
      const statements = await captureStatements(() => identity.logIn(email, WRONG));
      return {
        hashes: verify.mock.calls.map(([hash]) => hash.split('$').slice(0, 4)),
        statements: statements
          .map(({ text }) => text.replace(/'[^']*'/g, '?'))
          .filter((text) => /user_account|login_attempt/.test(text)),
      };
    };
    try {
      const known = await workOf(await identity.register());
      expect(known.hashes).toEqual([['', 'argon2id', 'v=19', expect.stringMatching(/^m=\d+,/)]]);
      expect(known.statements.length).toBeGreaterThan(0);
      expect(await workOf(uniqueAddress())).toEqual(known);
    } finally {
      verify.mockRestore();
    }
  });
});

describe('403', () => {
  it('rejects the right password of a suspended account', async () => {
    const { email, password } = await identity.createUser();
    await identity.service.query(`UPDATE user_account SET status = 'suspended' WHERE email = $1`, [email]);
    expectProblem(await identity.logIn(email, password), 403, 'account.suspended');
    expectProblem(await identity.logIn(email, WRONG), 401, 'auth.invalid_credentials');
  });
});

describe('429', () => {
  it('locks after five failures, also for the right password, and returns Retry-After', async () => {
    const email = await identity.register();
    expect(await failLogIns(email, 5)).toEqual(Array(5).fill(401));
    const locked = await identity.logIn(email, PASSWORD);
    expectProblem(locked, 429, 'auth.locked');
    expect(Number(locked.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(locked.headers.get('retry-after'))).toBeLessThanOrEqual(30);
  });

  it('locks an unknown address by the same rule', async () => {
    expect(await failLogIns(uniqueAddress(), 6)).toEqual([401, 401, 401, 401, 401, 429]);
  });

  it('locks for longer with each further failure, and unlocks in time', async () => {
    const email = await identity.register();
    await failLogIns(email, 5);
    const waits: number[] = [];
    for (const wait of [30, 60, 120]) {
      waits.push(Number((await identity.logIn(email, WRONG)).headers.get('retry-after')));
      await identity.shiftTime(wait);
      expect((await identity.logIn(email, WRONG)).status).toBe(401);
    }
    expect(waits[0]).toBeLessThanOrEqual(30);
    expect(waits[1]).toBeGreaterThan(30);
    expect(waits[2]).toBeGreaterThan(60);
    await identity.shiftTime(240);
    expect((await identity.logIn(email, PASSWORD)).status).toBe(200);
  });

  it('counts concurrent failures', async () => {
    const email = await identity.register();
    const responses = await Promise.all(Array.from({ length: 20 }, () => identity.logIn(email, WRONG)));
    expect(responses.filter((response) => response.status === 401)).toHaveLength(5);
    expect(responses.filter((response) => response.status === 429)).toHaveLength(15);
  });

  it('does not lock other addresses', async () => {
    await failLogIns(await identity.register(), 6);
    expect((await identity.logIn(await identity.register(), PASSWORD)).status).toBe(200);
  });

  const logInFrom = (address: string, email: string, password: string, agent = 'node') =>
    identity.anonymous
      .with({ 'x-forwarded-for': address, 'user-agent': agent })
      .post('/v1/auth/login', { email, password });

  it('does not lock the owner out when a stranger fails in another network', async () => {
    const email = await identity.register();
    for (let n = 0; n < 6; n++) await logInFrom(`198.51.100.${n}`, email, WRONG);
    expectProblem(await logInFrom('198.51.100.9', email, PASSWORD), 429, 'auth.locked');
    expect((await logInFrom('192.0.2.1', email, PASSWORD)).status).toBe(200);
  });

  it('a stranger who has to wait fills no count that other networks share', async () => {
    const email = await identity.register();
    await identity.service.query('DELETE FROM login_attempt');
    for (let n = 0; n < 8; n++) {
      await logInFrom('198.51.100.1', email, WRONG);
      await identity.service.query("UPDATE login_attempt SET locked_until = now() - interval '1 s'");
    }
    const counts = await identity.service.query<{ failures: number }>(
      'SELECT failures FROM login_attempt ORDER BY 1',
    );
    // The fifth failure is the first one with a wait.
    expect(counts.map(({ failures }) => failures)).toEqual([4, 8]);
    expect(await identity.service.query('SELECT FROM login_attempt WHERE last_failed_at IS NULL')).toEqual(
      [],
    );
  });

  it('does not lock a known device or a session when strangers fail in many networks', async () => {
    const email = await identity.register();
    const session = await logInFrom('192.0.2.1', email, PASSWORD, 'Phone/1.0');
    const failed: number[] = [];
    for (let n = 0; n < 101; n++) failed.push((await logInFrom(`10.9.${n}.1`, email, WRONG)).status);
    for (let n = 0; n < 6; n++) await logInFrom('192.0.2.7', email, WRONG, 'Another/1.0');
    expect(failed.filter((status) => status === 401)).toHaveLength(100);
    expect(failed.at(-1)).toBe(429);
    const stepUp = identity.with((session.body as { accessToken: string }).accessToken);
    expect((await stepUp.post('/v1/auth/step-up', { password: PASSWORD })).status).toBe(200);
    expect((await logInFrom('192.0.2.1', email, PASSWORD, 'Phone/1.0')).status).toBe(200);
    // A known device is limited as well.
    for (let n = 0; n < 5; n++) await logInFrom('192.0.2.1', email, WRONG, 'Phone/1.0');
    expectProblem(await logInFrom('192.0.2.1', email, PASSWORD, 'Phone/1.0'), 429, 'auth.locked');
  });

  it('does not lock a new device in a network of the owner when strangers fail in many networks', async () => {
    const email = await identity.register();
    await logInFrom('192.0.2.1', email, PASSWORD, 'Phone/1.0');
    for (let n = 0; n < 100; n++) await logInFrom(`10.9.${n}.1`, email, WRONG);
    expectProblem(await logInFrom('203.0.113.1', email, PASSWORD, 'Laptop/1.0'), 429, 'auth.locked');
    expect((await logInFrom('192.0.2.9', email, PASSWORD, 'Laptop/1.0')).status).toBe(200);
  });

  it('counts the networks of one IPv6 site together, so that they do not fill the count of all networks', async () => {
    const email = await identity.register();
    await identity.service.query('DELETE FROM login_attempt');
    const failed: number[] = [];
    for (let n = 0; n < 30; n++) failed.push((await logInFrom(`2001:db8:7:${n}::1`, email, WRONG)).status);
    expect(failed).toEqual([...Array<number>(10).fill(401), ...Array<number>(20).fill(429)]);
    const counts = await identity.service.query<{ failures: number }>(
      'SELECT failures FROM login_attempt WHERE failures > 1 ORDER BY 1',
    );
    // The tenth failure is the first one with a wait.
    expect(counts.map(({ failures }) => failures)).toEqual([9, 10]);
    expect((await logInFrom('2001:db8:8::1', email, PASSWORD)).status).toBe(200);
  });

  it('unlocks with a new password', async () => {
    const email = await identity.register();
    await failLogIns(email, 6);
    await identity.anonymous.post('/v1/auth/forgot-password', { email });
    const token = await identity.mailedToken(email, 'reset-password');
    await identity.anonymous.post('/v1/auth/reset-password', { token, password: 'a fresh password' });
    expect((await identity.logIn(email, 'a fresh password')).status).toBe(200);
  });
});
