import { generateKeyPairSync } from 'node:crypto';
import { jest } from '@jest/globals';
import { SystemClock } from '@roost/platform';
import { addHours } from '@roost/stay';
import { expectProblem, type TestResponse } from '@roost/testing';
import {
  claimsOf,
  PASSWORD,
  startIdentity,
  type TestAccount,
  type TestIdentity,
  type Tokens,
  uniqueAddress,
} from './identity.fixture.js';
import { SessionJobs } from '../src/session/session.jobs.js';
import { aPerson, KEY_ID, OidcClient, PAGE, type Person, TestProvider } from './oidc.fixture.js';

let provider: TestProvider;
let other: TestProvider;
let broken: TestProvider;
let forged: TestProvider;
let identity: TestIdentity;
let oidc: OidcClient;
let ada: TestAccount;
beforeAll(async () => {
  provider = await TestProvider.start();
  other = await TestProvider.start({ claimsInIdToken: false });
  broken = await TestProvider.start();
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const publishedKey = { ...publicKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: KEY_ID };
  forged = await TestProvider.start({ publishedKey });
  const offline = { ...broken.settings('offline'), issuer: 'http://127.0.0.1:1' };
  identity = await startIdentity({
    OIDC_PROVIDERS: JSON.stringify([
      provider.settings('main'),
      other.settings('other'),
      broken.settings('broken'),
      forged.settings('forged'),
      offline,
    ]),
  });
  oidc = new OidcClient(identity, provider, 'main');
});
beforeEach(async () => {
  ada = await identity.createUser();
});
afterEach(() => {
  provider.fault = null;
});
afterAll(async () => {
  await identity.close();
  await Promise.all([provider, other, broken, forged].map((each) => each.close()));
});

const userOf = ({ body }: TestResponse<Tokens>) => claimsOf(body.accessToken).sub;
const me = async ({ body }: TestResponse<Tokens>) =>
  (await identity.with(body.accessToken).get('/v1/me')).body;
const methodOf = async ({ body }: TestResponse<Tokens>) => {
  const sessions = await identity
    .with(body.accessToken)
    .get<{ data: { current: boolean; method: string }[] }>('/v1/me/sessions');
  return sessions.body.data.find(({ current }) => current)?.method;
};
const identitiesOf = (userId: string) =>
  identity.service.query('SELECT issuer, subject FROM external_identity WHERE user_id = $1', [userId]);
const usersWith = (email: string | undefined) =>
  identity.service.query('SELECT id FROM user_account WHERE email = $1', [email]);

describe('GET /v1/auth/oidc/providers', () => {
  it('lists ids and names, and no secret', async () => {
    const { status, body } = await identity.anonymous.get('/v1/auth/oidc/providers');
    expect([status, body]).toEqual([
      200,
      {
        data: ['main', 'other', 'broken', 'forged', 'offline'].map((id) => ({ id, name: `Provider ${id}` })),
      },
    ]);
  });
});

describe('POST /v1/auth/oidc/authorization', () => {
  it('200 returns a URL with PKCE, state and nonce, which differ from the token', async () => {
    const { authorizationUrl, token } = await oidc.begin();
    const { origin, searchParams } = new URL(authorizationUrl);
    expect(origin).toBe(provider.issuer);
    expect(Object.fromEntries(searchParams)).toEqual({
      ...{ client_id: 'roost', redirect_uri: PAGE, response_type: 'code', scope: 'openid email profile' },
      ...{ state: expect.any(String), nonce: expect.any(String) },
      ...{ code_challenge: expect.any(String), code_challenge_method: 'S256' },
    });
    expect(authorizationUrl).not.toContain(token);
    expect((await oidc.begin()).authorizationUrl).not.toBe(authorizationUrl);
  });

  it('400 points to an unknown provider, and to a page that is not configured', async () => {
    const begin = (provider: string, redirectUri: string) =>
      identity.anonymous.post('/v1/auth/oidc/authorization', { provider, redirectUri });
    expectProblem(await begin('unknown', PAGE), 400, 'request.invalid', '/provider');
    for (const page of ['https://evil.example.com/', `${PAGE}/other`, `${PAGE}?next=x`])
      expectProblem(await begin('main', page), 400, 'request.invalid', '/redirectUri');
  });
});

describe('POST /v1/auth/oidc 200', () => {
  it('creates an account with a verified address, and logs in to it again', async () => {
    const person = aPerson({ name: 'Grace Hopper' });
    const first = await oidc.logIn(person);
    expect(first.status).toBe(200);
    expect(first.headers.get('cache-control')).toContain('no-store');
    expect(await me(first)).toMatchObject({ email: person.email, displayName: 'Grace Hopper' });
    expect(claimsOf(first.body.accessToken)).toMatchObject({ roles: ['guest'], email_verified: true });

    const again = await oidc.logIn({ ...person, email: uniqueAddress(), email_verified: false });
    expect([again.status, userOf(again)]).toEqual([200, userOf(first)]);
    expect(await me(again)).toMatchObject({ email: person.email });
    expect(await identitiesOf(userOf(first))).toEqual([
      { issuer: new URL(provider.issuer).href, subject: person.sub },
    ]);
  });

  it('publishes the new user', async () => {
    const id = userOf(await oidc.logIn(aPerson()));
    const events = await identity.service.query('SELECT type, body FROM outbox_event WHERE key = $1', [id]);
    expect(events).toEqual([
      { type: 'user.registered', body: expect.objectContaining({ userId: id, emailVerified: true }) },
    ]);
  });

  it('stores the preferred language of the request, and a name if the provider states none', async () => {
    const { authorizationUrl, token } = await oidc.begin();
    const { name: _, ...unnamed } = aPerson();
    const response = await provider.logIn(authorizationUrl, unnamed);
    const french = identity.anonymous.with({ 'accept-language': 'fr-FR,en;q=0.5' });
    const created = await french.post<Tokens>('/v1/auth/oidc', { token, response });
    expect(await me(created)).toMatchObject({ displayName: 'Guest', locale: 'fr-FR' });
  });

  it('reads the address from the UserInfo response if the ID token has none', async () => {
    const person = aPerson();
    const response = await new OidcClient(identity, other, 'other').logIn(person);
    expect([response.status, (await me(response)).email]).toEqual([200, person.email]);
  });

  it('creates one account for two concurrent first log-ins', async () => {
    const person = aPerson();
    const begun = await Promise.all([oidc.begin(), oidc.begin()]);
    const responses: string[] = [];
    for (const { authorizationUrl } of begun) responses.push(await provider.logIn(authorizationUrl, person));
    const results = await Promise.all(begun.map(({ token }, n) => oidc.finish(token, responses[n] ?? '')));
    expect(results.map(({ status }) => status)).toEqual([200, 200]);
    expect(new Set(results.map(userOf)).size).toBe(1);
    expect(await usersWith(person.email)).toHaveLength(1);
  });

  it('links the account with the same verified address, and mails its owner', async () => {
    const person = aPerson({ email: ada.email.toUpperCase() });
    expect(userOf(await oidc.logIn(person))).toBe(ada.id);
    const [mail] = await identity.mailsTo(ada.email);
    expect(mail).toMatchObject({ template: 'identity-linked' });
    expect(mail?.text).toContain('Provider main');
    expect(userOf(await oidc.logIn(person))).toBe(ada.id);
    expect((await identity.logIn(ada.email, ada.password)).status).toBe(200);
    expect(
      (await identity.mailsTo(ada.email)).filter(({ template }) => template === 'identity-linked'),
    ).toHaveLength(1);
  });

  it('returns a challenge to a user with a second factor', async () => {
    const person = aPerson({ email: ada.email });
    await oidc.logIn(person);
    await identity.service.query('UPDATE user_account SET mfa_enabled = true WHERE id = $1', [ada.id]);
    await identity.service.query(
      `INSERT INTO recovery_code (user_id, code_hash) VALUES ($1, sha256(convert_to($2, 'UTF8')))`,
      [ada.id, 'abcde-fghij'],
    );
    const { status, body } = await oidc.logIn(person);
    expect([status, Object.keys(body)]).toEqual([200, ['mfaToken']]);
    const passed = await identity.anonymous.post<Tokens>('/v1/auth/mfa', {
      mfaToken: body.mfaToken,
      code: 'abcde-fghij',
    });
    expect([passed.status, userOf(passed)]).toEqual([200, ada.id]);
    expect(await methodOf(passed)).toBe('provider');
  });

  it('does not give the role admin without a second factor', async () => {
    const admin = await identity.createUser({ roles: ['admin'] });
    await identity.service.query('UPDATE user_account SET mfa_exempt = false WHERE id = $1', [admin.id]);
    const { body } = await oidc.logIn(aPerson({ email: admin.email }));
    expect(claimsOf(body.accessToken)).toMatchObject({ sub: admin.id, roles: ['guest'] });
  });

  it('lets a user without a password set one, and log in with both', async () => {
    const person = aPerson();
    const id = userOf(await oidc.logIn(person));
    const email = person.email ?? '';
    expectProblem(await identity.logIn(email, PASSWORD), 401, 'auth.invalid_credentials');
    await identity.anonymous.post('/v1/auth/forgot-password', { email });
    const token = await identity.mailedToken(email, 'reset-password');
    const reset = await identity.anonymous.post('/v1/auth/reset-password', { token, password: PASSWORD });
    expect(reset.status).toBe(204);
    const withPassword = await identity.logIn(email, PASSWORD);
    expect([userOf(withPassword), await methodOf(withPassword)]).toEqual([id, 'password']);
    const withProvider = await oidc.logIn(person);
    expect([userOf(withProvider), await methodOf(withProvider)]).toEqual([id, 'provider']);
  });
});

describe('POST /v1/auth/oidc rejects', () => {
  const rejected = async (token: string, response: string) =>
    expectProblem(await oidc.finish(token, response), 400, 'auth.oidc_invalid');
  const begun = async (person: Person = aPerson()) => {
    const { authorizationUrl, token } = await oidc.begin();
    return { token, response: await provider.logIn(authorizationUrl, person) };
  };

  it('a response that is sent again', async () => {
    const { token, response } = await begun();
    expect((await oidc.finish(token, response)).status).toBe(200);
    await rejected(token, response);
  });

  it('a response of a sign-in that has expired', async () => {
    const { token, response } = await begun();
    await identity.shiftTime(601);
    await rejected(token, response);
  });

  it('the response to a sign-in of another browser', async () => {
    const [own, foreign] = [await begun(), await begun()];
    await rejected(own.token, foreign.response);
    await rejected('x'.repeat(43), foreign.response);
  });

  it('another state, and none', async () => {
    for (const change of [
      (query: URLSearchParams) => query.set('state', 'x'),
      (query: URLSearchParams) => query.delete('state'),
    ]) {
      const { token, response } = await begun();
      const query = new URLSearchParams(response);
      change(query);
      await rejected(token, query.toString());
    }
  });

  it('a right response after a wrong one', async () => {
    const { token, response } = await begun();
    await rejected(token, 'state=x&code=y');
    await rejected(token, response);
  });

  it('a code of another sign-in, which PKCE binds', async () => {
    const [own, foreign] = [await begun(), await begun()];
    const query = new URLSearchParams(own.response);
    query.set('code', new URLSearchParams(foreign.response).get('code') ?? '');
    await rejected(own.token, query.toString());
  });

  it('an ID token with another nonce', async () => {
    const { authorizationUrl, token } = await oidc.begin();
    const url = new URL(authorizationUrl);
    url.searchParams.set('nonce', 'of another sign-in');
    await rejected(token, await provider.logIn(url.href, aPerson()));
  });

  it('an ID token with a signature of another key', async () => {
    const client = new OidcClient(identity, forged, 'forged');
    expectProblem(await client.logIn(aPerson()), 400, 'auth.oidc_invalid');
  });

  it('a response of another issuer', async () => {
    const { token, response } = await begun();
    const query = new URLSearchParams(response);
    query.set('iss', other.issuer);
    await rejected(token, query.toString());
  });

  it('a sign-in that began as the link of a signed-in user', async () => {
    const { authorizationUrl, token } = await oidc.begin(ada.accessToken);
    await rejected(token, await provider.logIn(authorizationUrl, aPerson()));
  });

  it('400 an empty body, with the pointer of the field', async () => {
    expectProblem(await oidc.finish('', 'code=x'), 400, 'request.invalid', '/token');
    expectProblem(await oidc.finish('x', ''), 400, 'request.invalid', '/response');
  });

  it('403 a user who cancels at the provider', async () => {
    expectProblem(await oidc.logIn('cancels'), 403, 'auth.oidc_denied');
  });

  it('403 an unknown user without a verified address, whether or not the address has an account', async () => {
    const { email: _, ...without } = aPerson();
    for (const person of [
      aPerson({ email_verified: false }),
      aPerson({ email: ada.email, email_verified: false }),
      aPerson({ email: 'no address' }),
      without,
    ]) {
      expectProblem(await oidc.logIn(person), 403, 'auth.oidc_email_unverified');
    }
    expect(await identitiesOf(ada.id)).toEqual([]);
  });

  it('403 a suspended user, and links nothing', async () => {
    const linked = aPerson({ email: ada.email });
    await oidc.logIn(linked);
    const bob = await identity.createUser();
    await identity.service.query(`UPDATE user_account SET status = 'suspended' WHERE id = ANY($1)`, [
      [ada.id, bob.id],
    ]);
    expectProblem(await oidc.logIn(linked), 403, 'account.suspended');
    expectProblem(await oidc.logIn(aPerson({ email: bob.email })), 403, 'account.suspended');
    expect(await identitiesOf(bob.id)).toEqual([]);
  });

  it('409 another account of the provider with the address of a linked one', async () => {
    await oidc.logIn(aPerson({ email: ada.email }));
    expectProblem(await oidc.logIn(aPerson({ email: ada.email })), 409, 'auth.identity_not_linked');
  });
});

describe('an account that a stranger has registered', () => {
  it('is not linked until the owner of the address has verified it', async () => {
    const person = aPerson();
    const email = await identity.register(person.email, 'password of a stranger');
    const { body: stranger } = await identity.logIn(email, 'password of a stranger');
    expectProblem(await oidc.logIn(person), 409, 'auth.identity_not_linked');

    await identity.anonymous.post('/v1/auth/forgot-password', { email });
    const token = await identity.mailedToken(email, 'reset-password');
    await identity.anonymous.post('/v1/auth/reset-password', { token, password: PASSWORD });
    expect((await oidc.logIn(person)).status).toBe(200);
    expectProblem(await identity.logIn(email, 'password of a stranger'), 401, 'auth.invalid_credentials');
    expectProblem(await identity.refresh(stranger.refreshToken), 401, 'auth.refresh_invalid');
  });

  it('has no account of a provider: the stranger can’t link one before the address is verified', async () => {
    const email = await identity.register(uniqueAddress());
    const { body } = await identity.logIn(email, PASSWORD);
    const begin = await identity
      .with(body.accessToken)
      .post('/v1/me/identities/authorization', { provider: 'main', redirectUri: PAGE });
    expectProblem(begin, 403, 'auth.email_unverified');
    expectProblem(
      await oidc.logIn(aPerson({ email, email_verified: false })),
      403,
      'auth.oidc_email_unverified',
    );
    expect(await identitiesOf(claimsOf(body.accessToken).sub)).toEqual([]);
  });
});

describe('503 auth.oidc_unavailable', () => {
  const begin = (id: string) =>
    identity.anonymous.post('/v1/auth/oidc/authorization', { provider: id, redirectUri: PAGE });
  const unavailable = (response: TestResponse<unknown>) => {
    expectProblem(response, 503, 'auth.oidc_unavailable');
    expect(response.headers.get('retry-after')).toBe('5');
  };

  it('if the provider can’t be reached', async () => {
    unavailable(await begin('offline'));
  });

  it.each<[name: string, fault: TestProvider['fault']]>([
    ['fails', (_, response) => void response.writeHead(500).end()],
    ['does not respond', () => undefined],
    ['redirects', (_, response) => void response.writeHead(302, { location: other.issuer }).end()],
    [
      'returns a page',
      (_, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('Hello'),
    ],
    [
      'returns the metadata of another issuer',
      (_, response) =>
        void response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(JSON.stringify({ issuer: other.issuer })),
    ],
    [
      'returns too much',
      (_, response) => {
        const metadata = { issuer: broken.issuer, authorization_endpoint: `${broken.issuer}/auth` };
        const text = JSON.stringify({ ...metadata, padding: 'x'.repeat(1_000_000) });
        response.writeHead(200, { 'content-type': 'application/json' }).end(text);
      },
    ],
  ])('if the provider %s, until it works again', async (_, fault) => {
    broken.fault = fault;
    unavailable(await begin('broken'));
  });

  it('does not store a failed response', async () => {
    broken.fault = null;
    expect((await begin('broken')).status).toBe(200);
  });

  it('after a day without a response, and not before: the previous metadata is used', async () => {
    broken.fault = null;
    expect((await begin('broken')).status).toBe(200);
    broken.fault = (_, response) => void response.writeHead(500).end();
    const [start, now] = [new Date(), jest.spyOn(identity.service.get(SystemClock), 'now')];
    try {
      for (const hours of [2, 23]) {
        now.mockReturnValue(addHours(start, hours));
        expect((await begin('broken')).status).toBe(200);
      }
      now.mockReturnValue(addHours(start, 25));
      unavailable(await begin('broken'));
    } finally {
      now.mockRestore();
      broken.fault = null;
      // They expire tomorrow.
      await identity.service.query('DELETE FROM oidc_sign_in');
    }
    expect((await begin('broken')).status).toBe(200);
  });

  it('if the settings have a wrong secret', async () => {
    const wrong = { ...provider.settings('wrong'), clientSecret: 'another secret' };
    const misconfigured = await startIdentity({ OIDC_PROVIDERS: JSON.stringify([wrong]) });
    try {
      unavailable(await new OidcClient(misconfigured, provider, 'wrong').logIn(aPerson()));
    } finally {
      await misconfigured.close();
    }
  });

  it('if the provider fails when the code is exchanged', async () => {
    const { authorizationUrl, token } = await oidc.begin();
    const response = await provider.logIn(authorizationUrl, aPerson());
    provider.fault = (_, failed) => void failed.writeHead(503).end();
    unavailable(await oidc.finish(token, response));
  });
});

it('deletes sign-ins that have expired', async () => {
  await oidc.begin();
  await identity.shiftTime(601);
  await identity.service.get(SessionJobs).purge();
  expect(await identity.service.query('SELECT FROM oidc_sign_in')).toEqual([]);
});
