import { expectProblem } from '@roost/testing';
import { claimsOf, startIdentity, type TestIdentity } from './identity.fixture.js';
import { aPerson, type Browser, OidcClient, PAGE, type Person, TestProvider } from './oidc.fixture.js';

let provider: TestProvider;
let identity: TestIdentity;
let oidc: OidcClient;
let person: Person;
/** Of a user who can log in only with the provider. Their log-in was an hour ago. */
let stale: string;
let browser: Browser;
beforeAll(async () => {
  provider = await TestProvider.start();
  identity = await startIdentity({ OIDC_PROVIDERS: JSON.stringify([provider.settings('main')]) });
  oidc = new OidcClient(identity, provider, 'main');
});
beforeEach(async () => {
  person = aPerson();
  browser = new Map();
  stale = await staleLogIn(person);
});
afterAll(async () => {
  await identity.close();
  await provider.close();
});

async function staleLogIn(who: Person): Promise<string> {
  const { authorizationUrl, token } = await oidc.begin();
  const { body } = await oidc.finish(token, await provider.logIn(authorizationUrl, who, browser));
  await identity.shiftTime(3600);
  return (await identity.refresh(body.refreshToken)).body.accessToken;
}

async function stepUp(who: Person | 'cancels' = person, at = browser) {
  const { authorizationUrl, token } = await oidc.beginStepUp(stale);
  return oidc.stepUp(stale, token, await provider.logIn(authorizationUrl, who, at));
}

const requestExport = (accessToken: string) => identity.with(accessToken).post('/v1/me/exports');

describe('200', () => {
  it('a user without a password does what needs a step-up after a new log-in at the provider', async () => {
    expectProblem(await requestExport(stale), 403, 'auth.step_up_required');
    const response = await stepUp();
    expect(response.status).toBe(200);
    expect(Object.keys(response.body).sort()).toEqual(['accessToken', 'expiresInSeconds', 'tokenType']);
    const [before, after] = [claimsOf(stale), claimsOf(response.body.accessToken)];
    expect({ sid: after.sid, sub: after.sub }).toEqual({ sid: before.sid, sub: before.sub });
    expect(after.auth_time - before.auth_time).toBeGreaterThanOrEqual(3600);
    expect((await requestExport(response.body.accessToken)).status).toBe(202);
  });

  it('the provider asks the user to log in, although its own session is open', async () => {
    const { authorizationUrl } = await oidc.begin();
    const before = provider.logIns;
    await provider.logIn(authorizationUrl, person, browser);
    expect(provider.logIns).toBe(before);
    expect((await stepUp()).status).toBe(200);
    expect(provider.logIns).toBe(before + 1);
  });
});

describe('400', () => {
  it('rejects a provider that states an earlier log-in', async () => {
    const { authorizationUrl, token } = await oidc.beginStepUp(stale);
    await identity.service.query("UPDATE oidc_sign_in SET expires_at = expires_at + interval '2 minutes'");
    const response = await provider.logIn(authorizationUrl, person, browser);
    expectProblem(await oidc.stepUp(stale, token, response), 400, 'auth.oidc_invalid');
  });

  it('rejects a response without the time of the log-in', async () => {
    const { authorizationUrl, token } = await oidc.beginStepUp(stale);
    const url = new URL(authorizationUrl);
    expect(url.searchParams.get('prompt')).toBe('login');
    expect(url.searchParams.get('max_age')).toBe('0');
    url.searchParams.delete('prompt');
    url.searchParams.delete('max_age');
    const response = await provider.logIn(url.href, person, browser);
    expectProblem(await oidc.stepUp(stale, token, response), 400, 'auth.oidc_invalid');
  });

  it('rejects the response of a log-in, and a log-in the response of a step-up', async () => {
    const logIn = await oidc.begin();
    const response = await provider.logIn(logIn.authorizationUrl, person);
    expectProblem(await oidc.stepUp(stale, logIn.token, response), 400, 'auth.oidc_invalid');
    const begun = await oidc.beginStepUp(stale);
    const other = await provider.logIn(begun.authorizationUrl, person);
    expectProblem(await oidc.finish(begun.token, other), 400, 'auth.oidc_invalid');
  });

  it('rejects the response of a link, and a link the response of a step-up', async () => {
    const { accessToken } = (await stepUp()).body;
    const link = await oidc.begin(accessToken);
    const response = await provider.logIn(link.authorizationUrl, person);
    expectProblem(await oidc.stepUp(accessToken, link.token, response), 400, 'auth.oidc_invalid');
    const begun = await oidc.beginStepUp(accessToken);
    const proof = { token: begun.token, response: await provider.logIn(begun.authorizationUrl, person) };
    const linked = await identity.with(accessToken).post('/v1/me/identities', proof);
    expectProblem(linked, 400, 'auth.oidc_invalid');
  });

  it('rejects a response that was used, and one of another session', async () => {
    const { authorizationUrl, token } = await oidc.beginStepUp(stale);
    const response = await provider.logIn(authorizationUrl, person);
    const { body } = await oidc.logIn(person);
    expectProblem(await oidc.stepUp(body.accessToken, token, response), 400, 'auth.oidc_invalid');
    expect((await oidc.stepUp(stale, token, response)).status).toBe(200);
    expectProblem(await oidc.stepUp(stale, token, response), 400, 'auth.oidc_invalid');
  });

  it('rejects an unknown provider and an unknown page', async () => {
    const begin = (body: object) => identity.with(stale).post('/v1/auth/step-up/oidc/authorization', body);
    const valid = { provider: 'main', redirectUri: PAGE };
    expectProblem(await begin({ ...valid, provider: 'none' }), 400, 'request.invalid', '/provider');
    const page = 'https://evil.example.com';
    expectProblem(await begin({ ...valid, redirectUri: page }), 400, 'request.invalid', '/redirectUri');
  });
});

describe('403', () => {
  it('rejects an account of the provider that is not linked, or linked to another user', async () => {
    expectProblem(await stepUp(aPerson(), new Map()), 403, 'auth.wrong_identity');
    const other = aPerson();
    await oidc.logIn(other);
    const used = () =>
      identity.service.query('SELECT last_used_at FROM external_identity WHERE subject = $1', [other.sub]);
    const before = await used();
    expectProblem(await stepUp(other, new Map()), 403, 'auth.wrong_identity');
    expect(await used()).toEqual(before);
    expectProblem(await requestExport(stale), 403, 'auth.step_up_required');
  });

  it('rejects a user who cancels at the provider', async () => {
    expectProblem(await stepUp('cancels'), 403, 'auth.oidc_denied');
  });
});

describe('401', () => {
  it('rejects a request without an access token, and an ended session', async () => {
    const { authorizationUrl, token } = await oidc.beginStepUp(stale);
    const response = await provider.logIn(authorizationUrl, person);
    const anonymous = await identity.anonymous.post('/v1/auth/step-up/oidc', { token, response });
    expectProblem(anonymous, 401, 'auth.missing_token');
    await identity.with(stale).post('/v1/auth/logout');
    expectProblem(await oidc.stepUp(stale, token, response), 401, 'auth.invalid_token');
  });
});
