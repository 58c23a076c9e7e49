import { expectProblem } from '@roost/testing';
import { currentTotp } from './authenticator.fixture.js';
import {
  claimsOf,
  type TestIdentity,
  type TestAccount,
  startIdentity,
  type Tokens,
} from './identity.fixture.js';

let identity: TestIdentity;
let ada: TestAccount;
beforeAll(async () => {
  identity = await startIdentity();
});
beforeEach(async () => {
  ada = await identity.createUser();
});
afterAll(() => identity.close());

const begin = (token = ada.accessToken) =>
  identity.with(token).post<{ secret: string; otpauthUrl: string }>('/v1/me/mfa/totp');
const confirm = (code: unknown, token = ada.accessToken) =>
  identity.with(token).post<{ recoveryCodes: string[] }>('/v1/me/mfa/totp/confirm', { code });
const remove = (token = ada.accessToken) => identity.with(token).delete('/v1/me/mfa/totp');
const pass = (mfaToken: unknown, code: unknown) =>
  identity.anonymous.post<Tokens>('/v1/auth/mfa', { mfaToken, code });
/** Valid after an enrolment, which has used the code of its period. The period may end before a code is checked. */
const nextCode = (secret: string) => currentTotp(secret, 1);
const wrong = (code: string) => String((Number(code) + 500_000) % 1_000_000).padStart(6, '0');

async function enrolled(person = ada): Promise<{ secret: string; recoveryCodes: string[] }> {
  const { secret } = (await begin(person.accessToken)).body;
  const response = await confirm(currentTotp(secret), person.accessToken);
  expect(response.status).toBe(200);
  return { secret, recoveryCodes: response.body.recoveryCodes };
}

async function challenge(person = ada): Promise<string> {
  const { status, body } = await identity.logIn(person.email, person.password);
  expect([status, Object.keys(body)]).toEqual([200, ['mfaToken']]);
  return body.mfaToken as string;
}

describe('POST /v1/me/mfa/totp 201', () => {
  it('returns a secret, which has no effect until it is confirmed', async () => {
    const response = await begin();
    expect(response.status).toBe(201);
    expect(response.headers.get('cache-control')).toContain('no-store');
    const url = new URL(response.body.otpauthUrl);
    expect(url.searchParams.get('secret')).toBe(response.body.secret);
    expect(decodeURIComponent(url.pathname)).toContain(ada.email);
    expect((await identity.logIn(ada.email, ada.password)).body.accessToken).toBeDefined();
    const [row] = await identity.service.query<{ text: string }>('SELECT t::text AS text FROM totp_factor t');
    expect(row?.text).not.toContain(response.body.secret);
  });

  it('409 if the second factor is active', async () => {
    await enrolled();
    expectProblem(await begin(), 409, 'auth.mfa_already_enabled');
    expectProblem(await confirm('000000'), 409, 'auth.mfa_already_enabled');
  });
});

describe('POST /v1/me/mfa/totp 403', () => {
  it('rejects to enrol and to confirm an authenticator without a recent step-up', async () => {
    const { secret } = (await begin()).body;
    await identity.shiftTime(301);
    const stale = (await identity.refresh(ada.refreshToken)).body.accessToken;
    expectProblem(await begin(stale), 403, 'auth.step_up_required');
    expectProblem(await confirm(currentTotp(secret), stale), 403, 'auth.step_up_required');
    const stepped = await identity
      .with(stale)
      .post<{ accessToken: string }>('/v1/auth/step-up', { password: ada.password });
    expect((await confirm(currentTotp(secret), stepped.body.accessToken)).status).toBe(200);
  });
});

describe('POST /v1/me/mfa/totp/confirm', () => {
  it('200: activates the second factor, returns ten recovery codes, and mails the owner', async () => {
    const { recoveryCodes } = await enrolled();
    expect(new Set(recoveryCodes).size).toBe(10);
    expect((await identity.with(ada.accessToken).get('/v1/me')).body.mfaEnabled).toBe(true);
    expect((await identity.mailsTo(ada.email))[0]?.template).toBe('mfa-enabled');
    const rows = await identity.service.query<{ text: string }>(
      'SELECT t::text AS text FROM recovery_code t',
    );
    for (const { text } of rows) for (const code of recoveryCodes) expect(text).not.toContain(code);
  });

  it('400: rejects a malformed code', async () => {
    await begin();
    for (const code of [undefined, 7, '', '12345', 'x'.repeat(10_000)])
      expectProblem(await confirm(code), 400, 'request.invalid', '/code');
  });

  it('401: rejects a wrong code and a code of an earlier secret', async () => {
    const first = (await begin()).body.secret;
    const second = (await begin()).body.secret;
    expectProblem(await confirm(wrong(currentTotp(second))), 403, 'auth.wrong_code');
    expectProblem(await confirm(currentTotp(first)), 403, 'auth.wrong_code');
    expect((await confirm(currentTotp(second))).status).toBe(200);
  });

  it('409: rejects a confirmation without a secret', async () => {
    expectProblem(await confirm('123456'), 409, 'auth.mfa_not_enabled');
  });
});

describe('POST /v1/auth/mfa 200', () => {
  it('returns tokens for the code of the authenticator', async () => {
    const { secret } = await enrolled();
    const response = await pass(await challenge(), nextCode(secret));
    expect(response.status).toBe(200);
    expect(claimsOf(response.body.accessToken).sub).toBe(ada.id);
    expect((await identity.refresh(response.body.refreshToken)).status).toBe(200);
  });

  it('returns tokens for each recovery code, once', async () => {
    const { recoveryCodes } = await enrolled();
    const [first = '', second = ''] = recoveryCodes;
    expect((await pass(await challenge(), first)).status).toBe(200);
    expectProblem(await pass(await challenge(), first), 401, 'auth.mfa_invalid');
    expect((await pass(await challenge(), ` ${second.toUpperCase()} `)).status).toBe(200);
    expect((await identity.actionsOf(ada)).slice(0, 3)).toEqual([
      ['recovery-code.used', {}],
      ['recovery-code.used', {}],
      ['mfa.enabled', {}],
    ]);
  });

  it('adds the role admin to a session with a second factor, until it is removed', async () => {
    const admin = await identity.createUser({ roles: ['admin'] });
    await identity.service.query('UPDATE user_account SET mfa_exempt = false WHERE id = $1', [admin.id]);
    const { secret } = await enrolled(admin);
    const { body } = await pass(await challenge(admin), nextCode(secret));
    expect(claimsOf(body.accessToken).roles).toEqual(['guest', 'admin']);
    const { body: refreshed } = await identity.refresh(body.refreshToken);
    expect(claimsOf(refreshed.accessToken).roles).toEqual(['guest', 'admin']);
    expect((await remove(body.accessToken)).status).toBe(204);
    const { body: without } = await identity.refresh(refreshed.refreshToken);
    expect(claimsOf(without.accessToken).roles).toEqual(['guest']);
  });
});

describe('POST /v1/auth/mfa 4xx', () => {
  it('400: rejects a missing token and a missing code', async () => {
    expectProblem(await pass(undefined, '123456'), 400, 'request.invalid', '/mfaToken');
    expectProblem(await pass('x', undefined), 400, 'request.invalid', '/code');
  });

  it('401: rejects a wrong code, a used code, and another user’s code', async () => {
    const { secret } = await enrolled();
    expectProblem(await pass(await challenge(), wrong(currentTotp(secret))), 401, 'auth.mfa_invalid');
    // Computed once: half a minute later it would be another code.
    const code = nextCode(secret);
    expect((await pass(await challenge(), code)).status).toBe(200);
    expectProblem(await pass(await challenge(), code), 401, 'auth.mfa_invalid');
    const bob = await identity.createUser();
    const otherFactor = await enrolled(bob);
    expectProblem(await pass(await challenge(), nextCode(otherFactor.secret)), 401, 'auth.mfa_invalid');
  });

  it('401: accepts one of many concurrent log-ins with the same code', async () => {
    const { secret } = await enrolled();
    const tokens = [await challenge(), await challenge(), await challenge(), await challenge()];
    const code = nextCode(secret);
    const responses = await Promise.all(tokens.map((token) => pass(token, code)));
    expect(responses.map((response) => response.status).sort()).toEqual([200, 401, 401, 401]);
  });

  it('401: rejects a challenge that is unknown, was used, has expired, or is older than the password', async () => {
    const { recoveryCodes } = await enrolled();
    const [first = '', second = '', third = ''] = recoveryCodes;
    expectProblem(await pass('x'.repeat(43), first), 401, 'auth.mfa_invalid');
    const token = await challenge();
    expect((await pass(token, first)).status).toBe(200);
    expectProblem(await pass(token, second), 401, 'auth.mfa_invalid');
    const old = await challenge();
    await identity.shiftTime(301);
    expectProblem(await pass(old, second), 401, 'auth.mfa_invalid');
    const stale = await challenge();
    await identity.anonymous.post('/v1/auth/forgot-password', { email: ada.email });
    const reset = await identity.mailedToken(ada.email, 'reset-password');
    await identity.anonymous.post('/v1/auth/reset-password', { token: reset, password: 'a fresh password' });
    expectProblem(await pass(stale, third), 401, 'auth.mfa_invalid');
  });

  it('429: locks after five wrong codes, also for the right code and a new challenge', async () => {
    const { secret } = await enrolled();
    for (let i = 0; i < 5; i++)
      expectProblem(await pass(await challenge(), wrong(currentTotp(secret))), 401, 'auth.mfa_invalid');
    const locked = await pass(await challenge(), nextCode(secret));
    expectProblem(locked, 429, 'auth.locked');
    expect(Number(locked.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it('counts concurrent wrong codes', async () => {
    const { secret } = await enrolled();
    const token = await challenge();
    const responses = await Promise.all(
      Array.from({ length: 12 }, () => pass(token, wrong(currentTotp(secret)))),
    );
    expect(responses.filter((response) => response.status === 401)).toHaveLength(5);
    expect(responses.filter((response) => response.status === 429)).toHaveLength(7);
  });
});

describe('POST /v1/auth/step-up by code', () => {
  const stepUp = (body: object) => identity.with(ada.accessToken).post('/v1/auth/step-up', body);

  it('200 for a right code, 401 for a wrong code', async () => {
    const { secret } = await enrolled();
    expectProblem(await stepUp({ code: wrong(currentTotp(secret)) }), 403, 'auth.wrong_code');
    expect((await stepUp({ code: nextCode(secret) })).status).toBe(200);
  });

  it('400 for both proofs or none, 401 without an authenticator', async () => {
    expectProblem(await stepUp({ code: '123456', password: ada.password }), 400, 'request.invalid');
    expectProblem(await stepUp({}), 400, 'request.invalid');
    expectProblem(await stepUp({ code: '123456' }), 403, 'auth.wrong_code');
  });
});

describe('DELETE /v1/me/mfa/totp', () => {
  it('204: log-ins no longer require a code, and the owner is mailed', async () => {
    await enrolled();
    expect((await remove()).status).toBe(204);
    expect((await identity.logIn(ada.email, ada.password)).body.accessToken).toBeDefined();
    expect((await identity.mailsTo(ada.email))[0]?.template).toBe('mfa-removed');
    expect((await identity.actionsOf(ada)).slice(0, 2)).toEqual([
      ['mfa.disabled', {}],
      ['mfa.enabled', {}],
    ]);
  });

  it('403 without a recent step-up', async () => {
    await enrolled();
    await identity.shiftTime(301);
    const { body } = await identity.refresh(ada.refreshToken);
    expectProblem(await remove(body.accessToken), 403, 'auth.step_up_required');
  });

  it('409 without an authenticator', async () => {
    expectProblem(await remove(), 409, 'auth.mfa_not_enabled');
  });
});
